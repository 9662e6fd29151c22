-- One row: the end of the log.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    chain_hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL
);

-- One row a state: its key, where its last version is, and what lists filter by.
CREATE TABLE states (
    state_pk INTEGER PRIMARY KEY,
    state_type TEXT NOT NULL,
    state_id TEXT NOT NULL,
    head_seq INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    validity INTEGER NOT NULL, -- 0 not checked, 1 valid, 2 invalid
    author TEXT
);
CREATE UNIQUE INDEX states_key ON states (state_type, state_id);
CREATE INDEX states_id ON states (state_id);
CREATE INDEX states_changed ON states (head_seq);
CREATE INDEX states_type_changed ON states (state_type, head_seq);
CREATE INDEX states_deleted ON states (head_seq) WHERE deleted = 1;
CREATE INDEX states_invalid ON states (head_seq) WHERE validity = 2;

-- The log. Times are microseconds since 1970 and grow with seq, so they need no index. The data comes last, so that
-- reading the other columns does not touch its pages.
CREATE TABLE versions (
    seq INTEGER PRIMARY KEY,
    state_pk INTEGER NOT NULL REFERENCES states (state_pk),
    version INTEGER NOT NULL,
    operation TEXT NOT NULL,
    content_hash BLOB,
    chain_hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    author TEXT,
    description TEXT,
    batch_id TEXT,
    verdict TEXT NOT NULL,
    change TEXT NOT NULL,
    size INTEGER NOT NULL,
    data TEXT
);
CREATE UNIQUE INDEX versions_version ON versions (state_pk, version);
CREATE INDEX versions_state ON versions (state_pk, seq);

-- How many states there are, kept with every write, so that nobody has to count.
CREATE TABLE totals (
    state_type TEXT PRIMARY KEY,
    live INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    invalid INTEGER NOT NULL
) WITHOUT ROWID;

-- Versions by minute, type and author, kept with every write. The author has '=' before it; '' is none.
CREATE TABLE activity (
    minute INTEGER NOT NULL,
    state_type TEXT NOT NULL,
    author TEXT NOT NULL,
    versions INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (minute, state_type, author)
) WITHOUT ROWID;

CREATE TABLE snapshots (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    description TEXT,
    author TEXT,
    created_at INTEGER NOT NULL,
    kind TEXT NOT NULL
);

CREATE TABLE restores (
    last_seq INTEGER PRIMARY KEY,
    restore_id TEXT NOT NULL UNIQUE,
    first_seq INTEGER NOT NULL,
    record TEXT NOT NULL
);
