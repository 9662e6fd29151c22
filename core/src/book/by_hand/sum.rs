//! What a lot brings, with the numbers that it is worked out of.

use std::fmt;

use super::{Field, HeldLot, Refusal};
use crate::book::Side;
use crate::json::Decimal;
use crate::json::number::{delta, product, sum};

/// `0.15 × (94795.5 - 94120.5) = +101.25`: exact, nothing rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Of which lot.
    pub lot: Option<String>,
    /// How much was closed.
    pub quantity: String,
    /// The prices in the order in which one is taken from the other; `None` where one of them, or the side, is not known.
    pub prices: Option<(String, String)>,
    /// What it brought; `None` where it is not known.
    pub brought: Option<String>,
}

impl Sum {
    /// Of a part of a lot, at a price.
    #[must_use]
    pub fn of(lot: &HeldLot, quantity: &str, price: Option<&str>) -> Self {
        let prices =
            price.zip(lot.entry_price.as_deref()).zip(lot.side).map(|((exit, entry), side)| match side {
                Side::Long => (exit.to_owned(), entry.to_owned()),
                Side::Short => (entry.to_owned(), exit.to_owned()),
            });
        let brought = prices.as_ref().and_then(|(from, to)| {
            let gained = delta(Decimal::parse(to)?, Decimal::parse(from)?)?;
            product(Decimal::parse(gained.trim_start_matches('+'))?, Decimal::parse(quantity)?).map(shortest)
        });
        Self { lot: lot.id.clone(), quantity: quantity.to_owned(), prices, brought }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.prices, &self.brought) {
            (Some((from, to)), Some(brought)) => {
                let minus = if to.starts_with('-') { format!("({to})") } else { to.clone() };
                write!(f, "{} × ({from} - {minus}) = {}", self.quantity, with_sign(brought))
            }
            _ => write!(f, "{} × no data", self.quantity),
        }
    }
}

/// Above zero with a plus.
#[must_use]
pub fn with_sign(number: &str) -> String {
    let above = Decimal::parse(number).is_some_and(|number| !number.is_zero() && !number.is_negative());
    if above { format!("+{number}") } else { number.to_owned() }
}

/// All of them together; `None` where one is not known.
pub(super) fn total(sums: &[Sum]) -> Option<String> {
    let all = sums.iter().try_fold("0".to_owned(), |all, one| {
        sum(Decimal::parse(&all)?, Decimal::parse(one.brought.as_deref()?)?)
    });
    all.map(shortest)
}

/// A product without the zeros behind its last place, which no price had.
fn shortest(number: String) -> String {
    if !number.contains('.') || number.contains(['e', 'E']) {
        return number;
    }
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A decimal that was typed.
pub(super) fn checked(field: Field, text: &str) -> Result<&str, Refusal> {
    match Decimal::parse(text) {
        Some(_) => Ok(text),
        None => Err(Refusal::field(field, format!("{text:?} is no decimal, such as 94795.5"))),
    }
}

/// A quantity that was typed: more than nothing.
pub(super) fn some_of(field: Field, text: &str) -> Result<Decimal<'_>, Refusal> {
    match Decimal::parse(checked(field, text)?) {
        Some(number) if !number.is_zero() && !number.is_negative() => Ok(number),
        _ => Err(Refusal::field(field, "a quantity is more than 0; the side says which way")),
    }
}
