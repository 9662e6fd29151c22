//! The form *By hand*: what was typed, what was understood, and what is still missing.

mod judge;
mod moved;
mod selection;
#[cfg(test)]
mod tests;
mod words;

use stateloft_core::api::CloseReason;
use stateloft_core::book::by_hand::Field;

pub use judge::{Asked, Judged, Lack, Note, Tone, judge};
pub use moved::{Moved, moved};
pub use selection::{noise, selection};
pub use words::{button, money, reason_of, title};

/// What is to be said of the position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A lot was closed, or a part of it.
    #[default]
    Close,
    /// All lots were.
    All,
    /// A stop or a target was moved.
    Adjust,
    /// A lot came.
    Add,
}

impl Mode {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Close, Self::All, Self::Adjust, Self::Add];

    /// Its word in an address.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::All => "all",
            Self::Adjust => "adjust",
            Self::Add => "add",
        }
    }

    /// The one of a word.
    #[must_use]
    pub fn parse(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|mode| Some(mode.word()) == word).unwrap_or_default()
    }

    /// The fields that are filled in for it, in their order.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Close => &[Field::Quantity, Field::ExitPrice, Field::ExitTime, Field::Order],
            Self::All => &[Field::ExitPrice, Field::ExitTime, Field::Order],
            Self::Adjust => &[Field::Stop, Field::Target],
            Self::Add => {
                &[Field::Id, Field::Quantity, Field::EntryPrice, Field::EntryTime, Field::Stop, Field::Target]
            }
        }
    }

    /// Whether it is about one lot.
    #[must_use]
    pub fn is_of_lot(self) -> bool {
        matches!(self, Self::Close | Self::Adjust)
    }
}

/// The reasons of an exit, with their words.
pub const REASONS: [(CloseReason, &str); 7] = [
    (CloseReason::Manual, "manual"),
    (CloseReason::StopLossHit, "stop_loss_hit"),
    (CloseReason::TakeProfitHit, "take_profit_hit"),
    (CloseReason::SessionEnd, "session_end"),
    (CloseReason::BracketClosed, "bracket_closed"),
    (CloseReason::RecoveredClosed, "recovered_closed"),
    (CloseReason::Unknown, "unknown"),
];

/// What was typed, as it was typed; `None` where nothing was yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    texts: Vec<(Field, String)>,
    /// Which of [`REASONS`].
    pub reason: usize,
    /// A new lot is short.
    pub short: bool,
}

impl Typed {
    /// What was typed into a field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.texts.iter().find(|(of, _)| *of == field).map(|(_, text)| text.as_str())
    }

    /// Types.
    pub fn set(&mut self, field: Field, text: String) {
        match self.texts.iter_mut().find(|(of, _)| *of == field) {
            Some((_, old)) => *old = text,
            None => self.texts.push((field, text)),
        }
    }

    /// Forgets what was typed of one lot, when another one is chosen.
    pub fn forget(&mut self, fields: &[Field]) {
        self.texts.retain(|(field, _)| !fields.contains(field));
    }
}
