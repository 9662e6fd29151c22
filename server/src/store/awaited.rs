//! A store on the network that may come later than the server: it is looked for until it is there.
//!
//! What waiting does not mend, such as a wrong password, is an error, at the start and later.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use stateloft_core::api::StoreStatus;
use stateloft_core::model::{StateKey, Timestamp, Version};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::forward::{forward_leases, forward_reads};
use super::{
    Admin, Commits, Result, Rung, StateStore, StoreError, StoreFacts, WriteRefusal, WriteRequest, Written,
};
use crate::alarms::Raised;

/// How long a start waits for the first attempt. Whatever is wrong with the settings shows in that time.
const FIRST: Duration = Duration::from_secs(1);
/// The pause between two attempts, at first and at most. Each is shortened by chance, to half of it at most.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_AT_MOST: Duration = Duration::from_secs(5);

/// An attempt to open a store.
pub type Attempt = BoxFuture<'static, Result<Arc<dyn StateStore>>>;

/// How to open a store, and what is known of it before that.
pub struct Opening {
    /// Its engine as `/status` names it, for programs.
    pub kind: &'static str,
    /// The same for people.
    pub engine: &'static str,
    /// Whether other servers may write to the same store.
    pub shared: bool,
    /// One attempt.
    pub open: Box<dyn Fn() -> Attempt + Send + Sync>,
}

/// What a start found.
pub enum Awaited {
    /// The store.
    Here(Arc<dyn StateStore>),
    /// Nobody yet; it is looked for.
    Later(Arc<AwaitedStore>),
}

/// A store that was not there when the server started. Until it is, every call is [`StoreError::NotReached`].
pub struct AwaitedStore {
    kind: &'static str,
    engine: &'static str,
    found: OnceLock<Arc<dyn StateStore>>,
    /// Why it is not there.
    why: Mutex<String>,
    refused: watch::Sender<Option<StoreError>>,
    bell: Option<watch::Sender<Rung>>,
    stop: CancellationToken,
}

impl AwaitedStore {
    /// Opens a store, or begins to look for one that is away.
    ///
    /// # Errors
    /// What the store said when waiting does not mend it.
    pub async fn start(opening: Opening) -> Result<Awaited> {
        let mut first = (opening.open)();
        let why = match tokio::time::timeout(FIRST, first.as_mut()).await {
            Ok(Ok(store)) => return Ok(Awaited::Here(store)),
            Ok(Err(error)) if !error.may_pass() => return Err(error),
            Ok(Err(error)) => {
                first = (opening.open)();
                error.to_string()
            }
            Err(_) => format!("nobody answered within {} s", FIRST.as_secs_f32()),
        };
        tracing::warn!("the store is away, the server starts without it and keeps looking: {why}");
        let store = Arc::new(Self {
            kind: opening.kind,
            engine: opening.engine,
            found: OnceLock::new(),
            why: Mutex::new(why),
            refused: watch::Sender::new(None),
            bell: opening.shared.then(watch::Sender::default),
            stop: CancellationToken::new(),
        });
        let (looking, stop) = (Arc::clone(&store), store.stop.clone());
        tokio::spawn(async move { stop.run_until_cancelled(looking.look(opening, first)).await });
        Ok(Awaited::Later(store))
    }

    /// Waits until the store says something that waiting does not mend; for ever if it does not.
    pub async fn refusal(&self) -> StoreError {
        let mut refused = self.refused.subscribe();
        let said = refused.wait_for(Option::is_some).await.ok().and_then(|said| said.clone());
        match said {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }

    async fn look(&self, opening: Opening, mut attempt: Attempt) {
        let mut pause = PAUSE;
        loop {
            match attempt.await {
                Ok(store) => return self.use_from_now_on(store).await,
                // Who owned it before both went away gives it up by and by.
                Err(error) if error.may_pass() || matches!(error, StoreError::InUse(_)) => {
                    self.note(error.to_string());
                }
                Err(error) => {
                    self.refused.send_replace(Some(error));
                    return;
                }
            }
            // Servers that wait for the same store do not ask all at once.
            tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(PAUSE_AT_MOST);
            attempt = (opening.open)();
        }
    }

    fn note(&self, why: String) {
        let mut known = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != why {
            tracing::warn!("the store is still away: {why}");
            *known = why;
        }
    }

    /// Ends when the store does.
    async fn use_from_now_on(&self, store: Arc<dyn StateStore>) {
        let heard = store.bell();
        if self.found.set(store).is_err() {
            return;
        }
        tracing::info!("the store is there");
        let (Some(bell), Some(mut heard)) = (&self.bell, heard) else { return };
        loop {
            let rung = *heard.borrow_and_update();
            // More than what rings before anything is heard, so that everybody looks at once.
            bell.send_replace(Rung { ticks: rung.ticks + 1, lists: rung.lists + 1, ..rung });
            if heard.changed().await.is_err() {
                return;
            }
        }
    }

    fn found(&self) -> Result<&dyn StateStore> {
        self.found.get().map(AsRef::as_ref).ok_or_else(|| {
            StoreError::NotReached(self.why.lock().unwrap_or_else(PoisonError::into_inner).clone())
        })
    }

    async fn read<'a, T: Send, F>(
        &'a self,
        _what: &'static str,
        call: impl Fn(&'a dyn StateStore) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        call(self.found()?).await
    }

    async fn read_head(&self, key: &StateKey) -> Result<Option<Version>> {
        self.found()?.head(key).await
    }
}

forward_reads!(AwaitedStore);
forward_leases!(AwaitedStore);

#[async_trait]
impl Commits for AwaitedStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        self.found()?.commit(group, now).await
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        self.found()?.keep_up(now).await
    }
}

#[async_trait]
impl Admin for AwaitedStore {
    async fn ping(&self) -> Result<()> {
        self.found()?.ping().await
    }

    async fn status(&self) -> StoreStatus {
        match self.found() {
            Ok(store) => store.status().await,
            Err(_) => StoreStatus {
                kind: self.kind.to_owned(),
                engine: self.engine.to_owned(),
                up: false,
                size_bytes: None,
                pool: None,
                promises: Vec::new(),
            },
        }
    }

    async fn facts(&self) -> StoreFacts {
        match self.found() {
            Ok(store) => store.facts().await,
            Err(_) => StoreFacts::default(),
        }
    }

    fn take_pool_peak(&self) -> Option<u32> {
        self.found().ok()?.take_pool_peak()
    }

    fn bell(&self) -> Option<watch::Receiver<Rung>> {
        self.bell.as_ref().map(watch::Sender::subscribe)
    }

    fn alarms(&self) -> Vec<Raised> {
        self.found().map(Admin::alarms).unwrap_or_default()
    }

    async fn close(&self) {
        self.stop.cancel();
        if let Some(store) = self.found.get() {
            store.close().await;
        }
    }
}
