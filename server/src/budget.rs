//! A budget of bytes for the whole server: what is held for requests and sessions is counted while it is held, and what
//! does not fit is refused (503) instead of being kept until the system ends the process.
//!
//! One pool is shared by four classes, each of which may take a share of it, so that none can take everything from the
//! others. A part is kept for small things alone: a save of a few KiB goes through while large reads are refused.

mod held;
mod ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stateloft_core::api::{MemoryClass, MemoryStatus};
use tokio::sync::Semaphore;

pub use held::Held;
pub use ledger::Ledger;
pub(crate) use ledger::{carried, carry, held, hold, let_go};

/// Bytes that a server holds for others at most, when nothing else is said.
pub const USUAL: usize = 512 << 20;
/// The least that a server can work with: one body of the largest size, and what is made of it.
pub const LEAST: usize = 64 << 20;
/// KiB of what counts as small.
const SMALL: u32 = 64;
/// How long somebody waits for others to let go before he is refused.
const PATIENCE: Duration = Duration::from_secs(1);

/// What memory is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Bodies of requests, and the documents in them, until they are written.
    Bodies,
    /// Pages of documents that were read, and answers until they are sent.
    Reads,
    /// Events for sessions that have not taken them yet.
    Streams,
    /// Comparing, planning.
    Work,
}

impl Class {
    const ALL: [Self; 4] = [Self::Bodies, Self::Reads, Self::Streams, Self::Work];

    /// The share of the limit that a class may take, in sixteenths. Together they are more than the whole, so that what
    /// one does not need is there for another.
    const fn sixteenths(self) -> usize {
        match self {
            Self::Bodies => 12,
            Self::Reads | Self::Work => 8,
            Self::Streams => 4,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Bodies => "bodies",
            Self::Reads => "reads",
            Self::Streams => "streams",
            Self::Work => "work",
        }
    }
}

/// There is no room for this now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server holds as much in memory as it may; try again in a moment")]
pub struct Overloaded;

/// One class: its room and what became of it.
#[derive(Debug)]
struct Share {
    /// KiB that are free.
    room: Semaphore,
    kib: u32,
    refused: AtomicU64,
}

/// The budget of one server.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    shared: Semaphore,
    small: Semaphore,
    small_kib: u32,
    shares: [Share; 4],
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(USUAL)
    }
}

impl Budget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn of(limit: usize) -> Self {
        let limit = limit.max(LEAST);
        let small_kib = kib(limit / 16);
        let share = |class: Class| {
            let kib = kib(limit / 16 * class.sixteenths());
            Share { room: Semaphore::new(kib as usize), kib, refused: AtomicU64::new(0) }
        };
        Self {
            limit,
            shared: Semaphore::new((kib(limit) - small_kib) as usize),
            small: Semaphore::new(small_kib as usize),
            small_kib,
            shares: Class::ALL.map(share),
        }
    }

    /// Takes room for so many bytes at once, or refuses. What is larger than the class's whole share takes all of that: it
    /// goes through alone.
    pub fn try_take(self: &Arc<Self>, class: Class, bytes: usize) -> Result<Held, Overloaded> {
        self.take_now(class, bytes).ok_or_else(|| self.refuse(class))
    }

    /// Takes room for so many bytes if there is some now.
    pub fn take_now(self: &Arc<Self>, class: Class, bytes: usize) -> Option<Held> {
        let share = &self.shares[class as usize];
        let kib = kib(bytes).clamp(1, share.kib);
        if let Some(held) = self.take_small(class, kib) {
            return Some(held);
        }
        let own = share.room.try_acquire_many(kib).ok()?;
        self.shared.try_acquire_many(kib).ok()?.forget();
        own.forget();
        Some(Held::of(self, class, kib, 0))
    }

    /// Takes room for so many bytes, and waits a moment for others to let go.
    pub async fn take(self: &Arc<Self>, class: Class, bytes: usize) -> Result<Held, Overloaded> {
        let taking = self.take_in_turn(class, bytes);
        match tokio::time::timeout(PATIENCE, taking).await {
            Ok(held) => Ok(held),
            Err(_) => Err(self.refuse(class)),
        }
    }

    /// Takes room for so many bytes, however long it takes until there is some.
    pub async fn take_in_turn(self: &Arc<Self>, class: Class, bytes: usize) -> Held {
        let share = &self.shares[class as usize];
        let kib = kib(bytes).clamp(1, share.kib);
        if let Some(held) = self.take_small(class, kib) {
            return held;
        }
        // Nobody closes these.
        if let Ok(own) = share.room.acquire_many(kib).await {
            let held = Held::of(self, class, 0, 0);
            if let Ok(all) = self.shared.acquire_many(kib).await {
                own.forget();
                all.forget();
                return held.with(kib);
            }
        }
        Held::of(self, class, 0, 0)
    }

    fn take_small(self: &Arc<Self>, class: Class, kib: u32) -> Option<Held> {
        if kib > SMALL {
            return None;
        }
        let small = self.small.try_acquire_many(kib).ok()?;
        small.forget();
        Some(Held::of(self, class, 0, kib))
    }

    fn refuse(&self, class: Class) -> Overloaded {
        self.shares[class as usize].refused.fetch_add(1, Ordering::Relaxed);
        Overloaded
    }

    fn give_back(&self, class: Class, kib: u32, small_kib: u32) {
        self.shares[class as usize].room.add_permits(kib as usize);
        self.shared.add_permits(kib as usize);
        self.small.add_permits(small_kib as usize);
    }

    /// How much there is, who holds it, and who was refused.
    #[must_use]
    pub fn status(&self) -> MemoryStatus {
        let class = |class: &Class| {
            let share = &self.shares[*class as usize];
            MemoryClass {
                name: class.name().to_owned(),
                held: u64::from(share.kib).saturating_sub(share.room.available_permits() as u64) << 10,
                limit: u64::from(share.kib) << 10,
                refused: share.refused.load(Ordering::Relaxed),
            }
        };
        let small = u64::from(self.small_kib).saturating_sub(self.small.available_permits() as u64) << 10;
        MemoryStatus {
            limit: self.limit as u64,
            small_held: small,
            classes: Class::ALL.iter().map(class).collect(),
        }
    }
}

/// Whole KiB that hold so many bytes.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Arc<Budget> {
        Arc::new(Budget::of(LEAST))
    }

    fn held(budget: &Budget) -> u64 {
        let status = budget.status();
        status.small_held + status.classes.iter().map(|class| class.held).sum::<u64>()
    }

    #[test]
    fn what_is_let_go_is_there_again() {
        let budget = budget();
        let large = budget.try_take(Class::Reads, 20 << 20).unwrap();
        assert_eq!(held(&budget), 20 << 20);
        assert_eq!(budget.try_take(Class::Reads, 20 << 20).unwrap_err(), Overloaded);
        assert_eq!(budget.status().classes[Class::Reads as usize].refused, 1);
        drop(large);
        assert_eq!(held(&budget), 0);
        budget.try_take(Class::Reads, 20 << 20).unwrap();
    }

    #[test]
    fn small_things_go_through_while_large_ones_hold_everything() {
        let budget = budget();
        let _bodies = budget.try_take(Class::Bodies, 44 << 20).unwrap();
        let _reads = budget.try_take(Class::Reads, 16 << 20).unwrap();
        assert_eq!(budget.try_take(Class::Bodies, 1 << 20).unwrap_err(), Overloaded);
        let small: Vec<_> = (0..64).map(|_| budget.try_take(Class::Bodies, 60 << 10).unwrap()).collect();
        drop(small);
    }

    #[test]
    fn no_class_takes_everything_and_what_never_fits_goes_through_alone() {
        let budget = budget();
        let streams = budget.try_take(Class::Streams, 1 << 30).unwrap();
        assert_eq!(budget.status().classes[Class::Streams as usize].held, 16 << 20);
        budget.try_take(Class::Reads, 8 << 20).unwrap();
        drop(streams);
        assert_eq!(held(&budget), 0);
    }

    #[tokio::test]
    async fn who_waits_has_his_turn_or_is_refused_in_the_end() {
        let budget = budget();
        let first = budget.try_take(Class::Reads, 32 << 20).unwrap();
        assert_eq!(budget.take(Class::Reads, 1 << 20).await.unwrap_err(), Overloaded);
        let (second, ()) = tokio::join!(budget.take(Class::Reads, 1 << 20), async { drop(first) });
        assert_eq!(held(&budget), 1 << 20);
        drop(second);
        assert_eq!(held(&budget), 0);
    }

    #[test]
    fn what_is_held_grows_shrinks_and_is_split() {
        let budget = budget();
        let mut body = budget.try_take(Class::Bodies, 1 << 20).unwrap();
        body.merge(budget.try_take(Class::Bodies, 1 << 20).unwrap());
        body.merge(budget.try_take(Class::Bodies, 4 << 10).unwrap());
        let half = body.split(1 << 20);
        assert_eq!(body.bytes(), (1 << 20) + (4 << 10));
        body.shrink_to(10 << 10);
        assert_eq!(held(&budget), (1 << 20) + (10 << 10));
        drop((half, body));
        assert_eq!(held(&budget), 0);
    }
}
