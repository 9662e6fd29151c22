//! The field and the chips. All of them live in the address.

use leptos::prelude::*;
use stateloft_core::api::TypeCount;

use super::Ctx;
use super::strip::count_words;
use crate::model::activity::KINDS;
use crate::model::number;
use crate::model::type_marks::marked;
use crate::parts::{FilterChip, Icon, Menu, SearchField, SlipMark};
use crate::shell::{desk, router};

/// The row of filters.
#[component]
pub(super) fn Filters(ctx: Ctx) -> impl IntoView {
    let (router, desk) = (router(), desk());
    let types = Signal::derive(move || {
        let all =
            desk.overview.value.with(|day| day.as_ref().map(|day| day.types.clone()).unwrap_or_default());
        let choice =
            |(kind, slip): (TypeCount, _)| Choice { value: kind.state_type, count: kind.versions, slip };
        marked(all).into_iter().map(choice).collect::<Vec<_>>()
    });
    let authors = Signal::derive(move || {
        let all =
            desk.overview.value.with(|day| day.as_ref().map(|day| day.authors.clone()).unwrap_or_default());
        let known = all.into_iter().filter_map(|author| Some((author.author?, author.count)));
        known.map(|(value, count)| Choice { value, count, slip: None }).collect::<Vec<_>>()
    });
    let kinds = Signal::derive(move || {
        KINDS.map(|kind| Choice { value: kind.as_str().to_owned(), count: 0, slip: None }).to_vec()
    });
    let invalid = Signal::derive(move || router.param("invalid").is_some());
    view! {
        <div class="filters">
            <SearchField
                hint="path:/stop_loss  author:bot  type:position  or words"
                label="Words: path:, author:, type:, or part of an id or reason"
                tip="path: looks at the first changed path,\nplain words at ids and reasons"
            />
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

/// One box of a menu.
#[derive(Clone)]
struct Choice {
    value: String,
    /// How many versions have it; 0 when they are not counted.
    count: u64,
    /// What was most likely meant by it, when it looks like a slip of the finger.
    slip: Option<String>,
}

/// A menu of boxes for one parameter that holds several values.
#[component]
fn ListMenu(name: &'static str, all: Signal<Vec<Choice>>) -> impl IntoView {
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
            {move || all.get().into_iter().map(|Choice { value, count, slip }| {
                let (mine, shown) = (value.clone(), value.clone());
                view! {
                    <label>
                        <input
                            class="check" type="checkbox"
                            prop:checked=move || chosen.with(|chosen| chosen.contains(&mine))
                            on:change=move |_| toggle(&value)
                        />
                        {shown}
                        <SlipMark slip/>
                        {(count > 0).then(|| view! { <span class="n">{number::count(count)}</span> })}
                    </label>
                }
            }).collect_view()}
        </Menu>
    }
}
