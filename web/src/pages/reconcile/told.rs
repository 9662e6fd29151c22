//! What the programs that were asked have of it now: who has read what was written, and who has not said so.

use leptos::prelude::*;
use stateloft_core::api::{HandshakeList, HandshakeView};

use crate::api;
use crate::live::{live, remote};
use crate::model::address::{self, Query};
use crate::model::handshake::about;
use crate::model::number;
use crate::pages::handshake::is_handshake;
use crate::parts::{Icon, Pic};

/// Handshakes of one plan that are looked through: it was asked for a few times at most.
const ASKED: &str = "20";

/// A line below what was written; nothing where nobody was asked.
#[component]
pub(super) fn Told(
    /// The plan that was written.
    plan: String,
    /// The handshake, which is the batch of what was written.
    handshake: String,
) -> impl IntoView {
    let path =
        format!("/handshakes{}", Query::default().with("plan", Some(&plan)).with("limit", Some(ASKED)));
    let (id, own) = (handshake.clone(), handshake);
    let asked = remote(
        move || Some(path.clone()),
        move |path: String| {
            let id = id.clone();
            async move {
                let list = api::get::<HandshakeList>(&path).await?;
                Ok(list.handshakes.into_iter().find(|view| view.handshake.handshake == id))
            }
        },
    );
    live().on_events(move |events| {
        if events.iter().any(|event| is_handshake(event) && event.state_id.as_str() == own) {
            asked.reload();
        }
    });
    move || asked.value.get().flatten().map(|view| said(&view))
}

fn said(view: &HandshakeView) -> impl IntoView + use<> {
    let words = format!(
        "How {} made way",
        number::counted(view.handshake.runs.len() as u64, "live run", "live runs")
    );
    let href = address::handshake(&view.handshake.handshake);
    view! {
        <div class="foot told" aria-live="polite">
            <a class="row" href=href><Pic icon=Icon::Pause size=14/>{words}</a>
            <span>{about(view)}</span>
        </div>
    }
}
