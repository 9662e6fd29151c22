//! Tasks that wake themselves.
//!
//! In a connection's task what takes a body's bytes off the wire wakes what reads them, and the other way round. A runtime
//! takes such a wake for work that another thread could do and wakes one, which finds nothing: that costs a single save
//! more than reading its body.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// How often a task goes on by itself before the others on its thread have their turn.
const ROUNDS: usize = 8;

const IDLE: u8 = 0;
const POLLED: u8 = 1;
const WOKEN: u8 = 2;

/// A future that is polled again at once when it was woken while it was polled.
pub(super) struct Steady<F> {
    inner: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let note = |state| (state != IDLE).then_some(WOKEN);
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, note).is_err() {
            self.task.wake();
        }
    }
}

impl<F: Future> Steady<F> {
    pub(super) fn new(inner: F) -> Self {
        Self { inner: Box::pin(inner), wakes: Arc::default() }
    }
}

impl<F: Future> Future for Steady<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Before anybody can find the state idle: who does wakes this task.
        self.wakes.task.register(context.waker());
        let waker = Waker::from(Arc::clone(&self.wakes));
        let mut own = Context::from_waker(&waker);
        for _ in 0..ROUNDS {
            self.wakes.state.store(POLLED, Ordering::Release);
            if let Poll::Ready(output) = self.inner.as_mut().poll(&mut own) {
                return Poll::Ready(output);
            }
            let done = self.wakes.state.compare_exchange(POLLED, IDLE, Ordering::AcqRel, Ordering::Acquire);
            if done.is_ok() {
                return Poll::Pending;
            }
        }
        self.wakes.state.store(IDLE, Ordering::Release);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Wakes itself so often, and keeps the waker for others.
    fn waking(times: usize) -> (Steady<impl Future<Output = ()>>, Arc<AtomicWaker>, Arc<AtomicUsize>) {
        let (kept, polls) = (Arc::<AtomicWaker>::default(), Arc::<AtomicUsize>::default());
        let (seen, count) = (Arc::clone(&kept), Arc::clone(&polls));
        let future = std::future::poll_fn(move |context| {
            seen.register(context.waker());
            if count.fetch_add(1, Ordering::SeqCst) < times {
                context.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        (Steady::new(future), kept, polls)
    }

    #[test]
    fn a_wake_of_its_own_is_not_passed_on_and_one_of_others_is() {
        let (future, kept, polls) = waking(2);
        let mut future = std::pin::pin!(future);
        let bell = Arc::<Bell>::default();
        let waker = Waker::from(Arc::clone(&bell));
        let mut context = Context::from_waker(&waker);
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!((polls.load(Ordering::SeqCst), bell.0.load(Ordering::SeqCst)), (3, 0));
        kept.wake();
        assert_eq!(bell.0.load(Ordering::SeqCst), 1);
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!((polls.load(Ordering::SeqCst), bell.0.load(Ordering::SeqCst)), (4, 1));
    }

    #[test]
    fn who_never_rests_lets_others_have_their_turn() {
        let (future, _kept, polls) = waking(usize::MAX);
        let mut future = std::pin::pin!(future);
        let bell = Arc::<Bell>::default();
        let waker = Waker::from(Arc::clone(&bell));
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!((polls.load(Ordering::SeqCst), bell.0.load(Ordering::SeqCst)), (ROUNDS, 1));
    }
}
