-- The record transactions of the DMP (TD0.3 to TD1.6): what the law needs to know of a record, and what is changed in it.
-- Whoever changes a record decided on its revision: another one is XDS02, to be read and decided again. The trace and the
-- audit event are written with the change.

CREATE FUNCTION only_in_the_dmp() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'this house has no law of the DMP' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- Everything the law needs of one record: {"ahead", "record", "authorisations", "holder", "representatives", "account"}.
-- `p_holders` are those whose authorisations are wanted. A patient without record has "record" null; so has one whose
-- record was destroyed or merged. The hash of a password never leaves.
CREATE FUNCTION record_file(p_patient_id text, p_holders text[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT jsonb_build_object(
        'ahead', EXTRACT(epoch FROM law_now() - now()),
        'record', to_jsonb(r) - 'public_key',
        'authorisations', COALESCE((SELECT jsonb_agg(to_jsonb(a)) FROM authorisations a
            WHERE a.patient_key = r.patient_key AND a.professional_id = ANY (p_holders)), '[]'),
        'holder', (SELECT to_jsonb(h) FROM holders h WHERE h.patient_key = r.patient_key),
        'representatives', COALESCE((SELECT jsonb_agg(to_jsonb(l) ORDER BY l.relationship, l.representative_id)
            FROM legal_representatives l WHERE l.patient_key = r.patient_key), '[]'),
        'account', (SELECT jsonb_build_object('login', c.login, 'channel', c.channel) FROM patient_accounts c
            WHERE c.patient_key = r.patient_key))
    FROM (SELECT) AS always
    LEFT JOIN (patients p JOIN records r ON r.patient_key = p.patient_key AND r.status <> 'MERGED')
        ON p.patient_id = p_patient_id
$$;

-- Lock a record that is what it was when somebody decided, and make it another for everyone else.
CREATE FUNCTION hold_file(p_patient_key uuid, p_revision bigint) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM only_in_the_dmp();
    PERFORM FROM records WHERE patient_key = p_patient_key AND status <> 'MERGED' FOR NO KEY UPDATE;
    UPDATE records SET revision = revision + 1 WHERE patient_key = p_patient_key AND revision = p_revision;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the record changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;
END $$;

-- What is known of the holder; a key that `p_facts` does not have leaves what is there. Keys: birth_date, etreat, btg,
-- masked, traits, email, mobile, representatives ([{"relationship", "traits", "email", "mobile"}]).
CREATE FUNCTION keep_facts(p_patient_key uuid, p_facts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    UPDATE records SET
        birth_date = CASE WHEN p_facts ? 'birth_date' THEN (p_facts ->> 'birth_date')::date ELSE birth_date END,
        etreat = COALESCE((p_facts ->> 'etreat')::boolean, etreat),
        btg = COALESCE((p_facts ->> 'btg')::boolean, btg),
        masked = COALESCE((p_facts ->> 'masked')::boolean, masked)
        WHERE patient_key = p_patient_key;
    IF p_facts ?| ARRAY['traits', 'email', 'mobile'] THEN
        INSERT INTO holders AS h (patient_key, traits, email, mobile)
            VALUES (p_patient_key, COALESCE(p_facts -> 'traits', '{}'), NULLIF(p_facts ->> 'email', ''),
                    NULLIF(p_facts ->> 'mobile', ''))
            ON CONFLICT (patient_key) DO UPDATE SET
                traits = COALESCE(p_facts -> 'traits', h.traits),
                email = CASE WHEN p_facts ? 'email' THEN excluded.email ELSE h.email END,
                mobile = CASE WHEN p_facts ? 'mobile' THEN excluded.mobile ELSE h.mobile END,
                updated_at = law_now();
    END IF;
    IF p_facts ? 'representatives' THEN
        DELETE FROM legal_representatives WHERE patient_key = p_patient_key;
        INSERT INTO legal_representatives (patient_key, relationship, traits, email, mobile)
            SELECT p_patient_key, l.relationship, l.traits, NULLIF(l.email, ''), NULLIF(l.mobile, '')
            FROM jsonb_to_recordset(p_facts -> 'representatives')
                AS l (relationship text, traits jsonb, email text, mobile text);
    END IF;
END $$;

-- Create a record with its key (DMP TD1.1). DONE, or FOUND: there is one, open or not, and nothing was changed.
CREATE FUNCTION create_record(p_patient_id text, p_key_id uuid, p_public_key bytea, p_wrapped bytea, p_facts jsonb,
                              p_event text, p_trace jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_patient_key uuid;
BEGIN
    PERFORM only_in_the_dmp();
    INSERT INTO patients (patient_key, patient_id) VALUES (gen_random_uuid(), p_patient_id) ON CONFLICT DO NOTHING;
    SELECT patient_key INTO STRICT v_patient_key FROM patients WHERE patient_id = p_patient_id;
    INSERT INTO records (patient_key, status, key_id, public_key, opened_at, attached_to_ens)
        VALUES (v_patient_key, 'OPEN', p_key_id, p_public_key, law_now(), false) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'FOUND';
    END IF;
    INSERT INTO record_keys (patient_key, key_id, wrapped_private_key) VALUES (v_patient_key, p_key_id, p_wrapped);
    PERFORM keep_facts(v_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
    RETURN 'DONE';
END $$;

-- Open a closed record again, with all it held (DMP TD1.2); its past life is kept.
CREATE FUNCTION reactivate_record(p_patient_key uuid, p_revision bigint, p_facts jsonb, p_event text, p_trace jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_file(p_patient_key, p_revision);
    INSERT INTO openings (patient_key, opened_at, closed_at, closing_motive, closing_reason, attached_to_ens)
        SELECT patient_key, opened_at, closed_at, closing_motive, closing_reason, attached_to_ens FROM records
        WHERE patient_key = p_patient_key;
    UPDATE records SET status = 'OPEN', opened_at = law_now(), closed_at = NULL, closing_motive = NULL,
        closing_reason = NULL, destruction_requested_at = NULL WHERE patient_key = p_patient_key;
    PERFORM keep_facts(p_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- Change what is known of the holder, his emergency consents and his channels (DMP TD1.3b, TD1.5b).
CREATE FUNCTION change_record(p_patient_key uuid, p_revision bigint, p_facts jsonb, p_event text, p_trace jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_file(p_patient_key, p_revision);
    PERFORM keep_facts(p_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- Close a record (DMP TD1.4): it is archived from now on, by the clock of the law.
CREATE FUNCTION close_record(p_patient_key uuid, p_revision bigint, p_motive text, p_reason text, p_event text, p_trace jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_file(p_patient_key, p_revision);
    UPDATE records SET status = 'CLOSED', closed_at = law_now(), suspended_at = NULL, closing_motive = NULLIF(p_motive, ''),
        closing_reason = NULLIF(p_reason, '') WHERE patient_key = p_patient_key;
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- Set what one holder may do with a record, or forget it where `status` is null (DMP TD0.3). `p_authorisation` has the
-- columns of authorisations, without its times.
CREATE FUNCTION set_authorisation(p_patient_key uuid, p_revision bigint, p_authorisation jsonb, p_event text, p_trace jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_file(p_patient_key, p_revision);
    IF p_authorisation ->> 'status' IS NULL THEN
        DELETE FROM authorisations
            WHERE patient_key = p_patient_key AND professional_id = p_authorisation ->> 'professional_id';
    ELSE
        INSERT INTO authorisations (patient_key, professional_id, status, valid_until, declared_at, holder_kind,
                                    medecin_traitant, holder_name, profession, structure_id)
            SELECT p_patient_key, a.professional_id, a.status, a.valid_until, law_now(), a.holder_kind,
                   a.medecin_traitant, a.holder_name, a.profession, a.structure_id
            FROM jsonb_to_record(p_authorisation) AS a (professional_id text, status text, valid_until timestamptz,
                holder_kind text, medecin_traitant boolean, holder_name text, profession text, structure_id text)
            ON CONFLICT (patient_key, professional_id) DO UPDATE SET status = excluded.status,
                valid_until = excluded.valid_until, declared_at = excluded.declared_at,
                medecin_traitant = excluded.medecin_traitant, holder_name = excluded.holder_name,
                profession = excluded.profession, structure_id = excluded.structure_id;
    END IF;
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- Open the internet account of the holder, or give it new codes (DMP TD1.5a, TD1.5d). An empty login keeps the one there is.
-- DONE, or TAKEN: another holder has this login, and nothing was changed.
CREATE FUNCTION set_patient_access(p_patient_key uuid, p_revision bigint, p_login text, p_password_hash text, p_channel text,
                                   p_facts jsonb, p_event text, p_trace jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM only_in_the_dmp();
    IF EXISTS (SELECT FROM patient_accounts WHERE login = p_login AND patient_key <> p_patient_key) THEN
        RETURN 'TAKEN';
    END IF;
    PERFORM hold_file(p_patient_key, p_revision);
    IF p_login = '' THEN
        UPDATE patient_accounts SET password_hash = p_password_hash, channel = COALESCE(NULLIF(p_channel, ''), channel)
            WHERE patient_key = p_patient_key;
    ELSE
        INSERT INTO patient_accounts (patient_key, login, password_hash, channel)
            VALUES (p_patient_key, p_login, p_password_hash, NULLIF(p_channel, ''));
    END IF;
    PERFORM keep_facts(p_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
    RETURN 'DONE';
END $$;

-- Names as they are compared: without accents, blanks, hyphens and case.
CREATE FUNCTION compared_name(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ecluse, pg_temp
RETURN regexp_replace(upper(regexp_replace(normalize(COALESCE(p_name, ''), NFKD), '[\u0300-\u036f]', '', 'g')), '[^A-Z]', '', 'g');

REVOKE ALL ON FUNCTION only_in_the_dmp(), record_file(text, text[]), hold_file(uuid, bigint), keep_facts(uuid, jsonb),
    create_record(text, uuid, bytea, bytea, jsonb, text, jsonb), reactivate_record(uuid, bigint, jsonb, text, jsonb),
    change_record(uuid, bigint, jsonb, text, jsonb), close_record(uuid, bigint, text, text, text, jsonb),
    set_authorisation(uuid, bigint, jsonb, text, jsonb),
    set_patient_access(uuid, bigint, text, text, text, jsonb, text, jsonb), compared_name(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_file(text, text[]), create_record(text, uuid, bytea, bytea, jsonb, text, jsonb),
    reactivate_record(uuid, bigint, jsonb, text, jsonb), change_record(uuid, bigint, jsonb, text, jsonb),
    close_record(uuid, bigint, text, text, text, jsonb), set_authorisation(uuid, bigint, jsonb, text, jsonb),
    set_patient_access(uuid, bigint, text, text, text, jsonb, text, jsonb), compared_name(text) TO ecluse_consultation;
