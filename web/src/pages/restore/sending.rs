//! Sending what writes a restore, and going to what became of it.

use gloo_net::http::Method;
use leptos::prelude::*;
use serde::Serialize;
use stateloft_core::api::{AppliedRestore, RestoreRecord};

use super::earlier::find;
use crate::api::{self, ApiError};
use crate::model::found::Hand;
use crate::parts::Writing;

/// Where it is sent, by whom and why.
pub(crate) struct Sent<R> {
    /// The path in the API.
    pub(crate) path: String,
    /// The body.
    pub(crate) request: R,
    /// Author and reason.
    pub(crate) hand: (Option<String>, Option<String>),
}

/// Sends a request that writes a restore. Where nobody knows what became of it, one is looked for among the newest. `shown` is
/// told the id of the one that is there; `refused` takes some refusals, and gives back those that are to be said.
pub(crate) fn send_restore<R: Serialize + 'static>(
    writing: Writing,
    Sent { path, request, hand }: Sent<R>,
    is_it: impl Fn(&RestoreRecord) -> bool + Clone + 'static,
    shown: impl Fn(&str) + Clone + 'static,
    refused: impl FnOnce(ApiError) -> Result<(), ApiError> + 'static,
) {
    let show = shown.clone();
    let send = async move {
        let applied = api::send::<AppliedRestore>(Method::POST, &path, Some(&request)).await?;
        show(&applied.record.restore_id);
        Ok(())
    };
    let there = StoredValue::new(None::<String>);
    let look = move |hand: Hand| {
        let is_it = is_it.clone();
        Box::pin(async move {
            let (found, id) = find(is_it, hand).await?;
            there.try_set_value(id);
            Ok(found)
        }) as _
    };
    let found = move || {
        if let Some(id) = there.try_get_value().flatten() {
            shown(&id);
        }
    };
    writing.run_or(hand, send, look, found, refused);
}
