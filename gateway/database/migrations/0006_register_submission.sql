-- Register one submission and its audit event: all or nothing, in one statement.
--
-- Refusals raise XDS01; DETAIL is a JSON array of {"code", "id"}, `code` being the standard error code.
-- Locks are taken in one order (the record, uniqueIds sorted, the head of the audit chain), so that submissions never
-- deadlock; the head comes last because it is everybody's.
-- `p_fragments` holds the submission set's fragment, then those of the entries, then those of the associations.

CREATE FUNCTION register_submission(
    p_patient_id text, p_key_id uuid, p_structure_id text,
    p_submission_set jsonb, p_entries jsonb, p_associations jsonb, p_fragments bytea[], p_event text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    c_rplc      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:RPLC';
    c_xfrm_rplc CONSTANT text := 'urn:ihe:iti:2007:AssociationType:XFRM_RPLC';
    c_xfrm      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:XFRM';
    c_apnd      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:APND';
    c_member    CONSTANT text := 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember';
    v_set_uuid  CONSTANT uuid := p_submission_set ->> 'entry_uuid';
    v_entries   CONSTANT integer := jsonb_array_length(p_entries);
    v_replaced  uuid[];
    v_targets   uuid[];
    v_found     integer;
    v_record    records;
    v_refusals  jsonb;
BEGIN
    -- What the associations point at outside this submission, and which of it is replaced.
    SELECT array_agg(DISTINCT a.target) FILTER (WHERE a.association_type IN (c_rplc, c_xfrm_rplc)), array_agg(DISTINCT a.target)
        INTO v_replaced, v_targets
        FROM jsonb_to_recordset(p_associations) AS a (association_type text, target uuid)
        WHERE a.target <> v_set_uuid
          AND a.target NOT IN (SELECT e.entry_uuid FROM jsonb_to_recordset(p_entries) AS e (entry_uuid uuid));

    IF v_replaced IS NULL THEN
        SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key)
            WHERE p.patient_id = p_patient_id FOR SHARE OF r;
    ELSE
        SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key)
            WHERE p.patient_id = p_patient_id FOR NO KEY UPDATE OF r;
    END IF;
    v_refusals := CASE WHEN v_record.patient_key IS NULL THEN '[{"code": "XDSUnknownPatientId"}]'
                       WHEN v_record.status <> 'OPEN' THEN '[{"code": "DMPClosed"}]'
                       WHEN v_record.key_id <> p_key_id THEN '[{"code": "XDSRegistryBusy"}]' END;
    IF v_refusals IS NOT NULL THEN
        RAISE EXCEPTION 'submission refused' USING ERRCODE = 'XDS01', DETAIL = v_refusals::text;
    END IF;

    -- A uniqueId is taken by whoever inserts it first; the other waits here, then finds it taken.
    WITH wanted AS (
        SELECT p_submission_set ->> 'unique_id' AS unique_id, 'SS' AS kind, v_set_uuid AS entry_uuid
        UNION ALL
        SELECT e.unique_id, 'DE', e.entry_uuid FROM jsonb_to_recordset(p_entries) AS e (unique_id text, entry_uuid uuid)
    ), stored AS (
        INSERT INTO unique_ids (unique_id, kind, patient_key, entry_uuid, structure_id)
        SELECT w.unique_id, w.kind, v_record.patient_key, w.entry_uuid, p_structure_id FROM wanted w ORDER BY w.unique_id
        ON CONFLICT (unique_id) DO NOTHING RETURNING unique_id
    )
    SELECT jsonb_agg(jsonb_build_object('code', 'XDSDuplicateUniqueIdInRegistry', 'id', w.unique_id) ORDER BY w.unique_id)
        INTO v_refusals FROM wanted w WHERE w.unique_id NOT IN (SELECT s.unique_id FROM stored s);

    IF v_targets IS NOT NULL THEN
        SELECT COALESCE(v_refusals, '[]') || COALESCE(jsonb_agg(jsonb_build_object(
                   'code', CASE WHEN e.entry_uuid IS NULL THEN 'UnresolvedReferenceException'
                                ELSE 'XDSRegistryDeprecatedDocumentError' END,
                   'id', 'urn:uuid:' || t.target) ORDER BY t.target), '[]')
            INTO v_refusals
            FROM unnest(v_targets) AS t (target)
            LEFT JOIN document_entries e ON e.patient_key = v_record.patient_key AND e.entry_uuid = t.target
                 AND e.depositor_id = p_structure_id
            WHERE e.entry_uuid IS NULL
               OR (e.status <> 'APPROVED' AND EXISTS (
                       SELECT FROM jsonb_to_recordset(p_associations) AS a (association_type text, target uuid)
                       WHERE a.target = t.target AND a.association_type <> c_member));
    END IF;
    IF jsonb_array_length(v_refusals) > 0 THEN
        RAISE EXCEPTION 'submission refused' USING ERRCODE = 'XDS01', DETAIL = v_refusals::text;
    END IF;

    INSERT INTO submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id, submission_time,
                                 author_persons, codes, fragment)
        SELECT v_record.patient_key, v_set_uuid, s.unique_id, s.source_id, p_structure_id, s.submission_time,
               s.author_persons, s.codes, p_fragments[1]
        FROM jsonb_to_record(p_submission_set) AS s (unique_id text, source_id text, submission_time text,
                                                     author_persons text[], codes jsonb);

    INSERT INTO document_entries (
            patient_key, entry_uuid, logical_id, version, unique_id, status, object_type, mime_type, hash, size, blob_address,
            key_id, creation_time, service_start_time, service_stop_time, depositor_id, author_structure_ids,
            author_person_ids, author_persons, codes, fragment)
        SELECT v_record.patient_key, e.entry_uuid, e.entry_uuid, 1, e.unique_id, 'APPROVED', e.object_type, e.mime_type, e.hash,
               e.size, decode(e.blob_address, 'hex'), p_key_id, e.creation_time, e.service_start_time, e.service_stop_time,
               p_structure_id, e.author_structure_ids, e.author_person_ids, e.author_persons, e.codes,
               p_fragments[1 + e.position]
        FROM ROWS FROM (jsonb_to_recordset(p_entries) AS (
                 entry_uuid uuid, unique_id text, object_type uuid, mime_type text, hash text, size bigint, blob_address text,
                 creation_time text, service_start_time text, service_stop_time text, author_structure_ids text[],
                 author_person_ids text[], author_persons text[], codes jsonb))
             WITH ORDINALITY AS e (entry_uuid, unique_id, object_type, mime_type, hash, size, blob_address, creation_time,
                 service_start_time, service_stop_time, author_structure_ids, author_person_ids, author_persons, codes, position);

    INSERT INTO associations (patient_key, entry_uuid, association_type, source, target, submission_set, fragment)
        SELECT v_record.patient_key, a.entry_uuid, a.association_type, a.source, a.target, v_set_uuid,
               p_fragments[1 + v_entries + a.position]
        FROM ROWS FROM (jsonb_to_recordset(p_associations) AS (
                 entry_uuid uuid, association_type text, source uuid, target uuid))
             WITH ORDINALITY AS a (entry_uuid, association_type, source, target, position);

    -- ITI TF-3 §4.2.2.2: a replaced document is Deprecated, and so are its addenda and transformations, at every depth.
    IF v_replaced IS NOT NULL THEN
        WITH RECURSIVE old AS (
            SELECT unnest(v_replaced) AS entry_uuid
            UNION
            SELECT a.source FROM old JOIN associations a ON a.patient_key = v_record.patient_key AND a.target = old.entry_uuid
            WHERE a.association_type IN (c_apnd, c_xfrm)
        )
        UPDATE document_entries e SET status = 'DEPRECATED' FROM old
            WHERE e.patient_key = v_record.patient_key AND e.entry_uuid = old.entry_uuid AND e.status = 'APPROVED';
    END IF;

    RETURN audit_append(ARRAY[p_event]);
END $$;

REVOKE ALL ON FUNCTION register_submission(text, uuid, text, jsonb, jsonb, jsonb, bytea[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION register_submission(text, uuid, text, jsonb, jsonb, jsonb, bytea[], text) TO ecluse_ingest;
