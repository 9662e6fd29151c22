//! Positions of OANDA's v20 API: an instrument with a long and a short side, each with its trades.
//! <https://developer.oanda.com/rest-live-v20/position-df/>

use std::borrow::Cow;

use crate::book::words::{decimal_text, name_text, said};
use crate::book::{Holding, Side, Sided};
use crate::json::{Kind, Node};

/// The sides that hold something; if neither does, the instrument is flat, and that is said.
pub(super) fn read<'a>(node: Node<'a>, pointer: &str) -> Result<Vec<Holding<'a>>, String> {
    let symbol = said(node, "instrument").and_then(name_text);
    let sides: Vec<Holding> = [("long", Side::Long), ("short", Side::Short)]
        .into_iter()
        .filter_map(|(member, side)| {
            Some(of_side(said(node, member)?, symbol.clone(), side, format!("{pointer}/{member}")))
        })
        .collect();
    let holds = |held: &Holding<'_>| !held.is_flat();
    match sides.as_slice() {
        [] => Err("it has neither a long nor a short side".to_owned()),
        sides if sides.iter().any(holds) => Ok(sides.iter().filter(|held| holds(held)).cloned().collect()),
        [first, ..] => {
            Ok(vec![Holding { side: Sided::BySign, pointer: pointer.to_owned(), ..first.clone() }])
        }
    }
}

fn of_side<'a>(node: Node<'a>, symbol: Option<Cow<'a, str>>, side: Side, pointer: String) -> Holding<'a> {
    let trades = said(node, "tradeIDs").filter(|trades| trades.kind() == Kind::Array);
    Holding {
        ids: trades.into_iter().flat_map(Node::elements).filter_map(name_text).collect(),
        symbol,
        side: Sided::On(side),
        quantity: said(node, "units").and_then(decimal_text),
        price: said(node, "averagePrice").and_then(decimal_text),
        pointer,
    }
}
