//! Servers on one database, and what is asked of them.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::SaveRequest;
use stateloft_core::commit::Outcome;
use stateloft_core::model::{Seq, StateId, StateKey, StateType, Version};
use stateloft_server::service::{Precondition, Service, ServiceError, Settings};
use stateloft_server::store::postgres::{PostgresSettings, PostgresStore};
use stateloft_server::store::verify_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_mins(1);

pub async fn server(settings: &PostgresSettings) -> Arc<Service> {
    let store = PostgresStore::open(settings.clone()).await.unwrap();
    Service::start(Arc::new(store), Settings::default()).await.unwrap()
}

pub fn key(id: &str) -> StateKey {
    StateKey::new("bot_memory", id).unwrap()
}

pub fn request(id: &str, data: &str, expected_version: Option<u64>) -> SaveRequest {
    SaveRequest {
        state_id: StateId::new(id).unwrap(),
        state_type: StateType::new("bot_memory").unwrap(),
        data: data.parse().unwrap(),
        operation: stateloft_core::api::ClientOperation::Update,
        user_id: Some("bot".into()),
        description: None,
        expected_version,
        epoch: None,
        run_id: None,
        correlation_id: None,
        causation_id: None,
    }
}

pub async fn try_save(service: &Service, id: &str, data: &str) -> Result<Version, ServiceError> {
    service.save(request(id, data, None), &Precondition::None).await.map(Outcome::into_version)
}

pub async fn save(service: &Service, id: &str, data: &str) -> Version {
    try_save(service, id, data).await.unwrap()
}

/// Everything verifies from the start to the end of the log; returns the end.
pub async fn whole(service: &Service) -> Seq {
    let tip = service.store().tip().await.unwrap().seq;
    assert_eq!(verify_all(service.store().as_ref(), |_, _| {}).await.unwrap(), Ok(tip));
    tip
}

/// Follows a server's events as a session does, until it has seen a seq; they must come in order, each once.
pub fn watch_until(
    service: &Arc<Service>,
    mut until: watch::Receiver<Option<Seq>>,
) -> JoinHandle<Vec<Version>> {
    let events = Arc::clone(service.events());
    tokio::spawn(async move {
        let mut bell = events.doorbell();
        let mut seen: Vec<Version> = Vec::new();
        let mut cursor = Seq::ZERO;
        let follow = async {
            loop {
                bell.borrow_and_update();
                // A store that is down for a while is asked again, as a session that resumes does.
                let Ok(stretch) = events.read_after(cursor, 100).await else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                for event in &stretch {
                    assert_eq!(event.seq(), cursor.next(), "in order, without a gap, each once");
                    cursor = event.seq();
                    seen.push(event.version().clone());
                }
                let end = *until.borrow_and_update();
                if end.is_some_and(|end| cursor >= end) {
                    return;
                }
                if stretch.is_empty() {
                    tokio::select! {
                        rung = bell.changed() => rung.unwrap(),
                        told = until.changed() => told.unwrap(),
                    }
                }
            }
        };
        let done = tokio::time::timeout(PATIENCE * 2, follow).await;
        assert!(done.is_ok(), "the watcher is stuck after seq {cursor}");
        seen
    })
}
