//! One state: its history, and what a version changed.

#![allow(clippy::large_types_passed_by_value, reason = "a view is a bundle of handles, made to be copied")]

mod broken;
mod changes_panel;
mod density;
mod header;
mod history;
mod menu;
mod over_time;
mod rail;
mod stepper;
mod view;

use leptos::prelude::*;
use stateloft_core::api::Code;
use stateloft_core::model::{Operation, StateKey};

pub(crate) use broken::{BrokenNote, broken_since, right_one};
pub(crate) use header::plan_of;
pub(crate) use history::{Reader, Stretch, Versions};
pub(crate) use over_time::path_over_time;
use view::View;

use super::waiting::Waiting;
use crate::model::address::Query;
use crate::pages::compare::Side;
use crate::parts::{Empty, Icon, theirs};
use crate::shell::{narrow, router};

/// The page.
#[component]
pub(crate) fn State() -> impl IntoView {
    let router = router();
    let key = Memo::new(move |_| router.query.with(key_of));
    move || match key.get() {
        Some(key) => view! { <Known key/> }.into_any(),
        None => view! {
            <div class="page">
                <Empty icon=Icon::States head="This address names no state">
                    <a href="/view/states">"Choose one from the list"</a>
                </Empty>
            </div>
        }
        .into_any(),
    }
}

/// The state that an address names.
pub(crate) fn key_of(query: &Query) -> Option<StateKey> {
    StateKey::new(query.get("type")?, query.get("id")?).ok()
}

#[component]
fn Known(key: StateKey) -> impl IntoView {
    let view = View::new(key);
    let narrow = narrow();
    view::listen(view);
    let unknown = move || {
        view.all.versions.fault.with(|f| f.as_ref().and_then(|f| f.error.code())) == Some(Code::StateNotFound)
    };
    let tombstone = move || {
        let head: Option<Side> = view.head.get().filter(|head| head.operation == Operation::Delete);
        head.map(|head| view! { <menu::Tombstone view head/> })
    };
    view! {
        <Show when=move || !unknown() fallback=move || view! { <Unknown view/> }>
            <div class="page state-page">
                <header::Header view/>
                <Waiting of=view.key.get_value()/>
                {tombstone}
                <div class="state-body">
                    <Show when=move || narrow.get() fallback=move || view! { <rail::HistoryRail view/> }>
                        <stepper::Stepper view/>
                    </Show>
                    <div class="state-main">
                        <changes_panel::ChangesPanel view/>
                        <over_time::OverTime view/>
                    </div>
                </div>
            </div>
        </Show>
    }
}

#[component]
fn Unknown(view: View) -> impl IntoView {
    let key = view.key.get_value();
    view! {
        <div class="page">
            <Empty icon=Icon::States head="There is no such state">
                <p class="mono">{key.state_type.to_string()}" "{theirs(key.state_id.as_str())}</p>
                <p>"It was never saved to this store."</p>
                <Waiting of=key/>
                <a href="/view/states">"See which states there are"</a>
            </Empty>
        </div>
    }
}
