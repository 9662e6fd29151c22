//! What one request holds. It goes with the request's task, so that whoever makes something large in it can say so, however
//! deep inside; and everything is given back when the request ends, however it ends.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Budget, Class, Held, Overloaded};

tokio::task_local! {
    static LEDGER: Ledger;
}

/// What one request holds.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    budget: Arc<Budget>,
    /// Whether an answer may still be refused when it is made.
    refuses: bool,
    held: Mutex<Vec<Held>>,
}

impl Ledger {
    /// Handles a request whose room comes from this budget. What was not carried away is given back at its end. A request
    /// that only reads is refused if there is no room for its answer.
    pub async fn within<T>(budget: &Arc<Budget>, only_reads: bool, request: impl Future<Output = T>) -> T {
        let (budget, held) = (Arc::clone(budget), Mutex::default());
        let ledger = Self(Arc::new(Inner { budget, refuses: only_reads, held }));
        LEDGER.scope(ledger, request).await
    }

    fn add(&self, more: Held) {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.iter_mut().find(|held| held.class() == more.class()) {
            Some(held) => held.merge(more),
            None => held.push(more),
        }
    }

    fn take_out(&self, class: Class, bytes: usize) -> Option<Held> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter_mut().find(|held| held.class() == class).map(|held| held.split(bytes))
    }

    /// Room for so many bytes out of one class that has it.
    fn take_enough(&self, bytes: usize) -> Option<Held> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = |held: &&mut Held| held.bytes() >= bytes || held.is_everything();
        held.iter_mut().find(enough).map(|held| held.split(bytes))
    }

    fn current() -> Option<Self> {
        LEDGER.try_with(Self::clone).ok()
    }
}

/// Work for the request that this task works for, which another task is to do.
pub(crate) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let ledger = Ledger::current();
    async move {
        match ledger {
            Some(ledger) => LEDGER.scope(ledger, work).await,
            None => work.await,
        }
    }
}

/// Holds so many bytes more until the current request ends; waits a moment for others to let go. What is not done for a
/// request (the server's own work, a program's) is not counted here.
pub(crate) async fn hold(class: Class, bytes: usize) -> Result<(), Overloaded> {
    let Some(ledger) = Ledger::current() else { return Ok(()) };
    ledger.add(ledger.0.budget.take(class, bytes).await?);
    Ok(())
}

/// Bytes that the current request holds.
pub(crate) fn held() -> usize {
    let Some(ledger) = Ledger::current() else { return 0 };
    let held = ledger.0.held.lock().unwrap_or_else(PoisonError::into_inner);
    held.iter().map(Held::bytes).sum()
}

/// Gives back so many bytes of what the current request holds.
pub(crate) fn let_go(class: Class, bytes: usize) {
    if let Some(ledger) = Ledger::current() {
        drop(ledger.take_out(class, bytes));
    }
}

/// Room for so many bytes that outlive the current request: its answer until it is sent. It is taken from what the request
/// holds, and from the budget where that is not enough. What has been written is answered whether there is room or not.
pub(crate) fn carry(bytes: usize) -> Result<Option<Held>, Overloaded> {
    let Some(ledger) = Ledger::current() else { return Ok(None) };
    if let Some(own) = ledger.take_enough(bytes) {
        return Ok(Some(own));
    }
    match (ledger.0.budget.take_now(Class::Reads, bytes), ledger.0.refuses) {
        (None, true) => Err(ledger.0.budget.refuse(Class::Reads)),
        (held, _) => Ok(held),
    }
}
