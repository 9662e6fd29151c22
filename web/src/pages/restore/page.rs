//! The plan on the screen: target and scope on top, states at the left, what will happen at the right.

use leptos::prelude::*;

use super::aside::Aside;
use super::banner::Banner;
use super::earlier::Earlier;
use super::list::PlanList;
use super::planning::Planning;
use super::scope::ScopeBox;
use super::target::TargetBox;
use crate::api::ApiError;
use crate::live::live;
use crate::model::number;
use crate::parts::{CopyLink, Empty, Icon, Notice, NoticeKind, Pic};
use crate::shell::{clock, keys, narrow};

/// The page.
#[component]
pub(crate) fn Restore() -> impl IntoView {
    let planning = Planning::new();
    provide_context(planning);
    let chosen = Memo::new(move |_| planning.ask.with(|ask| ask.target.is_some()));
    let hash = move || {
        let plan = planning.confirmed.get().or_else(|| planning.plan.get())?;
        let ends = (plan.plan.get(..4)?, plan.plan.get(60..)?);
        Some(format!("plan {}…{}, at seq {}", ends.0, ends.1, number::count(plan.seq.0)))
    };
    let narrow = narrow();
    // On a narrow screen target and scope are a card until somebody wants to change them.
    let changing = RwSignal::new(false);
    let folded = Memo::new(move |_| narrow.get() && chosen.get() && !changing.get());
    keys().on_key(move |key| {
        key == "Escape" && changing.try_update(|c| std::mem::replace(c, false)) == Some(true)
    });
    view! {
        <div class="page restore-page">
            <div class="page-head">
                <h1>"Restore plan"</h1>
                <span class="about">"nothing is written until you press the button"</span>
                <div class="acts">
                    <span class="mono ink2 plan-hash">{hash}</span>
                    <CopyLink/>
                </div>
            </div>
            <Show
                when=move || !folded.get()
                fallback=move || view! { <Summary planning change=Callback::new(move |()| changing.set(true))/> }
            >
                <section class="panel asked" aria-label="Target and scope">
                    <TargetBox planning/>
                    <ScopeBox planning/>
                </section>
            </Show>
            <Show when=move || chosen.get() fallback=|| view! { <NoTarget/> }>
                <Banner planning/>
                <PlanFault planning/>
                <div class="plan-body"><PlanList planning/><Aside planning/></div>
            </Show>
        </div>
    }
}

/// Target and scope in a few words.
#[component]
fn Summary(planning: Planning, change: Callback<()>) -> impl IntoView {
    let clock = clock();
    let target = move || super::target::words(planning);
    let when = move || super::target::resolved(planning, clock.now.get());
    let scope = move || planning.ask.with(|ask| super::scope::words(&ask.scope));
    view! {
        <section class="panel asked-card">
            <div class="row">
                <Pic icon=Icon::Snapshot/><b class="mono cut grow">{target}</b>
                <button class="link" on:click=move |_| change.run(())>"Change"</button>
            </div>
            <div class="ink2">{move || when().map(|(seq, age)| format!("{seq}, {age}"))}</div>
            <div class="ink2">{scope}</div>
        </section>
    }
}

/// Before a target is chosen.
#[component]
fn NoTarget() -> impl IntoView {
    view! {
        <section class="panel">
            <Empty icon=Icon::Restore head="Choose where to go back to">
                "A version, a time, a snapshot or a seq: every moment of the store can be restored. Looking at a plan writes nothing."
            </Empty>
        </section>
        <Earlier/>
    }
}

/// Why there is no plan.
#[component]
fn PlanFault(planning: Planning) -> impl IntoView {
    let live = live();
    // Asked again as soon as the server is back.
    Effect::new(move |first: Option<()>| {
        live.back.track();
        if first.is_some() && planning.fault.with_untracked(|f| f.as_ref().is_some_and(ApiError::passes)) {
            planning.again();
        }
    });
    move || {
        planning.fault.get().filter(|error| !error.needs_key()).map(|error| {
            let shown = planning.plan.with(Option::is_some);
            let old = if shown { "The plan on the screen is not confirmed. " } else { "" };
            let (head, rest) = error.of_read();
            view! {
                <Notice kind=NoticeKind::Error head>
                    {rest}" "{old}
                    <button class="link" on:click=move |_| planning.again()>"Try again"</button>
                </Notice>
            }
        })
    }
}
