-- What requests with an Idempotency-Key did, as JSON; written with what they did, and kept for a day.
CREATE TABLE receipts (
    key text PRIMARY KEY,
    at bigint NOT NULL,
    receipt text NOT NULL
);
CREATE INDEX receipts_at ON receipts (at);
