use stateloft_core::api::{Moment, Scope, VersionView};
use stateloft_core::diff::ChangeKind;
use stateloft_core::hash::{ChainHash, ContentHash};
use stateloft_core::model::{Operation, Seq, Timestamp, Verdict, VersionNumber, Violation};

use super::*;

fn key(id: &str) -> StateKey {
    StateKey::new("position", id).unwrap()
}

fn change_at(path: &str) -> Change {
    Change {
        kind: ChangeKind::Changed,
        path: path.into(),
        display: path.into(),
        old: Some("1".into()),
        new: Some("2".into()),
        delta: None,
        percent: None,
        volatile: path == "/heartbeat",
        protected: (path == "/ticket").then(|| "names an order at the broker".into()),
        unit: None,
        by_place: false,
        splice: None,
        series: None,
        place: stateloft_core::diff::Place::default(),
    }
}

fn changes() -> Vec<Change> {
    ["/a", "/b", "/ticket", "/heartbeat"].map(change_at).to_vec()
}

fn planned(id: &str, effect: Effect, verdict: Verdict) -> PlannedState {
    let key = key(id);
    let now = VersionView {
        state_id: key.state_id.clone(),
        state_type: key.state_type.clone(),
        seq: Seq(5),
        version: VersionNumber(2),
        version_id: "5-00000000".into(),
        operation: Operation::Update,
        timestamp: Timestamp::default(),
        user_id: None,
        description: None,
        batch_id: None,
        run_id: None,
        correlation_id: None,
        causation_id: None,
        accepted_at: None,
        saved_at: None,
        content_hash: None,
        chain_hash: ChainHash::START,
        verdict: Verdict::Valid,
        change: stateloft_core::model::ChangeSummary::default(),
        size: 0,
        damaged: false,
    };
    PlannedState {
        key,
        effect,
        now,
        target: None,
        next_version: VersionNumber(3),
        paths: 2,
        selected: 2,
        verdict,
        exact: false,
        result_hash: None,
        bound: Some("what it is".into()),
    }
}

fn plan(states: Vec<PlannedState>) -> Plan {
    Plan {
        plan: "p".into(),
        target: Moment::Seq(Seq(3)),
        target_seq: Seq(3),
        target_time: None,
        scope: Scope::default(),
        selection: Selection::new(),
        exact: false,
        seq: Seq(9),
        counts: PlanCounts { equal: 7, ..PlanCounts::default() },
        states,
        equal_listed: 0,
        snapshot_before: "before-restore-9".into(),
        held_by: Vec::new(),
        left_out: Vec::new(),
    }
}

#[test]
fn ticks_make_the_smallest_selection_and_undo_themselves() {
    let (key, changes) = (key("E/G"), changes());
    let mut selection = Selection::new();
    set_path(&mut selection, &key, &changes, "/b", false);
    set_path(&mut selection, &key, &changes, "/a", false);
    assert_eq!(selection["position/E/G"].left, ["/a", "/b"]);
    assert_eq!(tick_of_changes(&changes, selection.get("position/E/G")), Tick::Off);
    set_path(&mut selection, &key, &changes, "/a", true);
    assert_eq!(tick_of_changes(&changes, selection.get("position/E/G")), Tick::Mixed);
    set_path(&mut selection, &key, &changes, "/b", true);
    assert!(selection.is_empty());
    assert_eq!(tick_of_changes(&changes, None), Tick::On);
}

#[test]
fn ticking_one_path_of_a_state_that_is_off_ticks_only_that_path() {
    let (key, changes) = (key("x"), changes());
    let mut selection = Selection::new();
    set_state(&mut selection, &key, false);
    assert_eq!(ticked(&changes, selection.get("position/x")), (0, 2));
    set_path(&mut selection, &key, &changes, "/b", true);
    assert_eq!(selection["position/x"], StateSelection { left: vec!["/a".into()], ..Default::default() });
    set_state(&mut selection, &key, true);
    assert!(selection.is_empty());
}

#[test]
fn a_protected_path_is_kept_until_unlocked_and_a_volatile_one_always() {
    let (key, changes) = (key("x"), changes());
    let mut selection = Selection::new();
    assert_eq!(fate(&changes[2], None), PathFate::Kept);
    set_unlocked(&mut selection, &key, "/ticket", true);
    let selected = selection.get("position/x");
    assert_eq!(fate(&changes[2], selected), PathFate::Written);
    assert_eq!(fate(&changes[3], selected), PathFate::Volatile);
    set_path(&mut selection, &key, &changes, "/ticket", false);
    assert_eq!(fate(&changes[2], selection.get("position/x")), PathFate::Left);
    set_unlocked(&mut selection, &key, "/ticket", false);
    assert!(selection.is_empty());
}

fn view(version: u64, data: bool) -> VersionView {
    let mut view = planned("v", Effect::Equal, Verdict::Valid).now;
    view.version = VersionNumber(version);
    view.content_hash = data.then(|| ContentHash::from_bytes([7; 32]));
    view
}

#[test]
fn the_button_counts_what_is_ticked() {
    let broken = Verdict::Invalid {
        violations: vec![Violation { pointer: "/a".into(), code: "minimum".into(), message: "m".into() }],
    };
    let plan = plan(vec![
        planned("a", Effect::Changed, broken),
        planned("b", Effect::Changed, Verdict::Valid),
        planned("c", Effect::Recreated, Verdict::Valid),
        planned("d", Effect::Deleted, Verdict::NotChecked),
    ]);
    let nothing_left = Outcome { effect: Effect::Equal, verdict: Verdict::NotChecked, selected: 0 };
    let counts = |selection: &Selection, b: Option<Outcome>| {
        let outcomes = plan.states.iter().map(|state| {
            let ticks = selection.get(&selection_key(&state.key));
            outcome(state, None, ticks, b.clone().filter(|_| state.key == key("b")))
        });
        tally(outcomes, 11)
    };
    let mut selection = Selection::new();
    assert_eq!(
        button_text(&counts(&selection, None), 0),
        "Write 4 states: 2 changed, 1 recreated, 1 deleted"
    );
    set_state(&mut selection, &key("a"), false);
    set_path(&mut selection, &key("b"), &changes(), "/a", false);
    set_path(&mut selection, &key("b"), &changes(), "/b", false);
    set_state(&mut selection, &key("d"), false);
    let now = counts(&selection, Some(nothing_left.clone()));
    assert_eq!(button_text(&now, 0), "Write 1 state: 0 changed, 1 recreated, 0 deleted");
    assert_eq!(
        button_text(&now, 1),
        "Write 1 state, 1 path not looked at: 0 changed, 1 recreated, 0 deleted"
    );
    assert_eq!(
        button_text(&now, 1200),
        "Write 1 state, 1,200 paths not looked at: 0 changed, 1 recreated, 0 deleted"
    );
    assert_eq!((now.equal, now.invalid), (10, 0));
    set_state(&mut selection, &key("c"), false);
    assert_eq!(button_text(&counts(&selection, Some(nothing_left)), 0), "Nothing to write");
}

#[test]
fn what_a_skipped_state_would_be_is_known_from_its_two_ends() {
    let mut state = planned("x", Effect::Equal, Verdict::NotChecked);
    let cases = [
        (view(3, true), Some(view(1, true)), Effect::Changed),
        (view(3, false), Some(view(1, true)), Effect::Recreated),
        (view(3, true), None, Effect::Deleted),
        (view(3, true), Some(view(1, false)), Effect::Deleted),
        (view(3, false), None, Effect::Equal),
    ];
    for (now, target, effect) in cases {
        (state.now, state.target) = (now, target);
        assert_eq!(would_be(&state), effect);
    }
    state.paths = 0;
    (state.now, state.target) = (view(3, true), Some(view(1, true)));
    assert_eq!(would_be(&state), Effect::Equal);
}

#[test]
fn heads_that_moved_are_named_with_where_they_were() {
    let shown = plan(vec![
        planned("a", Effect::Changed, Verdict::Valid),
        planned("b", Effect::Changed, Verdict::Valid),
    ]);
    let mut fresh = shown.clone();
    assert!(moved(&shown, &fresh).is_empty());
    fresh.states[1].now.version = VersionNumber(9);
    fresh.states[1].bound = Some("what it is now".into());
    fresh.states.push(planned("new", Effect::Deleted, Verdict::NotChecked));
    assert_eq!(moved(&shown, &fresh), [(key("b"), Some(2)), (key("new"), None)]);
}

#[test]
fn the_button_waits_for_reason_acceptance_count_and_agreement() {
    let counts = PlanCounts { changed: 1, deleted: 12, invalid: 1, ..PlanCounts::default() };
    let mut form = Form { reason: "  ".into(), ..Form::default() };
    let says = |form: &Form, agreement| missing(form, &counts, agreement, 0).unwrap_or_default();
    assert!(says(&form, Agreement::Waiting).starts_with("The server is working"));
    assert!(says(&form, Agreement::Differ).contains("different plans"));
    assert!(says(&form, Agreement::Agreed).starts_with("Say why"));
    form.reason = "back".into();
    assert!(says(&form, Agreement::Agreed).starts_with("Accept the violations"));
    form.accept = true;
    form.typed = "1".into();
    assert!(says(&form, Agreement::Agreed).starts_with("Type 12"));
    form.typed = " 12 ".into();
    assert_eq!(missing(&form, &counts, Agreement::Agreed, 0), None);
    assert!(missing(&form, &PlanCounts::default(), Agreement::Agreed, 0).is_some());
}

#[test]
fn a_fresh_plan_keeps_the_ticks_of_states_that_are_still_in_it() {
    let mut selection = Selection::new();
    set_state(&mut selection, &key("gone"), false);
    set_state(&mut selection, &key("here"), false);
    let fresh = plan(vec![planned("here", Effect::Changed, Verdict::Valid)]);
    let kept = carried_over(&selection, &fresh);
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["position/here"]);
}

#[test]
fn only_what_a_plan_binds_makes_a_newer_one_worth_a_look() {
    let shown = plan(vec![
        planned("a", Effect::Changed, Verdict::Valid),
        planned("b", Effect::Changed, Verdict::Valid),
    ]);
    let mut fresh = shown.clone();
    for state in &mut fresh.states {
        state.now.version = VersionNumber(state.now.version.0 + 1);
    }
    assert_eq!(moved(&shown, &fresh), [], "both beat, and nothing that is ticked moved");
    fresh.states[1].bound = Some("something else".into());
    fresh.states.push(planned("came", Effect::Changed, Verdict::Valid));
    let names: Vec<_> = moved(&shown, &fresh).into_iter().map(|(key, _)| key.state_id.to_string()).collect();
    assert_eq!(names, ["b", "came"]);
}

#[test]
fn the_button_stays_shut_until_what_moved_was_looked_at() {
    let counts = PlanCounts { changed: 1, ..PlanCounts::default() };
    let form = Form { reason: "back".into(), ..Form::default() };
    let says = |moved| missing(&form, &counts, Agreement::Agreed, moved);
    assert!(says(1).unwrap().starts_with(
        "1 ticked path has moved and not been looked at since: set the eye, accept the fresh plan"
    ));
    assert!(says(2).unwrap().starts_with("2 ticked paths have moved"));
    assert_eq!(says(0), None);
}

#[test]
fn what_comes_or_goes_as_a_whole_keeps_no_ticks_of_paths() {
    let mut selection = Selection::new();
    set_path(&mut selection, &key("here"), &changes(), "/a", false);
    let mut fresh = plan(vec![planned("here", Effect::Changed, Verdict::Valid)]);
    // It is live now and has no version at the target.
    fresh.states[0].now.content_hash = Some(stateloft_core::hash::ContentHash::of(&"1".parse().unwrap()));
    assert_eq!(would_be(&fresh.states[0]), Effect::Deleted);
    assert!(carried_over(&selection, &fresh).is_empty());
}

#[test]
fn a_wait_is_whole_seconds_that_the_console_can_wait() {
    let wait = |typed: &str| Form { wait: typed.into(), ..Form::default() }.wait_seconds();
    assert_eq!((wait(""), wait(" 30 ")), (Ok(None), Ok(Some(30))));
    for typed in ["0", "91", "1.5", "soon", "-3"] {
        assert!(wait(typed).is_err(), "{typed}");
    }
    let form = Form { reason: "back".into(), wait: "0".into(), ..Form::default() };
    let counts = PlanCounts { changed: 1, ..PlanCounts::default() };
    assert_eq!(missing(&form, &counts, Agreement::Agreed, 0).as_deref(), Some("Wait for 1 to 90 seconds."));
}

#[test]
fn who_holds_a_plan_is_named_and_others_are_counted() {
    let held = |text: &str| holders(&serde_json::from_str::<Vec<stateloft_core::api::HeldBy>>(text).unwrap());
    assert_eq!(held("[]"), None);
    let one = r#"{"run_id":"grid.main.2","host":"box-7","states":[]}"#;
    assert_eq!(held(&format!("[{one}]")).as_deref(), Some("grid.main.2 on box-7"));
    let other = r#"{"run_id":"fx.main.1","states":[]}"#;
    assert_eq!(held(&format!("[{other},{one}]")).as_deref(), Some("fx.main.1 and 1 more"));
}
