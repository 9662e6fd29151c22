//! `GET /api/v1/status` of freqtrade: open trades, each of its own.
//! <https://www.freqtrade.io/en/stable/rest-api/>

use crate::book::words::{decimal, is_closed, name, said};
use crate::book::{Holding, Side, Sided};
use crate::json::Node;

/// What is closed holds nothing.
pub(super) fn read(node: Node<'_>, pointer: &str) -> Holding {
    let side = match said(node, "is_short").map(Node::as_bool) {
        None => Sided::BySign,
        Some(Some(true)) => Sided::On(Side::Short),
        Some(Some(false)) => Sided::On(Side::Long),
        Some(None) => Sided::Unclear,
    };
    let quantity =
        if is_closed(node) { Some("0".to_owned()) } else { said(node, "amount").and_then(decimal) };
    Holding {
        ids: said(node, "trade_id").and_then(name).into_iter().collect(),
        symbol: said(node, "pair").and_then(name),
        side,
        quantity,
        price: said(node, "open_rate").and_then(decimal),
        pointer: pointer.to_owned(),
    }
}
