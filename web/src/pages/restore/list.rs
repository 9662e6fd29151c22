//! The states of a plan.

use leptos::prelude::*;
use stateloft_core::api::Effect;

use super::change_line::{BrokenLine, ChangeLine, Foot};
use super::items::{EQUAL, Item, Only, items};
use super::looking::Row;
use super::planning::Planning;
use super::state_row::{StateRow, effect_words};
use crate::model::number;
use crate::model::restore::would_be;
use crate::pages::compare::Working;
use crate::parts::{Icon, Pic, VirtualList, age_of, theirs};
use crate::shell::{narrow, router};

/// The panel.
#[component]
pub(super) fn PlanList(planning: Planning) -> impl IntoView {
    let (router, narrow) = (router(), narrow());
    let only = Memo::new(move |_| router.param("show").as_deref().and_then(only_named));
    let rows = Memo::new_with_compare(move |_| items(planning, only.get()), |_, _| true);
    let reveal = Memo::new(move |_| {
        let cursor = planning.cursor.get()?;
        rows.with(|rows| rows.iter().position(|item| Row::of(item).as_ref() == Some(&cursor)))
    });
    planning.walk(rows, Memo::new(move |_| only.get() == Some(Only::Unseen)));
    let there = move || planning.plan.with(Option::is_some);
    let waiting = move || !there() && planning.fault.with(Option::is_none);
    view! {
        <section class="panel plan-list" aria-label="States">
            <div class="bar">
                <EffectChips planning only/>
                <span class="about">{move || ticked_words(planning)}<span class="by-keys">" · "<kbd class="kbd">"Space"</kbd>" seen"</span></span>
            </div>
            <Show when=waiting><Working words="Working out the plan" cancel=None/></Show>
            <VirtualList
                rows reveal=reveal scrolled=planning.scrolled jump=planning.jump key=Item::key height=Callback::new(move |item: Item| item.height(narrow.get()))
                row=move |item| item_row(planning, item)
            />
        </section>
    }
}

fn only_named(word: &str) -> Option<Only> {
    let mut effects =
        [Effect::Changed, Effect::Recreated, Effect::Deleted, Effect::Equal, Effect::Damaged].into_iter();
    let effect = effects.find(|effect| effect_words(*effect).1 == word).map(Only::With);
    effect.or_else(|| (word == UNSEEN).then_some(Only::Unseen))
}

/// How the address says that only what has not been looked at is shown.
const UNSEEN: &str = "unseen";

/// `11 of 13 paths ticked`, of all states that differ.
fn ticked_words(planning: Planning) -> Option<String> {
    let plan = planning.plan.get()?;
    let (ticked, all) = plan.states.iter().fold((0_u64, 0_u64), |(ticked, all), state| {
        (ticked + u64::from(planning.outcome(state).selected), all + u64::from(state.paths))
    });
    Some(format!("{} of {}", number::count(ticked), number::counted(all, "path ticked", "paths ticked")))
}

/// `~ 2 changed`: what the states would be if everything were ticked; filters.
#[component]
fn EffectChips(planning: Planning, only: Memo<Option<Only>>) -> impl IntoView {
    let router = router();
    let unseen = Memo::new(move |_| planning.lacking_in_all());
    let only_unseen = move || only.get() == Some(Only::Unseen);
    let show_unseen = move |_| {
        let on = only.get_untracked() == Some(Only::Unseen);
        router.set(&[("show", (!on).then_some(UNSEEN))]);
    };
    let count = move |effect: Option<Effect>| {
        let Some(plan) = planning.plan.get() else { return 0 };
        let all = plan.counts.equal + plan.counts.written() + plan.counts.damaged;
        let of = |wanted: Effect| {
            plan.states.iter().filter(|state| state.paths > 0 && would_be(state) == wanted).count() as u64
        };
        match effect {
            None => all,
            Some(Effect::Damaged) => plan.counts.damaged,
            Some(Effect::Equal) => {
                let differing = plan.states.iter().filter(|state| state.paths > 0).count() as u64;
                all - differing - plan.counts.damaged
            }
            Some(effect) => of(effect),
        }
    };
    let one = move |effect: Option<Effect>| {
        let class = move || {
            let on = if only.get() == effect.map(Only::With) { " on" } else { "" };
            let tone = match effect {
                Some(effect) if count(Some(effect)) > 0 => effect_words(effect).2,
                _ => "",
            };
            format!("filter count {tone}{on}")
        };
        let words = move || match effect {
            None => view! { <span>{format!("all {}", number::count(count(None)))}</span> }.into_any(),
            Some(effect) => {
                let (sign, word, _) = effect_words(effect);
                view! { <span>{format!("{sign} {}", number::count(count(Some(effect))))}<span class="word">{format!(" {word}")}</span></span> }
                .into_any()
            }
        };
        let press = move |_| {
            let value = effect
                .filter(|_| only.get_untracked() != effect.map(Only::With))
                .map(|effect| effect_words(effect).1);
            router.set(&[("show", value)]);
        };
        view! { <button class=class aria-pressed=move || (only.get() == effect.map(Only::With)).to_string() on:click=press>{words}</button> }
    };
    view! {
        {[None, Some(Effect::Changed), Some(Effect::Recreated), Some(Effect::Deleted), Some(Effect::Equal)].map(one).collect_view()}
        <Show when=move || { unseen.get() > 0 || only_unseen() }>
            <button class="filter count unseen" class:on=only_unseen aria-pressed=move || only_unseen().to_string() on:click=show_unseen>
                <Pic icon=Icon::Eye size=14/>
                <span>{move || number::count(unseen.get())}<span class="word">" not looked at"</span></span>
            </button>
        </Show>
    }
}

fn item_row(planning: Planning, item: Item) -> AnyView {
    match item {
        Item::State { plan, at, open } => {
            view! { <StateRow planning state=plan.states[at].clone() open/> }.into_any()
        }
        Item::Head { state } => {
            let state = state.state();
            let (old, new) =
                (format!("Now, v{}", state.now.version), format!("After, v{}", state.next_version));
            view! {
                <div class="thead change boxed plan-head">
                    <span></span><span></span><span>"Path"</span><span class="num">{old}</span><span></span>
                    <span class="num">{new}</span><span class="num">"Delta"</span><span class="num">"Percent"</span><span class="seen">"Seen"</span>
                </div>
            }
            .into_any()
        }
        Item::Change { state, diff, at, whole } => {
            view! { <ChangeLine planning key=state.state().key.clone() diff at whole/> }.into_any()
        }
        Item::Broken { state, violation } => {
            view! { <BrokenLine key=state.state().key.clone() violation/> }.into_any()
        }
        Item::Foot { state, diff } => {
            view! { <Foot planning key=state.state().key.clone() diff/> }.into_any()
        }
        Item::Working { state } => {
            let size = state.state().now.size + state.state().target.as_ref().map_or(0, |t| t.size);
            view! { <Working words=format!("Comparing {}", number::bytes(size as u64)) cancel=None/> }
                .into_any()
        }
        Item::Failed { state, failure } => {
            let name = stateloft_core::restore::selection_key(&state.state().key);
            view! {
                <div class="failed-line c-del" role="alert">
                    <span class="cut">{failure.sentence()}" "{failure.detail()}</span>" "
                    <button class="link" on:click=move |_| {
                        planning.details.forget(&name);
                        // Wanted again by what is unfolded.
                        planning.open.notify();
                    }>"Try again"</button>
                </div>
            }
            .into_any()
        }
        Item::Equal { count, types, open } => {
            let turn = move |_| planning.unfold(EQUAL);
            view! {
                <button class="equal-line" aria-expanded=open.to_string() on:click=turn>
                    <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/>
                    <span>{number::counted(count, "state equal to the target, not written", "states equal to the target, not written")}</span>
                    <span class="end ink2">{types}</span>
                </button>
            }
            .into_any()
        }
        Item::EqualState { plan, at } => {
            let state = plan.states[at].clone();
            view! {
                <a class="equal-state" href=crate::model::address::state(&state.key)>
                    <span class="mono strong cut">{theirs(state.key.state_id.as_str())}</span>
                    <span class="ink2">{state.key.state_type.to_string()}</span>
                    <span class="mono ink2">{format!("v{}", state.now.version)}</span>
                    <span class="ink3">{age_of(&state.now)}</span>
                </a>
            }
            .into_any()
        }
    }
}
