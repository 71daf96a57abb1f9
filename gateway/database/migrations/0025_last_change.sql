-- When a registered document last changed, for whoever asks what is new since (FHIR `_lastUpdated`): an instant of the
-- real clock, as a new version or another status is written. Documents that were there before changed now.

ALTER TABLE document_entries ADD COLUMN changed_at timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE FUNCTION entry_changes() RETURNS trigger LANGUAGE plpgsql SET search_path = ecluse, pg_temp AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER entry_changes BEFORE UPDATE OF status, codes ON document_entries
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.codes <> NEW.codes) EXECUTE FUNCTION entry_changes();

REVOKE ALL ON FUNCTION entry_changes() FROM PUBLIC;
