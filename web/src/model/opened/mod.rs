//! A bundle that was opened as a file: what it is, whether it is whole, and what of it can be shown.

mod found;
mod history;

use serde::Deserialize;
use stateloft_core::api::Scope;
use stateloft_core::bundle::{DamagedLine, Header};
use stateloft_core::model::{Seq, StateType};

pub use found::{Found, Trust};
pub use history::{HistoryRow, history_rows, state_address};

use super::hidden::told;
use super::{age, number};

/// What the component says of a bundle.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Summary {
    /// What the bundle says of itself; none where its first line could not be read.
    pub header: Option<Header>,
    /// Versions that are there.
    pub versions: u64,
    /// States that are there.
    pub states: u64,
    /// Their types, by name.
    pub types: Vec<String>,
    /// Restores that it tells of.
    pub restores: u64,
    /// Snapshots that it tells of.
    pub snapshots: u64,
    /// The last of them.
    pub last_snapshots: Vec<Named>,
    /// Versions that the store could not give.
    pub damaged: u64,
    /// The first of those.
    pub first_damaged: Vec<DamagedLine>,
    /// The first and the last moment that can be shown.
    pub moments: Option<(Seq, Seq)>,
    /// The chain hash of the last version that is there.
    pub last_chain_hash: Option<String>,
    /// How it ended.
    pub end: Ended,
    /// In which line it is damaged or was cut.
    pub line: Option<u64>,
    /// What is wrong there.
    pub wrong: Option<String>,
}

/// A snapshot: a name for a moment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// Its name.
    pub id: String,
    /// The moment.
    pub seq: Seq,
}

/// How a bundle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It did not.
    Open,
    /// With its last line.
    Whole,
    /// It is damaged or was cut.
    Faulty,
    /// It goes on, and no more is held.
    TooLarge,
}

impl Summary {
    /// `exported 2026-11-30 07:15:23 UTC by stateloft 0.1, seq 1 to 1,234`
    #[must_use]
    pub fn about(&self) -> String {
        let Some(header) = &self.header else { return "nothing of it could be read".to_owned() };
        let (from, to) = (number::count(header.from.0), number::count(header.to.0));
        let when = age::to_second(header.made_at);
        format!("exported {when} by {}, seq {from} to {to}", told(&header.made_by))
    }

    /// What is left out of it on purpose, in a sentence; nothing where nothing is.
    #[must_use]
    pub fn left_out(&self) -> Option<String> {
        let header = self.header.as_ref()?;
        let mut parts = Vec::new();
        let Scope { types, prefix, states } = &header.scope;
        if !types.is_empty() {
            let types: Vec<&str> = types.iter().map(StateType::as_str).collect();
            parts.push(format!("only the types {}", types.join(", ")));
        }
        if let Some(prefix) = prefix {
            parts.push(format!("only ids that begin with {}", told(prefix)));
        }
        if !states.is_empty() {
            parts.push(format!("only {} by name", number::counted(states.len() as u64, "state", "states")));
        }
        if !header.history {
            parts.push("of each state only its last version".to_owned());
        }
        if header.history && header.from > Seq(1) {
            parts.push(format!("only what was written from seq {} on", number::count(header.from.0)));
        }
        (!parts.is_empty()).then(|| format!("It was exported with {}.", parts.join(", ")))
    }

    /// Whether there is more than one moment to choose from.
    #[must_use]
    pub fn has_moments(&self) -> bool {
        self.moments.is_some_and(|(first, last)| first < last)
    }

    /// The moment that a text names, where the bundle can show it; else why not.
    ///
    /// # Errors
    /// In words.
    pub fn moment(&self, text: &str) -> Result<Seq, String> {
        let (first, last) = self.moments.ok_or("The file has no versions.")?;
        let seq = text.trim().replace(',', "").parse().ok().map(Seq);
        seq.filter(|seq| first <= *seq && *seq <= last).ok_or_else(|| {
            let (first, last) = (number::count(first.0), number::count(last.0));
            if self.has_moments() {
                format!("The file shows seq {first} to {last}.")
            } else {
                format!("The file shows only seq {last}.")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::Timestamp;

    use super::*;

    pub(super) fn summary(end: Ended) -> Summary {
        let header = Header {
            made_at: Timestamp::parse("2026-11-30T07:15:23.5Z").unwrap(),
            made_by: "stateloft 0.1.0".into(),
            from: Seq(1),
            to: Seq(1234),
            scope: Scope::default(),
            history: true,
            chain_hash_before: None,
        };
        Summary {
            header: Some(header),
            versions: 1234,
            states: 3,
            types: vec!["position".into()],
            restores: 0,
            snapshots: 0,
            last_snapshots: Vec::new(),
            damaged: 0,
            first_damaged: Vec::new(),
            moments: Some((Seq(1), Seq(1234))),
            last_chain_hash: None,
            end,
            line: None,
            wrong: None,
        }
    }

    #[test]
    fn a_file_says_when_it_was_made_of_what_and_what_it_leaves_out() {
        let mut summary = summary(Ended::Whole);
        assert_eq!(summary.about(), "exported 2026-11-30 07:15:23 UTC by stateloft 0.1.0, seq 1 to 1,234");
        assert_eq!(summary.left_out(), None);
        let header = summary.header.as_mut().unwrap();
        header.scope.types = vec![StateType::new("position").unwrap()];
        header.scope.prefix = Some("EUR".into());
        header.from = Seq(9);
        assert_eq!(
            summary.left_out().unwrap(),
            "It was exported with only the types position, only ids that begin with EUR, only what was written from seq 9 on."
        );
        summary.header.as_mut().unwrap().history = false;
        assert!(summary.left_out().unwrap().contains("of each state only its last version"));
        summary.header = None;
        assert_eq!(summary.about(), "nothing of it could be read");
    }

    #[test]
    fn only_moments_that_the_file_has_are_shown() {
        let mut summary = summary(Ended::Whole);
        assert_eq!(summary.moment(" 1,234 "), Ok(Seq(1234)));
        for wrong in ["0", "1235", "x", "", "-1", "1.5"] {
            assert_eq!(summary.moment(wrong).unwrap_err(), "The file shows seq 1 to 1,234.", "{wrong}");
        }
        summary.moments = Some((Seq(9), Seq(9)));
        assert!(!summary.has_moments());
        assert_eq!(summary.moment("8").unwrap_err(), "The file shows only seq 9.");
        summary.moments = None;
        assert_eq!(summary.moment("1").unwrap_err(), "The file has no versions.");
    }
}
