-- A resource of FHIR keeps its id over the versions of its metadata: whoever asks for his own documents is told that id too,
-- the logicalID, which is the entryUUID of the version he sent.
CREATE OR REPLACE FUNCTION own_documents(p_patient_id text, p_structure_id text, p_person_id text, p_unique_ids text[], p_ids uuid[])
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
    SELECT jsonb_agg(jsonb_build_object(
               'id', e.entry_uuid, 'logical_id', e.logical_id, 'unique_id', e.unique_id, 'status', e.status))
        INTO v_documents FROM own e
        WHERE e.entry_uuid = ANY (p_ids)
           OR NOT EXISTS (SELECT FROM document_entries l WHERE l.logical_id = e.logical_id AND l.version > e.version);
    RETURN QUERY SELECT v_record.patient_key, v_record.status, v_record.key_id, v_record.revision, v_record.attached_to_ens,
                        (SELECT c.ahead FROM law_clock c), coalesce(v_documents, '[]');
END $$;
