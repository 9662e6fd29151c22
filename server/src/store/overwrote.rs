//! Who had written before what a stretch of the log wrote, for stores that cannot ask that at once.

use stateloft_core::api::VersionView;
use stateloft_core::model::{Seq, StateKey, VersionNumber};

use super::{LOOKED_BACK, Log, Overwrote, Result, StoreError};

/// Versions that are read in one go.
const STRETCH: u64 = 1_000;

/// See [`Log::overwrote`].
pub(super) async fn one_by_one(
    log: &(impl Log + ?Sized),
    stretches: &[(Seq, Seq)],
) -> Result<Vec<Overwrote>> {
    let mut found = Vec::new();
    for (first, last) in stretches {
        let mut after = Seq(first.0.saturating_sub(1));
        while after < *last {
            let limit = usize::try_from((last.0 - after.0).min(STRETCH)).unwrap_or(1);
            let views = match log.views_after(after, limit).await {
                // Nobody knows what it was. Whole ones may follow.
                Err(StoreError::DamagedVersion(damaged)) => {
                    after = damaged.seq;
                    continue;
                }
                other => other?,
            };
            let Some(end) = views.last() else { break };
            after = end.seq;
            for view in views {
                found.push(one(log, view).await?);
            }
        }
    }
    Ok(found)
}

async fn one(log: &(impl Log + ?Sized), view: VersionView) -> Result<Overwrote> {
    let key = StateKey { state_type: view.state_type, state_id: view.state_id };
    for number in (1..view.version.0).rev().take(LOOKED_BACK) {
        let version = log.version(&key, VersionNumber(number)).await?;
        if let Some(run_id) = version.and_then(|version| version.origin.as_ref()?.run_id.clone()) {
            return Ok(Overwrote { seq: view.seq, key, run_id: Some(run_id) });
        }
    }
    Ok(Overwrote { seq: view.seq, key, run_id: None })
}
