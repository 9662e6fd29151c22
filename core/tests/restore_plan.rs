//! What a restore would write, and what binds it.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
use statehouse_core::api::{Effect, Moment, Plan, PlanRequest, Scope, Selection, StateSelection};
use statehouse_core::hash::{ChainHash, ContentHash};
use statehouse_core::json::Document;
use statehouse_core::model::{
    ChangeSummary, Operation, Seq, StateId, StateKey, StateType, Timestamp, Verdict, Version, VersionNumber,
    Violation,
};
use statehouse_core::restore::{Asked, Planned, Rules, Writing, plan};
use statehouse_core::schema::path_rules;

fn version(id: &str, number: u64, data: Option<&str>) -> Version {
    let data: Option<Document> = data.map(|text| text.parse().unwrap());
    Version {
        seq: Seq(number * 10),
        key: StateKey {
            state_type: StateType::new("position").unwrap(),
            state_id: StateId::new(id).unwrap(),
        },
        version: VersionNumber(number),
        operation: if data.is_some() { Operation::Update } else { Operation::Delete },
        content_hash: data.as_ref().map(ContentHash::of),
        data,
        chain_hash: ChainHash::START,
        recorded_at: Timestamp::from_micros(1),
        author: None,
        description: None,
        batch_id: None,
        verdict: Verdict::NotChecked,
        change: ChangeSummary::default(),
        damaged: None,
    }
}

type Moved = Vec<(Version, Option<Version>)>;

/// One state of each effect. Now, and at the target.
fn moved() -> Moved {
    let now = r#"{"quantity":1.20,"last_price":5,"ticket1":38084831,"stop_loss":1.0851,"max_favorable_pnl":212.40}"#;
    let then =
        r#"{"quantity":0.80,"last_price":4,"ticket1":38071120,"stop_loss":1.0790,"note":"first lot only"}"#;
    vec![
        (version("EURUSD/GBPUSD", 58, Some(now)), Some(version("EURUSD/GBPUSD", 27, Some(then)))),
        (version("back", 6, None), Some(version("back", 5, Some(r#"{"a":1,"b":2}"#)))),
        (version("new", 1, Some(r#"{"a":1}"#)), None),
        (version("again", 3, Some(r#"{"a":1}"#)), Some(version("again", 1, Some(r#"{"a":1}"#)))),
        (version("gone", 2, None), None),
    ]
}

fn asked(selection: &[(&str, StateSelection)]) -> Asked {
    let selection: Selection =
        selection.iter().map(|(id, ticks)| (format!("position/{id}"), ticks.clone())).collect();
    Asked {
        request: PlanRequest { target: Moment::Seq(Seq(7)), scope: Scope::default(), selection },
        everything: false,
        target_seq: Seq(7),
        target_time: None,
        seq: Seq(580),
        states_in_scope: 12,
    }
}

fn planned(asked: Asked, moved: Moved) -> (Plan, Vec<Planned>) {
    // A quantity of 1.20 is against today's rules.
    let validate = |_: &StateKey, data: &Document| match data.root().get("quantity") {
        Some(quantity) if quantity.text() == "1.20" => Verdict::Invalid {
            violations: vec![Violation {
                pointer: "/quantity".into(),
                code: "maximum".into(),
                message: "too much".into(),
            }],
        },
        _ => Verdict::Valid,
    };
    let rules = Rules { paths: &|state_type| path_rules(state_type.as_str()), validate: &validate };
    plan(asked, moved, rules).unwrap()
}

fn ticks(left: &[&str], unlocked: &[&str]) -> StateSelection {
    let texts = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    StateSelection { skip: false, left: texts(left), unlocked: texts(unlocked) }
}

fn written(selection: &[(&str, StateSelection)]) -> String {
    let (_, written) = planned(asked(selection), moved());
    let state = written.iter().find(|state| state.key.state_id.as_str() == "EURUSD/GBPUSD").unwrap();
    match &state.writing {
        Writing::Data(data) => data.text().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_state_has_its_effect() {
    let (plan, written) = planned(asked(&[]), moved());
    let rows: Vec<_> = plan
        .states
        .iter()
        .map(|state| {
            (state.key.state_id.as_str(), state.effect, state.next_version.0, state.paths, state.selected)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("EURUSD/GBPUSD", Effect::Changed, 59, 6, 4),
            ("back", Effect::Recreated, 7, 2, 2),
            ("new", Effect::Deleted, 2, 1, 1),
            ("again", Effect::Equal, 4, 0, 0),
            ("gone", Effect::Equal, 3, 0, 0),
        ]
    );
    let counts = plan.counts;
    assert_eq!(
        (counts.changed, counts.recreated, counts.deleted, counts.equal, counts.invalid),
        (1, 1, 1, 9, 0)
    );
    assert_eq!((plan.equal_listed, plan.snapshot_before.as_str()), (2, "before-restore-580"));
    let writings: Vec<_> =
        written.iter().map(|state| (state.key.state_id.as_str(), &state.writing)).collect();
    assert_eq!(writings.len(), 3);
    assert_eq!(writings[1], ("back", &Writing::Data(r#"{"a":1,"b":2}"#.parse().unwrap())));
    assert_eq!(writings[2], ("new", &Writing::Tombstone));
}

#[test]
fn noise_and_what_is_protected_stays_unless_unlocked() {
    assert_eq!(
        written(&[]),
        r#"{"quantity":0.80,"last_price":5,"ticket1":38084831,"stop_loss":1.0790,"note":"first lot only"}"#
    );
    assert_eq!(
        written(&[("EURUSD/GBPUSD", ticks(&["/max_favorable_pnl", "/quantity"], &["/ticket1"]))]),
        r#"{"quantity":1.20,"last_price":5,"ticket1":38071120,"stop_loss":1.0790,"note":"first lot only","max_favorable_pnl":212.40}"#
    );
    assert_eq!(
        written(&[("EURUSD/GBPUSD", ticks(&[], &["/ticket1", "/last_price"]))]),
        moved()[0].1.as_ref().unwrap().data.as_ref().unwrap().text()
    );
}

#[test]
fn a_path_where_nothing_changed_means_everything_inside() {
    let side = |number, volume: &str| {
        let text =
            format!(r#"{{"legs":[{{"symbol":"A","volume":{volume},"price":{volume}}}],"legs2":{volume}}}"#);
        version("x", number, Some(&text))
    };
    let one = |left: &[&str]| {
        let (_, written) =
            planned(asked(&[("x", ticks(left, &[]))]), vec![(side(2, "2"), Some(side(1, "1")))]);
        match written.into_iter().next().map(|state| state.writing) {
            Some(Writing::Data(data)) => data.text().to_owned(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(one(&["/legs"]), r#"{"legs":[{"symbol":"A","volume":2,"price":2}],"legs2":1}"#);
    assert_eq!(one(&["/legs/0/volume"]), r#"{"legs":[{"symbol":"A","volume":2,"price":1}],"legs2":1}"#);
    assert_eq!(one(&["/legs", "/legs2"]), "None");
    assert_eq!(one(&["/leg"]), r#"{"legs":[{"symbol":"A","volume":1,"price":1}],"legs2":1}"#);
}

#[test]
fn what_is_skipped_or_wholly_unticked_is_not_written() {
    let skip = || StateSelection { skip: true, ..StateSelection::default() };
    let (plan, written) =
        planned(asked(&[("EURUSD/GBPUSD", skip()), ("back", skip()), ("new", skip())]), moved());
    assert!(written.is_empty());
    assert_eq!((plan.counts.written(), plan.counts.equal), (0, 12));
    assert_eq!(plan.states[0].key.state_id.as_str(), "EURUSD/GBPUSD", "what differs stays listed");
    assert_eq!((plan.states[0].effect, plan.states[0].paths, plan.states[0].selected), (Effect::Equal, 6, 0));
}

#[test]
fn everything_is_the_target_to_the_byte() {
    let (plan, written) = planned(Asked { everything: true, ..asked(&[]) }, moved());
    assert_eq!(written[0].writing, Writing::Data(moved()[0].1.clone().unwrap().data.unwrap()));
    assert_eq!((plan.states[0].paths, plan.states[0].selected), (6, 6));
}

#[test]
fn what_breaks_todays_rules_is_said() {
    let (plan, written) = planned(asked(&[("EURUSD/GBPUSD", ticks(&["/quantity"], &[]))]), moved());
    assert_eq!(plan.counts.invalid, 1);
    assert!(plan.states[0].verdict.is_invalid() && written[0].verdict.is_invalid());
}

fn hash(selection: &[(&str, StateSelection)], moved: Moved) -> String {
    planned(asked(selection), moved).0.plan
}

#[test]
fn the_hash_is_the_same_everywhere_and_in_any_order() {
    let mut backwards = moved();
    backwards.reverse();
    assert_eq!(hash(&[], moved()), hash(&[], backwards));
    let (one, other) = (ticks(&["/a", "/b"], &[]), ticks(&["/b", "/a", "/a"], &[]));
    assert_eq!(hash(&[("x", one)], moved()), hash(&[("x", other)], moved()));
    assert_eq!(hash(&[], moved()), hash(&[("x", StateSelection::default())], moved()));
    // Browser and server must agree on it, so it never changes by accident.
    assert_eq!(hash(&[], moved()), "b8cf464258941b41cc25d25636298f0990fb56f80d16a4142bdcf07f22bcbe64");
}

#[test]
fn the_hash_binds_heads_targets_and_ticks() {
    let before = hash(&[], moved());
    let change = |edit: fn(&mut Moved)| {
        let mut moved = moved();
        edit(&mut moved);
        hash(&[], moved)
    };
    assert_ne!(before, change(|moved| moved[0].0.version = VersionNumber(59)));
    assert_ne!(before, change(|moved| moved[0].0 = version("EURUSD/GBPUSD", 58, Some("{}"))));
    assert_ne!(before, change(|moved| moved[1].1 = Some(version("back", 4, Some(r#"{"a":1,"b":2}"#)))));
    assert_ne!(before, change(|moved| moved.push((version("more", 1, Some("{}")), None))));
    assert_ne!(
        before,
        change(|moved| moved[3].0 = version("again", 4, Some("{}"))),
        "an equal state that moves differs"
    );
    assert_eq!(before, change(|moved| drop(moved.pop())), "equal states are not bound");
    assert_ne!(before, hash(&[("EURUSD/GBPUSD", ticks(&["/quantity"], &[]))], moved()));
    assert_ne!(hash(&[("x", ticks(&["/a"], &[]))], moved()), hash(&[("x", ticks(&[], &["/a"]))], moved()));
    let other_target = planned(Asked { target_seq: Seq(8), ..asked(&[]) }, moved()).0.plan;
    assert_ne!(before, other_target);
    let mut other_scope = asked(&[]);
    other_scope.request.scope.prefix = Some("E".into());
    assert_ne!(before, planned(other_scope, moved()).0.plan);
}

#[test]
fn a_skipped_state_may_move_without_harm() {
    let skip = [("EURUSD/GBPUSD", StateSelection { skip: true, ..StateSelection::default() })];
    let before = hash(&skip, moved());
    let mut later = moved();
    later[0].0 = version("EURUSD/GBPUSD", 60, Some(r#"{"quantity":3}"#));
    assert_eq!(before, hash(&skip, later));
    assert_ne!(before, hash(&[], moved()));
}

#[test]
fn a_selection_that_can_mean_nothing_is_refused() {
    let refused = |name: &str, left: &str| {
        let mut asked = asked(&[]);
        asked.request.selection.insert(name.to_owned(), ticks(&[left], &[]));
        let rules = Rules {
            paths: &|state_type| path_rules(state_type.as_str()),
            validate: &|_, _| Verdict::NotChecked,
        };
        plan(asked, moved(), rules).err().map(|error| error.to_string())
    };
    assert_eq!(refused("position/x/y z", "/a"), None);
    assert_eq!(refused("x", "/a").unwrap(), "selection: \"x\" is not a state's <type>/<id>");
    assert_eq!(refused("position/x", "a").unwrap(), "selection: \"a\" is not a JSON pointer");
}
