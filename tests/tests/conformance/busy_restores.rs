//! Restores while programs go on saving: a plan stands as long as nothing moved that it writes, and an undo takes back what its
//! restore wrote and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stateloft_core::api::{
    AppliedRestore, ApplyRequest, Code, Effect, Moment, Plan, PlanRequest, Scope, StateSelection, UndoRequest,
};
use stateloft_core::commit::Write;
use stateloft_core::model::{Seq, StateKey, VersionNumber};
use stateloft_server::service::{Outdated, Service, ServiceError};

use crate::fixture::{Fixture, key, save, typed};

const MEMORY: &str = "bot_memory";

fn memory(id: &str) -> StateKey {
    typed(MEMORY, id)
}

async fn put(f: &Fixture, id: &str, data: &str) -> Seq {
    f.write(Write { key: memory(id), ..save(id, data) }).await.seq
}

async fn text(f: &Fixture, key: &StateKey) -> String {
    f.store.head(key).await.unwrap().unwrap().data.unwrap().text().to_owned()
}

async fn data(f: &Fixture, id: &str) -> String {
    text(f, &memory(id)).await
}

fn left(paths: &[&str]) -> StateSelection {
    let left = paths.iter().map(|path| (*path).to_owned()).collect();
    StateSelection { left, ..StateSelection::default() }
}

fn unlocked(paths: &[&str]) -> StateSelection {
    let unlocked = paths.iter().map(|path| (*path).to_owned()).collect();
    StateSelection { unlocked, ..StateSelection::default() }
}

fn to(target: Seq, selection: &[(&StateKey, StateSelection)]) -> PlanRequest {
    let named = |(key, ticks): &(&StateKey, StateSelection)| {
        (format!("{}/{}", key.state_type, key.state_id), ticks.clone())
    };
    PlanRequest {
        target: Moment::Seq(target),
        scope: Scope::default(),
        selection: selection.iter().map(named).collect(),
        exact: false,
    }
}

fn order(plan: &Plan) -> ApplyRequest {
    ApplyRequest { accept_violations: true, ..crate::restores::order(plan) }
}

async fn apply(service: &Arc<Service>, plan: &Plan) -> Result<AppliedRestore, ServiceError> {
    service.apply(&plan.plan, order(plan)).await
}

async fn undo(service: &Arc<Service>, restore: &AppliedRestore) -> Result<AppliedRestore, ServiceError> {
    service.undo(&restore.record.restore_id, UndoRequest::default()).await
}

fn outdated<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Outdated {
    match answer.unwrap_err() {
        ServiceError::PlanOutdated(outdated) => *outdated,
        other => panic!("{other:?}"),
    }
}

pub async fn a_plan_stands_while_only_other_paths_move(f: &Fixture) {
    let service = f.service().await;
    put(f, "a", r#"{"stop":1.0790,"beat":1,"legs":[{"v":1}]}"#).await;
    let good = put(f, "other", r#"{"n":1}"#).await;
    put(f, "a", r#"{"stop":1.0851,"beat":2,"legs":[{"v":1}]}"#).await;
    let plan = service.plan(to(good, &[(&memory("a"), left(&["/beat"]))])).await.unwrap();
    // The path that is left out, one that is new and left in no plan, and another state altogether.
    put(f, "a", r#"{"stop":1.0851,"beat":3,"legs":[{"v":1}]}"#).await;
    put(f, "elsewhere", "{}").await;
    let scope = Scope { states: vec![memory("a")], ..Scope::default() };
    let asked = PlanRequest { scope, ..to(good, &[(&memory("a"), left(&["/beat"]))]) };
    let narrow = service.plan(asked).await.unwrap();
    put(f, "a", r#"{"stop":1.0851,"beat":4,"legs":[{"v":1}]}"#).await;
    put(f, "elsewhere", r#"{"n":2}"#).await;
    let restore = apply(&service, &narrow).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"stop":1.0790,"beat":4,"legs":[{"v":1}]}"#, "onto the head of now");
    assert_eq!((restore.record.counts.exact, restore.versions.len()), (0, 1));
    // What the whole store's plan would write besides has come since: that plan is another one.
    assert_eq!(apply(&service, &plan).await.unwrap_err().code(), Code::PlanOutdated);
}

pub async fn what_moved_under_a_plan_is_said_path_by_path(f: &Fixture) {
    let service = f.service().await;
    let moving = memory("a");
    put(f, "a", r#"{"stop":1.0790,"beat":1,"note":"x"}"#).await;
    put(f, "b", r#"{"n":1}"#).await;
    let good = put(f, "c", r#"{"n":1}"#).await;
    put(f, "a", r#"{"stop":1.0851,"beat":2,"note":"x"}"#).await;
    put(f, "b", r#"{"n":2}"#).await;
    let plan = service.plan(to(good, &[(&moving, left(&["/beat"]))])).await.unwrap();
    put(f, "a", r#"{"stop":1.0866,"beat":3,"note":"x"}"#).await;
    f.write(Write { key: memory("b"), ..crate::fixture::delete("b") }).await;
    put(f, "c", r#"{"n":2}"#).await;
    let tip = f.tip().await;
    let Outdated { plan: fresh, moved } = outdated(apply(&service, &plan).await);
    assert_eq!(f.tip().await, tip, "nothing was written");
    assert_eq!(fresh.counts.written(), 3);
    let states: Vec<_> = moved.iter().map(|state| (state.key.state_id.as_str(), state.counts)).collect();
    assert_eq!(states, [("a", true), ("b", true), ("c", true)]);
    let paths: Vec<_> = moved[0]
        .paths
        .iter()
        .map(|path| {
            (
                path.display.as_str(),
                path.selected,
                path.was.as_deref(),
                path.now.as_deref(),
                path.delta.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        paths,
        [
            ("/stop", true, Some("1.0851"), Some("1.0866"), Some("+0.0015")),
            ("/beat", false, Some("2"), Some("3"), Some("+1")),
        ]
    );
    assert_eq!((moved[0].was, moved[0].now.version), (Some(VersionNumber(2)), VersionNumber(3)));
    assert_eq!(moved[1].was_live, Some(true), "it was deleted");
    // Without the seq nothing is known of what was looked at.
    let unsaid = ApplyRequest { seq: None, ..order(&plan) };
    assert_eq!(outdated(service.apply(&plan.plan, unsaid).await).moved, []);
}

pub async fn a_restore_of_ticked_paths_is_written_while_a_bot_beats(f: &Fixture) {
    let service = f.service().await;
    let beating = memory("a");
    let good = put(f, "a", r#"{"stop":0,"beat":0}"#).await;
    let stop = Arc::new(AtomicBool::new(false));
    let bot = {
        let (store, clock, stop) = (Arc::clone(&f.store), Arc::clone(&f.clock), Arc::clone(&stop));
        tokio::spawn(async move {
            // It moves its own path of whatever stands there, as a bot does that has been told of the restore.
            for beat in 1.. {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let head = store.head(&memory("a")).await.unwrap().unwrap();
                let text = head.data.unwrap().text().to_owned();
                let stop = text.split([':', ',']).nth(1).unwrap().to_owned();
                let mut write =
                    Write { key: memory("a"), ..save("a", &format!(r#"{{"stop":{stop},"beat":{beat}}}"#)) };
                write.expectation = stateloft_core::commit::Expectation::Version(head.version);
                let now = stateloft_server::service::Clock::now(&*clock);
                store.commit(&[crate::fixture::batch(vec![write])], now).await.unwrap();
            }
        })
    };
    for round in 1..=5 {
        // Somebody moves the stop, between two beats.
        loop {
            let head = f.store.head(&beating).await.unwrap().unwrap();
            let mut write =
                Write { key: memory("a"), ..save("a", &format!(r#"{{"stop":{round},"beat":-1}}"#)) };
            write.expectation = stateloft_core::commit::Expectation::Version(head.version);
            let now = stateloft_server::service::Clock::now(&*f.clock);
            let answers = f.store.commit(&[crate::fixture::batch(vec![write])], now).await.unwrap();
            if answers[0].is_ok() {
                break;
            }
        }
        let plan = service.plan(to(good, &[(&beating, left(&["/beat"]))])).await.unwrap();
        assert_eq!(plan.counts.changed, 1);
        // A beat makes no plan stale.
        let restore = apply(&service, &plan).await.unwrap();
        // Nor does it stop an undo.
        let undone = undo(&service, &restore).await.unwrap();
        let wrote = f.store.version(&beating, undone.versions[0].version).await.unwrap().unwrap();
        let wrote = wrote.data.unwrap();
        assert!(wrote.text().starts_with(&format!(r#"{{"stop":{round},"#)), "{}", wrote.text());
    }
    stop.store(true, Ordering::SeqCst);
    bot.await.unwrap();
}

pub async fn an_undo_takes_back_what_its_restore_wrote_and_nothing_else(f: &Fixture) {
    let service = f.service().await;
    put(f, "a", r#"{"stop":1,"size":1,"rows":[1,2,3]}"#).await;
    let good = f.tip().await;
    put(f, "a", r#"{"stop":2,"size":1,"rows":[1,2,3]}"#).await;
    let plan = service.plan(to(good, &[])).await.unwrap();
    let restore = apply(&service, &plan).await.unwrap();
    // The bot goes on, in other paths.
    put(f, "a", r#"{"stop":1,"size":9,"rows":[1,2,3,4],"new":true}"#).await;
    let undone = undo(&service, &restore).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"stop":2,"size":9,"rows":[1,2,3,4],"new":true}"#);
    assert_eq!(undone.versions.len(), 1);
    assert_eq!(undo(&service, &restore).await.unwrap_err().code(), Code::AlreadyUndone);
    // It moves the very path that the second restore wrote.
    let plan = service.plan(to(good, &[(&memory("a"), left(&["/size", "/rows/3", "/new"]))])).await.unwrap();
    let restore = apply(&service, &plan).await.unwrap();
    put(f, "a", r#"{"stop":7,"size":9,"rows":[1,2,3,4],"new":true}"#).await;
    let tip = f.tip().await;
    let Outdated { plan: offered, moved } = outdated(undo(&service, &restore).await);
    assert_eq!(f.tip().await, tip);
    assert_eq!((offered.counts.written(), offered.states[0].effect), (0, Effect::Equal), "it is not ticked");
    assert_eq!(offered.states[0].paths, 1, "and it is shown");
    assert_eq!((moved[0].paths[0].display.as_str(), moved[0].paths[0].now.as_deref()), ("/stop", Some("7")));
}

pub async fn an_undo_leaves_a_state_alone_that_somebody_works_on_since(f: &Fixture) {
    let service = f.service().await;
    put(f, "gone", r#"{"n":1}"#).await;
    let good = f.tip().await;
    f.write(Write { key: memory("gone"), ..crate::fixture::delete("gone") }).await;
    put(f, "came", r#"{"n":1}"#).await;
    let plan = service.plan(to(good, &[])).await.unwrap();
    assert_eq!((plan.counts.recreated, plan.counts.deleted, plan.counts.exact), (1, 1, 2));
    let restore = apply(&service, &plan).await.unwrap();
    put(f, "gone", r#"{"n":2}"#).await;
    put(f, "came", r#"{"n":2}"#).await;
    let Outdated { plan: offered, .. } = outdated(undo(&service, &restore).await);
    assert_eq!(offered.counts.written(), 0, "neither is deleted or overwritten by itself");
    assert_eq!((data(f, "gone").await, data(f, "came").await), (r#"{"n":2}"#.into(), r#"{"n":2}"#.into()));
}

pub async fn a_restore_says_whether_its_result_ever_existed(f: &Fixture) {
    let service = f.service().await;
    let position = key("EURUSD/GBPUSD");
    let then = r#"{"quantity":0.80,"last_price":4,"stop_loss":1.0790}"#;
    let now = r#"{"quantity":1.20,"last_price":5,"stop_loss":1.0790}"#;
    f.save("EURUSD/GBPUSD", then).await;
    let good = f.tip().await;
    f.save("EURUSD/GBPUSD", now).await;
    let partial = service.plan(to(good, &[])).await.unwrap();
    let state = &partial.states[0];
    assert_eq!((state.exact, state.selected, state.paths, partial.counts.exact), (false, 1, 2, 0));
    assert_ne!(state.result_hash, state.target.as_ref().unwrap().content_hash);
    let exact = PlanRequest { exact: true, ..to(good, &[]) };
    let plan = service.plan(exact.clone()).await.unwrap();
    let state = &plan.states[0];
    assert_eq!((state.exact, state.selected, state.paths, plan.counts.exact), (true, 2, 2, 1));
    assert_eq!(state.result_hash, state.target.as_ref().unwrap().content_hash);
    assert_ne!(plan.plan, partial.plan);
    // The whole head is bound: noise counts, too.
    f.save("EURUSD/GBPUSD", r#"{"quantity":1.20,"last_price":6,"stop_loss":1.0790}"#).await;
    let fresh = outdated(apply(&service, &plan).await).plan;
    apply(&service, &fresh).await.unwrap();
    assert_eq!(text(f, &position).await, then);
    let both = PlanRequest { selection: to(good, &[(&position, left(&["/quantity"]))]).selection, ..exact };
    assert_eq!(service.plan(both).await.unwrap_err().code(), Code::InvalidBody);
}

pub async fn a_selection_names_only_what_is_there(f: &Fixture) {
    let service = f.service().await;
    let pair = key("EURUSD/GBPUSD");
    let legs = |volume: &str, more: &str| {
        format!(r#"{{"a/b":{volume},"note":"n","legs":[{more}{{"symbol":"EURUSD","volume":{volume}}}]}}"#)
    };
    f.save("EURUSD/GBPUSD", &legs("0.80", "")).await;
    put(f, "still", r#"{"n":1}"#).await;
    let good = f.tip().await;
    f.save("EURUSD/GBPUSD", &legs("1.20", r#"{"symbol":"GBPUSD","volume":3},"#)).await;
    put(f, "came", r#"{"n":1}"#).await;
    let refused = async |key: &StateKey, ticks: StateSelection| {
        let error = service.plan(to(good, &[(key, ticks.clone())])).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidBody, "{ticks:?}");
        error.to_string()
    };
    for path in
        ["/a/b", "/nosuch", "legs", "/legs/7", "/legs/[CHFJPY]/volume", "/note/deeper", "/legs/[EURUSD"]
    {
        assert!(refused(&pair, left(&[path])).await.contains(path), "{path}");
        assert!(refused(&pair, unlocked(&[path])).await.contains(path), "{path}");
    }
    // A state that is nowhere, or elsewhere, or that comes or goes as a whole.
    let nowhere = refused(&memory("stil"), StateSelection { skip: true, ..Default::default() }).await;
    assert!(nowhere.contains("stil"), "{nowhere}");
    assert!(refused(&memory("came"), left(&["/n"])).await.contains("as a whole"));
    let scope = Scope { states: vec![pair.clone()], ..Scope::default() };
    let asked = PlanRequest { scope, ..to(good, &[(&memory("came"), StateSelection::default())]) };
    assert_eq!(service.plan(asked).await.unwrap_err().code(), Code::InvalidBody);
    // In both documents the first leg is another one.
    assert!(refused(&pair, left(&["/legs/0"])).await.contains("means one thing now"));
    // As it is shown, by its pointer, everything inside, what is as it was, and a state that has not moved.
    for (path, written) in [
        ("/legs/[EURUSD]/volume", r#"{"a/b":0.80,"note":"n","legs":[{"symbol":"EURUSD","volume":1.20}]}"#),
        ("/legs/[EURUSD]", r#"{"a/b":0.80,"note":"n","legs":[{"symbol":"EURUSD","volume":1.20}]}"#),
        ("/a~1b", r#"{"a/b":1.20,"note":"n","legs":[{"symbol":"EURUSD","volume":0.80}]}"#),
        ("/note", &legs("0.80", "")),
    ] {
        let selection = [(&pair, left(&[path])), (&memory("still"), left(&["/n"]))];
        let plan = service.plan(to(good, &selection)).await.unwrap();
        let state = plan.states.iter().find(|state| state.key == pair).unwrap();
        let expected = stateloft_core::hash::ContentHash::of(&crate::fixture::doc(written));
        assert_eq!(state.result_hash, Some(expected), "{path}");
    }
}
