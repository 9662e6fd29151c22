//! An operator asks a run to ask its broker, on every store.

use stateloft_core::api::{
    AskReconcile, Code, EndRun, EndedAs, HeardBy, PlanReconcile, ReconcileAsk, ReconcileOptions,
    ReconcilePlan, RunStarted, Tolerance,
};
use stateloft_core::model::{RunId, Timestamp};
use stateloft_server::service::{Clock as _, Service, ServiceError};

use crate::fixture::{Fixture, doc, typed};
use crate::shaking::{code, start};

fn wish() -> AskReconcile {
    AskReconcile { reason: Some("two rows are unknown".into()), user_id: Some("ann".into()) }
}

fn id(run: &RunStarted) -> RunId {
    run.run_id.parse().unwrap()
}

async fn asked(service: &Service, run: &RunStarted) -> Option<ReconcileAsk> {
    service.run_view(&run.run_id).await.unwrap().ask_reconcile
}

/// A report of a run about a broker that was asked then.
fn report(as_of: Timestamp, list: Option<&str>) -> PlanReconcile {
    let failure = list.is_none().then(|| "timed out".to_owned());
    let options = ReconcileOptions {
        as_of,
        shape: None,
        failure,
        partial: false,
        tolerance: Tolerance::default(),
        symbols: std::collections::BTreeMap::new(),
    };
    PlanReconcile {
        scope: stateloft_core::api::Scope::default(),
        list: list.map(doc),
        options,
        policy: stateloft_core::api::ReconcilePolicy::Halt,
        choices: Vec::new(),
        record: false,
        answers: None,
        epoch: None,
    }
}

async fn answer(
    service: &Service,
    run: &RunStarted,
    ask: &ReconcileAsk,
    report: PlanReconcile,
) -> Result<ReconcilePlan, ServiceError> {
    let answers = Some(ask.ask.clone());
    service.plan_reconcile(&run.run_id, PlanReconcile { answers, epoch: Some(run.epoch), ..report }).await
}

pub async fn a_run_is_asked_once_until_it_has_reported_and_its_list_is_kept(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    assert_eq!(asked(&service, &run).await, None);
    assert_eq!(service.hand_reconcile_ask(&id(&run), HeardBy::Renewal).await.unwrap(), None);
    let first = service.ask_reconcile(&run.run_id, wish()).await.unwrap();
    assert!(!first.was_open);
    let tip = f.tip().await;
    // Another server on the same store, and another word: it is the same asking.
    let other = f.service().await;
    let again = other.ask_reconcile(&run.run_id, AskReconcile::default()).await.unwrap();
    assert_eq!((again.was_open, &again.ask), (true, &first.ask));
    assert_eq!(f.tip().await, tip, "nothing was written");
    let heard = other.hand_reconcile_ask(&id(&run), HeardBy::Socket).await.unwrap().unwrap();
    assert_eq!((heard.heard_by, heard.heard_at.is_some()), (Some(HeardBy::Socket), true));
    let said = service.hand_reconcile_ask(&id(&run), HeardBy::Renewal).await.unwrap().unwrap();
    assert_eq!(said, heard, "it is said again, and was heard once");
    assert_eq!(asked(&service, &run).await.unwrap(), heard);
    let plan = answer(&service, &run, &heard, report(f.clock.now(), Some("[]"))).await.unwrap();
    assert_eq!(plan.answered.as_deref(), Some(heard.ask.as_str()));
    let answered = asked(&other, &run).await.unwrap();
    let came = answered.answer.clone().unwrap();
    assert_eq!((came.as_of, came.failure, came.kept), (plan.as_of, None, Some(1)));
    let kept = f.store.head(&typed("reconcile", &run.run_id)).await.unwrap().unwrap();
    assert!(kept.data.unwrap().text().contains(r#""list":[]"#));
    assert_eq!(other.hand_reconcile_ask(&id(&run), HeardBy::Renewal).await.unwrap(), None);
    // Said twice, as by who has not heard the answer, it changes nothing.
    let tip = f.tip().await;
    let twice = answer(&service, &run, &heard, report(f.clock.now(), Some("[]"))).await.unwrap();
    assert_eq!((twice.answered, f.tip().await), (None, tip));
    let next = service.ask_reconcile(&run.run_id, AskReconcile::default()).await.unwrap();
    assert!(!next.was_open && next.ask.ask != heard.ask);
    assert_eq!(code(answer(&service, &run, &heard, report(f.clock.now(), None)).await), Code::InvalidBody);
}

pub async fn only_the_run_itself_answers_with_what_it_asked_later(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let before = f.clock.now();
    let ask = service.ask_reconcile(&run.run_id, AskReconcile::default()).await.unwrap().ask;
    let is_open = async || asked(&service, &run).await.is_some_and(|ask| ask.is_open());
    // A person looks, with a list of now; and the run keeps what it was told before.
    let _ = service.plan_reconcile(&run.run_id, report(f.clock.now(), Some("[]"))).await.unwrap();
    let kept = PlanReconcile { record: true, epoch: Some(1), ..report(before, Some("[]")) };
    assert_eq!(service.plan_reconcile(&run.run_id, kept.clone()).await.unwrap().answered, None);
    let recorded = PlanReconcile { epoch: None, ..report(f.clock.now(), Some("[]")) };
    let _ = service.plan_reconcile(&run.run_id, PlanReconcile { record: true, ..recorded }).await.unwrap();
    assert!(is_open().await);
    for wrong in [
        PlanReconcile { answers: Some(ask.ask.clone()), ..report(f.clock.now(), None) },
        PlanReconcile { answers: Some(ask.ask.clone()), epoch: Some(2), ..report(f.clock.now(), None) },
        PlanReconcile { answers: Some("another".into()), epoch: Some(1), ..report(f.clock.now(), None) },
        PlanReconcile {
            answers: Some(ask.ask.clone()),
            epoch: Some(1),
            ..report(Timestamp::from_micros(ask.asked_at.micros() - 5_000_001), Some("[]"))
        },
        PlanReconcile { epoch: Some(1), ..report(f.clock.now(), None) },
    ] {
        assert_eq!(
            code(service.plan_reconcile(&run.run_id, wrong.clone()).await),
            Code::InvalidBody,
            "{wrong:?}"
        );
    }
    assert!(is_open().await);
    // What it records by itself, of later, is an answer; and that the broker has not answered is one, too.
    let failed = PlanReconcile { record: true, epoch: Some(1), ..report(f.clock.now(), None) };
    let plan = service.plan_reconcile(&run.run_id, failed).await.unwrap();
    assert_eq!(plan.answered, Some(ask.ask));
    let came = asked(&service, &run).await.unwrap().answer.unwrap();
    assert_eq!((came.failure.as_deref(), came.kept), (Some("timed out"), None));
    assert_eq!(f.store.head(&typed("reconcile", &run.run_id)).await.unwrap(), None, "there was no list");
}

pub async fn a_paused_run_answers_and_one_that_has_ended_is_not_asked(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let pause = stateloft_core::api::PauseRun {
        reason: "a list is asked for".into(),
        user_id: None,
        wait_seconds: Some(600),
    };
    let pause = service.pause_run(&run.run_id, pause).await.unwrap().handshake.handshake;
    let word = stateloft_core::api::SayPaused { epoch: 1, note: None };
    assert!(service.say_paused(&run.run_id, &pause, word).await.unwrap().paused);
    let ask = service.ask_reconcile(&run.run_id, wish()).await.unwrap().ask;
    let plan = answer(&service, &run, &ask, report(f.clock.now(), Some("[]"))).await.unwrap();
    assert_eq!(plan.answered, Some(ask.ask));
    let ask = service.ask_reconcile(&run.run_id, wish()).await.unwrap().ask;
    let stopped = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    service.end_run(&run.run_id, stopped).await.unwrap();
    let refused = service.ask_reconcile(&run.run_id, wish()).await.unwrap_err();
    assert_eq!(refused.code(), Code::RunNotLive);
    assert!(refused.to_string().contains("start its program"), "{refused}");
    let late = answer(&service, &run, &ask, report(f.clock.now(), Some("[]"))).await;
    assert_eq!(code(late), Code::LeaseLost);
    let view = service.run_view(&run.run_id).await.unwrap();
    assert!(!view.live && view.ask_reconcile.unwrap().is_open(), "it never came to an answer");
    let next = service.start_run(start("grid")).await.unwrap();
    assert_eq!(asked(&service, &next).await, None, "whoever follows it was never asked");
    let refused = service.ask_reconcile(&run.run_id, wish()).await.unwrap_err();
    assert!(refused.to_string().contains("grid.main.2 is live"), "{refused}");
    assert_eq!(refused.problem().holder.unwrap().run_id, "grid.main.2");
    for wrong in [" ", &"x".repeat(9_000)] {
        let wrong = AskReconcile { reason: Some(wrong.to_owned()), user_id: None };
        assert_eq!(code(service.ask_reconcile(&next.run_id, wrong).await), Code::InvalidBody);
    }
    assert_eq!(code(service.ask_reconcile("grid.main.9", wish()).await), Code::RunNotFound);
}

pub async fn askings_at_the_same_moment_are_one(f: &Fixture) {
    let (here, there) = (f.service().await, f.service().await);
    let run = here.start_run(start("grid")).await.unwrap();
    let asking = (0..12).map(|n| {
        let (service, run) = (if n % 2 == 0 { here.clone() } else { there.clone() }, run.run_id.clone());
        tokio::spawn(async move { service.ask_reconcile(&run, wish()).await.unwrap() })
    });
    let mut made = 0;
    let mut ids = std::collections::HashSet::new();
    for asked in futures::future::join_all(asking.collect::<Vec<_>>()).await {
        let asked = asked.unwrap();
        made += usize::from(!asked.was_open);
        ids.insert(asked.ask.ask);
    }
    assert_eq!((made, ids.len()), (1, 1));
}
