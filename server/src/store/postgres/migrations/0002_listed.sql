-- Where a state's head is, the log says. A state's row is written when the state comes, goes, changes hands or breaks or
-- keeps its rules, and not with every save, which would cost more than the save. What was the seq of the head is now the
-- state's place in the lists by change, which the writer brings up to date from time to time: a state without versions
-- behind the seq `listed` is where it belongs; what moved later is found at the end of the log.
ALTER TABLE states RENAME COLUMN head_seq TO listed_seq;
ALTER TABLE meta ADD COLUMN listed bigint NOT NULL DEFAULT 0;
UPDATE meta SET listed = seq;
-- The rule that there is one row only was read anew with every group.
ALTER TABLE meta DROP CONSTRAINT meta_id_check;
-- Versions of a state are numbered in the order of their seqs, so the index by seq finds them by number as well.
DROP INDEX versions_version;
