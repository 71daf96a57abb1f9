-- The record transactions of the DMP (TD0.3 to TD1.6): what the law needs to know of a record, and what is changed in it.
-- Each change is written in one place, at an instant of the law's clock, whoever makes it: a door, the administration, time.
-- A door decided on a revision: another one is XDS02, to be read and decided again. The trace and the audit event are
-- written with the change.

CREATE TABLE former_identifiers (
    patient_key uuid NOT NULL REFERENCES records,
    patient_id  text NOT NULL UNIQUE,           -- CX, canonical form
    until       timestamptz NOT NULL,           -- by the law's clock
    PRIMARY KEY (patient_key, patient_id)
);
COMMENT ON TABLE former_identifiers IS 'Identifiers that a patient had before. Nobody else is ever given one.';

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

-- Open the record of a patient, with its key; null when there is one, open or not, or when the identifier was replaced by
-- another one of the same patient: nothing is changed then.
CREATE FUNCTION record_opens(p_patient_id text, p_key_id uuid, p_public_key bytea, p_wrapped bytea, p_at timestamptz,
                             p_attached boolean) RETURNS uuid
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_patient_key uuid;
BEGIN
    INSERT INTO patients (patient_key, patient_id) VALUES (gen_random_uuid(), p_patient_id)
        ON CONFLICT DO NOTHING RETURNING patient_key INTO v_patient_key;
    -- Looked for after the insertion, which waits for whoever is giving this patient another identifier.
    IF EXISTS (SELECT FROM former_identifiers WHERE patient_id = p_patient_id) THEN
        DELETE FROM patients WHERE patient_key = v_patient_key;
        RETURN NULL;
    END IF;
    IF v_patient_key IS NOT NULL THEN
        INSERT INTO records (patient_key, status, key_id, public_key, opened_at, attached_to_ens)
            VALUES (v_patient_key, 'OPEN', p_key_id, p_public_key, p_at, p_attached);
        INSERT INTO record_keys (patient_key, key_id, wrapped_private_key) VALUES (v_patient_key, p_key_id, p_wrapped);
    END IF;
    RETURN v_patient_key;
END $$;

-- Close a record: it keeps all it holds and answers nobody.
CREATE FUNCTION record_closes(p_patient_key uuid, p_at timestamptz, p_motive text, p_reason text) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    UPDATE records SET status = 'CLOSED', closed_at = p_at, suspended_at = NULL, closing_motive = NULLIF(p_motive, ''),
        closing_reason = NULLIF(p_reason, '') WHERE patient_key = p_patient_key AND status IN ('OPEN', 'SUSPENDED');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a record that is open or suspended is closed';
    END IF;
END $$;

-- Open a closed record again; the life that ended is kept.
CREATE FUNCTION record_reopens(p_patient_key uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    INSERT INTO openings (patient_key, opened_at, closed_at, closing_motive, closing_reason, attached_to_ens)
        SELECT patient_key, opened_at, closed_at, closing_motive, closing_reason, attached_to_ens FROM records
        WHERE patient_key = p_patient_key;
    UPDATE records SET status = 'OPEN', opened_at = p_at, closed_at = NULL, closing_motive = NULL, closing_reason = NULL,
        destruction_requested_at = NULL WHERE patient_key = p_patient_key AND status = 'CLOSED' AND deceased_on IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a closed record whose holder lives is opened again';
    END IF;
END $$;

-- Authorise a holder; false when the patient blocked him: a block is lifted by the administration alone. `p_held` has
-- columns of authorisations; what it says nothing of its holder leaves what is known.
CREATE FUNCTION keep_authorisation(p_patient_key uuid, p_at timestamptz, p_held jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    INSERT INTO authorisations AS a (patient_key, professional_id, status, valid_until, declared_at, holder_kind,
                                     medecin_traitant, holder_name, profession, structure_id)
        SELECT p_patient_key, h.professional_id, 'VALIDE', h.valid_until, p_at, h.holder_kind, h.medecin_traitant,
               h.holder_name, h.profession, h.structure_id
        FROM jsonb_to_record(p_held) AS h (professional_id text, valid_until timestamptz, holder_kind text,
            medecin_traitant boolean, holder_name text, profession text, structure_id text)
        ON CONFLICT (patient_key, professional_id) DO UPDATE SET status = 'VALIDE',
            valid_until = excluded.valid_until, declared_at = excluded.declared_at,
            medecin_traitant = excluded.medecin_traitant,
            holder_name = COALESCE(NULLIF(excluded.holder_name, ''), a.holder_name),
            profession = COALESCE(NULLIF(excluded.profession, ''), a.profession),
            structure_id = COALESCE(NULLIF(excluded.structure_id, ''), a.structure_id)
            WHERE a.status <> 'INTERDIT';
    RETURN FOUND;
END $$;

-- Remove an authorisation; false when there is none. A block is none.
CREATE FUNCTION forget_authorisation(p_patient_key uuid, p_holder_id text) RETURNS boolean
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    DELETE FROM authorisations
        WHERE patient_key = p_patient_key AND professional_id = p_holder_id AND status <> 'INTERDIT';
    RETURN FOUND;
END $$;

-- What is known of the holder; a key that `p_facts` does not have leaves what is there. Keys: birth_date, etreat, btg,
-- masked, traits, email, mobile, notify_documents, representatives ([{"relationship", "traits", "email", "mobile"}]).
CREATE FUNCTION keep_facts(p_patient_key uuid, p_facts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    UPDATE records SET
        birth_date = COALESCE((p_facts ->> 'birth_date')::date, birth_date),
        etreat = COALESCE((p_facts ->> 'etreat')::boolean, etreat),
        btg = COALESCE((p_facts ->> 'btg')::boolean, btg),
        masked = COALESCE((p_facts ->> 'masked')::boolean, masked)
        WHERE patient_key = p_patient_key;
    IF p_facts ?| ARRAY['traits', 'email', 'mobile', 'notify_documents'] THEN
        INSERT INTO holders AS h (patient_key, traits, email, mobile, notify_documents)
            VALUES (p_patient_key, COALESCE(p_facts -> 'traits', '{}'), NULLIF(p_facts ->> 'email', ''),
                    NULLIF(p_facts ->> 'mobile', ''), COALESCE((p_facts ->> 'notify_documents')::boolean, true))
            ON CONFLICT (patient_key) DO UPDATE SET
                traits = COALESCE(p_facts -> 'traits', h.traits),
                email = CASE WHEN p_facts ? 'email' THEN excluded.email ELSE h.email END,
                mobile = CASE WHEN p_facts ? 'mobile' THEN excluded.mobile ELSE h.mobile END,
                notify_documents = COALESCE((p_facts ->> 'notify_documents')::boolean, h.notify_documents),
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

-- From here on what the consultation door may call: the change, its trace and its event in one statement.

-- DMP TD1.1. DONE, or FOUND: there is one, open or not, and nothing was changed.
CREATE FUNCTION create_record(p_patient_id text, p_key_id uuid, p_public_key bytea, p_wrapped bytea, p_facts jsonb,
                              p_event text, p_trace jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_patient_key uuid;
BEGIN
    PERFORM only_in_the_dmp();
    v_patient_key := record_opens(p_patient_id, p_key_id, p_public_key, p_wrapped, law_now(), false);
    IF v_patient_key IS NULL THEN
        RETURN 'FOUND';
    END IF;
    PERFORM keep_facts(v_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
    RETURN 'DONE';
END $$;

-- DMP TD1.2.
CREATE FUNCTION reactivate_record(p_patient_key uuid, p_revision bigint, p_facts jsonb, p_event text, p_trace jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM only_in_the_dmp();
    UPDATE records SET revision = revision + 1
        WHERE patient_key = p_patient_key AND revision = p_revision AND status = 'CLOSED';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the record changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;
    PERFORM record_reopens(p_patient_key, law_now());
    PERFORM keep_facts(p_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- DMP TD1.3b, TD1.5b.
CREATE FUNCTION change_record(p_patient_key uuid, p_revision bigint, p_facts jsonb, p_event text, p_trace jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_record(p_patient_key, p_revision);
    PERFORM keep_facts(p_patient_key, p_facts);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- DMP TD1.4.
CREATE FUNCTION close_record(p_patient_key uuid, p_revision bigint, p_motive text, p_reason text, p_event text, p_trace jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_record(p_patient_key, p_revision);
    PERFORM record_closes(p_patient_key, law_now(), p_motive, p_reason);
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- DMP TD0.3, AJOUT.
CREATE FUNCTION set_authorisation(p_patient_key uuid, p_revision bigint, p_held jsonb, p_event text, p_trace jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_record(p_patient_key, p_revision);
    IF NOT keep_authorisation(p_patient_key, law_now(), p_held) THEN
        RAISE EXCEPTION 'the patient blocked this holder' USING ERRCODE = 'XDS02';
    END IF;
    PERFORM trace_append(p_trace);
    PERFORM audit_append(ARRAY[p_event]);
END $$;

-- DMP TD0.3, SUPPRESSION.
CREATE FUNCTION remove_authorisation(p_patient_key uuid, p_revision bigint, p_holder_id text, p_event text, p_trace jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM hold_record(p_patient_key, p_revision);
    IF NOT forget_authorisation(p_patient_key, p_holder_id) THEN
        RAISE EXCEPTION 'there is no authorisation to remove' USING ERRCODE = 'XDS02';
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
    PERFORM hold_record(p_patient_key, p_revision);
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

-- Names as they are compared: without accents, ligatures, blanks, hyphens and case.
CREATE FUNCTION compared_name(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ecluse, pg_temp
RETURN regexp_replace(upper(regexp_replace(
    replace(replace(replace(replace(normalize(COALESCE(p_name, ''), NFKD), 'Œ', 'OE'), 'œ', 'oe'), 'Æ', 'AE'), 'æ', 'ae'),
    '[\u0300-\u036f]', '', 'g')), '[^A-Z]', '', 'g');

CREATE INDEX holders_family ON holders (compared_name(traits ->> 'family'));
CREATE INDEX holders_used_family ON holders (compared_name(traits ->> 'used_family'));
CREATE INDEX holders_birth_date ON holders ((traits ->> 'birth_date'));

REVOKE ALL ON former_identifiers FROM PUBLIC;
REVOKE ALL ON FUNCTION only_in_the_dmp(), record_file(text, text[]), keep_facts(uuid, jsonb),
    record_opens(text, uuid, bytea, bytea, timestamptz, boolean), record_closes(uuid, timestamptz, text, text),
    record_reopens(uuid, timestamptz), keep_authorisation(uuid, timestamptz, jsonb), forget_authorisation(uuid, text),
    create_record(text, uuid, bytea, bytea, jsonb, text, jsonb), reactivate_record(uuid, bigint, jsonb, text, jsonb),
    change_record(uuid, bigint, jsonb, text, jsonb), close_record(uuid, bigint, text, text, text, jsonb),
    set_authorisation(uuid, bigint, jsonb, text, jsonb), remove_authorisation(uuid, bigint, text, text, jsonb),
    set_patient_access(uuid, bigint, text, text, text, jsonb, text, jsonb), compared_name(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_file(text, text[]), create_record(text, uuid, bytea, bytea, jsonb, text, jsonb),
    reactivate_record(uuid, bigint, jsonb, text, jsonb), change_record(uuid, bigint, jsonb, text, jsonb),
    close_record(uuid, bigint, text, text, text, jsonb), set_authorisation(uuid, bigint, jsonb, text, jsonb),
    remove_authorisation(uuid, bigint, text, text, jsonb),
    set_patient_access(uuid, bigint, text, text, text, jsonb, text, jsonb), compared_name(text) TO ecluse_consultation;
