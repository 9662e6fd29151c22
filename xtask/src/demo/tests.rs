//! The simulation against a store that takes everything, and against core's own rules.

use std::sync::LazyLock;

use stateloft_core::json::{Document, Limits};
use stateloft_core::model::{Mode, Verdict};
use stateloft_core::validate::validate;

use super::action::{Action, Expect, Key, What};
use super::desk::Desk;

const BEGIN: i64 = 1_795_000_000;

/// The story that users see, told once for all tests.
static STORY: LazyLock<Vec<Action>> = LazyLock::new(|| story(46, 60));

/// Tells a story in which every save succeeds, with a bad deploy ten minutes before its end.
fn story(seed: u64, minutes: i64) -> Vec<Action> {
    let mut desk = Desk::new(seed, BEGIN, BEGIN + minutes * 60 - 600);
    let mut told = Vec::new();
    let mut version = 0;
    let opening = desk.opening(BEGIN).unwrap();
    for step in 0..=minutes * 60 {
        let actions = if step == 0 { opening.clone() } else { desk.step(1.0, BEGIN + step).unwrap() };
        for action in actions {
            version += 1;
            match &action.what {
                What::Save { key, .. } => desk.saved(key, version),
                What::SaveAll(items) => {
                    for (key, data) in items {
                        notice(&mut desk, key, data, version);
                    }
                }
                What::Delete(_) | What::Snapshot(_) => {}
            }
            told.push(action);
        }
    }
    told
}

/// What follows on a refused save: the program takes over what somebody else has written.
fn notice(desk: &mut Desk, key: &Key, data: &str, version: u64) {
    if let Some(index) = desk.owner(key).filter(|_| key.state_type == "position") {
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        desk.pairs[index].adopt(Some((&data, version)), None);
    }
}

fn saves(action: &Action) -> Vec<(&Key, &str)> {
    match &action.what {
        What::Save { key, data, .. } => vec![(key, data.as_str())],
        What::SaveAll(items) => items.iter().map(|(key, data)| (key, data.as_str())).collect(),
        What::Delete(_) | What::Snapshot(_) => Vec::new(),
    }
}

fn is_valid(key: &Key, data: &str) -> bool {
    let document = Document::parse(data, &Limits::default()).unwrap();
    validate(key.state_type, &document, Mode::Warn) == Verdict::Valid
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let first = story(1, 2);
    assert_eq!(first, story(1, 2));
    assert_ne!(first, story(2, 2));
}

#[test]
fn the_story_has_everything_a_desk_sees() {
    let has = |start: &str| STORY.iter().any(|action| action.reason.starts_with(start));
    for reason in [
        "entry signal, z above",
        "entry signal, z below",
        "exit signal",
        "trail stop after new high",
        "second lot filled",
        "mark to market",
        "candle ",
        "account marked",
        "limit adjusted",
        "routine",
        "rollout of deploy 46",
        "hotfix",
    ] {
        assert!(has(reason), "nothing begins with {reason:?}");
    }
    let closed = STORY.iter().filter(|action| matches!(action.what, What::Delete(_))).count();
    let opened = STORY.iter().filter(|action| {
        matches!(&action.what, What::Save { key, expect: Expect::Absent, .. } if key.state_type == "position")
    });
    let opened = opened.count();
    assert!(closed >= 3 && opened >= closed, "{opened} opened, {closed} closed");
}

#[test]
fn only_bad_deploys_break_rules() {
    let mut unrepaired = false;
    for action in STORY.iter() {
        let broken: Vec<_> = saves(action).into_iter().filter(|(key, data)| !is_valid(key, data)).collect();
        if action.reason.starts_with("rollout") {
            unrepaired = true;
            assert!(broken.len() >= 2, "a bad deploy breaks a pair state and some positions: {broken:?}");
        } else if action.reason.starts_with("hotfix") {
            unrepaired = false;
        }
        // A program goes on noting prices with the stop that it was given.
        assert!(broken.is_empty() || unrepaired, "{}: {broken:?}", action.reason);
    }
}

#[test]
fn a_program_goes_on_from_what_the_server_has() {
    let mut desk = Desk::new(46, BEGIN, BEGIN + 600);
    let opening = desk.opening(BEGIN).unwrap();
    let data_of = |key: &Key| {
        let all = opening.iter().flat_map(saves);
        all.filter(|(saved, _)| *saved == key)
            .map(|(_, data)| serde_json::from_str(data).unwrap())
            .next_back()
    };
    let position: serde_json::Value = data_of(&desk.pairs[0].position_key()).unwrap();
    let state: serde_json::Value = data_of(&desk.pairs[0].state_key()).unwrap();

    let mut other = Desk::new(1, BEGIN + 5_000, BEGIN + 9_000);
    other.pairs[0].adopt(Some((&position, 7)), Some((&state, 9)));
    let document = |desk: &Desk| {
        let pair = &desk.pairs[0];
        pair.position.as_ref().unwrap().document(&pair.quotes, BEGIN).unwrap()
    };
    assert_eq!(document(&other), document(&desk));
    assert_eq!(
        other.pairs[0].state_document(0, BEGIN).unwrap(),
        desk.pairs[0].state_document(0, BEGIN).unwrap()
    );
    assert_eq!((other.pairs[0].position_version, other.pairs[0].state_version), (Some(7), Some(9)));

    other.pairs[0].adopt(None, None);
    assert!(other.pairs[0].position.is_none(), "somebody has deleted it");
}
