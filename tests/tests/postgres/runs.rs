//! Runs on one database with several servers: by the database's clock alone.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{
    Code, RenewRun, RunOutcome, RunStarted, RunStatus, SaveRequest, Session, StartRun, TakeOver,
};
use stateloft_core::model::{RunName, StateKey};
use stateloft_server::service::{Precondition, Service, ServiceError};
use stateloft_tests::postgres::Postgres;
use tokio_util::sync::CancellationToken;

use crate::site::{PATIENCE, request, server, whole};

fn start(lease_seconds: u64) -> StartRun {
    StartRun {
        program: RunName::new("grid").unwrap(),
        instance: None,
        lease_seconds: Some(lease_seconds),
        code: None,
        config: None,
        host: None,
        pid: None,
        symbols: Vec::new(),
        strategy: None,
        interval_seconds: None,
        planned_seconds: None,
        capital: None,
        metadata: None,
        take_over: None,
        user_id: None,
    }
}

fn take_over() -> StartRun {
    StartRun { take_over: Some(TakeOver { reason: "gone".into(), by: "ann".into() }), ..start(3_600) }
}

fn watch(service: &Arc<Service>) -> CancellationToken {
    let stop = CancellationToken::new();
    let (service, stopped) = (Arc::clone(service), stop.clone());
    tokio::spawn(async move { service.keep_watching_runs(stopped).await });
    stop
}

async fn write(service: &Service, run: &RunStarted, n: u64) -> Result<(), ServiceError> {
    let request = request("a", &format!("{{\"n\":{n}}}"), None);
    let request = SaveRequest { run_id: Some(run.run_id.as_str().into()), epoch: Some(run.epoch), ..request };
    service.save(request, &Precondition::None).await.map(drop)
}

async fn session(service: &Service, run_id: &str) -> (u64, Session) {
    let key = StateKey::new("session", run_id).unwrap();
    let head = service.store().head(&key).await.unwrap().unwrap();
    (head.version.0, serde_json::from_str(head.data.unwrap().text()).unwrap())
}

async fn until_ended(service: &Service, run_id: &str) -> (u64, Session) {
    let ended = async {
        loop {
            let found = session(service, run_id).await;
            if found.1.status != RunStatus::Active {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("it ends in time")
}

/// Whoever was replaced on one server cannot write on any, however often both write in turns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_replaced_on_another_server_writes_nothing_more() {
    let settings = Postgres::shared().database();
    let servers = [server(&settings).await, server(&settings).await];
    let mut run = servers[0].start_run(start(3_600)).await.unwrap();
    for n in 0..10_usize {
        let (here, there) = (&servers[n % 2], &servers[(n + 1) % 2]);
        write(here, &run, n as u64 * 2).await.unwrap();
        assert_eq!(there.start_run(start(3_600)).await.unwrap_err().code(), Code::RunHeld);
        let next = there.start_run(take_over()).await.unwrap();
        for server in &servers {
            let lost = write(server, &run, 99).await.unwrap_err();
            assert_eq!(lost.code(), Code::LeaseLost, "{lost:?}");
            let lost = server.renew_run(&run.run_id, RenewRun::default()).await.unwrap_err();
            assert_eq!(lost.code(), Code::LeaseLost, "{lost:?}");
        }
        write(here, &next, n as u64 * 2 + 1).await.unwrap();
        run = next;
    }
    whole(&servers[0]).await;
}

/// A lease that is renewed on one server is good on all; once nobody renews it, all find that out and one writes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_agree_on_when_a_lease_is_over() {
    let settings = Postgres::shared().database();
    let servers = [server(&settings).await, server(&settings).await, server(&settings).await];
    let watches: Vec<_> = servers.iter().map(watch).collect();
    let run = servers[0].start_run(start(2)).await.unwrap();
    for n in 0..30 {
        servers[n % 3].renew_run(&run.run_id, RenewRun::default()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(session(&servers[1], &run.run_id).await.0, 1);
    let (version, crashed) = until_ended(&servers[2], &run.run_id).await;
    assert_eq!((version, crashed.status, crashed.servers_were_away), (2, RunStatus::Crashed, false));
    assert!(crashed.last_renewal.is_some(), "{crashed:?}");
    let next = servers[1].start_run(start(3_600)).await.unwrap();
    assert_eq!((next.epoch, next.outcome), (2, RunOutcome::AfterCrash));
    assert_eq!(session(&servers[0], &run.run_id).await.0, 2, "it is ended once");
    watches.iter().for_each(CancellationToken::cancel);
}

/// While every server was down nobody could renew: whoever looks first gives each lease a full term, and says so of what has ended then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_all_servers_were_down_a_lease_has_a_full_term() {
    let postgres = Postgres::shared();
    let settings = postgres.database();
    let first = server(&settings).await;
    let (lost, back) = (
        first.start_run(start(3)).await.unwrap(),
        StartRun { program: RunName::new("back").unwrap(), ..start(3) },
    );
    let back = first.start_run(back).await.unwrap();
    let watching = watch(&first);
    first.shutdown().await;
    watching.cancel();
    // An hour ago, by the database's clock.
    let hour_ago = "SET search_path = stateloft; \
                    UPDATE run_watch SET seen_at = seen_at - interval '1 hour', since = since - interval '1 hour'; \
                    UPDATE run_leases SET begun_at = begun_at - interval '1 hour', renewed_at = renewed_at - interval '1 hour'";
    postgres.sql(&settings.database, hour_ago);
    let second = server(&settings).await;
    let watching = watch(&second);
    second.renew_run(&back.run_id, RenewRun::default()).await.unwrap();
    let keeping = {
        let (second, run_id) = (Arc::clone(&second), back.run_id.clone());
        tokio::spawn(async move {
            loop {
                second.renew_run(&run_id, RenewRun::default()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
    };
    let (_, crashed) = until_ended(&second, &lost.run_id).await;
    assert_eq!((crashed.status, crashed.servers_were_away), (RunStatus::Crashed, true), "{crashed:?}");
    assert!(crashed.last_renewal.unwrap() < crashed.started_at, "the time is the database's: {crashed:?}");
    assert_eq!(session(&second, &back.run_id).await.1.status, RunStatus::Active);
    keeping.abort();
    watching.cancel();
}

/// The database's clock is set back by an hour: a lease that was renewed by the old one does not last until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_clock_was_set_back_ends_leases_all_the_same() {
    let postgres = Postgres::shared();
    let settings = postgres.database();
    let server = server(&settings).await;
    let run = server.start_run(start(2)).await.unwrap();
    let ahead = "SET search_path = stateloft; \
                 UPDATE run_watch SET seen_at = seen_at + interval '1 hour', since = since + interval '1 hour'; \
                 UPDATE run_leases SET begun_at = begun_at + interval '1 hour', renewed_at = renewed_at + interval '1 hour'";
    postgres.sql(&settings.database, ahead);
    let watching = watch(&server);
    let (_, crashed) = until_ended(&server, &run.run_id).await;
    assert_eq!(crashed.status, RunStatus::Crashed);
    watching.cancel();
}

/// Most databases have no runs: looking at none of them twice a second writes nothing, however long that goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_are_no_leases_looking_at_them_writes_nothing_and_the_first_one_is_behind_no_gap() {
    let postgres = Postgres::shared();
    let settings = postgres.database();
    let server = server(&settings).await;
    let row = || postgres.sql(&settings.database, "SELECT xmin, seen_at, since FROM stateloft.run_watch");
    let hour_ago = "UPDATE stateloft.run_watch SET seen_at = seen_at - interval '1 hour', since = since - interval '1 hour'";
    postgres.sql(&settings.database, hour_ago);
    let before = row();
    for _ in 0..3 {
        assert_eq!(server.store().look_at_leases().await.unwrap(), []);
    }
    assert_eq!(row(), before);

    server.start_run(start(3_600)).await.unwrap();
    let looks = server.store().look_at_leases().await.unwrap();
    assert_ne!(row(), before, "somebody looked at a lease");
    assert_eq!(looks.len(), 1);
    assert!(!looks[0].interrupted, "a server was there since it began: {looks:?}");
}
