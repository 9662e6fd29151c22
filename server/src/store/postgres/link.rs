//! Connections to the server that accepts writes, whichever of the hosts that is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgListener, PgPool, PgPoolOptions};
use tokio::time::Instant;

use super::failure::failed;
use super::find::{NoServer, Purpose, accepts_writes, find, no_answer, options};
use super::reader::Reader;
use super::settings::{PostgresHost, PostgresSettings};
use super::taking::REFUSING;
use crate::store::lanes::{Lane, Lanes};
use crate::store::pool_watch::PoolWatch;
use crate::store::refusing::Refusing;
use crate::store::{PoolFacts, Result, StoreError};

/// A connection that was idle for so long is tried before it is used.
pub(super) const IDLE: Duration = Duration::from_secs(1);
/// How long a reader waits for a connection before it is asked whether the server lets anybody in, and how often at least
/// and at most after that.
const LOOK: Duration = Duration::from_millis(100);
const LOOK_AT_LEAST: Duration = Duration::from_secs(2);
/// How long a reader waits for others at most, and never more than half of what an answer may take.
const TURN: Duration = Duration::from_secs(10);
/// How long a probe waits for a connection of the readers before it looks by itself.
const MOMENT: Duration = Duration::from_millis(500);
/// An answer to that is good for everybody who asks so soon after it.
const LOOKED: Duration = Duration::from_millis(30);
/// Connections that are opened before anybody asks.
const WARM: u32 = 2;

/// The way to the database.
#[derive(Debug)]
pub(super) struct Link {
    settings: PostgresSettings,
    purpose: Purpose,
    /// Which host accepted writes last.
    current: AtomicUsize,
    pool: PgPool,
    lanes: Lanes,
    watch: PoolWatch,
    /// Whether writes are taken.
    pub(super) refusing: Refusing,
    lost: Lost,
    /// When somebody last looked whether the server lets anybody in, and what was found.
    looked: Mutex<Option<(Instant, Result<Room>)>>,
    looking: tokio::sync::Mutex<()>,
}

/// What a look at the server found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It lets us in.
    Free,
    /// It is there, and has no room for another connection.
    Full,
}

/// When a connection was lost last: others that are older are not to be trusted.
#[derive(Debug, Clone, Default)]
struct Lost(Arc<Mutex<Option<std::time::Instant>>>);

impl Lost {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::time::Instant::now());
    }

    fn was_within(&self, age: Duration) -> bool {
        let lost = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.is_some_and(|at| at.elapsed() <= age)
    }
}

impl Link {
    /// Finds the server and opens connections to it.
    pub(super) async fn open(settings: PostgresSettings, purpose: Purpose) -> Result<(Self, PgConnection)> {
        let patience = settings.patience;
        let finding = find(&settings, purpose, 0);
        let found = tokio::time::timeout(patience, finding).await;
        let (current, connection) =
            found.unwrap_or_else(|_| Err(no_answer(patience).into())).map_err(|none| none.error)?;
        let lost = Lost::default();
        let (pool, lanes) = (
            pool(&settings, purpose, &settings.hosts[current], lost.clone()),
            Lanes::of(settings.connections),
        );
        Ok((
            Self {
                settings,
                purpose,
                current: AtomicUsize::new(current),
                pool,
                lanes,
                watch: PoolWatch::default(),
                refusing: Refusing::new(REFUSING),
                lost,
                looked: Mutex::default(),
                looking: tokio::sync::Mutex::default(),
            },
            connection,
        ))
    }

    /// A connection of its own to the server that accepts writes now; the others follow there.
    pub(super) async fn connect(&self) -> Result<PgConnection> {
        self.find_again().await.map_err(|none| none.error)
    }

    /// As [`Self::connect`]; says more of why there is none.
    pub(super) async fn find_again(&self) -> std::result::Result<PgConnection, NoServer> {
        let before = self.current.load(Ordering::Relaxed);
        let (found, connection) = find(&self.settings, self.purpose, before).await?;
        if self.current.swap(found, Ordering::Relaxed) != found {
            let host = &self.settings.hosts[found];
            tracing::warn!(host = host.host, port = host.port, "another server accepts the writes now");
            self.pool.set_connect_options(options(&self.settings, self.purpose, host));
        }
        Ok(connection)
    }

    /// Says that a connection was lost: readers get new ones.
    pub(super) fn distrust(&self) {
        self.lost.now();
    }

    /// A connection that listens, to the server that accepts writes now.
    pub(super) async fn listener(&self, channel: &str) -> Result<PgListener> {
        let listening = async {
            self.connect().await?.close().await.map_err(failed)?;
            let host = &self.settings.hosts[self.current.load(Ordering::Relaxed)];
            // A pool of its own for the one connection, so that readers cannot keep it waiting.
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .acquire_timeout(self.settings.patience)
                .connect_lazy_with(options(&self.settings, self.purpose, host));
            let mut listener = PgListener::connect_with(&pool).await.map_err(failed)?;
            listener.eager_reconnect(false);
            listener.listen(channel).await.map_err(failed)?;
            Ok(listener)
        };
        self.within(listening).await
    }

    pub(super) fn settings(&self) -> &PostgresSettings {
        &self.settings
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn busy(&self) -> u32 {
        let open = self.pool.size();
        open.saturating_sub(u32::try_from(self.pool.num_idle()).unwrap_or(open))
    }

    pub(super) fn pool_facts(&self) -> PoolFacts {
        self.watch.facts(self.pool.size(), self.pool.num_idle(), self.settings.connections)
    }

    pub(super) fn take_pool_peak(&self) -> u32 {
        self.watch.take_peak(self.busy())
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when others keep all of them for too long, though there is a server that lets us in.
    pub(super) async fn reader(&self, lane: Lane) -> Result<Reader> {
        let deadline = Instant::now() + self.settings.patience - MARGIN;
        let asked = std::time::Instant::now();
        let turn = async {
            let permit = self.lanes.enter(lane).await;
            Ok((self.pool.acquire().await.map_err(failed)?, permit))
        };
        // Boxed, so that nobody carries it along who is about to ask.
        let (connection, permit) = Box::pin(async {
            tokio::select! {
                biased;
                got = self.within(turn) => got,
                error = self.refusal(lane) => Err(error),
            }
        })
        .await?;
        self.watch.got(asked, self.busy());
        Ok(Reader::new(connection, permit, deadline))
    }

    /// Ends when no server lets anybody in, and says why; the pool does not: it waits for one that refuses its connections
    /// as it waits for one that hangs. Or when one does, and whoever waits has waited for other readers for long enough.
    async fn refusal(&self, lane: Lane) -> StoreError {
        let enough = Instant::now() + TURN.min(self.settings.patience / 2);
        // Where it was so a moment ago it is asked at once.
        let mut pause = if matches!(self.looked(), Some((_, Err(_)))) { Duration::ZERO } else { LOOK };
        loop {
            tokio::time::sleep(pause).await;
            // Boxed, so that nobody carries it along who gets a connection at once.
            let room = match Box::pin(self.look()).await {
                Ok(room) => room,
                Err(error) => return error,
            };
            // There is one: whoever waits, waits for other readers, unless the server has no room for any of us.
            if Instant::now() >= enough && (room == Room::Free || self.busy() > 0) && self.are_taken(lane) {
                return StoreError::Busy("every connection that may read this is in use".into());
            }
            pause = (pause * 2).clamp(LOOK, LOOK_AT_LEAST);
        }
    }

    fn looked(&self) -> Option<(Instant, Result<Room>)> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks whether there is a server that lets us in, once the readers have had their chance.
    pub(super) async fn look_in_a_moment(&self) -> Result<Room> {
        tokio::time::sleep(MOMENT).await;
        Box::pin(self.look()).await
    }

    /// Whether others have all the connections that a read may have.
    fn are_taken(&self, lane: Lane) -> bool {
        self.lanes.are_taken(lane) || self.busy() >= self.settings.connections
    }

    /// Looks whether there is a server that lets us in, or has no room for one more; once for all who ask meanwhile.
    async fn look(&self) -> Result<Room> {
        let asked = Instant::now();
        let _alone = self.looking.lock().await;
        if let Some((_, found)) = self.looked().filter(|(at, _)| *at + LOOKED >= asked) {
            return found;
        }
        let found = match self.find_again().await {
            Ok(connection) => {
                // It was only to see.
                let _ = connection.close().await;
                Ok(Room::Free)
            }
            Err(NoServer { full: true, .. }) => Ok(Room::Full),
            Err(NoServer { error, .. }) => Err(error),
        };
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
        found
    }

    /// Waits for work, but not for ever: a frozen server keeps connections open and says nothing.
    pub(super) async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let patience = self.settings.patience;
        tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(no_answer(patience)))
    }
}

const MARGIN: Duration = Duration::from_millis(20);

fn pool(settings: &PostgresSettings, purpose: Purpose, host: &PostgresHost, lost: Lost) -> PgPool {
    let several = settings.hosts.len() > 1 && purpose == Purpose::Serve;
    PgPoolOptions::new()
        .max_connections(settings.connections)
        .min_connections(WARM.min(settings.connections))
        .acquire_timeout(settings.patience)
        .acquire_slow_threshold(settings.patience)
        .test_before_acquire(false)
        .before_acquire(move |connection, about| {
            let trusted = !lost.was_within(about.age);
            let fresh = about.idle_for < IDLE;
            Box::pin(async move { Ok(trusted && (fresh || connection.ping().await.is_ok())) })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                notice_who_leaves(connection).await?;
                if several && !accepts_writes(connection).await? {
                    return Err(sqlx::Error::Protocol("the server is a standby now".into()));
                }
                Ok(())
            })
        })
        .connect_lazy_with(options(settings, purpose, host))
}

/// Asks the server to look once a second whether its client is still there while it works on a statement, and to end the
/// statement if not: who goes away closes the connection. A server that knows no such look (before PostgreSQL 14, and where
/// its system has none) works on until the statement's time is over.
async fn notice_who_leaves(connection: &mut PgConnection) -> sqlx::Result<()> {
    const LOOK: &str = "SET client_connection_check_interval = 1000";
    match sqlx::raw_sql(LOOK).execute(connection).await {
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
