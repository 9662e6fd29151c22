//! Leases of runs: who still renews, and for how long nobody has.
//!
//! Renewals are no versions, so they are kept beside the log, and nothing of what is decided within a commit hangs on them: whether a
//! run may write is said by its session alone. A lease only says when the service has to end a run.
//!
//! No two clocks are compared. On PostgreSQL all is done by the database's clock; a store that one server owns counts by that
//! server's steady clock. Whoever looks, looks every moment: a gap between two looks means that nobody could renew either (every server
//! was down, the database was away, a clock was set), so that all leases begin anew behind it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stateloft_core::model::Timestamp;

use super::{Result, SystemTicks, Ticks as _};

/// Looks that are further apart than this have a gap between them.
pub(super) const GAP: Duration = Duration::from_secs(2);

/// A lease that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseTerm {
    /// Whose.
    pub run_id: String,
    /// How long it is from a renewal on.
    pub term: Duration,
}

/// How a lease is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseLook {
    /// Whose.
    pub run_id: String,
    /// How long it goes on without a renewal; nothing once it has ended, from when on it is not renewed any more.
    pub left: Duration,
    /// When it was renewed last, for people; `None` where that is not known.
    pub renewed_at: Option<Timestamp>,
    /// Since its last renewal there was a gap in which nobody could renew; it was given a full term behind it.
    pub interrupted: bool,
}

/// The leases of a store.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Begins or renews these. Says of each whether it is held; one that has ended is not.
    async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>>;
    /// Begins those of these that are not known, without saying that somebody has renewed them.
    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()>;
    /// Looks at all leases, and ends those whose term is over.
    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>>;
    /// Forgets the leases of these runs.
    async fn forget_leases(&self, run_ids: &[String]) -> Result<()>;
}

/// A lease as a store that one server owns keeps it on its disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptLease {
    pub(super) run_id: String,
    pub(super) term_micros: u64,
    pub(super) renewed_at: Option<Timestamp>,
    pub(super) ended: bool,
}

/// The leases of a store that this server owns alone.
#[derive(Debug, Default)]
pub(super) struct OwnLeases {
    ticks: SystemTicks,
    book: Mutex<Book>,
}

impl OwnLeases {
    /// With what an earlier server kept.
    pub(super) fn with(kept: Vec<KeptLease>) -> Self {
        let rows = kept.into_iter().map(|kept| (kept.run_id.clone(), Row::of(&kept))).collect();
        Self { ticks: SystemTicks::default(), book: Mutex::new(Book { rows, ..Book::default() }) }
    }

    pub(super) fn renew(&self, leases: &[LeaseTerm], now: Timestamp) -> Vec<bool> {
        let ticks = self.ticks.now();
        let mut book = self.book();
        leases.iter().map(|lease| book.renew(lease, ticks, now)).collect()
    }

    pub(super) fn expect(&self, leases: &[LeaseTerm]) {
        let ticks = self.ticks.now();
        let mut book = self.book();
        for lease in leases {
            book.expect(lease, ticks);
        }
    }

    pub(super) fn look(&self) -> Vec<LeaseLook> {
        let ticks = self.ticks.now();
        self.book().look(ticks)
    }

    pub(super) fn forget(&self, run_ids: &[String]) {
        let mut book = self.book();
        for id in run_ids {
            book.forget(id);
        }
    }

    /// What has changed since it was asked last: leases as they are now, and those that are gone.
    pub(super) fn changes(&self) -> (Vec<KeptLease>, Vec<String>) {
        let mut book = self.book();
        let changed = std::mem::take(&mut book.changed);
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for id in changed {
            match book.rows.get(&id) {
                Some(row) => kept.push(row.kept(id)),
                None => gone.push(id),
            }
        }
        (kept, gone)
    }

    /// What could not be kept has changed still.
    pub(super) fn not_kept(&self, ids: impl Iterator<Item = String>) {
        self.book().changed.extend(ids);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leases by steady time, which a caller tells.
#[derive(Debug, Default)]
struct Book {
    rows: HashMap<String, Row>,
    /// The last look.
    seen: Duration,
    /// Somebody has looked without a gap since then.
    since: Duration,
    /// What is not on the disk as it is here.
    changed: std::collections::HashSet<String>,
}

#[derive(Debug)]
struct Row {
    term: Duration,
    /// `None`: before this server began.
    renewed: Option<Duration>,
    renewed_at: Option<Timestamp>,
    ended: bool,
}

impl Row {
    fn of(kept: &KeptLease) -> Self {
        let term = Duration::from_micros(kept.term_micros);
        Self { term, renewed: None, renewed_at: kept.renewed_at, ended: kept.ended }
    }

    fn kept(&self, run_id: String) -> KeptLease {
        let term_micros = u64::try_from(self.term.as_micros()).unwrap_or(u64::MAX);
        KeptLease { run_id, term_micros, renewed_at: self.renewed_at, ended: self.ended }
    }
}

impl Book {
    fn renew(&mut self, lease: &LeaseTerm, ticks: Duration, now: Timestamp) -> bool {
        let row = self.rows.entry(lease.run_id.clone()).or_insert(Row {
            term: lease.term,
            renewed: None,
            renewed_at: None,
            ended: false,
        });
        if row.ended {
            return false;
        }
        *row = Row {
            term: lease.term,
            renewed: Some(ticks),
            renewed_at: row.renewed_at.max(Some(now)),
            ended: false,
        };
        self.changed.insert(lease.run_id.clone());
        true
    }

    fn expect(&mut self, lease: &LeaseTerm, ticks: Duration) {
        let row = Row { term: lease.term, renewed: Some(ticks), renewed_at: None, ended: false };
        if !self.rows.contains_key(&lease.run_id) {
            self.rows.insert(lease.run_id.clone(), row);
            self.changed.insert(lease.run_id.clone());
        }
    }

    fn look(&mut self, ticks: Duration) -> Vec<LeaseLook> {
        if ticks.saturating_sub(self.seen) > GAP {
            self.since = ticks;
        }
        self.seen = ticks;
        let (since, changed) = (self.since, &mut self.changed);
        let look = |(id, row): (&String, &mut Row)| {
            let begins = row.renewed.unwrap_or_default().max(since);
            let left = (begins + row.term).saturating_sub(ticks);
            if left.is_zero() && !row.ended {
                row.ended = true;
                changed.insert(id.clone());
            }
            let left = if row.ended { Duration::ZERO } else { left };
            let interrupted = row.renewed.is_none_or(|renewed| renewed < since);
            LeaseLook { run_id: id.clone(), left, renewed_at: row.renewed_at, interrupted }
        };
        self.rows.iter_mut().map(look).collect()
    }

    fn forget(&mut self, id: &str) {
        if self.rows.remove(id).is_some() {
            self.changed.insert(id.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM: Duration = Duration::from_secs(5);

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn lease() -> LeaseTerm {
        LeaseTerm { run_id: "a.main.1".into(), term: TERM }
    }

    /// Looks every half second between two moments; when the lease had ended, and what the last look said.
    fn watch(book: &mut Book, from: u64, to: u64) -> (Option<u64>, LeaseLook) {
        let (mut ended, mut last) = (None, None);
        for millis in (from..=to).step_by(500) {
            let look = book.look(at(millis)).pop().unwrap();
            if look.left.is_zero() {
                ended = ended.or(Some(millis));
            }
            last = Some(look);
        }
        (ended, last.unwrap())
    }

    #[test]
    fn a_lease_ends_a_term_after_its_last_renewal_and_is_not_renewed_after_that() {
        let mut book = Book::default();
        let told = |micros| Timestamp::from_micros(micros);
        assert!(book.renew(&lease(), at(0), told(100)));
        assert_eq!(watch(&mut book, 0, 4_500).0, None);
        assert!(book.renew(&lease(), at(4_700), told(200)));
        let (ended, look) = watch(&mut book, 5_000, 12_000);
        assert_eq!((ended, look.renewed_at, look.interrupted), (Some(10_000), Some(told(200)), false));
        assert!(!book.renew(&lease(), at(12_100), told(300)), "it has ended");
        assert!(watch(&mut book, 12_500, 13_000).1.left.is_zero());
        book.forget("a.main.1");
        assert!(book.look(at(13_500)).is_empty());
    }

    #[test]
    fn behind_a_gap_in_which_nobody_looked_a_lease_has_a_full_term() {
        let mut book = Book::default();
        assert!(book.renew(&lease(), at(0), Timestamp::from_micros(1)));
        assert_eq!(watch(&mut book, 0, 3_000).0, None);
        // An hour later.
        let (ended, look) = watch(&mut book, 3_600_000, 3_604_500);
        assert_eq!((ended, look.interrupted), (None, true));
        let (ended, look) = watch(&mut book, 3_605_000, 3_606_000);
        assert_eq!((ended, look.renewed_at), (Some(3_605_000), Some(Timestamp::from_micros(1))));
        assert!(look.interrupted);
    }

    #[test]
    fn what_an_earlier_server_kept_has_a_full_term_from_the_start_on_and_one_that_had_ended_has_none() {
        let kept = |run_id: &str, ended| KeptLease {
            run_id: run_id.into(),
            term_micros: 5_000_000,
            renewed_at: Some(Timestamp::from_micros(7)),
            ended,
        };
        let leases = OwnLeases::with(vec![kept("a.main.1", false), kept("b.main.1", true)]);
        let mut looks = leases.look();
        looks.sort_by(|a, b| a.run_id.cmp(&b.run_id));
        assert!(looks[0].left > at(4_000) && looks[0].interrupted, "{looks:?}");
        assert_eq!((looks[0].renewed_at, looks[1].left), (Some(Timestamp::from_micros(7)), Duration::ZERO));
        assert_eq!(leases.renew(&[lease()], Timestamp::from_micros(9)), [true]);
        leases.forget(&["b.main.1".into()]);
        let (kept, gone) = leases.changes();
        assert_eq!(
            (kept[0].renewed_at, gone),
            (Some(Timestamp::from_micros(9)), vec!["b.main.1".to_owned()])
        );
        assert_eq!(leases.changes(), (vec![], vec![]));
    }

    #[test]
    fn what_is_expected_is_not_said_to_have_been_renewed() {
        let mut book = Book::default();
        book.expect(&lease(), at(100));
        let look = book.look(at(500)).pop().unwrap();
        assert_eq!((look.renewed_at, look.left), (None, at(4_600)));
        assert!(book.renew(&lease(), at(1_000), Timestamp::from_micros(3)));
        book.expect(&lease(), at(2_000));
        assert_eq!(book.look(at(2_000)).pop().unwrap().renewed_at, Some(Timestamp::from_micros(3)));
    }
}
