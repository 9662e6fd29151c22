//! Runs that are asked to make way, restores that ask them, and short words for both.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{
    AppliedRestore, ApplyRequest, Ask, AskKind, Code, HandshakeTerms, Moment, Plan, PlanRequest, RenewRun,
    RunStarted, SaveRequest, SayPaused, SayReloaded, Scope, Selection, StartRun, WithoutWord,
};
use stateloft_core::commit::Outcome;
use stateloft_core::model::{RunName, Seq, StateKey, Version};
use stateloft_server::service::{Precondition, Service, ServiceError};
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, typed};
use crate::service::request;

/// How long anything may take on a machine that has much else to do.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);
/// A wait that no test waits out.
pub(super) const LONG: u64 = 600;

pub(super) type Applied = JoinHandle<Result<AppliedRestore, ServiceError>>;

pub(super) fn start(program: &str) -> StartRun {
    StartRun {
        program: RunName::new(program).unwrap(),
        instance: None,
        lease_seconds: Some(3_600),
        code: None,
        config: None,
        host: Some("box-7".into()),
        pid: Some(4711),
        symbols: Vec::new(),
        strategy: None,
        interval_seconds: None,
        planned_seconds: None,
        capital: None,
        metadata: None,
        take_over: None,
        user_id: Some("bot".into()),
    }
}

fn of_run(run: &RunStarted, id: &str, data: &str) -> SaveRequest {
    SaveRequest { run_id: Some(run.run_id.as_str().into()), epoch: Some(run.epoch), ..request(id, data) }
}

pub(super) async fn write(
    service: &Service,
    run: &RunStarted,
    id: &str,
    data: &str,
) -> Result<Version, ServiceError> {
    service.save(of_run(run, id, data), &Precondition::None).await.map(Outcome::into_version)
}

pub(super) fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Code {
    answer.unwrap_err().code()
}

pub(super) fn back_to(seq: Seq, scope: Scope) -> PlanRequest {
    PlanRequest { target: Moment::Seq(seq), scope, selection: Selection::new(), exact: false }
}

pub(super) fn only(keys: &[StateKey]) -> Scope {
    Scope { states: keys.to_vec(), ..Scope::default() }
}

pub(super) fn order(plan: &Plan, wait: u64) -> ApplyRequest {
    ApplyRequest {
        target: plan.target.clone(),
        scope: plan.scope.clone(),
        selection: plan.selection.clone(),
        exact: plan.exact,
        seq: Some(plan.seq),
        reason: "bad deploy".into(),
        user_id: Some("ann".into()),
        accept_violations: true,
        run_id: None,
        correlation_id: None,
        causation_id: None,
        handshake: Some(HandshakeTerms { wait_seconds: Some(wait), without_word: None }),
    }
}

pub(super) fn without_word(plan: &Plan) -> ApplyRequest {
    let word = WithoutWord { reason: "it hangs".into(), by: "ann".into() };
    let terms = HandshakeTerms { wait_seconds: Some(1), without_word: Some(word) };
    ApplyRequest { handshake: Some(terms), ..order(plan, 1) }
}

pub(super) fn apply(service: &Arc<Service>, plan: &Plan, request: ApplyRequest) -> Applied {
    let (service, plan) = (Arc::clone(service), plan.plan.clone());
    tokio::spawn(async move { service.apply(&plan, request).await })
}

pub(super) async fn done(applied: Applied) -> Result<AppliedRestore, ServiceError> {
    tokio::time::timeout(PATIENCE, applied).await.unwrap().unwrap()
}

pub(super) async fn asks(service: &Service, run: &RunStarted) -> Vec<Ask> {
    service.renew_run(&run.run_id, RenewRun { epoch: Some(run.epoch) }).await.unwrap().asks
}

/// Renews until the run is asked this.
pub(super) async fn asked(service: &Service, run: &RunStarted, kind: AskKind) -> Ask {
    let found = async {
        loop {
            if let Some(ask) = asks(service, run).await.into_iter().find(|ask| ask.kind == kind) {
                return ask;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap()
}

pub(super) async fn pause(service: &Service, run: &RunStarted, ask: &Ask) -> Result<bool, ServiceError> {
    let said = SayPaused { epoch: run.epoch, note: Some("0 orders in flight".into()) };
    service.say_paused(&run.run_id, &ask.handshake, said).await.map(|heard| heard.paused)
}

pub(super) async fn reload(
    service: &Service,
    run: &RunStarted,
    handshake: &str,
    seq: Seq,
) -> Result<bool, ServiceError> {
    let said = SayReloaded { epoch: run.epoch, seq };
    service.say_reloaded(&run.run_id, handshake, said).await.map(|heard| heard.paused)
}

pub(super) async fn data(f: &Fixture, id: &str) -> String {
    f.store.head(&typed("bot_memory", id)).await.unwrap().unwrap().data.unwrap().text().to_owned()
}
