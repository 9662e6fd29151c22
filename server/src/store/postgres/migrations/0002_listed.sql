-- An update that changes no indexed column touches no index. So the seq of the head, which changes with every save, is in
-- none any more: lists by change use `listed_seq`, where a state stays until the writer has time for it. Up to the seq
-- `listed` every head is where it belongs; what moved later is found at the end of the log.
DROP INDEX states_changed;
DROP INDEX states_type_changed;
DROP INDEX states_deleted;
DROP INDEX states_invalid;
ALTER TABLE states ADD COLUMN listed_seq bigint;
UPDATE states SET listed_seq = head_seq;
ALTER TABLE states ALTER COLUMN listed_seq SET NOT NULL;
-- Room for new rows beside the old ones, which such updates need.
ALTER TABLE states SET (fillfactor = 60);
CREATE INDEX states_changed ON states (listed_seq);
CREATE INDEX states_type_changed ON states (state_type, listed_seq);
CREATE INDEX states_deleted ON states (listed_seq) WHERE deleted;
CREATE INDEX states_invalid ON states (listed_seq) WHERE validity = 2;

-- The rule that there is one row only was read anew with every group.
ALTER TABLE meta DROP CONSTRAINT meta_id_check;
ALTER TABLE meta ADD COLUMN listed bigint NOT NULL DEFAULT 0;
UPDATE meta SET listed = seq;
