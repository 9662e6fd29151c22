//! What of a restore plan has been looked at. A row has an eye, which somebody sets; what moves under the plan loses it, and
//! nothing that is ticked is written before it has been looked at again.

use std::collections::{BTreeMap, BTreeSet};

use stateloft_core::api::{StateMoved, StateSelection};
use stateloft_core::diff::Change;

use super::restore::{PathFate, fate};

/// What has been looked at, by the names of states in a selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<String, Looks>);

/// What of one state. Paths are as they are shown: a pointer into an array means another element once that has moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Looks {
    /// All of it, as one.
    whole: bool,
    /// These rows.
    paths: BTreeSet<String>,
    /// These have moved, and have not been looked at again.
    moved: BTreeSet<String>,
    /// So has what is no path: whether it exists, or what the rules say of the result.
    as_a_whole: bool,
}

/// The rows of a state, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Each has a box.
    Boxed(&'a [Change], Option<&'a StateSelection>),
    /// It comes or goes as a whole, or byte for byte: every row is written.
    Whole(&'a [Change]),
    /// Only how many would be written.
    Counted(u32),
}

impl Rows<'_> {
    fn count(&self) -> u64 {
        match self {
            Self::Counted(written) => (*written).into(),
            _ => self.written().count() as u64,
        }
    }

    /// Those that are written.
    fn written(&self) -> impl Iterator<Item = &Change> {
        let (changes, ticks) = match self {
            Self::Boxed(changes, ticks) => (*changes, Some(*ticks)),
            Self::Whole(changes) => (*changes, None),
            Self::Counted(_) => (&[][..], None),
        };
        changes
            .iter()
            .filter(move |change| ticks.is_none_or(|ticks| fate(change, ticks) == PathFate::Written))
    }
}

impl Seen {
    /// Whether a row has its eye.
    #[must_use]
    pub fn has(&self, state: &str, path: &str) -> bool {
        self.0.get(state).is_some_and(|looks| looks.has(path))
    }

    /// A row was looked at.
    pub fn set(&mut self, state: &str, path: &str) {
        let looks = self.0.entry(state.to_owned()).or_default();
        looks.moved.retain(|moved| !touches(moved, path));
        looks.paths.insert(path.to_owned());
    }

    /// A state was looked at, with every row of it.
    pub fn set_state(&mut self, state: &str) {
        self.0.insert(state.to_owned(), Looks { whole: true, ..Looks::default() });
    }

    /// What moved loses its eye: of each state the ticked paths, or all where that cannot be told by path.
    pub fn lose<'a>(&mut self, moved: impl IntoIterator<Item = (String, &'a StateMoved)>) {
        for (state, moved) in moved.into_iter().filter(|(_, moved)| moved.counts) {
            let looks = self.0.entry(state).or_default();
            if moved.was_live.is_some() || moved.more > 0 {
                // All of it is another thing now, or nobody can say what is not.
                *looks = Looks::default();
            }
            looks
                .moved
                .extend(moved.paths.iter().filter(|path| path.selected).map(|path| path.display.clone()));
            looks.as_a_whole |= moved.was_live.is_some()
                || moved.verdict_is.is_some()
                || moved.more > 0
                || looks.moved.is_empty();
        }
    }

    /// The fresh plan is accepted: what had moved counts as looked at.
    pub fn accept(&mut self) {
        for looks in self.0.values_mut() {
            looks.paths.append(&mut looks.moved);
            looks.as_a_whole = false;
        }
    }

    /// How many rows that would be written have no eye.
    #[must_use]
    pub fn lacking(&self, state: &str, rows: Rows<'_>) -> u64 {
        let Some(looks) = self.0.get(state) else { return rows.count() };
        let rows_lack = match rows {
            Rows::Counted(written) if looks.whole => (looks.moved.len() as u64).min(written.into()),
            Rows::Counted(written) => written.into(),
            _ => rows.written().filter(|row| !looks.has(&row.display)).count() as u64,
        };
        rows_lack.max(u64::from(looks.as_a_whole)).min(rows.count())
    }

    /// How many of them have moved since they were looked at: before that is done again nothing is written.
    #[must_use]
    pub fn moved(&self, state: &str, rows: Rows<'_>) -> u64 {
        let Some(looks) = self.0.get(state) else { return 0 };
        let paths = match rows {
            Rows::Counted(_) => looks.moved.len(),
            _ => rows.written().filter(|row| looks.has_moved(&row.display)).count(),
        };
        (paths as u64).max(u64::from(looks.as_a_whole)).min(rows.count())
    }
}

impl Looks {
    fn has(&self, path: &str) -> bool {
        (self.whole || self.paths.contains(path)) && !self.has_moved(path)
    }

    fn has_moved(&self, path: &str) -> bool {
        self.moved.iter().any(|moved| touches(moved, path))
    }
}

/// Whether one path is the other, or inside it.
fn touches(a: &str, b: &str) -> bool {
    let inside = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    inside(a, b) || inside(b, a)
}

#[cfg(test)]
#[path = "seen_tests.rs"]
mod tests;
