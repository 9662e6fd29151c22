//! What is done about a broker's list asks live runs as a restore does, on every store: also those that come between look and commit.

use std::sync::Arc;

use stateloft_core::api::{
    AppliedReconcile, ApplyReconcile, AskKind, Code, EndRun, EndedAs, HandshakeStatus, HandshakeTerms,
    PlanReconcile, ReconcilePlan, RunStarted, SaveRequest,
};
use stateloft_core::commit::Outcome;
use stateloft_core::model::{StateType, Version};
use stateloft_server::service::{Precondition, Service, ServiceError};
use stateloft_server::store::StateStore;
use stateloft_tests::faulty::FaultyStore;
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, key};
use crate::service::request;
use crate::shaking::{LONG, PATIENCE, asked, code, pause, reload, start};

const OURS: &str = r#"{"symbol":"EURUSD","side":"long","quantity":0.40,"entry_price":1.0880,"ticket":1}"#;
const WRITTEN: &str = r#"{"symbol":"EURUSD","side":"long","quantity":0.30,"entry_price":1.0880,"ticket":1}"#;

async fn save(service: &Service, run: &RunStarted, data: &str) -> Result<Version, ServiceError> {
    let request = SaveRequest {
        state_type: StateType::new("position").unwrap(),
        run_id: Some(run.run_id.as_str().into()),
        epoch: Some(run.epoch),
        ..request("eurusd", data)
    };
    service.save(request, &Precondition::None).await.map(Outcome::into_version)
}

/// The broker has less than we have, as of now.
async fn planned(f: &Fixture, service: &Service, run: &RunStarted) -> (PlanReconcile, ReconcilePlan) {
    let now = stateloft_server::service::Clock::now(&*f.clock);
    let text = format!(
        r#"{{"list":[{{"ticket":1,"symbol":"EURUSD","side":"long","quantity":0.30,"entry_price":1.0880}}],
            "options":{{"as_of":"{now}","shape":"plain"}},"policy":"adopt"}}"#
    );
    let request: PlanReconcile = serde_json::from_str(&text).unwrap();
    let plan = service.plan_reconcile(&run.run_id, request.clone()).await.unwrap();
    assert_eq!(plan.writes.len(), 1, "{plan:?}");
    (request, plan)
}

fn apply(
    service: &Arc<Service>,
    run: &RunStarted,
    (request, plan): &(PlanReconcile, ReconcilePlan),
    epoch: Option<u64>,
) -> JoinHandle<Result<AppliedReconcile, ServiceError>> {
    let request = ApplyReconcile {
        run_id: run.run_id.clone(),
        scope: request.scope.clone(),
        list: request.list.clone(),
        options: request.options.clone(),
        choices: plan.choices.clone(),
        reason: "as the broker says".into(),
        user_id: Some("ann".into()),
        epoch,
        handshake: Some(HandshakeTerms { wait_seconds: Some(LONG), without_word: None }),
    };
    let (service, plan) = (Arc::clone(service), plan.plan.clone());
    tokio::spawn(async move { service.apply_reconcile(&plan, request).await })
}

async fn done(
    applying: JoinHandle<Result<AppliedReconcile, ServiceError>>,
) -> Result<AppliedReconcile, ServiceError> {
    tokio::time::timeout(PATIENCE, applying).await.unwrap().unwrap()
}

async fn text(f: &Fixture) -> String {
    f.head("eurusd").await.unwrap().data.unwrap().text().to_owned()
}

pub async fn a_run_makes_way_for_what_is_reconciled_and_writes_nothing_before_it_has_read_it(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    save(&service, &run, OURS).await.unwrap();
    let plan = planned(f, &service, &run).await;
    let [holder] = plan.1.held_by.as_slice() else { panic!("{plan:?}") };
    assert_eq!(
        (holder.run_id.as_str(), holder.states.as_slice()),
        ("grid.main.1", [key("eurusd")].as_slice())
    );
    let applying = apply(&service, &run, &plan, None);
    let ask = asked(&service, &run, AskKind::Pause).await;
    let asking = service.handshake(&ask.handshake).await.unwrap().handshake;
    assert_eq!((asking.status, asking.purpose()), (HandshakeStatus::Asking, "reconcile"));
    assert_eq!(text(f).await, OURS);
    assert!(pause(&service, &run, &ask).await.unwrap());
    let applied = done(applying).await.unwrap();
    assert_eq!(text(f).await, WRITTEN);
    assert!(
        applied.versions.iter().all(|version| version.batch_id.as_deref() == Some(ask.handshake.as_str()))
    );
    let handshake = applied.handshake.unwrap();
    assert_eq!(handshake.waits_for, std::slice::from_ref(&run.run_id));
    assert_eq!(code(save(&service, &run, OURS).await), Code::RunPaused);
    let told = asked(&service, &run, AskKind::Reload).await;
    assert!(!reload(&service, &run, &ask.handshake, told.seq.unwrap()).await.unwrap());
    save(&service, &run, OURS).await.unwrap();
    // The program itself knows what it writes.
    let plan = planned(f, &service, &run).await;
    assert_eq!(done(apply(&service, &run, &plan, Some(run.epoch))).await.unwrap().handshake, None);
    save(&service, &run, OURS).await.unwrap();
}

/// A service between whose look and commit something happens, and one that does it.
async fn raced(f: &Fixture) -> (Arc<FaultyStore>, Arc<Service>, Arc<Service>) {
    let store = Arc::new(FaultyStore::new(Arc::clone(&f.store)));
    let in_front: Arc<dyn StateStore> = Arc::<FaultyStore>::clone(&store);
    (store, f.service_over(in_front).await, f.service().await)
}

/// A run that has saved a position and has ended.
async fn ended(service: &Service) -> RunStarted {
    let run = service.start_run(start("grid")).await.unwrap();
    save(service, &run, OURS).await.unwrap();
    let stopped = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    service.end_run(&run.run_id, stopped).await.unwrap();
    run
}

pub async fn a_run_that_begins_between_look_and_commit_of_what_is_reconciled_is_asked(f: &Fixture) {
    let (store, service, beside) = raced(f).await;
    let run = ended(&beside).await;
    let plan = planned(f, &service, &run).await;
    assert_eq!(plan.1.held_by, [], "nobody holds it when it is looked at");
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
    let applying = apply(&service, &run, &plan, None);
    let next = tokio::time::timeout(PATIENCE, begins.recv()).await.unwrap().unwrap();
    let ask = asked(&beside, &next, AskKind::Pause).await;
    assert_eq!(text(f).await, OURS);
    pause(&beside, &next, &ask).await.unwrap();
    let applied = done(applying).await.unwrap();
    assert_eq!(applied.handshake.unwrap().waits_for, std::slice::from_ref(&next.run_id));
    assert_eq!(text(f).await, WRITTEN);
    assert_eq!(code(save(&beside, &next, OURS).await), Code::RunPaused);
}

pub async fn what_is_reconciled_and_runs_always_come_before_is_refused_after_a_while(f: &Fixture) {
    let (store, service, beside) = raced(f).await;
    let run = ended(&beside).await;
    let plan = planned(f, &service, &run).await;
    store.before_restores(move |nth| {
        let beside = Arc::clone(&beside);
        async move {
            beside.start_run(start(&format!("bot{nth}"))).await.unwrap();
        }
    });
    assert_eq!(code(done(apply(&service, &run, &plan, None)).await), Code::PlanOutdated);
    assert_eq!(text(f).await, OURS, "nothing is written");
}
