-- All that the ingest door may ask about the past, in one answer of one shape: a document of another structure and no
-- document look the same. `own` maps those of the targets that are this structure's documents to their uniqueIds.
-- Planned once a connection: PL/pgSQL, because PostgreSQL before 18 plans an SQL function at every call; a generic plan,
-- because the arrays make PostgreSQL plan again, at three times the cost of the answer.

CREATE FUNCTION deposit_receipt(p_patient_id text, p_structure_id text, p_unique_ids text[], p_targets uuid[])
RETURNS TABLE (patient_key uuid, status text, key_id uuid, public_key bytea, taken text[], unresolved uuid[], deprecated uuid[],
               own jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.patient_key, r.status, r.key_id, r.public_key,
           ARRAY(SELECT u.unique_id FROM unique_ids u WHERE u.unique_id = ANY (p_unique_ids) ORDER BY 1),
           ARRAY(SELECT t.target FROM unnest(p_targets) AS t (target)
                 WHERE NOT EXISTS (SELECT FROM document_entries e WHERE e.patient_key = r.patient_key
                                   AND e.entry_uuid = t.target AND e.depositor_id = p_structure_id) ORDER BY 1),
           ARRAY(SELECT e.entry_uuid FROM document_entries e WHERE e.patient_key = r.patient_key
                 AND e.entry_uuid = ANY (p_targets) AND e.depositor_id = p_structure_id AND e.status <> 'APPROVED' ORDER BY 1),
           (SELECT coalesce(jsonb_object_agg(e.entry_uuid, e.unique_id), '{}') FROM document_entries e WHERE e.patient_key = r.patient_key
            AND e.entry_uuid = ANY (p_targets) AND e.depositor_id = p_structure_id)
    FROM (VALUES (p_patient_id)) AS asked (patient_id)
    LEFT JOIN patients p ON p.patient_id = asked.patient_id
    LEFT JOIN records r ON r.patient_key = p.patient_key;
END $$;

REVOKE ALL ON FUNCTION deposit_receipt(text, text, text[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deposit_receipt(text, text, text[], uuid[]) TO ecluse_ingest;
