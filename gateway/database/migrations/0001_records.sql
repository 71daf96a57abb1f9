-- Patients, their records, keys and authorisations. Only an owner role writes here; the consultation door reads.

CREATE TABLE patients (
    patient_key uuid PRIMARY KEY,
    patient_id  text NOT NULL UNIQUE            -- CX, canonical form: <ins>^^^&<oid>&ISO^NH
);
COMMENT ON TABLE patients IS 'CX to internal key. A reference table when the schema is sharded by patient_key.';

CREATE TABLE records (
    patient_key uuid PRIMARY KEY REFERENCES patients,
    status      text NOT NULL CHECK (status IN ('OPEN', 'CLOSED')),
    key_id      uuid NOT NULL,
    public_key  bytea NOT NULL,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz,
    CHECK ((status = 'CLOSED') = (closed_at IS NOT NULL))
);
COMMENT ON TABLE records IS 'One DMP per patient. Whoever changes a status inside a record locks its row here first.';

CREATE TABLE record_keys (
    patient_key         uuid NOT NULL REFERENCES records,
    key_id              uuid NOT NULL,
    wrapped_private_key bytea NOT NULL,
    PRIMARY KEY (patient_key, key_id)
);
COMMENT ON TABLE record_keys IS 'Private keys of records, wrapped. Destroying a row shreds the documents sealed to it.';

CREATE TABLE authorisations (
    patient_key     uuid NOT NULL REFERENCES records,
    professional_id text NOT NULL,              -- PS_IdNat
    status          text NOT NULL CHECK (status IN ('VALIDE', 'EXPIRE', 'INTERDIT')),
    valid_until     timestamptz,
    declared_at     timestamptz NOT NULL,
    PRIMARY KEY (patient_key, professional_id)
);
COMMENT ON TABLE authorisations IS 'Status of a professional on a record (DMP TD0.2); no row is NON_EXISTE.';

REVOKE ALL ON patients, records, record_keys, authorisations FROM PUBLIC;
GRANT SELECT ON patients, records, record_keys, authorisations TO ecluse_consultation;
