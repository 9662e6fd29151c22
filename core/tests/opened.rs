//! A bundle that is opened shows what the store held, at each moment that it has, and of a damaged one what is whole.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
mod books;

use std::collections::BTreeMap;

use books::{bundle, log};
use proptest::prelude::*;
use stateloft_core::bundle::{AskedState, AskedStates, End, Opened, Wrong};
use stateloft_core::json::Document;
use stateloft_core::model::{Seq, StateKey, StateType, Version, VersionNumber};

fn opened(bytes: &[u8], piece: usize) -> Opened {
    let mut opened = Opened::default();
    for piece in bytes.chunks(piece) {
        if !opened.feed(piece) {
            break;
        }
    }
    opened.finish();
    opened
}

fn asked(key: &str) -> AskedState {
    let (state_type, state_id) = key.split_once('/').unwrap();
    let key = StateKey::new(state_type, state_id).unwrap();
    AskedState { state_type: key.state_type, state_id: key.state_id, at: None, number: None, before: None }
}

/// The states that are found, as `position/a v2`.
fn found(opened: &Opened, asked: &AskedStates) -> Vec<String> {
    let places = opened.find(asked).unwrap();
    let states = opened.at_places(&places);
    states
        .map(|state| {
            format!("{}/{} v{}", state.version.state_type, state.version.state_id, state.version.version)
        })
        .collect()
}

fn saves() -> impl Strategy<Value = Vec<(&'static str, Option<&'static str>)>> {
    let keys = ["position/a", "position/x/y é", "session/a", "z/🙂"];
    let data = [Some("{\"n\":1.50}"), Some("[1,null]"), Some("\"t\""), None];
    let save = (proptest::sample::select(keys.to_vec()), proptest::sample::select(data.to_vec()));
    proptest::collection::vec(save, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn as_of_every_seq_each_state_is_what_it_was(saved in saves(), piece in 1_usize..700) {
        // What was never saved cannot be deleted.
        let mut live = std::collections::HashSet::new();
        let saved: Vec<_> = saved.into_iter().filter(|(key, data)| if data.is_some() { live.insert(*key); true } else { live.remove(key) }).collect();
        let log = log(&saved);
        let opened = opened(&bundle(&log, true), piece);
        prop_assert!(matches!(opened.end(), Some(End::Whole(_))), "{:?}", opened.end());
        let mut then: BTreeMap<StateKey, &Version> = BTreeMap::new();
        for version in &log {
            then.insert(version.key.clone(), version);
            let all = AskedStates { at: Some(version.seq), deleted: true, by_id: true, ..AskedStates::default() };
            let places = opened.find(&all).unwrap();
            let shown: Vec<_> = opened.at_places(&places).map(|state| (state.version.seq, state.versions as u64)).collect();
            let should: Vec<_> = then.values().map(|last| (last.seq, last.version.0)).collect();
            prop_assert_eq!(shown, should);
            for last in then.values() {
                let one = AskedState { at: Some(version.seq), ..asked(&format!("{}/{}", last.key.state_type, last.key.state_id)) };
                let here = opened.version(&one).unwrap().unwrap();
                prop_assert_eq!(here, *last);
                prop_assert_eq!(opened.at_seq(last.seq).unwrap().data.as_ref().map(Document::text), last.data.as_ref().map(Document::text));
                let history = opened.history(&one).unwrap();
                let numbers: Vec<u64> = history.iter().map(|place| opened.versions()[*place].version.0).collect();
                prop_assert_eq!(numbers, (1..=last.version.0).rev().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_bundle_that_was_cut_or_changed_anywhere_shows_what_is_before_that(cut in any::<bool>(), place in any::<proptest::sample::Index>(), piece in 1_usize..700) {
        let log = log(&[("position/a", Some("1")), ("session/b", Some("2")), ("position/a", Some("{\"n\":3}")), ("position/a", None)]);
        let mut bytes = bundle(&log, true);
        let place = place.index(bytes.len() - 1);
        let line = bytes[..place].split(|byte| *byte == b'\n').count() - 1;
        if cut { bytes.truncate(place) } else { bytes[place] ^= 4 }
        let opened = opened(&bytes, piece);
        let Some(End::Faulty(fault)) = opened.end() else { panic!("{:?}", opened.end()) };
        prop_assert_eq!(fault.line, line as u64 + 1);
        let whole = line.saturating_sub(1).min(log.len());
        prop_assert_eq!(opened.versions(), &log[..whole]);
        let last = whole.checked_sub(1).map(|at| (Seq(1), log[at].seq));
        prop_assert_eq!(opened.moments(), last);
        // What comes after is not known, so nothing is said of it.
        let later = AskedStates { at: Some(Seq(whole as u64 + 1)), ..AskedStates::default() };
        prop_assert!(opened.find(&later).is_err());
    }
}

#[test]
fn states_are_found_by_type_text_and_author_newest_change_first() {
    let log = log(&[
        ("position/EURUSD", Some("{\"note\":\"\\u8d22\"}")),
        ("position/gone", Some("1")),
        ("session/a", Some("{\"n\":1.50}")),
        ("position/gone", None),
    ]);
    let opened = opened(&bundle(&log, true), 4096);
    assert_eq!(opened.types(), ["position", "session"]);
    let all = AskedStates::default();
    assert_eq!(found(&opened, &all), ["session/a v1", "position/EURUSD v1"]);
    let with = |q: &str| AskedStates { q: Some(q.into()), deleted: true, ..AskedStates::default() };
    for (q, should) in [
        ("eurusd", vec!["position/EURUSD v1"]),
        ("财", vec!["position/EURUSD v1"]),
        ("1.50", vec!["session/a v1"]),
        ("REASON 3", vec!["position/gone v2"]),
        ("anna", vec!["position/gone v2"]),
        ("nobody", vec![]),
        ("", vec!["position/gone v2", "session/a v1", "position/EURUSD v1"]),
    ] {
        assert_eq!(found(&opened, &with(q)), should, "{q}");
    }
    let typed =
        AskedStates { state_type: Some(StateType::new("session").unwrap()), ..AskedStates::default() };
    assert_eq!(found(&opened, &typed), ["session/a v1"]);
    let then = AskedStates { at: Some(Seq(2)), ..AskedStates::default() };
    assert_eq!(found(&opened, &then), ["position/gone v1", "position/EURUSD v1"]);
}

#[test]
fn versions_are_found_by_number_and_by_what_comes_after_them() {
    let log = log(&[("a/x", Some("1")), ("b/y", Some("2")), ("a/x", Some("3")), ("a/x", Some("4"))]);
    let whole = opened(&bundle(&log, true), 64);
    let number = |asked: AskedState| whole.version(&asked).unwrap().map(|version| version.version.0);
    let n = |number| Some(VersionNumber(number));
    assert_eq!(number(asked("a/x")), Some(3));
    assert_eq!(number(AskedState { number: n(2), ..asked("a/x") }), Some(2));
    // A number is one whatever the moment.
    assert_eq!(number(AskedState { number: n(3), at: Some(Seq(1)), ..asked("a/x") }), Some(3));
    assert_eq!(number(AskedState { number: n(4), ..asked("a/x") }), None);
    assert_eq!(number(AskedState { before: n(3), ..asked("a/x") }), Some(2));
    assert_eq!(number(AskedState { before: n(1), ..asked("a/x") }), None);
    assert_eq!(number(AskedState { at: Some(Seq(1)), ..asked("b/y") }), None, "it was not there yet");
    assert_eq!(number(asked("c/z")), None);

    // A bundle that begins later has no version before its first.
    let later = opened(&bundle(&log[2..], true), 64);
    assert_eq!(later.moments(), Some((Seq(3), Seq(4))));
    assert!(later.version(&AskedState { before: n(2), ..asked("a/x") }).unwrap().is_none());
    let refused = later.find(&AskedStates { at: Some(Seq(2)), ..AskedStates::default() }).unwrap_err();
    assert_eq!(refused.to_string(), "seq 2 cannot be shown: the bundle has seq 3 to 4");
}

#[test]
fn where_only_last_versions_are_there_no_other_moment_is_shown() {
    let log = log(&[("a/x", Some("1")), ("b/y", Some("2")), ("a/x", Some("3"))]);
    let opened = opened(&bundle(&log, false), 64);
    assert_eq!(opened.moments(), Some((Seq(3), Seq(3))));
    assert_eq!(found(&opened, &AskedStates::default()), ["a/x v2", "b/y v1"]);
    // At seq 2 there was `a/x` v1, which the bundle does not have: to leave it out would be a lie.
    let refused = opened.find(&AskedStates { at: Some(Seq(2)), ..AskedStates::default() }).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "seq 2 cannot be shown: the bundle has of each state only the last version, as of seq 3"
    );
}

#[test]
fn what_cannot_be_unpacked_further_is_where_it_ends() {
    let log = log(&[("a/x", Some("1")), ("a/x", Some("2"))]);
    let bytes = bundle(&log, true);
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut opened = Opened::default();
    assert!(opened.feed(&bytes[..second]));
    opened.break_off("corrupt deflate stream".into());
    assert!(!opened.feed(&bytes[second..]), "nothing is taken any more");
    opened.finish();
    let Some(End::Faulty(fault)) = opened.end() else { panic!() };
    assert_eq!((fault.line, &fault.wrong), (2, &Wrong::Packed("corrupt deflate stream".into())));
    assert!(opened.versions().is_empty() && opened.moments().is_none());
    assert!(opened.find(&AskedStates::default()).unwrap().is_empty());
}
