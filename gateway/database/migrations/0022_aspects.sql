-- What is hidden costs a search nothing. What the law looks at in a document is one key, which begins with the record:
-- a door asks for the few keys of a record, judges each once, and reads the documents of those that it may see. Documents
-- that only their author or his structure sees are found by who wrote them. No index leads a search to any other.

-- The record, then SHA-256 over type, class, confidentialityCodes and status: 48 bytes. Whoever sees one document of a key
-- sees them all, but for what authors see.
CREATE FUNCTION document_aspect(p_patient_key uuid, p_codes jsonb, p_status text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ecluse, pg_temp
RETURN uuid_send(p_patient_key) || sha256(convert_to(
    coalesce((p_codes -> 'typeCode')::text, '') || coalesce((p_codes -> 'classCode')::text, '')
    || coalesce((p_codes -> 'confidentialityCode')::text, '') || p_status, 'UTF8'));

-- One number for each author (P) and for each structure that is an author or the depositor (S) of a document of a record:
-- where to look, no proof. A reader compares the ids.
CREATE FUNCTION document_hands(p_patient_key uuid, p_persons text[], p_structures text[], p_depositor_id text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ecluse, pg_temp
RETURN ARRAY(SELECT hashtextextended(p_patient_key || ' P ' || id, 0) FROM unnest(p_persons) AS id
             UNION SELECT hashtextextended(p_patient_key || ' S ' || id, 0) FROM unnest(p_structures || p_depositor_id) AS id);

REVOKE ALL ON FUNCTION document_aspect, document_hands FROM PUBLIC;

ALTER TABLE document_entries
    ADD COLUMN aspect bytea NOT NULL GENERATED ALWAYS AS (document_aspect(patient_key, codes, status)) STORED,
    ADD COLUMN hands bigint[] NOT NULL GENERATED ALWAYS AS (
        document_hands(patient_key, author_person_ids, author_structure_ids, depositor_id)) STORED;
CREATE INDEX document_entries_aspect ON document_entries (aspect, entry_uuid);
-- Without a list of entries to be added later, which every search would read through.
CREATE INDEX document_entries_hands ON document_entries USING gin (hands) WITH (fastupdate = off);
