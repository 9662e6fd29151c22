//! Closing a lot of ours, and adopting one of theirs where something more is to be said: what is typed, and what it becomes.

use stateloft_core::api::{ChosenRow, CloseReason, RowChoice};
use stateloft_core::json::Decimal;
use stateloft_core::model::{StateId, Timestamp};

use super::chosen::plain;

/// Why a lot may have been closed, in the order in which they are offered.
pub const REASONS: [CloseReason; 7] = [
    CloseReason::RecoveredClosed,
    CloseReason::StopLossHit,
    CloseReason::TakeProfitHit,
    CloseReason::Manual,
    CloseReason::SessionEnd,
    CloseReason::BracketClosed,
    CloseReason::Unknown,
];

/// The word that is written, and what it means.
#[must_use]
pub fn reason_words(reason: CloseReason) -> (&'static str, &'static str) {
    match reason {
        CloseReason::StopLossHit => ("stop_loss_hit", "its stop was hit"),
        CloseReason::TakeProfitHit => ("take_profit_hit", "its target was hit"),
        CloseReason::Manual => ("manual", "somebody closed it"),
        CloseReason::SessionEnd => ("session_end", "the session ended"),
        CloseReason::RecoveredClosed => ("recovered_closed", "it was found closed"),
        CloseReason::BracketClosed => ("bracket_closed", "another order of its bracket closed it"),
        CloseReason::Unknown => ("unknown", "nobody knows"),
    }
}

/// What is typed about a close. What is empty is not written: nothing is made up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    /// At which price.
    pub price: String,
    /// When, with its zone.
    pub time: String,
    /// What was won or lost.
    pub pnl: String,
    /// Why: one of [`REASONS`], by its word.
    pub reason: String,
}

impl Closing {
    /// As it was chosen before.
    #[must_use]
    pub fn of(chosen: &ChosenRow) -> Self {
        Self {
            price: chosen.price.clone().unwrap_or_default(),
            time: chosen.time.map(|time| time.to_string()).unwrap_or_default(),
            pnl: chosen.pnl.clone().unwrap_or_default(),
            reason: chosen.reason.map(|reason| reason_words(reason).0.to_owned()).unwrap_or_default(),
        }
    }

    /// The choice.
    ///
    /// # Errors
    /// Which field is wrong, and what it must be.
    pub fn choice(&self, row: &str) -> Result<ChosenRow, String> {
        let reason = REASONS.into_iter().find(|reason| reason_words(*reason).0 == self.reason);
        Ok(ChosenRow {
            price: decimal("Price", &self.price)?,
            time: time("Time", &self.time)?,
            pnl: decimal("P&L", &self.pnl)?,
            reason: Some(reason.ok_or_else(|| "Reason: choose why it was closed.".to_owned())?),
            ..plain(row, RowChoice::Close)
        })
    }
}

/// What is typed about a lot that is adopted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopting {
    /// Which state gets it; empty: the one of its symbol in the program's book.
    pub state_id: String,
    /// What it is called here; empty: as the broker calls it.
    pub id: String,
    /// Since when it is held; empty: no time is written.
    pub time: String,
}

impl Adopting {
    /// As it was chosen before.
    #[must_use]
    pub fn of(chosen: &ChosenRow) -> Self {
        Self {
            state_id: chosen.state_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            id: chosen.id.clone().unwrap_or_default(),
            time: chosen.time.map(|time| time.to_string()).unwrap_or_default(),
        }
    }

    /// The choice.
    ///
    /// # Errors
    /// Which field is wrong, and what it must be.
    pub fn choice(&self, row: &str) -> Result<ChosenRow, String> {
        let state_id = self.state_id.trim();
        let state_id = (!state_id.is_empty())
            .then(|| StateId::new(state_id).map_err(|error| format!("State: {error}.")))
            .transpose()?;
        let id = Some(self.id.trim().to_owned()).filter(|id| !id.is_empty());
        Ok(ChosenRow { state_id, id, time: time("Time", &self.time)?, ..plain(row, RowChoice::AdoptTheirs) })
    }
}

fn decimal(field: &str, text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    match Decimal::parse(text) {
        _ if text.is_empty() => Ok(None),
        Some(_) => Ok(Some(text.to_owned())),
        None => Err(format!("{field}: {text:?} is no decimal, such as 1.0832.")),
    }
}

fn time(field: &str, text: &str) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| format!("{field}: write it with its zone, such as 2026-11-29T09:40:00Z.");
    Timestamp::parse(text).map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_written_and_decimals_stay_as_typed() {
        let closing =
            Closing { price: " 0.59310 ".into(), reason: "stop_loss_hit".into(), ..Closing::default() };
        let chosen = closing.choice("a.b").unwrap();
        assert_eq!(
            (chosen.price.as_deref(), chosen.time, chosen.pnl.as_deref()),
            (Some("0.59310"), None, None)
        );
        assert_eq!(chosen.reason, Some(CloseReason::StopLossHit));
        assert_eq!(Closing::of(&chosen), Closing { price: "0.59310".into(), ..closing });
    }

    #[test]
    fn a_wrong_field_is_named() {
        let of = |closing: Closing| closing.choice("a.b").unwrap_err();
        let reason = || "manual".to_owned();
        assert!(of(Closing::default()).starts_with("Reason"));
        assert!(
            of(Closing { price: "1,5".into(), reason: reason(), ..Closing::default() }).starts_with("Price")
        );
        assert!(of(Closing { pnl: "x".into(), reason: reason(), ..Closing::default() }).starts_with("P&L"));
        // A time without a zone is not guessed.
        let naive = Closing { time: "2026-11-29T09:40:00".into(), reason: reason(), ..Closing::default() };
        assert!(of(naive).starts_with("Time"));
    }

    #[test]
    fn each_reason_is_written_with_the_word_that_the_api_has() {
        for reason in REASONS {
            let word = serde_json::to_string(&reason).unwrap();
            assert_eq!(word.trim_matches('"'), reason_words(reason).0);
        }
    }

    #[test]
    fn an_adopted_lot_says_only_what_was_typed() {
        let adopting = Adopting { state_id: "pairs/GBP".into(), ..Adopting::default() };
        let chosen = adopting.choice("a.b").unwrap();
        assert_eq!(chosen.state_id.as_ref().map(ToString::to_string).as_deref(), Some("pairs/GBP"));
        assert_eq!((chosen.id.as_deref(), chosen.time), (None, None));
        assert_eq!(Adopting::of(&chosen), adopting);
        assert!(Adopting { state_id: "a\u{1}".into(), ..Adopting::default() }.choice("a.b").is_err());
    }
}
