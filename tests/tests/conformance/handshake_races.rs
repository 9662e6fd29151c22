//! Runs that come, or write, between the look of a restore and its commit.

use std::sync::Arc;

use stateloft_core::api::{AskKind, Code, EndRun, EndedAs, StateSelection};
use stateloft_server::service::{Precondition, Service};
use stateloft_server::store::StateStore;
use stateloft_tests::faulty::FaultyStore;

use crate::fixture::{Fixture, typed};
use crate::service::request;
use crate::shaking::{
    LONG, PATIENCE, apply, asked, back_to, code, data, done, only, order, pause, start, write,
};

/// A service between whose look and commit something happens, and one that does it.
async fn raced(f: &Fixture) -> (Arc<FaultyStore>, Arc<Service>, Arc<Service>) {
    let store = Arc::new(FaultyStore::new(Arc::clone(&f.store)));
    let in_front: Arc<dyn StateStore> = Arc::<FaultyStore>::clone(&store);
    (store, f.service_over(in_front).await, f.service().await)
}

pub async fn a_run_that_begins_between_the_look_and_the_commit_is_asked(f: &Fixture) {
    let (store, service, beside) = raced(f).await;
    let run = beside.start_run(start("grid")).await.unwrap();
    let good = write(&beside, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&beside, &run, "a", r#"{"n":2}"#).await.unwrap();
    let stopped = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    beside.end_run(&run.run_id, stopped).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    assert_eq!(plan.held_by, [], "nobody holds it when it is looked at");
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let starter = Arc::clone(&beside);
    store.before_restores(move |nth| {
        let (beside, begun) = (Arc::clone(&starter), begun.clone());
        async move {
            if nth == 0 {
                begun.send(beside.start_run(start("grid")).await.unwrap()).unwrap();
            }
        }
    });
    let applied = apply(&service, &plan, order(&plan, LONG));
    let next = tokio::time::timeout(PATIENCE, begins.recv()).await.unwrap().unwrap();
    let ask = asked(&beside, &next, AskKind::Pause).await;
    assert_eq!(data(f, "a").await, r#"{"n":2}"#);
    pause(&beside, &next, &ask).await.unwrap();
    let restore = done(applied).await.unwrap();
    assert_eq!(restore.handshake.unwrap().waits_for, std::slice::from_ref(&next.run_id));
    assert_eq!(data(f, "a").await, r#"{"n":1}"#);
    assert_eq!(code(write(&beside, &next, "a", r#"{"n":9}"#).await), Code::RunPaused);
}

pub async fn a_run_that_writes_between_the_look_and_the_commit_is_asked(f: &Fixture) {
    let (store, service, beside) = raced(f).await;
    let run = beside.start_run(start("grid")).await.unwrap();
    let of_nobody = service.save(request("a", r#"{"n":1,"beat":1}"#), &Precondition::None).await.unwrap();
    let good = of_nobody.into_version().seq;
    service.save(request("a", r#"{"n":2,"beat":2}"#), &Precondition::None).await.unwrap();
    let mut asked_for = back_to(good, only(&[typed("bot_memory", "a")]));
    // What it writes does not make the plan stale.
    let left = StateSelection { left: vec!["/beat".into()], ..StateSelection::default() };
    asked_for.selection.insert("bot_memory/a".into(), left);
    let plan = service.plan(asked_for).await.unwrap();
    assert_eq!(plan.held_by, []);
    let (other, holds) = (Arc::clone(&beside), run.clone());
    store.before_restores(move |nth| {
        let (beside, run) = (Arc::clone(&other), holds.clone());
        async move {
            if nth == 0 {
                write(&beside, &run, "a", r#"{"n":2,"beat":3}"#).await.unwrap();
            }
        }
    });
    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&beside, &run, AskKind::Pause).await;
    assert_eq!(data(f, "a").await, r#"{"n":2,"beat":3}"#);
    pause(&beside, &run, &ask).await.unwrap();
    done(applied).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"n":1,"beat":3}"#);
}

pub async fn a_restore_that_runs_always_come_before_is_refused_after_a_while(f: &Fixture) {
    let (store, service, beside) = raced(f).await;
    let good =
        service.save(request("a", r#"{"n":1}"#), &Precondition::None).await.unwrap().into_version().seq;
    service.save(request("a", r#"{"n":2}"#), &Precondition::None).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    store.before_restores(move |nth| {
        let beside = Arc::clone(&beside);
        async move {
            beside.start_run(start(&format!("bot{nth}"))).await.unwrap();
        }
    });
    assert_eq!(code(done(apply(&service, &plan, order(&plan, LONG))).await), Code::PlanOutdated);
    assert_eq!(data(f, "a").await, r#"{"n":2}"#, "nothing is written");
}
