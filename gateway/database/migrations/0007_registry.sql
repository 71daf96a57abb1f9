-- The whole registry: folders, versions, associations with a status, entries whose bytes are elsewhere, patients merged,
-- and the domain this house belongs to. What one patient's objects look like is unchanged: the patient key leads.

CREATE TABLE house (
    domain text PRIMARY KEY CHECK (domain IN ('dmp', 'ihe'))
);
CREATE UNIQUE INDEX house_is_one ON house ((true));
COMMENT ON TABLE house IS 'The domain of this house, one row, written once by the owner. Functions of the doors obey it: a door cannot choose.';

-- A merged record holds nothing any more: its objects went to the survivor.
ALTER TABLE records DROP CONSTRAINT records_status_check, DROP CONSTRAINT records_check;
ALTER TABLE records
    ADD COLUMN revision bigint NOT NULL DEFAULT 0,
    ADD COLUMN merged_into uuid REFERENCES records,
    ADD CHECK (status IN ('OPEN', 'CLOSED', 'MERGED')),
    ADD CHECK ((status = 'OPEN') = (closed_at IS NULL)),
    ADD CHECK ((status = 'MERGED') = (merged_into IS NOT NULL));
COMMENT ON COLUMN records.revision IS 'Grows with every change to what is registered already, and with every association to it. Whoever decided on a receipt compares it under the lock.';

-- Hash and size of the document a uniqueId names, lower case; NULL for what is no document and where the hash is not known.
ALTER TABLE unique_ids DROP CONSTRAINT unique_ids_kind_check;
ALTER TABLE unique_ids
    ADD COLUMN hash text,
    ADD COLUMN size bigint,
    ADD CHECK (kind IN ('DE', 'SS', 'FD'));
UPDATE unique_ids u SET hash = lower(e.hash), size = e.size
    FROM document_entries e WHERE u.kind = 'DE' AND e.patient_key = u.patient_key AND e.entry_uuid = u.entry_uuid;

-- On-demand entries have no creationTime, hash or size; entries of another repository have no bytes here, and neither has
-- a document that was removed.
ALTER TABLE document_entries
    ALTER COLUMN creation_time DROP NOT NULL,
    ALTER COLUMN hash DROP NOT NULL,
    ALTER COLUMN size DROP NOT NULL,
    ALTER COLUMN blob_address DROP NOT NULL,
    ALTER COLUMN key_id DROP NOT NULL,
    ADD COLUMN reference_ids text[] NOT NULL DEFAULT '{}',      -- CXi as sent
    ADD COLUMN document_availability text NOT NULL DEFAULT 'urn:ihe:iti:2010:DocumentAvailability:Online',
    ADD CHECK ((blob_address IS NULL) = (key_id IS NULL));
DROP INDEX document_entries_unique_id;
CREATE INDEX document_entries_unique_id ON document_entries (unique_id);
CREATE INDEX document_entries_entry_uuid ON document_entries (entry_uuid);
CREATE INDEX document_entries_logical_id ON document_entries (logical_id);
CREATE INDEX submission_sets_entry_uuid ON submission_sets (entry_uuid);
CREATE INDEX submission_sets_unique_id ON submission_sets (unique_id);
CREATE UNIQUE INDEX record_keys_key_id ON record_keys (key_id);

CREATE TABLE folders (
    patient_key      uuid NOT NULL REFERENCES records,
    entry_uuid       uuid NOT NULL,
    logical_id       uuid NOT NULL,
    version          integer NOT NULL,
    unique_id        text NOT NULL,
    status           text NOT NULL CHECK (status IN ('APPROVED', 'DEPRECATED')),
    last_update_time text COLLATE "C" NOT NULL CHECK (length(last_update_time) = 14),
    depositor_id     text NOT NULL,             -- Struct_IdNat of the structure that sent it
    codes            jsonb NOT NULL,            -- {"codeList": ["code^^scheme", …]}
    fragment         bytea NOT NULL,            -- rendered Approved, with the lastUpdateTime of registration; the columns rule
    PRIMARY KEY (patient_key, entry_uuid)
);
CREATE INDEX folders_entry_uuid ON folders (entry_uuid);
CREATE INDEX folders_unique_id ON folders (unique_id);
CREATE INDEX folders_logical_id ON folders (logical_id);

ALTER TABLE associations
    ADD COLUMN status text NOT NULL DEFAULT 'APPROVED' CHECK (status IN ('APPROVED', 'DEPRECATED')),
    ADD COLUMN submission_set_status text CHECK (submission_set_status IN ('Original', 'Reference'));
ALTER TABLE associations
    DROP CONSTRAINT associations_patient_key_submission_set_fkey,
    ADD FOREIGN KEY (patient_key, submission_set) REFERENCES submission_sets ON UPDATE CASCADE;
DROP INDEX associations_source, associations_target;
CREATE INDEX associations_source ON associations (source);
CREATE INDEX associations_target ON associations (target);
CREATE INDEX associations_entry_uuid ON associations (entry_uuid);

REVOKE ALL ON house, folders FROM PUBLIC;
GRANT SELECT ON house, folders TO ecluse_consultation;
