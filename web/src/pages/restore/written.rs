//! What came of something that was to be written: by the server's answer, or found where that never came.

use gloo_net::http::Method;
use stateloft_core::api::{AppliedReconcile, AppliedRestore, EventPage, HandshakeView};

use super::earlier::find;
use crate::api::{self, ApiError};
use crate::model::address::{self, Query, encode_segment};
use crate::model::age;
use crate::model::found::{Found, Hand};
use crate::model::handshake::order::{Order, Reconciling};

/// Versions that are read of what a plan wrote; the newest says enough.
const LOOKED_AT: u32 = 20;

/// What was written.
pub(super) struct Written {
    /// The handshake, where live runs were asked.
    pub(super) handshake: Option<String>,
    /// Where it is shown.
    pub(super) place: String,
}

/// Sends an order.
pub(super) async fn send(order: &Order) -> Result<Written, ApiError> {
    let body = order.body().map_err(|error| ApiError::Strange { status: 0, reason: error.to_string() })?;
    let id = |view: Option<Box<HandshakeView>>| view.map(|view| view.handshake.handshake);
    if let Order::Reconcile(asked) = order {
        let applied = api::send::<AppliedReconcile>(Method::POST, &order.path(), Some(&body)).await?;
        let last = applied.versions.iter().map(|version| version.seq.0).max().unwrap_or_default();
        return Ok(Written {
            handshake: id(applied.handshake),
            place: reconciled(&asked.request.run_id, last),
        });
    }
    let applied = api::send::<AppliedRestore>(Method::POST, &order.path(), Some(&body)).await?;
    Ok(Written { handshake: id(applied.handshake), place: restored(&applied.record.restore_id) })
}

/// Looks whether what an order was to write is there, and where it is shown then.
pub(super) async fn look(order: &Order, hand: Hand) -> Result<(Found, Option<String>), ApiError> {
    if let Order::Reconcile(asked) = order {
        return look_for_reconciled(asked, &hand).await;
    }
    let (found, id) = find(|record| order.wrote(record), hand).await?;
    Ok((found, id.map(|id| restored(&id))))
}

async fn look_for_reconciled(asked: &Reconciling, hand: &Hand) -> Result<(Found, Option<String>), ApiError> {
    let query = Query::default().with("correlation_id", Some(&asked.plan));
    let page: EventPage = api::events_before(0, LOOKED_AT, query).await?;
    let Some(newest) = page.events.first().map(|event| &event.version) else {
        return Ok((Found::NotYet("nothing of this plan is there".to_owned()), None));
    };
    if hand.wrote(newest.user_id.as_deref(), newest.description.as_deref(), newest.timestamp) {
        let words = format!("The same plan was written at {}.", age::clock(newest.timestamp));
        return Ok((Found::There(words), Some(reconciled(&asked.request.run_id, newest.seq.0))));
    }
    Ok((Found::NotYet("nothing of this hand is there".to_owned()), None))
}

/// Where a commit of a plan is shown that ended with a seq.
fn reconciled(run: &str, last: u64) -> String {
    format!("{}&done={last}", address::reconcile(run))
}

fn restored(id: &str) -> String {
    format!("/view/restore/{}", encode_segment(id))
}

/// Where what a handshake's plan of a run wrote is shown; nothing where it is not among the last of that plan.
pub(crate) async fn place_of(run: &str, plan: &str, handshake: &str) -> Result<Option<String>, ApiError> {
    let query = Query::default().with("correlation_id", Some(plan));
    let page: EventPage = api::events_before(0, LOOKED_AT, query).await?;
    let mut versions = page.events.iter().map(|event| &event.version);
    let last = versions.find(|version| version.batch_id.as_deref() == Some(handshake));
    Ok(last.map(|version| reconciled(run, version.seq.0)))
}
