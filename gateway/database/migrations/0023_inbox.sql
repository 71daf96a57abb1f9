-- What the HL7 v2 listener took responsibility for and has not done yet, what patients told it of the feeding of their
-- records, and what it still has to tell to senders. The listener's own role calls functions and reads no table; what a
-- message holds is sealed with a key that the database never sees.

CREATE TABLE inbox (
    message_id   uuid PRIMARY KEY,
    structure_id text NOT NULL,                 -- of the certificate of the connection
    application  text NOT NULL,                 -- MSH-3
    facility     text NOT NULL,                 -- MSH-4
    control_id   text NOT NULL,                 -- MSH-10
    sha256       bytea NOT NULL CHECK (length(sha256) = 32),
    kind         text NOT NULL,                 -- MSH-9, without its structure
    lane         bytea NOT NULL,                -- keyed hash of structure and patient: messages of one lane keep their order
    content      bytea,                         -- sealed; nothing once it is done
    size         bigint NOT NULL,
    state        text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'PARKED', 'DONE', 'DROPPED')),
    attempts     integer NOT NULL DEFAULT 0,
    not_before   timestamptz NOT NULL DEFAULT clock_timestamp(),
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at     timestamptz,
    outcome      text NOT NULL DEFAULT '',
    UNIQUE (structure_id, application, facility, control_id, sha256),
    CHECK ((state IN ('WAITING', 'PARKED')) = (content IS NOT NULL))
);
COMMENT ON TABLE inbox IS 'Messages acknowledged AA. Done, their control id, time and outcome remain.';
-- Sealed bytes do not compress.
ALTER TABLE inbox ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX inbox_lanes ON inbox (lane, received_at, message_id) WHERE state = 'WAITING';
CREATE INDEX inbox_waiting ON inbox (received_at, message_id) WHERE state = 'WAITING';
CREATE INDEX inbox_held ON inbox (size) WHERE state IN ('WAITING', 'PARKED');

CREATE TABLE acknowledgements (
    ack_id      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id  uuid NOT NULL,                  -- of the message that it answers
    destination text NOT NULL,                  -- application^facility
    content     bytea NOT NULL,                 -- a ZAM: a control id and a verdict, nothing of a patient
    state       text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'PARKED', 'DONE', 'DROPPED')),
    attempts    integer NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    outcome     text NOT NULL DEFAULT ''
);
COMMENT ON TABLE acknowledgements IS 'Business acknowledgements (ZAM) on their way to senders.';
CREATE INDEX acknowledgements_waiting ON acknowledgements (not_before) WHERE state = 'WAITING';

CREATE TABLE feeding_consents (
    structure_id    text NOT NULL,
    subject         bytea NOT NULL,             -- keyed hash of an INS or an IPP
    feeding         text NOT NULL CHECK (feeding IN ('INO', 'IO', 'NA')),
    feeding_at      timestamptz NOT NULL,
    consultation    text NOT NULL CHECK (consultation IN ('IC', 'INC', 'NA')),
    consultation_at timestamptz NOT NULL,
    PRIMARY KEY (structure_id, subject)
);
COMMENT ON TABLE feeding_consents IS 'What patients told a structure of the DMP (PAM-FR, ZFA). The last date wins.';

-- Store a message: STORED; KNOWN when these very bytes are here already; OTHER when the sender used the control id for other
-- bytes and p_again does not allow it. Durable once the statement has returned.
CREATE FUNCTION inbox_receive(p_message_id uuid, p_structure_id text, p_application text, p_facility text, p_control_id text,
                              p_sha256 bytea, p_kind text, p_lane bytea, p_content bytea, p_size bigint, p_again boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF NOT p_again AND EXISTS (
        SELECT FROM inbox i WHERE i.structure_id = p_structure_id AND i.application = p_application AND i.facility = p_facility
                              AND i.control_id = p_control_id AND i.sha256 <> p_sha256) THEN
        RETURN 'OTHER';
    END IF;
    INSERT INTO inbox (message_id, structure_id, application, facility, control_id, sha256, kind, lane, content, size)
        VALUES (p_message_id, p_structure_id, p_application, p_facility, p_control_id, p_sha256, p_kind, p_lane, p_content, p_size)
        ON CONFLICT (structure_id, application, facility, control_id, sha256) DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'STORED' ELSE 'KNOWN' END;
END $$;

-- How much is held: messages and bytes that wait or are parked.
CREATE FUNCTION inbox_load() RETURNS TABLE (messages bigint, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
BEGIN ATOMIC
    SELECT count(*), coalesce(sum(i.size), 0)::bigint FROM inbox i WHERE i.state IN ('WAITING', 'PARKED');
END;

-- The first message of a lane whose time has come, locked until the transaction ends; a killed worker lets go of it.
CREATE FUNCTION inbox_claim()
RETURNS TABLE (message_id uuid, structure_id text, content bytea, attempts integer, received_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT i.message_id, i.structure_id, i.content, i.attempts, i.received_at FROM inbox i
    WHERE i.state = 'WAITING' AND i.not_before <= clock_timestamp()
      AND NOT EXISTS (SELECT FROM inbox e WHERE e.state = 'WAITING' AND e.lane = i.lane
                                            AND (e.received_at, e.message_id) < (i.received_at, i.message_id))
    ORDER BY i.received_at, i.message_id LIMIT 1 FOR UPDATE OF i SKIP LOCKED
$$;

-- What became of a claimed message, and what its sender is told: DONE erases it, WAITING tries again after p_pause seconds.
CREATE FUNCTION inbox_finish(p_message_id uuid, p_state text, p_outcome text, p_pause double precision, p_destination text,
                             p_acknowledgement bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    UPDATE inbox i SET
        state = p_state, outcome = p_outcome, attempts = i.attempts + 1,
        not_before = clock_timestamp() + make_interval(secs => p_pause),
        content = CASE WHEN p_state = 'DONE' THEN NULL ELSE i.content END,
        ended_at = CASE WHEN p_state = 'WAITING' THEN NULL ELSE clock_timestamp() END
    WHERE i.message_id = p_message_id AND i.state = 'WAITING' AND p_state IN ('WAITING', 'PARKED', 'DONE');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'that message does not wait' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF p_acknowledgement IS NOT NULL THEN
        INSERT INTO acknowledgements (message_id, destination, content) VALUES (p_message_id, p_destination, p_acknowledgement);
    END IF;
END $$;

-- Keep what a patient told a structure, under each of the names the structure has for him; what is older changes nothing.
CREATE FUNCTION consent_keep(p_structure_id text, p_subjects bytea[], p_feeding text, p_feeding_at timestamptz,
                             p_consultation text, p_consultation_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    INSERT INTO feeding_consents AS c (structure_id, subject, feeding, feeding_at, consultation, consultation_at)
        SELECT p_structure_id, s.subject, p_feeding, p_feeding_at, p_consultation, p_consultation_at
        FROM (SELECT DISTINCT unnest(p_subjects) AS subject) AS s ORDER BY s.subject
        ON CONFLICT (structure_id, subject) DO UPDATE SET
            feeding = CASE WHEN excluded.feeding_at >= c.feeding_at THEN excluded.feeding ELSE c.feeding END,
            feeding_at = greatest(excluded.feeding_at, c.feeding_at),
            consultation = CASE WHEN excluded.consultation_at >= c.consultation_at THEN excluded.consultation ELSE c.consultation END,
            consultation_at = greatest(excluded.consultation_at, c.consultation_at)
$$;

-- What a patient told a structure last of feeding, under any of those names; nothing when he told nothing.
CREATE FUNCTION consent_of(p_structure_id text, p_subjects bytea[]) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT c.feeding FROM feeding_consents c WHERE c.structure_id = p_structure_id AND c.subject = ANY (p_subjects)
    ORDER BY c.feeding_at DESC, c.feeding DESC LIMIT 1
$$;

-- One acknowledgement whose time has come, locked until the transaction ends.
CREATE FUNCTION acknowledgement_claim() RETURNS TABLE (ack_id uuid, destination text, content bytea, attempts integer)
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT a.ack_id, a.destination, a.content, a.attempts FROM acknowledgements a
    WHERE a.state = 'WAITING' AND a.not_before <= clock_timestamp()
    ORDER BY a.not_before, a.ack_id LIMIT 1 FOR UPDATE SKIP LOCKED
$$;

CREATE FUNCTION acknowledgement_finish(p_ack_id uuid, p_state text, p_outcome text, p_pause double precision) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    UPDATE acknowledgements a SET
        state = p_state, outcome = p_outcome, attempts = a.attempts + 1,
        not_before = clock_timestamp() + make_interval(secs => p_pause),
        ended_at = CASE WHEN p_state = 'WAITING' THEN NULL ELSE clock_timestamp() END
    WHERE a.ack_id = p_ack_id AND a.state = 'WAITING' AND p_state IN ('WAITING', 'PARKED', 'DONE')
$$;

-- Forget control ids and outcomes that are older than some days; what waits or is parked stays.
CREATE FUNCTION inbox_forget(p_days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_count bigint;
BEGIN
    IF p_days < 1 THEN
        RAISE EXCEPTION 'a control id is remembered for a day at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM acknowledgements a
        WHERE a.state IN ('DONE', 'DROPPED') AND a.ended_at < clock_timestamp() - make_interval(days => p_days);
    DELETE FROM inbox i
        WHERE i.state IN ('DONE', 'DROPPED') AND i.ended_at < clock_timestamp() - make_interval(days => p_days);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;

REVOKE ALL ON inbox, acknowledgements, feeding_consents FROM PUBLIC;
REVOKE ALL ON FUNCTION
    inbox_receive(uuid, text, text, text, text, bytea, text, bytea, bytea, bigint, boolean), inbox_load(), inbox_claim(),
    inbox_finish(uuid, text, text, double precision, text, bytea),
    consent_keep(text, bytea[], text, timestamptz, text, timestamptz), consent_of(text, bytea[]),
    acknowledgement_claim(), acknowledgement_finish(uuid, text, text, double precision), inbox_forget(integer) FROM PUBLIC;
GRANT USAGE ON SCHEMA ecluse TO ecluse_hl7v2;
GRANT EXECUTE ON FUNCTION
    inbox_receive(uuid, text, text, text, text, bytea, text, bytea, bytea, bigint, boolean), inbox_load(), inbox_claim(),
    inbox_finish(uuid, text, text, double precision, text, bytea),
    consent_keep(text, bytea[], text, timestamptz, text, timestamptz), consent_of(text, bytea[]),
    acknowledgement_claim(), acknowledgement_finish(uuid, text, text, double precision), inbox_forget(integer) TO ecluse_hl7v2;
