//! A real server in this process: its own port, its own store, the same code as the program.

use std::net::SocketAddr;
use std::sync::Arc;

use stateloft_server::clock::{Clock, SystemClock};
use stateloft_server::http::{self, Options};
use stateloft_server::service::{Service, Settings};
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::sqlite::SqliteStore;
use stateloft_server::store::{Layered, Layers, StateStore, Ticks};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::faulty::FaultyStore;

/// A running server.
#[derive(Debug)]
pub struct Local {
    /// Where it listens.
    pub address: SocketAddr,
    /// A client of it, without a key.
    pub client: Client,
    stop: CancellationToken,
    task: JoinHandle<()>,
    folder: Arc<TempDir>,
}

/// How to start a server.
#[derive(Default)]
pub struct Start {
    /// The HTTP side.
    pub options: Options,
    /// The service.
    pub settings: Settings,
    /// The folder of an earlier server, to go on with its store.
    pub folder: Option<Arc<TempDir>>,
}

impl Start {
    /// Starts.
    pub async fn run(self) -> Local {
        let folder = self.folder.unwrap_or_else(|| Arc::new(TempDir::new().expect("a folder")));
        let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a store");
        serve(Arc::new(store), self.options, self.settings, folder, Runs::Watched).await
    }
}

impl Local {
    /// A server with an empty SQLite store and the usual settings.
    pub async fn start() -> Self {
        Start::default().run().await
    }

    /// A server whose store can be made to fail.
    pub async fn start_faulty() -> (Self, Arc<FaultyStore>) {
        let folder = TempDir::new().expect("a folder");
        let store = SqliteStore::open(&folder.path().join("test.db")).await.expect("a store");
        let store = Arc::new(FaultyStore::new(Arc::new(store)));
        let behind: Arc<dyn StateStore> = Arc::<FaultyStore>::clone(&store);
        let folder = Arc::new(folder);
        (serve(behind, Options::default(), Settings::default(), folder, Runs::LeftAlone).await, store)
    }

    /// A server whose store can be made to fail, behind these layers.
    pub async fn start_layered(layers: Layers, clock: Arc<dyn Ticks>) -> (Self, Arc<FaultyStore>) {
        let folder = TempDir::new().expect("a folder");
        let faulty = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
        (Self::serve_layered(layers, clock, &faulty, Arc::new(folder)).await, faulty)
    }

    /// A server in front of a store that goes on living when the server stops.
    pub async fn serve_layered(
        layers: Layers,
        ticks: Arc<dyn Ticks>,
        store: &Arc<FaultyStore>,
        folder: Arc<TempDir>,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let behind: Arc<dyn StateStore> = Arc::<FaultyStore>::clone(store);
        let Layered { store, resilience } =
            layers.around_with(behind, ticks, Arc::clone(&clock)).await.expect("layers");
        let settings = Settings { clock, resilience, ..Settings::default() };
        serve(store, Options::default(), settings, folder, Runs::LeftAlone).await
    }

    /// The folder of its store; keep it to start another server on the same store.
    #[must_use]
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// Asks the server to stop, without waiting for it.
    pub fn begin_to_stop(&self) {
        self.stop.cancel();
    }

    /// Stops the server and waits until its store is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("a server that ends well");
    }
}

/// Whether the server ends runs whose lease is over.
enum Runs {
    Watched,
    /// Of a store that counts what it is asked, or is made to fail, nobody asks anything but the test.
    LeftAlone,
}

async fn serve(
    store: Arc<dyn StateStore>,
    mut options: Options,
    settings: Settings,
    folder: Arc<TempDir>,
    runs: Runs,
) -> Local {
    let service = Service::start(store, settings).await.expect("a service");
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let listening = http::bind(&[any_port]).await.expect("a free port");
    let address = listening.address();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    options.limits.stop_timeout = options.limits.stop_timeout.min(std::time::Duration::from_secs(5));
    let watching = tokio::spawn({
        let (service, stop) = (Arc::clone(&service), stop.clone());
        async move {
            match runs {
                Runs::Watched => service.keep_watching_runs(stop).await,
                Runs::LeftAlone => {}
            }
        }
    });
    let task = tokio::spawn(async move {
        listening.serve(Arc::clone(&service), options, stopped).await;
        watching.await.expect("leases are watched until the end");
        service.shutdown().await;
    });
    Local { address, client: Client::new(address), stop, task, folder }
}
