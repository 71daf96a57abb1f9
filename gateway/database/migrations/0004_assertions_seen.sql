-- Assertions already accepted, so that one cannot serve twice for something else.

CREATE TABLE assertions_seen (
    assertion  bytea PRIMARY KEY CHECK (length(assertion) = 32),    -- SHA-256 of issuer and assertion id
    binding    bytea NOT NULL CHECK (length(binding) = 32),         -- SHA-256 of what it was used for
    expires_at timestamptz NOT NULL
);
CREATE INDEX assertions_seen_expiry ON assertions_seen (expires_at);

-- True when the assertion is new or comes back for the same use. The unique index decides between two callers. One
-- insertion in 64 clears a hundred expired rows.
CREATE FUNCTION assertion_seen(p_assertion bytea, p_binding bytea, p_expires_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    INSERT INTO assertions_seen (assertion, binding, expires_at) VALUES (p_assertion, p_binding, p_expires_at)
        ON CONFLICT (assertion) DO NOTHING;
    IF NOT FOUND THEN
        RETURN COALESCE((SELECT binding = p_binding FROM assertions_seen WHERE assertion = p_assertion), false);
    END IF;
    IF get_byte(p_assertion, 0) < 4 THEN
        DELETE FROM assertions_seen WHERE assertion IN (
            SELECT assertion FROM assertions_seen WHERE expires_at < now() AND assertion <> p_assertion
            ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN true;
END $$;

REVOKE ALL ON assertions_seen FROM PUBLIC;
REVOKE ALL ON FUNCTION assertion_seen(bytea, bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assertion_seen(bytea, bytea, timestamptz) TO ecluse_ingest, ecluse_consultation;
