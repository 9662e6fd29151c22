//! Open positions: the fields that bots save, whatever they call them, spelled as saved.

use std::borrow::Cow;

use stateloft_core::json::{Document, Kind, Node};
use stateloft_core::model::{StateKey, Timestamp};

use super::age;

/// When a position was opened, as far as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A time with its zone.
    At(Timestamp),
    /// A text that is no time with a zone; shown, never guessed at.
    Unclear(String),
}

/// What a position's row shows. What the data does not say is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// `EURUSD/GBPUSD`, from its symbols.
    pub pair: Option<String>,
    /// `long`
    pub side: Option<String>,
    /// Quantity; of both legs if they differ in name.
    pub quantity: Option<String>,
    /// Price at entry.
    pub entry: Option<String>,
    /// Stop.
    pub stop: Option<String>,
    /// Profit or loss as last saved.
    pub pnl: Option<String>,
    /// When it was opened.
    pub opened: Option<Opened>,
}

impl Fields {
    /// Reads what is there.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let root = document.root();
        let symbols = (text(root, &["symbol1"]), text(root, &["symbol2"]));
        let pair = match symbols {
            (Some(one), Some(two)) => Some(format!("{one}/{two}")),
            (Some(one), None) => Some(one),
            (None, _) => text(root, &["symbol", "pair"]),
        };
        Self {
            pair,
            side: text(root, &["direction", "side"]),
            quantity: text(
                root,
                &["quantity", "qty", "volume", "size", "amount", "contracts", "units", "shares", "lots"],
            )
            .or_else(|| legs(root, &["volume1", "quantity1"], &["volume2", "quantity2"])),
            entry: text(root, &["entry_price", "avg_entry_price"]).or_else(|| {
                legs(root, &["entry_exec_price1", "entry_price1"], &["entry_exec_price2", "entry_price2"])
            }),
            stop: text(root, &["stop_loss", "stop"]),
            pnl: text(root, &["unrealized_pnl", "unrealized_pl", "pnl", "profit"]),
            opened: text(root, &["entry_time", "opened_at"]).map(|text| match Timestamp::parse(&text) {
                Ok(time) => Opened::At(time),
                Err(_) => Opened::Unclear(text),
            }),
        }
    }

    /// How long it has been open: `19 h 33 m`; `None` if the data does not say it clearly.
    #[must_use]
    pub fn open_for(&self, now: Timestamp) -> Option<String> {
        match &self.opened {
            Some(Opened::At(time)) => Some(age::long(age::seconds_between(*time, now))),
            Some(Opened::Unclear(_)) | None => None,
        }
    }
}

/// The z-score of a pair state, spelled as saved.
#[must_use]
pub fn z_score(document: &Document) -> Option<String> {
    text(document.root(), &["z_score", "zscore", "z"])
}

/// The pair state that goes with a position: of the same name, or `pair_X` for `position_X`.
#[must_use]
pub fn pair_key(position: &StateKey) -> Option<StateKey> {
    let id = position.state_id.as_str();
    let pair: Cow<'_, str> = match id.strip_prefix("position_") {
        Some(rest) => format!("pair_{rest}").into(),
        None => id.into(),
    };
    StateKey::new("pair_state", &pair).ok()
}

/// Whether a number text is under, at or over zero.
#[must_use]
pub fn sign(text: &str) -> std::cmp::Ordering {
    let Some(number) = stateloft_core::json::Decimal::parse(text) else { return std::cmp::Ordering::Equal };
    match (number.is_zero(), number.is_negative()) {
        (true, _) => std::cmp::Ordering::Equal,
        (false, true) => std::cmp::Ordering::Less,
        (false, false) => std::cmp::Ordering::Greater,
    }
}

/// The first of these fields that holds a number or a text.
fn text(root: Node<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let node = root.get(name)?;
        match node.kind() {
            Kind::Number => Some(node.text().to_owned()),
            Kind::String => node.as_str().map(Cow::into_owned).filter(|text| !text.is_empty()),
            _ => None,
        }
    })
}

/// Both legs' values: `1.2 / 0.8`.
fn legs(root: Node<'_>, one: &[&str], two: &[&str]) -> Option<String> {
    match (text(root, one), text(root, two)) {
        (Some(one), Some(two)) => Some(format!("{one} / {two}")),
        (one, two) => one.or(two),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use stateloft_core::json::Limits;

    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::of(&Document::parse(text, &Limits::default()).unwrap())
    }

    #[test]
    fn values_are_spelled_as_saved() {
        let found = fields(
            r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","quantity":1.20,"entry_price":1.0874,
            "stop_loss":1.08510,"unrealized_pnl":-0.0,"entry_time":"2026-11-20T14:13:00Z"}"#,
        );
        assert_eq!(found.pair.as_deref(), Some("EURUSD/GBPUSD"));
        assert_eq!(found.quantity.as_deref(), Some("1.20"));
        assert_eq!(found.stop.as_deref(), Some("1.08510"));
        assert_eq!(found.pnl.as_deref(), Some("-0.0"));
        let now = Timestamp::parse("2026-11-21T09:46:12Z").unwrap();
        assert_eq!(found.open_for(now).as_deref(), Some("19 h 33 m"));
    }

    #[test]
    fn two_legged_positions_show_both_legs() {
        let found = fields(
            r#"{"symbol1":"AAA","symbol2":null,"direction":"LONG","volume1":5.000000000000001,"volume2":3,
            "entry_exec_price1":10.5,"entry_exec_price2":1e22,"entry_time":"2025-03-01T10:00:00.123456"}"#,
        );
        assert_eq!(found.pair.as_deref(), Some("AAA"));
        assert_eq!(found.side.as_deref(), Some("LONG"));
        assert_eq!(found.quantity.as_deref(), Some("5.000000000000001 / 3"));
        assert_eq!(found.entry.as_deref(), Some("10.5 / 1e22"));
        assert_eq!(found.opened, Some(Opened::Unclear("2025-03-01T10:00:00.123456".into())));
        assert_eq!(found.open_for(Timestamp::from_micros(0)), None, "a time without zone is not guessed");
    }

    #[test]
    fn what_is_not_there_is_not_made_up() {
        assert_eq!(fields(r#"{"deleted":true,"quantity":null,"stop_loss":{"price":1}}"#), Fields::default());
    }

    #[test]
    fn a_position_finds_its_pair() {
        let key = |id| StateKey::new("position", id).unwrap();
        assert_eq!(pair_key(&key("position_A-B")), StateKey::new("pair_state", "pair_A-B").ok());
        assert_eq!(pair_key(&key("EURUSD/GBPUSD")), StateKey::new("pair_state", "EURUSD/GBPUSD").ok());
    }

    #[test]
    fn profit_and_loss_have_a_sign() {
        assert_eq!(
            ["-341.88", "184.20", "0.00", "-0.0", "n/a"].map(sign),
            [Ordering::Less, Ordering::Greater, Ordering::Equal, Ordering::Equal, Ordering::Equal]
        );
    }
}
