//! The field and the filters. All of them live in the address.

use leptos::prelude::*;
use stateloft_core::model::Timestamp;

use super::{Ctx, order_words};
use crate::model::hidden::told;
use crate::model::standing::Standing;
use crate::model::type_marks::marked;
use crate::model::{age, number};
use crate::parts::{FilterChip, Icon, Menu, SearchField, SlipMark};
use crate::shell::{clock, desk, router};

/// The row of filters.
#[component]
pub(super) fn Filters(ctx: Ctx) -> impl IntoView {
    view! {
        <div class="filters">
            <SearchField hint="id, type or text in the data" label="id, type or text in the data"/>
            <div class="chips">
                <TypeMenu ctx/>
                <SinceMenu ctx/>
                <Toggles ctx/>
                <AuthorMenu ctx/>
                <MoreMenu ctx/>
            </div>
            <span class="about wide-only">{move || order_words(ctx)}</span>
        </div>
    }
}

#[component]
fn TypeMenu(ctx: Ctx) -> impl IntoView {
    let (router, desk) = (router(), desk());
    let chosen = move || ctx.filter.with(|filter| filter.types.clone());
    let words = Signal::derive(move || match chosen().as_slice() {
        [] => "type".to_owned(),
        [one] => format!("type: {one}"),
        many => format!("type: any of {}", many.len()),
    });
    let button = Signal::derive(move || if chosen().is_empty() { "filter" } else { "filter on" }.to_owned());
    let all =
        move || desk.overview.value.with(|day| day.as_ref().map(|day| day.types.clone()).unwrap_or_default());
    let toggle = move |name: String| {
        let mut types = ctx.filter.with_untracked(|filter| filter.types.clone());
        match types.iter().position(|known| *known == name) {
            Some(at) => {
                types.remove(at);
            }
            None => types.push(name),
        }
        router.set(&[("type", Some(&types.join(",")))]);
    };
    view! {
        <Menu words button>
            <Show when=move || !chosen().is_empty()>
                <button on:click=move |_| router.set(&[("type", None)])>"Any type"</button>
                <div class="sep"></div>
            </Show>
            {move || marked(all()).into_iter().map(|(kind, slip)| {
                let name = kind.state_type.clone();
                let mine = name.clone();
                view! {
                    <label>
                        <input
                            class="check" type="checkbox"
                            prop:checked=move || ctx.filter.with(|filter| filter.types.contains(&mine))
                            on:change=move |_| toggle(name.clone())
                        />
                        {kind.state_type.clone()}
                        <SlipMark slip/>
                        <span class="n">{number::count(kind.live + kind.deleted)}</span>
                    </label>
                }
            }).collect_view()}
        </Menu>
    }
}

#[component]
fn SinceMenu(ctx: Ctx) -> impl IntoView {
    let (router, clock) = (router(), clock());
    let since = move || ctx.filter.with(|filter| filter.since);
    let set = move |hours: i64| {
        let from = clock.read().micros() - hours * 3_600_000_000;
        // To the second: an address that can be read.
        let text = Timestamp::from_micros(from / 1_000_000 * 1_000_000).to_string().replace(".000000", "");
        router.set(&[("since", Some(&text))]);
    };
    let words = move || since().map(|time| format!("changed since {}", age::moment(time, clock.now.get())));
    view! {
        <Show
            when=move || since().is_some()
            fallback=move || view! {
                <Menu words="changed since" button="filter">
                    {[(1, "1 hour ago"), (6, "6 hours ago"), (24, "24 hours ago"), (168, "7 days ago")].map(|(hours, words)| view! {
                        <button on:click=move |_| set(hours)>{words}</button>
                    }).collect_view()}
                </Menu>
            }
        >
            <FilterChip on=true press=Callback::new(move |()| router.set(&[("since", None)]))>{words}</FilterChip>
        </Show>
    }
}

#[component]
fn Toggles(ctx: Ctx) -> impl IntoView {
    let (router, desk) = (router(), desk());
    let count = move |pick: fn(&Standing) -> Option<u64>| {
        desk.status.value.with(|status| status.as_ref().and_then(pick).map(number::count))
    };
    let invalid =
        Signal::derive(move || ctx.filter.with(|filter| filter.validity.as_deref() == Some("invalid")));
    let deleted = Signal::derive(move || ctx.filter.with(|filter| filter.deleted.as_deref() == Some("only")));
    let toggle = move |name: &'static str, on: bool, value: &'static str| {
        router.set(&[(name, (!on).then_some(value))]);
    };
    view! {
        <FilterChip
            on=invalid icon=Icon::Warn
            press=Callback::new(move |()| toggle("validity", invalid.get_untracked(), "invalid"))
        >
            "invalid "{move || count(|status| status.states_invalid)}
        </FilterChip>
        <FilterChip
            on=deleted icon=Icon::Trash
            press=Callback::new(move |()| toggle("deleted", deleted.get_untracked(), "only"))
        >
            "deleted "{move || count(|status| status.states_deleted)}
        </FilterChip>
    }
}

#[component]
fn AuthorMenu(ctx: Ctx) -> impl IntoView {
    let (router, desk) = (router(), desk());
    let author = move || ctx.filter.with(|filter| filter.author.clone());
    let known = move || {
        let all =
            desk.overview.value.with(|day| day.as_ref().map(|day| day.authors.clone()).unwrap_or_default());
        all.into_iter().filter_map(|author| author.author.map(|name| (name, author.count)))
    };
    view! {
        <Show
            when=move || author().is_some()
            fallback=move || view! {
                <Menu words="author" button="filter">
                    {move || known().map(|(name, count)| {
                        let value = name.clone();
                        view! {
                            <button on:click=move |_| router.set(&[("author", Some(&value))])>
                                {name}<span class="n">{format!("{} in 24 h", number::count(count))}</span>
                            </button>
                        }
                    }).collect_view()}
                    <Show when=move || known().next().is_none()><span class="note">"Nobody wrote in the last 24 hours."</span></Show>
                </Menu>
            }
        >
            <FilterChip on=true press=Callback::new(move |()| router.set(&[("author", None)]))>
                {move || author().map(|name| format!("author: {}", told(&name)))}
            </FilterChip>
        </Show>
    }
}

/// Filters that are seldom wanted, and the order.
#[component]
fn MoreMenu(ctx: Ctx) -> impl IntoView {
    let router = router();
    let other = move || {
        ctx.filter.with(|filter| match (filter.validity.as_deref(), filter.deleted.as_deref()) {
            (Some("valid"), _) => Some(("validity", "valid")),
            (Some("not_checked"), _) => Some(("validity", "not checked")),
            (_, Some("include")) => Some(("deleted", "with deleted")),
            _ => None,
        })
    };
    view! {
        {move || other().map(|(name, words)| view! {
            <FilterChip on=true press=Callback::new(move |()| router.set(&[(name, None)]))>{words}</FilterChip>
        })}
        <Menu words="+ filter" button="filter plain-words">
            <button on:click=move |_| router.set(&[("validity", Some("valid"))])>"valid"</button>
            <button on:click=move |_| router.set(&[("validity", Some("not_checked"))])>"not checked"</button>
            <button on:click=move |_| router.set(&[("deleted", Some("include"))])>"live and deleted"</button>
            <div class="sep"></div>
            <button on:click=move |_| router.set(&[("sort", None)])>"Newest change first"</button>
            <button on:click=move |_| router.set(&[("sort", Some("id"))])>"By type and id"</button>
        </Menu>
    }
}
