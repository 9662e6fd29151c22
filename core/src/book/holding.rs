//! How much of what is held, on which side and at what price: what the words of programs and brokers become before anything is made of them.

use std::collections::BTreeSet;

use crate::json::Decimal;
use crate::json::number::same_value;

/// On which side of a market something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It gains when the price rises.
    Long,
    /// It gains when the price falls.
    Short,
}

impl Side {
    /// `long` or `short`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// What is said of a side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sided {
    /// Nothing, or that the account nets: the sign of the quantity says it.
    #[default]
    BySign,
    /// It is said.
    On(Side),
    /// Something is said that is not understood, or that contradicts itself: it may be either.
    Unclear,
    /// Nothing says it, not even the sign: only sizes can be compared.
    SizeOnly,
}

impl Sided {
    /// What two say together that speak of the same.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::BySign, other) => other,
            (said, Self::BySign) => said,
            (said, other) if said == other => said,
            _ => Self::Unclear,
        }
    }

    /// This, or where it leaves it to the sign what is said of a whole that it is a part of.
    pub(crate) fn or(self, of_whole: Self) -> Self {
        if self == Self::BySign { of_whole } else { self }
    }
}

/// Something that is held, or was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding {
    /// What names this lot and no other: tickets, orders, trades.
    pub ids: BTreeSet<String>,
    /// What it is of.
    pub symbol: Option<String>,
    /// What is said of its side.
    pub side: Sided,
    /// As it is spelled, with its sign; `None` where it is not said.
    pub quantity: Option<String>,
    /// The price at which it was entered, as it is spelled.
    pub price: Option<String>,
    /// Where it stands in its document.
    pub pointer: String,
}

impl Holding {
    /// How much, above zero for long and below for short; of what may be either only that it is nothing. A word for the side decides
    /// over the sign: of a short one some brokers say -5 and some 5. Without a word the sign says it.
    #[must_use]
    pub fn signed(&self) -> Option<String> {
        let quantity = self.quantity.as_deref()?;
        let size = quantity.strip_prefix('-').unwrap_or(quantity);
        match self.sided() {
            _ if is_zero(size) => Some(size.to_owned()),
            Sided::BySign | Sided::SizeOnly => Some(quantity.to_owned()),
            Sided::On(Side::Long) => Some(size.to_owned()),
            Sided::On(Side::Short) => Some(format!("-{size}")),
            Sided::Unclear => None,
        }
    }

    /// What its word says beside its sign: a long one of less than nothing is no long one.
    #[must_use]
    pub fn sided(&self) -> Sided {
        match self.side {
            Sided::On(Side::Long) if self.sign() == Some(Side::Short) => Sided::Unclear,
            said => said,
        }
    }

    /// Whether it may be either long or short, and is not flat.
    pub(crate) fn is_unclear(&self) -> bool {
        self.sided() == Sided::Unclear && !self.is_flat()
    }

    /// Which side, by its word or its sign.
    #[must_use]
    pub fn is_on(&self) -> Option<Side> {
        match self.sided() {
            Sided::On(side) => Some(side),
            Sided::BySign => self.sign(),
            Sided::Unclear | Sided::SizeOnly => None,
        }
    }

    /// Which side the sign of the quantity is of.
    fn sign(&self) -> Option<Side> {
        let quantity = Decimal::parse(self.quantity.as_deref()?)?;
        if quantity.is_zero() {
            return None;
        }
        Some(if quantity.is_negative() { Side::Short } else { Side::Long })
    }

    /// Whether it says that nothing is held.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.quantity.as_deref().is_some_and(is_zero)
    }

    /// Whether it holds the same, wherever it stands.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        let Self { ids, symbol, side, quantity, price, pointer: _ } = self;
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => same_value(a, b),
            (a, b) => a == b,
        };
        (ids, symbol, side) == (&other.ids, &other.symbol, &other.side)
            && same(quantity, &other.quantity)
            && same(price, &other.price)
    }
}

fn is_zero(number: &str) -> bool {
    Decimal::parse(number).is_some_and(Decimal::is_zero)
}
