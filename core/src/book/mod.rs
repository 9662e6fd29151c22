//! What the states of a book say: which lots and orders are open, how much they are, at what price, and what a lot has brought.

pub mod by_hand;
mod holding;
mod lot;
mod object;
mod order;
pub(crate) mod words;

pub use holding::{Holding, Ids, Side, Sided};
pub use lot::{Exit, Form, Lot, holds_open_lots, lots, lots_of};
pub use order::{OrderStanding, standing};

use crate::json::Document;
use crate::model::StateKey;

/// How many states hold something that is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenCounts {
    /// Of type `position` with a lot that is not closed.
    pub positions: u64,
    /// Of type `order` and not known to be done.
    pub orders: u64,
}

impl OpenCounts {
    /// Whether a type is one that is counted.
    #[must_use]
    pub fn counts(key: &StateKey) -> bool {
        matches!(key.state_type.as_str(), "position" | "order")
    }

    /// Takes in a state that is live. One whose data cannot be read (`None`) counts as open: nothing says that it is not.
    pub fn add(&mut self, key: &StateKey, data: Option<&Document>) {
        match key.state_type.as_str() {
            "position" if data.is_none_or(holds_open_lots) => self.positions += 1,
            "order" if data.is_none_or(|data| standing(data.root()) != OrderStanding::Done) => {
                self.orders += 1;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(states: &[(&str, &str)]) -> (u64, u64) {
        let mut counts = OpenCounts::default();
        for (state_type, data) in states {
            let key = StateKey::new(state_type, "x").unwrap();
            assert_eq!(OpenCounts::counts(&key), ["position", "order"].contains(state_type));
            counts.add(&key, Some(&data.parse().unwrap()));
        }
        (counts.positions, counts.orders)
    }

    #[test]
    fn what_is_closed_or_done_is_not_open_and_what_nobody_can_read_is() {
        let open = [
            r#"{"symbol":"A","side":"long","quantity":1}"#,
            r#"{"symbol":"A","quantity":null}"#,
            r#"{"symbol":"A","lots":[{"id":1,"quantity":1,"status":"closed"},{"id":2,"quantity":"0.5"}]}"#,
            r#"{"BTC":{"symbol":"BTC","quantity":0},"ETH":{"symbol":"ETH","quantity":-1}}"#,
        ];
        for data in open {
            assert_eq!(counted(&[("position", data)]), (1, 0), "{data}");
        }
        let closed = [
            r#"{"symbol":"A","quantity":1,"exit_time":"2026-01-05T09:00:00Z"}"#,
            r#"{"symbol":"A","quantity":1,"status":"Closed"}"#,
            r#"{"symbol":"A","quantity":"0.000"}"#,
            r#"{"symbol":"A","lots":[]}"#,
            r#"{"symbol":"A","lots":[{"id":1,"quantity":1,"exit_reason":"manual"},{"id":2,"quantity":0}]}"#,
        ];
        for data in closed {
            assert_eq!(counted(&[("position", data)]), (0, 0), "{data}");
        }
        let orders = [
            ("order", r#"{"status":"new"}"#),
            ("order", r#"{"status":"filled"}"#),
            ("order", r#"{"status":"odd"}"#),
        ];
        assert_eq!(counted(&orders), (0, 2));
        assert_eq!(counted(&[("portfolio", r#"{"quantity":1}"#)]), (0, 0));
        let mut unread = OpenCounts::default();
        for of in ["position", "order", "portfolio"] {
            unread.add(&StateKey::new(of, "x").unwrap(), None);
        }
        assert_eq!((unread.positions, unread.orders), (1, 1));
    }
}
