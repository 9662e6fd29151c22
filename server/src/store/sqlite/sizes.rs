//! Bytes on disk by table. SQLite has to look at every page for that, a third of a second for 850 MB that are in memory: it
//! is done beside everything else, and not again before a hundred times as long has passed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stateloft_core::api::StoreSizes;

use super::failed;
use super::readers::Readers;
use crate::store::Result;
use crate::store::lanes::Lane;

/// Not again before this.
const EVERY: Duration = Duration::from_secs(10);
/// Nor before so many times what it took.
const SHARE: u32 = 100;
/// Larger files are not looked through: what reads them for minutes keeps the write-ahead log from being tidied up.
const LARGEST: u64 = 32 << 30;
/// Who asks waits so long at most; then there is what was measured before.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was measured last.
#[derive(Debug, Clone, Default)]
pub(super) struct Sizes(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    running: bool,
    last: Option<(Instant, Duration, StoreSizes)>,
}

impl Known {
    fn is_due(&self) -> bool {
        let rested =
            |(at, took, _): &(Instant, Duration, StoreSizes)| at.elapsed() >= EVERY.max(*took * SHARE);
        !self.running && self.last.as_ref().is_none_or(rested)
    }
}

impl Sizes {
    /// What is known, measured anew when that is due; `None` where nothing is. `file` is how large the file is.
    pub(super) async fn get(&self, readers: &Arc<Readers>, file: u64) -> Option<StoreSizes> {
        let due = file <= LARGEST && {
            let mut known = self.known();
            let due = known.is_due();
            known.running |= due;
            due
        };
        if due {
            let (sizes, readers) = (self.clone(), Arc::clone(readers));
            let measuring = tokio::spawn(async move {
                let begun = Instant::now();
                let measured = measure(&readers).await;
                let mut known = sizes.known();
                known.running = false;
                match measured {
                    Ok(found) => known.last = Some((Instant::now(), begun.elapsed(), found)),
                    Err(error) => tracing::debug!(%error, "the tables' sizes were not measured"),
                }
            });
            // It goes on when nobody waits for it any more.
            let _ = tokio::time::timeout(PATIENCE, measuring).await;
        }
        let known = self.known();
        let (at, _, sizes) = known.last.as_ref()?;
        Some(StoreSizes { age_seconds: at.elapsed().as_secs(), ..sizes.clone() })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn measure(readers: &Readers) -> Result<StoreSizes> {
    const SQL: &str = "SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat AS s \
                       LEFT JOIN sqlite_master AS m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1";
    let tables: Vec<(String, i64)> =
        sqlx::query_as(SQL).fetch_all(&mut *readers.lend(Lane::Long).await?).await.map_err(failed)?;
    let mut sizes = StoreSizes::default();
    for (table, bytes) in tables {
        let part = match table.as_str() {
            "states" => &mut sizes.heads_bytes,
            "versions" => &mut sizes.history_bytes,
            _ => &mut sizes.other_bytes,
        };
        *part += u64::try_from(bytes).unwrap_or_default();
    }
    Ok(sizes)
}
