-- What requests with an Idempotency-Key did, as JSON; written with what they did, and kept for a day.
CREATE TABLE receipts (
    key TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    receipt TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX receipts_at ON receipts (at);
