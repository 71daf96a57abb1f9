-- Letters that come to the mailbox of MSSanté wait in the inbox beside messages, under the kind XDM; whoever claims one is
-- told of which kind it is, since what a stranger wrote in a letter is never read as a message. Answers to letters leave as letters do.

DROP FUNCTION inbox_claim();
CREATE FUNCTION inbox_claim()
RETURNS TABLE (message_id uuid, structure_id text, kind text, content bytea, attempts integer, received_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT i.message_id, i.structure_id, i.kind, i.content, i.attempts, i.received_at FROM inbox i
    WHERE i.state = 'WAITING' AND i.not_before <= clock_timestamp()
      AND NOT EXISTS (SELECT FROM inbox e WHERE e.state = 'WAITING' AND e.lane = i.lane
                                            AND (e.received_at, e.message_id) < (i.received_at, i.message_id))
    ORDER BY i.received_at, i.message_id LIMIT 1 FOR UPDATE OF i SKIP LOCKED
$$;
REVOKE ALL ON FUNCTION inbox_claim() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION inbox_claim() TO ecluse_hl7v2;

ALTER TABLE letters DROP CONSTRAINT letters_kind_check;
ALTER TABLE letters ADD CONSTRAINT letters_kind_check CHECK (kind IN ('PS', 'PATIENT', 'ANSWER'));
COMMENT ON COLUMN letters.kind IS 'To professionals and organisations, to the patient, or to whoever sent a letter here.';
