//! Which states a plan is about: by the beginning of their ids, by type, or by name.

use leptos::html;
use leptos::prelude::*;
use stateloft_core::api::{Scope, TypeCount};

use super::planning::Planning;
use crate::model::hidden::told;
use crate::model::number;
use crate::model::plan_address::{self, Ask, state_named};
use crate::model::type_marks::marked;
use crate::parts::{Icon, Menu, Pic, SlipMark};
use crate::shell::{desk, router};

/// Chosen states shown by name.
const NAMED: usize = 3;

/// The scope in few words.
pub(super) fn words(scope: &Scope) -> String {
    let mut parts = Vec::new();
    if let Some(prefix) = &scope.prefix {
        parts.push(format!("id starts with {}", told(prefix)));
    }
    if !scope.types.is_empty() {
        parts.push(scope.types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "));
    }
    match scope.states.as_slice() {
        [] => {}
        [key] => parts.push(told(&key.to_string())),
        keys => parts.push(format!("{} chosen states", keys.len())),
    }
    if parts.is_empty() { "every state".to_owned() } else { parts.join(", ") }
}

/// The chips and the menu that adds one.
#[component]
pub(super) fn ScopeBox(planning: Planning) -> impl IntoView {
    let router = router();
    let change = Callback::new(move |scope: Scope| {
        let ask = Ask { scope, ..planning.ask.get_untracked() };
        router.go(&format!("/view/restore{}", plan_address::query(&ask)));
    });
    let count = move || {
        let plan = planning.plan.get()?;
        Some(number::counted(plan.counts.equal + plan.counts.written(), "state", "states"))
    };
    let chips = move || {
        let scope = planning.ask.with(|ask| ask.scope.clone());
        let every = scope == Scope::default();
        view! {
            {scope.prefix.clone().map(|prefix| {
                let without = Scope { prefix: None, ..scope.clone() };
                view! { <ScopeChip words=format!("id starts with {}", told(&prefix)) without change/> }
            })}
            {scope.types.iter().map(|name| {
                let types = scope.types.iter().filter(|other| *other != name).cloned().collect();
                let without = Scope { types, ..scope.clone() };
                view! { <ScopeChip words=format!("type {name}") without change/> }
            }).collect_view()}
            {if scope.states.len() > NAMED {
                let without = Scope { states: Vec::new(), ..scope.clone() };
                view! { <ScopeChip words=format!("{} chosen states", scope.states.len()) without change/> }.into_any()
            } else {
                scope.states.iter().map(|key| {
                    let states = scope.states.iter().filter(|other| *other != key).cloned().collect();
                    let without = Scope { states, ..scope.clone() };
                    view! { <ScopeChip words=key.to_string() without change/> }
                }).collect_view().into_any()
            }}
            {every.then(|| view! { <span class="ink2">"every state"</span> })}
        }
    };
    view! {
        <div class="asked-part scope">
            <span class="label">"Scope"</span>
            <div class="scope-box">
                {chips}
                <Menu words="Limit the scope" icon=Icon::Plus bare=true button="btn icon small" class="right">
                    <AddScope planning change/>
                </Menu>
                <span class="ink3">{count}</span>
            </div>
        </div>
    }
}

#[component]
fn ScopeChip(words: String, without: Scope, change: Callback<Scope>) -> impl IntoView {
    let label = format!("Without: {words}");
    view! {
        <span class="chip accent">
            <span class="cut">{words}</span>
            <button class="x" aria-label=label on:click=move |_| change.run(without.clone())><Pic icon=Icon::Close size=14/></button>
        </span>
    }
}

#[component]
fn AddScope(planning: Planning, change: Callback<Scope>) -> impl IntoView {
    let desk = desk();
    let field = NodeRef::<html::Input>::new();
    let scope = move || planning.ask.with_untracked(|ask| ask.scope.clone());
    let typed = move || {
        let input = field.get_untracked();
        let text = input.as_ref().map(|input| input.value().trim().to_owned()).unwrap_or_default();
        if let Some(input) = input {
            // The focus leaving closes the menu.
            let _ = input.blur();
        }
        text
    };
    let add = move || {
        let text = typed();
        if !text.is_empty() {
            change.run(Scope { prefix: Some(text), ..scope() });
        }
    };
    let add_state = move |_| {
        let mut scope = scope();
        if let Some(key) = state_named(&typed()).filter(|key| !scope.states.contains(key)) {
            scope.states.push(key);
            change.run(scope);
        }
    };
    let types =
        move || desk.overview.value.with(|day| day.as_ref().map(|day| day.types.clone()).unwrap_or_default());
    let has = move |name: &str| planning.ask.with(|ask| ask.scope.types.iter().any(|t| t.as_str() == name));
    let one = move |(kind, slip): (TypeCount, Option<String>)| {
        let name = kind.state_type;
        let add_type = {
            let name = name.clone();
            move |_| {
                let mut scope = scope();
                if let Ok(state_type) = stateloft_core::model::StateType::new(&name) {
                    scope.types.push(state_type);
                    change.run(scope);
                }
            }
        };
        view! { <button type="button" on:click=add_type>{format!("type {name}")}" "<SlipMark slip/></button> }
    };
    view! {
        <form class="pick-field" on:submit=move |event| { event.prevent_default(); add(); }>
            <input class="field" node_ref=field autocomplete="off" spellcheck="false"
                placeholder="EURUSD/ or type/id" aria-label="Beginning of the ids, or one state as type/id"/>
        </form>
        <button type="button" on:mousedown=|event| event.prevent_default() on:click=move |_| add()>"id starts with it"</button>
        <button type="button" on:mousedown=|event| event.prevent_default() on:click=add_state>"this one state (type/id)"</button>
        <div class="sep"></div>
        {move || marked(types()).into_iter().filter(|(kind, _)| !has(&kind.state_type)).map(one).collect_view()}
    }
}
