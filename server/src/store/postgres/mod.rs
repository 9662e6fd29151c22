//! The store for production: a PostgreSQL database that several servers may share.

mod bell;
mod counter;
mod failure;
mod find;
mod learn;
mod leases;
mod link;
mod migrate;
mod older;
mod reader;
mod reading;
mod refusals;
mod sessions;
mod settings;
mod sizes;
mod taking;
mod write;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use stateloft_core::api::StoreStatus;
use stateloft_core::model::Timestamp;
use tokio::sync::{Mutex, watch};

use super::deadline::{self, Sending};
use super::lanes::Lane;
use super::older::OlderRows;
use super::refusing::Refusal;
use super::{
    Admin, Commits, Result, Rung, StateStore, StoreError, StoreFacts, WriteRefusal, WriteRequest, Written,
};
use crate::alarms::Raised;
use crate::repeats::Repeats;
use bell::Bell;
use failure::{Answers, Doubt, Failure, Tried, failed};
use find::{Purpose, connect_once};
use link::Link;
pub use older::OlderTable;
pub(crate) use sessions::SessionTable;
pub use settings::{Password, PostgresHost, PostgresSettings, Tls};
use writer::Writer;

/// Connects for a server: [`PostgresStore::open`].
pub(crate) async fn open(settings: PostgresSettings) -> Result<Arc<dyn StateStore>> {
    Ok(Arc::new(PostgresStore::open(settings).await?))
}

/// Connects for reading only: [`PostgresStore::open_read_only`].
pub(crate) async fn open_read_only(settings: PostgresSettings) -> Result<Arc<dyn StateStore>> {
    Ok(Arc::new(PostgresStore::open_read_only(settings).await?))
}

/// Whether there are no tables yet: [`PostgresStore::is_absent`].
pub(crate) async fn is_absent(settings: &PostgresSettings) -> Result<bool> {
    PostgresStore::is_absent(settings).await
}

/// Reads the tables of sessions that an older system keeps, up to so many bytes.
pub(crate) async fn session_tables(settings: &PostgresSettings, most: u64) -> Result<Vec<SessionTable>> {
    sessions::read(settings, most).await
}

/// Opens a table that an older system wrote.
pub(crate) async fn older(settings: &PostgresSettings) -> Result<Box<dyn OlderRows>> {
    Ok(Box::new(OlderTable::open(settings).await?))
}

/// A store in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    link: Arc<Link>,
    /// Absent when the store was opened for reading only.
    writing: Option<Mutex<Writing>>,
    bell: Option<Bell>,
}

#[derive(Debug, Default)]
struct Writing {
    /// Absent after a failure, until the next commit opens it anew.
    writer: Option<Writer>,
    closed: bool,
}

impl PostgresStore {
    /// Connects for a server, and brings the tables up to date. Other servers may use the same database.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] when the tables were made by a newer program, [`StoreError::Damaged`] when they are not
    /// ours, [`StoreError::Unavailable`] when no server answers, accepts writes and lets us in.
    pub async fn open(settings: PostgresSettings) -> Result<Self> {
        let (link, mut connection) = Link::open(settings, Purpose::Serve).await?;
        Writer::migrate(&mut connection).await?;
        let writer =
            link.within(async { Writer::prepare(connection).await.map_err(|failure| failure.error) }).await?;
        let link = Arc::new(link);
        link.within(async { link.reader(Lane::Short).await.map(drop) }).await?;
        let bell = Bell::start(&link, writer.seq());
        let writing = Mutex::new(Writing { writer: Some(writer), closed: false });
        Ok(Self { link, writing: Some(writing), bell: Some(bell) })
    }

    /// Connects for reading only, also to a standby.
    pub async fn open_read_only(settings: PostgresSettings) -> Result<Self> {
        let (link, mut connection) = Link::open(settings, Purpose::Read).await?;
        link.within(migrate::check_current(&mut connection)).await?;
        Ok(Self { link: Arc::new(link), writing: None, bell: None })
    }

    /// Whether a database holds no store yet; nothing is made.
    pub async fn is_absent(settings: &PostgresSettings) -> Result<bool> {
        let mut connection = connect_once(settings, Purpose::Read).await?;
        migrate::is_absent(&mut connection).await
    }
}

#[async_trait]
impl Commits for PostgresStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let Some(writing) = &self.writing else {
            return Err(StoreError::NotWritten("the store is open for reading only".into()));
        };
        let sending = Sending::default();
        let work = async {
            let mut writing = writing.lock().await;
            if writing.closed {
                return Err(StoreError::NotWritten("the store is closed".into()));
            }
            let answers = self.write(&mut writing, group, now, Doubt::none(&sending)).await?;
            if let (Some(bell), Some(writer)) = (&self.bell, &writing.writer) {
                bell.announce(writer.seq(), answers.iter().flatten().any(changes_lists));
            }
            Ok(answers)
        };
        deadline::commit("PostgreSQL", self.link.settings().patience, &sending, work).await
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        let Some(writing) = &self.writing else { return Ok(false) };
        let mut writing = writing.lock().await;
        // Where there is no connection the next commit opens one.
        let Some(mut writer) = writing.writer.take() else { return Ok(false) };
        let more =
            self.link.within(async { writer.keep_up(now).await.map_err(|failure| failure.error) }).await?;
        writing.writer = Some(writer);
        Ok(more)
    }
}

/// The connection that writes was lost.
static LOST: Repeats = Repeats::new();

impl PostgresStore {
    /// Writes a group, on a new connection if the old one is lost.
    async fn write(
        &self,
        writing: &mut Writing,
        group: &[WriteRequest],
        now: Timestamp,
        mut doubt: Doubt<'_>,
    ) -> Result<Answers> {
        let settings = self.link.settings();
        let mut delay = settings.retry_delay;
        // Where it is known that no server takes writes, one more question is enough.
        let retries = if self.link.refusing.now().is_some() { 0 } else { settings.retries };
        for retries_left in (0..=retries).rev() {
            match self.try_once(writing, group, now, &mut doubt).await {
                Ok(answers) => {
                    self.link.refusing.took();
                    return Ok(answers);
                }
                Err(Failure { error, lost: true, .. }) if retries_left > 0 => {
                    if let Some(times) = LOST.happened() {
                        tracing::warn!(%error, times, "the connection that writes was lost; trying again");
                    }
                    self.link.distrust();
                    // Servers that lost the same database do not come back all at once.
                    tokio::time::sleep(delay.mul_f64(0.5 + fastrand::f64())).await;
                    delay *= 2;
                }
                Err(Failure { error, unknown, refusal, .. }) => {
                    if let Some(refusal) = refusal {
                        self.link
                            .refusing
                            .refused(refusal, &format!("PostgreSQL took no write: {}", error.text()));
                    }
                    // What an earlier attempt may have written was not looked for with success.
                    let unknown = unknown || doubt.earlier.is_some();
                    return Err(match (unknown, refusal) {
                        (true, _) => error,
                        (false, Some(Refusal::Full)) => StoreError::NoRoom(error.text()),
                        (false, _) => error.before_commit(),
                    });
                }
            }
        }
        Err(StoreError::Unavailable("the connection was lost".into()))
    }

    async fn try_once(
        &self,
        writing: &mut Writing,
        group: &[WriteRequest],
        now: Timestamp,
        doubt: &mut Doubt<'_>,
    ) -> Tried<Answers> {
        // Taken out while it works: a commit that fails or is dropped midway leaves no connection in an unknown state.
        let taken = writing.writer.take();
        let mut writer = match taken {
            Some(mut writer) => {
                writer.look().await?;
                writer
            }
            None => Writer::open(&self.link).await?,
        };
        let answers = writer.commit(group, now, doubt).await?;
        writer.has_answered();
        writing.writer = Some(writer);
        Ok(answers)
    }
}

fn changes_lists(written: &Written) -> bool {
    !matches!(written, Written::Batch { restore: None, .. })
}

#[async_trait]
impl Admin for PostgresStore {
    async fn ping(&self) -> Result<()> {
        let work = async {
            // Where others have all the connections it is enough that the server lets somebody in.
            let mut reader = tokio::select! {
                biased;
                reader = self.link.reader(Lane::Short) => reader?,
                looked = self.link.look_in_a_moment() => return looked.map(drop),
            };
            sqlx::query("SELECT seq FROM meta").fetch_one(&mut *reader).await.map(drop).map_err(failed)
        };
        self.link.within(work).await
    }

    async fn status(&self) -> StoreStatus {
        const SQL: &str = "SELECT current_setting('server_version'), pg_database_size(current_database()), \
                           current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'";
        let asked = async {
            let mut reader = self.link.reader(Lane::Short).await?;
            sqlx::query_as::<_, (String, i64, bool)>(SQL).fetch_one(&mut *reader).await.map_err(failed)
        };
        let answer = self.link.within(asked).await;
        let pool = self.link.pool_facts();
        let durable = match &answer {
            Ok((_, _, false)) => "NOT durable: the database runs with fsync or full_page_writes off.",
            _ => "A save is answered only after PostgreSQL has it on the disk (synchronous_commit=on).",
        };
        StoreStatus {
            kind: "postgresql".into(),
            up: matches!(answer, Ok(_) | Err(StoreError::Busy(_))),
            size_bytes: answer.as_ref().ok().and_then(|(_, size, _)| u64::try_from(*size).ok()),
            engine: answer.map_or("PostgreSQL".to_owned(), |(version, _, _)| format!("PostgreSQL {version}")),
            pool: Some((pool.busy, pool.busy + pool.idle)),
            promises: vec![
                durable.into(),
                "A batch is written whole or not at all.".into(),
                "Versions are numbered without gaps, in the order in which they were committed, by all servers together."
                    .into(),
            ],
        }
    }

    async fn facts(&self) -> StoreFacts {
        StoreFacts {
            layout: Some(migrate::CURRENT),
            sizes: self.link.within(sizes::sizes(&self.link)).await.ok(),
            pool: Some(self.link.pool_facts()),
            time: self.link.within(sizes::time(&self.link)).await.ok(),
        }
    }

    fn take_pool_peak(&self) -> Option<u32> {
        Some(self.link.take_pool_peak())
    }

    fn bell(&self) -> Option<watch::Receiver<Rung>> {
        self.bell.as_ref().map(Bell::listen)
    }

    fn alarms(&self) -> Vec<Raised> {
        self.link.refusing.alarms()
    }

    async fn close(&self) {
        if let Some(bell) = &self.bell {
            bell.stop();
        }
        if let Some(writing) = &self.writing {
            let mut writing = writing.lock().await;
            writing.closed = true;
            if let Some(writer) = writing.writer.take() {
                writer.close().await;
            }
        }
        self.link.pool().close().await;
    }
}
