//! What the list lays out, and what it folds.

use std::collections::BTreeSet;

use stateloft_core::api::{ImportStanding, RecordCode, Standing};

use super::found::Record;
use super::samples::{broken, file, found, in_file, item};
use super::stood::{Age, Stood};
use super::{Only, Row, rows};

fn stood(statuses: &[Standing]) -> Vec<Stood> {
    let one = |status: &Standing| {
        let age = if *status == Standing::Different { Age::Older } else { Age::Alone };
        Stood { standing: ImportStanding { status: *status, version: None }, age }
    };
    statuses.iter().map(one).collect()
}

const N: Standing = Standing::New;
const D: Standing = Standing::Different;
const U: Standing = Standing::Unchanged;

#[test]
fn equal_kinds_are_folded_and_what_needs_a_look_stands_alone() {
    let items = "ABCDEF".chars().zip(1..).map(|(id, hash)| item(&id.to_string(), hash)).collect();
    let found = found(items);
    let stood = stood(&[N, N, N, N, N, D]);
    let laid = rows(&found, &stood, &[], None, &BTreeSet::new());
    let Row::Fold(fold) = laid[3].clone() else { panic!("{laid:?}") };
    assert_eq!((fold.words.as_str(), fold.items.len()), ("3 more positions, all new", 3));
    assert_eq!(laid[0], Row::File { at: 0, open: true });
    assert_eq!(&laid[4..], [Row::Item { at: 5 }, Row::Note { at: 5 }]);

    let turned = BTreeSet::from([fold.id]);
    assert_eq!(rows(&found, &stood, &[], None, &turned).len(), laid.len() + 3);
    let closed = BTreeSet::from(["a.json".to_owned()]);
    assert_eq!(rows(&found, &stood, &[], None, &closed), [Row::File { at: 0, open: false }]);
}

#[test]
fn a_file_of_which_everything_is_there_stays_folded() {
    let found = found(vec![item("A", 1), in_file("b.json", item("B", 2))]);
    let laid = rows(&found, &stood(&[U, N]), &[], None, &BTreeSet::new());
    let files: Vec<bool> = laid
        .iter()
        .filter_map(|row| if let Row::File { open, .. } = row { Some(*open) } else { None })
        .collect();
    assert_eq!(files, [false, true]);
}

#[test]
fn a_filter_leaves_out_what_does_not_match_and_folds_nothing() {
    let found = found(vec![
        item("A", 1),
        broken(item("B", 2), 2),
        in_file("b.json", item("C", 3)),
        item("D", 4),
        item("E", 5),
    ]);
    let stood = stood(&[N, N, D, N, N]);
    let of = |only| rows(&found, &stood, &[], Some(only), &BTreeSet::new());
    assert_eq!(of(Only::Invalid), [Row::File { at: 0, open: true }, Row::Item { at: 1 }]);
    assert_eq!(
        of(Only::Changed),
        [Row::File { at: 1, open: true }, Row::Item { at: 2 }, Row::Note { at: 2 }]
    );
    assert_eq!(of(Only::New).len(), 5);
    assert_eq!(of(Only::Quarantine), []);
}

#[test]
fn the_same_elsewhere_is_counted_by_where_it_is() {
    let mut found = found(vec![item("A", 1)]);
    found.files.push(file("b.json", 0));
    let same = |at: &str, code, message: &str| Record {
        source: in_file("b.json", item(at, 1)).source,
        code,
        message: message.to_owned(),
    };
    found.records = vec![
        same("A", RecordCode::Duplicate, "the same as a.json#/active_positions/A"),
        same("B", RecordCode::Duplicate, "the same as a.json#/active_positions/B"),
        same("C", RecordCode::Summary, "a summary"),
    ];
    let turned = BTreeSet::from(["b.json".to_owned()]);
    let laid = rows(&found, &stood(&[N]), &[], None, &turned);
    assert_eq!(
        &laid[3..],
        [
            Row::Same { file: 1, words: "2 the same as in a.json".to_owned() },
            Row::Beside { file: 1, words: "1 part carries no state: a summary".to_owned() }
        ]
    );
}
