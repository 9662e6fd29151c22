//! `GET /api/v1/status` of freqtrade: open trades, each of its own.
//! <https://www.freqtrade.io/en/stable/rest-api/>

use crate::json::Node;
use crate::reconcile::holding::{Holding, Side};
use crate::reconcile::read::{decimal, is_closed, name, said};

/// What is closed holds nothing.
pub(super) fn read(node: Node<'_>, pointer: &str) -> Holding {
    let is_short = said(node, "is_short").and_then(Node::as_bool);
    let quantity =
        if is_closed(node) { Some("0".to_owned()) } else { said(node, "amount").and_then(decimal) };
    Holding {
        ids: said(node, "trade_id").and_then(name).into_iter().collect(),
        symbol: said(node, "pair").and_then(name),
        side: is_short.map(|short| if short { Side::Short } else { Side::Long }),
        quantity,
        price: said(node, "open_rate").and_then(decimal),
        pointer: pointer.to_owned(),
        ..Holding::default()
    }
}
