//! What can be asked of a store.

use std::sync::Arc;

use stateloft_core::api::{ActivityBucket, DeletedFilter, Sort, ValidityFilter};
use stateloft_core::model::{Origin, Seq, StateKey, StateType, Timestamp, Version, VersionNumber};
use stateloft_core::search::Needle;

/// A place in a list, opaque to clients. Made by the store that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many rows there are in all.
    pub total: u64,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
    /// The page is true as of this seq.
    pub seq: Seq,
}

/// Which states to list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListQuery {
    /// Only these types; empty means all.
    pub types: Vec<StateType>,
    /// Only ids that start with this.
    pub prefix: Option<String>,
    /// Only states in whose id, type or data this is.
    pub text: Option<Needle>,
    /// Only this verdict.
    pub validity: Option<ValidityFilter>,
    /// Live, deleted, or both.
    pub deleted: DeletedFilter,
    /// Only states changed after this seq.
    pub changed_since: Option<Seq>,
    /// Only states last written by one of these authors; empty means all.
    pub authors: Vec<String>,
    /// As they were at this seq; `None` is now.
    pub at: Option<Seq>,
    /// The order.
    pub sort: Sort,
    /// At most this many rows.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<Cursor>,
    /// Whether rows carry their data.
    pub with_data: bool,
}

/// Which versions of a state to list.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryQuery {
    /// Which state.
    pub key: StateKey,
    /// There since then or later, as [`Log::then`](super::Log::then) has it.
    pub from: Option<Timestamp>,
    /// There by then.
    pub to: Option<Timestamp>,
    /// Only from there.
    pub origin: OriginFilter,
    /// At most this many rows.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<Cursor>,
    /// Whether rows carry their data.
    pub with_data: bool,
}

/// Where versions must come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginFilter {
    /// From this run of a program.
    pub run_id: Option<String>,
    /// Of this correlation.
    pub correlation_id: Option<String>,
}

impl OriginFilter {
    /// Whether anything is limited.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// Whether a version that comes from there matches.
    #[must_use]
    pub fn matches(&self, origin: Option<&Origin>) -> bool {
        let holds = |wanted: &Option<String>, of: fn(&Origin) -> Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| origin.and_then(of) == Some(wanted))
        };
        holds(&self.run_id, |origin| origin.run_id.as_deref())
            && holds(&self.correlation_id, |origin| origin.correlation_id.as_deref())
    }
}

/// What a run wrote of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrote {
    /// Which state.
    pub key: StateKey,
    /// How many versions.
    pub versions: u64,
    /// The last of them.
    pub version: VersionNumber,
    /// Its seq.
    pub seq: Seq,
}

/// A version, and who had written its state before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overwrote {
    /// The version.
    pub seq: Seq,
    /// Which state.
    pub key: StateKey,
    /// The run that had written the state last before it; absent if none did within the versions that are looked back at.
    pub run_id: Option<Arc<str>>,
}

/// What was imported later than a moment and is older than it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imports {
    /// How many versions.
    pub count: u64,
    /// The last of them; 0 if there is none.
    pub last: Seq,
}

/// How many states of a type there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeTotals {
    /// Which type.
    pub state_type: StateType,
    /// Live states.
    pub live: u64,
    /// Deleted states.
    pub deleted: u64,
    /// Live states whose head breaks a rule.
    pub invalid: u64,
}

/// Versions written in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Activity {
    /// Per bucket and author.
    pub buckets: Vec<ActivityBucket>,
    /// Per author, the time of the last version.
    pub last_by_author: Vec<(Option<String>, Timestamp)>,
    /// Per type.
    pub by_type: Vec<(StateType, u64)>,
}

/// A state that changed after a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedState {
    /// Its last version.
    pub head: Version,
    /// Its last version at the moment; `None` if it did not exist.
    pub target: Option<Version>,
}

/// What is heard of other servers on the same store. It may come late or not at all; ticks make up for that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rung {
    /// Versions up to this seq were written.
    pub seq: Seq,
    /// Grows when snapshots or restores were made or deleted.
    pub lists: u64,
    /// Grows from time to time, and when notices may have been lost: then the store must be asked.
    pub ticks: u64,
    /// Grows each time that the store has answered the bell's own question: it does not while the store is away.
    pub answers: u64,
}
