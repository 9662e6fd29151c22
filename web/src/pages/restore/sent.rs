//! What this tab has asked for, by the handshake that it became: so that it can be sent once more from the handshake's page.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::model::handshake::order::{Order, Reconciling};
use crate::model::plan_address::Ask;

/// Handshakes that are remembered; a plan may be of very many states.
const KEPT: usize = 8;

thread_local! {
    static SENT: RefCell<VecDeque<(String, Order)>> = const { RefCell::new(VecDeque::new()) };
}

/// Remembers what a handshake is of.
pub(crate) fn remember(handshake: &str, order: &Order) {
    SENT.with_borrow_mut(|sent| {
        sent.retain(|(id, _)| id != handshake);
        sent.push_front((handshake.to_owned(), order.clone()));
        sent.truncate(KEPT);
    });
}

/// Why the same was to be written when it was asked for last: nothing was, and whoever plans it again need not say it again.
pub(super) fn reason_for(ask: &Ask) -> Option<String> {
    SENT.with_borrow(|sent| {
        sent.iter().find_map(|(_, order)| match order {
            Order::Apply(planned) if planned.is_for(ask) => Some(planned.request.reason.clone()),
            _ => None,
        })
    })
}

/// What was chosen of a run's list when that was asked for last, and was not written: whoever comes back to it need not begin anew.
pub(crate) fn reconciling(run: &str) -> Option<Reconciling> {
    SENT.with_borrow(|sent| {
        sent.iter().find_map(|(_, order)| match order {
            Order::Reconcile(order) if order.request.run_id == run => Some(Reconciling::clone(order)),
            _ => None,
        })
    })
}

/// What is reconciled is written: nobody comes back to what was chosen.
pub(super) fn forget(order: &Order) {
    if let Order::Reconcile(_) = order {
        SENT.with_borrow_mut(|sent| sent.retain(|(_, of)| of.plan() != order.plan()));
    }
}

/// What a handshake is of, if this tab has asked for it.
pub(crate) fn order_of(handshake: &str) -> Option<Order> {
    SENT.with_borrow(|sent| sent.iter().find(|(id, _)| id == handshake).map(|(_, order)| order.clone()))
}
