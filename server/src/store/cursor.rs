//! Where a page ends: the key of its last row, so that the next page starts after it whatever was written meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use stateloft_core::model::{Seq, StateKey};

use super::{Cursor, Result, StoreError};

/// The last row of a page, by the order of its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    /// In a list of states, the last changed first.
    #[serde(rename = "c")]
    Changed(Seq),
    /// In a list of states by type and id.
    #[serde(rename = "i")]
    Id(StateKey),
    /// In the history of a state.
    #[serde(rename = "h")]
    History(Seq),
    /// In the list of snapshots, by the order in which they were made.
    #[serde(rename = "s")]
    Snapshot(u64),
    /// In the list of restores.
    #[serde(rename = "r")]
    Restore(Seq),
}

/// A place, with what the first page counted so that the next ones need not count again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    #[serde(rename = "p")]
    pub(super) place: Place,
    #[serde(rename = "t")]
    pub(super) total: u64,
}

impl Mark {
    pub(super) fn cursor(&self) -> Cursor {
        // A place is made of numbers and texts: writing it cannot fail.
        Cursor(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default()))
    }

    pub(super) fn read(cursor: &Cursor) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).map_err(|_| StoreError::BadCursor)?;
        serde_json::from_slice(&bytes).map_err(|_| StoreError::BadCursor)
    }
}

/// Where the next page starts, if there are more rows than these.
pub(super) fn next<T>(rows: &[T], more: bool, total: u64, place: impl Fn(&T) -> Place) -> Option<Cursor> {
    let last = rows.last().filter(|_| more)?;
    Some(Mark { place: place(last), total }.cursor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_and_anything_else_is_refused() {
        let key = StateKey::new("position", "x/y é").unwrap();
        for place in [Place::Changed(Seq(u64::MAX)), Place::Id(key), Place::Snapshot(3)] {
            let mark = Mark { place, total: 7 };
            assert_eq!(Mark::read(&mark.cursor()), Ok(mark));
        }
        for bad in ["", "x", "!!!", "eyJwIjp7fX0"] {
            assert_eq!(Mark::read(&Cursor(bad.into())), Err(StoreError::BadCursor), "{bad}");
        }
    }
}
