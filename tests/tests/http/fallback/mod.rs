//! The fallback journal: writes while the store is away, and what becomes of them when it is back.

mod conflicts;
mod doubt;
mod files;
mod importing;
mod lists;
mod remembering;
mod replaying;
mod times;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stateloft_server::store::Layers;
use stateloft_server::store::fallback::FallbackSettings;
use stateloft_server::store::memory::MemoryStore;
use stateloft_tests::client::{Reply, save_body};
use stateloft_tests::faulty::FaultyStore;
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
/// What waits is at most so many bytes.
pub(super) const BYTES_MAX: u64 = 8 << 20;

/// A server with a journal, its store, and the journal's folder.
pub(super) struct Setting {
    pub(super) server: Local,
    pub(super) store: Arc<FaultyStore>,
    hand: Arc<Hand>,
    pub(super) folder: TempDir,
}

impl Setting {
    pub(super) async fn new() -> Self {
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
        let (hand, folder) = (Arc::new(Hand::default()), TempDir::new().unwrap());
        let server = serve(&store, &hand, &folder).await;
        Self { server, store, hand, folder }
    }

    /// Stops the server and starts another one on the same store and journal.
    pub(super) async fn restart(self, between: impl FnOnce(&FaultyStore)) -> Self {
        let Self { server, store, hand, folder } = self;
        server.stop().await;
        between(&store);
        let server = serve(&store, &hand, &folder).await;
        Self { server, store, hand, folder }
    }

    pub(super) async fn save(&self, id: &str, data: &str) -> Reply {
        self.server.client.post("/states", save_body("position", id, data)).await
    }

    /// Saves while the store is away.
    pub(super) async fn save_for_later(&self, id: &str, data: &str) -> Value {
        self.save(id, data).await.expect(202).json()
    }

    pub(super) async fn get(&self, id: &str) -> Reply {
        self.server.client.get(&format!("/states/{id}?state_type=position")).await
    }

    /// What is stored, whatever waits.
    pub(super) async fn get_stored(&self, id: &str) -> Reply {
        self.server.client.get(&format!("/states/{id}?state_type=position&pending=exclude")).await
    }

    pub(super) async fn journal(&self) -> Value {
        self.server.client.get("/api/v1/fallback").await.expect(200).json()
    }

    pub(super) async fn until_replayed(&self) -> Value {
        tokio::time::timeout(PATIENCE, async {
            loop {
                let journal = self.journal().await;
                if journal["pending"] == 0 && journal["size_bytes"] == 0 {
                    return journal;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the journal is replayed")
    }

    async fn conflicts(&self) -> Vec<Value> {
        let list = self.server.client.get("/api/v1/fallback/conflicts").await.expect(200).json();
        list["conflicts"].as_array().unwrap().clone()
    }

    /// Writes as another server does that still reaches the store.
    pub(super) async fn written_elsewhere(&self, id: &str, data: &str) {
        let behind = Arc::new(FaultyStore::new(Arc::clone(self.store.behind())));
        let folder = Arc::new(TempDir::new().unwrap());
        let other = Local::serve_layered(Layers::default(), self.hand.clone(), &behind, folder).await;
        other.client.save("position", id, data).await;
    }

    /// Replaces a live run on another server that still reaches the store.
    pub(super) async fn replaced_elsewhere(&self, program: &str) {
        let behind = Arc::new(FaultyStore::new(Arc::clone(self.store.behind())));
        let folder = Arc::new(TempDir::new().unwrap());
        let other = Local::serve_layered(Layers::default(), self.hand.clone(), &behind, folder).await;
        let body = format!(r#"{{"program":"{program}","take_over":{{"reason":"it is away","by":"ann"}}}}"#);
        let _ = other.client.post("/api/v1/runs", body).await.expect(201);
    }

    pub(super) async fn log(&self) -> Vec<Value> {
        let page = self.server.client.get("/api/v1/events?after=0&limit=1000").await.expect(200).json();
        page["events"].as_array().unwrap().clone()
    }
}

async fn serve(store: &Arc<FaultyStore>, hand: &Arc<Hand>, folder: &TempDir) -> Local {
    let settings = FallbackSettings {
        poll: Duration::from_millis(5),
        bytes_max: BYTES_MAX,
        ..FallbackSettings::in_folder(folder.path())
    };
    let layers = Layers { fallback: Some(settings), ..Layers::default() };
    Local::serve_layered(layers, hand.clone(), store, Arc::new(TempDir::new().unwrap())).await
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
