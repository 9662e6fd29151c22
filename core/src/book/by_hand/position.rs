//! A position as a person sees it who changes it by hand: its lots, and what can be done with each.

use std::collections::HashMap;

use super::{Field, Refusal};
use crate::book::words::{PRICES, QUANTITIES, SYMBOLS, decimal, first, is_closed, name, plain, said};
use crate::book::{self, Holding, Side};
use crate::json::number::sum;
use crate::json::{Decimal, Document, Kind, Node, Pointer};
use crate::tagged::{meant, tagged};

/// Words for a stop and a target.
pub(super) const STOPS: [&str; 2] = ["stop_loss", "stop"];
pub(super) const TARGETS: [&str; 2] = ["take_profit", "target"];
/// Words for the last price that the program has seen.
const LAST: [&str; 3] = ["last_price", "current_price", "mark_price"];
/// What each amount of money is in, and each quantity.
const CURRENCIES: [&str; 4] = ["pnl_currency", "quote_currency", "currency", "quote"];
const UNITS: [&str; 3] = ["base_currency", "base", "quantity_unit"];

/// What of a position can be changed by hand, as it is spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What it is of.
    pub symbol: Option<String>,
    /// Whether it is held in lots; else the whole of it is the only one.
    pub has_lots: bool,
    /// What is open.
    pub lots: Vec<HeldLot>,
    /// How much of it is held together, without a sign, where all of it is on one side.
    pub held: Option<String>,
    /// The position's own stop, where it says one.
    pub stop: Option<String>,
    /// Its own target.
    pub target: Option<String>,
    /// What money is in, where it says so.
    pub currency: Option<String>,
    /// What quantities are of, where it says so.
    pub unit: Option<String>,
    /// The price that was saved with it last.
    pub price: Option<SavedPrice>,
    /// Why nothing of it can be closed, where so: a pair, whose legs have prices of their own.
    pub not_closed: Option<String>,
}

/// A price that a program saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPrice {
    /// Where it stands.
    pub path: String,
    /// As it is spelled.
    pub value: String,
}

/// A lot that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLot {
    /// What it is called; `None` is the whole of a position without lots, or a lot that has no id.
    pub id: Option<String>,
    /// Where it stands.
    pub path: String,
    /// Its side, where that is said.
    pub side: Option<Side>,
    /// How much, without a sign.
    pub quantity: Option<String>,
    /// Price at entry.
    pub entry_price: Option<String>,
    /// Time of entry, as spelled.
    pub entry_time: Option<String>,
    /// Its stop.
    pub stop: Option<String>,
    /// Its target.
    pub target: Option<String>,
    /// Why it cannot be changed by hand, where so.
    pub fixed: Option<String>,
    pub(super) holding: Holding<'static>,
}

/// Reads a position.
///
/// # Errors
/// [`Refusal::Shape`] where it is in no shape that can be changed by hand.
pub fn position(document: &Document) -> Result<Position, Refusal> {
    let shape = Shape::of(document)?;
    let root = shape.root;
    let text = |names: &[&str]| first(root, names, |node| node.as_str().map(|text| text.trim().to_owned()));
    let symbol = first(root, &SYMBOLS, name).or_else(|| {
        Some(format!("{}/{}", first(root, &["symbol1"], name)?, first(root, &["symbol2"], name)?))
    });
    let price = LAST.iter().find_map(|word| {
        let (value, within) = meant(root.get(word)?);
        let path = within.iter().fold(Pointer::root().join(word), |path, member| path.join(member));
        Some(SavedPrice { path: path.as_str().to_owned(), value: decimal(value)? })
    });
    Ok(Position {
        symbol,
        has_lots: shape.lots.is_some(),
        held: shape.held().map(|(held, _)| held),
        stop: first(root, &STOPS, decimal),
        target: first(root, &TARGETS, decimal),
        currency: text(&CURRENCIES).filter(|text| !text.is_empty()),
        unit: text(&UNITS).filter(|text| !text.is_empty()),
        price,
        not_closed: shape.is_pair().then(|| PAIR.to_owned()),
        lots: shape.held,
    })
}

pub(super) const PAIR: &str =
    "is a pair: its legs have quantities and prices of their own, which one price does not say";

/// A document that can be changed.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) document: &'a Document,
    pub(super) root: Node<'a>,
    /// The array of lots, where there is one.
    pub(super) lots: Option<Node<'a>>,
    /// What is open.
    pub(super) held: Vec<HeldLot>,
}

impl<'a> Shape<'a> {
    pub(super) fn of(document: &'a Document) -> Result<Self, Refusal> {
        let root = document.root();
        if root.kind() != Kind::Object || tagged(root).is_some() {
            return Err(Refusal::shape("", "is no object of a position's members"));
        }
        if !root.is_empty() && root.members().all(|member| member.value.kind() == Kind::Object) {
            return Err(Refusal::shape("", "is a map of positions, each by its name"));
        }
        let lots = root.get("lots").filter(|lots| lots.kind() == Kind::Array);
        if lots.is_none() && root.get("lots").is_some_and(|lots| lots.kind() == Kind::Object) {
            return Err(Refusal::shape("/lots", "is no array of lots"));
        }
        if said(root, "legs").is_some_and(|legs| legs.kind() == Kind::Array && !legs.is_empty()) {
            return Err(Refusal::shape("/legs", "has a quantity and a price in each leg"));
        }
        let mut shape = Self { document, root, lots, held: Vec::new() };
        shape.held = match lots {
            Some(lots) => shape.of_lots(lots)?,
            None if is_closed(root) => Vec::new(),
            None => vec![shape.of_whole()].into_iter().filter(|lot| !lot.holding.is_flat()).collect(),
        };
        Ok(shape)
    }

    fn of_whole(&self) -> HeldLot {
        let holding = plain(self.root, String::new());
        let missing =
            (holding.quantity.is_none() && !self.is_pair()).then_some("says no quantity that can be read");
        lot(self.root, String::new(), None, holding, missing)
    }

    fn of_lots(&self, lots: Node<'a>) -> Result<Vec<HeldLot>, Refusal> {
        let mut held = Vec::new();
        if let Some(at) = lots.elements().position(|lot| lot.kind() != Kind::Object || tagged(lot).is_some())
        {
            return Err(Refusal::shape(format!("/lots/{at}"), "is no object of a lot's members"));
        }
        let read = book::lots(self.document);
        let ids: Vec<Option<String>> = read.iter().map(|lot| said(lot.object, "id").and_then(name)).collect();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for id in ids.iter().flatten() {
            *times.entry(id).or_default() += 1;
        }
        for (book::Lot { holding, object, .. }, id) in
            read.into_iter().zip(&ids).filter(|(lot, _)| lot.is_open())
        {
            let fixed = match id {
                None => Some("has no id, so nobody can say which lot it is"),
                Some(id) if times.get(id.as_str()).is_some_and(|times| *times > 1) => {
                    Some("has an id that another lot has, too")
                }
                Some(_) if holding.quantity.is_none() => Some("says no quantity that can be read"),
                Some(_) => None,
            };
            held.push(lot(object, holding.pointer.clone(), id.clone(), holding, fixed));
        }
        Ok(held)
    }

    /// Whether it is one of two symbols.
    pub(super) fn is_pair(&self) -> bool {
        ["symbol1", "symbol2", "volume1", "volume2"].iter().any(|name| said(self.root, name).is_some())
    }

    /// The open lot of this id.
    pub(super) fn open(&self, id: &str) -> Result<&HeldLot, Refusal> {
        let lot = self.held.iter().find(|lot| lot.id.as_deref() == Some(id));
        let lot = lot.ok_or_else(|| Refusal::field(Field::Lot, format!("no open lot is called {id}")))?;
        changeable(lot)
    }

    /// What is held together, without a sign, and in how many lots; `None` where lots are on two sides, or one says no quantity.
    pub(super) fn held(&self) -> Option<(String, usize)> {
        let side = self.held.first().and_then(|lot| lot.side);
        let mut all = "0".to_owned();
        for lot in &self.held {
            if lot.side != side {
                return None;
            }
            all = sum(Decimal::parse(&all)?, Decimal::parse(lot.quantity.as_deref()?)?)?;
        }
        Some((all, self.held.len()))
    }

    /// How much is held together, above zero for long and below for short; `None` where a lot does not say it.
    pub(super) fn net(&self) -> Option<String> {
        self.held.iter().try_fold("0".to_owned(), |all, lot| {
            sum(Decimal::parse(&all)?, Decimal::parse(&lot.holding.signed()?)?)
        })
    }

    /// Whether an object has a member that says a quantity.
    pub(super) fn quantity(&self) -> Option<(&'static str, String)> {
        QUANTITIES.iter().find_map(|name| Some((*name, decimal(said(self.root, name)?)?)))
    }
}

/// A lot, unless it cannot be changed.
pub(super) fn changeable(lot: &HeldLot) -> Result<&HeldLot, Refusal> {
    match &lot.fixed {
        Some(why) => Err(Refusal::shape(&lot.path, why)),
        None => Ok(lot),
    }
}

fn lot(
    node: Node<'_>,
    path: String,
    id: Option<String>,
    holding: Holding<'_>,
    fixed: Option<&str>,
) -> HeldLot {
    let text = |names: &[&str]| {
        first(node, names, |node| match node.kind() {
            Kind::String => node.as_str().map(std::borrow::Cow::into_owned),
            Kind::Number => Some(node.text().to_owned()),
            _ => None,
        })
    };
    HeldLot {
        id,
        side: holding.is_on(),
        quantity: holding.quantity.as_deref().map(|text| text.trim_start_matches('-').to_owned()),
        entry_price: first(node, &PRICES, decimal),
        entry_time: text(&["entry_time", "opened_at"]),
        stop: first(node, &STOPS, decimal),
        target: first(node, &TARGETS, decimal),
        fixed: fixed.map(str::to_owned),
        path,
        holding: holding.into_owned(),
    }
}
