//! `positions_get` of `MetaTrader` 5, each position as an object: one a ticket, and `type` 0 is a buy, 1 a sell.
//! <https://www.mql5.com/en/docs/python_metatrader5/mt5positionsget_py>

use crate::book::words::{decimal_text, name_text, said, side};
use crate::book::{Holding, Side, Sided};
use crate::json::Node;

pub(super) fn read<'a>(node: Node<'a>, pointer: &str) -> Result<Holding<'a>, String> {
    let kind = said(node, "type").ok_or("it does not say its type")?;
    let side = match kind.text() {
        "0" => Side::Long,
        "1" => Side::Short,
        other => side(kind).ok_or_else(|| format!("its type {other} is neither 0 (buy) nor 1 (sell)"))?,
    };
    let ids = ["ticket", "identifier"].iter().filter_map(|id| name_text(said(node, id)?));
    Ok(Holding {
        ids: ids.filter(|id| id != "0").collect(),
        symbol: said(node, "symbol").and_then(name_text),
        side: Sided::On(side),
        quantity: said(node, "volume").and_then(decimal_text),
        price: said(node, "price_open").and_then(decimal_text),
        pointer: pointer.to_owned(),
    })
}
