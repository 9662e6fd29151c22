use stateloft_core::api::PathMoved;
use stateloft_core::model::{StateKey, Verdict, VersionNumber};

use super::super::sample::Sample;
use super::*;

const NOW: &str = "2026-11-21T09:46:11Z";
const STATE: &str = "position/p";

fn row(display: &str) -> Change {
    serde_json::from_value(serde_json::json!({ "kind": "changed", "path": display, "display": display }))
        .unwrap()
}

fn rows() -> Vec<Change> {
    ["/stop_loss", "/legs/[A]/volume", "/note"].map(row).to_vec()
}

/// What moved, the ticked paths and others.
fn moved(ticked: &[&str], others: &[&str]) -> StateMoved {
    let path = |display: &&str, selected| PathMoved {
        path: (*display).to_owned(),
        display: (*display).to_owned(),
        selected,
        was: None,
        now: None,
        delta: None,
        becomes: None,
    };
    let paths =
        ticked.iter().map(|path_| path(path_, true)).chain(others.iter().map(|path_| path(path_, false)));
    StateMoved {
        key: StateKey::new("position", "p").unwrap(),
        was: Some(VersionNumber(1)),
        now: (*Sample::at(2, NOW).of("position", "p").event()).clone(),
        counts: true,
        was_live: None,
        verdict_was: None,
        verdict_is: None,
        paths: paths.collect(),
        more: 0,
        volatile: 0,
    }
}

fn lose(seen: &mut Seen, moved: &StateMoved) {
    seen.lose([(STATE.to_owned(), moved)]);
}

#[test]
fn an_eye_is_set_for_a_row_or_for_a_state_whole() {
    let (mut seen, changes) = (Seen::default(), rows());
    let rows = Rows::Boxed(&changes, None);
    assert_eq!((seen.lacking(STATE, rows), seen.lacking(STATE, Rows::Counted(7))), (3, 7));
    seen.set(STATE, "/note");
    assert!(seen.has(STATE, "/note") && !seen.has(STATE, "/stop_loss"));
    assert_eq!(seen.lacking(STATE, rows), 2);
    seen.set_state(STATE);
    assert_eq!((seen.lacking(STATE, rows), seen.lacking(STATE, Rows::Counted(7))), (0, 0));
    assert_eq!(seen.lacking("position/other", rows), 3);
}

#[test]
fn only_what_is_written_has_to_be_looked_at() {
    let (seen, changes) = (Seen::default(), rows());
    let left = StateSelection { left: vec!["/note".into()], ..StateSelection::default() };
    assert_eq!(seen.lacking(STATE, Rows::Boxed(&changes, Some(&left))), 2);
    let skip = StateSelection { skip: true, ..StateSelection::default() };
    assert_eq!(seen.lacking(STATE, Rows::Boxed(&changes, Some(&skip))), 0);
    assert_eq!(seen.lacking(STATE, Rows::Whole(&changes)), 3);
}

#[test]
fn what_moved_loses_its_eye_and_nothing_else() {
    for (ticked, others, lost) in [
        (&["/stop_loss"][..], &["/note"][..], &["/stop_loss"][..]),
        (&["/legs/[A]"], &[], &["/legs/[A]/volume"]),
        (&["/note/0", "/stop_loss"], &["/quantity"], &["/stop_loss", "/note"]),
    ] {
        let (mut seen, changes) = (Seen::default(), rows());
        seen.set_state(STATE);
        lose(&mut seen, &moved(ticked, others));
        let without: Vec<_> = changes.iter().filter(|row| !seen.has(STATE, &row.display)).collect();
        assert_eq!(without.iter().map(|row| row.display.as_str()).collect::<Vec<_>>(), lost);
        let rows = Rows::Boxed(&changes, None);
        assert_eq!(seen.moved(STATE, rows), lost.len() as u64);
        assert_eq!(seen.lacking(STATE, rows), lost.len() as u64);
        for row in lost {
            seen.set(STATE, row);
        }
        assert_eq!((seen.moved(STATE, rows), seen.lacking(STATE, rows)), (0, 0));
    }
}

#[test]
fn rows_that_never_moved_hold_nothing_up_and_those_left_out_neither() {
    let (mut seen, changes) = (Seen::default(), rows());
    lose(&mut seen, &moved(&["/stop_loss"], &[]));
    assert_eq!(
        (seen.moved(STATE, Rows::Boxed(&changes, None)), seen.lacking(STATE, Rows::Boxed(&changes, None))),
        (1, 3)
    );
    let left = StateSelection { left: vec!["/stop_loss".into()], ..StateSelection::default() };
    assert_eq!(seen.moved(STATE, Rows::Boxed(&changes, Some(&left))), 0);
    assert_eq!(seen.moved(STATE, Rows::Counted(0)), 0, "the state is left out");
}

#[test]
fn accepting_the_fresh_plan_gives_back_what_was_lost_and_no_more() {
    let (mut seen, changes) = (Seen::default(), rows());
    lose(&mut seen, &moved(&["/stop_loss"], &[]));
    seen.accept();
    assert_eq!(
        (seen.moved(STATE, Rows::Boxed(&changes, None)), seen.lacking(STATE, Rows::Boxed(&changes, None))),
        (0, 2)
    );
}

#[test]
fn an_existence_or_a_verdict_that_moved_is_looked_at_as_a_whole() {
    let changes = rows();
    let rows = Rows::Whole(&changes);
    let gone = StateMoved { was_live: Some(true), ..moved(&[], &[]) };
    let broken = StateMoved { verdict_is: Some(Verdict::NotChecked), ..moved(&[], &[]) };
    let untold = StateMoved { more: 900, ..moved(&["/note"], &[]) };
    for (what, lacking) in [(gone, 3), (broken, 1), (untold, 3)] {
        let mut seen = Seen::default();
        seen.set_state(STATE);
        lose(&mut seen, &what);
        assert_eq!((seen.moved(STATE, rows), seen.lacking(STATE, rows)), (1, lacking), "{what:?}");
        seen.set(STATE, "/note");
        assert_eq!(seen.moved(STATE, rows), 1, "a row is not the state: {what:?}");
        seen.set_state(STATE);
        assert_eq!((seen.moved(STATE, rows), seen.lacking(STATE, rows)), (0, 0), "{what:?}");
    }
    let mut seen = Seen::default();
    seen.set_state(STATE);
    lose(&mut seen, &StateMoved { counts: false, ..moved(&["/note"], &[]) });
    assert_eq!(seen.lacking(STATE, rows), 0, "what the plan does not bind keeps its eye");
}
