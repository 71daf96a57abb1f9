-- What the consultation door may change in what is registered: new versions, statuses, associations, removals. Each is
-- one statement with its audit event. A house of the DMP refuses all of it.
--
-- The rules are decided outside, on facts read without a lock. `p_revisions` maps the key of every record these facts
-- came from to its revision: another revision under the lock raises XDS02, and whoever decided reads and decides again.
-- Locks are taken in one order: records by key, the uniqueId, the head of the audit chain.
--
-- A plan that scans a whole table is never right here, whatever the statistics say of a young database.
-- Nothing here takes bytes in: a version of a document keeps the bytes of the version before it.

CREATE FUNCTION hold_records(p_revisions jsonb) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_keys uuid[] := ARRAY(SELECT k.key::uuid FROM jsonb_object_keys(p_revisions) AS k (key) ORDER BY 1);
BEGIN
    IF NOT EXISTS (SELECT FROM house WHERE domain = 'ihe') THEN
        RAISE EXCEPTION 'only a house of the domain ihe amends its registry this way' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM records r WHERE r.patient_key = ANY (v_keys) ORDER BY r.patient_key FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM jsonb_each_text(p_revisions) AS w (key, revision)
               LEFT JOIN records r ON r.patient_key = w.key::uuid
               WHERE r.revision IS DISTINCT FROM w.revision::bigint) THEN
        RAISE EXCEPTION 'a record changed meanwhile' USING ERRCODE = 'XDS02';
    END IF;
    UPDATE records SET revision = revision + 1 WHERE patient_key = ANY (v_keys);
    RETURN v_keys;
END $$;

-- ITI-57. Everything new goes to the record of the submission set. `p_fragments` holds the fragment of the submission
-- set, then those of the entries, of the folders and of the associations. `previous` names the version that an entry or a
-- folder follows: what identifies it, and its bytes, are copied from there.
CREATE FUNCTION update_objects(
    p_revisions jsonb, p_patient_key uuid, p_structure_id text, p_submission_set jsonb, p_entries jsonb, p_folders jsonb,
    p_associations jsonb, p_statuses jsonb, p_touched_folders uuid[], p_now text, p_fragments bytea[], p_event text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_keys     CONSTANT uuid[] := hold_records(p_revisions);
    v_set_uuid CONSTANT uuid := p_submission_set ->> 'entry_uuid';
    v_entries  CONSTANT integer := jsonb_array_length(p_entries);
    v_folders  CONSTANT integer := jsonb_array_length(p_folders);
    v_previous CONSTANT uuid[] := ARRAY(SELECT p.previous FROM jsonb_to_recordset(p_entries || p_folders) AS p (previous uuid));
    v_count    integer;
    v_changed  integer;
BEGIN
    IF NOT EXISTS (SELECT FROM records WHERE patient_key = p_patient_key AND patient_key = ANY (v_keys) AND status = 'OPEN') THEN
        RAISE EXCEPTION 'the record is not open any more' USING ERRCODE = 'XDS02';
    END IF;

    INSERT INTO unique_ids (unique_id, kind, patient_key, entry_uuid, structure_id)
        VALUES (p_submission_set ->> 'unique_id', 'SS', p_patient_key, v_set_uuid, p_structure_id) ON CONFLICT (unique_id) DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the uniqueId was taken meanwhile' USING ERRCODE = 'XDS02';
    END IF;
    INSERT INTO submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id, submission_time,
                                 author_persons, codes, fragment)
        SELECT p_patient_key, v_set_uuid, s.unique_id, s.source_id, p_structure_id, s.submission_time,
               s.author_persons, s.codes, p_fragments[1]
        FROM jsonb_to_record(p_submission_set) AS s (unique_id text, source_id text, submission_time text,
                                                     author_persons text[], codes jsonb);

    INSERT INTO document_entries (
            patient_key, entry_uuid, logical_id, version, unique_id, status, object_type, mime_type, hash, size, blob_address,
            key_id, creation_time, service_start_time, service_stop_time, depositor_id, author_structure_ids,
            author_person_ids, author_persons, codes, reference_ids, document_availability, fragment)
        SELECT p_patient_key, e.entry_uuid, o.logical_id, o.version + 1, o.unique_id, 'APPROVED', o.object_type, e.mime_type,
               e.hash, e.size, o.blob_address, o.key_id, e.creation_time, e.service_start_time, e.service_stop_time,
               o.depositor_id, e.author_structure_ids, e.author_person_ids, e.author_persons, e.codes, e.reference_ids,
               e.document_availability, p_fragments[1 + e.position]
        FROM ROWS FROM (jsonb_to_recordset(p_entries) AS (
                 entry_uuid uuid, previous uuid, mime_type text, hash text, size bigint, creation_time text,
                 service_start_time text, service_stop_time text, author_structure_ids text[], author_person_ids text[],
                 author_persons text[], codes jsonb, reference_ids text[], document_availability text))
             WITH ORDINALITY AS e (entry_uuid, previous, mime_type, hash, size, creation_time, service_start_time,
                 service_stop_time, author_structure_ids, author_person_ids, author_persons, codes, reference_ids,
                 document_availability, position)
        JOIN document_entries o ON o.entry_uuid = e.previous AND o.patient_key = ANY (v_keys) AND o.status = 'APPROVED'
        WHERE NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = o.logical_id AND l.version > o.version);
    GET DIAGNOSTICS v_count = ROW_COUNT;

    INSERT INTO folders (patient_key, entry_uuid, logical_id, version, unique_id, status, last_update_time, depositor_id,
                         codes, fragment)
        SELECT p_patient_key, f.entry_uuid, o.logical_id, o.version + 1, o.unique_id, 'APPROVED', p_now, o.depositor_id,
               f.codes, p_fragments[1 + v_entries + f.position]
        FROM ROWS FROM (jsonb_to_recordset(p_folders) AS (entry_uuid uuid, previous uuid, codes jsonb))
             WITH ORDINALITY AS f (entry_uuid, previous, codes, position)
        JOIN folders o ON o.entry_uuid = f.previous AND o.patient_key = ANY (v_keys) AND o.status = 'APPROVED'
        WHERE NOT EXISTS (SELECT FROM folders l WHERE l.logical_id = o.logical_id AND l.version > o.version);
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    IF v_count <> v_entries OR v_changed <> v_folders THEN
        RAISE EXCEPTION 'a version is not the last any more' USING ERRCODE = 'XDS02';
    END IF;
    UPDATE document_entries SET status = 'DEPRECATED' WHERE entry_uuid = ANY (v_previous) AND patient_key = ANY (v_keys);
    UPDATE folders SET status = 'DEPRECATED' WHERE entry_uuid = ANY (v_previous) AND patient_key = ANY (v_keys);
    UPDATE unique_ids u SET patient_key = n.patient_key, entry_uuid = n.entry_uuid, hash = lower(n.hash), size = n.size
        FROM document_entries n, jsonb_to_recordset(p_entries) AS e (entry_uuid uuid)
        WHERE n.entry_uuid = e.entry_uuid AND n.patient_key = p_patient_key AND u.unique_id = n.unique_id AND u.kind = 'DE';
    UPDATE unique_ids u SET patient_key = n.patient_key, entry_uuid = n.entry_uuid
        FROM folders n, jsonb_to_recordset(p_folders) AS f (entry_uuid uuid)
        WHERE n.entry_uuid = f.entry_uuid AND n.patient_key = p_patient_key AND u.unique_id = n.unique_id AND u.kind = 'FD';

    INSERT INTO associations (patient_key, entry_uuid, association_type, source, target, submission_set, submission_set_status,
                              fragment)
        SELECT p_patient_key, a.entry_uuid, a.association_type, a.source, a.target, v_set_uuid, a.submission_set_status,
               p_fragments[1 + v_entries + v_folders + a.position]
        FROM ROWS FROM (jsonb_to_recordset(p_associations) AS (
                 entry_uuid uuid, association_type text, source uuid, target uuid, submission_set_status text))
             WITH ORDINALITY AS a (entry_uuid, association_type, source, target, submission_set_status, position);
    IF EXISTS (SELECT FROM jsonb_to_recordset(p_associations) AS a (source uuid, target uuid)
               CROSS JOIN LATERAL unnest(ARRAY[a.source, a.target]) AS n (entry_uuid)
               WHERE NOT EXISTS (SELECT FROM document_entries o WHERE o.entry_uuid = n.entry_uuid)
                 AND NOT EXISTS (SELECT FROM folders o WHERE o.entry_uuid = n.entry_uuid)
                 AND NOT EXISTS (SELECT FROM associations o WHERE o.entry_uuid = n.entry_uuid)
                 AND NOT EXISTS (SELECT FROM submission_sets o WHERE o.entry_uuid = n.entry_uuid)) THEN
        RAISE EXCEPTION 'the end of an association is not there any more' USING ERRCODE = 'XDS02';
    END IF;

    -- The submission set has no kind here: its status never changes.
    WITH wanted AS (
        SELECT s.kind, s.entry_uuid, s.status FROM jsonb_to_recordset(p_statuses) AS s (kind text, entry_uuid uuid, status text)
        WHERE s.status IN ('APPROVED', 'DEPRECATED')
    ), of_entries AS (
        UPDATE document_entries o SET status = w.status FROM wanted w
        WHERE w.kind = 'DE' AND o.entry_uuid = w.entry_uuid AND o.patient_key = ANY (v_keys) RETURNING 1
    ), of_folders AS (
        UPDATE folders o SET status = w.status FROM wanted w
        WHERE w.kind = 'FD' AND o.entry_uuid = w.entry_uuid AND o.patient_key = ANY (v_keys) RETURNING 1
    ), of_associations AS (
        UPDATE associations o SET status = w.status FROM wanted w
        WHERE w.kind = 'AS' AND o.entry_uuid = w.entry_uuid AND o.patient_key = ANY (v_keys) RETURNING 1
    )
    SELECT (SELECT count(*) FROM of_entries) + (SELECT count(*) FROM of_folders) + (SELECT count(*) FROM of_associations)
        INTO v_changed;
    IF v_changed <> jsonb_array_length(p_statuses) THEN
        RAISE EXCEPTION 'an object is not there any more' USING ERRCODE = 'XDS02';
    END IF;
    UPDATE folders SET last_update_time = greatest(last_update_time, p_now)
        WHERE entry_uuid = ANY (p_touched_folders) AND patient_key = ANY (v_keys);

    RETURN audit_append(ARRAY[p_event]);
END $$;

-- ITI-62. Bytes stay where they are; an address that no entry names any more is an orphan of the repository.
CREATE FUNCTION remove_objects(p_revisions jsonb, p_ids uuid[], p_event text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_keys    CONSTANT uuid[] := hold_records(p_revisions);
    v_names   text[];
    v_removed integer;
BEGIN
    WITH gone_associations AS (
        DELETE FROM associations WHERE entry_uuid = ANY (p_ids) AND patient_key = ANY (v_keys) RETURNING NULL::text AS unique_id
    ), gone_entries AS (
        DELETE FROM document_entries WHERE entry_uuid = ANY (p_ids) AND patient_key = ANY (v_keys) RETURNING unique_id
    ), gone_folders AS (
        DELETE FROM folders WHERE entry_uuid = ANY (p_ids) AND patient_key = ANY (v_keys) RETURNING unique_id
    ), gone AS (
        SELECT unique_id FROM gone_associations UNION ALL SELECT unique_id FROM gone_entries
        UNION ALL SELECT unique_id FROM gone_folders
    )
    SELECT count(*), array_agg(unique_id) FILTER (WHERE unique_id IS NOT NULL) INTO v_removed, v_names FROM gone;
    -- After the associations: they name the submission set they came with.
    WITH gone AS (
        DELETE FROM submission_sets WHERE entry_uuid = ANY (p_ids) AND patient_key = ANY (v_keys) RETURNING unique_id
    )
    SELECT v_removed + count(*), v_names || array_agg(unique_id) INTO v_removed, v_names FROM gone;
    IF v_removed <> cardinality(p_ids)
       OR EXISTS (SELECT FROM associations WHERE source = ANY (p_ids)) OR EXISTS (SELECT FROM associations WHERE target = ANY (p_ids)) THEN
        RAISE EXCEPTION 'an object is not there any more, or a new association names it' USING ERRCODE = 'XDS02';
    END IF;

    -- A uniqueId stays with the last version that bears it; without one it is free again. Whoever registers another entry
    -- of it meanwhile holds its row: wait, then look.
    PERFORM FROM unique_ids WHERE unique_id = ANY (v_names) ORDER BY unique_id FOR UPDATE;
    WITH bearers AS (
        SELECT DISTINCT ON (b.unique_id) b.* FROM (
            SELECT unique_id, patient_key, entry_uuid, version, depositor_id, lower(hash) AS hash, size
            FROM document_entries WHERE unique_id = ANY (v_names)
            UNION ALL
            SELECT unique_id, patient_key, entry_uuid, version, depositor_id, NULL, NULL FROM folders WHERE unique_id = ANY (v_names)
        ) AS b ORDER BY b.unique_id, b.version DESC, b.entry_uuid
    ), kept AS (
        UPDATE unique_ids u SET patient_key = b.patient_key, entry_uuid = b.entry_uuid, structure_id = b.depositor_id,
                                hash = b.hash, size = b.size
        FROM bearers b WHERE u.unique_id = b.unique_id
    )
    DELETE FROM unique_ids u WHERE u.unique_id = ANY (v_names) AND u.unique_id NOT IN (SELECT b.unique_id FROM bearers b);

    RETURN audit_append(ARRAY[p_event]);
END $$;

-- ITI-86. No entry of these uniqueIds has bytes any more, whatever its version and its record. Returns the addresses they
-- named: bytes are sealed to one uniqueId, so that no other entry names them, and their files may go once this is committed.
CREATE FUNCTION remove_documents(p_revisions jsonb, p_unique_ids text[], p_event text) RETURNS bytea[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_keys      CONSTANT uuid[] := hold_records(p_revisions);
    v_addresses bytea[];
BEGIN
    SELECT array_agg(DISTINCT blob_address) INTO v_addresses FROM document_entries
        WHERE unique_id = ANY (p_unique_ids) AND blob_address IS NOT NULL;
    UPDATE document_entries SET blob_address = NULL, key_id = NULL
        WHERE unique_id = ANY (p_unique_ids) AND blob_address IS NOT NULL AND patient_key = ANY (v_keys);
    IF EXISTS (SELECT FROM unnest(p_unique_ids) AS d (unique_id)
               WHERE NOT EXISTS (SELECT FROM document_entries e WHERE e.unique_id = d.unique_id AND e.patient_key = ANY (v_keys)))
       OR EXISTS (SELECT FROM document_entries WHERE unique_id = ANY (p_unique_ids) AND blob_address IS NOT NULL) THEN
        RAISE EXCEPTION 'a document was registered or removed meanwhile' USING ERRCODE = 'XDS02';
    END IF;
    PERFORM audit_append(ARRAY[p_event]);
    RETURN COALESCE(v_addresses, '{}');
END $$;

REVOKE ALL ON FUNCTION hold_records(jsonb), remove_objects(jsonb, uuid[], text), remove_documents(jsonb, text[], text),
    update_objects(jsonb, uuid, text, jsonb, jsonb, jsonb, jsonb, jsonb, uuid[], text, bytea[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_objects(jsonb, uuid[], text), remove_documents(jsonb, text[], text),
    update_objects(jsonb, uuid, text, jsonb, jsonb, jsonb, jsonb, jsonb, uuid[], text, bytea[], text) TO ecluse_consultation;
