//! Members by the words that programs and brokers have for them.

use std::borrow::Cow;

use super::holding::{Holding, Side, Sided};
use super::object::{Object, Words};
use crate::json::{Decimal, Kind, Node};
use crate::tagged::meant;

/// Words for how much is held.
pub(crate) const QUANTITIES: [&str; 10] =
    ["quantity", "qty", "size", "amount", "contracts", "units", "shares", "volume", "lots", "contracts_held"];
/// Words for the entry price.
pub(crate) const PRICES: [&str; 7] = [
    "entry_price",
    "avg_entry_price",
    "average_price",
    "entryPrice",
    "averagePrice",
    "open_rate",
    "price_open",
];
/// Words for what names a lot.
pub(super) const IDS: [&str; 10] = [
    "ticket",
    "position_id",
    "positionId",
    "order_id",
    "orderId",
    "client_order_id",
    "clientOrderId",
    "trade_id",
    "broker_id",
    "identifier",
];
pub(crate) const SYMBOLS: [&str; 3] = ["symbol", "instrument", "pair"];
pub(crate) const SIDES: [&str; 4] = ["side", "direction", "position_side", "positionSide"];
/// Words that leave the side to the sign: the account nets.
const NETS: [&str; 2] = ["both", "net"];

/// A member that says something: it is there and not null. Tagged values are seen through.
pub(crate) fn said<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    let (value, _) = meant(node.get(name)?);
    (!value.is_null()).then_some(value)
}

/// A decimal, also one in a text.
pub(crate) fn decimal(node: Node<'_>) -> Option<String> {
    decimal_text(node).map(Cow::into_owned)
}

/// The same, where it stands.
pub(crate) fn decimal_text(node: Node<'_>) -> Option<Cow<'_, str>> {
    let text = match node.kind() {
        Kind::Number => Cow::Borrowed(node.text()),
        // Some brokers write +5.
        Kind::String => part(node.as_str()?, |text| {
            let text = text.trim();
            text.strip_prefix('+').unwrap_or(text)
        }),
        _ => return None,
    };
    Decimal::parse(&text).is_some().then_some(text)
}

/// A text that is not empty; a whole number as its digits.
pub(crate) fn name(node: Node<'_>) -> Option<String> {
    name_text(node).map(Cow::into_owned)
}

/// The same, where it stands.
pub(crate) fn name_text(node: Node<'_>) -> Option<Cow<'_, str>> {
    match node.kind() {
        Kind::Number => node.as_decimal()?.is_integer().then(|| Cow::Borrowed(node.text())),
        Kind::String => node.as_str().map(|text| part(text, str::trim)).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// A part of a text, without copying it where it is borrowed.
fn part(text: Cow<'_, str>, of: impl Fn(&str) -> &str) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(of(text)),
        Cow::Owned(text) => Cow::Owned(of(&text).to_owned()),
    }
}

/// What a member says of the side; nothing where it is absent.
pub(crate) fn sided(node: Option<Node<'_>>) -> Sided {
    let nets = |node: Node<'_>| {
        node.as_str().is_some_and(|word| NETS.iter().any(|known| known.eq_ignore_ascii_case(word.trim())))
    };
    match node {
        None => Sided::BySign,
        Some(node) if nets(node) => Sided::BySign,
        Some(node) => side(node).map_or(Sided::Unclear, Sided::On),
    }
}

/// A word for a side.
pub(crate) fn side(node: Node<'_>) -> Option<Side> {
    let word = node.as_str()?;
    let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word.trim()));
    match () {
        () if is(&["long", "buy", "up"]) => Some(Side::Long),
        () if is(&["short", "sell", "down"]) => Some(Side::Short),
        () => None,
    }
}

/// The first of these members that says something that can be read so.
pub(crate) fn first<'a, T>(
    node: Node<'a>,
    names: &[&str],
    read: impl Fn(Node<'a>) -> Option<T>,
) -> Option<T> {
    names.iter().find_map(|member| read(said(node, member)?))
}

/// What names a lot. A ticket of 0 is `MetaTrader`'s word for none.
pub(crate) fn names_a_lot(node: Node<'_>) -> Option<Cow<'_, str>> {
    name_text(node).filter(|id| id != "0")
}

/// A number or a text that is not blank, as it is spelled.
pub(super) fn word(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::Number => Some(node.text().to_owned()),
        Kind::String => node.as_str().map(Cow::into_owned).filter(|text| !text.trim().is_empty()),
        _ => None,
    }
}

/// The first word for the side, understood or not.
pub(super) fn side_word(node: Node<'_>) -> Option<String> {
    first(node, &SIDES, word)
}

/// An object in plain words.
pub(crate) fn plain(node: Node<'_>, pointer: String) -> Holding<'_> {
    Object::of(node).holding(pointer)
}

/// Members that only something that is closed has.
pub(crate) const ENDS: [&str; 4] = ["exit_time", "exit_reason", "closed_at", "close_date"];

/// Whether an object says that it is closed.
pub(crate) fn is_closed(node: Node<'_>) -> bool {
    Object::of(node).is_closed()
}

impl<'a> Object<'a> {
    /// What it holds, in plain words.
    pub(super) fn holding(&self, pointer: String) -> Holding<'a> {
        Holding {
            ids: self.all(Words::IDS).filter_map(names_a_lot).collect(),
            symbol: self.first(Words::SYMBOLS, name_text),
            side: self.all(Words::SIDES).map(|said| sided(Some(said))).fold(Sided::BySign, Sided::and),
            quantity: self.first(Words::QUANTITIES, decimal_text),
            price: self.first(Words::PRICES, decimal_text),
            pointer,
        }
    }

    /// Whether it says that it is closed. A price at which it is to be closed, or was, is no end by itself.
    pub(super) fn is_closed(&self) -> bool {
        let status = self.all(Words::STATUS).next().and_then(Node::as_str);
        status.is_some_and(|status| status.trim().eq_ignore_ascii_case("closed"))
            || self.all(Words::IS_OPEN).next().and_then(Node::as_bool) == Some(false)
            || self.all(Words::ENDS).any(is_an_end)
    }

    /// What it is called: its `id`, else the first of what names a lot.
    pub(super) fn own_id(&self) -> Option<Cow<'a, str>> {
        self.first(Words::ID, name_text).or_else(|| self.first(Words::IDS, names_a_lot))
    }
}

/// Whether a member tells of an end. Records that have a place for it before there is one hold an empty text there, `false`, or 0 as
/// a time.
fn is_an_end(value: Node<'_>) -> bool {
    match value.kind() {
        Kind::String => value.as_str().is_some_and(|text| !text.trim().is_empty()),
        Kind::Number => !value.as_decimal().is_some_and(Decimal::is_zero),
        _ => value.as_bool() != Some(false),
    }
}
