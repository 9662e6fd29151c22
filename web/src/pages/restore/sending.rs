//! Sending what writes a restore, or what is reconciled, and going to what became of it: to the handshake while live runs are asked, else to the result.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{Code, HandshakeList, HandshakeView};

use super::sent::{forget, remember};
use super::written::{self, Written};
use crate::api::{self, ApiError};
use crate::model::address::{self, Query};
use crate::model::found::Hand;
use crate::model::handshake::order::Order;
use crate::parts::Writing;
use crate::shell::{Clock, Router, Toasts, clock, router, toasts};

/// When it is first looked whether runs are asked, and then again and again (ms). Events would say it sooner, but may be held back.
const LOOK: (u32, u32) = (120, 400);

/// What sends a restore from a page.
#[derive(Clone, Copy)]
pub(crate) struct Sending {
    /// What becomes of it.
    pub(crate) writing: Writing,
    router: Router,
    clock: Clock,
    toasts: Toasts,
}

/// Where somebody waits for what becomes of a restore.
struct Place {
    router: Router,
    /// Where it was sent.
    from: String,
    /// The handshake that was gone to since.
    handshake: Cell<bool>,
    /// The answer has come, or is not waited for any more.
    over: Cell<bool>,
}

impl Place {
    /// Whether nobody has gone anywhere else since.
    fn is_still_here(&self) -> bool {
        self.router.link() == self.from
    }

    /// Goes to the handshake, if nobody has gone anywhere else.
    fn to_handshake(&self, id: &str) {
        if self.is_still_here() {
            self.handshake.set(true);
            self.router.go(&address::handshake(id));
        }
    }
}

/// Whoever waits for the answer has it, or has gone.
struct Over(Rc<Place>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over.set(true);
    }
}

impl Sending {
    /// Nothing is sent yet.
    pub(crate) fn new() -> Self {
        Self::of("written")
    }

    /// The same for what is not to be `written`, but `done`.
    pub(crate) fn of(done: &'static str) -> Self {
        Self { writing: Writing::of(done), router: router(), clock: clock(), toasts: toasts() }
    }

    /// Sends what is to be written. Where nobody knows what became of it, it is looked for among the newest. `done` is told that it is there;
    /// `refused` takes some refusals, and gives back those that are to be said.
    pub(crate) fn send(
        self,
        order: Order,
        done: impl Fn() + Clone + 'static,
        refused: impl FnOnce(ApiError) -> Result<(), ApiError> + 'static,
    ) {
        let (router, toasts) = (self.router, self.toasts);
        let place = Rc::new(Place {
            router,
            from: router.link(),
            handshake: Cell::new(false),
            over: Cell::new(false),
        });
        let order = Rc::new(order);
        let (user_id, reason) = order.hand();
        let hand = Hand { user_id: user_id.clone(), reason: reason.clone(), sent: self.clock.read() };
        if order.may_ask() {
            spawn_local(watch(Rc::clone(&order), Rc::clone(&place), hand));
        }
        let shown = {
            let (place, done, order) = (Rc::clone(&place), done.clone(), Rc::clone(&order));
            move |shown: &str| {
                let here = place.is_still_here();
                forget(&order);
                done();
                if here {
                    router.go(shown);
                } else if !place.handshake.get() {
                    let (head, rest) = elsewhere(&order);
                    toasts.done(head, rest);
                }
            }
        };
        let send = {
            let (order, shown, over) = (Rc::clone(&order), shown.clone(), Over(Rc::clone(&place)));
            let (place, done_there) = (Rc::clone(&place), done.clone());
            async move {
                let Written { handshake, place: result } = written::send(&order).await?;
                drop(over);
                // Who asked runs sees how that went, however quick they were; it leads on to the result.
                match &handshake {
                    Some(id) if place.is_still_here() => {
                        forget(&order);
                        done_there();
                        place.to_handshake(id);
                    }
                    _ => shown(&result),
                }
                Ok(())
            }
        };
        let there = StoredValue::new(None::<String>);
        let look = {
            let order = Rc::clone(&order);
            move |hand: Hand| {
                let order = Rc::clone(&order);
                Box::pin(async move {
                    let (found, result) = written::look(&order, hand).await?;
                    there.try_set_value(result);
                    Ok(found)
                }) as _
            }
        };
        let found = move || {
            if let Some(result) = there.try_get_value().flatten() {
                shown(&result);
            }
        };
        self.writing.run_or((user_id, reason), send, look, found, move |error| {
            not_written(&order, &place, toasts, error).map_or(Ok(()), refused)
        });
    }
}

/// Says that nothing was written because of what runs said or did not say: on the handshake's page, or where somebody has gone since.
/// Gives back what is not of that.
fn not_written(order: &Order, place: &Place, toasts: Toasts, error: ApiError) -> Option<ApiError> {
    let of_runs = matches!(error.code(), Some(Code::NoWord | Code::HandshakeStopped));
    if place.handshake.get() && (of_runs || error.code() == Some(Code::PlanOutdated)) {
        return None;
    }
    let handshake = error.handshake().filter(|_| of_runs);
    if let Some(id) = handshake.filter(|_| place.is_still_here()) {
        remember(&id, order);
        place.to_handshake(&id);
        return None;
    }
    if place.is_still_here() {
        return Some(error);
    }
    let (head, rest) = error.of_write("written");
    toasts.failed(head, rest);
    None
}

/// What is said where somebody has gone elsewhere since, and nobody was asked.
fn elsewhere(order: &Order) -> (&'static str, &'static str) {
    match order {
        Order::Reconcile(_) => {
            ("What was chosen is written.", "The run's page of reconciling shows how both sides stand now.")
        }
        _ => ("The restore is written.", "It stands first among the earlier ones."),
    }
}

/// Looks whether runs are asked, until the answer is there, and goes to where that is shown.
async fn watch(order: Rc<Order>, place: Rc<Place>, hand: Hand) {
    let path =
        format!("/handshakes{}", Query::default().with("plan", order.plan()).with("limit", Some("10")));
    TimeoutFuture::new(LOOK.0).await;
    while !place.over.get() {
        let read = api::get::<HandshakeList>(&path).await.map(|list| list.handshakes).unwrap_or_default();
        // What is asked once more is not the one on whose page that is said.
        let is_new = |id: &str| address::handshake(id) != place.from;
        let of_it =
            |view: &HandshakeView| is_new(&view.handshake.handshake) && order.asked(&view.handshake, &hand);
        if let Some(found) = read.into_iter().find(of_it) {
            let id = found.handshake.handshake;
            // What is reconciled already is nothing to go on with.
            if !(place.over.get() && matches!(*order, Order::Reconcile(_))) {
                remember(&id, &order);
            }
            if !place.over.get() {
                place.to_handshake(&id);
            }
            return;
        }
        TimeoutFuture::new(LOOK.1).await;
    }
}
