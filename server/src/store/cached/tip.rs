//! One question for many who ask it at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

use statehouse_core::model::Seq;
use tokio::sync::Mutex;

use crate::store::{Result, StateStore};

/// How far the log is. Whoever asks gets an answer that was read after the question, perhaps for another one's.
#[derive(Debug, Default)]
pub(super) struct SharedTip {
    asked: AtomicU64,
    /// The last question that was answered, and the answer.
    answered: Mutex<(u64, Seq)>,
}

impl SharedTip {
    pub(super) async fn read(&self, store: &dyn StateStore) -> Result<Seq> {
        let question = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.answered.lock().await;
        if answered.0 >= question {
            return Ok(answered.1);
        }
        // Everybody who has asked before the store is asked is answered by it.
        let questions = self.asked.load(Ordering::SeqCst);
        let seq = store.tip().await?.seq;
        *answered = (questions, seq);
        Ok(seq)
    }
}
