//! Questions about the store itself, guarded: whether it is there, how it is, how large it is.

use std::sync::PoisonError;

use stateloft_core::api::{BreakerState, StoreStatus};
use tokio::time::{Instant, timeout_at};

use super::{FACTS, GuardedStore, note, patience};
use crate::store::forward::forward_admin;
use crate::store::{Result, StoreError, StoreFacts};

forward_admin! { GuardedStore: take_pool_peak bell alarms;
   /// Tried once: whoever asks wants to know how it is now.
   async fn ping(&self) -> Result<()> {
       let deadline = self.deadline()?;
       let answer = self.ping_by(deadline).await;
       note(&answer, deadline);
       answer
   }

   async fn status(&self) -> StoreStatus {
       if self.ping().await.is_err() {
           return StoreStatus { up: false, ..self.describe() };
       }
       if let Ok(deadline) = self.deadline()
           && let Ok(status) = timeout_at(deadline, self.inner.status()).await
       {
           *self.described.lock().unwrap_or_else(PoisonError::into_inner) = status.clone();
           return status;
       }
       // It answers, though not about itself in time.
       StoreStatus { up: true, ..self.describe() }
   }

   /// Says nothing about whether the store answers: this is asked out of curiosity.
   async fn facts(&self) -> StoreFacts {
       if self.breaker.status().state == BreakerState::Closed
           && patience::failing_until().is_none()
           && let Ok(facts) = timeout_at(Instant::now() + FACTS, self.inner.facts()).await
       {
           *self.facts.lock().unwrap_or_else(PoisonError::into_inner) = facts.clone();
           return facts;
       }
       let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
       StoreFacts { pool: None, ..facts.clone() }
   }

   async fn close(&self) {
       // A store that hangs must not keep the server from ending.
       if timeout_at(Instant::now() + self.settings.timeout, self.inner.close()).await.is_err() {
           tracing::warn!("the store could not be closed in time");
       }
   }
}

impl GuardedStore {
    async fn ping_by(&self, deadline: Instant) -> Result<()> {
        let pass = self.breaker.enter()?;
        match timeout_at(deadline, self.inner.ping()).await {
            Ok(Err(error @ StoreError::NotReached(_))) => {
                pass.was_not_there();
                Err(error)
            }
            Ok(Err(error)) if error.is_outage() => {
                pass.failed();
                Err(error)
            }
            Ok(answer) => {
                pass.succeeded();
                answer
            }
            Err(_) => {
                pass.failed();
                Err(self.late())
            }
        }
    }
}
