-- The seq of the head changes with every save, so it is in no index any more: lists by change use `listed_seq`, where a
-- state stays until the writer brings it up to date. Up to the seq `listed` every head is where it belongs; what moved
-- later is found at the end of the log.
DROP INDEX states_changed;
DROP INDEX states_type_changed;
DROP INDEX states_deleted;
DROP INDEX states_invalid;
ALTER TABLE states ADD COLUMN listed_seq INTEGER NOT NULL DEFAULT 0;
UPDATE states SET listed_seq = head_seq;
CREATE INDEX states_changed ON states (listed_seq);
CREATE INDEX states_type_changed ON states (state_type, listed_seq);
CREATE INDEX states_deleted ON states (listed_seq) WHERE deleted = 1;
CREATE INDEX states_invalid ON states (listed_seq) WHERE validity = 2;

ALTER TABLE meta ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET listed = seq;
