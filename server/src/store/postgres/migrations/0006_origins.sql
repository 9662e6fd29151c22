-- Where versions come from: which run of a program wrote them, and why. Only what says something of it has a row. A table
-- of its own, because a column that is added to the log would stand behind the data, and reading it would mean to walk
-- over that; and because lists by run and by correlation read nothing else.
CREATE TABLE origins (
    seq BIGINT PRIMARY KEY,
    run_id TEXT,
    correlation_id TEXT,
    causation_id TEXT
);
CREATE INDEX origins_run ON origins (run_id, seq) WHERE run_id IS NOT NULL;
CREATE INDEX origins_correlation ON origins (correlation_id, seq) WHERE correlation_id IS NOT NULL;
