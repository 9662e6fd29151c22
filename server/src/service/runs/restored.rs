//! Which programs' states were restored.

use std::collections::BTreeMap;

use stateloft_core::api::{RestoreRecord, RunRestore, RunRestores, TouchedRun};
use stateloft_core::model::{RunId, Seq, StateKey, Timestamp, is_kept_of_runs};

use super::super::read::page_size;
use super::super::{Result, Service};
use crate::store::Overwrote;

/// Versions that are looked at for one answer. Each costs a short read of the log.
const LOOKED_AT: u64 = 2_000;

/// How much of a restore is looked at.
struct Look {
    record: RestoreRecord,
    /// From its first version up to this one.
    last: Seq,
}

impl Service {
    /// Restores since a time that wrote what runs had written: `GET /runs/restores`.
    pub async fn restores_of_runs(&self, from: Option<Timestamp>, limit: usize) -> Result<RunRestores> {
        let page = self.store.restores(page_size(limit)?, None).await?;
        let is_meant = |record: &RestoreRecord| from.is_none_or(|from| record.timestamp >= from);
        let earliest = page.rows.last().map(|record| record.timestamp).filter(|_| page.next.is_some());
        let mut before = earliest.filter(|earliest| from.is_none_or(|from| *earliest > from));
        let mut left = LOOKED_AT;
        let mut looks = Vec::new();
        for record in page.rows.into_iter().filter(is_meant) {
            if left == 0 {
                before = looks.last().map(|look: &Look| look.record.timestamp);
                break;
            }
            let all = (record.last_seq.0 + 1).saturating_sub(record.first_seq.0);
            let looked = all.min(left);
            left -= looked;
            let last = Seq((record.first_seq.0 + looked).saturating_sub(1));
            looks.push(Look { record, last });
        }
        let stretches: Vec<(Seq, Seq)> =
            looks.iter().map(|look| (look.record.first_seq, look.last)).collect();
        let overwrote = self.store.overwrote(&stretches).await?;
        let restores = looks.into_iter().filter_map(|look| touched(look, &overwrote)).collect();
        Ok(RunRestores { restores, before })
    }
}

/// What a restore wrote of runs; nothing if it is certain that it wrote nothing of any.
fn touched(look: Look, overwrote: &[Overwrote]) -> Option<RunRestore> {
    let Look { record, last } = look;
    let mut runs: BTreeMap<String, u64> = BTreeMap::new();
    let own = overwrote.iter().filter(|one| (record.first_seq..=last).contains(&one.seq));
    for run in own.filter_map(run_of) {
        *runs.entry(run).or_default() += 1;
    }
    let not_looked_at = record.last_seq.0.saturating_sub(last.0);
    (!runs.is_empty() || not_looked_at > 0).then(|| RunRestore {
        restore_id: record.restore_id,
        timestamp: record.timestamp,
        seq: record.last_seq,
        reason: record.reason,
        runs: runs.into_iter().map(|(run_id, states)| TouchedRun { run_id, states }).collect(),
        not_looked_at,
    })
}

/// Whose a state was that was written over: a session is its run's, and what is kept of runs is nobody's work.
fn run_of(one: &Overwrote) -> Option<String> {
    if is_kept_of_runs(&one.key) {
        return None;
    }
    session(&one.key).or_else(|| one.run_id.as_deref().map(str::to_owned))
}

fn session(key: &StateKey) -> Option<String> {
    let id: RunId = key.state_id.as_str().parse().ok().filter(|_| key.state_type.as_str() == "session")?;
    Some(id.to_string())
}
