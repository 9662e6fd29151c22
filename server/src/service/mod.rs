//! What Stateloft does, apart from how it is asked and where it is kept: one method for each thing a client can want.
//!
//! Arguments and answers are the API's own types where those exist. Every write goes through one writer task
//! ([`writer`]); reads go to the store at once.

mod batch;
mod bundle;
mod checker;
mod checks;
mod clock_watch;
mod error;
mod files;
mod handshakes;
mod ids;
mod import;
mod latency;
mod named;
mod once;
mod overview;
mod precondition;
mod read;
mod reconcile;
mod resilience;
mod restores;
mod rules;
mod runs;
mod signature;
mod snapshots;
mod status;
mod stream;
mod types;
mod vitals;
mod waiting;
mod weight;
mod write;
mod writer;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use stateloft_core::api::{Alarm, AlarmCode};
use stateloft_core::model::Timestamp;
use stateloft_core::schema::Modes;
use stateloft_core::validate::Effort;
use tokio::task::JoinHandle;

use crate::alarms::Alarms;
use crate::budget::Budget;
use crate::config::Quotas;
use crate::events::EventLog;
use crate::mirror::Mirror;
use crate::store::{NoticedStore, Resilience, StateStore};
use checker::Checked;
use vitals::Vitals;
use writer::Writer;

pub use crate::clock::{Clock, SystemClock};
pub use crate::store::guarded::as_one_request;
pub use bundle::{BundleImport, BundleInto, CHUNK, Export, ExportRequest, Packed, Start};
pub use error::{PausedFor, Result, ServiceError};
pub use files::{ImportFiles, ImportOrder};
pub use handshakes::HandshakesRequest;
pub use ids::{IdSource, Uuids};
pub use import::{ImportCounts, ImportWitness};
pub use latency::Latency;
pub use once::{Answered, Repeatable};
pub use precondition::Precondition;
pub use read::{HistoryRequest, ListRequest, PAGE_MAX, Which};
pub use reconcile::AskedReconcile;
pub use resilience::{Found, Reading};
pub use restores::Outdated;
pub use runs::{CheckpointsRequest, LeaseLost, RunsRequest};
pub use stream::EventFilter;
pub use types::{TypeNames, UnknownTypes};
pub use waiting::PendingRequest;
pub use write::ChangeRequest;

/// What a service is made of besides its store.
pub struct Settings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// How strictly each type is validated.
    pub modes: Modes,
    /// Which types are known, and what happens to others.
    pub types: TypeNames,
    /// How much of a document is looked at to validate it.
    pub checking: Effort,
    /// Name and version of the program, as `/status` says it.
    pub version: String,
    /// Whether requests need a key, as `/status` says it.
    pub key_required: bool,
    /// How many snapshots there may be; those that restores take are made all the same.
    pub snapshots_max: u64,
    /// How many sessions there may be, as `/status` says it.
    pub sessions_max: u64,
    /// The layers around the store.
    pub resilience: Resilience,
    /// The mirror that follows the log, as `/status` says it.
    pub mirror: Option<Arc<Mirror>>,
    /// What the server may hold in memory for requests and sessions.
    pub budget: Arc<Budget>,
    /// How long one step of the series of the last 24 hours is.
    pub series_step: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            ids: Arc::new(Uuids),
            modes: Modes::default(),
            types: TypeNames::default(),
            checking: Effort::ORDINARY,
            version: concat!("stateloft ", env!("CARGO_PKG_VERSION")).to_owned(),
            key_required: false,
            snapshots_max: Quotas::default().snapshots,
            sessions_max: Quotas::default().sessions,
            resilience: Resilience::default(),
            mirror: None,
            budget: Arc::default(),
            series_step: Duration::from_mins(1),
        }
    }
}

/// The service over one store. Cheap to share behind an [`Arc`].
pub struct Service {
    store: Arc<dyn StateStore>,
    writer: Writer,
    events: Arc<EventLog>,
    settings: Settings,
    started_at: Timestamp,
    checked: std::sync::Mutex<Checked>,
    follower: JoinHandle<()>,
    vitals: Arc<Vitals>,
    alarms: Arc<Alarms>,
    /// The last recorded time, in microseconds; 0 before it is known.
    recorded: AtomicI64,
    /// Held while a snapshot is made that somebody asks for, so that two do not both find room for the last one.
    naming: tokio::sync::Mutex<()>,
    /// Renewals of leases that wait for each other.
    renewals: runs::Renewals,
    /// What live runs have written, as far as it was looked for.
    holdings: handshakes::Holdings,
    /// The requests for which runs were asked.
    orders: handshakes::Orders,
    /// How many runs held their lease when leases were looked at last; nothing where nobody looks, or could not.
    runs_live: std::sync::Mutex<Option<u64>>,
    /// Whose turn it is among requests with the same key.
    turns: once::Turns,
    /// What `/status` counted last, for when the store is away.
    counted: std::sync::Mutex<Option<status::Counted>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl Service {
    /// Starts the service and its writer. Must be called within a tokio runtime.
    pub async fn start(store: Arc<dyn StateStore>, settings: Settings) -> Result<Arc<Self>> {
        let alarms = Arc::<Alarms>::default();
        let store: Arc<dyn StateStore> = Arc::new(NoticedStore::new(store, Arc::clone(&alarms)));
        let events = Arc::new(EventLog::open(Arc::clone(&store)).await?);
        // Before the first time is taken, so that it is one to believe.
        let tip = store.tip().await.inspect(|tip| clock_watch::take_in(settings.clock.as_ref(), tip));
        let clock = Arc::clone(&settings.clock);
        let writer = Writer::start(Arc::clone(&store), Arc::clone(&events), clock, tip.is_ok());
        let log = Arc::clone(&events);
        let follower = tokio::spawn(async move { log.follow().await });
        let started_at = settings.clock.now();
        let step = settings.series_step;
        let vitals = Arc::new(Vitals::new(started_at, step));
        let service = Arc::new(Self {
            store,
            writer,
            events,
            settings,
            started_at,
            checked: std::sync::Mutex::default(),
            follower,
            vitals,
            alarms,
            recorded: AtomicI64::new(0),
            naming: tokio::sync::Mutex::default(),
            renewals: runs::Renewals::default(),
            holdings: handshakes::Holdings::default(),
            orders: handshakes::Orders::default(),
            runs_live: std::sync::Mutex::default(),
            turns: once::Turns::default(),
            counted: std::sync::Mutex::default(),
        });
        service.begin_resilience().await;
        service.look_at_clock().await;
        tokio::spawn(clock_watch::keep_watching(Arc::downgrade(&service)));
        tokio::spawn(vitals::keep_measuring(Arc::downgrade(&service), step));
        Ok(service)
    }

    /// The stream of versions, for WebSocket and SSE sessions.
    #[must_use]
    pub fn events(&self) -> &Arc<EventLog> {
        &self.events
    }

    /// What is wrong now with the server and its store.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.say_clock();
        let now = self.now();
        let raised = self.alarms.list().into_iter().chain(self.store.alarms());
        raised.map(|raised| raised.shown(now)).collect()
    }

    /// Says that something is wrong which only whoever starts the server knows.
    pub fn raise(&self, code: AlarmCode, detail: impl Into<String>, action: &str) {
        self.alarms.raise(code, "", detail, action);
    }

    /// The alarms of the server itself, for those parts of it that raise some.
    pub(crate) fn own_alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// The store, for what only reads it.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn StateStore> {
        &self.store
    }

    /// What the server may hold in memory for requests and sessions.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.settings.budget
    }

    /// The server's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    /// How strictly each type is validated.
    #[must_use]
    pub fn modes(&self) -> &Modes {
        &self.settings.modes
    }

    /// Refuses new writes, finishes those under way and closes the store.
    pub async fn shutdown(&self) {
        self.writer.stop().await;
        self.follower.abort();
        self.store.close().await;
    }
}
