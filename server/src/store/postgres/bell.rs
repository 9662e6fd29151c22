//! How servers on one database tell each other that there is something to read.
//!
//! A notice is only a doorbell: it may be late, be merged with others or get lost with its connection. Whoever hears one
//! reads on from its own cursor, and so does whoever has heard nothing for a while, or has just begun to listen again.
//!
//! A server that is alone tells nobody: for each notice two connections of the database work, as long as for a save. Who
//! listens holds a lock that all may share, so holders can be counted, and says once that it has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::PgListener;
use stateloft_core::model::Seq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::find::takes_writes;
use super::link::Link;
use crate::repeats::Repeats;
use crate::store::lanes::Lane;
use crate::store::{Result, Rung};

/// The connection that listens was lost, and cannot be had.
static LOST: Repeats = Repeats::new();
static DEAF: Repeats = Repeats::new();

const CHANNEL: &str = "stateloft";
/// Everybody looks for themselves this often.
const TICK: Duration = Duration::from_secs(1);
/// Commits of so long share one notice.
const COALESCE: Duration = Duration::from_millis(5);
/// How long to wait before a lost listener is set up again, and at most.
const AGAIN: Duration = Duration::from_millis(50);
const AGAIN_AT_MOST: Duration = Duration::from_secs(5);

/// The lock that listeners share: `stathear` in ASCII.
const LISTENERS: i64 = 0x7374_6174_6865_6172;

/// What this server has to tell the others.
#[derive(Debug, Clone, Copy, Default)]
struct News {
    seq: Seq,
    lists: u64,
    /// How often this server has begun to listen, or has heard that another has.
    greetings: u64,
}

/// Who else listens, as far as this server knows.
#[derive(Debug, Default)]
struct Company {
    /// There are other servers.
    others: AtomicBool,
    /// This one holds the lock of those who listen.
    listening: AtomicBool,
}

impl Company {
    /// Notes that there is another server. It may have missed what was not told while nobody seemed to be there.
    fn meet(&self, news: &watch::Sender<News>) {
        if !self.others.swap(true, Ordering::Relaxed) {
            news.send_modify(|news| news.greetings += 1);
        }
    }
}

#[derive(Debug)]
pub(super) struct Bell {
    news: watch::Sender<News>,
    heard: watch::Receiver<Rung>,
    company: Arc<Company>,
    stop: CancellationToken,
}

impl Bell {
    /// Listens from now on, until [`Self::stop`].
    pub(super) fn start(link: &Arc<Link>, seq: Seq) -> Self {
        let (news, to_tell) = watch::channel(News { seq, ..News::default() });
        let (ring, heard) = watch::channel(Rung { seq, ..Rung::default() });
        let ring = Arc::new(ring);
        let stop = CancellationToken::new();
        // Tells this server's notices from those of others.
        let name = fastrand::u64(..);
        let company = Arc::<Company>::default();
        let telling = Box::pin(tell(Arc::clone(link), to_tell, name, Arc::clone(&company)));
        let ticking = tick(Arc::clone(&ring));
        let counting =
            Box::pin(count(Arc::clone(link), Arc::clone(&ring), Arc::clone(&company), news.clone()));
        let listening = Box::pin(listen(Arc::clone(link), ring, name, Arc::clone(&company), news.clone()));
        let stopped = stop.clone();
        let work = async move { tokio::join!(telling, listening, ticking, counting) };
        tokio::spawn(async move { stopped.run_until_cancelled(work).await });
        Self { news, heard, company, stop }
    }

    /// Tells the others, soon. Where there are none nobody is woken: it would keep a thread busy with every save. Whoever
    /// comes is told of everything up to then.
    pub(super) fn announce(&self, seq: Seq, lists: bool) {
        self.news.send_if_modified(|news| {
            let changed = seq > news.seq || lists;
            news.seq = seq.max(news.seq);
            news.lists += u64::from(lists);
            changed && self.company.others.load(Ordering::Relaxed)
        });
    }

    pub(super) fn listen(&self) -> watch::Receiver<Rung> {
        self.heard.clone()
    }

    pub(super) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A notice need not survive anything, so nobody waits until it is on a disk or on a standby.
const TELL: &str = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";

async fn tell(link: Arc<Link>, mut news: watch::Receiver<News>, name: u64, company: Arc<Company>) {
    let mut told = *news.borrow_and_update();
    while news.changed().await.is_ok() {
        let now = *news.borrow_and_update();
        if now.greetings == told.greetings && !company.others.load(Ordering::Relaxed) {
            // Whoever comes reads what there is before it waits for notices.
            told = now;
            continue;
        }
        let lists = if now.lists == told.lists { "" } else { " lists" };
        let notice = format!("{name} {}{lists}", now.seq);
        let asked = link.within(async {
            let query = sqlx::query(TELL).bind(CHANNEL).bind(notice);
            query.execute(&mut *link.reader(Lane::Short).await?).await.map_err(super::failed)
        });
        match asked.await {
            Ok(_) => told = now,
            // The others find the versions at their next tick.
            Err(error) => tracing::debug!(%error, "other servers were not told of a commit"),
        }
        tokio::time::sleep(COALESCE).await;
    }
}

async fn tick(ring: Arc<watch::Sender<Rung>>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        look(&ring);
    }
}

/// Counts who listens, which also shows that the database is there.
async fn count(
    link: Arc<Link>,
    ring: Arc<watch::Sender<Rung>>,
    company: Arc<Company>,
    news: watch::Sender<News>,
) {
    loop {
        tokio::time::sleep(TICK).await;
        // Without an answer everything stays as it is: a notice too many harms nobody.
        if let Ok((listeners, accepts_writes)) = link.within(listeners(&link)).await {
            ring.send_modify(|rung| rung.answers += 1);
            let own = i64::from(company.listening.load(Ordering::Relaxed));
            if listeners > own {
                company.meet(&news);
            } else {
                company.others.store(false, Ordering::Relaxed);
            }
            link.see(accepts_writes).await;
        }
    }
}

/// How many servers listen, and whether this one accepts writes.
async fn listeners(link: &Link) -> Result<(i64, bool)> {
    const HOLDERS: &str = concat!(
        "SELECT count(*), ",
        takes_writes!(),
        " FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND (classid::bigint << 32) + objid::bigint = $1"
    );
    let holders = sqlx::query_as(HOLDERS).bind(LISTENERS);
    holders.fetch_one(&mut *link.reader(Lane::Short).await?).await.map_err(super::failed)
}

async fn listen(
    link: Arc<Link>,
    ring: Arc<watch::Sender<Rung>>,
    name: u64,
    company: Arc<Company>,
    news: watch::Sender<News>,
) {
    let mut wait = AGAIN;
    loop {
        match link.listener(CHANNEL).await {
            Ok(mut listener) => {
                wait = AGAIN;
                let lock = sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(LISTENERS);
                let error = match lock.execute(&mut listener).await {
                    Ok(_) => {
                        company.listening.store(true, Ordering::Relaxed);
                        if let Some(times) = DEAF.ended() {
                            tracing::info!(times, "other servers are listened for again");
                        }
                        news.send_modify(|news| news.greetings += 1);
                        hear(listener, &ring, name, &company, &news).await
                    }
                    Err(error) => error.to_string(),
                };
                company.listening.store(false, Ordering::Relaxed);
                link.distrust();
                if let Some(times) = LOST.happened() {
                    tracing::warn!(%error, times, "the connection that listens for other servers was lost; setting it up again");
                }
            }
            Err(error) => {
                if let Some(times) = DEAF.happened() {
                    tracing::warn!(%error, times, "cannot listen for other servers; they are asked every second");
                }
            }
        }
        look(&ring);
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(AGAIN_AT_MOST);
    }
}

/// Rings until the connection is lost.
async fn hear(
    mut listener: PgListener,
    ring: &watch::Sender<Rung>,
    name: u64,
    company: &Company,
    news: &watch::Sender<News>,
) -> String {
    // What came before the connection listened was not heard.
    ring.send_modify(|rung| {
        rung.ticks += 1;
        rung.lists += 1;
    });
    loop {
        match listener.try_recv().await {
            Ok(Some(notice)) => {
                if pass_on(notice.payload(), ring, name) {
                    company.meet(news);
                }
            }
            Ok(None) => return "the server closed it".to_owned(),
            Err(error) => return error.to_string(),
        }
    }
}

/// Makes every listener look for itself.
fn look(ring: &watch::Sender<Rung>) {
    ring.send_modify(|rung| rung.ticks += 1);
}

/// `<server> <seq>` and perhaps `lists`. Whether another server said it.
fn pass_on(payload: &str, ring: &watch::Sender<Rung>, name: u64) -> bool {
    let mut words = payload.split(' ');
    let (from, seq) = (words.next().unwrap_or_default(), words.next().and_then(|seq| seq.parse().ok()));
    if from == name.to_string() {
        return false;
    }
    match seq {
        Some(seq) => ring.send_modify(|rung| {
            rung.seq = rung.seq.max(Seq(seq));
            rung.lists += u64::from(words.next() == Some("lists"));
        }),
        None => look(ring),
    }
    true
}
