-- A save writes its version and nothing else. The end of the log is its last version. The row of `meta` notes where the
-- log ended when the writer last caught up: up to that seq states are where they belong in the lists by change and
-- versions are counted in `activity`, and the log cannot be shorter.
UPDATE states SET listed_seq = last.seq FROM (
    SELECT DISTINCT v.state_pk, (SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = v.state_pk) AS seq
    FROM versions AS v WHERE v.seq > (SELECT listed FROM meta)
) AS last WHERE states.state_pk = last.state_pk AND states.listed_seq <> last.seq;
ALTER TABLE meta DROP COLUMN listed;
