-- Texts are compared byte by byte (COLLATE "C"), whatever the database's language, so that lists have one order
-- everywhere and prefixes are ranges of an index.

-- One row: the end of the log. Whoever writes changes this row in the same transaction, so writers of several servers
-- take turns here, and seqs have no gaps and are in the order of commits.
CREATE TABLE meta (
    id integer PRIMARY KEY CHECK (id = 1),
    layout bigint NOT NULL,
    seq bigint NOT NULL,
    chain_hash bytea NOT NULL,
    recorded_at bigint NOT NULL,
    last_state bigint NOT NULL,
    last_snapshot bigint NOT NULL
) WITH (fillfactor = 10);

-- One row a state: its key, where its last version is, and what lists filter by.
CREATE TABLE states (
    state_pk bigint PRIMARY KEY,
    state_type text COLLATE "C" NOT NULL,
    state_id text COLLATE "C" NOT NULL,
    head_seq bigint NOT NULL,
    deleted boolean NOT NULL,
    validity smallint NOT NULL, -- 0 not checked, 1 valid, 2 invalid
    author text COLLATE "C"
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX states_key ON states (state_type, state_id);
CREATE INDEX states_id ON states (state_id);
CREATE INDEX states_changed ON states (head_seq);
CREATE INDEX states_type_changed ON states (state_type, head_seq);
CREATE INDEX states_deleted ON states (head_seq) WHERE deleted;
CREATE INDEX states_invalid ON states (head_seq) WHERE validity = 2;

-- The log. Times are microseconds since 1970 and grow with seq, so they need no index. The data is text, never jsonb,
-- which would change it. No foreign key: every version is written together with its state, and checking it again would
-- cost as much as writing it.
CREATE TABLE versions (
    seq bigint PRIMARY KEY,
    state_pk bigint NOT NULL,
    version bigint NOT NULL,
    operation text NOT NULL,
    content_hash bytea,
    chain_hash bytea NOT NULL,
    recorded_at bigint NOT NULL,
    author text COLLATE "C",
    description text,
    batch_id text,
    verdict text COLLATE "C" NOT NULL,
    change text NOT NULL,
    size bigint NOT NULL,
    data text COLLATE "C"
);
CREATE UNIQUE INDEX versions_version ON versions (state_pk, version);
CREATE INDEX versions_state ON versions (state_pk, seq);

-- How many states there are, kept with every write, so that nobody has to count.
CREATE TABLE totals (
    state_type text COLLATE "C" PRIMARY KEY,
    live bigint NOT NULL,
    deleted bigint NOT NULL,
    invalid bigint NOT NULL
) WITH (fillfactor = 50);

-- Versions by minute, type and author, kept with every write. The author has '=' before it; '' is none.
CREATE TABLE activity (
    minute bigint NOT NULL,
    state_type text COLLATE "C" NOT NULL,
    author text COLLATE "C" NOT NULL,
    versions bigint NOT NULL,
    last_seq bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (minute, state_type, author)
) WITH (fillfactor = 70);

-- The number is given out under the lock of the counter, so it grows in the order of commits.
CREATE TABLE snapshots (
    number bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    seq bigint NOT NULL,
    description text,
    author text,
    created_at bigint NOT NULL,
    kind text NOT NULL
);

CREATE TABLE restores (
    last_seq bigint PRIMARY KEY,
    restore_id text COLLATE "C" NOT NULL UNIQUE,
    first_seq bigint NOT NULL,
    record text NOT NULL
);
