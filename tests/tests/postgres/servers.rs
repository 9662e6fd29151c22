//! Two servers on one database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{ClientOperation, Code, CreateSnapshot, SaveRequest};
use stateloft_core::commit::Outcome;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, StateId, Version};
use stateloft_server::service::{EventFilter, ListRequest, Precondition, Service, Which};
use stateloft_server::store::RequestKey;
use stateloft_tests::postgres::Postgres;
use tokio::sync::watch;

use crate::site::{PATIENCE, key, request, save, server, watch_until, whole};

const FIRST: Option<u64> = None;

/// What was acknowledged on one server is seen at once on the other, whatever is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_is_older_than_an_acknowledged_write_on_another_server() {
    let settings = Postgres::shared().database();
    let (a, b) = (server(&settings).await, server(&settings).await);
    for n in 1..=60_u64 {
        let (writer, reader) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let written = save(writer, "x", &format!(r#"{{"n":{n}}}"#)).await;
        assert_eq!((written.seq, written.version.0), (Seq(n), n));
        assert_eq!(reader.get(&key("x"), &Which::Head).await.unwrap(), written);
        let page = reader.events_after(Seq(n - 1), 10, &EventFilter::default()).await.unwrap();
        assert_eq!((page.seq, page.events.len()), (Seq(n), 1), "event {n}");
        let newest = reader.events_before(None, 1, &EventFilter::default()).await.unwrap();
        assert_eq!(newest.events[0].version.seq, Seq(n));
        let list = ListRequest { limit: 10, ..ListRequest::default() };
        let row = reader.list(list).await.unwrap().states[0].clone().stored().unwrap();
        assert_eq!(row.version.seq, Seq(n));
        assert_eq!(reader.status().await.unwrap().seq, Some(Seq(n)));
    }
    // What a server answers without writing is about the present, too.
    save(&a, "y", r#"{"n":1}"#).await;
    save(&b, "y", r#"{"n":2}"#).await;
    let again = a.save(request("y", r#"{"n":1}"#, FIRST), &Precondition::None).await.unwrap();
    assert!(matches!(again, Outcome::Written(_)), "the other server had changed it: {again:?}");
    let unchanged = b.save(request("y", r#"{"n":1}"#, FIRST), &Precondition::None).await.unwrap();
    assert!(matches!(unchanged, Outcome::Unchanged(_)), "{unchanged:?}");
    save(&b, "y", r#"{"n":9}"#).await;
    let stale = a.save(request("y", r#"{"n":8}"#, Some(3)), &Precondition::None).await.unwrap_err();
    assert_eq!(stale.code(), Code::VersionConflict);
    whole(&a).await;
}

/// The same request, sent to several servers at once, is done by one of them, and all answer what that one did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_a_key_is_done_by_one_server() {
    let settings = Postgres::shared().database();
    let servers = [server(&settings).await, server(&settings).await, server(&settings).await];
    for n in 0..20 {
        let hash = |text: String| RequestHash::of(&[text.as_bytes()]);
        let request_key = RequestKey { key: hash(format!("k{n}")), request: hash(format!("r{n}")) };
        let requests = servers.iter().map(|service| {
            let service = Arc::clone(service);
            tokio::spawn(async move {
                let none = Precondition::None;
                let create = SaveRequest {
                    operation: ClientOperation::Create,
                    ..request(&format!("x{n}"), "{}", None)
                };
                service.once(Some(request_key), service.save(create, &none)).await.unwrap()
            })
        });
        let mut answers = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            answers.push(request.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answered| !answered.again).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|answered| answered.answer == answers[0].answer), "{answers:?}");
    }
    assert_eq!(whole(&servers[0]).await, Seq(20));
}

/// Writers on both servers compare and set the same states: each version is won once, and the log has no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compare_and_set_is_safe_across_servers() {
    const VERSIONS: u64 = 50;
    let settings = Postgres::shared().database();
    let servers = [server(&settings).await, server(&settings).await, server(&settings).await];
    save(&servers[0], "x", r#"{"by":"start"}"#).await;
    let writers: Vec<_> = (0..12_usize)
        .map(|writer| {
            let service = Arc::clone(&servers[writer % 3]);
            tokio::spawn(async move {
                let mut won = Vec::new();
                loop {
                    let seen = service.get(&key("x"), &Which::Head).await.unwrap().version.0;
                    if seen >= VERSIONS {
                        return won;
                    }
                    let data = format!(r#"{{"by":{writer},"after":{seen}}}"#);
                    match service.save(request("x", &data, Some(seen)), &Precondition::None).await {
                        Ok(outcome) => won.push(outcome.into_version()),
                        Err(error) => assert_eq!(error.code(), Code::VersionConflict, "{error:?}"),
                    }
                    save(&service, &format!("own {writer}"), &data).await;
                }
            })
        })
        .collect();
    let mut won: Vec<Version> = Vec::new();
    for writer in writers {
        won.extend(writer.await.unwrap());
    }
    let numbers: BTreeSet<u64> = won.iter().map(|version| version.version.0).collect();
    assert_eq!(numbers, (2..=VERSIONS).collect(), "each version was won");
    assert_eq!(won.len(), numbers.len(), "and by one");
    for version in won {
        assert_eq!(servers[1].store().by_seq(version.seq).await.unwrap(), Some(version));
    }
    let tip = whole(&servers[2]).await;
    for server in servers {
        assert_eq!(server.store().tip().await.unwrap().seq, tip);
        server.shutdown().await;
    }
}

/// Both servers write, the connections that listen are cut again and again, and every watcher sees everything once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_get_the_events_of_every_server_in_order_and_once() {
    const SAVES: u64 = 150;
    let postgres = Postgres::shared();
    let settings = postgres.database();
    let servers = [server(&settings).await, server(&settings).await];
    let (end, told) = watch::channel(None);
    let watchers: Vec<_> = [0, 0, 1, 1].map(|n| watch_until(&servers[n], told.clone())).into();
    let writers: Vec<_> = servers
        .iter()
        .enumerate()
        .map(|(writer, service)| {
            let service = Arc::clone(service);
            tokio::spawn(async move {
                for n in 0..SAVES {
                    save(&service, &format!("{writer} {}", n % 7), &format!(r#"{{"n":{n}}}"#)).await;
                }
            })
        })
        .collect();
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = '{}' AND query LIKE '%pg_advisory_lock_shared%'",
        settings.database
    );
    let mut cuts = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        cuts += postgres.sql("postgres", &cut).parse::<u32>().unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(cuts >= 2, "the connections that listen were cut {cuts} times");
    end.send(Some(Seq(2 * SAVES))).unwrap();
    for watcher in watchers {
        assert_eq!(watcher.await.unwrap().len() as u64, 2 * SAVES);
    }
    assert_eq!(whole(&servers[0]).await, Seq(2 * SAVES));
}

async fn heard(service: &Service, seq: Seq) {
    let mut bell = service.events().doorbell();
    let rung = bell.wait_for(|last| *last >= seq);
    tokio::time::timeout(PATIENCE, rung).await.expect("the doorbell rings in time").unwrap();
}

/// With the listener's connection standing, events of the other server come by notice, not by the tick of a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_another_server_come_at_once() {
    let settings = Postgres::shared().database();
    let (a, b) = (server(&settings).await, server(&settings).await);
    save(&a, "x", "{}").await;
    heard(&b, Seq(1)).await;
    let mut waits = Vec::new();
    for n in 2..=20_u64 {
        let started = tokio::time::Instant::now();
        save(&a, "x", &format!(r#"{{"n":{n}}}"#)).await;
        heard(&b, Seq(n)).await;
        waits.push(started.elapsed());
    }
    waits.sort();
    assert!(waits[waits.len() / 2] < Duration::from_millis(300), "{waits:?}");
    let mut lists = b.events().lists_bell();
    lists.borrow_and_update();
    let snapshot = CreateSnapshot {
        snapshot_id: StateId::new("evening").unwrap(),
        description: None,
        user_id: None,
        seq: None,
    };
    a.create_snapshot(snapshot).await.unwrap();
    tokio::time::timeout(PATIENCE, lists.changed()).await.expect("lists ring on the other server").unwrap();
    assert_eq!(b.snapshot(&StateId::new("evening").unwrap()).await.unwrap().seq, Seq(20));
}
