-- What the consultation door writes down is bounded as what the ingest door writes is: whoever takes its role over speaks
-- for no patient and no system, announces nothing that did not happen, and says of a change only what he has just changed.
-- A structure is authorised by the function that authorises everybody. And news of emergencies go to whom the patient has as
-- médecin traitant now.

-- Traces of the consultation door: what each operation may announce, and whether it changes the record.
CREATE FUNCTION only_traces_of_consultation(p_traces jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(p_traces) AS t (trace)
        LEFT JOIN (VALUES
            ('TD0.1', false, '{}'::text[]), ('TD0.2', false, '{}'), ('TD0.4', false, '{}'), ('TD0.5', false, '{}'),
            ('TD0.9', false, '{}'), ('TD0.10', false, '{}'), ('TD1.3a', false, '{}'), ('TD1.6', false, '{}'),
            ('TD3.1', false, '{EMERGENCY_ACCESS}'), ('TD3.1b', false, '{}'), ('TD3.2', false, '{FIRST_ACCESS,EMERGENCY_ACCESS}'),
            ('TD0.3.AJOUT', true, '{}'), ('TD0.3.SUPPRESSION', true, '{}'), ('TD0.3.ARRET_MT', true, '{}'),
            ('TD1.1', true, '{RECORD_CREATED}'), ('TD1.2', true, '{RECORD_REACTIVATED}'), ('TD1.3b', true, '{}'),
            ('TD1.4', true, '{RECORD_CLOSED}'), ('TD1.5', true, '{}'),
            ('TD3.3a.MASQUER', true, '{DOCUMENT_CHANGED,EMERGENCY_ACCESS}'),
            ('TD3.3a.DEMASQUER', true, '{DOCUMENT_CHANGED,EMERGENCY_ACCESS}'),
            ('TD3.3b', true, '{DOCUMENT_CHANGED,EMERGENCY_ACCESS}'), ('TD3.3c', true, '{DOCUMENT_DELETED,EMERGENCY_ACCESS}'),
            ('TD3.3d', true, '{DOCUMENT_CHANGED,EMERGENCY_ACCESS}')
        ) AS o (operation, changes, announces) ON o.operation = t.trace ->> 'operation'
        LEFT JOIN patients p ON p.patient_id = t.trace ->> 'patient'
        LEFT JOIN records r ON r.patient_key = p.patient_key
        WHERE octet_length(t.trace::text) > 262144 OR (
            t.trace ->> 'actor_kind' IN ('HEALTHCARE_PROFESSIONAL', 'HEALTHCARE_FACILITY')
            -- An operation that nobody knows is refused, or it is none of this door.
            AND (o.operation IS NOT NULL OR t.trace ->> 'outcome' <> 'success')
            -- A change is written down by the transaction that made it: every change of a record is a new version of its row.
            AND (NOT coalesce(o.changes, false) OR t.trace ->> 'outcome' <> 'success'
                 OR r.xmin = pg_current_xact_id()::xid)
            AND NOT EXISTS (
                SELECT FROM jsonb_to_recordset(t.trace -> 'notices') AS n (kind text, subject text)
                WHERE (n.kind = ANY (o.announces)
                       AND CASE n.kind
                               WHEN 'FIRST_ACCESS' THEN n.subject = t.trace ->> 'actor_id'
                               WHEN 'EMERGENCY_ACCESS' THEN starts_with(n.subject, (t.trace ->> 'actor_id') || ' ')
                               WHEN 'DOCUMENT_CHANGED' THEN EXISTS (
                                   SELECT FROM unique_ids u WHERE u.unique_id = n.subject AND u.patient_key = r.patient_key)
                               WHEN 'DOCUMENT_DELETED' THEN t.trace -> 'documents' ? n.subject
                               ELSE n.subject = t.trace ->> 'request_id' END) IS NOT TRUE)
        ) IS NOT TRUE) THEN
        RAISE EXCEPTION 'the consultation door writes down its own acts only' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION trace_append(p_traces jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    IF session_user = 'ecluse_consultation' THEN
        PERFORM only_traces_of_consultation(p_traces);
    END IF;
    WITH told AS (
        SELECT r.patient_key, t.* FROM jsonb_to_recordset(p_traces) AS t (
            patient text, operation text, outcome text, actor_kind text, actor_id text, actor_name text,
            actor_structure text, actor_role text, auth_mode text, lps text, request_id text, mode text, reason text,
            secret boolean, documents text[], code text, rule text, notices jsonb)
        JOIN patients p ON p.patient_id = t.patient
        JOIN records r ON r.patient_key = p.patient_key AND r.status <> 'MERGED'
    ), written AS (
        INSERT INTO traces (patient_key, operation, outcome, actor_kind, actor_id, actor_name, actor_structure, actor_role,
                            auth_mode, lps, request_id, mode, reason, secret, documents, code, rule)
        SELECT patient_key, operation, outcome, actor_kind, actor_id, actor_name, actor_structure, actor_role, auth_mode,
               lps, request_id, mode, reason, secret, documents, code, rule FROM told
    )
    INSERT INTO outbox (patient_key, kind, subject, secret)
        SELECT told.patient_key, n.kind, n.subject, told.secret
        FROM told CROSS JOIN LATERAL jsonb_to_recordset(told.notices) AS n (kind text, subject text)
        ON CONFLICT (patient_key, kind, subject) DO NOTHING;
END $$;
-- No trace without its event: the doors write through access_append, or through the function that makes the change.
REVOKE EXECUTE ON FUNCTION trace_append(jsonb) FROM ecluse_consultation;

-- Each trace of the consultation door has its event, of the same request, actor, structure and outcome. One question may
-- leave a trace in several records (DMP TD0.5).
CREATE FUNCTION only_proved_traces(p_events text[], p_traces jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(p_traces) AS t (trace)
        WHERE NOT EXISTS (
            SELECT FROM unnest(p_events) AS s (said) CROSS JOIN LATERAL (SELECT s.said::jsonb AS event) AS e
            WHERE e.event ->> 'request' = t.trace ->> 'request_id' AND e.event ->> 'actor' = t.trace ->> 'actor_id'
              AND coalesce(e.event ->> 'structure', '') = t.trace ->> 'actor_structure'
              AND e.event ->> 'outcome' = t.trace ->> 'outcome')) THEN
        RAISE EXCEPTION 'a trace has no event that proves it' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION access_append(p_events text[], p_traces jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    CASE session_user
        WHEN 'ecluse_ingest' THEN PERFORM only_own_traces(p_events, p_traces);
        WHEN 'ecluse_consultation' THEN PERFORM only_proved_traces(p_events, p_traces);
        ELSE NULL;
    END CASE;
    PERFORM trace_append(p_traces);
    RETURN audit_append(p_events);
END $$;

-- The staff of a structure declares that it may read a record (DMP TD0.3, condition a of the rights sheet): the structure
-- is authorised, by its Struct_IdNat, from now on for some days. Returns the end. It never lifts a block, never touches the
-- authorisation of a person, and says nothing of what there was before. Refusals are those of register_submission.
CREATE OR REPLACE FUNCTION declare_structure(
    p_patient_id text, p_revision bigint, p_structure_id text, p_days integer, p_trace jsonb, p_event text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_until    CONSTANT timestamptz := law_now() + make_interval(secs => 86400.0 * p_days);
    v_record   records;
    v_refusals jsonb;
BEGIN
    PERFORM only_in_the_dmp();
    -- FINESS, SIREN, SIRET, RPPS and rank, practice of ADELI: no number that a person has from the RPPS.
    IF (p_structure_id ~ '^(0[0-9][0-9AB][0-9]{7}|1[0-9A-Z]{9}|2[0-9]{9}|3[0-9]{14}|4[0-9]{12,14})$'
        AND p_days BETWEEN 1 AND 36600 AND p_event::jsonb ->> 'structure' = p_structure_id) IS NOT TRUE THEN
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
    IF EXISTS (SELECT FROM authorisations a WHERE a.patient_key = v_record.patient_key AND a.professional_id = p_structure_id
                                              AND a.holder_kind <> 'STRUCTURE')
       OR NOT keep_authorisation(v_record.patient_key, law_now(), jsonb_build_object(
              'professional_id', p_structure_id, 'valid_until', v_until, 'holder_kind', 'STRUCTURE', 'medecin_traitant', false,
              'holder_name', '', 'profession', '', 'structure_id', p_structure_id)) THEN
        RAISE EXCEPTION 'declaration refused' USING ERRCODE = 'XDS01', DETAIL = '[{"code": "DMPAccessDeniedByRightsService"}]';
    END IF;
    UPDATE records r SET revision = r.revision + 1 WHERE r.patient_key = v_record.patient_key;
    PERFORM trace_append(jsonb_build_array(own_trace(p_trace, p_patient_id, p_structure_id, ARRAY['TD0.3.AJOUT'], '{}', '{}')));
    PERFORM audit_append(ARRAY[p_event]);
    RETURN v_until;
END $$;

-- One notice that waits, locked until the transaction ends, so that two dispatchers never have the same one; all that is
-- needed to decide who is told and where. Nothing of what the record holds.
CREATE OR REPLACE FUNCTION keeper_notice() RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_notice outbox;
BEGIN
    SELECT * INTO v_notice FROM outbox
        WHERE done_at IS NULL AND parked_at IS NULL AND not_before <= clock_timestamp()
        ORDER BY not_before, notice_id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object(
        'notice_id', v_notice.notice_id, 'kind', v_notice.kind, 'subject', v_notice.subject, 'secret', v_notice.secret,
        'at', v_notice.at, 'attempts', v_notice.attempts, 'facts', v_notice.facts,
        -- Of the document that it is about, as it is now.
        'confidentiality', (SELECT e.codes -> 'confidentialityCode' FROM document_entries e
                            WHERE e.unique_id = v_notice.subject AND e.patient_key = v_notice.patient_key
                            ORDER BY e.version DESC LIMIT 1),
        'law_now', law_now(),
        'birth_date', (SELECT r.birth_date FROM records r WHERE r.patient_key = v_notice.patient_key),
        'deceased', (SELECT r.deceased_on IS NOT NULL FROM records r WHERE r.patient_key = v_notice.patient_key),
        'holder', (SELECT jsonb_build_object('traits', h.traits, 'email', h.email, 'mobile', h.mobile,
                                             'notify_documents', h.notify_documents)
                   FROM holders h WHERE h.patient_key = v_notice.patient_key),
        'representatives', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                'id', l.representative_id, 'traits', l.traits, 'email', l.email, 'mobile', l.mobile)
                                ORDER BY l.representative_id), '[]')
                            FROM legal_representatives l WHERE l.patient_key = v_notice.patient_key),
        -- Those who are so now: who is blocked, or whose authorisation has elapsed, reads nothing and is told nothing.
        'medecins_traitants', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.professional_id, 'name', a.holder_name)
                                   ORDER BY a.professional_id), '[]')
                               FROM authorisations a WHERE a.patient_key = v_notice.patient_key AND a.medecin_traitant
                                 AND a.status = 'VALIDE' AND (a.valid_until IS NULL OR a.valid_until > law_now())),
        'delivered', (SELECT coalesce(jsonb_agg(d.recipient || ' ' || d.channel), '[]')
                      FROM deliveries d WHERE d.notice_id = v_notice.notice_id));
END $$;

REVOKE ALL ON FUNCTION only_traces_of_consultation(jsonb), only_proved_traces(text[], jsonb) FROM PUBLIC;
