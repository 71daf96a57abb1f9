-- What a submission leaves behind. Times are 14-digit UTC texts, padded to the earliest instant; codes are texts
-- 'code^^scheme' in one JSONB object keyed by attribute name; fragments are ebRIM rendered at registration.

CREATE TABLE unique_ids (
    unique_id    text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('DE', 'SS')),
    patient_key  uuid NOT NULL,
    entry_uuid   uuid NOT NULL,
    structure_id text NOT NULL
);
COMMENT ON TABLE unique_ids IS 'Every uniqueId of the registry, documents and submission sets together; its own table so that uniqueness needs no other.';

CREATE TABLE submission_sets (
    patient_key     uuid NOT NULL REFERENCES records,
    entry_uuid      uuid NOT NULL,
    unique_id       text NOT NULL,
    status          text NOT NULL DEFAULT 'APPROVED' CHECK (status = 'APPROVED'),
    source_id       text NOT NULL,
    depositor_id    text NOT NULL,              -- Struct_IdNat of the structure that sent it
    submission_time text COLLATE "C" NOT NULL,
    author_persons  text[] NOT NULL,
    codes           jsonb NOT NULL,
    fragment        bytea NOT NULL,
    PRIMARY KEY (patient_key, entry_uuid)
);

CREATE TABLE document_entries (
    patient_key          uuid NOT NULL REFERENCES records,
    entry_uuid           uuid NOT NULL,
    logical_id           uuid NOT NULL,
    version              integer NOT NULL,
    unique_id            text NOT NULL,
    status               text NOT NULL CHECK (status IN ('APPROVED', 'DEPRECATED', 'ARCHIVED', 'DELETED')),
    object_type          uuid NOT NULL,
    mime_type            text NOT NULL,
    hash                 text NOT NULL,         -- SHA-1 of the document, 40 hexadecimal digits
    size                 bigint NOT NULL,       -- of the document, in bytes
    blob_address         bytea NOT NULL CHECK (length(blob_address) = 32),
    key_id               uuid NOT NULL,         -- of the record's key the document is sealed to
    creation_time        text COLLATE "C" NOT NULL,
    service_start_time   text COLLATE "C",
    service_stop_time    text COLLATE "C",
    depositor_id         text NOT NULL,         -- Struct_IdNat of the structure that sent it
    author_structure_ids text[] NOT NULL,       -- Struct_IdNat
    author_person_ids    text[] NOT NULL,       -- PS_IdNat
    author_persons       text[] NOT NULL,       -- XCN as sent, for LIKE
    codes                jsonb NOT NULL,
    fragment             bytea NOT NULL,        -- rendered Approved; the status column rules
    PRIMARY KEY (patient_key, entry_uuid)
) WITH (toast_tuple_target = 8160);             -- a row stays whole and uncompressed in its page: one read an entry
CREATE INDEX document_entries_unique_id ON document_entries (patient_key, unique_id);

CREATE TABLE associations (
    patient_key      uuid NOT NULL,
    entry_uuid       uuid NOT NULL,
    association_type text NOT NULL,
    source           uuid NOT NULL,
    target           uuid NOT NULL,
    submission_set   uuid NOT NULL,
    fragment         bytea NOT NULL,
    PRIMARY KEY (patient_key, entry_uuid),
    FOREIGN KEY (patient_key, submission_set) REFERENCES submission_sets
);
CREATE INDEX associations_source ON associations (patient_key, source);
CREATE INDEX associations_target ON associations (patient_key, target);

REVOKE ALL ON unique_ids, submission_sets, document_entries, associations FROM PUBLIC;
GRANT SELECT ON unique_ids, submission_sets, document_entries, associations TO ecluse_consultation;
