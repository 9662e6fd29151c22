//! Whether an order may still be filled, by the words of brokers.
//!
//! The words are Alpaca's (<https://docs.alpaca.markets/docs/orders-at-alpaca>) and those that CCXT has for every exchange
//! (<https://docs.ccxt.com/#/README?id=order-structure>). One that is neither is unknown, and an order of which that is said is never
//! taken for done: it may be open at the broker.

use super::words::{decimal, first, said};
use crate::json::{Decimal, Kind, Node};

/// Words for an order that may be filled, now or later.
const OPEN: [&str; 15] = [
    "new",
    "open",
    "accepted",
    "pending_new",
    "accepted_for_bidding",
    "partially_filled",
    "pending_cancel",
    "pending_replace",
    "pending_review",
    "held",
    "stopped",
    "suspended",
    "done_for_day",
    "calculated",
    "canceling",
];
/// Words for an order to which nothing happens any more. One that was replaced has another one in its place.
const DONE: [&str; 7] = ["filled", "closed", "canceled", "cancelled", "expired", "rejected", "replaced"];
/// Words for how much was asked for, and for how much of it has been filled.
const QUANTITIES: [&str; 4] = ["quantity", "qty", "amount", "volume"];
const FILLED: [&str; 4] = ["filled_quantity", "filled_qty", "filled", "executed_quantity"];

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStanding {
    /// It may be filled; nothing of it is.
    Pending,
    /// It may be filled further.
    PartlyFilled,
    /// Nothing happens to it any more, however much of it was filled.
    Done,
    /// Nobody said, or in a word that nobody knows.
    Unknown,
}

/// How an order stands, by its status, what of it is filled, and its legs: one that is done itself and has a leg that is not, such as
/// a bracket's stop, is not done.
#[must_use]
pub fn standing(order: Node<'_>) -> OrderStanding {
    let own = own(order);
    if own != OrderStanding::Done {
        return own;
    }
    let legs = said(order, "legs").filter(|legs| legs.kind() == Kind::Array);
    let legs = legs.into_iter().flat_map(Node::elements).filter(|leg| leg.kind() == Kind::Object);
    // A leg may be named only: then it is an order of its own.
    legs.map(standing).find(|leg| *leg != OrderStanding::Done).unwrap_or(OrderStanding::Done)
}

fn own(order: Node<'_>) -> OrderStanding {
    let Some(word) = said(order, "status").and_then(Node::as_str) else { return OrderStanding::Unknown };
    let word = plain(&word);
    match word.as_str() {
        word if DONE.contains(&word) => OrderStanding::Done,
        // Alpaca: either filled or done for the day.
        "calculated" if filled(order) == Some(Filled::All) => OrderStanding::Done,
        "partially_filled" => OrderStanding::PartlyFilled,
        word if OPEN.contains(&word) => match filled(order) {
            Some(Filled::Part | Filled::All) => OrderStanding::PartlyFilled,
            Some(Filled::Nothing) | None => OrderStanding::Pending,
        },
        _ => OrderStanding::Unknown,
    }
}

/// A broker's word as it stands in its documentation: libraries write `OrderStatus.NEW` or `partially-filled` for it.
fn plain(word: &str) -> String {
    let word = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    word.strip_prefix("orderstatus.").map_or(word.clone(), str::to_owned)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Nothing,
    Part,
    All,
}

/// How much of an order is filled, where it says so.
fn filled(order: Node<'_>) -> Option<Filled> {
    let filled = first(order, &FILLED, decimal)?;
    let filled = Decimal::parse(&filled)?;
    if filled.is_zero() || filled.is_negative() {
        return Some(Filled::Nothing);
    }
    let quantity = first(order, &QUANTITIES, decimal);
    let all = quantity.as_deref().and_then(Decimal::parse).is_some_and(|quantity| filled >= quantity);
    Some(if all { Filled::All } else { Filled::Part })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use OrderStanding::{Done, PartlyFilled, Pending, Unknown};

    fn of(order: &str) -> OrderStanding {
        let order: Document = order.parse().unwrap();
        standing(order.root())
    }

    #[test]
    fn every_word_of_alpaca_and_ccxt_says_how_an_order_stands() {
        for (words, wanted) in [
            (
                "new accepted pending_new accepted_for_bidding pending_cancel pending_replace pending_review held stopped \
                 suspended done_for_day calculated open canceling",
                Pending,
            ),
            ("partially_filled", PartlyFilled),
            ("filled canceled expired replaced rejected closed cancelled", Done),
            ("pending partial active working triggered", Unknown),
        ] {
            for word in words.split_whitespace() {
                for spelled in [
                    word.to_owned(),
                    word.to_uppercase(),
                    word.replace('_', "-"),
                    format!("OrderStatus.{word}"),
                ] {
                    let order = format!(r#"{{"status":"{spelled}","quantity":2}}"#);
                    assert_eq!(of(&order), wanted, "{order}");
                }
            }
        }
        for order in ["{}", r#"{"status":null}"#, r#"{"status":1}"#, r#"{"status":""}"#] {
            assert_eq!(of(order), Unknown, "{order}");
        }
    }

    #[test]
    fn d_095_what_is_filled_of_an_open_order_says_that_it_is_partly_filled() {
        for (order, wanted) in [
            (r#"{"status":"open","amount":1,"filled":"0.0"}"#, Pending),
            (r#"{"status":"open","amount":1,"filled":0.3}"#, PartlyFilled),
            (r#"{"status":"accepted","qty":"2","filled_qty":"+1.5"}"#, PartlyFilled),
            (r#"{"status":"held","quantity":2,"filled_quantity":null}"#, Pending),
            (r#"{"status":"pending_cancel","filled_quantity":1}"#, PartlyFilled),
            (r#"{"status":"canceled","quantity":2,"filled_quantity":0.5}"#, Done),
            (r#"{"status":"calculated","quantity":2,"filled_quantity":2.0}"#, Done),
            (r#"{"status":"calculated","quantity":2,"filled_quantity":1}"#, PartlyFilled),
            (r#"{"status":"odd","quantity":2,"filled_quantity":2}"#, Unknown),
        ] {
            assert_eq!(of(order), wanted, "{order}");
        }
    }

    #[test]
    fn an_order_with_a_leg_that_may_be_filled_is_not_done() {
        for (legs, wanted) in [
            (r#"[{"status":"held"},{"status":"canceled"}]"#, Pending),
            (
                r#"[{"status":"canceled"},{"status":"filled","legs":[{"status":"partially_filled"}]}]"#,
                PartlyFilled,
            ),
            (r#"[{"status":"canceled"},{"status":"filled"}]"#, Done),
            (r#"[{"id":"7"}]"#, Unknown),
            (r#"["7","8"]"#, Done),
            ("null", Done),
        ] {
            let order = format!(r#"{{"status":"filled","legs":{legs}}}"#);
            assert_eq!(of(&order), wanted, "{order}");
        }
    }
}
