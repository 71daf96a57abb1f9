-- What the law of the DMP needs to know of a record, what is written down inside it, and what must be told of it.

-- How far the law's clock of this house runs ahead of ours. Assertions, certificates and the audit trail keep real time:
-- ten years pass for records, not for keys.
CREATE TABLE law_clock (
    ahead interval NOT NULL CHECK (ahead >= interval '0')
);
CREATE UNIQUE INDEX law_clock_is_one ON law_clock ((true));
INSERT INTO law_clock VALUES ('0');

CREATE FUNCTION law_clock_only_advances() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.ahead < OLD.ahead THEN
        RAISE EXCEPTION 'the clock of the law never goes back' USING ERRCODE = 'XDS03';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_clock_advances BEFORE INSERT OR UPDATE OR DELETE ON law_clock
    FOR EACH ROW EXECUTE FUNCTION law_clock_only_advances();

CREATE FUNCTION law_now() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ecluse, pg_temp
RETURN now() + (SELECT ahead FROM law_clock);

ALTER TABLE records DROP CONSTRAINT records_status_check, DROP CONSTRAINT records_check;
ALTER TABLE records
    ADD COLUMN attached_to_ens boolean NOT NULL DEFAULT true,
    ADD COLUMN birth_date date,
    ADD COLUMN etreat boolean NOT NULL DEFAULT true,
    ADD COLUMN btg boolean NOT NULL DEFAULT true,
    ADD COLUMN masked boolean NOT NULL DEFAULT false,
    ADD COLUMN default_masking boolean NOT NULL DEFAULT false,
    ADD COLUMN closing_motive text,             -- code of 1.2.250.1.213.4.1.2.4
    ADD COLUMN closing_reason text,
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN deceased_on date,
    ADD COLUMN destruction_requested_at timestamptz,
    ADD CONSTRAINT records_status CHECK (status IN ('OPEN', 'SUSPENDED', 'CLOSED', 'MERGED')),
    ADD CONSTRAINT records_closing CHECK ((status IN ('OPEN', 'SUSPENDED')) = (closed_at IS NULL)),
    ADD CONSTRAINT records_suspension CHECK ((status = 'SUSPENDED') = (suspended_at IS NOT NULL)),
    ADD CONSTRAINT records_emergency CHECK (NOT masked OR etreat OR btg);
COMMENT ON COLUMN records.masked IS 'In an emergency masked documents may be read too: only while the patient permits one kind of emergency access.';

CREATE TABLE openings (
    patient_key     uuid NOT NULL REFERENCES records,
    opened_at       timestamptz NOT NULL,
    closed_at       timestamptz NOT NULL,
    closing_motive  text,
    closing_reason  text,
    attached_to_ens boolean NOT NULL,
    PRIMARY KEY (patient_key, opened_at)
);
COMMENT ON TABLE openings IS 'Past lives of a record that was closed and reactivated; the present one is in records.';

CREATE TABLE holders (
    patient_key         uuid PRIMARY KEY REFERENCES records,
    traits              jsonb NOT NULL,         -- identity and address, as last declared
    email               text,
    mobile              text,
    notify_documents    boolean NOT NULL DEFAULT true,
    updated_at          timestamptz NOT NULL DEFAULT law_now()
);
COMMENT ON TABLE holders IS 'Who holds the record, and where notices and one-time codes go.';

CREATE TABLE legal_representatives (
    patient_key       uuid NOT NULL REFERENCES records,
    representative_id uuid NOT NULL DEFAULT gen_random_uuid(),
    relationship      text NOT NULL,            -- code of 2.16.840.1.113883.1.11.19579
    traits            jsonb NOT NULL,
    email             text,
    mobile            text,
    PRIMARY KEY (patient_key, representative_id)
);

CREATE TABLE patient_accounts (
    patient_key   uuid PRIMARY KEY REFERENCES records,
    login         text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    channel       text CHECK (channel IN ('EMAIL', 'SMS')),
    opened_at     timestamptz NOT NULL DEFAULT law_now()
);

ALTER TABLE authorisations
    ADD COLUMN holder_kind text NOT NULL DEFAULT 'PS' CHECK (holder_kind IN ('PS', 'STRUCTURE')),
    ADD COLUMN medecin_traitant boolean NOT NULL DEFAULT false,
    ADD COLUMN holder_name text NOT NULL DEFAULT '',
    ADD COLUMN profession text NOT NULL DEFAULT '',
    ADD COLUMN structure_id text NOT NULL DEFAULT '',
    ADD COLUMN last_access_at timestamptz;
COMMENT ON COLUMN authorisations.professional_id IS 'PS_IdNat, or Struct_IdNat where holder_kind is STRUCTURE.';
CREATE INDEX authorisations_professional ON authorisations (professional_id);

-- When the document reached the record, by the law's clock; what its first version has, its later versions have.
ALTER TABLE document_entries
    ADD COLUMN deposited_at timestamptz NOT NULL DEFAULT law_now(),
    ADD COLUMN reminded_at timestamptz,         -- the holder was told that something waits for him (CSP R1111-53)
    ADD COLUMN read_by_patient_at timestamptz,
    ADD COLUMN mask_when_visible boolean NOT NULL DEFAULT false;

CREATE FUNCTION version_keeps_its_times() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
DECLARE
    v_before document_entries;
BEGIN
    SELECT e.* INTO v_before FROM document_entries e WHERE e.logical_id = NEW.logical_id AND e.version < NEW.version
        ORDER BY e.version DESC LIMIT 1;
    IF FOUND THEN
        NEW.deposited_at := v_before.deposited_at;
        NEW.reminded_at := v_before.reminded_at;
        NEW.read_by_patient_at := v_before.read_by_patient_at;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_times BEFORE INSERT ON document_entries
    FOR EACH ROW WHEN (NEW.version > 1) EXECUTE FUNCTION version_keeps_its_times();

-- Everything done to a record, accepted or refused, kept inside it (CSP R1111-43). `request_id` is that of the event of
-- the audit trail, which proves it; a trace is erased with its record, the proof is not.
CREATE TABLE traces (
    patient_key     uuid NOT NULL REFERENCES records,
    trace_id        uuid NOT NULL DEFAULT gen_random_uuid(),
    at              timestamptz NOT NULL DEFAULT law_now(),
    operation       text NOT NULL,
    outcome         text NOT NULL,
    actor_kind      text NOT NULL,
    actor_id        text NOT NULL,
    actor_name      text NOT NULL,
    actor_structure text NOT NULL,
    actor_role      text NOT NULL,
    auth_mode       text NOT NULL,
    lps             text NOT NULL,
    request_id      text NOT NULL,
    mode            text NOT NULL,
    reason          text NOT NULL,
    secret          boolean NOT NULL,
    documents       text[] NOT NULL,
    code            text NOT NULL,
    rule            text NOT NULL,
    PRIMARY KEY (patient_key, trace_id)
);
CREATE INDEX traces_at ON traces (patient_key, at);

-- Events that somebody must be told of, once for each subject. Who is told, where and how is decided when it is sent.
CREATE TABLE outbox (
    notice_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_key uuid NOT NULL,
    kind        text NOT NULL,
    subject     text NOT NULL,
    secret      boolean NOT NULL DEFAULT false,
    at          timestamptz NOT NULL DEFAULT law_now(),
    facts       jsonb NOT NULL DEFAULT '{}',
    attempts    integer NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    UNIQUE (patient_key, kind, subject)
);
CREATE INDEX outbox_waiting ON outbox (not_before) WHERE done_at IS NULL;
COMMENT ON TABLE outbox IS 'No clinical content. patient_key has no foreign key: the news of a destruction outlives the record.';

-- Write traces and what they announce; a patient without record has none. Each object has the columns of traces,
-- `patient` (CX) and `notices` ([{"kind", "subject"}]).
CREATE FUNCTION trace_append(p_traces jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    WITH told AS (
        SELECT r.patient_key, t.* FROM jsonb_to_recordset(p_traces) AS t (
            patient text, operation text, outcome text, actor_kind text, actor_id text, actor_name text,
            actor_structure text, actor_role text, auth_mode text, lps text, request_id text, mode text, reason text,
            secret boolean, documents text[], code text, rule text, notices jsonb)
        JOIN patients p ON p.patient_id = t.patient
        JOIN records r ON r.patient_key = p.patient_key AND r.status <> 'MERGED'
    ), written AS (
        INSERT INTO traces (patient_key, operation, outcome, actor_kind, actor_id, actor_name, actor_structure, actor_role,
                            auth_mode, lps, request_id, mode, reason, secret, documents, code, rule)
        SELECT patient_key, operation, outcome, actor_kind, actor_id, actor_name, actor_structure, actor_role, auth_mode,
               lps, request_id, mode, reason, secret, documents, code, rule FROM told
    )
    INSERT INTO outbox (patient_key, kind, subject, secret)
        SELECT told.patient_key, n.kind, n.subject, told.secret
        FROM told CROSS JOIN LATERAL jsonb_to_recordset(told.notices) AS n (kind text, subject text)
        ON CONFLICT (patient_key, kind, subject) DO NOTHING;
END $$;

-- Events of the audit trail and the traces of the same acts, in one statement.
CREATE FUNCTION access_append(p_events text[], p_traces jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ecluse, pg_temp AS $$
BEGIN
    PERFORM trace_append(p_traces);
    RETURN audit_append(p_events);
END $$;

-- What remains of a record that was destroyed: nothing that names a person.
CREATE TABLE destructions (
    proof_id     uuid PRIMARY KEY,
    destroyed_at timestamptz NOT NULL,          -- by the law's clock
    motive       text NOT NULL,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    documents    integer NOT NULL,
    keys         integer NOT NULL,
    record_hash  bytea NOT NULL CHECK (length(record_hash) = 32)    -- SHA-256 of the key of the record
);

REVOKE ALL ON law_clock, openings, holders, legal_representatives, patient_accounts, traces, outbox, destructions FROM PUBLIC;
REVOKE ALL ON FUNCTION law_clock_only_advances(), law_now(), version_keeps_its_times(), trace_append(jsonb),
    access_append(text[], jsonb) FROM PUBLIC;
GRANT SELECT ON law_clock, openings, holders, legal_representatives, traces TO ecluse_consultation;
GRANT EXECUTE ON FUNCTION trace_append(jsonb), access_append(text[], jsonb) TO ecluse_ingest, ecluse_consultation;
GRANT EXECUTE ON FUNCTION law_now() TO ecluse_consultation;
