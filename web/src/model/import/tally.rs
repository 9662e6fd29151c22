//! How many of what, for the chips, the column beside the list and the button.

use std::collections::BTreeMap;

use stateloft_core::api::Standing;
use stateloft_core::model::StateKey;

use super::choice::Ticks;
use super::found::{Found, Item};
use super::stood::Stood;

/// What the list is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// States that the store does not have.
    New,
    /// States that it has otherwise.
    Changed,
    /// What it has, or had.
    Unchanged,
    /// What cannot be placed.
    Quarantine,
    /// What breaks rules.
    Invalid,
}

impl Only {
    /// All of them, in the order of the chips.
    pub const ALL: [Self; 5] = [Self::New, Self::Changed, Self::Unchanged, Self::Quarantine, Self::Invalid];

    /// How the address says it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Quarantine => "quarantine",
            Self::Invalid => "invalid",
        }
    }

    /// The one that the address names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|only| only.word() == word)
    }

    /// Whether an item is of them.
    #[must_use]
    pub fn has_item(self, item: &Item, stood: &Stood) -> bool {
        match (self, stood.standing.status) {
            (Self::Invalid, _) => item.verdict.is_invalid(),
            (Self::New, Standing::New | Standing::Unordered)
            | (Self::Changed, Standing::Different)
            | (Self::Unchanged, Standing::Unchanged) => true,
            _ => false,
        }
    }

    /// Whether something that cannot be placed is of them.
    #[must_use]
    pub fn has_held(self, standing: Standing) -> bool {
        match self {
            Self::Quarantine => true,
            Self::Unchanged => standing == Standing::Unchanged,
            _ => false,
        }
    }
}

/// How many of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items, what says the same as one, and what cannot be placed.
    pub all: u64,
    /// Items of states that the store does not have.
    pub new: u64,
    /// Items that it has otherwise.
    pub changed: u64,
    /// Items that it has, and what says the same as another item.
    pub unchanged: u64,
    /// Parts that cannot be placed.
    pub quarantine: u64,
    /// Items that break rules.
    pub invalid: u64,
    /// Boxes, and how many of them are ticked.
    pub boxes: u64,
    /// See `boxes`.
    pub ticked: u64,
    /// States that would be made.
    pub made: u64,
    /// States that would get a new version.
    pub moved: u64,
    /// States that would get something into their history and stay what they are.
    pub kept: u64,
    /// Versions that would be written in all, those that keep a state among them.
    pub versions: u64,
    /// Of them, those that break rules.
    pub accepted: u64,
    /// Parts that would go to quarantine: those that are not there, and were not settled.
    pub to_quarantine: u64,
    /// States of which something could be written and nothing is.
    pub left: Vec<String>,
}

impl Tally {
    /// How many are of a kind.
    #[must_use]
    pub fn of(&self, only: Option<Only>) -> u64 {
        match only {
            None => self.all,
            Some(Only::New) => self.new,
            Some(Only::Changed) => self.changed,
            Some(Only::Unchanged) => self.unchanged,
            Some(Only::Quarantine) => self.quarantine,
            Some(Only::Invalid) => self.invalid,
        }
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.versions + self.to_quarantine > 0
    }

    /// States that would be written.
    #[must_use]
    pub fn states(&self) -> u64 {
        self.made + self.moved + self.kept
    }
}

/// What becomes of a state.
#[derive(Default)]
struct Written {
    /// The store has it.
    is_there: bool,
    /// Something goes into its history only.
    history: bool,
    /// Something becomes its head.
    head: bool,
}

/// Counts.
#[must_use]
pub fn tally(found: &Found, stood: &[Stood], quarantine: &[Standing], ticks: &Ticks) -> Tally {
    let mut tally = Tally { quarantine: found.quarantine.len() as u64, ..Tally::default() };
    let mut states: BTreeMap<StateKey, Written> = BTreeMap::new();
    for (item, stood) in found.items.iter().zip(stood) {
        match stood.standing.status {
            Standing::New | Standing::Unordered => tally.new += 1,
            Standing::Different => tally.changed += 1,
            Standing::Unchanged => tally.unchanged += 1,
        }
        let invalid = item.verdict.is_invalid();
        tally.invalid += u64::from(invalid);
        let Some(on) = ticks.of(item, stood) else { continue };
        tally.boxes += 1;
        if on {
            tally.ticked += 1;
            tally.accepted += u64::from(invalid);
        }
        let state = states.entry(item.key()).or_default();
        state.is_there |= stood.standing.version.is_some();
        state.history |= on && ticks.is_history(item);
        state.head |= on && !ticks.is_history(item);
    }
    for (key, state) in states {
        match state {
            Written { head: true, is_there: true, .. } => tally.moved += 1,
            Written { head: true, is_there: false, .. } => tally.made += 1,
            Written { history: true, .. } => tally.kept += 1,
            Written { .. } => tally.left.push(key.state_id.to_string()),
        }
    }
    tally.versions = tally.ticked + tally.kept;
    tally.unchanged += found.records.iter().filter(|record| record.is_duplicate()).count() as u64;
    tally.to_quarantine =
        quarantine.iter().filter(|standing| **standing != Standing::Unchanged).count() as u64;
    tally.all = tally.new + tally.changed + tally.unchanged + tally.quarantine;
    tally
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::ImportStanding;
    use stateloft_core::model::VersionNumber;

    use super::super::samples::{broken, found, item};
    use super::super::stood::Age;
    use super::*;

    #[test]
    fn states_and_versions_are_counted_apart() {
        let stood = |status, version: Option<u64>, age| Stood {
            standing: ImportStanding { status, version: version.map(VersionNumber) },
            age,
        };
        // Two versions of a new state, one that the store has otherwise and newer, one older, one that is there.
        let found =
            found(vec![item("A", 1), broken(item("A", 2), 3), item("B", 3), item("C", 4), item("D", 5)]);
        let mut second = found.clone();
        second.items[1].name = "a.json#/again".to_owned();
        let stood = [
            stood(Standing::New, None, Age::Alone),
            stood(Standing::New, None, Age::Alone),
            stood(Standing::Different, Some(4), Age::Older),
            stood(Standing::Different, Some(4), Age::Newer),
            stood(Standing::Unchanged, Some(1), Age::Alone),
        ];
        let mut ticks = Ticks::default();
        let held = [Standing::New, Standing::Unchanged];
        let counted = tally(&second, &stood, &held, &ticks);
        assert_eq!(
            counted,
            Tally {
                all: 5,
                new: 2,
                changed: 2,
                unchanged: 1,
                quarantine: 0,
                invalid: 1,
                boxes: 4,
                ticked: 3,
                made: 1,
                moved: 1,
                kept: 0,
                versions: 3,
                accepted: 1,
                to_quarantine: 1,
                left: vec!["B".to_owned()],
            }
        );
        // The older one goes into the history: what the state is now is written behind it.
        ticks.put_into_history(&second.items[2], true);
        let counted = tally(&second, &stood, &[], &ticks);
        assert_eq!((counted.states(), counted.kept, counted.versions), (3, 1, 5));
        assert_eq!((counted.ticked, counted.left.len()), (4, 0));
        second.items.iter().for_each(|item| ticks.set(item, false));
        let counted = tally(&second, &stood, &[], &ticks);
        assert!(!counted.writes() && counted.left == ["A", "B", "C"], "{counted:?}");
    }

    #[test]
    fn every_kind_has_a_word_that_names_it() {
        for only in Only::ALL {
            assert_eq!(Only::named(only.word()), Some(only));
        }
        assert_eq!(Only::named("all"), None);
    }
}
