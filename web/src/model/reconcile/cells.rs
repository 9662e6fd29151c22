//! What the columns of a row say. Flat, not in the list, and unknown are three things and never look alike.

use stateloft_core::api::{Agreement, Because, Held, PlannedRow, ReconcileRow};

use crate::model::change::Glyph;

/// A quantity without its sign, which the side says, and a price; as spelled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amount {
    /// How much.
    pub size: String,
    /// At which price, where one is said.
    pub price: Option<String>,
}

/// The broker's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum There {
    /// It says how much.
    Says(Amount),
    /// It named the position and said 0.
    Flat,
    /// Its list is whole, and this is not in it.
    NotListed,
    /// Nobody knows what it has; what it said all the same, if it said anything.
    Unknown {
        /// What it said.
        said: Option<Amount>,
        /// Why that is no answer.
        why: &'static str,
    },
}

/// Our column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Here {
    /// It is open.
    Open(Amount),
    /// It was closed.
    Closed(Amount),
    /// There is no such lot.
    Nothing,
    /// What is stored does not say how much, or on which side.
    Unknown,
}

/// The sign, the word and the CSS class of a verdict.
#[must_use]
pub fn verdict(verdict: Agreement) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Agreement::QuantityMismatch => (Glyph::Changed.sign(), "quantity", "chg"),
        Agreement::MissingHere => (Glyph::Added.sign(), "missing here", "add"),
        Agreement::MissingThere => (Glyph::Removed.sign(), "missing there", "del"),
        Agreement::Unknown => ("?", "unknown", "hatched"),
        Agreement::PriceMismatch => (Glyph::Changed.sign(), "price", "chg"),
        Agreement::Matched => (Glyph::Equal.sign(), "matched", ""),
    }
}

/// What a row is called: the broker's id, else our state, else the symbol.
#[must_use]
pub fn identity(row: &ReconcileRow) -> String {
    let more = |more: usize| if more == 0 { String::new() } else { format!(" +{more}") };
    if let Some(id) = row.ids.first() {
        return format!("{id}{}", more(row.ids.len() - 1));
    }
    let ours = row.ours.first().and_then(|held| held.state_id.clone());
    match ours {
        Some(state) => format!("{state}{}", more(row.ours.len() - 1)),
        None => row.symbol.clone().unwrap_or_else(|| "without a name".to_owned()),
    }
}

/// `long`, or `long here, short there`; nothing where no quantity says it.
#[must_use]
pub fn sides(row: &ReconcileRow) -> String {
    match (side(&row.ours), side(&row.theirs)) {
        (Some(here), Some(there)) if here != there => format!("{here} here, {there} there"),
        (Some(side), _) | (None, Some(side)) => side.to_owned(),
        (None, None) => String::new(),
    }
}

fn side(held: &[Held]) -> Option<&'static str> {
    let quantity = held.iter().find_map(|held| held.quantity.as_deref())?;
    let is_zero = quantity.chars().all(|digit| !digit.is_ascii_digit() || digit == '0');
    (!is_zero).then_some(if quantity.starts_with('-') { "short" } else { "long" })
}

/// What the broker's column says.
#[must_use]
pub fn there(row: &ReconcileRow) -> There {
    let total = row.quantity.as_ref().map(|both| both.theirs.as_str());
    let said = amount(&row.theirs, total);
    let unknown = |why| There::Unknown { said: said.clone(), why };
    match (row.verdict, row.because) {
        (_, Some(Because::Flat)) => There::Flat,
        (_, Some(Because::NotListed)) => There::NotListed,
        (Agreement::Unknown, Some(Because::NotSaidHere)) => {
            said.clone().map_or(There::NotListed, There::Says)
        }
        (Agreement::Unknown, Some(because)) => unknown(short(because)),
        (Agreement::Unknown, None) => unknown("no answer"),
        _ => said.clone().map_or_else(|| unknown("it did not say how much"), There::Says),
    }
}

/// Why a broker's answer is none, in a cell.
fn short(because: Because) -> &'static str {
    match because {
        Because::PartialList => "its list is not whole",
        Because::NotSaid => "it did not say how much",
        Because::ChangedSince => "older than our change",
        Because::NamedTwice => "named twice",
        Because::NoAnswer
        | Because::Flat
        | Because::NotListed
        | Because::NotSaidHere
        | Because::ClosedHere => "no answer",
    }
}

/// Why nothing can be said of a row, and so nothing chosen.
#[must_use]
pub fn because_words(because: Option<Because>) -> &'static str {
    match because {
        Some(Because::PartialList) => "The list is not whole: it may be on the part that did not come.",
        Some(Because::NotSaid) => "The broker names it and does not say how much, or on which side.",
        Some(Because::ChangedSince) => {
            "It changed here after the broker was asked: an old list cannot undo that."
        }
        Some(Because::NotSaidHere) => "What is stored here does not say how much is held, or on which side.",
        Some(Because::NamedTwice) => "Two of one side are the same, or cannot be told apart.",
        Some(Because::NoAnswer | Because::Flat | Because::NotListed | Because::ClosedHere) | None => {
            "The broker did not answer."
        }
    }
}

/// What our column says.
#[must_use]
pub fn here(row: &ReconcileRow) -> Here {
    let total = row.quantity.as_ref().map(|both| both.ours.as_str());
    match (row.because, amount(&row.ours, total)) {
        (Some(Because::NotSaidHere), _) => Here::Unknown,
        (Some(Because::ClosedHere), amount) => Here::Closed(amount.unwrap_or_default()),
        (_, Some(amount)) => Here::Open(amount),
        (_, None) if row.ours.is_empty() => Here::Nothing,
        (_, None) => Here::Unknown,
    }
}

/// What a side has: of several the sum that the server worked out, else each of them.
fn amount(held: &[Held], total: Option<&str>) -> Option<Amount> {
    let size = |quantity: &str| quantity.trim_start_matches(['-', '+']).to_owned();
    let sizes: Option<Vec<String>> = held.iter().map(|held| held.quantity.as_deref().map(size)).collect();
    let size = match total {
        Some(total) => size(total),
        None => sizes.filter(|sizes| !sizes.is_empty())?.join(" + "),
    };
    let price = match held {
        [one] => one.price.clone(),
        _ => None,
    };
    Some(Amount { size, price })
}

/// What both sides last agreed on; `None` where that was never recorded.
#[must_use]
pub fn agreed(row: &PlannedRow) -> Option<Amount> {
    let agreed = row.agreed.as_ref()?;
    let size = agreed.quantity.as_deref().map_or("", |quantity| quantity.trim_start_matches(['-', '+']));
    Some(Amount { size: size.to_owned(), price: agreed.price.clone() })
}

/// What stands under the choices of a row while nothing is chosen, or where nothing can be.
#[must_use]
pub fn note(row: &PlannedRow) -> String {
    let said = &row.said;
    let delta = |both: &Option<stateloft_core::api::Apart>| {
        both.as_ref().and_then(|both| both.delta.clone()).map(|delta| crate::model::number::signed(&delta))
    };
    match said.verdict {
        Agreement::Unknown => format!(
            "nothing can be chosen: {}",
            match said.because {
                Some(Because::NotSaidHere) => "not said here",
                Some(because) => short(because),
                None => "no answer",
            }
        ),
        Agreement::Matched => match &said.quantity {
            Some(both) if both.ours != both.theirs && is_nothing(both.delta.as_deref()) => {
                "spelling only".to_owned()
            }
            Some(both) if both.ours != both.theirs => "within the tolerance".to_owned(),
            _ => "nothing to do".to_owned(),
        },
        Agreement::QuantityMismatch => {
            delta(&said.quantity).map_or_else(String::new, |delta| format!("{delta} at the broker"))
        }
        Agreement::PriceMismatch => {
            delta(&said.price).map_or_else(String::new, |delta| format!("price {delta} at the broker"))
        }
        Agreement::MissingHere if said.because == Some(Because::ClosedHere) => {
            "closed here, open there".to_owned()
        }
        Agreement::MissingHere => "only at the broker".to_owned(),
        Agreement::MissingThere => "open here only".to_owned(),
    }
}

fn is_nothing(delta: Option<&str>) -> bool {
    delta.is_some_and(|delta| delta.chars().all(|c| !c.is_ascii_digit() || c == '0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconcile::samples::{flat, missing_here, missing_there, quantity, row, unknown};

    #[test]
    fn flat_not_in_the_list_and_unknown_are_three_things() {
        assert_eq!(there(&flat().said), There::Flat);
        assert_eq!(there(&missing_there().said), There::NotListed);
        let why = |because| match there(&unknown(because).said) {
            There::Unknown { why, .. } => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why("no_answer"), "no answer");
        assert_eq!(why("partial_list"), "its list is not whole");
        assert_eq!(why("changed_since"), "older than our change");
        // What is not said here is no fault of the broker's.
        let ours = unknown("not_said_here");
        assert_eq!(here(&ours.said), Here::Unknown);
        assert!(matches!(there(&ours.said), There::Says(_)), "{:?}", there(&ours.said));
    }

    #[test]
    fn numbers_stay_as_they_are_spelled_and_the_side_says_their_sign() {
        let row = quantity();
        let says = |size: &str, price: &str| Amount { size: size.into(), price: Some(price.into()) };
        assert_eq!(there(&row.said), There::Says(says("0.30", "1.0880")));
        assert_eq!(here(&row.said), Here::Open(says("0.40", "1.0880")));
        assert_eq!((identity(&row.said).as_str(), sides(&row.said).as_str()), ("38091207", "long"));
        assert_eq!(note(&row), "\u{2212}0.10 at the broker");
        let short = missing_here();
        assert_eq!(there(&short.said), There::Says(says("0.50", "1.2684")));
        assert_eq!((here(&short.said), sides(&short.said).as_str()), (Here::Nothing, "short"));
    }

    #[test]
    fn several_lots_are_their_sum_and_have_no_price_of_one() {
        let netted = row(r#"{"row":"a.b","verdict":"quantity_mismatch","symbol":"BTC","ids":[],
            "ours":[{"state_type":"position","state_id":"s","version":1,"pointer":"/lots/0","quantity":"0.1","price":"1"},
                    {"state_type":"position","state_id":"s","version":1,"pointer":"/lots/1","quantity":"0.2","price":"2"}],
            "theirs":[{"pointer":"/0","quantity":"-0.5"}],"quantity":{"ours":"0.3","theirs":"-0.5","delta":"-0.8"},"choices":["keep_ours"]}"#);
        assert_eq!(here(&netted.said), Here::Open(Amount { size: "0.3".into(), price: None }));
        assert_eq!(sides(&netted.said), "long here, short there");
        assert_eq!(identity(&netted.said), "s +1");
    }

    #[test]
    fn agreeing_rows_say_how_they_agree() {
        let of = |ours: &str, theirs: &str, delta: &str| {
            note(&row(&format!(
                r#"{{"row":"a.b","verdict":"matched","ids":["1"],"ours":[],"theirs":[],"choices":[],
                "quantity":{{"ours":"{ours}","theirs":"{theirs}","delta":"{delta}"}}}}"#
            )))
        };
        assert_eq!(of("0.80", "0.80", "0.00"), "nothing to do");
        assert_eq!(of("0.80", "0.8", "0.00"), "spelling only");
        assert_eq!(of("0.80", "0.81", "+0.01"), "within the tolerance");
    }
}
