//! What must hold for the difference of any two documents.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
mod common;

use common::{Value, edited, value};
use proptest::prelude::*;
use stateloft_core::apply::{ApplyError, apply, apply_selected};
use stateloft_core::diff::{ChangeKind, Diff, Line, Row, RowKind, diff, json_patch, side_by_side};
use stateloft_core::json::Document;
use stateloft_core::json::writer::pretty;
use stateloft_core::schema::path_rules;

fn document(value: &Value) -> Document {
    value.text().parse().unwrap_or_else(|error| panic!("{error}: {}", value.text()))
}

fn difference(old: &Document, new: &Document) -> Diff {
    diff(old, new, path_rules("position"))
}

fn check(old: &Value, new: &Value) -> Result<(), TestCaseError> {
    let (old, new) = (document(old), document(new));
    let found = difference(&old, &new);
    prop_assert_eq!(found.is_empty(), old == new);
    let applied = apply(&old, &found);
    prop_assert_eq!(applied.as_ref(), Ok(&new), "{:#?}", found);
    // Through HTTP and the worker nothing is lost.
    let text = serde_json::to_string(&found).unwrap();
    prop_assert_eq!(serde_json::from_str::<Diff>(&text).unwrap(), found);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn applying_the_difference_gives_the_new_document((old, new) in edited()) {
        check(&old, &new)?;
    }

    #[test]
    fn even_if_the_two_have_nothing_to_do_with_each_other(old in value(), new in value()) {
        check(&old, &new)?;
    }

    #[test]
    fn any_choice_of_changes_can_be_applied_and_the_rest_found_again((old, new) in edited(), choice in any::<u64>()) {
        let (old, new) = (document(&old), document(&new));
        let found = difference(&old, &new);
        let place = |change: &_| found.changes.iter().position(|other| std::ptr::eq(other, change)).unwrap();
        let partly = apply_selected(&old, &found, |change| choice >> (place(change) % 64) & 1 == 1);
        prop_assert!(partly.is_ok(), "{:?} {:#?}", partly, found);
        let partly = partly.unwrap();
        if found.changes.iter().all(|change| choice >> (place(change) % 64) & 1 == 0) {
            prop_assert_eq!(&partly, &old);
        }
        prop_assert_eq!(apply(&partly, &difference(&partly, &new)), Ok(new.clone()));
    }

    #[test]
    fn a_difference_is_refused_by_a_document_it_was_not_made_from((old, new) in edited(), other in value()) {
        let (old, new, other) = (document(&old), document(&new), document(&other));
        let found = difference(&old, &new);
        // Never a panic, and never a change where the old value is another one.
        if let Err(error) = apply(&other, &found) {
            prop_assert!(!matches!(error, ApplyError::Result(_)), "{error}");
        }
        let changed = found.changes.iter().find(|change| change.kind == ChangeKind::Changed);
        if let Some(change) = changed.filter(|change| change.path.is_empty() && change.old.as_deref() != Some(other.text())) {
            prop_assert_eq!(apply(&other, &found), Err(ApplyError::Differs(change.path.clone())));
        }
    }

    #[test]
    fn the_json_patch_makes_the_new_values((old, new) in prop_oneof![edited(), (value(), value())]) {
        let (old, new) = (document(&old), document(&new));
        let patch = json_patch(&difference(&old, &new));
        let mut patched: serde_json::Value = serde_json::from_str(old.text()).unwrap();
        let operations: json_patch::Patch = serde_json::from_str(&patch).unwrap();
        let done = json_patch::patch(&mut patched, &operations);
        prop_assert!(done.is_ok(), "{:?} {}", done, patch);
        prop_assert_eq!(patched, serde_json::from_str::<serde_json::Value>(new.text()).unwrap(), "{}", patch);
    }

    #[test]
    fn side_by_side_every_line_of_both_stands_in_its_place((old, new) in edited(), context in 0..4usize) {
        let (old, new) = (document(&old), document(&new));
        let lines = |document: &Document| pretty(document.root()).lines().map(str::to_owned).collect::<Vec<_>>();
        let rows = side_by_side(&old, &new, path_rules("position"), None);
        for (document, pick) in [(&old, (|row: &Row| row.old.clone()) as fn(&Row) -> Option<Line>), (&new, |row| row.new.clone())] {
            let shown: Vec<Line> = rows.iter().filter_map(pick).collect();
            let texts: Vec<String> = shown.iter().map(|line| line.parts.iter().map(|part| &*part.text).collect()).collect();
            prop_assert_eq!(&texts, &lines(document));
            prop_assert!(shown.iter().zip(1..).all(|(line, number)| line.number == number));
        }
        prop_assert_eq!(rows.iter().all(|row| row.kind == RowKind::Equal), old == new || difference(&old, &new).changes.is_empty());
        // Folded, the same lines are counted.
        let folded = side_by_side(&old, &new, path_rules("position"), Some(context));
        let count = |row: &Row| row.fold.as_ref().map_or(1, |fold| fold.lines as usize);
        prop_assert_eq!(folded.iter().map(count).sum::<usize>(), rows.len());
        for row in folded.iter().filter(|row| row.new.is_some()) {
            let target = new.tape().get(&row.path.parse().unwrap());
            prop_assert!(target.is_some(), "{} leads nowhere", row.path);
        }
    }

    #[test]
    fn counts_and_equal_paths_add_up((old, new) in edited()) {
        let (old, new) = (document(&old), document(&new));
        let found = difference(&old, &new);
        let noise = found.changes.iter().filter(|change| change.volatile).count();
        prop_assert_eq!(found.counts.volatile as usize, noise);
        let of = |kind| found.changes.iter().filter(|change| change.kind == kind && !change.volatile).count();
        prop_assert_eq!(found.counts.changed as usize, of(ChangeKind::Changed));
        prop_assert_eq!(found.counts.spelling as usize, of(ChangeKind::Spelling));
        prop_assert_eq!(found.counts.reordered as usize, of(ChangeKind::Reordered));
        prop_assert!(found.counts.added as usize >= of(ChangeKind::Added));
        prop_assert!(found.counts.removed as usize >= of(ChangeKind::Removed));
        prop_assert!(found.equal_paths <= new.leaves());
        prop_assert_eq!(difference(&new, &new).equal_paths, new.leaves());
    }
}
