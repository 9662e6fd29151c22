//! Two checkpoints of a run held against each other: which two, whose the states are, and what became of each.

use std::collections::HashSet;
use std::fmt;

use stateloft_core::api::{DiffView, RunStates, StateSummary, VersionView};
use stateloft_core::model::{Operation, Seq, StateKey, is_kept_of_runs};

use super::super::address::{self, Query};
use super::super::number::counted;

/// Two checkpoints by their numbers, the older one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The older one.
    pub a: u64,
    /// The newer one.
    pub b: u64,
}

impl Pair {
    /// Two that are not the same, in any order.
    #[must_use]
    pub fn of(one: u64, other: u64) -> Option<Self> {
        (one != other && one > 0 && other > 0).then(|| Self { a: one.min(other), b: one.max(other) })
    }

    /// Reads `3,7`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (one, other) = text.split_once(',')?;
        Self::of(one.parse().ok()?, other.parse().ok()?)
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.a, self.b)
    }
}

/// What is ticked after a tick or the end of one. Two are compared, so a third takes the place of the first.
#[must_use]
pub fn ticked(mut ticks: Vec<u64>, number: u64) -> Vec<u64> {
    if let Some(at) = ticks.iter().position(|tick| *tick == number) {
        ticks.remove(at);
        return ticks;
    }
    ticks.push(number);
    let first = ticks.len().saturating_sub(2);
    ticks.split_off(first)
}

/// What asks for the states of which versions were written after one moment and by another, as they were then.
#[must_use]
pub fn written_between(from: Seq, to: Seq) -> Query {
    Query::default()
        .with("at", Some(&format!("seq:{to}")))
        .with("changed_since", Some(&format!("seq:{from}")))
        .with("deleted", Some("include"))
        .with("sort", Some("id"))
}

/// These states, those of the run and those that it has nothing to do with. What the server keeps of runs is none: a checkpoint itself
/// is a version, too.
#[must_use]
pub fn by_owner(
    rows: &[StateSummary],
    run_id: &str,
    wrote: &RunStates,
) -> (Vec<VersionView>, Vec<VersionView>) {
    let of = |row: &stateloft_core::api::RunState| (row.state_type.clone(), row.state_id.clone());
    let wrote: HashSet<_> = wrote.states.iter().map(of).collect();
    let own = |version: &VersionView| {
        version.run_id.as_deref() == Some(run_id)
            || wrote.contains(&(version.state_type.clone(), version.state_id.clone()))
    };
    rows.iter()
        .map(|row| row.version.clone())
        .filter(|version| !is_kept_of_runs(&key_of(version)))
        .partition(own)
}

/// Of which state a version is.
#[must_use]
pub fn key_of(version: &VersionView) -> StateKey {
    StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() }
}

/// What became of a state between the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It was not there at the first one.
    New,
    /// It was there at neither: it came and went between them.
    Gone,
    /// It is deleted at the second one.
    Deleted {
        /// Its version at the first one.
        from: u64,
    },
    /// It came back.
    Recreated {
        /// Its tombstone at the first one.
        from: u64,
    },
    /// So many values differ.
    Changed {
        /// Its version at the first one.
        from: u64,
        /// How many paths.
        paths: u64,
    },
    /// It was written between them, and is what it was.
    Equal {
        /// Its version at the first one.
        from: u64,
    },
}

impl Became {
    /// What a difference says. `None` is a state that was not there at the first one.
    #[must_use]
    pub fn of(diff: Option<&DiffView>, then: &VersionView) -> Self {
        let gone = then.operation == Operation::Delete;
        let Some((from, diff)) = diff.and_then(|view| Some((view.from.as_ref()?, &view.diff))) else {
            return if gone { Self::Gone } else { Self::New };
        };
        let number = from.version.0;
        match (from.operation == Operation::Delete, gone) {
            (false, true) => Self::Deleted { from: number },
            (true, false) => Self::Recreated { from: number },
            _ if diff.is_empty() => Self::Equal { from: number },
            _ => Self::Changed { from: number, paths: diff.changes.len() as u64 },
        }
    }

    /// Its version at the first one, where there was one.
    #[must_use]
    pub fn from(&self) -> Option<u64> {
        match self {
            Self::New | Self::Gone => None,
            Self::Deleted { from }
            | Self::Recreated { from }
            | Self::Equal { from }
            | Self::Changed { from, .. } => Some(*from),
        }
    }

    /// A glyph and a word.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::New => "+ new",
            Self::Gone => "= came and went",
            Self::Deleted { .. } => "\u{2212} deleted",
            Self::Recreated { .. } => "+ came back",
            Self::Changed { .. } => "~ changed",
            Self::Equal { .. } => "= as it was",
        }
    }

    /// How much changed, where that is counted.
    #[must_use]
    pub fn amount(&self) -> Option<String> {
        match self {
            Self::Changed { paths, .. } => Some(counted(*paths, "path", "paths")),
            _ => None,
        }
    }

    /// Where both versions are held against each other; of a state that was not there, what it began as or ended with.
    #[must_use]
    pub fn address(&self, then: &VersionView) -> String {
        let key = key_of(then);
        match self.from() {
            Some(from) => address::compare(&key, from, then.version.0),
            None => address::version(&key, then.version.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::diff::diff;
    use stateloft_core::json::Document;
    use stateloft_core::schema::PathRules;

    use super::*;
    use crate::model::sample::Sample;

    fn version(number: u64, operation: &str) -> VersionView {
        Sample::at(7, "2026-11-21T09:30:00Z").of("position", "a").version(number).doing(operation).0
    }

    fn held(from: (&VersionView, &str), to: (&VersionView, &str)) -> DiffView {
        let document = |text: &str| text.parse::<Document>().unwrap();
        let diff = diff(&document(from.1), &document(to.1), &PathRules::default());
        DiffView { from: Some(from.0.clone()), to: to.0.clone(), diff }
    }

    #[test]
    fn a_pair_is_read_in_any_order_and_nothing_else_is() {
        assert_eq!(Pair::parse("7,3"), Some(Pair { a: 3, b: 7 }));
        assert_eq!(Pair { a: 3, b: 7 }.to_string(), "3,7");
        for text in ["", "3", "3,3", "0,1", "a,b", "1,2,3", "-1,2"] {
            assert_eq!(Pair::parse(text), None, "{text}");
        }
    }

    #[test]
    fn two_are_ticked_at_most_and_a_tick_is_taken_back() {
        assert_eq!(ticked(vec![], 3), [3]);
        assert_eq!(ticked(vec![3], 7), [3, 7]);
        assert_eq!(ticked(vec![3, 7], 9), [7, 9]);
        assert_eq!(ticked(vec![3, 7], 3), [7]);
    }

    #[test]
    fn what_became_of_a_state_is_told_apart() {
        let (then, now) = (version(3, "update"), version(5, "update"));
        let became = Became::of(Some(&held((&then, r#"{"a":1,"b":1}"#), (&now, r#"{"a":2,"b":2}"#))), &now);
        assert_eq!(became, Became::Changed { from: 3, paths: 2 });
        assert_eq!(became.amount().as_deref(), Some("2 paths"));
        assert_eq!(became.address(&now), "/view/compare?type=position&id=a&a=3&b=5");
        let same = Became::of(Some(&held((&then, r#"{"a":1}"#), (&now, r#"{"a":1}"#))), &now);
        assert_eq!((same.words(), same.amount()), ("= as it was", None));
        let gone = version(5, "delete");
        assert_eq!(
            Became::of(Some(&held((&then, r#"{"a":1}"#), (&gone, "{}"))), &gone),
            Became::Deleted { from: 3 }
        );
        let buried = version(3, "delete");
        let back = Became::of(Some(&held((&buried, "{}"), (&now, r#"{"a":1}"#))), &now);
        assert_eq!(back, Became::Recreated { from: 3 });
        assert_eq!(Became::of(None, &gone), Became::Gone);
        let new = Became::of(None, &now);
        assert_eq!(
            (new.words(), new.address(&now).as_str()),
            ("+ new", "/view/state?type=position&id=a&a=4&b=5")
        );
    }

    #[test]
    fn states_of_the_run_stand_apart_and_what_is_kept_of_runs_is_none() {
        let row = |state_type: &str, id: &str| StateSummary {
            version: Sample::at(7, "2026-11-21T09:30:00Z").of(state_type, id).0,
            data: None,
        };
        let rows = [
            row("position", "mine"),
            row("position", "theirs"),
            row("checkpoint", "grid.main.1"),
            row("pause", "grid.main.1"),
        ];
        let wrote: RunStates = serde_json::from_str(
            r#"{"states":[{"state_type":"position","state_id":"mine","versions":1,"version":1,"seq":3,"head_version":2,"live":true,"changed_since":true}]}"#,
        )
        .unwrap();
        let (own, others) = by_owner(&rows, "grid.main.1", &wrote);
        let ids = |versions: &[VersionView]| {
            versions.iter().map(|one| one.state_id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!((ids(&own), ids(&others)), (vec!["mine".to_owned()], vec!["theirs".to_owned()]));
    }

    #[test]
    fn what_was_written_between_is_asked_for_as_it_was_at_the_second() {
        let query = written_between(Seq(12), Seq(40)).to_string();
        assert_eq!(query, "?at=seq:40&changed_since=seq:12&deleted=include&sort=id");
    }
}
