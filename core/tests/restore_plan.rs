//! What a restore would write, and what binds it.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]
use stateloft_core::api::{Effect, Moment, Plan, PlanRequest, Scope, Selection, StateSelection};
use stateloft_core::hash::{ChainHash, ContentHash};
use stateloft_core::json::Document;
use stateloft_core::model::{
    ChangeSummary, Operation, Seq, StateId, StateKey, StateType, Timestamp, Verdict, Version, VersionNumber,
    Violation,
};
use stateloft_core::restore::{Asked, Planned, Rules, Writing, plan};
use stateloft_core::schema::path_rules;

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
        origin: None,
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
        request: PlanRequest {
            target: Moment::Seq(Seq(7)),
            scope: Scope::default(),
            selection,
            exact: false,
        },
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

const PAIR: &str = "EURUSD/GBPUSD";

#[test]
fn the_hash_is_the_same_everywhere_and_in_any_order() {
    let mut backwards = moved();
    backwards.reverse();
    assert_eq!(hash(&[], moved()), hash(&[], backwards));
    let (one, other) = (ticks(&["/note", "/quantity"], &[]), ticks(&["/quantity", "/note", "/note"], &[]));
    assert_eq!(hash(&[(PAIR, one)], moved()), hash(&[(PAIR, other)], moved()));
    assert_eq!(hash(&[], moved()), hash(&[(PAIR, StateSelection::default())], moved()));
    // Browser and server must agree on it, so it never changes by accident.
    assert_eq!(hash(&[], moved()), "2dfe9fa8d0ec6ab275b6c19184cc449c0565abd498c9b38137e409a179997cee");
}

fn after(selection: &[(&str, StateSelection)], edit: impl FnOnce(&mut Moved)) -> String {
    let mut moved = moved();
    edit(&mut moved);
    hash(selection, moved)
}

/// What is written, what it replaces, what comes and goes, and what today's rules say of it.
#[test]
fn the_hash_binds_what_would_be_written_and_what_it_replaces() {
    let before = hash(&[], moved());
    let change = |edit: fn(&mut Moved)| after(&[], edit);
    let now = |text: &str| version(PAIR, 59, Some(text));
    let stop = r#"{"quantity":1.20,"last_price":5,"ticket1":38084831,"stop_loss":1.0866,"max_favorable_pnl":212.40}"#;
    assert_ne!(before, after(&[], |moved| moved[0].0 = now(stop)), "a ticked path moved");
    let more = stop.replace("1.0866", "1.0851").replace('{', r#"{"new":1,"#);
    assert_ne!(before, after(&[], |moved| moved[0].0 = now(&more)), "a path came that would be taken out");
    assert_ne!(before, after(&[], |moved| moved[0].0 = version(PAIR, 59, None)), "it was deleted");
    assert_ne!(
        before,
        change(|moved| moved[1].1 = Some(version("back", 4, Some(r#"{"a":2}"#)))),
        "another target"
    );
    assert_ne!(before, change(|moved| moved[1].0 = version("back", 7, Some("{}"))), "it is there again");
    assert_ne!(
        before,
        change(|moved| moved[2].0 = version("new", 2, Some(r#"{"a":2}"#))),
        "what is deleted moved"
    );
    assert_ne!(before, change(|moved| moved.push((version("more", 1, Some("{}")), None))));
    assert_ne!(
        before,
        change(|moved| moved[3].0 = version("again", 4, Some("{}"))),
        "an equal state that moves differs"
    );
    assert_ne!(before, hash(&[(PAIR, ticks(&["/quantity"], &[]))], moved()), "other ticks");
    assert_ne!(
        hash(&[(PAIR, ticks(&["/ticket1"], &[]))], moved()),
        hash(&[(PAIR, ticks(&[], &["/ticket1"]))], moved())
    );
    let same = stop.replace("1.0866", "1.0851");
    assert_eq!(before, after(&[], |moved| moved[0].0 = now(&same)), "a version that says the same");
    let verdict = |quantity: &str| {
        let now = stop.replace("1.0866", "1.0851").replace("1.20", quantity);
        after(&[(PAIR, ticks(&["/quantity"], &[]))], |moved| moved[0].0 = version(PAIR, 59, Some(&now)))
    };
    assert_eq!(verdict("1.30"), verdict("1.40"), "it is left out, and as valid as before");
    assert_ne!(verdict("1.30"), verdict("1.20"), "it is left out, and breaks a rule now");
    let other_target = planned(Asked { target_seq: Seq(8), ..asked(&[]) }, moved()).0.plan;
    assert_ne!(before, other_target);
    let mut other_scope = asked(&[]);
    other_scope.request.scope.prefix = Some("E".into());
    assert_ne!(before, planned(other_scope, moved()).0.plan);
}

/// A program that goes on saving does not make a plan stale.
#[test]
fn what_is_not_written_may_move() {
    let before = hash(&[], moved());
    let beat = |text: &str| after(&[], |moved| moved[0].0 = version(PAIR, 90, Some(text)));
    let volatile = r#"{"quantity":1.20,"last_price":7,"ticket1":38084831,"stop_loss":1.0851,"max_favorable_pnl":212.40}"#;
    assert_eq!(before, beat(volatile), "a volatile path");
    assert_eq!(before, beat(&volatile.replace("38084831", "1")), "a protected path that is not unlocked");
    assert_eq!(before, after(&[], |moved| drop(moved.pop())), "equal states are not bound");
    assert_eq!(before, after(&[], |moved| moved[1].0 = version("back", 8, None)), "deleted again is deleted");
    let left = [(PAIR, ticks(&["/stop_loss"], &[]))];
    let stop = volatile.replace("1.0851", "1.0999");
    assert_eq!(
        hash(&left, moved()),
        after(&left, |moved| moved[0].0 = version(PAIR, 90, Some(&stop))),
        "a path that is left"
    );
    let deleting = |price: u32| {
        let now = format!(r#"{{"quantity":1,"last_price":{price}}}"#);
        after(&[], |moved| moved[2].0 = version("new", 9, Some(&now)))
    };
    assert_eq!(deleting(1), deleting(2), "noise in what is deleted");
}

#[test]
fn an_exact_plan_binds_whole_heads() {
    let exact = |moved: Moved| {
        let mut asked = asked(&[]);
        asked.request.exact = true;
        planned(asked, moved).0
    };
    let (before, mut later) = (exact(moved()), moved());
    assert_eq!((before.states[0].selected, before.states[0].exact, before.counts.exact), (6, true, 3));
    later[0].0.version = VersionNumber(59);
    assert_ne!(before.plan, exact(later).plan, "even a version that says the same");
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
    assert_eq!(refused("position/EURUSD/GBPUSD", "/note"), None);
    assert_eq!(refused("position/again", "/a"), None, "it is as it was, and has that");
    for name in ["x", "position/x/y z", "positon/again"] {
        let text = refused(name, "/a").unwrap();
        assert!(text.starts_with(&format!("{name:?} is no state that this restore is about")), "{text}");
    }
    for path in ["a", "/nosuch", "/stop_loss/x", "/stop"] {
        let text = refused("position/EURUSD/GBPUSD", path).unwrap();
        assert!(text.starts_with(&format!("position EURUSD/GBPUSD: {path:?} is neither in")), "{text}");
    }
    assert!(refused("position/again", "/b").unwrap().contains("is neither in"));
    assert!(refused("position/new", "/a").unwrap().contains("comes back or goes as a whole"));
}

#[test]
fn a_name_that_several_elements_share_is_refused() {
    let legs = |first: &str, second: &str| {
        format!(
            r#"{{"legs":[{{"symbol":{first},"volume":1}},{{"symbol":{second},"volume":2}},{{"symbol":"B","volume":3}}]}}"#
        )
    };
    let moved = |now: &str, then: &str| vec![(version("x", 2, Some(now)), Some(version("x", 1, Some(then))))];
    let refused = |path: &str, moved: Moved| {
        let rules = Rules {
            paths: &|state_type| path_rules(state_type.as_str()),
            validate: &|_, _| Verdict::NotChecked,
        };
        let asked = asked(&[("x", ticks(&[path], &[]))]);
        plan(asked, moved, rules).err().map(|error| error.to_string())
    };
    let (twice, once) = (legs("\"A\"", "\"A\""), legs("\"A\"", "\"C\""));
    let changed =
        |text: &str| text.replace("\"volume\":1}", "\"volume\":9}").replace("\"volume\":3}", "\"volume\":7}");
    let more = twice.replacen("\"volume\":1", "\"volume\":1,\"note\":\"n\"", 1);
    let alike = legs("\"1\"", "1");
    for (path, now, then) in [
        ("/legs/[A]", twice.clone(), changed(&twice)),
        ("/legs/[A]/volume", twice.clone(), changed(&twice)),
        // It is shared at one end only, has not changed, is in one of them alone, or only looks the same.
        ("/legs/[A]/volume", once.clone(), changed(&twice)),
        ("/legs/[A]/volume", changed(&twice), once.clone()),
        ("/legs/[A]", twice.clone(), twice.clone()),
        ("/legs/[A]/note", more.clone(), changed(&twice)),
        ("/legs/[1]/volume", alike.clone(), changed(&alike)),
    ] {
        let text = refused(path, moved(&now, &then)).unwrap_or_else(|| panic!("{path} of {now} is obeyed"));
        assert!(text.starts_with(&format!("position x: {path:?} is shown of several elements")), "{text}");
    }
    for path in ["/legs/[B]", "/legs/[B]/volume", "/legs/0/volume", "/legs"] {
        assert_eq!(refused(path, moved(&twice, &changed(&twice))), None, "{path}");
    }
    assert_eq!(refused("/legs/[A]/volume", moved(&once, &changed(&once))), None, "one of its name");
}
