//! The list: a row for each file, below it its items, equal kinds folded.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stateloft_core::api::Standing;

use super::found::Found;
use super::stood::Stood;
use super::tally::Only;
use super::words::type_words;
use crate::model::number;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A file, by its place among those found.
    File {
        /// Which.
        at: usize,
        /// Whether what is in it stands below.
        open: bool,
    },
    /// An item, by its place among those found.
    Item {
        /// Which.
        at: usize,
    },
    /// Why the item above is not ticked by itself.
    Note {
        /// Which item.
        at: usize,
    },
    /// Several items of one kind.
    Fold(Fold),
    /// Something that cannot be placed, by its place among those found.
    Held {
        /// Which.
        at: usize,
    },
    /// What says the same as items elsewhere.
    Same {
        /// In which file.
        file: usize,
        /// `3 the same as in trading_state.json`
        words: String,
    },
    /// What carries no state.
    Beside {
        /// In which file.
        file: usize,
        /// `2 parts carry no state: ...`
        words: String,
    },
    /// What cannot be read, by its place among those found.
    Damage {
        /// Which.
        at: usize,
    },
}

/// Several items of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Tells it from others.
    pub id: String,
    /// `2 more positions, 36 pair states, all new`
    pub words: String,
    /// Their places among those found.
    pub items: Vec<usize>,
    /// Whether they stand below.
    pub open: bool,
}

/// New items of a file that are not folded if there are no more, and those that stand before the others if there are.
const FEW: usize = 3;
const FIRST: usize = 2;

/// Lays the list out. `turned` holds names of files and ids of folds that somebody turned: what was open is folded, and the other
/// way round. With `only`, what does not match is left out and nothing is folded.
#[must_use]
pub fn rows(
    found: &Found,
    stood: &[Stood],
    quarantine: &[Standing],
    only: Option<Only>,
    turned: &BTreeSet<String>,
) -> Vec<Row> {
    let mut by_file: HashMap<&str, Parts> = HashMap::new();
    for (at, (item, stood)) in found.items.iter().zip(stood).enumerate() {
        if only.is_none_or(|only| only.has_item(item, stood)) {
            by_file.entry(&item.source.file).or_default().items.push(at);
        }
    }
    for (at, (held, standing)) in found.quarantine.iter().zip(quarantine).enumerate() {
        if only.is_none_or(|only| only.has_held(*standing)) {
            by_file.entry(&held.source.file).or_default().held.push(at);
        }
    }
    for (at, error) in found.errors.iter().enumerate().filter(|_| only.is_none()) {
        by_file.entry(&error.file).or_default().errors.push(at);
    }
    let mut rows = Vec::new();
    for (at, file) in found.files.iter().enumerate() {
        let parts = by_file.remove(file.name.as_str()).unwrap_or_default();
        let same =
            only.is_none_or(|only| only == Only::Unchanged) && found.duplicates(&file.name).next().is_some();
        if only.is_some() && parts.is_empty() && !same {
            continue;
        }
        let by_itself = only.is_some() || parts.is_worth_opening(stood);
        let open = by_itself != turned.contains(&file.name);
        rows.push(Row::File { at, open });
        if open {
            let below = Below { found, stood, file: at, turned, folds: only.is_none() };
            below.lay_out(&parts, same, &mut rows);
        }
    }
    rows
}

/// What is listed of one file.
#[derive(Default)]
struct Parts {
    items: Vec<usize>,
    held: Vec<usize>,
    errors: Vec<usize>,
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.held.is_empty() && self.errors.is_empty()
    }

    /// Whether there is something to choose or to look at.
    fn is_worth_opening(&self, stood: &[Stood]) -> bool {
        let is_new = |at: &usize| stood[*at].standing.status != Standing::Unchanged;
        !self.held.is_empty() || self.items.iter().any(is_new)
    }
}

/// One file's part of the list.
struct Below<'a> {
    found: &'a Found,
    stood: &'a [Stood],
    file: usize,
    turned: &'a BTreeSet<String>,
    folds: bool,
}

impl Below<'_> {
    fn lay_out(&self, parts: &Parts, same: bool, rows: &mut Vec<Row>) {
        let with = |statuses: &[Standing]| {
            let here = parts.items.iter().copied();
            here.filter(|at| statuses.contains(&self.stood[*at].standing.status)).collect::<Vec<_>>()
        };
        let name = &self.found.files[self.file].name;
        self.folded(&with(&[Standing::New]), FIRST, "all new", rows);
        for at in with(&[Standing::Different, Standing::Unordered]) {
            rows.push(Row::Item { at });
            if super::Reason::of(&self.stood[at]).is_some() {
                rows.push(Row::Note { at });
            }
        }
        self.folded(&with(&[Standing::Unchanged]), 0, "all unchanged", rows);
        if same {
            rows.push(Row::Same { file: self.file, words: same_words(self.found, name) });
        }
        rows.extend(parts.held.iter().map(|at| Row::Held { at: *at }));
        if self.folds && self.found.beside(name).next().is_some() {
            rows.push(Row::Beside { file: self.file, words: beside_words(self.found, name) });
        }
        rows.extend(parts.errors.iter().map(|at| Row::Damage { at: *at }));
    }

    fn folded(&self, items: &[usize], first: usize, all: &str, rows: &mut Vec<Row>) {
        if !self.folds || items.len() <= FEW {
            rows.extend(items.iter().map(|at| Row::Item { at: *at }));
            return;
        }
        let (shown, rest) = items.split_at(first);
        rows.extend(shown.iter().map(|at| Row::Item { at: *at }));
        let id = format!("{}\n{all}", self.found.files[self.file].name);
        let open = self.turned.contains(&id);
        let words = format!("{}, {all}", self.kinds(rest, first > 0));
        rows.push(Row::Fold(Fold { id, words, items: rest.to_vec(), open }));
        if open {
            rows.extend(rest.iter().map(|at| Row::Item { at: *at }));
        }
    }

    /// `2 more positions, 36 pair states`
    fn kinds(&self, items: &[usize], more: bool) -> String {
        let mut kinds: Vec<(&str, u64)> = Vec::new();
        for at in items {
            let kind = self.found.items[*at].state_type.as_str();
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let words = kinds.iter().enumerate().map(|(nth, (kind, count))| {
            let more = if more && nth == 0 { " more" } else { "" };
            format!("{}{more} {}", number::count(*count), type_words(kind, *count))
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

fn same_words(found: &Found, file: &str) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for record in found.duplicates(file) {
        // `the same as trading_state.json#/positions/A`
        let elsewhere = record.message.strip_prefix("the same as ").unwrap_or(&record.message);
        *counts.entry(elsewhere.split_once('#').map_or(elsewhere, |(file, _)| file)).or_default() += 1;
    }
    let words = counts.into_iter().map(|(elsewhere, count)| {
        let place =
            if elsewhere == file { "elsewhere in this file".to_owned() } else { format!("in {elsewhere}") };
        format!("{} the same as {place}", number::count(count))
    });
    words.collect::<Vec<_>>().join(", ")
}

fn beside_words(found: &Found, file: &str) -> String {
    let said: BTreeSet<&str> = found.beside(file).map(|record| record.message.as_str()).collect();
    let count = found.beside(file).count() as u64;
    let said: Vec<&str> = said.into_iter().take(3).collect();
    format!("{} no state: {}", number::counted(count, "part carries", "parts carry"), said.join("; "))
}
