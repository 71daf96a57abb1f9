-- What an establishment may do more in a record, and what it may no more: to declare the authorisation of its structure and
-- list its records (DMP TD0.3, TD0.4), to learn nothing of consents and masks, to write no trace but of its own acts.
-- And what the health insurance feeds into a record when it is created (CSP R1111-33).

ALTER TABLE records ADD COLUMN reimbursements_due_at timestamptz;
COMMENT ON COLUMN records.reimbursements_due_at IS 'Since when the record waits for its reimbursements, by the law''s clock.';
CREATE INDEX records_to_feed ON records (reimbursements_due_at) WHERE reimbursements_due_at IS NOT NULL;
CREATE INDEX authorisations_structure ON authorisations (structure_id) WHERE structure_id <> '';

-- A record that is created at the door (DMP TD1.1) waits for the reimbursements of its holder.
CREATE FUNCTION new_record_waits() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    NEW.reimbursements_due_at := NEW.opened_at;
    RETURN NEW;
END $$;
CREATE TRIGGER created_at_the_door BEFORE INSERT ON records
    FOR EACH ROW WHEN (session_user = 'ecluse_consultation') EXECUTE FUNCTION new_record_waits();

-- A trace of an act of the sender on one record: of that record, of these operations, by that structure. It announces
-- nothing but these documents (`p_told`), names none but these (`p_documents`, p_told when absent).
CREATE FUNCTION own_trace(p_trace jsonb, p_patient_id text, p_structure_id text, p_operations text[], p_kinds text[],
                          p_told text[], p_documents text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF (p_trace ->> 'operation' = ANY (p_operations) AND p_trace ->> 'outcome' = 'success'
        AND (session_user <> 'ecluse_ingest' OR p_trace ->> 'actor_kind' IN ('HEALTHCARE_PROFESSIONAL', 'HEALTHCARE_FACILITY')))
       IS NOT TRUE THEN
        RAISE EXCEPTION 'that is not the trace of this act' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN p_trace || jsonb_build_object(
        'patient', p_patient_id, 'actor_structure', p_structure_id,
        'documents', (SELECT coalesce(jsonb_agg(d.named), '[]') FROM jsonb_array_elements_text(p_trace -> 'documents') AS d (named)
                      WHERE d.named = ANY (coalesce(p_documents, p_told))),
        'notices', (SELECT coalesce(jsonb_agg(n.notice), '[]') FROM jsonb_array_elements(p_trace -> 'notices') AS n (notice)
                    WHERE n.notice ->> 'kind' = ANY (p_kinds) AND n.notice ->> 'subject' = ANY (p_told)));
END $$;

-- What the ingest door writes down without changing anything, a question, a refusal, is of its own transactions and announces
-- nothing; each trace has its event, of the same request, structure and outcome.
CREATE FUNCTION only_own_traces(p_events text[], p_traces jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(p_traces) WITH ORDINALITY AS t (trace, rank)
        LEFT JOIN (SELECT DISTINCT ON (e.event ->> 'request') e.event
                   FROM (SELECT said::jsonb AS event FROM unnest(p_events) AS s (said)) AS e) AS proof
            ON proof.event ->> 'request' = t.trace ->> 'request_id'
        WHERE t.rank > cardinality(p_events) OR octet_length(t.trace::text) > 262144 OR (
            t.trace ->> 'actor_kind' IN ('HEALTHCARE_PROFESSIONAL', 'HEALTHCARE_FACILITY')
            AND t.trace -> 'notices' = '[]'
            AND t.trace ->> 'actor_structure' = proof.event ->> 'structure'
            AND t.trace ->> 'outcome' = proof.event ->> 'outcome'
            AND CASE t.trace ->> 'outcome'
                    WHEN 'success' THEN t.trace ->> 'operation' IN ('TD0.2', 'TD3.1b')
                    ELSE t.trace ->> 'operation' IN ('TD0.2', 'TD0.3.AJOUT', 'TD0.3.SUPPRESSION', 'TD0.4', 'TD2.1', 'TD2.2',
                                                     'TD3.1b', 'TD3.3c') END) IS NOT TRUE) THEN
        RAISE EXCEPTION 'the ingest door writes down its own acts only' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- Events of the audit trail and the traces of the same acts, in one statement.
CREATE OR REPLACE FUNCTION access_append(p_events text[], p_traces jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF session_user = 'ecluse_ingest' THEN
        PERFORM only_own_traces(p_events, p_traces);
    END IF;
    PERFORM trace_append(p_traces);
    RETURN audit_append(p_events);
END $$;

DROP FUNCTION submission_facts(text, text, text[], uuid[]), own_documents(text, text, text, text[], uuid[]), record_receipt(text),
    register_submission(text, uuid, bigint, boolean, text, uuid[], jsonb, jsonb, jsonb, jsonb, uuid[], text, bytea[], text);

-- What the registry tells when a submission is judged, in one row and one shape: of the record, what the law asks of a deposit
-- and nothing else. In the DMP, `objects` are this structure's documents of this record and nothing else: a document of
-- another structure and no document look the same; `unique_ids` are those taken, by whomever. Elsewhere any registered object
-- is told, with hash and size of uniqueIds. `ahead` is how far the law's clock runs ahead of ours.
CREATE FUNCTION submission_facts(p_patient_id text, p_structure_id text, p_unique_ids text[], p_ids uuid[])
RETURNS TABLE (patient_key uuid, status text, key_id uuid, public_key bytea, revision bigint, attached_to_ens boolean,
               birth_date date, btg boolean, default_masking boolean, ahead interval, objects jsonb, unique_ids jsonb)
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
                        v_record.attached_to_ens, v_record.birth_date, v_record.btg, v_record.default_masking,
                        (SELECT c.ahead FROM law_clock c), coalesce(v_objects, '[]'), coalesce(v_taken, '[]');
END $$;

-- Register one submission, the trace of it (null: none) and its audit event: all or nothing, in one statement.
--
-- `p_ids` are the ids of its objects, `p_fragments` their fragments: the set, entries, folders, associations, then those of
-- `p_masked`: for each entry that replaces a document, what it is registered as if that one is masked.
-- `p_revision` is the record's when the submission was judged; it counts when an association names a registered object.
-- `p_default_masking` is what the patient wanted then of new documents, who may have changed his mind.
-- Refusals raise XDS01; DETAIL is a JSON array of {"code", "id"}, `code` being the standard error code. XDS02 says that
-- what is registered changed since the judgement: ask again, judge again.
-- Locks are taken in one order (records by patient_key, uniqueIds sorted, the head of the audit chain), so that
-- submissions never deadlock; the head comes last because it is everybody's.
CREATE FUNCTION register_submission(
    p_patient_id text, p_key_id uuid, p_revision bigint, p_default_masking boolean, p_structure_id text, p_ids uuid[],
    p_submission_set jsonb, p_entries jsonb, p_folders jsonb, p_associations jsonb, p_touched_folders uuid[],
    p_now text, p_fragments bytea[], p_masked jsonb, p_trace jsonb, p_event text)
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
    v_others    CONSTANT integer := 1 + v_entries + v_folders + jsonb_array_length(p_associations);
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
                       WHEN v_record.status = 'SUSPENDED' THEN '[{"code": "SBX_RECORD_SUSPENDED"}]'
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
               e.author_persons, coalesce(m.codes, e.codes),
               coalesce(p_fragments[v_others + m.position], p_fragments[1 + e.position]), e.reference_ids,
               e.document_availability, coalesce(m.mask_when_visible, e.mask_when_visible, false)
        FROM ROWS FROM (jsonb_to_recordset(p_entries) AS (
                 entry_uuid uuid, unique_id text, object_type uuid, mime_type text, hash text, size bigint, blob_address text,
                 creation_time text, service_start_time text, service_stop_time text, author_structure_ids text[],
                 author_person_ids text[], author_persons text[], codes jsonb, reference_ids text[],
                 document_availability text, mask_when_visible boolean))
             WITH ORDINALITY AS e (entry_uuid, unique_id, object_type, mime_type, hash, size, blob_address, creation_time,
                 service_start_time, service_stop_time, author_structure_ids, author_person_ids, author_persons, codes,
                 reference_ids, document_availability, mask_when_visible, position)
        -- What replaces a masked document, or one whose mask waits, is masked as it is: the depositor is told nothing of it.
        LEFT JOIN ROWS FROM (jsonb_to_recordset(p_masked) AS (entry_uuid uuid, target uuid, codes jsonb, mask_when_visible boolean))
             WITH ORDINALITY AS m (entry_uuid, target, codes, mask_when_visible, position)
             ON m.entry_uuid = e.entry_uuid AND m.target = ANY (v_replaced) AND EXISTS (
                 SELECT FROM document_entries o
                 WHERE o.entry_uuid = m.target AND o.patient_key = v_record.patient_key
                   AND (o.mask_when_visible OR EXISTS (
                        SELECT FROM jsonb_array_elements_text(o.codes -> 'confidentialityCode') AS c (code)
                        WHERE starts_with(c.code, 'MASQUE_PS^^'))));

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

    IF p_trace IS NOT NULL THEN
        PERFORM trace_append(jsonb_build_array(own_trace(
            p_trace, p_patient_id, p_structure_id, ARRAY['TD2.1', 'TD2.2'], ARRAY['DOCUMENT_ADDED', 'DOCUMENT_CHANGED'],
            ARRAY(SELECT e.unique_id FROM jsonb_to_recordset(p_entries) AS e (unique_id text)))));
    END IF;
    RETURN audit_append(ARRAY[p_event]);
END $$;

-- DMP TD3.3c by whoever deposited: the status of his own documents becomes Deleted, every version's, so that no search finds
-- one of them as obsolete. `p_documents` names any version of each. The lot, its associations, the trace with its notices and
-- the audit event are written with it or not at all. Refusals and changes meanwhile are those of register_submission.
-- The patient is told nothing of a document that was hidden from him, nor of the signature of a lot.
CREATE OR REPLACE FUNCTION delete_own_documents(
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
    v_gone     text[];             -- uniqueIds deleted
    v_told     text[];             -- those of them that the patient is told of
BEGIN
    IF EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'only a house of the DMP deletes this way' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key)
        WHERE p.patient_id = p_patient_id FOR NO KEY UPDATE OF r;
    v_refusals := CASE WHEN v_record.patient_key IS NULL OR v_record.status = 'MERGED' THEN '[{"code": "XDSUnknownPatientId"}]'
                       WHEN v_record.status = 'SUSPENDED' THEN '[{"code": "SBX_RECORD_SUSPENDED"}]'
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
    SELECT array_agg(DISTINCT g.unique_id),
           array_agg(DISTINCT g.unique_id) FILTER (
               WHERE NOT (g.codes -> 'typeCode' ? 'E1762^^ASTM')
                 AND NOT (EXISTS (SELECT FROM jsonb_array_elements_text(g.codes -> 'confidentialityCode') AS c (code)
                                  WHERE starts_with(c.code, 'INVISIBLE_PATIENT^^'))
                          AND NOT EXISTS (SELECT FROM gone l WHERE l.logical_id = g.logical_id AND l.version > g.version)))
        INTO v_gone, v_told FROM gone g;
    UPDATE records r SET revision = r.revision + 1 WHERE r.patient_key = v_record.patient_key;

    PERFORM trace_append(jsonb_build_array(own_trace(
        p_trace, p_patient_id, p_structure_id, ARRAY['TD3.3c'], ARRAY['DOCUMENT_DELETED'], v_told, v_gone)));
    RETURN audit_append(ARRAY[p_event]);
END $$;

-- Which documents of this record are this structure's own, among the uniqueIds and ids that are asked (DMP TD3.1b, in
-- view of TD3.3c): ids and status, no metadata. Where a person answers for himself (`p_person_id`), he is their author too.
-- A document of another structure, one of another record and no document look the same, and take the same steps: what is
-- done for a document is done for one's own. A uniqueId gives the last version.
CREATE FUNCTION own_documents(p_patient_id text, p_structure_id text, p_person_id text, p_unique_ids text[], p_ids uuid[])
RETURNS TABLE (patient_key uuid, status text, key_id uuid, revision bigint, attached_to_ens boolean, ahead interval,
               documents jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_record    records;
    v_documents jsonb;
BEGIN
    PERFORM only_in_the_dmp();
    SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key) WHERE p.patient_id = p_patient_id;
    WITH own AS MATERIALIZED (
        SELECT e.* FROM document_entries e
        WHERE (e.entry_uuid = ANY (p_ids) OR e.unique_id = ANY (p_unique_ids))
          AND e.patient_key = v_record.patient_key AND e.depositor_id = p_structure_id
          AND (p_person_id = '' OR p_person_id = ANY (e.author_person_ids))
    )
    SELECT jsonb_agg(jsonb_build_object('id', e.entry_uuid, 'unique_id', e.unique_id, 'status', e.status))
        INTO v_documents FROM own e
        WHERE e.entry_uuid = ANY (p_ids)
           OR NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = e.logical_id AND l.version > e.version);
    RETURN QUERY SELECT v_record.patient_key, v_record.status, v_record.key_id, v_record.revision, v_record.attached_to_ens,
                        (SELECT c.ahead FROM law_clock c), coalesce(v_documents, '[]');
END $$;

-- What an establishment may know of a record before it feeds it (DMP TD0.2): that it exists, is open or when and why it was
-- closed, whether it belongs to the national space and whether the patient has an account. Nobody's authorisation.
CREATE FUNCTION record_receipt(p_patient_id text)
RETURNS TABLE (patient_key uuid, status text, key_id uuid, revision bigint, attached_to_ens boolean, ahead interval,
               closed_at timestamptz, closing_motive text, closing_reason text, account_open boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT r.patient_key, r.status, r.key_id, r.revision, r.attached_to_ens, c.ahead, r.closed_at, r.closing_motive,
           r.closing_reason, EXISTS (SELECT FROM patient_accounts a WHERE a.patient_key = r.patient_key)
    FROM patients p JOIN records r USING (patient_key) CROSS JOIN law_clock c
    WHERE p.patient_id = p_patient_id AND r.status <> 'MERGED' AND NOT EXISTS (SELECT FROM house h WHERE h.domain = 'ihe')
$$;

-- The staff of a structure declares that it may read a record (DMP TD0.3, condition a of the rights sheet): the structure
-- is authorised, by its Struct_IdNat, from now on for some days. Returns the end. It never lifts a block, never touches the
-- authorisation of a person, and says nothing of what there was before. Refusals are those of register_submission.
CREATE FUNCTION declare_structure(p_patient_id text, p_revision bigint, p_structure_id text, p_days integer, p_trace jsonb,
                                  p_event text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_record   records;
    v_refusals jsonb;
    v_until    timestamptz;
BEGIN
    PERFORM only_in_the_dmp();
    -- FINESS, SIREN, SIRET, RPPS and rank, practice of ADELI: no number that a person has from the RPPS.
    IF (p_structure_id ~ '^(0[0-9][0-9AB][0-9]{7}|1[0-9A-Z]{9}|2[0-9]{9}|3[0-9]{14}|4[0-9]{12,14})$'
        AND p_days BETWEEN 1 AND 36600) IS NOT TRUE THEN
        RAISE EXCEPTION 'that is not the authorisation of a structure' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT r.* INTO v_record FROM patients p JOIN records r USING (patient_key)
        WHERE p.patient_id = p_patient_id FOR NO KEY UPDATE OF r;
    v_refusals := CASE WHEN v_record.patient_key IS NULL OR v_record.status = 'MERGED' THEN '[{"code": "XDSUnknownPatientId"}]'
                       WHEN v_record.status = 'SUSPENDED' THEN '[{"code": "SBX_RECORD_SUSPENDED"}]'
                       WHEN v_record.status <> 'OPEN' THEN '[{"code": "DMPClosed"}]' END;
    IF v_refusals IS NOT NULL THEN
        RAISE EXCEPTION 'declaration refused' USING ERRCODE = 'XDS01', DETAIL = v_refusals::text;
    END IF;
    IF v_record.revision <> p_revision THEN
        RAISE EXCEPTION 'changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;
    INSERT INTO authorisations AS a (patient_key, professional_id, status, valid_until, declared_at, holder_kind, structure_id)
        VALUES (v_record.patient_key, p_structure_id, 'VALIDE', law_now() + make_interval(secs => 86400.0 * p_days), law_now(),
                'STRUCTURE', p_structure_id)
        ON CONFLICT (patient_key, professional_id) DO UPDATE SET
            status = excluded.status, valid_until = excluded.valid_until, declared_at = excluded.declared_at
            WHERE a.holder_kind = 'STRUCTURE' AND a.status <> 'INTERDIT'
        RETURNING a.valid_until INTO v_until;
    IF v_until IS NULL THEN
        RAISE EXCEPTION 'declaration refused' USING ERRCODE = 'XDS01', DETAIL = '[{"code": "DMPAccessDeniedByRightsService"}]';
    END IF;
    UPDATE records r SET revision = r.revision + 1 WHERE r.patient_key = v_record.patient_key;
    PERFORM trace_append(jsonb_build_array(own_trace(p_trace, p_patient_id, p_structure_id, ARRAY['TD0.3.AJOUT'], '{}', '{}')));
    PERFORM audit_append(ARRAY[p_event]);
    RETURN v_until;
END $$;

-- The open records that a structure, or a professional who declared himself for it, may read now, by the date of the
-- declaration, the last first, 1000 at most (DMP TD0.4, conditions b and c): no trait, no document, no date of one. There is
-- no list without its event, which names that structure.
CREATE FUNCTION structure_records(p_structure_id text, p_since timestamptz, p_event text)
RETURNS TABLE (patient_id text, declared_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM only_in_the_dmp();
    IF (p_event::jsonb ->> 'structure' = p_structure_id) IS NOT TRUE THEN
        RAISE EXCEPTION 'the event names another structure' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
        SELECT p.patient_id, max(a.declared_at)
        FROM authorisations a JOIN records r USING (patient_key) JOIN patients p USING (patient_key)
        WHERE (a.structure_id = p_structure_id OR (a.holder_kind = 'STRUCTURE' AND a.professional_id = p_structure_id))
          AND a.status = 'VALIDE' AND a.declared_at >= p_since
          AND (a.valid_until IS NULL OR a.valid_until > law_now()) AND r.status = 'OPEN'
        GROUP BY p.patient_id ORDER BY max(a.declared_at) DESC, p.patient_id LIMIT 1000;
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- What time does, and what a new record waits for.
ALTER FUNCTION due_items(jsonb, timestamptz, uuid) RENAME TO due_by_time;
CREATE FUNCTION due_items(p_parameters jsonb, p_until timestamptz, p_patient_key uuid)
RETURNS TABLE (kind text, patient_key uuid, subject text, due_at timestamptz)
LANGUAGE sql STABLE SET search_path = ecluse, pg_temp AS $$
    SELECT d.kind, d.patient_key, d.subject, d.due_at FROM due_by_time(p_parameters, p_until, p_patient_key) AS d
    UNION ALL
    SELECT 'REIMBURSEMENTS', r.patient_key, '', greatest(r.reimbursements_due_at, r.opened_at)
    FROM records r
    WHERE r.reimbursements_due_at IS NOT NULL AND r.status = 'OPEN' AND (p_parameters ->> 'reimbursement_months')::int > 0
      AND greatest(r.reimbursements_due_at, r.opened_at) <= p_until AND (p_patient_key IS NULL OR r.patient_key = p_patient_key)
$$;

-- Whom the reimbursements of a record that waits for them are about: {"patient_id", "traits"}; null when it does not wait.
CREATE FUNCTION keeper_insured(p_patient_key uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT jsonb_build_object('patient_id', p.patient_id, 'traits', h.traits)
    FROM records r JOIN patients p USING (patient_key) LEFT JOIN holders h USING (patient_key)
    WHERE r.patient_key = p_patient_key AND r.reimbursements_due_at IS NOT NULL
$$;

-- Feed a record that waits for its reimbursements, unless somebody did; false then. Without entries there was nothing to
-- feed. The documents are reimbursements and nothing else; they are sealed, the keeper has no key that opens them.
CREATE FUNCTION keeper_feed(
    p_parameters jsonb, p_patient_key uuid, p_due timestamptz, p_key_id uuid, p_default_masking boolean, p_structure_id text,
    p_ids uuid[], p_submission_set jsonb, p_entries jsonb, p_associations jsonb, p_now text, p_fragments bytea[], p_trace jsonb,
    p_event text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF NOT still_due(p_parameters, 'REIMBURSEMENTS', p_patient_key, '', p_due) THEN
        RETURN false;
    END IF;
    UPDATE records SET reimbursements_due_at = NULL WHERE patient_key = p_patient_key;
    IF jsonb_array_length(p_entries) = 0 THEN
        PERFORM audit_append(ARRAY[p_event]);
        RETURN true;
    END IF;
    IF EXISTS (SELECT FROM jsonb_to_recordset(p_entries) AS e (codes jsonb)
               WHERE (e.codes -> 'typeCode' ? 'REMB^^1.2.250.1.213.1.1.4.12') IS NOT TRUE) THEN
        RAISE EXCEPTION 'the keeper feeds reimbursements only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM register_submission(
        (SELECT p.patient_id FROM patients p WHERE p.patient_key = p_patient_key), p_key_id, 0, p_default_masking,
        p_structure_id, p_ids, p_submission_set, p_entries, '[]', p_associations, '{}', p_now, p_fragments, '[]', p_trace, p_event);
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION new_record_waits(), submission_facts(text, text, text[], uuid[]),
    register_submission(text, uuid, bigint, boolean, text, uuid[], jsonb, jsonb, jsonb, jsonb, uuid[], text, bytea[], jsonb, jsonb,
        text),
    own_trace(jsonb, text, text, text[], text[], text[], text[]), only_own_traces(text[], jsonb),
    own_documents(text, text, text, text[], uuid[]),
    record_receipt(text), declare_structure(text, bigint, text, integer, jsonb, text),
    structure_records(text, timestamptz, text), due_items(jsonb, timestamptz, uuid), keeper_insured(uuid),
    keeper_feed(jsonb, uuid, timestamptz, uuid, boolean, text, uuid[], jsonb, jsonb, jsonb, text, bytea[], jsonb, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION trace_append(jsonb) FROM ecluse_ingest;
GRANT EXECUTE ON FUNCTION submission_facts(text, text, text[], uuid[]),
    register_submission(text, uuid, bigint, boolean, text, uuid[], jsonb, jsonb, jsonb, jsonb, uuid[], text, bytea[], jsonb, jsonb,
        text),
    own_documents(text, text, text, text[], uuid[]), record_receipt(text),
    declare_structure(text, bigint, text, integer, jsonb, text), structure_records(text, timestamptz, text) TO ecluse_ingest;
GRANT EXECUTE ON FUNCTION keeper_insured(uuid),
    keeper_feed(jsonb, uuid, timestamptz, uuid, boolean, text, uuid[], jsonb, jsonb, jsonb, text, bytea[], jsonb, text)
    TO ecluse_keeper;
