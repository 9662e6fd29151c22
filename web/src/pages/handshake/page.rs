//! The page.

use leptos::prelude::*;
use stateloft_core::api::{Code, HandshakeStatus, HandshakeView};

use super::aside::Aside;
use super::earlier::Earlier;
use super::grid::Grid;
use super::reading::Ctx;
use super::said::Said;
use crate::live::remote;
use crate::model::handshake::order::Order;
use crate::model::handshake::{about, standing};
use crate::model::hidden::told;
use crate::model::number;
use crate::model::restore::{counts_words, states_word};
use crate::pages::restore::place_of;
use crate::parts::{Chip, CopyLink, Empty, FaultNote, Icon, Pic, Tone};

/// One handshake.
#[component]
pub(crate) fn Handshake(id: String) -> impl IntoView {
    let ctx = Ctx::of(&id);
    let unknown = move || {
        ctx.view.fault.with(|fault| fault.as_ref().and_then(|fault| fault.error.code()))
            == Some(Code::HandshakeNotFound)
    };
    let known = Memo::new(move |_| ctx.view.value.with(Option::is_some));
    let purpose = ctx.memo(|view| view.handshake.purpose());
    let words = ctx.memo(about);
    let plan = ctx.memo(|view| {
        let plan = view.handshake.plan.as_ref()?;
        Some(format!("plan {}…{}", plan.get(..4)?, plan.get(60..)?))
    });
    let own = StoredValue::new(id.clone());
    view! {
        <div class="page handshake-page">
            <div class="page-head">
                <h1>{move || title(purpose.get().unwrap_or("restore"))}</h1>
                <span class="about" aria-live="polite">{move || words.get()}</span>
                <div class="acts"><span class="mono ink2 plan-hash">{move || plan.get().flatten()}</span><CopyLink/></div>
            </div>
            <Show
                when=move || !unknown()
                fallback=move || view! {
                    <section class="panel"><Empty icon=Icon::Pause head="There is no such handshake">"Its address may be cut short."</Empty></section>
                }
            >
                <FaultNote remote=ctx.view/>
                <Show when=move || known.get()>
                    <Card ctx/>
                    <div class="shake-body">
                        <div class="column"><Grid ctx/><Said ctx/></div>
                        <Aside ctx id=own.get_value()/>
                    </div>
                </Show>
            </Show>
            <Earlier but=id.clone()/>
        </div>
    }
}

/// All of them.
#[component]
pub(crate) fn Handshakes() -> impl IntoView {
    view! {
        <div class="page handshake-page">
            <div class="page-head">
                <h1>"Handshakes"</h1>
                <span class="about">"how live runs were asked to make way"</span>
                <div class="acts"><CopyLink/></div>
            </div>
            <Earlier/>
        </div>
    }
}

fn title(purpose: &str) -> &'static str {
    match purpose {
        "pause" => "Pause",
        "reconcile" => "Reconcile",
        _ => "Restore",
    }
}

fn runs_of(handshake: &stateloft_core::api::Handshake) -> Vec<String> {
    handshake.runs.iter().map(|run| run.run_id.clone()).collect()
}

/// Where what was reconciled is shown: its versions say that, and not the handshake.
#[component]
fn Reconciled(run: String, plan: String, handshake: String) -> impl IntoView {
    let place = remote(
        move || Some((run.clone(), plan.clone(), handshake.clone())),
        |(run, plan, handshake)| async move { place_of(&run, &plan, &handshake).await },
    );
    move || {
        let href = place.value.get().flatten()?;
        Some(view! { <a href=href>"What was written, and Undo"</a> })
    }
}

/// What is to be written, for whom, and how many have made way.
#[component]
fn Card(ctx: Ctx) -> impl IntoView {
    let href = Memo::new(move |_| ctx.order.with(|known| known.order().and_then(Order::plan_href)));
    let counts =
        Memo::new(move |_| ctx.order.with(|known| known.order().and_then(Order::counts).map(counts_words)));
    let view = ctx.memo(HandshakeView::clone);
    move || {
        let view = view.get()?;
        let handshake = &view.handshake;
        let effect = counts.get().map(|counts| format!(": {counts}")).unwrap_or_default();
        let only = handshake.is_only_a_pause();
        let head = match handshake.status {
            _ if only => format!("{} is asked to pause", crate::model::handshake::names(&runs_of(handshake))),
            HandshakeStatus::Asking => format!("{} to write{effect}", states_word(handshake.writes)),
            HandshakeStatus::Written => format!("{} written{effect}", states_word(handshake.writes)),
            _ => format!("Nothing was written of {}", states_word(handshake.writes)),
        };
        let by = handshake.user_id.as_deref().map(|name| format!(", by {}", told(name))).unwrap_or_default();
        let target = handshake.target.as_deref().map(|target| format!("to {}", told(target)));
        let reconciles = handshake
            .reconciles
            .as_deref()
            .map(|run| format!("what {} and its broker say is reconciled", told(run)));
        let target = target.or(reconciles).unwrap_or_else(|| "nothing is restored".to_owned());
        let facts = format!("{target}{by}. “{}”", told(&handshake.reason));
        let without = handshake
            .without_word
            .as_ref()
            .map(|word| format!("Without a word: “{}”, said by {}.", told(&word.reason), told(&word.by)));
        let asked = handshake.runs.len();
        let hold = number::counted(asked as u64, "live run held them", "live runs held them");
        let free = handshake.runs.iter().filter(|run| run.is_in()).count();
        let stand = standing(handshake).len();
        let state = match handshake.status {
            HandshakeStatus::Asking => Some(format!("{free} of {asked} out of the way")),
            HandshakeStatus::Paused => Some("it stands still".to_owned()),
            HandshakeStatus::Written if stand > 0 => Some(format!("{stand} of {asked} still to read")),
            _ => None,
        };
        let icon = if handshake.status == HandshakeStatus::Written { Icon::Check } else { Icon::Pause };
        let href = href.get().filter(|_| handshake.status != HandshakeStatus::Written);
        let is_written = handshake.status == HandshakeStatus::Written;
        let result = (is_written && handshake.reconciles.is_none()).then(|| {
            format!("/view/restore/{}", crate::model::address::encode_segment(&handshake.handshake))
        });
        let reconciled = handshake.reconciles.clone().zip(handshake.plan.clone()).filter(|_| is_written);
        let reconciled = reconciled.map(|(run, plan)| {
            let handshake = handshake.handshake.clone();
            view! { <Reconciled run plan handshake/> }
        });
        Some(view! {
            <section class="panel shake-card" aria-label="What is to be written">
                <span class="shake-icon"><Pic icon size=20/></span>
                <div class="grow">
                    <h2>{head}</h2>
                    <p class="ink2">{facts}</p>
                    {without.map(|words| view! { <p class="ink2">{words}</p> })}
                </div>
                <div class="shake-chips">
                    {(!only).then(|| view! { <Chip tone=Tone::Chg>{hold}</Chip> })}
                    {state.map(|words| view! { <Chip tone=Tone::Warn icon=Icon::Pause>{words}</Chip> })}
                    {href.map(|href| view! { <a href=href>"Look at the plan"</a> })}
                    {result.map(|href| view! { <a href=href>"What was written, and Undo"</a> })}
                    {reconciled}
                </div>
            </section>
        })
    }
}
