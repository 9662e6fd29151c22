//! Runs: one live holder for an instance, leases that end, and no write of a run that has lost its own.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{
    BatchItem, BatchOperation, BatchRequest, Code, EndRun, EndedAs, MarkAllCrashed, MarkCrashed, PutRequest,
    RenewRun, RunOutcome, RunStarted, RunStatus, SaveRequest, Session, StartRun, TakeOver,
};
use stateloft_core::commit::{Change, Expectation, Outcome};
use stateloft_core::model::{Origin, RunName, StateKey, Version};
use stateloft_server::service::{ChangeRequest, Precondition, RunsRequest, Service, ServiceError};
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, doc, save, typed};
use crate::service::request;

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(1);

pub fn start(program: &str) -> StartRun {
    StartRun {
        program: RunName::new(program).unwrap(),
        instance: None,
        lease_seconds: Some(3_600),
        code: None,
        config: None,
        host: Some("box-7".into()),
        pid: Some(4711),
        symbols: vec!["BTC/USDT".into()],
        strategy: None,
        interval_seconds: None,
        planned_seconds: None,
        capital: None,
        metadata: None,
        take_over: None,
        user_id: Some("bot".into()),
    }
}

pub fn take_over(program: &str) -> StartRun {
    let why = TakeOver { reason: "the box is gone".into(), by: "ann".into() };
    StartRun { take_over: Some(why), host: Some("box-8".into()), ..start(program) }
}

pub fn of_run(run: &RunStarted, id: &str, data: &str) -> SaveRequest {
    SaveRequest { run_id: Some(run.run_id.as_str().into()), epoch: Some(run.epoch), ..request(id, data) }
}

pub async fn write(service: &Service, request: SaveRequest) -> Result<Version, ServiceError> {
    service.save(request, &Precondition::None).await.map(Outcome::into_version)
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Code {
    answer.unwrap_err().code()
}

async fn session(f: &Fixture, run_id: &str) -> (Version, Session) {
    let head = f.store.head(&typed("session", run_id)).await.unwrap().unwrap();
    let session = serde_json::from_str(head.data.as_ref().unwrap().text()).unwrap();
    (head, session)
}

/// Watches leases until it is dropped.
pub(super) struct Watch(CancellationToken);

impl Watch {
    pub(super) fn over(service: &Arc<Service>) -> Self {
        let stop = CancellationToken::new();
        let (service, stopped) = (Arc::clone(service), stop.clone());
        tokio::spawn(async move { service.keep_watching_runs(stopped).await });
        Self(stop)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Waits until a run has ended.
async fn until_ended(f: &Fixture, run_id: &str) -> (Version, Session) {
    let ended = async {
        loop {
            let (head, session) = session(f, run_id).await;
            if session.status != RunStatus::Active {
                return (head, session);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap()
}

pub async fn d_092_a_start_ends_nobody_elses_run_and_is_refused_while_its_instance_is_live(f: &Fixture) {
    let service = f.service().await;
    let main = service.start_run(start("grid")).await.unwrap();
    assert_eq!((main.run_id.as_str(), main.epoch, main.outcome), ("grid.main.1", 1, RunOutcome::Fresh));
    assert_eq!((main.left.is_none(), main.lease.seconds), (true, 3_600));
    let second = StartRun { instance: Some(RunName::new("second").unwrap()), ..start("grid") };
    let others = [second, start("grid-2"), start("gri")];
    for other in others {
        assert_eq!(service.start_run(other).await.unwrap().epoch, 1);
    }
    for _ in 0..3 {
        let held =
            service.start_run(StartRun { host: Some("box-9".into()), ..start("grid") }).await.unwrap_err();
        let ServiceError::RunHeld(holder) = &held else { panic!("{held:?}") };
        assert_eq!(
            (holder.run_id.as_str(), holder.host.as_deref(), holder.pid),
            ("grid.main.1", Some("box-7"), Some(4711))
        );
        assert_eq!(holder.since, main.run.started_at);
        assert!(holder.until > Some(holder.since) && holder.last_renewal.is_some(), "{holder:?}");
        assert_eq!(held.code(), Code::RunHeld);
    }
    let all = RunsRequest { limit: 10, ..RunsRequest::default() };
    let runs = service.runs(&all).await.unwrap().runs;
    assert_eq!(runs.len(), 4);
    assert!(runs.iter().all(|row| row.live && row.run.status == RunStatus::Active), "{runs:?}");
}

pub async fn a_lease_that_runs_out_makes_a_version_that_says_so_and_renewals_make_none(f: &Fixture) {
    let service = f.service().await;
    let watch = Watch::over(&service);
    let run = service.start_run(StartRun { lease_seconds: Some(2), ..start("grid") }).await.unwrap();
    let long = service.start_run(start("other")).await.unwrap();
    let tip = f.tip().await;
    // Longer than its term, all in all.
    for _ in 0..25 {
        let renewed = service.renew_run(&run.run_id, RenewRun { epoch: Some(1) }).await.unwrap();
        assert_eq!((renewed.epoch, renewed.lease.seconds), (1, 2));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(f.tip().await, tip, "nothing was written");
    write(&service, of_run(&run, "a", r#"{"n":1}"#)).await.unwrap();
    let (head, crashed) = until_ended(f, &run.run_id).await;
    assert_eq!((head.version.0, crashed.status, crashed.servers_were_away), (2, RunStatus::Crashed, false));
    assert!(crashed.last_renewal.is_some() && crashed.ended_at.is_some(), "{crashed:?}");
    assert_eq!(head.description.as_deref(), Some("lease ran out"));
    assert_eq!(session(f, &long.run_id).await.1.status, RunStatus::Active);
    assert_eq!(code(service.renew_run(&run.run_id, RenewRun::default()).await), Code::LeaseLost);
    assert_eq!(code(write(&service, of_run(&run, "a", r#"{"n":2}"#)).await), Code::LeaseLost);
    drop(watch);
    let next = service.start_run(start("grid")).await.unwrap();
    assert_eq!((next.epoch, next.outcome), (2, RunOutcome::AfterCrash));
    let left = next.left.unwrap();
    assert_eq!((left.run, left.states.len(), left.more), (crashed, 1, false));
}

pub async fn a_lease_that_is_over_does_not_hold_up_the_next_start(f: &Fixture) {
    let service = f.service().await;
    // Nobody watches: whoever starts finds out.
    let run = service.start_run(StartRun { lease_seconds: Some(1), ..start("grid") }).await.unwrap();
    let started = async {
        loop {
            match service.start_run(start("grid")).await {
                Ok(started) => return started,
                Err(error) => assert_eq!(error.code(), Code::RunHeld),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let next = tokio::time::timeout(PATIENCE, started).await.unwrap();
    assert_eq!((next.epoch, next.outcome), (2, RunOutcome::AfterCrash));
    assert_eq!(next.left.unwrap().run.status, RunStatus::Crashed);
    let (old, new) = (session(f, &run.run_id).await.0, session(f, &next.run_id).await.0);
    assert_eq!(old.seq.next(), new.seq, "both in one commit");
}

pub async fn d_093_a_run_that_was_told_to_stop_has_stopped_and_its_result_is_exact(f: &Fixture) {
    let service = f.service().await;
    let capital = Some(doc("100000.10"));
    let run = service.start_run(StartRun { capital, ..start("grid") }).await.unwrap();
    let end = |status| EndRun {
        status,
        final_value: Some(doc("100000.3000000000000000001")),
        reason: Some("SIGTERM".into()),
        user_id: None,
    };
    let ended = service.end_run(&run.run_id, end(EndedAs::Stopped)).await.unwrap();
    assert_eq!((ended.run.status, ended.live), (RunStatus::Stopped, false));
    assert!(ended.run.ended_at.is_some());
    let head = session(f, &run.run_id).await.0;
    let text = head.data.unwrap();
    assert!(
        text.text().contains(r#""final_value":100000.3000000000000000001,"pnl":0.2000000000000000001"#),
        "{}",
        text.text()
    );
    assert_eq!(code(service.end_run(&run.run_id, end(EndedAs::Completed)).await), Code::LeaseLost);
    let crashed = MarkCrashed { reason: "gone".into(), user_id: None };
    assert_eq!(code(service.mark_crashed(&run.run_id, crashed).await), Code::LeaseLost);
    let next = service.start_run(start("grid")).await.unwrap();
    assert_eq!((next.epoch, next.outcome), (2, RunOutcome::Resumed));
    assert_eq!(next.left.unwrap().run, ended.run);
    assert_eq!(next.run.previous.as_deref(), Some("grid.main.1"));
    let gone = MarkCrashed { reason: "the machine was taken away".into(), user_id: Some("ann".into()) };
    let gone = service.mark_crashed(&next.run_id, gone).await.unwrap();
    assert_eq!((gone.run.status, gone.run.last_renewal.is_some()), (RunStatus::Crashed, true));
    assert_eq!(gone.version.user_id.as_deref(), Some("ann"));
    assert_eq!(service.start_run(start("grid")).await.unwrap().outcome, RunOutcome::AfterCrash);
}

pub async fn a_run_that_was_replaced_writes_nothing_more(f: &Fixture) {
    let service = f.service().await;
    let first = service.start_run(start("grid")).await.unwrap();
    let put = |run: &RunStarted| PutRequest {
        data: doc(r#"{"n":1}"#),
        user_id: None,
        description: None,
        expected_version: None,
        epoch: Some(run.epoch),
        run_id: Some(run.run_id.as_str().into()),
        correlation_id: None,
        causation_id: None,
    };
    let batch = |run: &RunStarted, n: u64| {
        let item = BatchItem::new(
            BatchOperation::Save,
            typed("position", "p").state_type,
            typed("position", "p").state_id,
        );
        BatchRequest {
            items: vec![BatchItem { data: Some(doc(&format!("{{\"n\":{n}}}"))), ..item }],
            epoch: Some(run.epoch),
            run_id: Some(run.run_id.as_str().into()),
            ..BatchRequest::default()
        }
    };
    let change = |run: &RunStarted| ChangeRequest {
        origin: Origin { run_id: Some(run.run_id.as_str().into()), ..Origin::default() },
        epoch: Some(run.epoch),
        ..ChangeRequest::default()
    };
    let key = || typed("bot_memory", "put");
    write(&service, of_run(&first, "a", r#"{"n":1}"#)).await.unwrap();
    service.put(key(), put(&first), &Precondition::None).await.unwrap();
    service.batch(batch(&first, 1)).await.unwrap();
    let gone = service.delete(key(), change(&first)).await.unwrap();
    assert_eq!(gone.origin.unwrap().run_id.as_deref(), Some("grid.main.1"));
    let second = service.start_run(take_over("grid")).await.unwrap();
    assert_eq!((second.epoch, second.outcome), (2, RunOutcome::AfterCrash));
    let left = second.left.clone().unwrap();
    assert_eq!(
        (left.run.status, left.run.replaced_by.as_deref()),
        (RunStatus::Replaced, Some("grid.main.2"))
    );
    assert_eq!((left.run.reason.as_deref(), left.open_positions), (Some("the box is gone"), Some(1)));
    assert_eq!(left.states.iter().map(|state| state.versions).collect::<Vec<_>>(), [1, 2, 1]);
    let tip = f.tip().await;
    let lost = write(&service, of_run(&first, "a", r#"{"n":2}"#)).await.unwrap_err();
    let ServiceError::LeaseLost(told) = &lost else { panic!("{lost:?}") };
    assert_eq!(told.ended.map(|(status, _)| status), Some(RunStatus::Replaced));
    let holder = told.holder.as_ref().unwrap();
    assert_eq!((holder.run_id.as_str(), holder.host.as_deref()), ("grid.main.2", Some("box-8")));
    assert_eq!(code(service.put(key(), put(&first), &Precondition::None).await), Code::LeaseLost);
    assert_eq!(code(service.batch(batch(&first, 2)).await), Code::LeaseLost);
    assert_eq!(code(service.delete(typed("bot_memory", "a"), change(&first)).await), Code::LeaseLost);
    assert_eq!(code(service.undelete(key(), change(&first)).await), Code::LeaseLost);
    assert_eq!(code(service.renew_run(&first.run_id, RenewRun::default()).await), Code::LeaseLost);
    assert_eq!(f.tip().await, tip, "nothing was written");
    // Who only says where a write comes from is not held to anything, and the new run may write.
    let unfenced = SaveRequest { epoch: None, ..of_run(&first, "a", r#"{"n":3}"#) };
    write(&service, unfenced).await.unwrap();
    write(&service, of_run(&second, "a", r#"{"n":4}"#)).await.unwrap();
    service.renew_run(&second.run_id, RenewRun::default()).await.unwrap();
}

pub async fn d_092_all_active_runs_are_marked_as_crashed_only_with_their_number(f: &Fixture) {
    let service = f.service().await;
    let (mut runs, ended) = (Vec::new(), service.start_run(start("ended")).await.unwrap());
    let end = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    service.end_run(&ended.run_id, end).await.unwrap();
    for program in ["grid", "trend", "carry"] {
        runs.push(service.start_run(start(program)).await.unwrap());
    }
    let mark = |count: u64, program: Option<&str>| MarkAllCrashed {
        count,
        program: program.map(|name| RunName::new(name).unwrap()),
        reason: "the rack has no power".into(),
        user_id: Some("ann".into()),
    };
    let tip = f.tip().await;
    for (count, program) in [(2, None), (4, None), (0, None), (2, Some("grid")), (1, Some("ended"))] {
        assert_eq!(
            code(service.mark_all_crashed(mark(count, program)).await),
            Code::CountDiffers,
            "{count} {program:?}"
        );
    }
    let silent = MarkAllCrashed { reason: " ".into(), ..mark(3, None) };
    assert_eq!(code(service.mark_all_crashed(silent).await), Code::InvalidBody);
    assert_eq!(f.tip().await, tip, "nothing was written");
    for run in &runs {
        write(&service, of_run(run, &run.run_id, "{}")).await.unwrap();
    }
    assert_eq!(service.mark_all_crashed(mark(1, Some("grid"))).await.unwrap().runs[0].run_id, "grid.main.1");
    let tip = f.tip().await;
    let marked = service.mark_all_crashed(mark(2, None)).await.unwrap().runs;
    assert_eq!(f.tip().await.0, tip.0 + 2);
    for run in marked {
        assert_eq!((run.status, run.last_renewal.is_some()), (RunStatus::Crashed, true), "{run:?}");
        let (head, kept) = session(f, &run.run_id).await;
        assert_eq!((head.author.as_deref(), &kept), (Some("ann"), &run));
    }
    for run in &runs {
        assert_eq!(code(write(&service, of_run(run, &run.run_id, r#"{"n":2}"#)).await), Code::LeaseLost);
    }
    assert_eq!(session(f, &ended.run_id).await.1.status, RunStatus::Stopped);
    assert!(service.mark_all_crashed(mark(0, None)).await.unwrap().runs.is_empty());
}

pub async fn of_those_who_start_at_the_same_moment_one_wins(f: &Fixture) {
    let service = f.service().await;
    for round in 1..=5_u64 {
        let starts = (0..8).map(|n| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.start_run(StartRun { pid: Some(n), ..start("grid") }).await })
        });
        let (mut won, mut held) = (Vec::new(), 0);
        for started in starts.collect::<Vec<_>>() {
            match started.await.unwrap() {
                Ok(started) => won.push(started),
                Err(ServiceError::RunHeld(holder)) => {
                    assert_eq!(holder.run_id, format!("grid.main.{round}"));
                    held += 1;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        let [winner] = won.as_slice() else { panic!("{won:?}") };
        assert_eq!((winner.epoch, held), (round, 7));
        let end = EndRun { status: EndedAs::Completed, final_value: None, reason: None, user_id: None };
        service.end_run(&winner.run_id, end).await.unwrap();
    }
}

pub async fn who_writes_a_session_by_hand_takes_its_lease_and_gives_it_to_nobody(f: &Fixture) {
    let service = f.service().await;
    let first = service.start_run(start("grid")).await.unwrap();
    let (begun, _) = session(f, &first.run_id).await;
    let by_hand = |change| stateloft_core::commit::Write {
        key: StateKey::new("session", "grid.main.1").unwrap(),
        change,
        expectation: Expectation::Any,
        ..save("x", "{}")
    };
    let noted = begun.data.as_ref().unwrap().text().replace("\"status\"", "\"note\":\"x\",\"status\"");
    f.write(by_hand(Change::Save(doc(&noted)))).await;
    assert_eq!(code(write(&service, of_run(&first, "a", "{}")).await), Code::LeaseLost);
    assert_eq!(code(service.renew_run(&first.run_id, RenewRun::default()).await), Code::LeaseLost);
    // As it was, byte for byte; it is not begun again by that.
    f.write(by_hand(Change::Restore(begun.data.clone().unwrap()))).await;
    assert_eq!(code(write(&service, of_run(&first, "a", "{}")).await), Code::LeaseLost);
    let second = service.start_run(start("grid")).await.unwrap();
    assert_eq!((second.epoch, second.outcome), (2, RunOutcome::AfterCrash));
    f.write(by_hand(Change::Restore(begun.data.clone().unwrap()))).await;
    f.write(by_hand(Change::Delete)).await;
    f.write(by_hand(Change::Restore(begun.data.clone().unwrap()))).await;
    assert_eq!(code(write(&service, of_run(&first, "a", "{}")).await), Code::LeaseLost);
    write(&service, of_run(&second, "a", "{}")).await.unwrap();
    let rows = service.runs(&RunsRequest { limit: 10, ..RunsRequest::default() }).await.unwrap().runs;
    let live: Vec<_> = rows.iter().map(|row| (row.run.epoch, row.live)).collect();
    assert_eq!(live, [(1, false), (2, true)], "the last changed first");
    // One whose session is gone is gone: nobody gets its number.
    f.write(stateloft_core::commit::Write {
        key: typed("session", "grid.main.2"),
        ..by_hand(Change::Delete)
    })
    .await;
    assert_eq!(code(write(&service, of_run(&second, "a", "{\"n\":2}")).await), Code::LeaseLost);
    assert_eq!(service.start_run(start("grid")).await.unwrap().epoch, 3);
}

pub async fn what_runs_wrote_is_listed_counted_and_compared(f: &Fixture) {
    let service = f.service().await;
    let config = |text: &str| Some(doc(text));
    let a = StartRun { config: config(r#"{"step":0.10}"#), code: Some("c1".into()), ..start("grid") };
    let a = service.start_run(a).await.unwrap();
    for (id, data) in [("x", "1"), ("y", "1"), ("x", "2"), ("z", "1")] {
        write(&service, of_run(&a, id, &format!("{{\"n\":{data}}}"))).await.unwrap();
    }
    write(&service, request("other", "{}")).await.unwrap();
    let end = EndRun { status: EndedAs::Completed, final_value: None, reason: None, user_id: None };
    let ended = service.end_run(&a.run_id, end).await.unwrap();
    assert_eq!((ended.states, ended.versions, ended.open_positions), (3, 4, Some(0)));
    write(&service, request("y", r#"{"n":9}"#)).await.unwrap();
    // Changed, and changed back.
    write(&service, request("z", r#"{"n":9}"#)).await.unwrap();
    write(&service, request("z", r#"{"n":1}"#)).await.unwrap();
    let b =
        StartRun { config: config(r#"{"step":0.1,"depth":5}"#), code: Some("c2".into()), ..start("grid") };
    let b = service.start_run(b).await.unwrap();
    write(&service, of_run(&b, "x", r#"{"n":7}"#)).await.unwrap();
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = service.run_states(&a.run_id, 2, cursor.as_deref()).await.unwrap();
        assert!(page.states.len() <= 2);
        found.extend(page.states);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let found: Vec<_> = found
        .iter()
        .map(|state| {
            (
                state.state_id.as_str(),
                state.versions,
                state.version.0,
                state.head_version.0,
                state.changed_since,
            )
        })
        .collect();
    assert_eq!(found, [("x", 2, 2, 3, true), ("y", 1, 1, 2, true), ("z", 1, 1, 3, true)]);
    let compared = service.compare_runs(&a.run_id, &b.run_id).await.unwrap();
    let different: Vec<_> = compared
        .found_different
        .iter()
        .map(|state| (state.state_id.as_str(), state.left.version.0, state.found.version.0))
        .collect();
    assert_eq!((different, compared.states), (vec![("y", 1, 2)], 3));
    assert_eq!((compared.same_code, compared.config.unwrap().counts.added), (Some(false), 1));
    let view = service.run_view(&b.run_id).await.unwrap();
    assert_eq!((view.live, view.states, view.versions, view.holder.unwrap().pid), (true, 1, 1, Some(4711)));
    let of = |status| RunsRequest { status: Some(status), limit: 1, ..RunsRequest::default() };
    let ids = async |request: RunsRequest| {
        let runs = service.runs(&request).await.unwrap().runs;
        runs.into_iter().map(|row| row.run.run_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(of(RunStatus::Completed)).await, ["grid.main.1"]);
    assert_eq!(ids(of(RunStatus::Active)).await, ["grid.main.2"]);
    assert_eq!(ids(of(RunStatus::Crashed)).await, [""; 0]);
    let program = |name: &str| RunsRequest {
        program: Some(RunName::new(name).unwrap()),
        limit: 10,
        ..RunsRequest::default()
    };
    assert_eq!(ids(program("gri")).await, [""; 0]);
    assert_eq!(ids(program("grid")).await, ["grid.main.2", "grid.main.1"]);
    let (began, over) = (b.run.started_at, ended.run.ended_at.unwrap());
    assert_eq!(
        ids(RunsRequest { from: Some(began), limit: 10, ..RunsRequest::default() }).await,
        ["grid.main.2"]
    );
    assert_eq!(
        ids(RunsRequest { to: Some(over), limit: 10, ..RunsRequest::default() }).await,
        ["grid.main.1"]
    );
    assert_eq!(code(service.run_view("grid.main.9").await), Code::RunNotFound);
    assert_eq!(code(service.run_view("grid").await), Code::InvalidParameter);
}
