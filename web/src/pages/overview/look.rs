//! What needs a look: states that break rules, authors that have gone quiet.

use leptos::prelude::*;
use stateloft_core::model::StateKey;

use crate::api;
use crate::live::{live, remote};
use crate::model::address::{self, Query};
use crate::model::inbox::Event;
use crate::model::listing::{Filter, Listing};
use crate::model::{age, number, quiet};
use crate::parts::{Empty, FaultNote, Icon, Pic, Stand, age_of, theirs};
use crate::shell::{clock, desk};

const SHOWN: usize = 6;

/// The panel.
#[component]
pub(crate) fn NeedsALook() -> impl IntoView {
    let (desk, clock, live) = (desk(), clock(), live());
    let filter = Filter { validity: Some("invalid".to_owned()), ..Filter::default() };
    let asked = filter.to_api().with("limit", Some("20"));
    let invalid = remote(
        move || Some(asked.clone()),
        |query: Query| async move { api::states(&query).await.map(Listing::of) },
    );
    invalid.follow(
        |list| list.seq.0,
        move |list, events| {
            for event in events {
                list.take(&filter, event);
            }
        },
    );
    let silent = Memo::new(move |_| {
        // Every 10 seconds is soon enough.
        let now = live.seen();
        let now = stateloft_core::model::Timestamp::from_micros(now.micros() / 10_000_000 * 10_000_000);
        desk.overview.value.with(|day| day.as_ref().map(|day| quiet::quiet(day, now)).unwrap_or_default())
    });
    let total = move || invalid.value.with(|list| list.as_ref().map_or(0, |list| list.total));
    let known = move || invalid.value.with(Option::is_some) && desk.overview.value.with(Option::is_some);
    let summary = move || {
        if !known() {
            return "no data".to_owned();
        }
        let (invalid, quiet) = (total(), silent.with(Vec::len));
        let parts = [
            (invalid > 0).then(|| format!("{} invalid", number::count(invalid))),
            (quiet > 0).then(|| format!("{quiet} quiet")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    let stand = Stand::new(|| false);
    let rows = stand.steady(
        move || {
            invalid.value.with(|list| {
                list.as_ref().map(|list| list.rows.iter().take(SHOWN).cloned().collect()).unwrap_or_default()
            })
        },
        |row: &Event| (row.state_type.clone(), row.state_id.clone()),
    );
    let more = move || total().saturating_sub(SHOWN as u64);
    let nothing = move || known() && total() == 0 && silent.with(Vec::is_empty);
    let now = move || !live.contact.get().is_stale();
    view! {
        <section class="panel look" aria-labelledby="look">
            <div class="head">
                <Show when=move || !nothing()><span class="c-warn"><Pic icon=Icon::Warn/></span></Show>
                <h2 id="look">"Needs a look"</h2>
                <span class="end">{summary}</span>
            </div>
            <FaultNote remote=invalid/>
            <div class="body" {..stand.held()}>
                <For each=move || rows.get() key=|event: &Event| event.seq let:event>
                    {
                        let key = StateKey { state_type: event.state_type.clone(), state_id: event.state_id.clone() };
                        let first = event.verdict.violations().first().cloned();
                        view! {
                            <a class="look-row" href=address::version(&key, event.version.0)>
                                <span class="row">
                                    <span class="id mono cut">{theirs(event.state_id.as_str())}</span>
                                    <span class="note">{event.state_type.to_string()}</span>
                                    <span class="note end">{format!("v{}, ", event.version)}{age_of(&event)}</span>
                                </span>
                                {first.map(|violation| view! {
                                    <span class="why"><span class="mono c-warn">{theirs(&violation.pointer)}</span>" "{theirs(&violation.message)}</span>
                                })}
                            </a>
                        }
                    }
                </For>
                <Show when=move || { more() > 0 }>
                    <a class="look-row more-row" href="/view/states?validity=invalid">
                        {move || format!("{} more", number::count(more()))}
                    </a>
                </Show>
                {move || silent.get().into_iter().map(|quiet| {
                    let author = quiet.author.clone();
                    let href = format!("/view/activity{}", Query::default().with("author", author.as_deref()));
                    view! {
                        <a class="look-row" href=href>
                            <span class="row">
                                <span class="id mono cut">{author.unwrap_or_else(|| "no author".to_owned())}</span>
                                <span class="note">"author"</span>
                                <span class="note end">{format!("last save {}", age::moment(quiet.last_at, clock.read()))}</span>
                            </span>
                            <span class="why">{quiet.sentence()}</span>
                        </a>
                    }
                }).collect_view()}
                <Show when=nothing>
                    <Empty icon=Icon::Check head=Signal::derive(move || if now() { "Nothing needs a look" } else { "Nothing needed a look" }.to_owned())>
                        "Every state keeps its rules, every author its rhythm."
                    </Empty>
                </Show>
            </div>
        </section>
    }
}
