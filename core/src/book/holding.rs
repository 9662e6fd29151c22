//! How much of what is held, on which side and at what price: what the words of programs and brokers become before anything is made of them.

use std::borrow::Cow;

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

/// Names of a lot, each once and in order. Most have one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ids<'a>(Vec<Cow<'a, str>>);

impl<'a> Ids<'a> {
    /// Adds one.
    pub fn add(&mut self, id: Cow<'a, str>) {
        if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(AsRef::as_ref)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl<'a> FromIterator<Cow<'a, str>> for Ids<'a> {
    fn from_iter<I: IntoIterator<Item = Cow<'a, str>>>(ids: I) -> Self {
        let mut all = Self::default();
        for id in ids {
            all.add(id);
        }
        all
    }
}

/// Something that is held, or was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holding<'a> {
    /// What names this lot and no other: tickets, orders, trades.
    pub ids: Ids<'a>,
    /// What it is of.
    pub symbol: Option<Cow<'a, str>>,
    /// What is said of its side.
    pub side: Sided,
    /// As it is spelled, with its sign; `None` where it is not said.
    pub quantity: Option<Cow<'a, str>>,
    /// The price at which it was entered, as it is spelled.
    pub price: Option<Cow<'a, str>>,
    /// Where it stands in its document.
    pub pointer: String,
}

impl Holding<'_> {
    /// How much, above zero for long and below for short; of what may be either only that it is nothing. A word for the side decides
    /// over the sign: of a short one some brokers say -5 and some 5. Without a word the sign says it.
    #[must_use]
    pub fn signed(&self) -> Option<Cow<'_, str>> {
        let quantity = self.quantity.as_deref()?;
        let size = quantity.strip_prefix('-').unwrap_or(quantity);
        match self.sided() {
            _ if is_zero(size) => Some(size.into()),
            Sided::BySign | Sided::SizeOnly => Some(quantity.into()),
            Sided::On(Side::Long) => Some(size.into()),
            Sided::On(Side::Short) => Some(format!("-{size}").into()),
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
    pub(crate) fn says_as(&self, other: &Holding<'_>) -> bool {
        let Self { ids, symbol, side, quantity, price, pointer: _ } = self;
        let same = |a: &Option<Cow<'_, str>>, b: &Option<Cow<'_, str>>| match (a, b) {
            (Some(a), Some(b)) => same_value(a, b),
            (a, b) => a == b,
        };
        (ids, symbol, side) == (&other.ids, &other.symbol, &other.side)
            && same(quantity, &other.quantity)
            && same(price, &other.price)
    }

    /// The same, for where its document is not kept.
    pub(crate) fn into_owned(self) -> Holding<'static> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        let Self { ids, symbol, side, quantity, price, pointer } = self;
        Holding {
            ids: ids.0.into_iter().map(|id| Cow::Owned(id.into_owned())).collect(),
            symbol: own(symbol),
            side,
            quantity: own(quantity),
            price: own(price),
            pointer,
        }
    }
}

fn is_zero(number: &str) -> bool {
    Decimal::parse(number).is_some_and(Decimal::is_zero)
}
