//! One question for many who ask it at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::store::{LogEnd, Result, StateStore};

/// How far the log is. Whoever asks gets an answer that was read after the question, perhaps for another one's.
#[derive(Debug, Default)]
pub(super) struct SharedTip {
    asked: AtomicU64,
    /// The last question that was answered, and the answer.
    answered: Mutex<Option<(u64, Result<LogEnd>)>>,
}

impl SharedTip {
    pub(super) async fn read(&self, store: &dyn StateStore) -> Result<LogEnd> {
        let question = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.answered.lock().await;
        if let Some((_, answer)) = answered.as_ref().filter(|(last, _)| *last >= question) {
            return answer.clone();
        }
        // Everybody who has asked before the store is asked is answered by it.
        let mut questions = self.asked.load(Ordering::SeqCst);
        let answer = store.tip().await.map(|tip| LogEnd::at(&tip));
        if answer.is_err() {
            // Whoever has waited meanwhile does not wait for a failure of their own, one behind the other.
            questions = self.asked.load(Ordering::SeqCst);
        }
        *answered = Some((questions, answer.clone()));
        answer
    }
}
