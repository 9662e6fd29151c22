//! Brokers' lists in their own words. What of a list is not understood is said by its place, and the list is not whole then.

mod alpaca;
mod beside;
mod ccxt;
mod freqtrade;
mod mt5;
mod oanda;

use std::borrow::Cow;

use super::ReconcileError;
use crate::api::{BrokerShape, ReconcileOptions, Unread};
use crate::book::Holding;
use crate::book::words::plain;
use crate::json::{Kind, Node};

/// What a broker lists.
#[derive(Debug, Default)]
pub(super) struct Theirs<'a> {
    pub(super) holdings: Vec<Holding<'a>>,
    pub(super) unread: Vec<Unread>,
}

/// Reads a list, in the shape that is said or shows.
pub(super) fn read<'a>(
    list: Node<'a>,
    options: &ReconcileOptions,
) -> Result<(Theirs<'a>, BrokerShape), ReconcileError> {
    let (elements, pointer) = elements(list)?;
    let shape = options.shape.unwrap_or_else(|| shape_of(elements));
    let mut theirs = Theirs { unread: beside::not_whole(list), ..Theirs::default() };
    for (nth, element) in elements.elements().enumerate() {
        let pointer = format!("{pointer}/{nth}");
        match one(shape, element, &pointer) {
            Ok(holdings) => theirs.holdings.extend(holdings.into_iter().map(|held| named(held, options))),
            Err(reason) => theirs.unread.push(Unread { pointer, reason }),
        }
    }
    Ok((theirs, shape))
}

/// The array itself, or the one in a member `positions`.
fn elements(list: Node<'_>) -> Result<(Node<'_>, &'static str), ReconcileError> {
    match list.kind() {
        Kind::Array => Ok((list, "")),
        Kind::Object => match list.get("positions") {
            Some(positions) if positions.kind() == Kind::Array => Ok((positions, "/positions")),
            _ => Err(ReconcileError::Shape("an object without an array named positions".to_owned())),
        },
        _ => Err(ReconcileError::Shape("neither an array nor an object".to_owned())),
    }
}

/// The shape of the first object; an empty list has none, and is read as a plain one.
fn shape_of(elements: Node<'_>) -> BrokerShape {
    let Some(first) = elements.elements().find(|element| element.kind() == Kind::Object) else {
        return BrokerShape::Plain;
    };
    let has = |names: &[&str]| names.iter().all(|name| first.get(name).is_some());
    match () {
        () if has(&["instrument", "long", "short"]) => BrokerShape::Oanda,
        () if has(&["asset_id", "qty", "symbol"]) => BrokerShape::Alpaca,
        () if has(&["ticket", "symbol", "type", "volume", "price_open"]) => BrokerShape::Mt5,
        () if has(&["trade_id", "pair", "amount", "open_rate"]) => BrokerShape::Freqtrade,
        () if has(&["symbol", "contracts"]) && (has(&["info"]) || has(&["entryPrice"])) => BrokerShape::Ccxt,
        () => BrokerShape::Plain,
    }
}

/// What an element of a list is.
fn one<'a>(shape: BrokerShape, element: Node<'a>, pointer: &str) -> Result<Vec<Holding<'a>>, String> {
    if element.kind() != Kind::Object {
        return Err("it is no object".to_owned());
    }
    let holdings = match shape {
        BrokerShape::Plain => vec![plain(element, pointer.to_owned())],
        BrokerShape::Ccxt => vec![ccxt::read(element, pointer)?],
        BrokerShape::Alpaca => vec![alpaca::read(element, pointer)],
        BrokerShape::Oanda => oanda::read(element, pointer)?,
        BrokerShape::Freqtrade => vec![freqtrade::read(element, pointer)],
        BrokerShape::Mt5 => vec![mt5::read(element, pointer)?],
    };
    if holdings.iter().any(|held| held.symbol.is_none() && held.ids.is_empty()) {
        return Err("it names neither a symbol nor a ticket".to_owned());
    }
    Ok(holdings)
}

/// With our name of its symbol.
fn named<'a>(mut held: Holding<'a>, options: &ReconcileOptions) -> Holding<'a> {
    if let Some(ours) = held.symbol.as_deref().and_then(|symbol| options.symbols.get(symbol)) {
        held.symbol = Some(Cow::Owned(ours.clone()));
    }
    held
}
