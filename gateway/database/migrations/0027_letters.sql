-- Letters of MSSanté on their way, and what was told of each recipient. The role of the inbox calls functions and reads no
-- table; letters, addresses and what is told of them are sealed with a key that the database never sees.

CREATE TABLE letters (
    letter_id  uuid PRIMARY KEY,                -- derived from message and kind: the same message makes the same letter
    message_id uuid NOT NULL,                   -- of the inbox
    kind       text NOT NULL CHECK (kind IN ('PS', 'PATIENT')),
    content    bytea,                           -- sealed; nothing once it is done
    size       bigint NOT NULL,
    state      text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'PARKED', 'DONE', 'DROPPED')),
    attempts   integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    outcome    text NOT NULL DEFAULT '',
    CHECK ((state IN ('WAITING', 'PARKED')) = (content IS NOT NULL))
);
COMMENT ON TABLE letters IS 'Letters of MSSanté. Done, their recipients, time and outcome remain.';
ALTER TABLE letters ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX letters_waiting ON letters (not_before, letter_id) WHERE state = 'WAITING';
CREATE INDEX letters_held ON letters (size) WHERE state IN ('WAITING', 'PARKED');

CREATE TABLE letter_recipients (
    letter_id     uuid NOT NULL REFERENCES letters ON DELETE CASCADE,
    rank          integer NOT NULL,
    name          bytea NOT NULL,               -- keyed hash of letter and address
    content       bytea NOT NULL,               -- sealed: the address, and the header of the message that is answered
    destination   text NOT NULL,                -- application^facility of whoever is told
    wants_receipt boolean NOT NULL,             -- ZAM^Z02
    wants_reading boolean NOT NULL,             -- ZAM^Z03
    state         text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'ACCEPTED', 'REFUSED')), -- as the server says
    outcome       text NOT NULL DEFAULT '',
    receipt       text CHECK (receipt IN ('Y', 'N')),
    reading       text CHECK (reading IN ('Y', 'N')),
    PRIMARY KEY (letter_id, rank),
    UNIQUE (letter_id, name)
);
COMMENT ON TABLE letter_recipients IS 'Recipients of letters: what the server said, what was told of delivery and reading.';

-- ZAM of letters name a recipient, whose address may be made of an INS: they are sealed.
ALTER TABLE acknowledgements ADD COLUMN event text NOT NULL DEFAULT 'Z01' CHECK (event IN ('Z01', 'Z02', 'Z03'));

-- Keep a letter and its recipients, once; false when it is here already.
CREATE FUNCTION letter_put(p_letter_id uuid, p_message_id uuid, p_kind text, p_content bytea, p_size bigint, p_names bytea[],
                           p_contents bytea[], p_destination text, p_wants_receipt boolean, p_wants_reading boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF cardinality(p_names) < 1 OR cardinality(p_names) <> cardinality(p_contents) THEN
        RAISE EXCEPTION 'a letter has recipients, each with its name' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO letters (letter_id, message_id, kind, content, size)
        VALUES (p_letter_id, p_message_id, p_kind, p_content, p_size) ON CONFLICT (letter_id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO letter_recipients (letter_id, rank, name, content, destination, wants_receipt, wants_reading)
        SELECT p_letter_id, one.rank - 1, one.name, one.content, p_destination, p_wants_receipt, p_wants_reading
        FROM unnest(p_names, p_contents) WITH ORDINALITY AS one (name, content, rank);
    RETURN true;
END $$;

-- A letter whose time has come, locked until the transaction ends, and the ranks of the recipients that still wait for it.
CREATE FUNCTION letter_claim() RETURNS TABLE (letter_id uuid, content bytea, attempts integer, ranks integer[])
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT l.letter_id, l.content, l.attempts,
           ARRAY(SELECT r.rank FROM letter_recipients r WHERE r.letter_id = l.letter_id AND r.state = 'WAITING' ORDER BY r.rank)
    FROM letters l WHERE l.state = 'WAITING' AND l.not_before <= clock_timestamp()
    ORDER BY l.not_before, l.letter_id LIMIT 1 FOR UPDATE OF l SKIP LOCKED
$$;

-- What the server said of one recipient of a claimed letter; nobody is tried again who does not wait.
CREATE FUNCTION letter_answered(p_letter_id uuid, p_rank integer, p_state text, p_outcome text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    UPDATE letter_recipients r SET state = p_state, outcome = p_outcome
    WHERE r.letter_id = p_letter_id AND r.rank = p_rank AND r.state = 'WAITING' AND p_state IN ('WAITING', 'ACCEPTED', 'REFUSED')
$$;

-- What became of a claimed letter: DONE erases it, WAITING tries again after p_pause seconds.
CREATE FUNCTION letter_finish(p_letter_id uuid, p_state text, p_outcome text, p_pause double precision) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    UPDATE letters l SET
        state = p_state, outcome = p_outcome, attempts = l.attempts + 1,
        not_before = clock_timestamp() + make_interval(secs => p_pause),
        content = CASE WHEN p_state = 'DONE' THEN NULL ELSE l.content END,
        ended_at = CASE WHEN p_state = 'WAITING' THEN NULL ELSE clock_timestamp() END
    WHERE l.letter_id = p_letter_id AND l.state = 'WAITING' AND p_state IN ('WAITING', 'PARKED', 'DONE');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'that letter does not wait' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- One recipient of a letter by the hash of his address; no row when there is none.
CREATE FUNCTION letter_recipient(p_letter_id uuid, p_name bytea) RETURNS TABLE (rank integer, content bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
BEGIN ATOMIC
    SELECT r.rank, r.content FROM letter_recipients r WHERE r.letter_id = p_letter_id AND r.name = p_name;
END;

-- Something is known of a recipient: its delivery (Z02) or its reading (Z03), good or not. What the sender asked to be told
-- of is queued. Each is told once; good news may be followed by bad news, once, and nothing follows bad news. False when
-- nothing changed. A recipient of whom a delivery is known is not sent the letter again.
CREATE FUNCTION letter_told(p_letter_id uuid, p_rank integer, p_event text, p_good boolean, p_ack_id uuid,
                            p_acknowledgement bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_found letter_recipients;
    v_said text := CASE WHEN p_good THEN 'Y' ELSE 'N' END;
    v_before text;
BEGIN
    SELECT * INTO v_found FROM letter_recipients r WHERE r.letter_id = p_letter_id AND r.rank = p_rank FOR UPDATE;
    v_before := CASE p_event WHEN 'Z02' THEN v_found.receipt WHEN 'Z03' THEN v_found.reading END;
    IF v_found.letter_id IS NULL OR p_event NOT IN ('Z02', 'Z03') OR v_before = 'N' OR v_before = v_said THEN
        RETURN false;
    END IF;
    IF p_event = 'Z02' THEN
        UPDATE letter_recipients r SET receipt = v_said,
            state = CASE WHEN r.state <> 'WAITING' THEN r.state WHEN p_good THEN 'ACCEPTED' ELSE 'REFUSED' END
            WHERE r.letter_id = p_letter_id AND r.rank = p_rank;
    ELSE
        UPDATE letter_recipients r SET reading = v_said WHERE r.letter_id = p_letter_id AND r.rank = p_rank;
    END IF;
    IF (p_event = 'Z02' AND v_found.wants_receipt) OR (p_event = 'Z03' AND v_found.wants_reading) THEN
        INSERT INTO acknowledgements (ack_id, message_id, destination, content, event)
            SELECT p_ack_id, l.message_id, v_found.destination, p_acknowledgement, p_event
            FROM letters l WHERE l.letter_id = p_letter_id;
    END IF;
    RETURN true;
END $$;

-- As before, and what letters hold.
CREATE OR REPLACE FUNCTION inbox_load() RETURNS TABLE (messages bigint, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
BEGIN ATOMIC
    SELECT (SELECT count(*) FROM inbox i WHERE i.state IN ('WAITING', 'PARKED')),
           ((SELECT coalesce(sum(i.size), 0) FROM inbox i WHERE i.state IN ('WAITING', 'PARKED'))
            + (SELECT coalesce(sum(l.size), 0) FROM letters l WHERE l.state IN ('WAITING', 'PARKED')))::bigint;
END;

-- As before, and whether it is sealed.
DROP FUNCTION acknowledgement_claim();
CREATE FUNCTION acknowledgement_claim()
RETURNS TABLE (ack_id uuid, destination text, content bytea, attempts integer, sealed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
    SELECT a.ack_id, a.destination, a.content, a.attempts, a.event <> 'Z01' FROM acknowledgements a
    WHERE a.state = 'WAITING' AND a.not_before <= clock_timestamp()
    ORDER BY a.not_before, a.ack_id LIMIT 1 FOR UPDATE SKIP LOCKED
$$;

-- As before, and letters: a notice that comes later finds nobody.
CREATE OR REPLACE FUNCTION inbox_forget(p_days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_count bigint;
BEGIN
    IF p_days < 1 THEN
        RAISE EXCEPTION 'a control id is remembered for a day at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM acknowledgements a
        WHERE a.state IN ('DONE', 'DROPPED') AND a.ended_at < clock_timestamp() - make_interval(days => p_days);
    DELETE FROM letters l
        WHERE l.state IN ('DONE', 'DROPPED') AND l.ended_at < clock_timestamp() - make_interval(days => p_days);
    DELETE FROM inbox i
        WHERE i.state IN ('DONE', 'DROPPED') AND i.ended_at < clock_timestamp() - make_interval(days => p_days);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;

REVOKE ALL ON letters, letter_recipients FROM PUBLIC;
REVOKE ALL ON FUNCTION
    letter_put(uuid, uuid, text, bytea, bigint, bytea[], bytea[], text, boolean, boolean), letter_claim(),
    letter_answered(uuid, integer, text, text), letter_finish(uuid, text, text, double precision),
    letter_recipient(uuid, bytea), letter_told(uuid, integer, text, boolean, uuid, bytea), acknowledgement_claim() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    letter_put(uuid, uuid, text, bytea, bigint, bytea[], bytea[], text, boolean, boolean), letter_claim(),
    letter_answered(uuid, integer, text, text), letter_finish(uuid, text, text, double precision),
    letter_recipient(uuid, bytea), letter_told(uuid, integer, text, boolean, uuid, bytea), acknowledgement_claim() TO ecluse_hl7v2;
