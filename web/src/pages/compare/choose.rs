//! Compare without a state: which one?

use leptos::prelude::*;
use stateloft_core::api::StateSummary;
use stateloft_core::model::StateKey;

use crate::api;
use crate::live::remote;
use crate::model::address::Query;
use crate::parts::{Empty, FaultNote, Icon, Pic, age_of, theirs};
use crate::shell::router;

/// States offered.
const OFFERED: &str = "50";

/// The picker.
#[component]
pub(super) fn Choose() -> impl IntoView {
    let router = router();
    let query = Memo::new(move |_| router.param("q").unwrap_or_default());
    let found = remote(
        move || Some(query.get()),
        |text: String| async move {
            let query = Query::default().with("limit", Some(OFFERED)).with("deleted", Some("include"));
            api::states(&query.with("q", Some(&text))).await
        },
    );
    let states =
        move || found.value.with(|list| list.as_ref().map(|list| list.states.clone()).unwrap_or_default());
    let none = move || found.value.with(|list| list.as_ref().is_some_and(|list| list.states.is_empty()));
    view! {
        <div class="page">
            <div class="page-head"><h1>"Compare"</h1><span class="about">"Choose a state; then any two of its versions."</span></div>
            <div class="filters">
                <div class="search">
                    <Pic icon=Icon::Search/>
                    <input
                        class="field" type="search" placeholder="id, type or text in the data" autofocus
                        aria-label="Find a state to compare" prop:value=move || query.get()
                        on:input=move |event| router.adjust(&[("q", Some(&event_target_value(&event)))])
                    />
                </div>
            </div>
            <section class="panel grow">
                <FaultNote remote=found/>
                <Show when=none>
                    <Empty icon=Icon::Search head="No state matches">
                        <button class="link" on:click=move |_| router.adjust(&[("q", None)])>"Show all states"</button>
                    </Empty>
                </Show>
                <div class="body">
                    <For each=states key=|state| state.version.version_id.clone() let:state><Offer state/></For>
                </div>
            </section>
        </div>
    }
}

#[component]
fn Offer(state: StateSummary) -> impl IntoView {
    let version = state.version;
    let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
    let query = Query::default().with("type", Some(key.state_type.as_str()));
    let href = format!("/view/compare{}", query.with("id", Some(key.state_id.as_str())));
    view! {
        <a class="trow cells offer" href=href>
            <span>{key.state_type.to_string()}</span>
            <span class="id">{theirs(key.state_id.as_str())}</span>
            <span class="mono num">{format!("v{}", version.version)}</span>
            <span class="num">{age_of(&version)}</span>
        </a>
    }
}
