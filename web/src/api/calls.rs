//! The calls that more than one page makes.

use stateloft_core::api::{DiffView, EventPage, Overview, SnapshotList, StateList, StateView};
use stateloft_core::model::StateKey;

use super::{ApiError, get, get_of, get_text};
use crate::model::address::Query;
use crate::model::standing::Standing;

/// How the server and its store are.
pub(crate) async fn status() -> Result<Standing, ApiError> {
    let text = get_text("/status").await?;
    Standing::read(text).map_err(|error| ApiError::Strange { status: 200, reason: error.to_string() })
}

/// The last hours in buckets, authors and types.
pub(crate) async fn overview(hours: u32) -> Result<Overview, ApiError> {
    get(&format!("/overview?hours={hours}")).await
}

/// A page of states as they are stored; the query is that of `GET /states`.
pub(crate) async fn states(query: &Query) -> Result<StateList, ApiError> {
    states_or_remembered(&query.clone().with("stale", Some("refuse"))).await
}

/// The same; while the store is away it may be what the server remembers of them, for who shows that it is no more.
pub(crate) async fn states_or_remembered(query: &Query) -> Result<StateList, ApiError> {
    get(&format!("/states{}", query.clone().with("pending", Some("exclude")))).await
}

/// A state's head as it is stored, or the version that the query names.
pub(crate) async fn state(key: &StateKey, query: &Query) -> Result<StateView, ApiError> {
    get_of(key, "", &query.clone().with("pending", Some("exclude"))).await
}

/// Versions before a seq (0: from the newest), newest first, without data; `like` limits them.
pub(crate) async fn events_before(seq: u64, limit: u32, like: Query) -> Result<EventPage, ApiError> {
    let query = like
        .with("before", Some(&seq.to_string()))
        .with("limit", Some(&limit.to_string()))
        .with("data", Some("false"));
    get(&format!("/events{query}")).await
}

/// The newest versions, newest first, without data.
pub(crate) async fn newest_events(limit: u32) -> Result<EventPage, ApiError> {
    events_before(0, limit, Query::default()).await
}

/// What changed between two versions of a state; from the one before `to` when `from` is absent.
pub(crate) async fn diff(key: &StateKey, from: Option<u64>, to: u64) -> Result<DiffView, ApiError> {
    let from = from.map(|from| from.to_string());
    let query = Query::default().with("from", from.as_deref()).with("to", Some(&to.to_string()));
    get_of(key, "/diff", &query).await
}

/// The newest snapshots.
pub(crate) async fn snapshots(query: &Query) -> Result<SnapshotList, ApiError> {
    get(&format!("/snapshots{query}")).await
}
