//! How much was written when: from the counters by minute and the end of the log that they do not count yet, or from the
//! log alone where buckets are finer.

use std::collections::BTreeMap;

use stateloft_core::api::ActivityBucket;
use stateloft_core::model::{Seq, StateType, Timestamp};

use super::rows::{self, Row, sql};
use super::{Connection, Statement, heads, times};
use crate::store::{Activity, Result};

const MINUTE: i64 = 60_000_000;

/// Versions per bucket and author since a time.
pub(super) async fn read(
    connection: &mut impl Connection,
    since: Timestamp,
    bucket_micros: i64,
) -> Result<Activity> {
    let bucket = bucket_micros.max(1);
    let mut sums = Sums::default();
    let start = if since.micros() % MINUTE == 0 && bucket % MINUTE == 0 {
        // Every minute lies in one bucket: the counters are enough, as far as they go.
        let minutes = "SELECT (minute - $1 / 60000000) / ($2 / 60000000) AS bucket, state_type, author, \
                       CAST(sum(versions) AS bigint), max(last_seq), max(last_at) \
                       FROM activity WHERE minute >= $1 / 60000000 GROUP BY 1, 2, 3";
        let minutes = Statement::new(minutes).bind(since.micros()).bind(bucket);
        for row in connection.all(minutes).await? {
            sums.add(&row)?;
        }
        heads::kept_up(connection).await?
    } else {
        let before = Timestamp::from_micros(since.micros().saturating_sub(1));
        times::seq_at(connection, before).await?
    };
    let versions = "SELECT (v.recorded_at - $1) / $2 AS bucket, s.state_type, \
                    CASE WHEN v.author IS NULL THEN '' ELSE '=' || v.author END, \
                    count(*), max(v.seq), max(v.recorded_at) \
                    FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk \
                    WHERE v.seq > $3 AND v.recorded_at >= $1 GROUP BY 1, 2, 3";
    let versions = Statement::new(versions).bind(since.micros()).bind(bucket).bind(sql(start.0));
    for row in connection.all(versions).await? {
        sums.add(&row)?;
    }
    Ok(sums.into_activity())
}

#[derive(Default)]
struct Sums {
    buckets: BTreeMap<(u32, Option<String>), ActivityBucket>,
    last: BTreeMap<Option<String>, Timestamp>,
    by_type: BTreeMap<StateType, u64>,
}

impl Sums {
    fn add(&mut self, row: &impl Row) -> Result<()> {
        let index = u32::try_from(rows::number(row, 0)?).unwrap_or(u32::MAX);
        let author = rows::text(row, 2)?.strip_prefix('=').map(str::to_owned);
        let (count, last_seq) = (rows::number(row, 3)?, Seq(rows::number(row, 4)?));
        let last_at = rows::time(row, 5)?;
        let bucket = self.buckets.entry((index, author.clone())).or_insert(ActivityBucket {
            index,
            author: author.clone(),
            count: 0,
            last_seq,
        });
        bucket.count += count;
        bucket.last_seq = bucket.last_seq.max(last_seq);
        let last = self.last.entry(author).or_default();
        *last = last_at.max(*last);
        *self.by_type.entry(heads::state_type(rows::text(row, 1)?)?).or_default() += count;
        Ok(())
    }

    fn into_activity(self) -> Activity {
        Activity {
            buckets: self.buckets.into_values().collect(),
            last_by_author: self.last.into_iter().collect(),
            by_type: self.by_type.into_iter().collect(),
        }
    }
}
