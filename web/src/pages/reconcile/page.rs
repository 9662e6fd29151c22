//! The page: what is held against what on top, the rows at the left, what will be written at the right.

use leptos::prelude::*;
use stateloft_core::api::ReconcilePlan;

use super::again::AskAgain;
use super::aside::Aside;
use super::board::{Board, Dialog};
use super::close::{AdoptDialog, CloseDialog};
use super::drift::DriftCard;
use super::given::ListDialog;
use super::list::Rows;
use super::result::Done;
use super::split::SplitDialog;
use crate::api::ApiError;
use crate::live::live;
use crate::model::address::{self, Query};
use crate::model::hidden::told;
use crate::model::reconcile::{Source, shape_words};
use crate::model::runs::instance;
use crate::model::{age, number};
use crate::parts::{Chip, CopyLink, Empty, FaultNote, Icon, Notice, NoticeKind, Pic};
use crate::shell::{clock, router};

/// The page.
#[component]
pub(crate) fn Reconcile() -> impl IntoView {
    let router = router();
    let id = Memo::new(move |_| router.param("id"));
    move || {
        match id.get() {
        Some(id) => view! { <OneRun id/> }.into_any(),
        None => view! {
            <div class="page">
                <Empty icon=Icon::Search head="The address names no run"><a href="/view/runs">"Go to the runs"</a></Empty>
            </div>
        }
        .into_any(),
    }
    }
}

#[component]
fn OneRun(id: String) -> impl IntoView {
    let board = Board::new(id);
    let calm = Memo::new(move |_| board.plan.with(|plan| plan.as_ref().is_some_and(|plan| is_calm(plan))));
    let folded = Memo::new(move |_| calm.get() && board.router.param("show").is_none());
    let there = Memo::new(move |_| board.plan.with(Option::is_some));
    let done = Memo::new(move |_| board.router.param("done").and_then(|seq| seq.parse::<u64>().ok()));
    view! {
        <div class="page reconcile-page">
            <FaultNote remote=board.run/>
            <FaultNote remote=board.record/>
            <Head board/>
            {move || done.get().map(|seq| view! { <Done board seq/> })}
            <AskFault board/>
            <NoList board/>
            <AskAgain board/>
            <Show when=move || there.get() && folded.get()><Calm board/></Show>
            <Show when=move || there.get() && !folded.get()>
                <div class="plan-body reconcile-body"><Rows board/><Aside board calm/></div>
            </Show>
            <Dialogs board/>
        </div>
    }
}

/// Whether both sides agree on everything that there is.
fn is_calm(plan: &ReconcilePlan) -> bool {
    plan.list_hash.is_some() && plan.failure.is_none() && plan.rows.len() as u64 == plan.counts.matched
}

#[component]
fn Head(board: Board) -> impl IntoView {
    let name = Memo::new(move |_| {
        board.run.value.with(|run| {
            run.as_ref().map(|run| (run.run.run_id.clone(), instance(&run.run), run.run.program.to_string()))
        })
    });
    let report = move || {
        board.plan.with(|plan| {
            let hash = &plan.as_ref()?.hash;
            Some(format!("report {}\u{2026}{}", hash.get(..4)?, hash.get(60..)?))
        })
    };
    let adopts = Memo::new(move |_| board.router.param("policy").as_deref() == Some("adopt"));
    let policy = move |adopt: bool| board.router.set(&[("policy", adopt.then_some("adopt"))]);
    view! {
        <div class="state-head">
            {move || name.get().map(|(id, _, program)| {
                let all = format!("/view/runs{}", Query::default().with("program", Some(&program)));
                let run = address::run(&id);
                view! { <div class="crumbs"><a href="/view/runs">"Runs"</a>" / "<a href=all>{program}</a>" / "<a href=run>{id}</a></div> }
            })}
            <div class="page-head">
                <h1>"Reconcile"</h1>
                {move || name.get().map(|(_, instance, _)| view! { <Chip>{instance}</Chip> })}
                <span class="segments" role="group" aria-label="Policy">
                    <button class:on=move || !adopts.get() aria-pressed=move || (!adopts.get()).to_string()
                        data-tip="Nothing is chosen beforehand." on:click=move |_| policy(false)>"policy halt"</button>
                    <button class:on=move || adopts.get() aria-pressed=move || adopts.get().to_string()
                        data-tip="Theirs is chosen beforehand, where that needs no word of a person." on:click=move |_| policy(true)>"adopt"</button>
                </span>
                <span class="about">"nothing is written until you press the button"</span>
                <div class="acts">
                    <span class="mono ink2 plan-hash">{report}</span>
                    <button class="btn" on:click=move |_| board.dialog.set(Some(Dialog::List))><Pic icon=Icon::Import/>"Broker\u{2019}s list\u{2026}"</button>
                    <CopyLink/>
                </div>
            </div>
            <p class="about-line note">{move || about(board)}</p>
        </div>
    }
}

/// What is held against ours, in words.
fn about(board: Board) -> Option<String> {
    let clock = clock();
    let asked = board.asked.get()?;
    let plan = board.plan.get();
    let from = match &asked.source {
        Source::Nobody => return None,
        Source::Given(name) => told(name),
        Source::Kept => "the list that was kept with the last commit".to_owned(),
        Source::Answered => "the list that its program gave when it was asked".to_owned(),
    };
    let shape = plan.and_then(|plan| plan.shape).map(|shape| format!(", {}", shape_words(shape)));
    let whole = if asked.options.partial { ", not whole" } else { "" };
    let taken = age::to_second(asked.options.as_of);
    let old = age::ago(asked.options.as_of, clock.now.get());
    Some(format!("{from}{}{whole}, taken at {taken}, {old}", shape.unwrap_or_default()))
}

/// Why the server did not answer, or did not take what was asked.
#[component]
fn AskFault(board: Board) -> impl IntoView {
    let live = live();
    // Asked again as soon as the server is back.
    Effect::new(move |first: Option<()>| {
        live.back.track();
        if first.is_some() && board.fault.with_untracked(|f| f.as_ref().is_some_and(ApiError::passes)) {
            board.again();
        }
    });
    move || {
        board.fault.get().filter(|error| !error.needs_key()).map(|error| {
            let old = if board.plan.with(Option::is_some) { "What is shown is older. " } else { "" };
            let (head, rest) = error.of_read();
            let said: Vec<String> = error.wrong_fields().into_iter().map(|field| field.message).collect();
            view! {
                <Notice kind=NoticeKind::Error head>
                    {rest}" "{said.join(" ")}" "{old}
                    <button class="link" on:click=move |_| board.again()>"Try again"</button>
                </Notice>
            }
        })
    }
}

/// Where there is no list: since when, and what to do.
#[component]
fn NoList(board: Board) -> impl IntoView {
    let clock = clock();
    move || {
        let asked = board.asked.get()?;
        let failure = asked.options.failure.clone()?;
        let (head, rest) = match asked.source {
            Source::Nobody => (
                "No list of the broker\u{2019}s has been given.".to_owned(),
                "Nobody knows how it stands there: every row is unknown, and nothing can be written. "
                    .to_owned(),
            ),
            Source::Given(_) | Source::Kept | Source::Answered => (
                format!(
                    "The broker has not answered since {} ({}).",
                    age::moment(asked.options.as_of, clock.read()),
                    told(&failure)
                ),
                "No answer closes nothing: every row is unknown, and nothing can be written. ".to_owned(),
            ),
        };
        Some(view! {
            <Notice kind=NoticeKind::Warn head>
                {rest}
                <button class="link" on:click=move |_| board.dialog.set(Some(Dialog::List))>"Give its list"</button>
            </Notice>
        })
    }
}

/// Both sides agree: one line, and what drifted before.
#[component]
fn Calm(board: Board) -> impl IntoView {
    let words = move || {
        board.plan.with(|plan| {
            let plan = plan.as_ref()?;
            let all = match plan.counts.matched {
                0 => "Nothing is open, here or at the broker".to_owned(),
                matched => format!("All {} matched", number::counted(matched, "row", "rows")),
            };
            Some(format!("{all}, as of {}.", age::to_second(plan.as_of)))
        })
    };
    let rows = move || board.plan.with(|plan| plan.as_ref().map_or(0, |plan| plan.rows.len() as u64));
    view! {
        <section class="panel calm" aria-label="Result">
            <p class="row"><span class="c-accent"><Pic icon=Icon::Check/></span><b>{words}</b>
                <Show when=move || { rows() > 0 }>
                    <button class="link" on:click=move |_| board.router.set(&[("show", Some("matched"))])>{move || format!("Show {}", number::counted(rows(), "row", "rows"))}</button>
                </Show>
            </p>
        </section>
        <DriftCard board/>
    }
}

#[component]
fn Dialogs(board: Board) -> impl IntoView {
    move || {
        let dialog = board.dialog.get()?;
        Some(match dialog {
            Dialog::List => view! { <ListDialog board/> }.into_any(),
            Dialog::Close(row) => view! { <CloseDialog board row/> }.into_any(),
            Dialog::Split(row) => view! { <SplitDialog board row/> }.into_any(),
            Dialog::Adopt(row) => view! { <AdoptDialog board row/> }.into_any(),
        })
    }
}

/// A signal for a dialog, which says that none is open when it closes.
pub(super) fn shown(board: Board) -> RwSignal<bool> {
    let shown = RwSignal::new(true);
    Effect::new(move || {
        if !shown.get() {
            board.dialog.set(None);
        }
    });
    shown
}
