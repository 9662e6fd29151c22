//! How servers on one database tell each other that there is something to read.
//!
//! A notice is only a doorbell: it may be late, be merged with others or get lost with its connection. Whoever hears one
//! reads on from its own cursor, and so does whoever has heard nothing for a while, or has just begun to listen again.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;
use statehouse_core::model::Seq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::link::Link;
use crate::store::Rung;

const CHANNEL: &str = "statehouse";
/// Everybody looks for themselves this often.
const TICK: Duration = Duration::from_secs(1);
/// Commits of so long share one notice.
const COALESCE: Duration = Duration::from_millis(5);
/// How long to wait before a lost listener is set up again, and at most.
const AGAIN: Duration = Duration::from_millis(50);
const AGAIN_AT_MOST: Duration = Duration::from_secs(5);

/// What this server has to tell the others.
#[derive(Debug, Clone, Copy, Default)]
struct News {
    seq: Seq,
    lists: u64,
}

#[derive(Debug)]
pub(super) struct Bell {
    news: watch::Sender<News>,
    heard: watch::Receiver<Rung>,
    stop: CancellationToken,
}

impl Bell {
    /// Listens from now on, until [`Self::stop`].
    pub(super) fn start(link: &Arc<Link>, seq: Seq) -> Self {
        let (news, to_tell) = watch::channel(News { seq, lists: 0 });
        let (ring, heard) = watch::channel(Rung { seq, ..Rung::default() });
        let ring = Arc::new(ring);
        let stop = CancellationToken::new();
        // Tells this server's notices from those of others.
        let name = fastrand::u64(..);
        let telling = Box::pin(tell(Arc::clone(link), to_tell, name));
        let ticking = tick(Arc::clone(&ring));
        let listening = Box::pin(listen(Arc::clone(link), ring, name));
        let stopped = stop.clone();
        let work = async move { tokio::join!(telling, listening, ticking) };
        tokio::spawn(async move { stopped.run_until_cancelled(work).await });
        Self { news, heard, stop }
    }

    /// Tells the others, soon.
    pub(super) fn announce(&self, seq: Seq, lists: bool) {
        self.news.send_if_modified(|news| {
            let changed = seq > news.seq || lists;
            news.seq = seq.max(news.seq);
            news.lists += u64::from(lists);
            changed
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

async fn tell(link: Arc<Link>, mut news: watch::Receiver<News>, name: u64) {
    let mut told = *news.borrow_and_update();
    while news.changed().await.is_ok() {
        let now = *news.borrow_and_update();
        let lists = if now.lists == told.lists { "" } else { " lists" };
        let notice = format!("{name} {}{lists}", now.seq);
        let asked = link.within(async {
            let query = sqlx::query(TELL).bind(CHANNEL).bind(notice);
            query.execute(&mut *link.reader().await?).await.map_err(super::failed)
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

async fn listen(link: Arc<Link>, ring: Arc<watch::Sender<Rung>>, name: u64) {
    let mut wait = AGAIN;
    loop {
        match link.listener(CHANNEL).await {
            Ok(listener) => {
                wait = AGAIN;
                let error = hear(listener, &ring, name).await;
                link.distrust();
                tracing::warn!(%error, "the connection that listens for other servers was lost; setting it up again");
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen for other servers; they are asked every second");
            }
        }
        look(&ring);
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(AGAIN_AT_MOST);
    }
}

/// Rings until the connection is lost.
async fn hear(mut listener: PgListener, ring: &watch::Sender<Rung>, name: u64) -> String {
    // What came before the connection listened was not heard.
    ring.send_modify(|rung| {
        rung.ticks += 1;
        rung.lists += 1;
    });
    loop {
        match listener.try_recv().await {
            Ok(Some(notice)) => pass_on(notice.payload(), ring, name),
            Ok(None) => return "the server closed it".to_owned(),
            Err(error) => return error.to_string(),
        }
    }
}

/// Makes every listener look for itself.
fn look(ring: &watch::Sender<Rung>) {
    ring.send_modify(|rung| rung.ticks += 1);
}

/// `<server> <seq>` and perhaps `lists`.
fn pass_on(payload: &str, ring: &watch::Sender<Rung>, name: u64) {
    let mut words = payload.split(' ');
    let (from, seq) = (words.next().unwrap_or_default(), words.next().and_then(|seq| seq.parse().ok()));
    if from == name.to_string() {
        return;
    }
    let Some(seq) = seq else { return look(ring) };
    ring.send_modify(|rung| {
        rung.seq = rung.seq.max(Seq(seq));
        rung.lists += u64::from(words.next() == Some("lists"));
    });
}
