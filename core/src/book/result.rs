//! What a lot has brought, exactly.

use crate::json::number::{delta, product};
use crate::json::{Decimal, Node};
use crate::reconcile::read::{PRICES, decimal, first, said};
use crate::reconcile::{Holding, Side, Sided, plain};

/// What a lot has brought from its entry to its exit: `(exit - entry) * quantity` of a long one, the reverse of a short one, exact
/// and in the unit of its prices. A price of 0 is a price. Nothing where it is not closed, or does not say its side, its quantity or
/// both prices: then nobody knows. `position` is the state that it stands in, which says the side for lots that do not; of a
/// position without lots it is the position itself.
#[must_use]
pub fn result(position: Node<'_>, lot: Node<'_>) -> Option<String> {
    let mut holding: Holding = plain(lot, String::new());
    let whole = plain(position, String::new());
    holding.side = holding.side.or(match (whole.sided(), whole.is_on()) {
        (_, Some(side)) => Sided::On(side),
        (said, None) => said,
    });
    let side = holding.is_on()?;
    let quantity = holding.quantity.as_deref()?.trim_start_matches('-');
    let entry = first(lot, &PRICES, decimal)?;
    let exit = said(lot, "exit_price").and_then(decimal)?;
    let (entry, exit) = (Decimal::parse(&entry)?, Decimal::parse(&exit)?);
    let gained = match side {
        Side::Long => delta(entry, exit)?,
        Side::Short => delta(exit, entry)?,
    };
    product(Decimal::parse(gained.trim_start_matches('+'))?, Decimal::parse(quantity)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use crate::json::number::same_value;

    fn of(lot: &str) -> Option<String> {
        let lot: Document = lot.parse().unwrap();
        result(lot.root(), lot.root())
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
            r#"{"side":"short","lots":[{"id":"a","quantity":2,"entry_price":10,"exit_price":4}]}"#.parse().unwrap();
        let lot = position.root().get("lots").unwrap().at(0).unwrap();
        assert!(same_value(&result(position.root(), lot).unwrap(), "12"));
    }
}
