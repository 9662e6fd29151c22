//! What is done to the database under load: nothing acknowledged is lost, the log has no gap, everything recovers by
//! itself, and every watcher sees each event once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stateloft_core::api::{Code, CreateSnapshot};
use stateloft_core::model::{Seq, StateId, Version};
use stateloft_server::service::{ListRequest, Service, Which};
use stateloft_server::store::postgres::{PostgresHost, PostgresSettings};
use stateloft_tests::postgres::Postgres;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::site::{PATIENCE, key, save, server, try_save, watch_until, whole};

const WRITERS: u64 = 8;

/// Writers that go on until they are told to stop, whatever happens to the store.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: watch::Receiver<u64>,
    writers: JoinSet<Vec<Version>>,
}

impl Load {
    fn start(services: &[Arc<Service>]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (count, acknowledged) = watch::channel(0);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let service = Arc::clone(&services[usize::try_from(writer).unwrap() % services.len()]);
            let (stop, count) = (Arc::clone(&stop), count.clone());
            writers.spawn(async move {
                let mut saved = Vec::new();
                for n in 0_u64.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let id = if n % 3 == 0 { "shared é/1".to_owned() } else { format!("own {writer}") };
                    match try_save(&service, &id, &format!(r#"{{"writer":{writer},"n":{n}}}"#)).await {
                        Ok(version) => {
                            saved.push(version);
                            count.send_modify(|count| *count += 1);
                        }
                        Err(error) => {
                            let known = [Code::StoreUnavailable, Code::OutcomeUnknown];
                            assert!(known.contains(&error.code()), "{error:?}");
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
                saved
            });
        }
        Self { stop, acknowledged, writers }
    }

    /// Waits until so many saves more are acknowledged.
    async fn goes_on(&mut self, more: u64) {
        let until = *self.acknowledged.borrow() + more;
        let reached = self.acknowledged.wait_for(|count| *count >= until);
        tokio::time::timeout(PATIENCE, reached).await.expect("saves are acknowledged again").unwrap();
    }

    /// Stops, and finds every acknowledged version in the log as it was acknowledged.
    async fn check(self, service: &Service) -> Seq {
        self.stop.store(true, Ordering::SeqCst);
        let saved: Vec<Version> = self.writers.join_all().await.into_iter().flatten().collect();
        for version in saved {
            assert_eq!(
                service.store().by_seq(version.seq).await.unwrap(),
                Some(version),
                "acknowledged, but lost"
            );
        }
        whole(service).await
    }
}

fn settings(postgres: &Postgres) -> PostgresSettings {
    PostgresSettings {
        patience: Duration::from_secs(10),
        retry_delay: Duration::from_millis(100),
        ..postgres.database()
    }
}

/// Puts two servers with watchers under load, hurts the database three times, and checks.
async fn survives(hurt: impl Fn(&Postgres) + Send + Sync + 'static) {
    let postgres = Arc::new(Postgres::start());
    let settings = settings(&postgres);
    let servers = [server(&settings).await, server(&settings).await];
    let (end, told) = watch::channel(None);
    let watchers = [0, 1].map(|n| watch_until(&servers[n], told.clone()));
    let mut load = Load::start(&servers);
    let hurt = Arc::new(hurt);
    for _ in 0..3 {
        load.goes_on(100).await;
        let (postgres, hurt) = (Arc::clone(&postgres), Arc::clone(&hurt));
        tokio::task::spawn_blocking(move || hurt(&postgres)).await.unwrap();
    }
    load.goes_on(100).await;
    let tip = load.check(&servers[0]).await;
    end.send(Some(tip)).unwrap();
    for watcher in watchers {
        assert_eq!(watcher.await.unwrap().len() as u64, tip.0, "every event once");
    }
    assert_eq!(save(&servers[1], "afterwards", "{}").await.seq, tip.next());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_restart_under_load_loses_nothing() {
    survives(|postgres| {
        postgres.stop("fast");
        postgres.run();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_immediate_restart_under_load_loses_nothing() {
    survives(|postgres| {
        postgres.stop("immediate");
        postgres.run();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_the_database_under_load_loses_nothing() {
    survives(|postgres| {
        postgres.kill();
        postgres.run();
    })
    .await;
}

/// Every connection is cut, again and again, at whatever it is doing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_under_load_lose_nothing() {
    survives(|postgres| {
        for _ in 0..10 {
            postgres.sql(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stateloft'",
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    })
    .await;
}

/// The server that accepts writes dies for good; its standby, which has everything that was acknowledged, takes over,
/// and the servers find it by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_to_a_synchronous_standby_loses_nothing() {
    let primary = Postgres::start();
    let standby = primary.start_standby();
    let mut settings = settings(&primary);
    settings.patience = Duration::from_secs(20);
    settings.hosts.push(PostgresHost { host: "127.0.0.1".into(), port: standby.port() });
    let servers = [server(&settings).await, server(&settings).await];
    let (end, told) = watch::channel(None);
    let watchers = [0, 1].map(|n| watch_until(&servers[n], told.clone()));
    let mut load = Load::start(&servers);
    load.goes_on(200).await;
    let standby = tokio::task::spawn_blocking(move || {
        primary.kill();
        standby.promote();
        standby
    });
    let standby = standby.await.unwrap();
    load.goes_on(200).await;
    let tip = load.check(&servers[0]).await;
    end.send(Some(tip)).unwrap();
    for watcher in watchers {
        assert_eq!(watcher.await.unwrap().len() as u64, tip.0, "every event once");
    }
    let counter = standby.sql(&settings.database, "SELECT max(seq) FROM stateloft.versions");
    assert_eq!(counter, tip.to_string(), "the standby has it all");
}

/// A transaction whose turn it is while others arrive: they wait, and come after it, in order and without a gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_keeps_the_order() {
    let postgres = Postgres::shared();
    let settings = settings(postgres);
    let servers = [server(&settings).await, server(&settings).await];
    save(&servers[0], "first", "{}").await;
    let (end, told) = watch::channel(None);
    let watchers = [0, 1].map(|n| watch_until(&servers[n], told.clone()));
    // `statelog` in ASCII.
    let hold = "BEGIN; SELECT pg_advisory_xact_lock(8319381564205854567); SELECT pg_sleep(1.5); COMMIT";
    let database = settings.database.clone();
    let holding = tokio::task::spawn_blocking(move || Postgres::shared().sql(&database, hold));
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND wait_event = 'PgSleep'",
        settings.database
    );
    while postgres.sql("postgres", &waiting) == "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let saves: Vec<JoinHandle<Version>> = (0..50)
        .map(|n| {
            let service = Arc::clone(&servers[n % 2]);
            tokio::spawn(async move { save(&service, &format!("s{n}"), "{}").await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!saves.iter().any(JoinHandle::is_finished), "nothing is acknowledged out of turn");
    holding.await.unwrap();
    let mut seqs = Vec::new();
    for save in saves {
        seqs.push(save.await.unwrap().seq.0);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=51).collect::<Vec<_>>());
    end.send(Some(Seq(51))).unwrap();
    for watcher in watchers {
        assert_eq!(watcher.await.unwrap().len(), 51);
    }
    whole(&servers[1]).await;
}

/// A database that holds still: answers come in time, as errors; when it moves again, everything works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_008_d_056_a_frozen_database_is_an_error_in_time_and_not_an_empty_answer() {
    let postgres = Postgres::start();
    let settings = PostgresSettings { patience: Duration::from_secs(1), retries: 0, ..settings(&postgres) };
    let service = server(&settings).await;
    let saved = save(&service, "a", "{}").await;
    postgres.signal("STOP");
    let started = Instant::now();
    let write = try_save(&service, "b", "{}").await;
    let read = service.get(&saved.key, &Which::Head).await;
    let list = service.list(ListRequest { limit: 10, ..ListRequest::default() }).await;
    let health = service.health().await;
    let took = started.elapsed();
    postgres.signal("CONT");
    // The head of the new state could not be read, so that nothing was sent which might be written when it goes on.
    assert_eq!(write.unwrap_err().code(), Code::StoreUnavailable);
    assert_eq!(read.unwrap_err().code(), Code::StoreUnavailable, "not that there is no such state");
    assert_eq!(list.unwrap_err().code(), Code::StoreUnavailable, "not an empty list");
    assert_eq!((health.database_connected, health.status.as_str()), (false, "degraded"));
    assert!(took < Duration::from_secs(8), "{took:?}");
    let deadline = Instant::now() + PATIENCE;
    while try_save(&service, "c", "{}").await.is_err() {
        assert!(Instant::now() < deadline, "saves work again");
    }
    assert_eq!(service.store().head(&saved.key).await.unwrap(), Some(saved));
    assert_eq!(service.store().head(&key("b")).await.unwrap(), None);
    whole(&service).await;
}

/// Readers and fifty snapshots at once, with fewer connections than either: writers go on, and each is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_007_a_small_pool_is_exhausted_without_harm() {
    let settings = PostgresSettings { connections: 2, ..settings(Postgres::shared()) };
    let service = server(&settings).await;
    let saved = save(&service, "a", "{}").await;
    let readers: Vec<_> = (0..200)
        .map(|_| {
            let (service, key) = (Arc::clone(&service), saved.key.clone());
            tokio::spawn(async move { service.store().head(&key).await.unwrap().unwrap().version.0 })
        })
        .collect();
    let snapshots: Vec<_> = (0..50)
        .map(|n| {
            let service = Arc::clone(&service);
            let snapshot_id = StateId::new(&format!("snapshot {n}")).unwrap();
            let request = CreateSnapshot { snapshot_id, description: None, user_id: None, seq: None };
            tokio::spawn(async move { service.create_snapshot(request).await.unwrap() })
        })
        .collect();
    for n in 0..20 {
        save(&service, "a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    for reader in readers {
        assert!(reader.await.unwrap() >= 1);
    }
    for snapshot in snapshots {
        snapshot.await.unwrap();
    }
    assert_eq!(service.status().await.unwrap().snapshots, Some(50));
}
