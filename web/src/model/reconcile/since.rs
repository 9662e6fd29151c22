//! What we did with a row's lots, version by version. How much of a lot a version holds, at what price and whether it is closed is read by
//! core's reconcile, which reads it for the report as well.

use stateloft_core::api::{ReconcileOptions, ReconcileRow, Tolerance, VersionView};
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp};
use stateloft_core::reconcile::{OurState, reconcile};

/// Something that we did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When it was recorded.
    pub at: Timestamp,
    /// Who.
    pub author: Option<String>,
    /// Which version; the last one of those that changed nothing of it.
    pub version: u64,
    /// What.
    pub words: String,
}

/// What a version holds of the row: each lot's quantity, without its sign, and price. `None` where nothing of it is open.
type Held = Option<(String, Option<String>)>;

/// What versions of a state, the oldest first, did with the lots of a row. `from_start`: the first one is the state's first.
#[must_use]
pub fn acts(
    key: &StateKey,
    row: &ReconcileRow,
    versions: &[(VersionView, Option<Document>)],
    from_start: bool,
) -> Vec<Act> {
    let mut all: Vec<Act> = Vec::new();
    let mut before: Option<Held> = from_start.then_some(None);
    let mut quiet = 0_u64;
    for (version, data) in versions {
        let now = held(key, row, version, data.as_ref());
        let words = words(before.as_ref(), &now, data.is_none());
        before = Some(now);
        let act = |words| Act {
            at: version.timestamp,
            author: version.user_id.as_deref().map(str::to_owned),
            version: version.version.0,
            words,
        };
        if let Some(words) = words {
            quiet = 0;
            all.push(act(words));
            continue;
        }
        quiet += 1;
        let held = before.as_ref().and_then(Option::as_ref);
        let still = held.map_or_else(|| "not open".to_owned(), |(size, _)| format!("quantity still {size}"));
        if quiet > 1 {
            all.pop();
        }
        all.push(act(format!("{}, {still}", crate::model::number::counted(quiet, "save", "saves"))));
    }
    all
}

fn words(before: Option<&Held>, now: &Held, deleted: bool) -> Option<String> {
    let at = |price: &Option<String>| price.as_ref().map(|price| format!(" at {price}")).unwrap_or_default();
    match (before, now) {
        (None, Some((size, price))) => Some(format!("held {size}{}", at(price))),
        (Some(None), Some((size, price))) => Some(format!("opened {size}{}", at(price))),
        (Some(Some((size, _))), None) if deleted => Some(format!("deleted with its state, it held {size}")),
        (Some(Some((size, _))), None) => Some(format!("not open any more, it held {size}")),
        (None | Some(None), None) => None,
        (Some(Some(was)), Some(is)) if was == is => None,
        (Some(Some((was, _))), Some((is, price))) if was != is => {
            Some(format!("quantity {was} \u{2192} {is}{}", at(price)))
        }
        (Some(Some((_, was))), Some((_, is))) => {
            let text = |price: &Option<String>| price.clone().unwrap_or_else(|| "absent".to_owned());
            Some(format!("entry price {} \u{2192} {}", text(was), text(is)))
        }
    }
}

fn held(key: &StateKey, row: &ReconcileRow, version: &VersionView, data: Option<&Document>) -> Held {
    let data = data.map(Document::root);
    let ours = OurState { key, version: version.version, changed_at: version.timestamp, data, then: None };
    let options = ReconcileOptions {
        as_of: version.timestamp,
        shape: None,
        failure: None,
        partial: false,
        tolerance: Tolerance::default(),
        symbols: std::collections::BTreeMap::new(),
    };
    // Held against a broker that has nothing, every lot that is open has a row of its own.
    let empty: Document = "[]".parse().ok()?;
    let report = reconcile(&[ours], Some(&empty), &options).ok()?;
    let is_own = |other: &&ReconcileRow| {
        if row.ids.is_empty() {
            other.symbol == row.symbol
        } else {
            other.ids.iter().any(|id| row.ids.contains(id))
        }
    };
    let lots: Vec<_> = report.rows.iter().filter(is_own).flat_map(|row| &row.ours).collect();
    if lots.is_empty() {
        return None;
    }
    let size = |quantity: &Option<String>| {
        quantity
            .as_deref()
            .map_or_else(|| "?".to_owned(), |quantity| quantity.trim_start_matches('-').to_owned())
    };
    let sizes = lots.iter().map(|lot| size(&lot.quantity)).collect::<Vec<_>>().join(" + ");
    let price = match lots.as_slice() {
        [one] => one.price.clone(),
        _ => None,
    };
    Some((sizes, price))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconcile::samples::quantity;
    use crate::model::sample::Sample;

    #[test]
    fn versions_say_what_became_of_the_lot_and_quiet_ones_are_one_line() {
        let row = quantity().said;
        let lot = |quantity: &str, more: &str| {
            format!(
                r#"{{"symbol":"EURUSD","last":1,"lots":[{{"id":"x","ticket":38091207,"side":"long","quantity":{quantity},"entry_price":1.0880{more}}}]}}"#
            )
        };
        let texts = [
            r#"{"symbol":"EURUSD","lots":[]}"#.to_owned(),
            lot("0.40", ""),
            lot("0.40", r#","stop_loss":1.0832"#),
            lot("0.40", r#","stop_loss":1.0851"#),
            lot("0.30", ""),
            lot("0.30", r#","status":"closed""#),
        ];
        let versions = (1..).zip(texts).map(|(number, text)| {
            let view = Sample::at(number, &format!("2026-11-29T09:00:0{number}Z")).version(number).0;
            (view, Some(text.parse().unwrap()))
        });
        let versions: Vec<_> = versions.collect();
        let key = StateKey::new("position", "pairs/EURUSD").unwrap();
        let said: Vec<_> =
            acts(&key, &row, &versions, true).into_iter().map(|act| (act.version, act.words)).collect();
        let expected = [
            (1, "1 save, not open"),
            (2, "opened 0.40 at 1.0880"),
            (4, "2 saves, quantity still 0.40"),
            (5, "quantity 0.40 \u{2192} 0.30 at 1.0880"),
            (6, "not open any more, it held 0.30"),
        ];
        assert_eq!(said, expected.map(|(version, words)| (version, words.to_owned())));
        // Of a history that begins before, the first version opened nothing.
        let later = acts(&key, &row, &versions[1..], false);
        assert_eq!(later[0].words, "held 0.40 at 1.0880");
    }
}
