//! A lot of ours as it is compared.

use std::borrow::Cow;

use crate::api::Held;
use crate::book::Holding;
use crate::model::{StateKey, VersionNumber};

/// A lot of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OurLot<'a> {
    pub(super) holding: Holding<'a>,
    /// Which of the states that were given it is of.
    pub(super) state: usize,
    pub(super) key: &'a StateKey,
    pub(super) version: VersionNumber,
    /// Where its object stands in the document of the state's data; 0 where that is deleted.
    pub(super) object: u32,
    /// It is not what it was when the broker was asked.
    pub(super) changed: bool,
    /// It says that it is closed, or its state is deleted.
    pub(super) closed: bool,
    /// Its position says so of all its lots: none of them can be opened alone.
    pub(super) closed_above: bool,
}

impl OurLot<'_> {
    /// Whether it is open as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.closed && !self.holding.is_flat()
    }

    pub(super) fn held(&self) -> Held {
        Held {
            state_type: Some(self.key.state_type.to_string()),
            state_id: Some(self.key.state_id.to_string()),
            version: Some(self.version.0),
            ..held(&self.holding)
        }
    }
}

/// What is said of it.
pub(super) fn held(holding: &Holding<'_>) -> Held {
    Held {
        state_type: None,
        state_id: None,
        version: None,
        pointer: holding.pointer.clone(),
        quantity: holding.signed().map(Cow::into_owned),
        price: holding.price.as_deref().map(str::to_owned),
    }
}
