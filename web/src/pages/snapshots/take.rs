//! Taking a snapshot.

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use statehouse_core::api::{CreateSnapshot, SnapshotView};
use statehouse_core::model::SnapshotId;

use crate::api::{self, ApiError};
use crate::parts::{Ask, Author, AuthorField, ReasonField};
use crate::shell::{clock, router, toasts};

/// Asks for a name and a description. The address says that it is open: `?new=1`.
#[component]
pub(super) fn TakeDialog() -> impl IntoView {
    let (router, toasts) = (router(), toasts());
    let open = RwSignal::new(true);
    let today: String = clock().read().to_string().chars().take(10).collect();
    let name = RwSignal::new(format!("eod-{today}"));
    let why = RwSignal::new(String::new());
    let author = Author::remembered();
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
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
        let request = CreateSnapshot { snapshot_id, description, user_id: author.value() };
        busy.set(true);
        spawn_local(async move {
            let made = api::send::<SnapshotView>(Method::POST, "/snapshots", Some(&request)).await;
            busy.try_set(false);
            match made {
                Ok(made) => {
                    open.try_set(false);
                    let moment = format!("It names seq {}.", made.seq);
                    toasts.done(format!("Took {}.", made.snapshot_id), moment);
                }
                Err(error) => {
                    fault.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <Ask
            open title="Take a snapshot" confirm=Signal::derive(move || format!("Take {}", name.get().trim()))
            busy=Signal::derive(move || busy.get() || wrong.get().is_some()) fault act=Callback::new(act)
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
