//! What older systems did to themselves: pools that shrank, locks that stayed, clocks read in local time, saves that failed
//! under another runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use stateloft_core::api::{Code, CreateSnapshot};
use stateloft_core::model::{StateId, Timestamp};
use stateloft_server::service::{Precondition, Which};
use stateloft_server::store::postgres::PostgresSettings;
use stateloft_server::store::{Cursor, HistoryQuery, OriginFilter};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;

use crate::site::{PATIENCE, key, request, save, server, try_save, whole};

fn small_pool() -> PostgresSettings {
    PostgresSettings { connections: 3, patience: Duration::from_secs(10), ..Postgres::shared().database() }
}

/// Saves are asked for by callers of every kind of runtime, also of another one than the server's: each gets the real
/// outcome. When the server's runtime is gone it is an error, never a success.
#[test]
fn d_034_saves_under_any_runtime_answer_with_what_happened() {
    use tokio::runtime::Builder;
    let settings = small_pool();
    for several_threads in [true, false] {
        let mut of_server =
            if several_threads { Builder::new_multi_thread() } else { Builder::new_current_thread() };
        let of_server = of_server.enable_all().build().unwrap();
        let service = of_server.block_on(server(&settings));
        let before = of_server.block_on(service.store().tip()).unwrap().seq.0;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let driving = std::thread::spawn(move || {
            // Who drives it is done when it is told, and drops it with everything that runs in it.
            let _ = of_server.block_on(stopped);
        });
        let (mut seqs, mut callers) = (Vec::new(), Vec::new());
        // A connection that was opened for reading is served by the runtime that opened it, so the one that rests between
        // its calls comes last.
        for mut caller in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            let caller = caller.enable_all().build().unwrap();
            for n in 0..10 {
                let id = format!("s {several_threads}");
                let data = format!(r#"{{"n":{n},"by":{}}}"#, seqs.len());
                let saved = caller.block_on(save(&service, &id, &data));
                seqs.push(saved.seq.0);
                let read = caller.block_on(service.get(&key(&id), &Which::Head)).unwrap();
                assert_eq!(read, saved, "what was answered is what is stored");
            }
            callers.push(caller);
        }
        assert_eq!(seqs, (before + 1..=before + 20).collect::<Vec<_>>());
        stop.send(()).unwrap();
        driving.join().unwrap();
        let caller = Builder::new_current_thread().enable_all().build().unwrap();
        let refused = caller.block_on(try_save(&service, "too late", "{}"));
        assert!(refused.is_err(), "nobody is there to write it: {refused:?}");
    }
}

/// Cleaning up commits and lets go: writers go on during it and after it, and nothing is left holding a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_113_deleting_what_is_old_commits_and_leaves_no_lock() {
    let settings = small_pool();
    let (cleaner, other) = (server(&settings).await, server(&settings).await);
    let name = |n: u32| StateId::new(&format!("snapshot {n}")).unwrap();
    for n in 0..40 {
        save(&other, "a", &format!(r#"{{"n":{n}}}"#)).await;
        let snapshot = CreateSnapshot { snapshot_id: name(n), description: None, user_id: None, seq: None };
        cleaner.create_snapshot(snapshot).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (service, stop) = (Arc::clone(&other), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut saved = 0_u32;
                while !stop.load(Ordering::SeqCst) {
                    save(&service, &format!("w{writer}"), &format!(r#"{{"n":{saved}}}"#)).await;
                    saved += 1;
                }
                saved
            })
        })
        .collect();
    for n in 0..40 {
        cleaner.delete_snapshot(name(n)).await.unwrap();
        // Committed: another server does not have it either.
        let gone = other.snapshot(&name(n)).await.unwrap_err();
        assert_eq!(gone.code(), Code::SnapshotNotFound);
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(tokio::time::timeout(PATIENCE, writer).await.expect("writers go on").unwrap() > 0);
    }
    let held = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state LIKE 'idle in transaction%'",
        settings.database
    );
    assert_eq!(Postgres::shared().sql("postgres", &held), "0");
    save(&other, "a", r#"{"n":"after"}"#).await;
    whole(&cleaner).await;
}

/// Reads fail, are dropped half-way and lose their connections, many times: the pool still has its full size, no more, and
/// each connection in it has its settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_114_after_many_failures_the_pool_is_whole_and_every_connection_is_set_up() {
    let postgres = Postgres::shared();
    let settings = small_pool();
    let service = server(&settings).await;
    save(&service, "a", r#"{"n":1}"#).await;
    for round in 0..20_u64 {
        let reads: Vec<_> = (0..12)
            .map(|n| {
                let service = Arc::clone(&service);
                tokio::spawn(async move {
                    if n % 3 == 0 {
                        let cursor = Some(Cursor("not one of ours".into()));
                        let query = HistoryQuery {
                            key: key("a"),
                            from: None,
                            to: None,
                            origin: OriginFilter::default(),
                            limit: 10,
                            cursor,
                            with_data: true,
                        };
                        assert!(service.store().history(&query).await.is_err());
                    } else {
                        let _ = service.store().head(&key("a")).await;
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(200 * round)).await;
        for read in &reads[..6] {
            read.abort();
        }
        if round % 5 == 4 {
            let cut = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                settings.database
            );
            postgres.sql("postgres", &cut);
        }
        for read in reads {
            let _ = read.await;
        }
    }
    // A connection that was cut a moment ago says so once to whoever takes it; then it is gone.
    let none_is_cut = async {
        loop {
            let asked = (0..3).map(|_| service.store().ping());
            if futures::future::join_all(asked).await.iter().all(Result::is_ok) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, none_is_cut).await.expect("the pool mends itself");
    // Whoever asks how the store is notes on which connection, and how that is set up, and holds it for a while.
    let set_up = "current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' || \
                  current_setting('search_path') || ' ' || current_setting('idle_in_transaction_session_timeout') || ' ' || \
                  current_setting('application_name')";
    postgres.sql(
        &settings.database,
        &format!(
            "CREATE TABLE public.noted (pid int, set_up text); \
             CREATE FUNCTION public.note() RETURNS boolean LANGUAGE sql VOLATILE AS $$ \
               INSERT INTO public.noted SELECT pg_backend_pid(), {set_up}; \
               SELECT pg_sleep(0.5) IS NOT NULL $$; \
             ALTER TABLE stateloft.meta RENAME TO meta_itself; \
             CREATE VIEW stateloft.meta AS SELECT * FROM stateloft.meta_itself WHERE public.note()"
        ),
    );
    let asked: Vec<_> = (0..9)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.store().ping().await })
        })
        .collect();
    for answer in asked {
        answer.await.unwrap().unwrap();
    }
    postgres.sql(
        &settings.database,
        "DROP VIEW stateloft.meta; ALTER TABLE stateloft.meta_itself RENAME TO meta",
    );
    let count = "SELECT count(DISTINCT pid) FROM public.noted";
    assert_eq!(postgres.sql(&settings.database, count), "3", "as many as are configured");
    let set_up = postgres.sql(&settings.database, "SELECT DISTINCT set_up FROM public.noted");
    assert_eq!(set_up, "10s 10s stateloft 10s stateloft", "and all alike");
    save(&service, "a", r#"{"n":2}"#).await;
    whole(&service).await;
}

#[expect(clippy::disallowed_methods, reason = "a test may look at the machine's clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// Neither the server's nor the database's time zone changes an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_115_times_are_utc_whatever_zone_the_machine_is_in() {
    const MINUTE: i64 = 60_000_000;
    let postgres = Postgres::shared();
    let settings = postgres.database();
    let alter = format!("ALTER DATABASE {} SET timezone = 'Asia/Kathmandu'", settings.database);
    postgres.sql("postgres", &alter);
    let first = save(server(&settings).await.as_ref(), "a", r#"{"n":1}"#).await;
    // Ahead of UTC, behind it, and the same.
    for zone in ["XXX-05:45", "YYY+09:30", "UTC0"] {
        let zone_of = vec![("TZ".to_owned(), zone.to_owned())];
        let server = Server::start_on_with(&settings, zone_of).await;
        let before = now();
        let saved = server.save("bot_memory", "a", &format!(r#"{{"zone":"{zone}"}}"#), "bot", "why").await;
        let text = saved["timestamp"].as_str().unwrap();
        assert!(text.ends_with('Z'), "{text}");
        let at: Timestamp = serde_json::from_value(saved["timestamp"].clone()).unwrap();
        assert!((before - 1..=now() + 1).contains(&at.micros()), "{zone}: {text}");
        let micros = |micros: i64| Timestamp::from_micros(micros).to_string();
        let count = async |from: i64, to: i64| {
            let path = format!(
                "/states/a/history?state_type=bot_memory&start_time={}&end_time={}",
                micros(from),
                micros(to)
            );
            server.get(&path).await.1["total_count"].as_u64().unwrap()
        };
        assert_eq!(count(at.micros(), now() + MINUTE).await, 1, "{zone}: only this one since it was saved");
        assert_eq!(count(now() + MINUTE, now() + 600 * MINUTE).await, 0, "{zone}: none in the future");
        let of = first.recorded_at.to_string();
        let (_, then) = server.get(&format!("/states/a?state_type=bot_memory&at={of}")).await;
        assert_eq!((&then["version"], &then["timestamp"]), (&1.into(), &of.clone().into()), "{zone}");
        // Without a zone a time is read as UTC.
        let (from, to) = (micros(at.micros()), micros(now() + MINUTE));
        let (from, to) = (from.trim_end_matches('Z'), to.trim_end_matches('Z'));
        let path = format!("/states/a/history?state_type=bot_memory&start_time={from}&end_time={to}");
        assert_eq!(server.get(&path).await.1["total_count"], 1, "{zone}");
        let (_, overview) = server.get("/overview?hours=1&buckets=1").await;
        assert_eq!(
            overview["authors"][0]["author"], "bot",
            "{zone}: the last hour has its writes: {overview}"
        );
    }
}

/// Two configurations side by side: each server does what its own says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_057_a_second_configuration_is_not_ignored() {
    let one = Server::start_on(&small_pool()).await;
    let strict = vec![("TRADING_STATE_VALIDATION_MODES".to_owned(), "position=strict".to_owned())];
    let other = Server::start_on_with(&small_pool(), strict).await;
    let broken = r#"{"state_type":"position","state_id":"a","data":{"symbol":7}}"#;
    let (status, saved) = one.post("/states", broken).await;
    assert!(status.is_success(), "{saved}");
    let (status, refused) = other.post("/states", broken).await;
    assert_eq!((status.as_u16(), &refused["code"]), (422, &"validation_failed".into()));
    let service = server(&small_pool()).await;
    let absent = service.save(request("a", "{}", Some(3)), &Precondition::None).await.unwrap_err();
    assert_eq!(absent.code(), Code::VersionConflict, "a store of its own");
}
