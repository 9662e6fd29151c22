-- What was imported, with the time at which the older system saved it, so that moments before an import are found without
-- looking through the log. Other versions are not in it.
CREATE INDEX versions_imported ON versions (seq, batch_id) WHERE substr(batch_id, 1, 7) = 'import:';
