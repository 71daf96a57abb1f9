-- What every later table, function and type starts from: nobody may do anything until a GRANT says so.
-- The roles themselves are made by the administrator (gateway/database/roles.py); this file runs as ecluse_owner.

ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;

REVOKE ALL ON SCHEMA ecluse FROM PUBLIC;
GRANT USAGE ON SCHEMA ecluse TO ecluse_ingest, ecluse_consultation;
