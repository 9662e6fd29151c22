//! InfluxDB 2 as a store. It has no transactions and no compare-and-set, so one server owns the bucket (`lease`), writes a
//! group's versions first and one commit point after them (`session`), and what no commit point of the right epoch
//! covers does not exist (`epoch`). The owner keeps heads and an index of the log in memory (`index`) and reads the rest
//! when it is asked for (`fetch`).

mod blob;
mod client;
mod connect;
mod epoch;
mod fetch;
mod growth;
mod heads;
mod index;
mod layout;
mod lease;
mod leftovers;
mod log;
mod older;
mod options;
mod owner;
mod points;
mod row;
mod run_leases;
mod series;
mod session;

use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_trait::async_trait;
use stateloft_core::api::StoreStatus;
use stateloft_core::model::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::deadline::{self, Sending};
use super::leases::OwnLeases;
use super::older::OlderRows;
use super::{
    Admin, Commits, Result, StateStore, StoreError, StoreFacts, WriteRefusal, WriteRequest, Written,
};
use crate::alarms::Raised;
use client::Client;
use fetch::Fetch;
use index::Index;
use lease::Lease;
use owner::{Session, Shared, Writing, keep};

pub use older::OlderPoints;
pub use options::{DEFAULT_TIMEOUT, InfluxOptions, LeaseTimes, Token};
pub use series::{Refused, SeriesBucket, mark_line, series_name};

/// How long a commit takes at most whose caller does not say.
const AT_MOST: Duration = Duration::from_hours(1);

/// Opens the bucket for a server: [`InfluxStore::open`].
pub(crate) async fn open(options: InfluxOptions) -> Result<Arc<dyn StateStore>> {
    Ok(Arc::new(InfluxStore::open(&options).await?))
}

/// Opens the bucket for reading only: [`InfluxStore::open_read_only`].
pub(crate) async fn open_read_only(options: &InfluxOptions) -> Result<Arc<dyn StateStore>> {
    Ok(Arc::new(InfluxStore::open_read_only(options).await?))
}

/// Opens a bucket that an older system wrote.
pub(crate) async fn older(options: &InfluxOptions) -> Result<Box<dyn OlderRows>> {
    Ok(Box::new(OlderPoints::open(options).await?))
}

/// A store in a bucket.
#[derive(Debug)]
pub struct InfluxStore {
    shared: Arc<Shared>,
    stop: CancellationToken,
    run_leases: OwnLeases,
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
        let store =
            Self { shared: Arc::clone(&shared), stop: stop.clone(), run_leases: OwnLeases::default() };
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
        Ok(Self { shared, stop: CancellationToken::new(), run_leases: OwnLeases::default() })
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

#[async_trait]
impl Commits for InfluxStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let Some(writing) = &self.shared.writing else {
            return Err(StoreError::NotWritten("the store is open for reading only".into()));
        };
        let sending = Sending::default();
        let work = async {
            let mut session = writing.session.lock().await;
            // Taken out while it works: after a commit that fails or is dropped midway nobody knows what was stored.
            let epoch = self.shared.take(writing, &mut session).await.map_err(StoreError::before_commit)?;
            let answers = self.shared.commit(writing, &epoch, group, now, &sending).await?;
            *session = Session::Open(Some(epoch));
            Ok(answers)
        };
        // The lease is waited for longer than for one answer; whoever guards this store says for how long.
        deadline::commit("InfluxDB", AT_MOST, &sending, work).await
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

    /// What is in a bucket is not counted by InfluxDB, only what is on the disk for all of them.
    async fn facts(&self) -> StoreFacts {
        StoreFacts { layout: Some(epoch::LAYOUT), ..StoreFacts::default() }
    }

    fn alarms(&self) -> Vec<Raised> {
        self.shared.client.refusing().alarms()
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
