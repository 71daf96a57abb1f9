-- What the keeper's role can be made to do by whoever takes it over: what is due and nothing else. The terms are the
-- owner's, not an argument; traces, notices and events are written here, not taken; and it reads what is registered only of
-- a record where a hidden document is to be released now, or that waits to be fed.

CREATE TABLE law_terms (
    reminder_days        integer NOT NULL CHECK (reminder_days BETWEEN 0 AND 36600),
    release_months       integer NOT NULL CHECK (release_months BETWEEN 0 AND 1200),
    suspension_weeks     integer NOT NULL CHECK (suspension_weeks BETWEEN 0 AND 5300),
    archive_years        integer NOT NULL CHECK (archive_years BETWEEN 0 AND 200),
    destruction_days     integer NOT NULL CHECK (destruction_days BETWEEN 0 AND 90),
    majority_age         integer NOT NULL CHECK (majority_age BETWEEN 0 AND 200),
    reimbursement_months integer NOT NULL CHECK (reimbursement_months BETWEEN 0 AND 1200)
);
COMMENT ON TABLE law_terms IS 'What the house decided of the terms of the law; the owner writes them when the house is opened.';
CREATE UNIQUE INDEX law_terms_is_one ON law_terms ((true));
INSERT INTO law_terms VALUES (14, 1, 6, 10, 30, 18, 24);

CREATE FUNCTION terms_of_the_law() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
RETURN (SELECT to_jsonb(t) FROM law_terms t);

DROP FUNCTION keeper_due(jsonb, timestamptz, jsonb, integer), still_due(jsonb, text, uuid, text, timestamptz),
    keeper_act(jsonb, text, uuid, text, timestamptz, jsonb, text), keeper_destroy(jsonb, text, uuid, timestamptz, uuid, text),
    keeper_remains(integer),
    keeper_feed(jsonb, uuid, timestamptz, uuid, boolean, text, uuid[], jsonb, jsonb, jsonb, text, bytea[], jsonb, text);
REVOKE ALL ON patients, records, submission_sets, document_entries, folders, associations, unique_ids FROM ecluse_keeper;
REVOKE ALL ON FUNCTION change_documents(uuid, bigint, text, jsonb, jsonb, jsonb, jsonb, bytea[], jsonb, text) FROM ecluse_keeper;

-- One page of what is due, in the order of time, after the item that a page before ended with.
CREATE FUNCTION keeper_due(p_until timestamptz, p_after jsonb, p_limit integer)
RETURNS TABLE (kind text, patient_key uuid, subject text, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT d.kind, d.patient_key, d.subject, d.due_at
    FROM due_items(terms_of_the_law(), p_until, NULL) AS d
    WHERE p_after IS NULL
       OR (d.due_at, d.kind, d.patient_key, d.subject) > ((p_after ->> 'due_at')::timestamptz, p_after ->> 'kind',
                                                          (p_after ->> 'patient_key')::uuid, p_after ->> 'subject')
    ORDER BY d.due_at, d.kind, d.patient_key, d.subject
    LIMIT p_limit
$$;

-- Lock a record, then say whether the thing is still due at that very instant: whoever comes second finds it done.
CREATE FUNCTION still_due(p_kind text, p_patient_key uuid, p_subject text, p_due timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM FROM records r WHERE r.patient_key = p_patient_key FOR NO KEY UPDATE;
    RETURN FOUND AND EXISTS (SELECT FROM due_items(terms_of_the_law(), law_now(), p_patient_key) AS d
                             WHERE d.kind = p_kind AND d.subject = p_subject AND d.due_at = p_due);
END $$;

-- The trace of what the system did, as act_trace takes it, and as trace_append does once it has a `patient`.
CREATE FUNCTION system_trace(p_operation text, p_request_id uuid, p_reason text, p_notices jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = ecluse, pg_temp
RETURN jsonb_build_object(
    'operation', p_operation, 'outcome', 'success', 'actor_kind', 'SYSTEM', 'actor_id', 'ecluse', 'actor_name', '',
    'actor_structure', '', 'actor_role', '', 'auth_mode', '', 'lps', '', 'request_id', p_request_id, 'mode', 'normal',
    'reason', p_reason, 'secret', false, 'documents', '[]'::jsonb, 'code', '', 'rule', '', 'notices', p_notices);

-- Its event, canonical as those of the doors are: sorted keys, no white space, no empty value; real time, UTC.
CREATE FUNCTION system_event(p_transaction text, p_request_id uuid, p_objects text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = ecluse, pg_temp
RETURN '{"actor":"SYSTEM","door":"administration","objects":['
    || (SELECT string_agg(to_json(o)::text, ',' ORDER BY position) FROM unnest(p_objects) WITH ORDINALITY AS o (o, position))
    || '],"outcome":"success","request":"' || p_request_id
    || '","time":"' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","transaction":"' || p_transaction || '"}';

-- Do what is due at an instant, unless somebody did it; false then.
CREATE FUNCTION keeper_act(p_kind text, p_patient_key uuid, p_subject text, p_due timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_request   CONSTANT uuid := gen_random_uuid();
    v_name      CONSTANT text := 'TIME-' || replace(p_kind, '_', '-');
    v_operation text := v_name;
    v_reason    text := '';
    v_notices   jsonb := '[]';
    v_objects   text[] := ARRAY[p_patient_key::text];
BEGIN
    IF NOT still_due(p_kind, p_patient_key, p_subject, p_due) THEN
        RETURN false;
    END IF;
    CASE p_kind
        WHEN 'AUTHORISATION_END' THEN
            UPDATE authorisations SET status = 'EXPIRE' WHERE patient_key = p_patient_key AND professional_id = p_subject;
            v_reason := p_subject;
        WHEN 'HIDDEN_REMINDER' THEN
            UPDATE document_entries SET reminded_at = p_due WHERE patient_key = p_patient_key AND entry_uuid = p_subject::uuid;
            v_notices := jsonb_build_array(jsonb_build_object('kind', 'HIDDEN_DOCUMENT_REMINDER'));
        WHEN 'SUSPENSION_END' THEN
            PERFORM record_closes(p_patient_key, p_due, 'DECISION_GESTIONNAIRE', '');
            v_operation := 'TD1.4';
            v_notices := jsonb_build_array(jsonb_build_object('kind', 'RECORD_CLOSED', 'subject', v_request));
        WHEN 'MAJORITY' THEN
            DELETE FROM legal_representatives WHERE patient_key = p_patient_key;
        ELSE
            RAISE EXCEPTION 'nobody does % this way', p_kind;
    END CASE;
    UPDATE records SET revision = revision + 1 WHERE patient_key = p_patient_key;
    IF p_kind = 'HIDDEN_REMINDER' THEN
        PERFORM act_trace_of_document(p_patient_key, p_due, system_trace(v_operation, v_request, v_reason, v_notices), p_subject::uuid);
    ELSE
        PERFORM act_trace(p_patient_key, p_due, system_trace(v_operation, v_request, v_reason, v_notices));
    END IF;
    IF p_subject <> '' THEN
        v_objects := v_objects || p_subject;
    END IF;
    PERFORM audit_append(ARRAY[system_event(v_name, v_request, v_objects)]);
    RETURN true;
END $$;

-- Release a hidden document whose time has come, as change_documents takes it; false when somebody did. The keeper's clock
-- shows the instant at which it is due. Nothing of the document changes but its visibility: INVISIBLE_PATIENT goes, a mask
-- that waited comes. A fragment is not looked into: whoever holds the role could spell one wrong, of such a document only.
CREATE FUNCTION keeper_release(p_patient_key uuid, p_revision bigint, p_submission_set jsonb, p_entries jsonb,
                               p_associations jsonb, p_statuses jsonb, p_fragments bytea[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_system    CONSTANT text := '1.2.250.1.213.4.1.1.1';
    v_invisible CONSTANT text := 'INVISIBLE_PATIENT^^1.2.250.1.213.1.1.4.13';
    v_mask      CONSTANT text := 'MASQUE_PS^^1.2.250.1.213.1.1.4.13';
    v_request   CONSTANT uuid := gen_random_uuid();
    v_set       CONSTANT text := p_submission_set ->> 'entry_uuid';
    v_new       CONSTANT text := p_entries -> 0 ->> 'entry_uuid';
    v_before    document_entries;
    v_codes     jsonb;
BEGIN
    IF jsonb_array_length(p_entries) <> 1
       OR NOT still_due('HIDDEN_RELEASE', p_patient_key, p_entries -> 0 ->> 'previous', law_now()) THEN
        RETURN false;
    END IF;
    SELECT e.* INTO STRICT v_before FROM document_entries e
        WHERE e.patient_key = p_patient_key AND e.entry_uuid = (p_entries -> 0 ->> 'previous')::uuid;
    v_codes := (v_before.codes -> 'confidentialityCode') - v_invisible;
    IF v_before.mask_when_visible AND NOT v_codes ? v_mask THEN
        v_codes := v_codes || to_jsonb(v_mask);
    END IF;
    IF (p_entries -> 0 -> 'confidentiality' @> v_codes AND v_codes @> (p_entries -> 0 -> 'confidentiality')) IS NOT TRUE
       OR p_entries -> 0 ->> 'mask_when_visible' IS DISTINCT FROM 'false'
       OR p_submission_set ->> 'source_id' IS DISTINCT FROM v_system
       OR EXISTS (SELECT FROM jsonb_array_elements(p_associations) AS a
                  WHERE a ->> 'source' NOT IN (v_set, v_new) AND a ->> 'target' <> v_new)
       OR EXISTS (SELECT FROM jsonb_array_elements(p_statuses) AS s WHERE s ->> 'kind' <> 'AS'
                  OR NOT EXISTS (SELECT FROM associations a WHERE a.patient_key = p_patient_key
                                 AND a.entry_uuid = (s ->> 'entry_uuid')::uuid
                                 AND v_before.entry_uuid IN (a.source, a.target))) THEN
        RAISE EXCEPTION 'a release changes the visibility of one document' USING ERRCODE = 'XDS03';
    END IF;
    PERFORM change_documents(
        p_patient_key, p_revision, v_system, p_submission_set, p_entries, p_associations, p_statuses, p_fragments,
        (SELECT jsonb_build_array(
                    system_trace('TD3.3b', v_request, '', jsonb_build_array(jsonb_build_object(
                        'kind', 'HIDDEN_DOCUMENT_RELEASED', 'subject', v_before.unique_id)))
                    || jsonb_build_object('patient', p.patient_id, 'documents', jsonb_build_array(v_before.unique_id)))
         FROM patients p WHERE p.patient_key = p_patient_key),
        system_event('TD3.3b', v_request, ARRAY[p_patient_key::text, v_before.unique_id]));
    RETURN true;
END $$;

-- Destroy a record whose time has come, unless somebody did; false then. Every table that knows a patient_key is emptied
-- of it, one added later too. One row of destructions and one event remain, the news for whoever held the record with no
-- more of him than the way to reach him, and the names of the files that are still to be removed.
CREATE FUNCTION keeper_destroy(p_kind text, p_patient_key uuid, p_due timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_proof    CONSTANT uuid := gen_random_uuid();
    v_table    name;
    v_facts    jsonb;
    v_bereaved boolean;
BEGIN
    IF p_kind NOT IN ('ARCHIVE_END', 'DESTRUCTION_REQUEST') THEN
        RAISE EXCEPTION 'nobody destroys for %', p_kind;
    END IF;
    IF NOT still_due(p_kind, p_patient_key, '', p_due) THEN
        RETURN false;
    END IF;
    INSERT INTO destructions (proof_id, destroyed_at, motive, opened_at, closed_at, documents, keys, record_hash)
        SELECT v_proof, p_due, p_kind, r.opened_at, r.closed_at,
               (SELECT count(DISTINCT e.unique_id) FROM document_entries e WHERE e.patient_key = p_patient_key),
               (SELECT count(*) FROM record_keys k WHERE k.patient_key = p_patient_key),
               sha256(uuid_send(p_patient_key))
        FROM records r WHERE r.patient_key = p_patient_key;
    INSERT INTO remains (kind, name)
        SELECT DISTINCT 'BLOB', encode(e.blob_address, 'hex') FROM document_entries e
            WHERE e.patient_key = p_patient_key AND e.blob_address IS NOT NULL
        UNION ALL
        SELECT 'LETTER', o.notice_id::text FROM outbox o WHERE o.patient_key = p_patient_key
        ON CONFLICT DO NOTHING;
    SELECT CASE WHEN h.email IS NOT NULL THEN jsonb_build_object('email', h.email)
                WHEN h.mobile IS NOT NULL THEN jsonb_build_object('mobile', h.mobile)
                ELSE jsonb_build_object('traits', jsonb_strip_nulls(jsonb_build_object(
                    'family', h.traits -> 'family', 'given', h.traits -> 'given', 'used_family', h.traits -> 'used_family',
                    'address', h.traits -> 'address'))) END
        INTO v_facts FROM holders h WHERE h.patient_key = p_patient_key;
    SELECT r.deceased_on IS NOT NULL INTO v_bereaved FROM records r WHERE r.patient_key = p_patient_key;

    DELETE FROM outbox WHERE patient_key = p_patient_key;
    DELETE FROM associations WHERE patient_key = p_patient_key;
    FOR v_table IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_key'
        WHERE c.relnamespace = 'ecluse'::regnamespace AND c.relkind IN ('r', 'p')
          AND c.relname NOT IN ('patients', 'records', 'outbox', 'associations')
        ORDER BY c.relname
    LOOP
        EXECUTE format('DELETE FROM ecluse.%I WHERE patient_key = $1', v_table) USING p_patient_key;
    END LOOP;
    DELETE FROM records WHERE patient_key = p_patient_key;
    DELETE FROM patients WHERE patient_key = p_patient_key;

    IF NOT v_bereaved THEN
        INSERT INTO outbox (patient_key, kind, subject, at, facts)
            VALUES (p_patient_key, 'RECORD_DESTROYED', v_proof::text, p_due, coalesce(v_facts, '{}'));
    END IF;
    PERFORM audit_append(ARRAY[system_event('TIME-' || replace(p_kind, '_', '-'), gen_random_uuid(),
                                            ARRAY[p_patient_key::text, v_proof::text])]);
    RETURN true;
END $$;

-- Feed a record that waits for its reimbursements, unless somebody did; false then. Without entries there was nothing to
-- feed. The documents are reimbursements and nothing else; they are sealed, the keeper has no key that opens them.
CREATE FUNCTION keeper_feed(
    p_patient_key uuid, p_due timestamptz, p_key_id uuid, p_default_masking boolean, p_structure_id text,
    p_ids uuid[], p_submission_set jsonb, p_entries jsonb, p_associations jsonb, p_now text, p_fragments bytea[], p_trace jsonb,
    p_event text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF NOT still_due('REIMBURSEMENTS', p_patient_key, '', p_due) THEN
        RETURN false;
    END IF;
    IF (p_event::jsonb ->> 'actor' = 'SYSTEM' AND p_event::jsonb ->> 'transaction' = 'TIME-REIMBURSEMENTS'
        AND p_event::jsonb -> 'objects' ->> 0 = p_patient_key::text AND (p_trace IS NULL OR p_trace ->> 'actor_kind' = 'SYSTEM'))
       IS NOT TRUE THEN
        RAISE EXCEPTION 'the keeper writes down its own acts only' USING ERRCODE = 'insufficient_privilege';
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

-- Files that are still to be removed, after one that resisted.
CREATE FUNCTION keeper_remains(p_kind text, p_after text, p_limit integer) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT r.name FROM remains r WHERE r.kind = p_kind AND r.name > p_after ORDER BY r.name LIMIT p_limit
$$;

-- What the keeper reads: the tables of the registry under their own names, in a schema that its search path has first, of the
-- one record that it names for its session, while a document of it is to be released, or while it waits to be fed.
CREATE VIEW ecluse_keeper.at_work WITH (security_barrier) AS
    SELECT r.patient_key,
           EXISTS (SELECT FROM ecluse.document_entries e
                   WHERE e.patient_key = r.patient_key
                     AND e.codes @> '{"confidentialityCode": ["INVISIBLE_PATIENT^^1.2.250.1.213.1.1.4.13"]}'
                     AND NOT e.codes @> '{"typeCode": ["E1762^^ASTM"]}' AND e.status <> 'DELETED'
                     AND (e.deposited_at AT TIME ZONE 'UTC' + make_interval(months => (SELECT t.release_months FROM ecluse.law_terms t)))
                         AT TIME ZONE 'UTC' <= ecluse.law_now()) AS releases,
           r.reimbursements_due_at IS NOT NULL AS waits
    FROM ecluse.records r
    WHERE r.patient_key = nullif(current_setting('ecluse.record', true), '')::uuid AND r.status = 'OPEN';
DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['patients', 'records', 'submission_sets', 'document_entries', 'folders', 'associations',
                                   'unique_ids']
    LOOP
        -- A record is fed by its key and state, and by which documents it has.
        EXECUTE format('CREATE VIEW ecluse_keeper.%1$I WITH (security_barrier) AS SELECT t.* FROM ecluse.%1$I t'
                       ' WHERE t.patient_key = (SELECT w.patient_key FROM ecluse_keeper.at_work w WHERE w.releases%2$s)',
                       v_table, CASE WHEN v_table IN ('records', 'unique_ids') THEN ' OR w.waits' ELSE '' END);
        EXECUTE format('GRANT SELECT ON ecluse_keeper.%I TO ecluse_keeper', v_table);
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA ecluse_keeper TO ecluse_keeper;

-- Statistics keep samples of what columns hold, and outlive the rows: none is gathered of what names a person.
ALTER TABLE patients ALTER patient_id SET STATISTICS 0;
ALTER TABLE former_identifiers ALTER patient_id SET STATISTICS 0;
ALTER TABLE holders ALTER traits SET STATISTICS 0, ALTER email SET STATISTICS 0, ALTER mobile SET STATISTICS 0;
ALTER TABLE legal_representatives ALTER traits SET STATISTICS 0, ALTER email SET STATISTICS 0, ALTER mobile SET STATISTICS 0;
ALTER TABLE patient_accounts ALTER login SET STATISTICS 0, ALTER password_hash SET STATISTICS 0;
ALTER TABLE outbox ALTER facts SET STATISTICS 0;
ALTER TABLE records ALTER birth_date SET STATISTICS 0, ALTER closing_reason SET STATISTICS 0;
ALTER TABLE openings ALTER closing_reason SET STATISTICS 0;
ALTER TABLE traces ALTER reason SET STATISTICS 0, ALTER documents SET STATISTICS 0;
ALTER TABLE submission_sets ALTER fragment SET STATISTICS 0;
ALTER TABLE document_entries ALTER fragment SET STATISTICS 0;
ALTER TABLE folders ALTER fragment SET STATISTICS 0;

REVOKE ALL ON law_terms FROM PUBLIC;
REVOKE ALL ON FUNCTION terms_of_the_law(), keeper_due(timestamptz, jsonb, integer), still_due(text, uuid, text, timestamptz),
    system_trace(text, uuid, text, jsonb), system_event(text, uuid, text[]), keeper_act(text, uuid, text, timestamptz),
    keeper_release(uuid, bigint, jsonb, jsonb, jsonb, jsonb, bytea[]), keeper_destroy(text, uuid, timestamptz),
    keeper_feed(uuid, timestamptz, uuid, boolean, text, uuid[], jsonb, jsonb, jsonb, text, bytea[], jsonb, text),
    keeper_remains(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keeper_due(timestamptz, jsonb, integer), keeper_act(text, uuid, text, timestamptz),
    keeper_release(uuid, bigint, jsonb, jsonb, jsonb, jsonb, bytea[]), keeper_destroy(text, uuid, timestamptz),
    keeper_feed(uuid, timestamptz, uuid, boolean, text, uuid[], jsonb, jsonb, jsonb, text, bytea[], jsonb, text),
    keeper_remains(text, text, integer) TO ecluse_keeper;
