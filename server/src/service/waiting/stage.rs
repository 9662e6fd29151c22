//! How far a reader has come in a list that holds what waits, as its cursor says it.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stateloft_core::model::{Seq, StateKey};

use crate::service::Result;
use crate::store::StoreError;
use crate::store::fallback::Place;

/// A store's own cursor never begins so.
const PREFIX: &str = "w.";
/// Nor does one of those, which is only good for a list that is remembered.
const REMEMBERED: &str = "r.";

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

/// Where a row of a list stands that is only remembered: its order is that of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Behind {
    /// By change, what waits: the last accepted first.
    Waiting(Reverse<(u64, usize)>),
    /// By change, behind all that waits: the last written first.
    Stored(Reverse<u64>),
    /// By type and id.
    Id(StateKey),
}

impl Behind {
    pub(super) fn waiting(place: Place) -> Self {
        Self::Waiting(Reverse((place.entry, place.write)))
    }

    pub(super) fn stored(seq: Seq) -> Self {
        Self::Stored(Reverse(seq.0))
    }

    pub(super) fn cursor(&self) -> String {
        format!("{REMEMBERED}{}", encoded(self))
    }
}

/// The row that such a cursor names.
pub(super) fn behind(cursor: &str) -> Result<Behind> {
    decoded(cursor.strip_prefix(REMEMBERED).ok_or(StoreError::BadCursor)?)
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
