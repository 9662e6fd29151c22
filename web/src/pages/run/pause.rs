//! Asking a run to pause, without a restore, and letting it go on.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{HandshakeList, HandshakeStatus, HandshakeView, PauseRun, StopHandshake};

use crate::api::{self, ApiError};
use crate::live::{live, remote};
use crate::model::address::{self, Query, encode_segment};
use crate::model::found::{Found, Hand};
use crate::model::hidden::told;
use crate::pages::handshake::is_handshake;
use crate::parts::{Ask, Author, AuthorField, Icon, Pic, ReasonField, WriteNote, Writing};
use crate::shell::router;

/// The last handshake in which a run was asked something.
async fn last(run: &str) -> Result<Option<HandshakeView>, ApiError> {
    let query = Query::default().with("run_id", Some(run)).with("limit", Some("1"));
    let list: HandshakeList = api::get(&format!("/handshakes{query}")).await?;
    Ok(list.handshakes.into_iter().next())
}

/// That a run is asked to pause, or has; and the button that lets it go on, where an operator asked.
#[component]
pub(super) fn Paused(id: String) -> impl IntoView {
    let asked = id.clone();
    let found = remote(move || Some(asked.clone()), |id: String| async move { last(&id).await });
    live().on_events(move |events| {
        if events.iter().any(is_handshake) {
            found.reload();
        }
    });
    let writing = Writing::of("let go on");
    let open = Memo::new(move |_| {
        let view = found.value.get().flatten()?;
        view.handshake.status.is_open().then_some(view.handshake)
    });
    move || {
        open.get().map(|handshake| {
            let words = match (handshake.status, handshake.is_only_a_pause()) {
                (HandshakeStatus::Paused, _) => "paused",
                (_, true) => "asked to pause",
                (_, false) => "asked to make way",
            };
            let href = address::handshake(&handshake.handshake);
            let path = format!("/handshakes/{}", encode_segment(&handshake.handshake));
            let press = move |_| {
                let hand = (Author::stored(), None);
                let body = StopHandshake { reason: None, user_id: hand.0.clone() };
                let (stop, look) = (format!("{path}/stop"), path.clone());
                let send = async move {
                    api::send::<HandshakeView>(Method::POST, &stop, Some(&body)).await?;
                    found.reload();
                    Ok(())
                };
                let look = move |_: Hand| {
                    let look = look.clone();
                    Box::pin(async move {
                        let view = api::get::<HandshakeView>(&look).await?;
                        Ok(if view.handshake.status.is_open() {
                            Found::NotYet("it still stands still".to_owned())
                        } else {
                            Found::There("It may go on.".to_owned())
                        })
                    }) as _
                };
                writing.run(hand, send, look, move || found.reload());
            };
            let only = handshake.is_only_a_pause();
            view! {
                <a class="chip warn" href=href><Pic icon=Icon::Pause size=14/>{words}</a>
                {only.then(|| view! {
                    <button class="btn" disabled=move || writing.busy.get() on:click=press>"Let it go on"</button>
                })}
                <WriteNote writing/>
            }
        })
    }
}

/// Asks it, with the reason, and goes to what becomes of that.
#[component]
pub(super) fn PauseDialog(id: String, open: RwSignal<bool>) -> impl IntoView {
    let router = router();
    let reason = RwSignal::new(String::new());
    let author = Author::remembered();
    let writing = Writing::of("asked");
    let title = format!("Ask {} to pause?", told(&id));
    let act = move |()| {
        let why = reason.get_untracked().trim().to_owned();
        let hand = (author.value(), Some(why.clone()));
        let body = PauseRun { reason: why, user_id: hand.0.clone(), wait_seconds: None };
        let path = super::path(&id, "/pause");
        let send = async move {
            let view: HandshakeView = api::send(Method::POST, &path, Some(&body)).await?;
            open.try_set(false);
            router.go(&address::handshake(&view.handshake.handshake));
            Ok(())
        };
        let there = StoredValue::new(None::<String>);
        let own = id.clone();
        let look = move |hand: Hand| {
            let own = own.clone();
            Box::pin(async move {
                let of_hand = |view: &HandshakeView| {
                    let handshake = &view.handshake;
                    hand.wrote(handshake.user_id.as_deref(), Some(&handshake.reason), handshake.asked_at)
                };
                let id = last(&own).await?.filter(of_hand).map(|view| view.handshake.handshake);
                let known = id.is_some();
                there.try_set_value(id);
                Ok(if known {
                    Found::There("It is asked.".to_owned())
                } else {
                    Found::NotYet("it has not been asked".to_owned())
                })
            }) as _
        };
        writing.run(hand, send, look, move || {
            if let Some(id) = there.try_get_value().flatten() {
                open.try_set(false);
                router.go(&address::handshake(&id));
            }
        });
    };
    let wrong = Signal::derive(move || reason.with(|reason| reason.trim().is_empty()));
    view! {
        <Ask open title=title confirm="Ask it to pause" wrong writing act=Callback::new(act)>
            <p>"It is told to finish and save what is under way, and to say so. From its word on whatever it saves is refused (run_paused) until you let it go on; its orders at the broker stay as they are."</p>
            <p class="note">"It has 10 s to answer. A program that does not listen to this goes on, and you are told that it gave no word."</p>
            <ReasonField reason words="Why; the program is told" required=true/>
            <AuthorField author/>
        </Ask>
    }
}
