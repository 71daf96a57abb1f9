-- The ingest door under the law of the DMP: what it learns of a record when it judges, the masking that the patient wants,
-- and what an establishment may still do with its own documents: find their ids, delete them. It still reads nothing.

DROP FUNCTION submission_facts(text, text, text[], uuid[]);
DROP FUNCTION register_submission(text, uuid, bigint, text, uuid[], jsonb, jsonb, jsonb, jsonb, uuid[], text, bytea[], text);

-- What the registry tells when a submission is judged, in one row and one shape. In the DMP, `objects` are this
-- structure's documents of this record and nothing else: a document of another structure and no document look the same;
-- `unique_ids` are those taken, by whomever. Elsewhere any registered object is told, with hash and size of uniqueIds.
-- `ahead` is how far the law's clock runs ahead of ours.
CREATE FUNCTION submission_facts(p_patient_id text, p_structure_id text, p_unique_ids text[], p_ids uuid[])
RETURNS TABLE (patient_key uuid, status text, key_id uuid, public_key bytea, revision bigint, attached_to_ens boolean,
               birth_date date, etreat boolean, btg boolean, masked boolean, default_masking boolean, ahead interval,
               objects jsonb, unique_ids jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    c_member    CONSTANT text := 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember';
    c_xfrm      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:XFRM';
    v_record    records;
    v_objects   jsonb;
    v_taken     jsonb;
    v_ihe       CONSTANT boolean := EXISTS (SELECT FROM house WHERE domain = 'ihe');
BEGIN
    SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key) WHERE p.patient_id = p_patient_id;
    SELECT jsonb_agg(CASE WHEN v_ihe THEN jsonb_build_object('id', u.unique_id, 'kind', u.kind, 'hash', u.hash, 'size', u.size)
                          ELSE jsonb_build_object('id', u.unique_id, 'kind', u.kind) END)
        INTO v_taken FROM unique_ids u WHERE u.unique_id = ANY (p_unique_ids);
    IF v_ihe THEN
        SELECT jsonb_agg(jsonb_build_object(
                   'id', o.entry_uuid, 'kind', o.kind, 'status', o.status, 'unique_id', o.unique_id, 'object_type', o.object_type,
                   'same_patient', o.patient_key IS NOT DISTINCT FROM v_record.patient_key,
                   'is_transformation', o.kind = 'DE' AND EXISTS (
                       SELECT FROM associations a
                       WHERE a.source = o.entry_uuid AND a.association_type = c_xfrm),
                   'folders', CASE WHEN o.kind = 'DE' THEN ARRAY(
                       SELECT DISTINCT f.entry_uuid FROM associations a
                       JOIN folders f ON f.patient_key = a.patient_key AND f.entry_uuid = a.source
                       WHERE a.target = o.entry_uuid AND a.association_type = c_member AND a.status = 'APPROVED'
                         AND f.status = 'APPROVED') END))
            INTO v_objects FROM registered_objects o WHERE o.entry_uuid = ANY (p_ids);
    ELSE
        SELECT jsonb_agg(jsonb_build_object(
                   'id', e.entry_uuid, 'kind', 'DE', 'status', e.status, 'unique_id', e.unique_id, 'object_type', e.object_type,
                   'same_patient', true,
                   'is_transformation', EXISTS (
                       SELECT FROM associations a
                       WHERE a.source = e.entry_uuid AND a.association_type = c_xfrm)))
            INTO v_objects FROM document_entries e
            WHERE e.patient_key = v_record.patient_key AND e.entry_uuid = ANY (p_ids) AND e.depositor_id = p_structure_id;
    END IF;
    RETURN QUERY SELECT v_record.patient_key, v_record.status, v_record.key_id, v_record.public_key, v_record.revision,
                        v_record.attached_to_ens, v_record.birth_date, v_record.etreat, v_record.btg, v_record.masked,
                        v_record.default_masking, (SELECT c.ahead FROM law_clock c), coalesce(v_objects, '[]'),
                        coalesce(v_taken, '[]');
END $$;

REVOKE ALL ON FUNCTION submission_facts(text, text, text[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION submission_facts(text, text, text[], uuid[]) TO ecluse_ingest;

-- Register one submission and its audit event: all or nothing, in one statement.
--
-- `p_ids` are the ids of its objects, `p_fragments` their fragments: the set, entries, folders, associations.
-- `p_revision` is the record's when the submission was judged; it counts when an association names a registered object.
-- `p_default_masking` is what the patient wanted then of new documents, who may have changed his mind.
-- Refusals raise XDS01; DETAIL is a JSON array of {"code", "id"}, `code` being the standard error code. XDS02 says that
-- what is registered changed since the judgement: ask again, judge again.
-- Locks are taken in one order (records by patient_key, uniqueIds sorted, the head of the audit chain), so that
-- submissions never deadlock; the head comes last because it is everybody's.
CREATE FUNCTION register_submission(
    p_patient_id text, p_key_id uuid, p_revision bigint, p_default_masking boolean, p_structure_id text, p_ids uuid[],
    p_submission_set jsonb, p_entries jsonb, p_folders jsonb, p_associations jsonb, p_touched_folders uuid[],
    p_now text, p_fragments bytea[], p_event text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    c_rplc      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:RPLC';
    c_xfrm_rplc CONSTANT text := 'urn:ihe:iti:2007:AssociationType:XFRM_RPLC';
    c_xfrm      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:XFRM';
    c_apnd      CONSTANT text := 'urn:ihe:iti:2007:AssociationType:APND';
    c_member    CONSTANT text := 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember';
    v_set_uuid  CONSTANT uuid := p_submission_set ->> 'entry_uuid';
    v_entries   CONSTANT integer := jsonb_array_length(p_entries);
    v_folders   CONSTANT integer := jsonb_array_length(p_folders);
    v_ihe       CONSTANT boolean := EXISTS (SELECT FROM house WHERE domain = 'ihe');
    v_named     uuid[];             -- registered objects that associations start from or point at
    v_related   uuid[];             -- those of them that a document relationship points at
    v_replaced  uuid[];             -- those of them that are replaced
    v_locked    uuid[];
    v_stored    uuid[];
    v_changed   boolean;
    v_found     jsonb;
    v_record    records;
    v_refusals  jsonb;
BEGIN
    SELECT array_agg(DISTINCT e.id),
           array_agg(DISTINCT e.id) FILTER (WHERE e.is_target AND a.association_type <> c_member),
           array_agg(DISTINCT e.id) FILTER (WHERE e.is_target AND a.association_type IN (c_rplc, c_xfrm_rplc))
        INTO v_named, v_related, v_replaced
        FROM jsonb_to_recordset(p_associations) AS a (association_type text, source uuid, target uuid),
             LATERAL (VALUES (a.source, false), (a.target, true)) AS e (id, is_target)
        WHERE e.id <> ALL (p_ids);

    IF v_named IS NULL THEN
        SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key)
            WHERE p.patient_id = p_patient_id FOR SHARE OF r;
    ELSE
        -- ITI TF-3 §4.2.2.1: a submission set may refer to another patient's document, whose record is then locked too.
        SELECT array_agg(k.patient_key) INTO v_locked FROM (
            SELECT p.patient_key FROM patients p WHERE p.patient_id = p_patient_id
            UNION
            SELECT o.patient_key FROM registered_objects o WHERE v_ihe AND o.entry_uuid = ANY (v_named)) AS k;
        PERFORM FROM records r WHERE r.patient_key = ANY (v_locked) ORDER BY r.patient_key FOR NO KEY UPDATE;
        SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key) WHERE p.patient_id = p_patient_id;
    END IF;
    v_refusals := CASE WHEN v_record.patient_key IS NULL OR v_record.status = 'MERGED' THEN '[{"code": "XDSUnknownPatientId"}]'
                       WHEN v_record.status <> 'OPEN' AND v_ihe THEN '[{"code": "XDSUnknownPatientId"}]'
                       WHEN v_record.status <> 'OPEN' THEN '[{"code": "DMPClosed"}]'
                       WHEN v_record.key_id <> p_key_id THEN '[{"code": "XDSRegistryBusy"}]' END;
    IF v_refusals IS NOT NULL THEN
        RAISE EXCEPTION 'submission refused' USING ERRCODE = 'XDS01', DETAIL = v_refusals::text;
    END IF;
    IF v_record.default_masking <> p_default_masking OR (v_named IS NOT NULL AND v_record.revision <> p_revision) THEN
        RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;

    SELECT jsonb_agg(jsonb_build_object('code', 'XDSRegistryMetadataError', 'id', 'urn:uuid:' || o.entry_uuid) ORDER BY o.entry_uuid)
        INTO v_refusals FROM registered_objects o WHERE o.entry_uuid = ANY (p_ids);

    -- A uniqueId is taken by whoever inserts it first; the other waits here, then finds it taken.
    WITH stored AS (
        INSERT INTO unique_ids (unique_id, kind, patient_key, entry_uuid, structure_id, hash, size)
        SELECT w.unique_id, w.kind, v_record.patient_key, w.entry_uuid, p_structure_id, lower(w.hash), w.size FROM (
            SELECT p_submission_set ->> 'unique_id' AS unique_id, 'SS' AS kind, v_set_uuid AS entry_uuid, NULL AS hash, NULL AS size
            UNION ALL
            SELECT e.unique_id, 'DE', e.entry_uuid, e.hash, e.size
            FROM jsonb_to_recordset(p_entries) AS e (unique_id text, entry_uuid uuid, hash text, size bigint)
            UNION ALL
            SELECT f.unique_id, 'FD', f.entry_uuid, NULL, NULL
            FROM jsonb_to_recordset(p_folders) AS f (unique_id text, entry_uuid uuid)) AS w
        ORDER BY w.unique_id ON CONFLICT (unique_id) DO NOTHING RETURNING entry_uuid
    )
    SELECT coalesce(array_agg(s.entry_uuid), '{}') INTO v_stored FROM stored s;

    -- ITI TF-2 §3.42.4.1.3: two entries may share the uniqueId of one document. Not in the DMP, where the answer would
    -- tell a structure whether it has the bytes of another.
    IF cardinality(v_stored) < 1 + v_entries + v_folders THEN
        IF v_ihe THEN           -- whoever removes the last entry of a uniqueId waits for this one
            PERFORM FROM unique_ids u
                WHERE u.unique_id IN (SELECT e.unique_id FROM jsonb_to_recordset(p_entries) AS e (unique_id text))
                ORDER BY u.unique_id FOR SHARE OF u;
        END IF;
        SELECT jsonb_agg(jsonb_build_object('code', c.code, 'id', w.unique_id) ORDER BY w.unique_id, c.code)
                   FILTER (WHERE c.code IS NOT NULL),
               bool_or(u.unique_id IS NULL)
            INTO v_found, v_changed
            FROM (SELECT p_submission_set ->> 'unique_id' AS unique_id, 'SS' AS kind, v_set_uuid AS entry_uuid,
                         NULL AS hash, NULL::bigint AS size
                  UNION ALL
                  SELECT e.unique_id, 'DE', e.entry_uuid, e.hash, e.size
                  FROM jsonb_to_recordset(p_entries) AS e (unique_id text, entry_uuid uuid, hash text, size bigint)
                  UNION ALL
                  SELECT f.unique_id, 'FD', f.entry_uuid, NULL, NULL
                  FROM jsonb_to_recordset(p_folders) AS f (unique_id text, entry_uuid uuid)) AS w
            LEFT JOIN unique_ids u ON u.unique_id = w.unique_id
            LEFT JOIN LATERAL (VALUES
                (CASE WHEN NOT (v_ihe AND w.kind = 'DE' AND u.kind = 'DE') THEN 'XDSDuplicateUniqueIdInRegistry' END),
                (CASE WHEN v_ihe AND w.kind = 'DE' AND u.kind = 'DE' AND u.hash IS DISTINCT FROM lower(w.hash)
                      THEN 'XDSNonIdenticalHash' END),
                (CASE WHEN v_ihe AND w.kind = 'DE' AND u.kind = 'DE' AND u.size IS DISTINCT FROM w.size
                      THEN 'XDSNonIdenticalSize' END)) AS c (code) ON true
            WHERE w.entry_uuid <> ALL (v_stored);
        IF v_changed THEN
            RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = 'XDS02';
        END IF;
        v_refusals := coalesce(v_refusals, '[]') || coalesce(v_found, '[]');
    END IF;

    -- In the DMP, what an association names is a document of this structure in this record. Elsewhere the judgement said
    -- what may be named, and the revision says that it holds.
    IF v_named IS NOT NULL THEN
        SELECT jsonb_agg(jsonb_build_object(
                   'code', CASE WHEN o.entry_uuid IS NULL THEN 'UnresolvedReferenceException'
                                ELSE 'XDSRegistryDeprecatedDocumentError' END,
                   'id', 'urn:uuid:' || n.id) ORDER BY n.id)
                   FILTER (WHERE o.entry_uuid IS NULL OR (o.status <> 'APPROVED' AND n.id = ANY (v_related))),
               bool_or(o.patient_key <> ALL (v_locked))
            INTO v_found, v_changed
            FROM unnest(v_named) AS n (id)
            LEFT JOIN registered_objects o ON o.entry_uuid = n.id
                 AND (v_ihe OR (o.kind = 'DE' AND o.patient_key = v_record.patient_key AND o.depositor_id = p_structure_id));
        IF v_changed THEN
            RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = 'XDS02';
        END IF;
        v_refusals := coalesce(v_refusals, '[]') || coalesce(v_found, '[]');
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
            author_person_ids, author_persons, codes, fragment, reference_ids, document_availability, mask_when_visible)
        SELECT v_record.patient_key, e.entry_uuid, e.entry_uuid, 1, e.unique_id, 'APPROVED', e.object_type, e.mime_type, e.hash,
               e.size, decode(e.blob_address, 'hex'), CASE WHEN e.blob_address IS NOT NULL THEN p_key_id END, e.creation_time,
               e.service_start_time, e.service_stop_time, p_structure_id, e.author_structure_ids, e.author_person_ids,
               e.author_persons, e.codes, p_fragments[1 + e.position], e.reference_ids, e.document_availability,
               coalesce(e.mask_when_visible, false)
        FROM ROWS FROM (jsonb_to_recordset(p_entries) AS (
                 entry_uuid uuid, unique_id text, object_type uuid, mime_type text, hash text, size bigint, blob_address text,
                 creation_time text, service_start_time text, service_stop_time text, author_structure_ids text[],
                 author_person_ids text[], author_persons text[], codes jsonb, reference_ids text[],
                 document_availability text, mask_when_visible boolean))
             WITH ORDINALITY AS e (entry_uuid, unique_id, object_type, mime_type, hash, size, blob_address, creation_time,
                 service_start_time, service_stop_time, author_structure_ids, author_person_ids, author_persons, codes,
                 reference_ids, document_availability, mask_when_visible, position);

    IF v_folders > 0 THEN
        INSERT INTO folders (patient_key, entry_uuid, logical_id, version, unique_id, status, last_update_time, depositor_id,
                             codes, fragment)
            SELECT v_record.patient_key, f.entry_uuid, f.entry_uuid, 1, f.unique_id, 'APPROVED', p_now, p_structure_id, f.codes,
                   p_fragments[1 + v_entries + f.position]
            FROM ROWS FROM (jsonb_to_recordset(p_folders) AS (entry_uuid uuid, unique_id text, codes jsonb))
                 WITH ORDINALITY AS f (entry_uuid, unique_id, codes, position);
    END IF;

    INSERT INTO associations (patient_key, entry_uuid, association_type, source, target, submission_set, fragment,
                              submission_set_status)
        SELECT v_record.patient_key, a.entry_uuid, a.association_type, a.source, a.target, v_set_uuid,
               p_fragments[1 + v_entries + v_folders + a.position], a.submission_set_status
        FROM ROWS FROM (jsonb_to_recordset(p_associations) AS (
                 entry_uuid uuid, association_type text, source uuid, target uuid, submission_set_status text))
             WITH ORDINALITY AS a (entry_uuid, association_type, source, target, submission_set_status, position);

    -- ITI TF-3 §4.2.2.2: a replaced document is Deprecated, and so are its addenda and transformations, at every depth.
    IF v_replaced IS NOT NULL THEN
        WITH RECURSIVE old AS (
            SELECT unnest(v_replaced) AS entry_uuid
            UNION
            SELECT a.source FROM old JOIN associations a ON a.target = old.entry_uuid
            WHERE a.patient_key = v_record.patient_key AND a.association_type IN (c_apnd, c_xfrm) AND a.status = 'APPROVED'
        )
        UPDATE document_entries e SET status = 'DEPRECATED' FROM old
            WHERE e.patient_key = v_record.patient_key AND e.entry_uuid = old.entry_uuid AND e.status = 'APPROVED';
    END IF;

    IF v_named IS NOT NULL THEN
        UPDATE folders f SET last_update_time = greatest(f.last_update_time, p_now)
            WHERE f.patient_key = v_record.patient_key AND f.entry_uuid = ANY (p_touched_folders);
        UPDATE records r SET revision = r.revision + 1 WHERE r.patient_key = ANY (v_locked);
    END IF;

    RETURN audit_append(ARRAY[p_event]);
END $$;

REVOKE ALL ON FUNCTION register_submission(text, uuid, bigint, boolean, text, uuid[], jsonb, jsonb, jsonb, jsonb, uuid[], text,
    bytea[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION register_submission(text, uuid, bigint, boolean, text, uuid[], jsonb, jsonb, jsonb, jsonb, uuid[], text,
    bytea[], text) TO ecluse_ingest;

-- Which documents of this record are this structure's own, among the uniqueIds and ids that are asked (DMP TD3.1b, in
-- view of TD3.3c): ids and status, no metadata. Where a person answers for himself (`p_person_id`), he is their author too.
-- A document of another structure, one of another record and no document look the same. A uniqueId gives the last version.
CREATE FUNCTION own_documents(p_patient_id text, p_structure_id text, p_person_id text, p_unique_ids text[], p_ids uuid[])
RETURNS TABLE (patient_key uuid, status text, key_id uuid, revision bigint, attached_to_ens boolean, birth_date date,
               etreat boolean, btg boolean, masked boolean, default_masking boolean, ahead interval, documents jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_record    records;
    v_documents jsonb;
BEGIN
    IF EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'only a house of the DMP answers this' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key) WHERE p.patient_id = p_patient_id;
    SELECT jsonb_agg(jsonb_build_object('id', e.entry_uuid, 'unique_id', e.unique_id, 'status', e.status))
        INTO v_documents FROM document_entries e
        WHERE (e.entry_uuid = ANY (p_ids)
               OR (e.unique_id = ANY (p_unique_ids)
                   AND NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = e.logical_id AND l.version > e.version)))
          AND e.patient_key = v_record.patient_key AND e.depositor_id = p_structure_id
          AND (p_person_id = '' OR p_person_id = ANY (e.author_person_ids));
    RETURN QUERY SELECT v_record.patient_key, v_record.status, v_record.key_id, v_record.revision, v_record.attached_to_ens,
                        v_record.birth_date, v_record.etreat, v_record.btg, v_record.masked, v_record.default_masking,
                        (SELECT c.ahead FROM law_clock c), coalesce(v_documents, '[]');
END $$;

-- DMP TD3.3c by whoever deposited: the status of his own documents becomes Deleted, every version's, so that no search finds
-- one of them as obsolete. `p_documents` names any version of each. The lot, its associations, the trace with its notices and
-- the audit event are written with it or not at all. Refusals and changes meanwhile are those of register_submission.
-- The patient is told nothing of a document that was hidden from him, nor of the signature of a lot.
CREATE FUNCTION delete_own_documents(
    p_patient_id text, p_revision bigint, p_structure_id text, p_person_id text, p_documents uuid[], p_submission_set jsonb,
    p_associations jsonb, p_fragments bytea[], p_trace jsonb, p_event text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_set_uuid CONSTANT uuid := p_submission_set ->> 'entry_uuid';
    v_ids      CONSTANT uuid[] := v_set_uuid || ARRAY(
        SELECT a.entry_uuid FROM jsonb_to_recordset(p_associations) AS a (entry_uuid uuid));
    v_record   records;
    v_refusals jsonb;
    v_found    integer;
    v_own      uuid[];
    v_silent   text[];
BEGIN
    IF EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'only a house of the DMP deletes this way' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key)
        WHERE p.patient_id = p_patient_id FOR NO KEY UPDATE OF r;
    v_refusals := CASE WHEN v_record.patient_key IS NULL OR v_record.status = 'MERGED' THEN '[{"code": "XDSUnknownPatientId"}]'
                       WHEN v_record.status <> 'OPEN' THEN '[{"code": "DMPClosed"}]' END;
    IF v_refusals IS NOT NULL THEN
        RAISE EXCEPTION 'deletion refused' USING ERRCODE = 'XDS01', DETAIL = v_refusals::text;
    END IF;
    IF v_record.revision <> p_revision THEN
        RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;

    SELECT count(*), array_agg(DISTINCT e.logical_id) INTO v_found, v_own FROM document_entries e
        WHERE e.patient_key = v_record.patient_key AND e.entry_uuid = ANY (p_documents) AND e.depositor_id = p_structure_id
          AND (p_person_id = '' OR p_person_id = ANY (e.author_person_ids)) AND e.status <> 'DELETED';
    IF v_found = 0 OR v_found <> cardinality(p_documents) THEN
        RAISE EXCEPTION 'a document is not the sender''s' USING ERRCODE = 'XDS02';
    END IF;
    SELECT jsonb_agg(jsonb_build_object('code', 'XDSRegistryMetadataError', 'id', 'urn:uuid:' || o.entry_uuid) ORDER BY o.entry_uuid)
        INTO v_refusals FROM registered_objects o WHERE o.entry_uuid = ANY (v_ids);
    INSERT INTO unique_ids (unique_id, kind, patient_key, entry_uuid, structure_id)
        VALUES (p_submission_set ->> 'unique_id', 'SS', v_record.patient_key, v_set_uuid, p_structure_id)
        ON CONFLICT (unique_id) DO NOTHING;
    IF NOT FOUND THEN
        v_refusals := coalesce(v_refusals, '[]') || jsonb_build_object(
            'code', 'XDSDuplicateUniqueIdInRegistry', 'id', p_submission_set ->> 'unique_id');
    END IF;
    IF v_refusals IS NOT NULL THEN
        RAISE EXCEPTION 'deletion refused' USING ERRCODE = 'XDS01', DETAIL = v_refusals::text;
    END IF;

    INSERT INTO submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id, submission_time,
                                 author_persons, codes, fragment)
        SELECT v_record.patient_key, v_set_uuid, s.unique_id, s.source_id, p_structure_id, s.submission_time,
               s.author_persons, s.codes, p_fragments[1]
        FROM jsonb_to_record(p_submission_set) AS s (unique_id text, source_id text, submission_time text,
                                                     author_persons text[], codes jsonb);
    INSERT INTO associations (patient_key, entry_uuid, association_type, source, target, submission_set, fragment)
        SELECT v_record.patient_key, a.entry_uuid, a.association_type, a.source, a.target, v_set_uuid, p_fragments[1 + a.position]
        FROM ROWS FROM (jsonb_to_recordset(p_associations) AS (
                 entry_uuid uuid, association_type text, source uuid, target uuid))
             WITH ORDINALITY AS a (entry_uuid, association_type, source, target, position);
    WITH gone AS (
        UPDATE document_entries e SET status = 'DELETED'
        WHERE e.patient_key = v_record.patient_key AND e.logical_id = ANY (v_own) 
        RETURNING e.unique_id, e.codes, e.version, e.logical_id
    )
    SELECT array_agg(DISTINCT g.unique_id) INTO v_silent FROM gone g
        WHERE g.codes -> 'typeCode' ? 'E1762^^ASTM'
           OR (EXISTS (SELECT FROM jsonb_array_elements_text(g.codes -> 'confidentialityCode') AS c (code)
                       WHERE starts_with(c.code, 'INVISIBLE_PATIENT^^'))
               AND NOT EXISTS (SELECT FROM gone l WHERE l.logical_id = g.logical_id AND l.version > g.version));
    UPDATE records r SET revision = r.revision + 1 WHERE r.patient_key = v_record.patient_key;

    PERFORM trace_append(jsonb_build_array(jsonb_set(p_trace, '{notices}', coalesce(
        (SELECT jsonb_agg(n) FROM jsonb_array_elements(p_trace -> 'notices') AS n
         WHERE n ->> 'subject' <> ALL (coalesce(v_silent, '{}'))), '[]'))));
    RETURN audit_append(ARRAY[p_event]);
END $$;

-- What an establishment may know of a record before it feeds it (DMP TD0.2): that it exists, is open or when and why it was
-- closed, whether it belongs to the national space and whether the patient has an account. Nobody's authorisation.
CREATE FUNCTION record_receipt(p_patient_id text)
RETURNS TABLE (patient_key uuid, status text, key_id uuid, revision bigint, attached_to_ens boolean, birth_date date,
               etreat boolean, btg boolean, masked boolean, default_masking boolean, ahead interval, closed_at timestamptz,
               closing_motive text, closing_reason text, account_open boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT r.patient_key, r.status, r.key_id, r.revision, r.attached_to_ens, r.birth_date, r.etreat, r.btg, r.masked,
           r.default_masking, c.ahead, r.closed_at, r.closing_motive, r.closing_reason,
           EXISTS (SELECT FROM patient_accounts a WHERE a.patient_key = r.patient_key)
    FROM patients p JOIN records r USING (patient_key) CROSS JOIN law_clock c
    WHERE p.patient_id = p_patient_id AND r.status <> 'MERGED' AND NOT EXISTS (SELECT FROM house h WHERE h.domain = 'ihe')
$$;

REVOKE ALL ON FUNCTION own_documents(text, text, text, text[], uuid[]), record_receipt(text),
    delete_own_documents(text, bigint, text, text, uuid[], jsonb, jsonb, bytea[], jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_documents(text, text, text, text[], uuid[]), record_receipt(text),
    delete_own_documents(text, bigint, text, text, uuid[], jsonb, jsonb, bytea[], jsonb, text) TO ecluse_ingest;
