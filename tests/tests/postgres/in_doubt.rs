//! Commits whose connection is cut before the answer: found again by the chain's hash, or by the journal, and made once.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::CreateSnapshot;
use stateloft_core::model::{Seq, StateId, Version};
use stateloft_server::clock::{Clock, SystemClock};
use stateloft_server::service::{Precondition, Service, ServiceError, Settings};
use stateloft_server::store::Layers;
use stateloft_server::store::fallback::FallbackSettings;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_server::store::postgres::{PostgresSettings, PostgresStore};
use stateloft_tests::postgres::Postgres;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::proxy::{Fate, Proxy};
use crate::site::{PATIENCE, request, save, server, watch_until, whole};

/// A part of the data of the save whose connection is cut.
const MARK: &[u8] = b"cut here";
const DATA: &str = r#"{"note":"cut here"}"#;
/// The end of a transaction that locked the counter first.
const COMMIT: &[u8] = b"COMMIT\0";

fn settings() -> PostgresSettings {
    let retry_delay = Duration::from_millis(50);
    PostgresSettings { patience: Duration::from_secs(10), retry_delay, ..Postgres::shared().database() }
}

async fn notes(service: &Service) -> Vec<Version> {
    let all = service.store().after(Seq::ZERO, 1000).await.unwrap();
    all.into_iter().filter(|version| version.data.as_ref().is_some_and(|data| data.text() == DATA)).collect()
}

/// Whichever way the group is written, and whether it or only its answer is lost: it is acknowledged as what it is, made
/// once, and every watcher hears of it once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_found_again_and_made_once() {
    for (locked, fate) in [
        (false, Fate::AnswerIsLost(MARK)),
        (false, Fate::IsLost(MARK)),
        (true, Fate::AnswerIsLost(COMMIT)),
        (true, Fate::IsLost(COMMIT)),
    ] {
        let settings = settings();
        let proxy = Proxy::start(&settings).await;
        let (here, there) = (server(&proxy.settings(&settings)).await, server(&settings).await);
        let (end, told) = watch::channel(None);
        let watchers = [watch_until(&here, told.clone()), watch_until(&there, told)];
        save(&here, "a", r#"{"n":1}"#).await;
        if locked {
            // Somebody else has moved the counter, so that it is locked before the group is decided.
            save(&there, "b", "{}").await;
        }
        proxy.next(fate.clone());
        // It names the head that it expects: decided a second time on top of itself it would be refused.
        let saved = here.save(request("a", DATA, Some(1)), &Precondition::None).await.unwrap().into_version();
        assert!(proxy.is_done(), "nothing was lost: {fate:?}, locked {locked}");
        assert_eq!(saved.version.0, 2, "{fate:?}, locked {locked}");
        let next = save(&there, "a", r#"{"n":3}"#).await;
        assert_eq!((next.version.0, next.seq), (3, saved.seq.next()));
        assert_eq!(notes(&there).await, [saved], "as it was acknowledged, and once");
        let tip = whole(&there).await;
        end.send(Some(tip)).unwrap();
        for watcher in watchers {
            assert_eq!(watcher.await.unwrap().len() as u64, tip.0, "every event once");
        }
    }
}

/// Somebody else writes the same state before the lost answer is looked for: both writes are there, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_in_doubt_is_found_below_what_others_wrote_meanwhile() {
    let settings = PostgresSettings { retry_delay: Duration::from_secs(2), ..settings() };
    let proxy = Proxy::start(&settings).await;
    let (here, there) = (server(&proxy.settings(&settings)).await, server(&settings).await);
    save(&here, "a", r#"{"n":1}"#).await;
    proxy.next(Fate::AnswerIsLost(MARK));
    let saving = tokio::spawn(async move { save(&here, "a", DATA).await });
    let deadline = Instant::now() + PATIENCE;
    while there.store().tip().await.unwrap().seq < Seq(2) {
        assert!(Instant::now() < deadline, "the commit arrives");
    }
    let theirs = save(&there, "a", r#"{"n":3}"#).await;
    let ours = saving.await.unwrap();
    assert_eq!((ours.version.0, theirs.version.0), (2, 3));
    assert_eq!(notes(&there).await, [ours]);
    assert_eq!(whole(&there).await, Seq(3));
}

/// A save of which nobody knows, and no way to the database any more: with the journal it is accepted, and made once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_in_doubt_is_kept_by_the_journal_and_made_once() {
    for fate in [Fate::AnswerIsLost(MARK), Fate::IsLost(MARK)] {
        let folder = TempDir::new().unwrap();
        let settings = PostgresSettings { retries: 1, ..settings() };
        let (proxy, there) = (Proxy::start(&settings).await, server(&settings).await);
        let here = with_journal(&proxy.settings(&settings), &folder).await;
        save(&here, "a", r#"{"n":1}"#).await;
        let snapshot_id = StateId::new("evening").unwrap();
        let snapshot = CreateSnapshot { snapshot_id, description: None, user_id: None, seq: None };
        here.create_snapshot(snapshot).await.unwrap();
        proxy.next_and_close(fate.clone());
        let started = Instant::now();
        let pending = match here.save(request("a", DATA, Some(1)), &Precondition::None).await {
            Err(ServiceError::Deferred(pending)) => pending,
            other => panic!("{fate:?}: {other:?}"),
        };
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        proxy.next(Fate::Arrives);
        let deadline = Instant::now() + PATIENCE;
        while here.fallback().await.unwrap().pending > 0 {
            assert!(Instant::now() < deadline, "the journal is replayed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let notes = notes(&there).await;
        assert_eq!(notes.len(), 1, "{fate:?}");
        assert_eq!(notes[0].batch_id.as_deref(), Some(pending.pending_id.as_str()));
        assert!(here.fallback_conflicts().await.unwrap().conflicts.is_empty());
        assert_eq!(save(&here, "a", r#"{"n":3}"#).await.version.0, 3, "{fate:?}");
        assert_eq!(whole(&there).await, Seq(3));
        here.shutdown().await;
    }
}

async fn with_journal(settings: &PostgresSettings, folder: &TempDir) -> Arc<Service> {
    let guard = GuardSettings {
        timeout: Duration::from_secs(10),
        attempts: 1,
        commit_attempts: 1,
        recovery_timeout: Duration::from_millis(200),
        ..GuardSettings::default()
    };
    let poll = Duration::from_millis(50);
    let fallback = FallbackSettings { poll, ..FallbackSettings::in_folder(folder.path()) };
    let layers = Layers { guard: Some(guard), fallback: Some(fallback), ..Layers::default() };
    let store = Arc::new(PostgresStore::open(settings.clone()).await.unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let layered = layers.around(store, Arc::clone(&clock)).await.unwrap();
    let settings = Settings { clock, resilience: layered.resilience, ..Settings::default() };
    Service::start(layered.store, settings).await.unwrap()
}
