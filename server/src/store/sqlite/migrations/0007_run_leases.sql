-- When runs renewed their leases last, in microseconds since 1970, and how long these are. What decides whether a run may write is its
-- session in the log; this says when it has to be ended, and is written about once a second.
CREATE TABLE run_leases (
    run_id TEXT PRIMARY KEY,
    term INTEGER NOT NULL,
    renewed_at INTEGER,
    ended INTEGER NOT NULL
) WITHOUT ROWID;
