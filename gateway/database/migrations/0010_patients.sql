-- Patients announced and merged by the identity feed of a generic domain (ITI TF-2 §3.8, §3.44). The answer is a word;
-- the audit event is written with what it tells of, and only then: a refusal changes nothing.

-- A fragment with another patientId: the value between the quotes that follow the identifier's scheme and parent. These
-- texts stand nowhere else in a fragment, because the writer escapes quotes in values. `p_value` is escaped already. An
-- object of limited metadata may have no patientId: it stays as it is.
CREATE FUNCTION fragment_of_patient(p_fragment bytea, p_scheme text, p_entry_uuid uuid, p_value text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_opening CONSTANT bytea := convert_to(format('identificationScheme="%s" registryObject="urn:uuid:%s" value="',
                                                  p_scheme, p_entry_uuid), 'UTF8');
    v_found   CONSTANT integer := position(v_opening IN p_fragment);
    v_start   CONSTANT integer := v_found + length(v_opening);
    v_length  CONSTANT integer := position('\x22'::bytea IN substring(p_fragment FROM v_start)) - 1;
BEGIN
    IF position(convert_to(format('identificationScheme="%s"', p_scheme), 'UTF8') IN p_fragment) = 0 THEN
        RETURN p_fragment;
    END IF;
    IF v_found = 0 OR v_length < 0 THEN
        RAISE EXCEPTION 'the fragment of % has no patientId where it belongs', p_entry_uuid;
    END IF;
    RETURN overlay(p_fragment PLACING convert_to(p_value, 'UTF8') FROM v_start FOR v_length);
END $$;

CREATE FUNCTION only_in_a_generic_domain() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'records of this house are opened by its administration' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- UNKNOWN, OPEN, CLOSED or MERGED.
CREATE FUNCTION patient_status(p_patient_id text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM only_in_a_generic_domain();
    RETURN COALESCE((SELECT r.status FROM patients p JOIN records r USING (patient_key) WHERE p.patient_id = p_patient_id),
                    'UNKNOWN');
END $$;

-- Make a patient known: a record with its key, unless there is one. OPEN, or the status that forbids it: CLOSED, MERGED.
CREATE FUNCTION open_patient(p_patient_id text, p_key_id uuid, p_public_key bytea, p_wrapped bytea, p_event text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_patient_key uuid;
    v_status      text;
BEGIN
    PERFORM only_in_a_generic_domain();
    -- Whoever inserts first opens; another waits here, then finds the patient known.
    INSERT INTO patients (patient_key, patient_id) VALUES (gen_random_uuid(), p_patient_id)
        ON CONFLICT (patient_id) DO NOTHING RETURNING patient_key INTO v_patient_key;
    IF v_patient_key IS NOT NULL THEN
        INSERT INTO records (patient_key, status, key_id, public_key, opened_at)
            VALUES (v_patient_key, 'OPEN', p_key_id, p_public_key, now());
        INSERT INTO record_keys (patient_key, key_id, wrapped_private_key) VALUES (v_patient_key, p_key_id, p_wrapped);
        v_status := 'OPEN';
    ELSE
        SELECT r.status INTO v_status FROM patients p JOIN records r USING (patient_key)
            WHERE p.patient_id = p_patient_id FOR SHARE OF r;
    END IF;
    IF v_status = 'OPEN' THEN
        PERFORM audit_append(ARRAY[p_event]);
    END IF;
    RETURN v_status;
END $$;

-- Merge one patient into another: all that the subsumed one has is the survivor's from now on, keys included, so that what
-- was sealed still opens. Answers DONE (also when it was done before), SAME, SURVIVOR_UNKNOWN, SUBSUMED_UNKNOWN,
-- SURVIVOR_CLOSED, SUBSUMED_CLOSED, SURVIVOR_MERGED or SUBSUMED_MERGED.
-- `p_value` is the patientId that objects have from now on, escaped for an attribute; their sourcePatientId stays.
CREATE FUNCTION merge_patients(p_survivor text, p_subsumed text, p_value text, p_event text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    c_entry    CONSTANT text := 'urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427';
    c_set      CONSTANT text := 'urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446';
    c_folder   CONSTANT text := 'urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a';
    v_record   records;
    v_survivor records;
    v_subsumed records;
    v_new      uuid;
    v_old      uuid;
BEGIN
    PERFORM only_in_a_generic_domain();
    IF p_survivor = p_subsumed THEN
        RETURN 'SAME';
    END IF;
    SELECT patient_key INTO v_new FROM patients WHERE patient_id = p_survivor;
    SELECT patient_key INTO v_old FROM patients WHERE patient_id = p_subsumed;
    FOR v_record IN
        SELECT * FROM records WHERE patient_key IN (v_new, v_old) ORDER BY patient_key FOR NO KEY UPDATE
    LOOP
        IF v_record.patient_key = v_new THEN
            v_survivor := v_record;
        ELSE
            v_subsumed := v_record;
        END IF;
    END LOOP;
    IF v_survivor.patient_key IS NULL THEN
        RETURN 'SURVIVOR_UNKNOWN';
    ELSIF v_subsumed.patient_key IS NULL THEN
        RETURN 'SUBSUMED_UNKNOWN';
    ELSIF v_survivor.status <> 'OPEN' THEN
        RETURN 'SURVIVOR_' || v_survivor.status;
    ELSIF v_subsumed.status = 'MERGED' AND v_subsumed.merged_into = v_new THEN
        PERFORM audit_append(ARRAY[p_event]);
        RETURN 'DONE';
    ELSIF v_subsumed.status <> 'OPEN' THEN
        RETURN 'SUBSUMED_' || v_subsumed.status;
    END IF;

    -- Associations follow their submission set (ON UPDATE CASCADE) and name no patient.
    UPDATE submission_sets SET patient_key = v_new, fragment = fragment_of_patient(fragment, c_set, entry_uuid, p_value)
        WHERE patient_key = v_old;
    UPDATE document_entries SET patient_key = v_new, fragment = fragment_of_patient(fragment, c_entry, entry_uuid, p_value)
        WHERE patient_key = v_old;
    UPDATE folders SET patient_key = v_new, fragment = fragment_of_patient(fragment, c_folder, entry_uuid, p_value)
        WHERE patient_key = v_old;
    UPDATE unique_ids SET patient_key = v_new WHERE patient_key = v_old;
    UPDATE record_keys SET patient_key = v_new WHERE patient_key = v_old;
    UPDATE records SET status = 'MERGED', merged_into = v_new, closed_at = now(), revision = revision + 1
        WHERE patient_key = v_old;
    UPDATE records SET revision = revision + 1 WHERE patient_key = v_new;
    PERFORM audit_append(ARRAY[p_event]);
    RETURN 'DONE';
END $$;

CREATE INDEX unique_ids_patient_key ON unique_ids (patient_key);

REVOKE ALL ON FUNCTION fragment_of_patient(bytea, text, uuid, text), only_in_a_generic_domain(), patient_status(text),
    open_patient(text, uuid, bytea, bytea, text), merge_patients(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION patient_status(text), open_patient(text, uuid, bytea, bytea, text),
    merge_patients(text, text, text, text) TO ecluse_ingest;
