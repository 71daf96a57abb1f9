-- What time does to records, and how news leave the house. The keeper, a role of its own, runs what is due: it reads what
-- is registered but no key, so that it opens no document, and each function it may call checks again, under the lock of the
-- record, that the thing is due.

CREATE TABLE deliveries (
    notice_id  uuid NOT NULL REFERENCES outbox ON DELETE CASCADE,
    recipient  text NOT NULL,                   -- HOLDER, REPRESENTATIVE/<id>, PROFESSIONAL/<PS_IdNat>
    channel    text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'LETTER')),
    message_id text NOT NULL,
    sent_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice_id, recipient, channel)
);
COMMENT ON TABLE deliveries IS 'What was handed over, once for each notice, recipient and channel. No address.';

-- An address that nobody can write to any more is forgotten with the news it was kept for.
ALTER TABLE outbox ADD COLUMN parked_at timestamptz, ADD COLUMN last_error text;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (not_before) WHERE done_at IS NULL AND parked_at IS NULL;

CREATE TABLE remains (
    kind text NOT NULL CHECK (kind IN ('BLOB', 'LETTER')),
    name text NOT NULL,
    PRIMARY KEY (kind, name)
);
COMMENT ON TABLE remains IS 'Files of destroyed records that are still to be removed: written with the destruction, gone with the file.';

CREATE INDEX authorisations_end ON authorisations (valid_until) WHERE status = 'VALIDE';
CREATE INDEX records_closed ON records (closed_at) WHERE status = 'CLOSED';
CREATE INDEX records_suspended ON records (suspended_at) WHERE status = 'SUSPENDED';
CREATE INDEX records_to_destroy ON records (destruction_requested_at) WHERE destruction_requested_at IS NOT NULL;
-- A lot's signature carries INVISIBLE_PATIENT by construction and is nobody's news.
CREATE INDEX document_entries_hidden ON document_entries (deposited_at)
    WHERE codes @> '{"confidentialityCode": ["INVISIBLE_PATIENT^^1.2.250.1.213.1.1.4.13"]}'
      AND NOT codes @> '{"typeCode": ["E1762^^ASTM"]}';

-- Months and years count in UTC, whatever the time zone of the session: 31 January and one month is 28 or 29 February.
CREATE FUNCTION law_time_after(p_from timestamptz, p_span interval) RETURNS timestamptz
LANGUAGE sql IMMUTABLE SET search_path = ecluse, pg_temp
RETURN (p_from AT TIME ZONE 'UTC' + p_span) AT TIME ZONE 'UTC';

-- The keeper acts at the instant at which a thing was due, which may be past: it sets it for its session, and only for it.
CREATE OR REPLACE FUNCTION law_now() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
RETURN CASE WHEN session_user = 'ecluse_keeper' AND current_setting('ecluse.law_time', true) <> ''
            THEN least(current_setting('ecluse.law_time')::timestamptz, now() + (SELECT ahead FROM law_clock))
            ELSE now() + (SELECT ahead FROM law_clock) END;

-- Move the clock of the law to an instant, never back; returns the instant it shows then. An exact duration is kept,
-- without days or months: those would depend on the time zone of whoever reads.
CREATE FUNCTION law_clock_advance(p_to timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM FROM law_clock FOR UPDATE;
    IF p_to < clock_timestamp() + (SELECT ahead FROM law_clock) THEN
        RAISE EXCEPTION 'the clock of the law never goes back' USING ERRCODE = 'XDS03';
    END IF;
    UPDATE law_clock SET ahead = make_interval(secs => extract(epoch FROM p_to - now())::double precision);
    RETURN law_now();
END $$;

-- Every thing that time does, and when, as of an instant of the law's clock; of one record when it is named.
-- `subject` is a PS_IdNat for an authorisation, an entryUUID for a document. Planned for its arguments: one record is read by its
-- key, all of them by what is due.
CREATE FUNCTION due_items(p_parameters jsonb, p_until timestamptz, p_patient_key uuid)
RETURNS TABLE (kind text, patient_key uuid, subject text, due_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'AUTHORISATION_END', a.patient_key, a.professional_id, a.valid_until
    FROM authorisations a
    WHERE a.status = 'VALIDE' AND a.valid_until <= p_until AND (p_patient_key IS NULL OR a.patient_key = p_patient_key)

    UNION ALL
    -- A record that was closed or suspended meanwhile: what was due then is due when it is open again.
    SELECT t.kind, e.patient_key, e.entry_uuid::text, t.due_at
    FROM document_entries e
    JOIN records r ON r.patient_key = e.patient_key AND r.status = 'OPEN'
    CROSS JOIN LATERAL (VALUES
        ('HIDDEN_REMINDER', greatest(e.deposited_at + make_interval(secs => 86400.0 * (p_parameters ->> 'reminder_days')::int),
                                     r.opened_at)),
        ('HIDDEN_RELEASE', greatest(law_time_after(e.deposited_at, make_interval(months => (p_parameters ->> 'release_months')::int)),
                                    r.opened_at))
    ) AS t (kind, due_at)
    WHERE e.codes @> '{"confidentialityCode": ["INVISIBLE_PATIENT^^1.2.250.1.213.1.1.4.13"]}'
      AND NOT e.codes @> '{"typeCode": ["E1762^^ASTM"]}'
      AND e.status <> 'DELETED' AND e.deposited_at <= p_until AND t.due_at <= p_until
      AND (t.kind = 'HIDDEN_RELEASE' OR (e.reminded_at IS NULL AND e.status <> 'DEPRECATED'))
      AND NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = e.logical_id AND l.version > e.version)
      AND (p_patient_key IS NULL OR e.patient_key = p_patient_key)

    UNION ALL
    SELECT 'SUSPENSION_END', r.patient_key, '', r.suspended_at + make_interval(secs => 604800.0 * (p_parameters ->> 'suspension_weeks')::int)
    FROM records r
    WHERE r.status = 'SUSPENDED' AND (p_patient_key IS NULL OR r.patient_key = p_patient_key)
      AND r.suspended_at + make_interval(secs => 604800.0 * (p_parameters ->> 'suspension_weeks')::int) <= p_until

    UNION ALL
    SELECT 'ARCHIVE_END', r.patient_key, '', law_time_after(r.closed_at, make_interval(years => (p_parameters ->> 'archive_years')::int))
    FROM records r
    WHERE r.status = 'CLOSED' AND (p_patient_key IS NULL OR r.patient_key = p_patient_key)
      AND r.closed_at <= law_time_after(p_until, - make_interval(years => (p_parameters ->> 'archive_years')::int)) + interval '48:00:00'
      AND law_time_after(r.closed_at, make_interval(years => (p_parameters ->> 'archive_years')::int)) <= p_until

    UNION ALL
    SELECT 'DESTRUCTION_REQUEST', r.patient_key, '',
           r.destruction_requested_at + make_interval(secs => 86400.0 * (p_parameters ->> 'destruction_days')::int)
    FROM records r
    WHERE r.destruction_requested_at IS NOT NULL AND r.status = 'CLOSED'
      AND (p_patient_key IS NULL OR r.patient_key = p_patient_key)
      AND r.destruction_requested_at + make_interval(secs => 86400.0 * (p_parameters ->> 'destruction_days')::int) <= p_until

    UNION ALL
    -- Who was born on 29 February comes of age on 1 March of a year without one.
    SELECT 'MAJORITY', r.patient_key, '', greatest(b.of_age, r.opened_at)
    FROM records r
    CROSS JOIN LATERAL (SELECT (r.birth_date + make_interval(years => (p_parameters ->> 'majority_age')::int))::date AS day) AS d
    CROSS JOIN LATERAL (SELECT (CASE WHEN extract(day FROM d.day) = extract(day FROM r.birth_date) THEN d.day ELSE d.day + 1 END
                                )::timestamp AT TIME ZONE 'UTC' AS of_age) AS b
    WHERE EXISTS (SELECT FROM legal_representatives l WHERE l.patient_key = r.patient_key)
      AND greatest(b.of_age, r.opened_at) <= p_until AND (p_patient_key IS NULL OR r.patient_key = p_patient_key);
END $$;

-- One page of it, in the order of time, after the item that a page before ended with.
CREATE FUNCTION keeper_due(p_parameters jsonb, p_until timestamptz, p_after jsonb, p_limit integer)
RETURNS TABLE (kind text, patient_key uuid, subject text, due_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT d.kind, d.patient_key, d.subject, d.due_at
    FROM due_items(p_parameters, p_until, NULL) AS d
    WHERE p_after IS NULL
       OR (d.due_at, d.kind, d.patient_key, d.subject) > ((p_after ->> 'due_at')::timestamptz, p_after ->> 'kind',
                                                          (p_after ->> 'patient_key')::uuid, p_after ->> 'subject')
    ORDER BY d.due_at, d.kind, d.patient_key, d.subject
    LIMIT p_limit
$$;

-- Lock a record, then say whether the thing is still due at that very instant: whoever comes second finds it done.
CREATE FUNCTION still_due(p_parameters jsonb, p_kind text, p_patient_key uuid, p_subject text, p_due timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM FROM records r WHERE r.patient_key = p_patient_key FOR NO KEY UPDATE;
    RETURN FOUND AND EXISTS (SELECT FROM due_items(p_parameters, law_now(), p_patient_key) AS d
                             WHERE d.kind = p_kind AND d.subject = p_subject AND d.due_at = p_due);
END $$;

-- The trace of an act at an instant of the law, and what it announces. `p_trace` has the columns of traces and `notices`
-- ([{"kind", "subject"}]).
CREATE FUNCTION act_trace(p_patient_key uuid, p_at timestamptz, p_trace jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    INSERT INTO traces (patient_key, at, operation, outcome, actor_kind, actor_id, actor_name, actor_structure, actor_role,
                        auth_mode, lps, request_id, mode, reason, secret, documents, code, rule)
        SELECT p_patient_key, p_at, t.operation, t.outcome, t.actor_kind, t.actor_id, t.actor_name, t.actor_structure,
               t.actor_role, t.auth_mode, t.lps, t.request_id, t.mode, t.reason, t.secret, t.documents, t.code, t.rule
        FROM jsonb_to_record(p_trace) AS t (
            operation text, outcome text, actor_kind text, actor_id text, actor_name text, actor_structure text,
            actor_role text, auth_mode text, lps text, request_id text, mode text, reason text, secret boolean,
            documents text[], code text, rule text);
    INSERT INTO outbox (patient_key, kind, subject, secret, at)
        SELECT p_patient_key, n.kind, n.subject, (p_trace ->> 'secret')::boolean, p_at
        FROM jsonb_to_recordset(p_trace -> 'notices') AS n (kind text, subject text)
        ON CONFLICT (patient_key, kind, subject) DO NOTHING;
END $$;

-- The trace of what became of a document: it names the document by its uniqueId, and so do its notices.
CREATE FUNCTION act_trace_of_document(p_patient_key uuid, p_at timestamptz, p_trace jsonb, p_entry_uuid uuid) RETURNS void
LANGUAGE sql SET search_path = ecluse, pg_temp AS $$
    SELECT act_trace(p_patient_key, p_at, p_trace || jsonb_build_object(
        'documents', jsonb_build_array(e.unique_id),
        'notices', (SELECT coalesce(jsonb_agg(n.notice || jsonb_build_object('subject', e.unique_id)), '[]')
                    FROM jsonb_array_elements(p_trace -> 'notices') AS n (notice))))
    FROM document_entries e WHERE e.patient_key = p_patient_key AND e.entry_uuid = p_entry_uuid
$$;

-- Do what is due at an instant, unless somebody did it; false then. The trace and the event are of that act.
CREATE FUNCTION keeper_act(p_parameters jsonb, p_kind text, p_patient_key uuid, p_subject text, p_due timestamptz,
                           p_trace jsonb, p_event text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF NOT still_due(p_parameters, p_kind, p_patient_key, p_subject, p_due) THEN
        RETURN false;
    END IF;
    CASE p_kind
        WHEN 'AUTHORISATION_END' THEN
            UPDATE authorisations SET status = 'EXPIRE' WHERE patient_key = p_patient_key AND professional_id = p_subject;
        WHEN 'HIDDEN_REMINDER' THEN
            UPDATE document_entries SET reminded_at = p_due WHERE patient_key = p_patient_key AND entry_uuid = p_subject::uuid;
        WHEN 'SUSPENSION_END' THEN
            PERFORM record_closes(p_patient_key, p_due, 'DECISION_GESTIONNAIRE', '');
        WHEN 'MAJORITY' THEN
            DELETE FROM legal_representatives WHERE patient_key = p_patient_key;
        ELSE
            RAISE EXCEPTION 'nobody does % this way', p_kind;
    END CASE;
    UPDATE records SET revision = revision + 1 WHERE patient_key = p_patient_key;
    IF p_kind = 'HIDDEN_REMINDER' THEN
        PERFORM act_trace_of_document(p_patient_key, p_due, p_trace, p_subject::uuid);
    ELSE
        PERFORM act_trace(p_patient_key, p_due, p_trace);
    END IF;
    PERFORM audit_append(ARRAY[p_event]);
    RETURN true;
END $$;

-- Destroy a record whose time has come, unless somebody did; false then. Every table that knows a patient_key is emptied
-- of it, one added later too. One row of destructions and one event remain, the news for whoever held the record with the
-- address it goes to, and the names of the files that are still to be removed.
CREATE FUNCTION keeper_destroy(p_parameters jsonb, p_kind text, p_patient_key uuid, p_due timestamptz, p_proof_id uuid,
                               p_event text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_table    name;
    v_facts    jsonb;
    v_bereaved boolean;
BEGIN
    IF p_kind NOT IN ('ARCHIVE_END', 'DESTRUCTION_REQUEST') THEN
        RAISE EXCEPTION 'nobody destroys for %', p_kind;
    END IF;
    IF NOT still_due(p_parameters, p_kind, p_patient_key, '', p_due) THEN
        RETURN false;
    END IF;
    INSERT INTO destructions (proof_id, destroyed_at, motive, opened_at, closed_at, documents, keys, record_hash)
        SELECT p_proof_id, p_due, p_kind, r.opened_at, r.closed_at,
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
    SELECT jsonb_strip_nulls(jsonb_build_object('email', h.email, 'mobile', h.mobile, 'traits', h.traits)) INTO v_facts
        FROM holders h WHERE h.patient_key = p_patient_key;
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
            VALUES (p_patient_key, 'RECORD_DESTROYED', p_proof_id::text, p_due, coalesce(v_facts, '{}'));
    END IF;
    PERFORM audit_append(ARRAY[p_event]);
    RETURN true;
END $$;

CREATE FUNCTION keeper_remains(p_limit integer) RETURNS TABLE (kind text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT r.kind, r.name FROM remains r ORDER BY r.kind, r.name LIMIT p_limit
$$;

CREATE FUNCTION keeper_removed(p_kind text, p_names text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    DELETE FROM remains WHERE kind = p_kind AND name = ANY (p_names)
$$;

-- One notice that waits, locked until the transaction ends, so that two dispatchers never have the same one; all that is
-- needed to decide who is told and where. Nothing of what the record holds.
CREATE FUNCTION keeper_notice() RETURNS jsonb
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
        'medecins_traitants', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.professional_id, 'name', a.holder_name)
                                   ORDER BY a.professional_id), '[]')
                               FROM authorisations a WHERE a.patient_key = v_notice.patient_key AND a.medecin_traitant),
        'delivered', (SELECT coalesce(jsonb_agg(d.recipient || ' ' || d.channel), '[]')
                      FROM deliveries d WHERE d.notice_id = v_notice.notice_id));
END $$;

-- What became of it: who was told now; done when nobody is left, else again after a pause, or parked for good.
CREATE FUNCTION keeper_noticed(p_notice_id uuid, p_deliveries jsonb, p_error text, p_pause double precision, p_park boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    INSERT INTO deliveries (notice_id, recipient, channel, message_id)
        SELECT p_notice_id, d.recipient, d.channel, d.message_id
        FROM jsonb_to_recordset(p_deliveries) AS d (recipient text, channel text, message_id text)
        ON CONFLICT DO NOTHING;
    UPDATE outbox SET attempts = attempts + 1, last_error = p_error,
                      done_at = CASE WHEN p_error IS NULL THEN now() END,
                      facts = CASE WHEN p_error IS NULL THEN '{}' ELSE facts END,
                      parked_at = CASE WHEN p_park THEN now() END,
                      not_before = clock_timestamp() + make_interval(secs => p_pause)
        WHERE notice_id = p_notice_id;
END $$;

REVOKE ALL ON deliveries, remains FROM PUBLIC;
REVOKE ALL ON FUNCTION law_time_after(timestamptz, interval), law_clock_advance(timestamptz), due_items(jsonb, timestamptz, uuid),
    keeper_due(jsonb, timestamptz, jsonb, integer), still_due(jsonb, text, uuid, text, timestamptz),
    act_trace(uuid, timestamptz, jsonb), act_trace_of_document(uuid, timestamptz, jsonb, uuid),
    keeper_act(jsonb, text, uuid, text, timestamptz, jsonb, text),
    keeper_destroy(jsonb, text, uuid, timestamptz, uuid, text), keeper_remains(integer), keeper_removed(text, text[]),
    keeper_notice(), keeper_noticed(uuid, jsonb, text, double precision, boolean) FROM PUBLIC;
GRANT USAGE ON SCHEMA ecluse TO ecluse_keeper;
GRANT EXECUTE ON FUNCTION law_now(), keeper_due(jsonb, timestamptz, jsonb, integer),
    keeper_act(jsonb, text, uuid, text, timestamptz, jsonb, text),
    keeper_destroy(jsonb, text, uuid, timestamptz, uuid, text), keeper_remains(integer), keeper_removed(text, text[]),
    keeper_notice(), keeper_noticed(uuid, jsonb, text, double precision, boolean),
    change_documents(uuid, bigint, text, jsonb, jsonb, jsonb, jsonb, bytea[], jsonb, text) TO ecluse_keeper;
GRANT SELECT ON patients, records, submission_sets, document_entries, folders, associations, unique_ids TO ecluse_keeper;
