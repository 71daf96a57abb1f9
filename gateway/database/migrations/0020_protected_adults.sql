-- An adult under a protection with representation: whoever represents him acts for him whatever his age (CSP L1111-16).
ALTER TABLE records ADD COLUMN protected boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN records.protected IS 'The holder is an adult whom somebody represents; a minor is represented without that.';

-- His representatives do not go when he comes of age.
CREATE OR REPLACE FUNCTION due_items(p_parameters jsonb, p_until timestamptz, p_patient_key uuid)
RETURNS TABLE (kind text, patient_key uuid, subject text, due_at timestamptz)
LANGUAGE sql STABLE SET search_path = ecluse, pg_temp AS $$
    SELECT d.kind, d.patient_key, d.subject, d.due_at FROM due_by_time(p_parameters, p_until, p_patient_key) AS d
    WHERE d.kind <> 'MAJORITY' OR EXISTS (SELECT FROM records r WHERE r.patient_key = d.patient_key AND NOT r.protected)
    UNION ALL
    SELECT 'REIMBURSEMENTS', r.patient_key, '', greatest(r.reimbursements_due_at, r.opened_at)
    FROM records r
    WHERE r.reimbursements_due_at IS NOT NULL AND r.status = 'OPEN' AND (p_parameters ->> 'reimbursement_months')::int > 0
      AND greatest(r.reimbursements_due_at, r.opened_at) <= p_until AND (p_patient_key IS NULL OR r.patient_key = p_patient_key)
$$;
