-- A save writes its version and nothing else. The end of the log is its last version, and writers take turns by the key
-- of the log and a lock that is kept in memory. The row of `meta` notes where the log ended when whoever writes last
-- caught up: up to that seq states are where they belong in the lists by change and versions are counted in `activity`,
-- and the log cannot be shorter.
UPDATE states SET listed_seq = last.seq FROM (
    SELECT s.state_pk, (SELECT max(v.seq) FROM versions AS v WHERE v.state_pk = s.state_pk) AS seq
    FROM states AS s
    WHERE s.state_pk IN (SELECT state_pk FROM versions WHERE seq > (SELECT listed FROM meta))
) AS last WHERE states.state_pk = last.state_pk AND states.listed_seq <> last.seq;
ALTER TABLE meta DROP COLUMN listed, DROP COLUMN last_state;
