//! `GET /v2/positions` of Alpaca: one position a symbol, decimals as texts. Its `asset_id` names the symbol, not a lot.
//! <https://docs.alpaca.markets/reference/getallopenpositions>

use crate::book::Holding;
use crate::book::words::{decimal_text, name_text, said, sided};
use crate::json::Node;

pub(super) fn read<'a>(node: Node<'a>, pointer: &str) -> Holding<'a> {
    Holding {
        symbol: said(node, "symbol").and_then(name_text),
        side: sided(said(node, "side")),
        quantity: said(node, "qty").and_then(decimal_text),
        price: said(node, "avg_entry_price").and_then(decimal_text),
        pointer: pointer.to_owned(),
        ..Holding::default()
    }
}
