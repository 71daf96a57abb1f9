-- The audit trail: one hash chain per door. Nothing is ever changed or removed.
--   leaf = SHA-256(0x00 || event)      hash = SHA-256(hash of the event before || leaf)
-- The event before the first has a hash of 32 zero bytes.

CREATE TABLE audit_chains (
    door text PRIMARY KEY CHECK (door IN ('ingest', 'consultation', 'administration')),
    size bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32)
) WITH (fillfactor = 10);
COMMENT ON TABLE audit_chains IS 'Head of each chain. Its row is locked by every append, until the commit.';
INSERT INTO audit_chains
    SELECT door, 0, decode(repeat('00', 32), 'hex') FROM unnest(ARRAY['ingest', 'consultation', 'administration']) AS door;

CREATE TABLE audit_events (
    door     text NOT NULL REFERENCES audit_chains,
    sequence bigint NOT NULL CHECK (sequence > 0),
    event    text NOT NULL,                     -- canonical JSON, exactly the bytes that were hashed
    hash     bytea NOT NULL,
    PRIMARY KEY (door, sequence)
);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % of % refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'XDS03';
END $$;

CREATE FUNCTION audit_head_only_grows() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF NEW.door <> OLD.door OR NEW.size <= OLD.size THEN
        RAISE EXCEPTION 'the head of an audit chain only grows' USING ERRCODE = 'XDS03';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER events_stay_all BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER heads_stay BEFORE DELETE ON audit_chains FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER heads_stay_all BEFORE TRUNCATE ON audit_chains FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER heads_grow BEFORE UPDATE ON audit_chains FOR EACH ROW EXECUTE FUNCTION audit_head_only_grows();

-- Append events to the chain of whoever is connected; returns the sequence of the last one. The door is never an
-- argument: a role cannot write in another's chain.
CREATE FUNCTION audit_append(p_events text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_door  text := CASE session_user WHEN 'ecluse_ingest' THEN 'ingest'
                                      WHEN 'ecluse_consultation' THEN 'consultation'
                                      ELSE 'administration' END;
    v_size  bigint;
    v_hash  bytea;
    v_event text;
BEGIN
    SELECT size, hash INTO STRICT v_size, v_hash FROM audit_chains WHERE door = v_door FOR UPDATE;
    FOREACH v_event IN ARRAY p_events LOOP
        v_size := v_size + 1;
        v_hash := sha256(v_hash || sha256('\x00'::bytea || convert_to(v_event, 'UTF8')));
        INSERT INTO audit_events (door, sequence, event, hash) VALUES (v_door, v_size, v_event, v_hash);
    END LOOP;
    UPDATE audit_chains SET size = v_size, hash = v_hash WHERE door = v_door;
    RETURN v_size;
END $$;

REVOKE ALL ON audit_chains, audit_events FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_is_append_only(), audit_head_only_grows(), audit_append(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(text[]) TO ecluse_ingest, ecluse_consultation;
