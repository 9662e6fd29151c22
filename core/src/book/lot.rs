//! The lots of a position, as its state says them: which are closed, how much each holds, at what price. This is the one reading of them, for
//! reports, counts and pages alike; `tests/vectors/book` says what it gives, also to clients that read lots themselves.

use std::borrow::Cow;

use super::holding::{Holding, Ids, Side, Sided};
use super::object::{Object, Words};
use super::words::{decimal, decimal_text, first, is_closed, name_text, names_a_lot, said, side_word, word};
use crate::json::number::{delta, product};
use crate::json::{Decimal, Document, Kind, Node, Pointer};
use crate::tagged::meant;

/// A lot, open or closed. Numbers are as they are spelled; `None` is what nobody said, which is not 0.
#[derive(Debug, Clone)]
pub struct Lot<'a> {
    /// What it holds, or held until it was closed. What a lot in a list does not say of symbol and side its position says.
    pub holding: Holding<'a>,
    /// How its position says it.
    pub form: Form,
    /// What it is called in its position: its `id`, else the first ticket, order or trade that it names.
    pub id: Option<Cow<'a, str>>,
    /// It says that it is closed, or its position says so of all that it holds.
    pub closed: bool,
    /// The object whose members it is; of a leg the whole pair.
    pub object: Node<'a>,
    /// The position that it stands in; where there is no list of lots the same object.
    pub position: Node<'a>,
    /// The price at which it was closed.
    exit_price: Option<Cow<'a, str>>,
}

/// How a position says a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The position holds nothing else: it is the state, or an entry of a map of positions.
    Whole,
    /// It is one of a list `lots`.
    Listed,
    /// It is a leg of a pair.
    Leg,
}

/// How a lot was closed, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// At which price.
    pub price: Option<String>,
    /// When, as spelled.
    pub time: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Lot<'_> {
    /// Whether it is open as far as is known: one that does not say how much it holds may hold something.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed && !self.holding.is_flat()
    }

    /// Whether its position says of all that it holds that it is closed: then no member of the lot's own opens it.
    pub(crate) fn is_closed_above(&self) -> bool {
        self.form == Form::Listed && is_closed(self.position)
    }

    /// The word for its side as it is spelled, also one that nobody understands; `None` where only a sign says it, or nothing.
    #[must_use]
    pub fn side_word(&self) -> Option<String> {
        side_word(self.object).or_else(|| side_word(self.position))
    }

    /// How it was closed; `None` of one that is open.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        let said = |names: &[&str]| first(self.object, names, word);
        (!self.is_open()).then(|| Exit {
            price: self.exit_price.clone().map(Cow::into_owned),
            time: said(&["exit_time", "closed_at", "close_date"]),
            reason: said(&["exit_reason"]),
        })
    }

    /// What it has brought: what it says itself (`pnl`), else worked out of its prices: `(exit - entry) * quantity` of a long one, the
    /// reverse of a short one, exact and in the unit of its prices. A price of 0 is a price. `None` of one that is open, or that does
    /// not say enough: then nobody knows.
    #[must_use]
    pub fn result(&self) -> Option<String> {
        if self.is_open() || self.form == Form::Leg {
            return None;
        }
        said(self.object, "pnl").and_then(decimal).or_else(|| self.worked_out())
    }

    fn worked_out(&self) -> Option<String> {
        let side = self.holding.is_on()?;
        // Some set the quantity to 0 with the exit: how much it was, it does not say any more.
        let quantity = self.holding.quantity.as_deref().filter(|_| !self.holding.is_flat())?;
        let entry = Decimal::parse(self.holding.price.as_deref()?)?;
        let exit = Decimal::parse(self.exit_price.as_deref()?)?;
        let gained = match side {
            Side::Long => delta(entry, exit)?,
            Side::Short => delta(exit, entry)?,
        };
        let gained = Decimal::parse(gained.trim_start_matches('+'))?;
        product(gained, Decimal::parse(quantity.trim_start_matches('-'))?)
    }
}

/// The lots of a position, also closed ones, in the order of its text. A position has one of four forms: one symbol, one symbol with
/// `lots`, a pair of two legs, a map of positions. What is no object holds none.
#[must_use]
pub fn lots(document: &Document) -> Vec<Lot<'_>> {
    lots_of(document.root())
}

/// The same of a position that is a part of a document. Pointers are within it.
#[must_use]
pub fn lots_of(root: Node<'_>) -> Vec<Lot<'_>> {
    if root.kind() != Kind::Object {
        return Vec::new();
    }
    let is_map = !root.is_empty() && root.members().all(|member| member.value.kind() == Kind::Object);
    let mut all = Vec::new();
    if is_map {
        for member in root.members() {
            let key = member.key.decoded();
            let pointer = Pointer::root().join(&key);
            of_object(&mut all, member.value, &pointer, Some(&key));
        }
    } else {
        of_object(&mut all, root, &Pointer::root(), None);
    }
    all
}

/// Whether a state holds a lot that is open as far as it says.
#[must_use]
pub fn holds_open_lots(document: &Document) -> bool {
    lots(document).iter().any(Lot::is_open)
}

fn of_object<'a>(all: &mut Vec<Lot<'a>>, node: Node<'a>, pointer: &Pointer, called: Option<&str>) {
    let object = Object::of(node);
    if let Some(list) = object.value(Words::LOTS).filter(|list| meant(*list).0.kind() == Kind::Array) {
        return of_list(all, &object, list, pointer, called);
    }
    let closed = object.is_closed();
    let is_pair = object.all(Words::FIRST_SYMBOL).next().is_some()
        && object.first(Words::FIRST_VOLUME, decimal_text).is_some();
    if is_pair {
        return all.extend(["1", "2"].map(|leg| of_leg(node, leg, pointer, closed)));
    }
    let mut holding = object.holding(pointer.as_str().to_owned());
    holding.symbol = holding.symbol.or_else(|| called.map(|called| Cow::Owned(called.to_owned())));
    all.push(Lot {
        form: Form::Whole,
        id: object.own_id(),
        closed,
        object: node,
        position: node,
        exit_price: object.first(Words::EXIT_PRICE, decimal_text),
        holding,
    });
}

/// Each lot has its own quantity and price; what it does not say of symbol and side the position says. Without any word the sign of a
/// total below zero says it, unless lots have signs of their own.
fn of_list<'a>(
    all: &mut Vec<Lot<'a>>,
    position: &Object<'a>,
    list: Node<'a>,
    pointer: &Pointer,
    called: Option<&str>,
) {
    let of_all = position.holding(String::new());
    let symbol = of_all.symbol.clone().or_else(|| called.map(|called| Cow::Owned(called.to_owned())));
    let closed = position.is_closed();
    let (list, within) = meant(list);
    let pointer = joined(pointer.join("lots"), within);
    let from = all.len();
    for (nth, element) in list.elements().enumerate() {
        let (node, within) = meant(element);
        let object = Object::of(node);
        let mut at = pointer.clone();
        at.push_index(nth);
        let mut holding = object.holding(joined(at, within).as_str().to_owned());
        if let Some(id) = object.first(Words::ID, name_text) {
            holding.ids.add(id);
        }
        holding.symbol = holding.symbol.or_else(|| symbol.clone());
        holding.side = holding.side.or(of_all.sided());
        all.push(Lot {
            form: Form::Listed,
            id: object.own_id(),
            closed: closed || object.is_closed(),
            object: node,
            position: position.node(),
            exit_price: object.first(Words::EXIT_PRICE, decimal_text),
            holding,
        });
    }
    let own_signs = |lot: &Lot<'_>| lot.holding.quantity.as_deref().is_some_and(|held| held.starts_with('-'));
    if of_all.is_on() == Some(Side::Short)
        && of_all.side == Sided::BySign
        && !all[from..].iter().any(own_signs)
    {
        for lot in all[from..].iter_mut().filter(|lot| lot.holding.side == Sided::BySign) {
            lot.holding.side = Sided::On(Side::Short);
        }
    }
}

/// A leg of a pair. Which side each is on is not said by the direction of the pair, so it is not made up.
fn of_leg<'a>(node: Node<'a>, leg: &str, pointer: &Pointer, closed: bool) -> Lot<'a> {
    let of = |word: &str| format!("{word}{leg}");
    let named = ["ticket", "position_id"].iter().filter_map(|id| names_a_lot(said(node, &of(id))?));
    let ids: Ids<'_> = named.collect();
    let holding = Holding {
        ids: ids.clone(),
        symbol: said(node, &of("symbol")).and_then(name_text),
        side: Sided::SizeOnly,
        quantity: decimal_of(node, &of("volume")),
        price: decimal_of(node, &of("entry_exec_price")).or_else(|| decimal_of(node, &of("entry_price"))),
        pointer: pointer.join(&of("volume")).as_str().to_owned(),
    };
    Lot {
        form: Form::Leg,
        id: ids.first().map(|id| Cow::Owned(id.to_owned())),
        closed,
        object: node,
        position: node,
        exit_price: decimal_of(node, &of("exit_price")),
        holding,
    }
}

fn joined(pointer: Pointer, members: &[&str]) -> Pointer {
    members.iter().fold(pointer, |pointer, member| pointer.join(member))
}

fn decimal_of<'a>(node: Node<'a>, member: &str) -> Option<Cow<'a, str>> {
    said(node, member).and_then(decimal_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::number::same_value;

    fn of(lot: &str) -> Option<String> {
        let closed: Document = lot.replacen('{', r#"{"status":"closed","#, 1).parse().unwrap();
        let open: Document = lot.parse().unwrap();
        assert_eq!(lots(&open)[0].result(), None, "an open one has brought nothing yet: {lot}");
        lots(&closed)[0].result()
    }

    #[test]
    fn d_096_what_a_lot_brought_is_exact_for_long_and_short_and_for_prices_of_zero() {
        for (lot, brought) in [
            (
                r#"{"side":"long","quantity":"0.75","entry_price":"0.00001234","exit_price":"0.00001300"}"#,
                "0.000000495",
            ),
            (r#"{"side":"short","quantity":0.75,"entry_price":100,"exit_price":120.5}"#, "-15.375"),
            (r#"{"side":"DOWN","qty":-3,"entry_price":1e3,"exit_price":999.999}"#, "0.003"),
            (r#"{"direction":"UP","quantity":10,"entry_price":0,"exit_price":0.05}"#, "0.5"),
            (r#"{"side":"buy","quantity":10,"entry_price":2.5,"exit_price":0}"#, "-25"),
            (r#"{"quantity":-2,"entry_price":5,"exit_price":4}"#, "2"),
            (
                r#"{"side":"long","quantity":12345678901234567890.5,"entry_price":1,"exit_price":3}"#,
                "24691357802469135781",
            ),
            (
                r#"{"symbol":"AAPL261218C00150000","side":"long","quantity":1,"entry_price":0.01,"exit_price":12.01}"#,
                "12",
            ),
        ] {
            let found = of(lot).unwrap_or_else(|| panic!("{lot}"));
            assert!(same_value(&found, brought), "{lot}: {found}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_made_up() {
        for lot in [
            r#"{"quantity":2,"exit_price":4}"#,
            r#"{"side":"long","quantity":2,"entry_price":4}"#,
            r#"{"side":"long","quantity":2,"entry_price":4,"exit_price":null}"#,
            r#"{"side":"long","entry_price":4,"exit_price":5}"#,
            r#"{"side":"long","quantity":0,"entry_price":4,"exit_price":5}"#,
            r#"{"side":"long","quantity":"two","entry_price":4,"exit_price":5}"#,
        ] {
            assert_eq!(of(lot), None, "{lot}");
        }
    }

    #[test]
    fn of_a_side_that_is_not_understood_nobody_knows_what_it_brought() {
        for side in [r#""SELL_SHORT""#, "-1", r#""S""#] {
            let lot = format!(r#"{{"side":{side},"quantity":2,"entry_price":10,"exit_price":4}}"#);
            assert_eq!(of(&lot), None, "{lot}");
        }
        assert_eq!(of(r#"{"side":"long","quantity":-2,"entry_price":10,"exit_price":4}"#), None);
        assert_eq!(
            of(r#"{"side":"net","quantity":-2,"entry_price":10,"exit_price":4}"#).as_deref(),
            Some("12")
        );
    }

    #[test]
    fn a_lot_that_does_not_say_its_side_has_that_of_its_position() {
        let position: Document =
            r#"{"side":"short","lots":[{"id":"a","quantity":2,"entry_price":10,"exit_price":4,"exit_reason":"manual"}]}"#
                .parse()
                .unwrap();
        let lot = &lots(&position)[0];
        assert!(same_value(&lot.result().unwrap(), "12"));
        assert_eq!(lot.side_word().as_deref(), Some("short"));
    }

    #[test]
    fn what_it_says_itself_is_what_it_has_brought() {
        let lot = r#"{"side":"long","quantity":2,"entry_price":10,"exit_price":4,"pnl":"-12.50"}"#;
        assert_eq!(of(lot).as_deref(), Some("-12.50"));
        assert_eq!(
            of(r#"{"quantity":2,"pnl":{"$stateloft":"decimal","value":3.10}}"#).as_deref(),
            Some("3.10")
        );
    }

    #[test]
    fn a_lot_is_where_a_pointer_leads_also_through_tagged_values() {
        let data: Document = r#"{"symbol":"A","lots":{"$stateloft":"tuple","value":[
            {"$stateloft":"dataclass","value":{"fields":{"id":7,"quantity":1}}}, {"id":8,"quantity":2}]}}"#
            .parse()
            .unwrap();
        let found = lots(&data);
        assert_eq!(found.len(), 2);
        for lot in found {
            let at = Pointer::parse(&lot.holding.pointer).unwrap();
            assert_eq!(data.tape().get(&at).unwrap().index(), lot.object.index(), "{at:?}");
        }
    }
}
