-- What may change of a document of the DMP once it is registered: who sees it, and its status (DMP TD3.3a-d). Nothing
-- else can: a new version is a copy of the one before, but for its confidentialityCodes. Doors and the office of records
-- write through one function, in one statement with the trace, what it announces and the audit event.
--
-- The law decides outside, on facts read without a lock: another revision under it raises XDS02, and whoever decided
-- reads and decides again. Locks are taken in one order: the record, the uniqueId, notices, the head of the audit chain.

CREATE FUNCTION hold_record(p_patient_key uuid, p_revision bigint) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'only a house of the DMP changes its documents this way' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM records r WHERE r.patient_key = p_patient_key FOR NO KEY UPDATE;
    UPDATE records SET revision = revision + 1
        WHERE patient_key = p_patient_key AND revision = p_revision AND status = 'OPEN';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the record changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;
END $$;

-- `p_entries`: new versions, each with the entryUUID of the version it follows (`previous`), which must be the last one
-- and not deleted. The new version takes its status; the former one is Deprecated, and what it may be shown to follows the
-- last version: its columns do, its fragment stays as registered.
-- `p_statuses`: of documents, each with the status it has and the one it gets; of associations, those that are no more.
-- `p_fragments`: of the submission set, then of the entries, then of the associations.
CREATE FUNCTION change_documents(
    p_patient_key uuid, p_revision bigint, p_depositor_id text, p_submission_set jsonb, p_entries jsonb,
    p_associations jsonb, p_statuses jsonb, p_fragments bytea[], p_traces jsonb, p_event text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_set_uuid CONSTANT uuid := p_submission_set ->> 'entry_uuid';
    v_entries  CONSTANT integer := jsonb_array_length(p_entries);
    v_count    integer;
BEGIN
    PERFORM hold_record(p_patient_key, p_revision);

    INSERT INTO unique_ids (unique_id, kind, patient_key, entry_uuid, structure_id)
        VALUES (p_submission_set ->> 'unique_id', 'SS', p_patient_key, v_set_uuid, p_depositor_id)
        ON CONFLICT (unique_id) DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the uniqueId was taken meanwhile' USING ERRCODE = 'XDS02';
    END IF;
    INSERT INTO submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id, submission_time,
                                 author_persons, codes, fragment)
        SELECT p_patient_key, v_set_uuid, s.unique_id, s.source_id, p_depositor_id, s.submission_time,
               s.author_persons, s.codes, p_fragments[1]
        FROM jsonb_to_record(p_submission_set) AS s (unique_id text, source_id text, submission_time text,
                                                     author_persons text[], codes jsonb);

    INSERT INTO document_entries (
            patient_key, entry_uuid, logical_id, version, unique_id, status, object_type, mime_type, hash, size, blob_address,
            key_id, creation_time, service_start_time, service_stop_time, depositor_id, author_structure_ids,
            author_person_ids, author_persons, codes, reference_ids, document_availability, mask_when_visible, fragment)
        SELECT o.patient_key, e.entry_uuid, o.logical_id, o.version + 1, o.unique_id, o.status, o.object_type, o.mime_type,
               o.hash, o.size, o.blob_address, o.key_id, o.creation_time, o.service_start_time, o.service_stop_time,
               o.depositor_id, o.author_structure_ids, o.author_person_ids, o.author_persons,
               jsonb_set(o.codes, '{confidentialityCode}', e.confidentiality), o.reference_ids, o.document_availability,
               e.mask_when_visible, p_fragments[1 + e.position]
        FROM ROWS FROM (jsonb_to_recordset(p_entries) AS (
                 entry_uuid uuid, previous uuid, confidentiality jsonb, mask_when_visible boolean))
             WITH ORDINALITY AS e (entry_uuid, previous, confidentiality, mask_when_visible, position)
        JOIN document_entries o ON o.entry_uuid = e.previous AND o.patient_key = p_patient_key AND o.status <> 'DELETED'
        WHERE NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = o.logical_id AND l.version > o.version);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> v_entries THEN
        RAISE EXCEPTION 'a version is not the last any more' USING ERRCODE = 'XDS02';
    END IF;
    UPDATE document_entries o SET status = 'DEPRECATED',
                                  codes = jsonb_set(o.codes, '{confidentialityCode}', e.confidentiality)
        FROM jsonb_to_recordset(p_entries) AS e (entry_uuid uuid, confidentiality jsonb), document_entries n
        WHERE n.entry_uuid = e.entry_uuid AND n.patient_key = p_patient_key
          AND o.logical_id = n.logical_id AND o.patient_key = p_patient_key AND o.version < n.version;
    UPDATE unique_ids u SET entry_uuid = n.entry_uuid
        FROM document_entries n, jsonb_to_recordset(p_entries) AS e (entry_uuid uuid)
        WHERE n.entry_uuid = e.entry_uuid AND n.patient_key = p_patient_key AND u.unique_id = n.unique_id AND u.kind = 'DE';

    INSERT INTO associations (patient_key, entry_uuid, association_type, source, target, submission_set, submission_set_status,
                              fragment)
        SELECT p_patient_key, a.entry_uuid, a.association_type, a.source, a.target, v_set_uuid, a.submission_set_status,
               p_fragments[1 + v_entries + a.position]
        FROM ROWS FROM (jsonb_to_recordset(p_associations) AS (
                 entry_uuid uuid, association_type text, source uuid, target uuid, submission_set_status text))
             WITH ORDINALITY AS a (entry_uuid, association_type, source, target, submission_set_status, position);

    -- Which status may follow which: DMP TD3.3c, DMP TD3.3d.
    WITH wanted AS (
        SELECT s.kind, s.entry_uuid, s.original, s.status
        FROM jsonb_to_recordset(p_statuses) AS s (kind text, entry_uuid uuid, original text, status text)
    ), of_entries AS (
        UPDATE document_entries o SET status = w.status FROM wanted w
        WHERE w.kind = 'DE' AND o.entry_uuid = w.entry_uuid AND o.patient_key = p_patient_key AND o.status = w.original
          AND (w.original, w.status) IN (('APPROVED', 'ARCHIVED'), ('ARCHIVED', 'APPROVED'), ('APPROVED', 'DELETED'),
                                         ('ARCHIVED', 'DELETED'), ('DEPRECATED', 'DELETED'))
          AND NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = o.logical_id AND l.version > o.version)
        RETURNING 1
    ), of_associations AS (
        UPDATE associations o SET status = 'DEPRECATED' FROM wanted w
        WHERE w.kind = 'AS' AND o.entry_uuid = w.entry_uuid AND o.patient_key = p_patient_key RETURNING 1
    )
    SELECT (SELECT count(*) FROM of_entries) + (SELECT count(*) FROM of_associations) INTO v_count;
    IF v_count <> jsonb_array_length(p_statuses) THEN
        RAISE EXCEPTION 'an object is not what it was' USING ERRCODE = 'XDS02';
    END IF;

    PERFORM trace_append(p_traces);
    RETURN audit_append(ARRAY[p_event]);
END $$;

-- A deleted document is deleted whole, whoever deletes it: no former version is found but among what is deleted.
CREATE FUNCTION deleted_with_its_versions() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp
SET enable_seqscan = off AS $$
BEGIN
    UPDATE document_entries SET status = 'DELETED'
        WHERE logical_id = NEW.logical_id AND patient_key = NEW.patient_key AND status <> 'DELETED';
    RETURN NULL;
END $$;
CREATE TRIGGER deleted_whole AFTER UPDATE OF status ON document_entries
    FOR EACH ROW WHEN (NEW.status = 'DELETED' AND OLD.status <> 'DELETED') EXECUTE FUNCTION deleted_with_its_versions();

REVOKE ALL ON FUNCTION hold_record(uuid, bigint), deleted_with_its_versions(),
    change_documents(uuid, bigint, text, jsonb, jsonb, jsonb, jsonb, bytea[], jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION change_documents(uuid, bigint, text, jsonb, jsonb, jsonb, jsonb, bytea[], jsonb, text)
    TO ecluse_consultation;
