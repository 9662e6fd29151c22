//! The field and the chips. All of them live in the address.

use std::time::Duration;

use leptos::html;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use super::Ctx;
use super::strip::count_words;
use crate::model::activity::KINDS;
use crate::model::number;
use crate::parts::{FilterChip, Icon, Menu, Pic};
use crate::shell::{desk, router};

/// Typing rests for so long before the feed is filtered.
const REST: Duration = Duration::from_millis(200);

/// The row of filters.
#[component]
pub(super) fn Filters(ctx: Ctx) -> impl IntoView {
    let (router, desk) = (router(), desk());
    let types = Signal::derive(move || {
        let all =
            desk.overview.value.with(|day| day.as_ref().map(|day| day.types.clone()).unwrap_or_default());
        all.into_iter().map(|kind| (kind.state_type, kind.versions)).collect::<Vec<_>>()
    });
    let authors = Signal::derive(move || {
        let all =
            desk.overview.value.with(|day| day.as_ref().map(|day| day.authors.clone()).unwrap_or_default());
        all.into_iter().filter_map(|author| Some((author.author?, author.count))).collect::<Vec<_>>()
    });
    let kinds = Signal::derive(move || KINDS.map(|kind| (kind.as_str().to_owned(), 0)).to_vec());
    let invalid = Signal::derive(move || router.param("invalid").is_some());
    view! {
        <div class="filters">
            <WordsField/>
            <div class="chips">
                <ListMenu name="type" all=types/>
                <ListMenu name="author" all=authors/>
                <ListMenu name="kind" all=kinds/>
                <FilterChip
                    on=invalid icon=Icon::Warn
                    press=Callback::new(move |()| router.set(&[("invalid", (!invalid.get_untracked()).then_some("1"))]))
                >"invalid only"</FilterChip>
                <FilterChip
                    on=Signal::derive(move || !ctx.folded.get())
                    press=Callback::new(move |()| router.set(&[("fold", ctx.folded.get_untracked().then_some("off"))]))
                >"bursts unfolded"</FilterChip>
            </div>
            <span class="about">{move || count_words(ctx)}</span>
        </div>
    }
}

/// A menu of boxes for one parameter that holds several values.
#[component]
fn ListMenu(name: &'static str, all: Signal<Vec<(String, u64)>>) -> impl IntoView {
    let router = router();
    let chosen = Memo::new(move |_| {
        let text = router.param(name).unwrap_or_default();
        text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    });
    let words = Signal::derive(move || {
        chosen.with(|chosen| match chosen.len() {
            0 => name.to_owned(),
            1..=3 => format!("{name}: {}", chosen.join(", ")),
            many => format!("{name}: any of {many}"),
        })
    });
    let button = Signal::derive(move || {
        chosen.with(|chosen| if chosen.is_empty() { "filter" } else { "filter on" }).to_owned()
    });
    let toggle = move |value: &str| {
        let mut values = chosen.get_untracked();
        match values.iter().position(|known| known == value) {
            Some(at) => {
                values.remove(at);
            }
            None => values.push(value.to_owned()),
        }
        router.set(&[(name, Some(&values.join(",")))]);
    };
    view! {
        <Menu words button>
            <Show when=move || !chosen.with(Vec::is_empty)>
                <button on:click=move |_| router.set(&[(name, None)])>{format!("Any {name}")}</button>
                <div class="sep"></div>
            </Show>
            {move || all.get().into_iter().map(|(value, count)| {
                let (mine, shown) = (value.clone(), value.clone());
                view! {
                    <label>
                        <input
                            class="check" type="checkbox"
                            prop:checked=move || chosen.with(|chosen| chosen.contains(&mine))
                            on:change=move |_| toggle(&value)
                        />
                        {shown}
                        {(count > 0).then(|| view! { <span class="n">{number::count(count)}</span> })}
                    </label>
                }
            }).collect_view()}
        </Menu>
    }
}

#[component]
fn WordsField() -> impl IntoView {
    let router = router();
    let field = NodeRef::<html::Input>::new();
    let timer = StoredValue::new(None::<TimeoutHandle>);
    // Back and forward change the field too.
    Effect::new(move || {
        let asked = router.param("q").unwrap_or_default();
        if let Some(input) = field.get()
            && input.value().trim() != asked
        {
            input.set_value(&asked);
        }
    });
    let typed = move |_| {
        if let Some(timer) = timer.get_value() {
            timer.clear();
        }
        let read = move || {
            if let Some(input) = field.try_get_untracked().flatten() {
                router.adjust(&[("q", Some(input.value().trim()))]);
            }
        };
        timer.set_value(set_timeout_with_handle(read, REST).ok());
    };
    on_cleanup(move || {
        if let Some(Some(timer)) = timer.try_get_value() {
            timer.clear();
        }
    });
    view! {
        <div class="search">
            <Pic icon=Icon::Search/>
            <input
                class="field mono" type="search" node_ref=field autocomplete="off" spellcheck="false"
                placeholder="path:/stop_loss  author:bot  type:position  or words"
                aria-label="Words: path:, author:, type:, or part of an id or reason" on:input=typed
                data-tip="path: looks at the first changed path,\nplain words at ids and reasons"
            />
        </div>
    }
}
