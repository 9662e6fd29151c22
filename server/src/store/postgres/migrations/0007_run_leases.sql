-- When runs renewed their leases last, by this database's clock, and how long these are, in microseconds. What decides whether a run may
-- write is its session in the log; this says when it has to be ended. Unlogged would lose it in a crash, and with it who renewed last.
CREATE TABLE run_leases (
    run_id TEXT PRIMARY KEY,
    term BIGINT NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    renewed_at TIMESTAMPTZ,
    ended BOOLEAN NOT NULL
) WITH (fillfactor = 50);
-- When somebody looked at them last, and since when without a gap.
CREATE TABLE run_watch (
    id INTEGER PRIMARY KEY,
    seen_at TIMESTAMPTZ NOT NULL,
    since TIMESTAMPTZ NOT NULL
);
INSERT INTO run_watch (id, seen_at, since) VALUES (1, clock_timestamp(), clock_timestamp());
