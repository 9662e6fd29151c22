//! What is put around a store: fallback journal, cache, guard, from the outside in.

use std::sync::Arc;

use super::cached::{CacheSettings, CachedStore, Ownership};
use super::fallback::{FallbackSettings, FallbackStore};
use super::guarded::{GuardSettings, GuardedStore};
use super::{Result, StateStore, SystemTicks, Ticks};
use crate::clock::Clock;

/// Which layers a store gets.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// Time-outs, retries and the circuit breaker.
    pub guard: Option<GuardSettings>,
    /// The cache, and whether others write to the store as well.
    pub cache: Option<(CacheSettings, Ownership)>,
    /// The fallback journal.
    pub fallback: Option<FallbackSettings>,
}

/// The layers of a running store, for those who look at them and set them by hand.
#[derive(Clone, Default)]
pub struct Resilience {
    /// Time-outs, retries and the circuit breaker.
    pub guard: Option<Arc<GuardedStore>>,
    /// The cache.
    pub cache: Option<Arc<CachedStore>>,
    /// The fallback journal.
    pub fallback: Option<Arc<FallbackStore>>,
}

/// A store with its layers.
#[derive(Clone)]
pub struct Layered {
    /// To be used in place of the store.
    pub store: Arc<dyn StateStore>,
    /// Its layers.
    pub resilience: Resilience,
}

impl Layers {
    /// Puts the layers around a store.
    /// The clock is the one by which the service records what it writes.
    pub async fn around(self, store: Arc<dyn StateStore>, clock: Arc<dyn Clock>) -> Result<Layered> {
        self.around_with(store, Arc::new(SystemTicks::default()), clock).await
    }

    /// The same with ticks of one's own, for ages and time-outs.
    pub async fn around_with(
        self,
        mut store: Arc<dyn StateStore>,
        ticks: Arc<dyn Ticks>,
        clock: Arc<dyn Clock>,
    ) -> Result<Layered> {
        let mut resilience = Resilience::default();
        if let Some(settings) = self.guard {
            let guard = Arc::new(GuardedStore::new(store, settings, Arc::clone(&ticks)).await);
            store = Arc::<GuardedStore>::clone(&guard);
            resilience.guard = Some(guard);
        }
        if let Some((settings, ownership)) = self.cache {
            let cached = CachedStore::open(store, ownership, settings, Arc::clone(&ticks)).await?;
            let cache = Arc::new(cached);
            store = Arc::<CachedStore>::clone(&cache);
            resilience.cache = Some(cache);
        }
        if let Some(settings) = self.fallback {
            let fallback = FallbackStore::open(store, settings, ticks, clock).await?;
            store = Arc::<FallbackStore>::clone(&fallback);
            resilience.fallback = Some(fallback);
        }
        Ok(Layered { store, resilience })
    }
}
