//! How far a reader has come in a list that holds what waits, as its cursor says it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use statehouse_core::model::StateKey;

use crate::service::Result;
use crate::store::StoreError;
use crate::store::fallback::Place;

/// A store's own cursor never begins so.
const PREFIX: &str = "w.";

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// By change: among what waits, which comes first, behind this one.
    Waiting(Option<(u64, usize)>),
    /// By change: what waited up to this entry was shown, and the store goes on here.
    Stored(Option<String>, u64),
    /// By id: behind this state, and so far in the store.
    Merged(Option<StateKey>, Stored),
}

/// How far a list has been read that the store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stored {
    /// It goes on behind this cursor, or begins.
    From(Option<String>),
    /// To its end.
    Ended,
}

/// A stage, and how many rows the first page counted in all.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) stage: Stage,
    pub(super) total: u64,
}

impl Mark {
    /// `None` for a cursor of the store's own.
    pub(super) fn read(cursor: &str) -> Result<Option<Self>> {
        if cursor.starts_with(PREFIX) { decoded(cursor).map(Some) } else { Ok(None) }
    }

    pub(super) fn cursor(&self) -> String {
        encoded(self)
    }
}

/// The cursor of a list of writes, behind this one.
pub(super) fn cursor_behind(place: Place) -> String {
    encoded(&(place.entry, place.write))
}

/// The write that such a cursor names.
pub(super) fn place(cursor: &str) -> Result<Place> {
    decoded(cursor).map(|(entry, write)| Place { entry, write })
}

fn encoded<T: Serialize>(mark: &T) -> String {
    // Numbers and texts: writing them cannot fail.
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(mark).unwrap_or_default()))
}

fn decoded<T: DeserializeOwned>(cursor: &str) -> Result<T> {
    let text = cursor.strip_prefix(PREFIX).ok_or(StoreError::BadCursor)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| StoreError::BadCursor)?;
    Ok(serde_json::from_slice(&bytes).map_err(|_| StoreError::BadCursor)?)
}
