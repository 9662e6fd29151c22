//! What both sides' words become before they are compared.

use std::collections::BTreeSet;

use crate::api::Held;
use crate::json::Decimal;
use crate::json::number::same_value;

/// A side, where one is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Long,
    Short,
}

/// Something that is held, or was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// What names this lot and no other: tickets, orders, trades.
    pub(crate) ids: BTreeSet<String>,
    pub(crate) symbol: Option<String>,
    pub(crate) side: Option<Side>,
    /// Nothing says its side, not even the sign: only sizes can be compared.
    pub(crate) unsided: bool,
    /// As it is spelled, with its sign; `None` where it is not said.
    pub(crate) quantity: Option<String>,
    pub(crate) price: Option<String>,
    /// Where it stands in its document.
    pub(crate) pointer: String,
}

/// A lot of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) holding: Holding,
    /// Which of the states that were given it is of.
    pub(super) state: usize,
    pub(super) state_type: String,
    pub(super) state_id: String,
    pub(super) version: u64,
    /// It is not what it was when the broker was asked.
    pub(super) changed: bool,
    /// It says that it is closed, or its state is deleted.
    pub(super) closed: bool,
}

impl Holding {
    /// How much, above zero for long and below for short. A word for the side decides over the sign: of a short one some brokers say
    /// -5 and some 5. Without a word the sign says it.
    pub(super) fn signed(&self) -> Option<String> {
        let quantity = self.quantity.as_deref()?;
        let size = quantity.strip_prefix('-').unwrap_or(quantity);
        Some(match self.side {
            None => quantity.to_owned(),
            Some(Side::Long) => size.to_owned(),
            Some(Side::Short) if is_zero(size) => size.to_owned(),
            Some(Side::Short) => format!("-{size}"),
        })
    }

    /// Which side, by its word or its sign.
    pub(crate) fn is_on(&self) -> Option<Side> {
        if self.unsided {
            return None;
        }
        self.side.or_else(|| {
            let quantity = Decimal::parse(self.quantity.as_deref()?)?;
            if quantity.is_zero() {
                return None;
            }
            Some(if quantity.is_negative() { Side::Short } else { Side::Long })
        })
    }

    /// Whether it says that nothing is held.
    pub(super) fn is_flat(&self) -> bool {
        self.quantity.as_deref().is_some_and(is_zero)
    }

    /// Whether it holds the same, wherever it stands.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        let Self { ids, symbol, side, unsided, quantity, price, pointer: _ } = self;
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => same_value(a, b),
            (a, b) => a == b,
        };
        (ids, symbol, side, unsided) == (&other.ids, &other.symbol, &other.side, &other.unsided)
            && same(quantity, &other.quantity)
            && same(price, &other.price)
    }

    pub(super) fn held(&self) -> Held {
        Held {
            state_type: None,
            state_id: None,
            version: None,
            pointer: self.pointer.clone(),
            quantity: self.signed(),
            price: self.price.clone(),
        }
    }
}

impl Lot {
    /// Whether it is open as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.closed && !self.holding.is_flat()
    }

    pub(super) fn held(&self) -> Held {
        Held {
            state_type: Some(self.state_type.clone()),
            state_id: Some(self.state_id.clone()),
            version: Some(self.version),
            ..self.holding.held()
        }
    }
}

fn is_zero(number: &str) -> bool {
    Decimal::parse(number).is_some_and(Decimal::is_zero)
}
