//! Beside the steps: what each silence leads to, said before it happens; what stands still meanwhile; and what can be done.

use leptos::prelude::*;
use stateloft_core::api::{HandshakeStatus, RunView};

use super::act::Act;
use super::grid::lease;
use super::reading::Ctx;
use crate::api;
use crate::live::remote;
use crate::model::address::encode_segment;
use crate::model::handshake::{names, standing};
use crate::model::{age, number};
use crate::parts::{Icon, Notice, NoticeKind, Pic};

/// Runs of which it is asked what stands open.
const LOOKED_INTO: usize = 4;

/// The column.
#[component]
pub(super) fn Aside(ctx: Ctx, id: String) -> impl IntoView {
    let status = ctx.memo(|view| view.handshake.status);
    let asking = move || status.get() == Some(HandshakeStatus::Asking);
    let waits = ctx.memo(|view| view.waits_for.clone());
    let silent = Memo::new(move |_| {
        asking() && waits.with(|waits| waits.as_ref().is_some_and(|waits| !waits.is_empty()))
    });
    view! {
        <div class="shake-aside">
            <Show when=move || silent.get()><Silence ctx/></Show>
            <Still ctx/>
            <Unread ctx/>
            <Act ctx id/>
        </div>
    }
}

/// What leads where.
#[component]
fn Silence(ctx: Ctx) -> impl IntoView {
    let view = ctx.memo(|view| {
        let stand: Vec<String> = standing(&view.handshake).iter().map(|run| run.run_id.clone()).collect();
        (view.waits_for.clone(), stand, view.handshake.until, view.handshake.without_word.is_some())
    });
    let rows = move || {
        let (waits, stand, until, without) = view.get()?;
        let left = age::seconds_between(ctx.now(), until);
        let goes_on = match stand.len() {
            0 => "the runs are told to go on".to_owned(),
            1 => format!("{} is told to go on", names(&stand)),
            _ => format!("{} are told to go on", names(&stand)),
        };
        let over = if without {
            "it is written all the same, as was said.".to_owned()
        } else {
            format!("nothing is written, {goes_on}. Plan, ticks and reason stay; ask again when you like.")
        };
        let ends = waits.iter().map(|run| lease(ctx, run).and_then(|lease| lease.until()));
        let dies = match ends.collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max()) {
            Some(until) => format!("its lease is over at {} at the latest.", age::clock(until)),
            None => "when its lease is over is not known now.".to_owned(),
        };
        Some(view! {
            <h2>{format!("If {} {} not answer", names(&waits), if waits.len() == 1 { "does" } else { "do" })}</h2>
            <ul>
                <li><Pic icon=Icon::Clock/><span><b>{format!("{}, in {left} s: ", age::clock(until))}</b>{over}</span></li>
                <li><Pic icon=Icon::Close/><span><b>"It dies: "</b>{dies}" Then nobody holds the state, and the restore may go on."</span></li>
                <li><Pic icon=Icon::Lock/><span><b>"It wakes after the write: "</b>"whatever it saves is refused until it has read what was written."</span></li>
                <li><Pic icon=Icon::Activity/><span><b>"It saves meanwhile: "</b>"a ticked path that moves stops the write, as in any plan."</span></li>
            </ul>
        })
    };
    view! { <section class="panel padded silence">{rows}</section> }
}

/// What stands still, and what of it is open.
#[component]
fn Still(ctx: Ctx) -> impl IntoView {
    let stand = ctx.memo(|view| {
        let stand = standing(&view.handshake);
        let since = stand.iter().filter_map(|run| run.paused_at.or(run.told_at)).min();
        let runs = stand.iter().map(|run| run.run_id.clone()).collect::<Vec<_>>();
        (runs, since)
    });
    let runs = Memo::new(move |_| stand.get().map(|(runs, _)| runs).filter(|runs| !runs.is_empty()));
    let open = remote(
        move || runs.get(),
        |runs: Vec<String>| async move {
            let mut views = Vec::new();
            for run in runs.iter().take(LOOKED_INTO) {
                views.push(api::get::<RunView>(&format!("/runs/{}", encode_segment(run))).await?);
            }
            Ok(views)
        },
    );
    let words = move || {
        let (runs, since) = stand.get()?;
        let since = since.filter(|_| !runs.is_empty())?;
        let verb = if runs.len() == 1 { "stands" } else { "stand" };
        let long = age::long(age::seconds_between(since, ctx.now()));
        let of_these = |views: &Vec<RunView>| views.iter().all(|view| runs.contains(&view.run.run_id));
        let held = open.value.with(|views| {
            views.as_ref().filter(|views| of_these(views)).map(|views| open_words(views, runs.len()))
        });
        let held = held.unwrap_or_else(|| "What of theirs is open is not known.".to_owned());
        Some((format!("{} {verb} still", names(&runs)), format!("for {long}. {held}")))
    };
    move || words().map(|(head, rest)| view! { <Notice kind=NoticeKind::Warn head>{rest}</Notice> })
}

/// What of these runs is open, as far as it was counted. Whether there is a stop at the broker only the broker knows.
fn open_words(views: &[RunView], runs: usize) -> String {
    let sum = |of: fn(&RunView) -> Option<u64>| views.iter().map(of).sum::<Option<u64>>();
    let (Some(positions), Some(orders)) = (sum(|view| view.open_positions), sum(|view| view.pending_orders))
    else {
        return "What of theirs is open could not be counted.".to_owned();
    };
    let of = if views.len() < runs { format!(" of the first {}", views.len()) } else { String::new() };
    let open = format!(
        "{}{of} open, {} pending.",
        number::counted(positions, "position", "positions"),
        number::counted(orders, "order", "orders"),
    );
    if positions == 0 { open } else { format!("{open} Which have a stop at the broker is not known here.") }
}

/// Who has still to read what was written.
#[component]
fn Unread(ctx: Ctx) -> impl IntoView {
    let owing = ctx.memo(|view| {
        let written = view.handshake.status == HandshakeStatus::Written;
        Some(view.waits_for.clone()).filter(|runs| written && !runs.is_empty())
    });
    move || {
        owing.get().flatten().map(|runs| {
            let (has, it, saves) = if runs.len() == 1 { ("has", "it", "saves") } else { ("have", "they", "save") };
            view! {
                <Notice kind=NoticeKind::Warn head=format!("Written, and {} {has} not said that {it} read it.", names(&runs))>
                    {format!("The restore stands. Until {it} {has} read it, what {it} {saves} is refused. It stays on the overview until then.")}
                </Notice>
            }
        })
    }
}
