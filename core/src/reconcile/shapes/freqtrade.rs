//! `GET /api/v1/status` of freqtrade: open trades, each of its own.
//! <https://www.freqtrade.io/en/stable/rest-api/>

use crate::book::words::{decimal_text, is_closed, name_text, said};
use crate::book::{Holding, Side, Sided};
use crate::json::Node;

/// What is closed holds nothing.
pub(super) fn read<'a>(node: Node<'a>, pointer: &str) -> Holding<'a> {
    let side = match said(node, "is_short").map(Node::as_bool) {
        None => Sided::BySign,
        Some(Some(true)) => Sided::On(Side::Short),
        Some(Some(false)) => Sided::On(Side::Long),
        Some(None) => Sided::Unclear,
    };
    let quantity =
        if is_closed(node) { Some("0".into()) } else { said(node, "amount").and_then(decimal_text) };
    Holding {
        ids: said(node, "trade_id").and_then(name_text).into_iter().collect(),
        symbol: said(node, "pair").and_then(name_text),
        side,
        quantity,
        price: said(node, "open_rate").and_then(decimal_text),
        pointer: pointer.to_owned(),
    }
}
