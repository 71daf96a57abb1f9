-- What the FHIR resource of a document says as long as its fragment stays, rendered when it is registered, as fragments are:
-- it holds of the patient what the fragment holds, is read by who reads that, and goes when that goes. A document without it
-- is rendered when it is answered.

CREATE TABLE entry_resources (
    patient_key uuid NOT NULL,
    entry_uuid  uuid NOT NULL,
    form        integer NOT NULL,               -- of the writer; another form is not read
    resource    bytea NOT NULL,
    PRIMARY KEY (patient_key, entry_uuid),
    FOREIGN KEY (patient_key, entry_uuid) REFERENCES document_entries ON DELETE CASCADE
) WITH (toast_tuple_target = 4080);             -- in the row, two in a page: compressed when it is larger
ALTER TABLE entry_resources ALTER resource SET STORAGE MAIN;
COMMENT ON TABLE entry_resources IS 'DocumentReferences but for what moves: ids, version, status, relations, address.';
ALTER TABLE entry_resources ALTER resource SET STATISTICS 0;

-- Keep resources of entries that this very transaction registered, with the fragment of that digest (SHA-256): of two
-- spellings, masked or not, that of the one which was registered. It answers nothing, and changes nothing that is kept.
-- A role that is taken over can write nothing to a document that was there before, whose fragment it would have to know.
CREATE FUNCTION keep_resources(p_entries uuid[], p_digests bytea[], p_form integer, p_resources bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO entry_resources (patient_key, entry_uuid, form, resource)
        SELECT e.patient_key, e.entry_uuid, p_form, k.resource
        FROM unnest(p_entries, p_digests, p_resources) AS k (entry_uuid, digest, resource)
        JOIN document_entries e ON e.entry_uuid = k.entry_uuid
        WHERE e.xmin = pg_current_xact_id()::xid AND sha256(e.fragment) = k.digest
        ON CONFLICT DO NOTHING;
END $$;

-- A patient has another identifier, in the fragments too: what was rendered with the former one goes.
CREATE FUNCTION resource_of_another_fragment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = ecluse, pg_temp AS $$
BEGIN
    DELETE FROM entry_resources WHERE patient_key = OLD.patient_key AND entry_uuid = OLD.entry_uuid;
    RETURN NEW;
END $$;
CREATE TRIGGER resource_of_another_fragment BEFORE UPDATE OF fragment, patient_key ON document_entries
    FOR EACH ROW EXECUTE FUNCTION resource_of_another_fragment();

REVOKE ALL ON entry_resources FROM PUBLIC;
REVOKE ALL ON FUNCTION keep_resources(uuid[], bytea[], integer, bytea[]), resource_of_another_fragment() FROM PUBLIC;
GRANT SELECT ON entry_resources TO ecluse_consultation;
GRANT EXECUTE ON FUNCTION keep_resources(uuid[], bytea[], integer, bytea[]) TO ecluse_ingest, ecluse_consultation;
