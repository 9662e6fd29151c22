//! `fetchPositions` of ccxt: a symbol is netted, or has a long and a short one where the account is hedged.
//! <https://docs.ccxt.com/#/?id=position-structure>

use std::borrow::Cow;

use crate::book::Holding;
use crate::book::words::{decimal_text, name_text, said, sided};
use crate::json::number::product;
use crate::json::{Decimal, Node};

/// How much is held is `contracts` times `contractSize`: what one contract holds of the base.
pub(super) fn read<'a>(node: Node<'a>, pointer: &str) -> Result<Holding<'a>, String> {
    let contracts = said(node, "contracts").and_then(decimal_text);
    let quantity = match (contracts, said(node, "contractSize").map(decimal_text)) {
        (Some(contracts), Some(Some(size))) => Some(times(contracts, &size)?),
        // What one contract holds is said, and not understood.
        (_, Some(None)) => None,
        (contracts, _) => contracts,
    };
    Ok(Holding {
        // Most exchanges give none; where there is one it names the position and not an order.
        ids: said(node, "id").and_then(name_text).into_iter().collect(),
        symbol: said(node, "symbol").and_then(name_text),
        side: sided(said(node, "side")),
        quantity,
        price: said(node, "entryPrice").and_then(decimal_text),
        pointer: pointer.to_owned(),
    })
}

fn times<'a>(contracts: Cow<'a, str>, size: &str) -> Result<Cow<'a, str>, String> {
    let one = |number| Decimal::parse(number).is_some_and(|n| Decimal::parse("1") == Some(n));
    if one(size) {
        return Ok(contracts);
    }
    let total = Decimal::parse(&contracts).zip(Decimal::parse(size)).and_then(|(a, b)| product(a, b));
    total.map(Cow::Owned).ok_or_else(|| format!("{contracts} contracts of {size} cannot be multiplied"))
}
