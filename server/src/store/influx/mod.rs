//! InfluxDB 2 as a store. It has no transactions and no compare-and-set, so one server owns the bucket (`lease`), writes a
//! group's versions first and one commit point after them (`session`), and what no commit point of the right epoch
//! covers does not exist (`epoch`). The owner keeps heads and an index of the log in memory (`index`) and reads the rest
//! when it is asked for (`fetch`).

mod blob;
mod client;
mod epoch;
mod fetch;
mod heads;
mod index;
mod layout;
mod lease;
mod log;
mod points;
mod row;
mod session;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_trait::async_trait;
use statehouse_core::api::StoreStatus;
use statehouse_core::model::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::decide::{Needs, decide_group};
use super::{Admin, Commits, Result, StoreError, WriteRefusal, WriteRequest, Written};
use client::Client;
use epoch::{End, Epoch};
use fetch::Fetch;
use index::Index;
use lease::Lease;

pub use lease::LeaseTimes;

/// What opens a bucket. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(...)")
    }
}

/// Which bucket, and how patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfluxOptions {
    /// Such as `http://localhost:8086`.
    pub url: String,
    /// The organisation's name.
    pub org: String,
    /// The bucket's name. It must keep its data for ever.
    pub bucket: String,
    /// A token that may read and write the bucket.
    pub token: Token,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How ownership is agreed on.
    pub lease: LeaseTimes,
}

/// How long an answer of InfluxDB may take unless somebody says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A store in a bucket.
#[derive(Debug)]
pub struct InfluxStore {
    shared: Arc<Shared>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    index: RwLock<Index>,
    /// Absent when the store was opened for reading only.
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    lease: Lease,
    session: Mutex<Session>,
}

/// What a writer needs besides the lease.
#[derive(Debug)]
enum Session {
    /// Absent after a failure, until the next commit begins a new epoch.
    Open(Option<Epoch>),
    Closed,
}

impl InfluxStore {
    /// Opens the bucket for a server: becomes its owner and reads what is there.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server owns it, [`StoreError::TooNew`] when a newer program wrote to it,
    /// [`StoreError::Damaged`] when it does not hold what was committed.
    pub async fn open(options: &InfluxOptions) -> Result<Self> {
        let client = Client::new(options)?;
        client.version().await?;
        let lease = Lease::new(&client, options.lease, uuid::Uuid::now_v7().to_string());
        let session = Mutex::new(Session::Open(None));
        let shared =
            Arc::new(Shared { client, index: RwLock::default(), writing: Some(Writing { lease, session }) });
        let stop = CancellationToken::new();
        let store = Self { shared: Arc::clone(&shared), stop: stop.clone() };
        tokio::spawn(keep(shared, stop));
        let opened = store.shared.ready().await;
        match opened {
            Ok(()) => Ok(store),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    /// Reads the bucket as it is now, for reading only; a server may own it at the same time.
    pub async fn open_read_only(options: &InfluxOptions) -> Result<Self> {
        let client = Client::new(options)?;
        client.version().await?;
        let shared = Arc::new(Shared { client, index: RwLock::default(), writing: None });
        session::catch_up(&shared.client, &shared.index).await?;
        Ok(Self { shared, stop: CancellationToken::new() })
    }

    /// What is in memory, if it is known to be what is stored: nobody else writes while the lease is good.
    fn index(&self) -> Result<RwLockReadGuard<'_, Index>> {
        if let Some(writing) = &self.shared.writing {
            writing.lease.check()?;
        }
        Ok(self.shared.index())
    }

    fn fetch(&self) -> Fetch<'_> {
        Fetch { client: &self.shared.client, index: &self.shared.index }
    }
}

impl Drop for InfluxStore {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Renews the lease for as long as the store is open, and takes the bucket over again when it was lost.
async fn keep(shared: Arc<Shared>, stop: CancellationToken) {
    let Some(writing) = &shared.writing else { return };
    let renew = async {
        loop {
            tokio::time::sleep(writing.lease.pace()).await;
            if writing.lease.is_good()
                && let Err(error) = writing.lease.renew().await
            {
                tracing::warn!(%error, "the lease of the bucket was not renewed");
            }
        }
    };
    let recover = async {
        loop {
            tokio::time::sleep(writing.lease.pace()).await;
            if !writing.lease.is_good()
                && let Err(error) = shared.ready().await
            {
                tracing::warn!(%error, "the bucket could not be taken over again; it is tried on");
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = async { tokio::join!(renew, recover); } => {}
    }
}

impl Shared {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that this server may write.
    async fn ready(&self) -> Result<()> {
        let Some(writing) = &self.writing else { return Ok(()) };
        let mut session = writing.session.lock().await;
        let epoch = self.take(writing, &mut session).await?;
        *session = Session::Open(Some(epoch));
        Ok(())
    }

    /// The epoch to write in, which the caller puts back if it goes well: begun anew where the last one ended in doubt.
    async fn take(&self, writing: &Writing, session: &mut Session) -> Result<Epoch> {
        let Session::Open(epoch) = session else {
            return Err(StoreError::Unavailable("the store is closed".into()));
        };
        let epoch = epoch.take();
        if !writing.lease.is_good() {
            writing.lease.acquire().await?;
        } else if let Some(epoch) = epoch {
            return Ok(epoch);
        }
        session::catch_up(&self.client, &self.index).await?;
        let (mut epochs, end) = {
            let index = self.index();
            (index.epochs.clone(), End::of(index.commit, index.tip))
        };
        let opened = epochs.open(&self.client, end, now()).await;
        // Even if that failed: its number is used up.
        self.index.write().unwrap_or_else(PoisonError::into_inner).epochs.replace(epochs);
        writing.lease.check()?;
        opened
    }

    async fn commit(
        &self,
        writing: &Writing,
        epoch: &Epoch,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let (decided, commit, before) = {
            let index = self.index();
            let decided = decide_group(group, index.known(&Needs::of(group)), now);
            (decided, index.commit + 1, End::of(index.commit, index.tip))
        };
        if !decided.is_empty() {
            session::write(&self.client, epoch, commit, before, &decided).await?;
        }
        // Whoever takes over waits until the lease has run out: what is answered now was stored before that.
        writing.lease.check()?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if !decided.is_empty() {
            index.commit = commit;
        }
        decided.versions.into_iter().for_each(|version| index.keep(version));
        index.keep_records(decided.snapshots, decided.restores);
        Ok(decided.answers)
    }
}

/// Only to tell epochs apart; what is recorded gets its time from the caller.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[async_trait]
impl Commits for InfluxStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let Some(writing) = &self.shared.writing else {
            return Err(StoreError::Unavailable("the store is open for reading only".into()));
        };
        let mut session = writing.session.lock().await;
        // Taken out while it works: after a commit that fails or is dropped midway nobody knows what was stored.
        let epoch = self.shared.take(writing, &mut session).await?;
        let answers = self.shared.commit(writing, &epoch, group, now).await?;
        *session = Session::Open(Some(epoch));
        Ok(answers)
    }
}

#[async_trait]
impl Admin for InfluxStore {
    async fn ping(&self) -> Result<()> {
        drop(self.index()?);
        self.shared.client.version().await.map(drop)
    }

    async fn status(&self) -> StoreStatus {
        let version = self.shared.client.version().await;
        StoreStatus {
            kind: "influxdb".into(),
            engine: format!("InfluxDB {}", version.as_deref().unwrap_or_default()).trim_end().to_owned(),
            up: version.is_ok() && self.index().is_ok(),
            size_bytes: None,
            pool: None,
            promises: vec![
                "A save is answered only after InfluxDB said that it is stored (its write-ahead log, flushed).".into(),
                "A batch is written whole or not at all: its versions first, then one commit point that covers them."
                    .into(),
                "Versions are numbered without gaps, in the order in which they were committed.".into(),
                "Not promised: several servers on one bucket (a lease keeps a second one out, and for as long as the \
                 lease runs after a crash, the next one too); that others with a token for the bucket leave it alone."
                    .into(),
                "Not promised: little memory. Every state's last version and 32 bytes of every version are kept in \
                 memory, and read at the start."
                    .into(),
            ],
        }
    }

    async fn close(&self) {
        self.stop.cancel();
        if let Some(writing) = &self.shared.writing {
            let mut session = writing.session.lock().await;
            *session = Session::Closed;
            writing.lease.release().await;
        }
    }
}
