//! Taking a snapshot.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{CreateSnapshot, SnapshotView};
use stateloft_core::model::SnapshotId;

use crate::api;
use crate::live::live;
use crate::model::found;
use crate::model::found::Hand;
use crate::model::hidden::told;
use crate::parts::{Ask, Author, AuthorField, ReasonField, Writing};
use crate::shell::{clock, router, toasts};

/// Asks for a name and a description. The address says that it is open: `?new=1`.
#[component]
pub(super) fn TakeDialog() -> impl IntoView {
    let (router, toasts, live) = (router(), toasts(), live());
    let open = RwSignal::new(true);
    let today: String = clock().read().to_string().chars().take(10).collect();
    let name = RwSignal::new(format!("eod-{today}"));
    let why = RwSignal::new(String::new());
    let author = Author::remembered();
    let writing = Writing::new();
    let wrong = Memo::new(move |_| SnapshotId::new(name.get().trim()).err().map(|_| NAME_RULE));
    Effect::new(move || {
        if !open.get() {
            router.set(&[("new", None)]);
        }
    });
    let act = move |()| {
        let Ok(snapshot_id) = SnapshotId::new(name.get_untracked().trim()) else { return };
        let description = why.get_untracked().trim().to_owned();
        let description = (!description.is_empty()).then_some(description);
        let hand = (author.value(), Some(description.clone().unwrap_or_default()));
        let id = snapshot_id.to_string();
        let request = CreateSnapshot { snapshot_id, description, user_id: hand.0.clone(), seq: None };
        let send = async move {
            let made = api::send::<SnapshotView>(Method::POST, "/snapshots", Some(&request)).await?;
            open.try_set(false);
            toasts.done(
                format!("Took {}.", told(made.snapshot_id.as_str())),
                format!("It names seq {}.", made.seq),
            );
            Ok(())
        };
        let look = move |hand: Hand| {
            let named = super::named(id.clone());
            Box::pin(async move { Ok(found::snapshot(named.await?.as_ref(), &hand)) }) as _
        };
        writing.run(hand, send, look, move || {
            open.try_set(false);
            live.lists.update(|lists| *lists += 1);
        });
    };
    view! {
        <Ask
            open title="Take a snapshot" confirm=Signal::derive(move || format!("Take {}", told(name.get().trim())))
            wrong=Signal::derive(move || wrong.get().is_some()) writing act=Callback::new(act)
        >
            <label class="labelled">
                <span>"Name"</span>
                <input
                    class="field mono" name="snapshot_id" autocomplete="off" spellcheck="false"
                    class:broken=move || wrong.get().is_some() prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))
                />
            </label>
            {move || wrong.get().map(|rule| view! { <p class="c-warn">{rule}</p> })}
            <ReasonField reason=why words="Description"/>
            <AuthorField author/>
        </Ask>
    }
}

const NAME_RULE: &str = "A name has 1 to 512 bytes and no control characters.";
