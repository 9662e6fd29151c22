//! What an operator can do about a live run: end it, say that it is gone, and how another one takes its place.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{EndRun, EndedAs, MarkCrashed, RunStatus, RunView};

use super::pause::{PauseDialog, Paused};
use crate::api;
use crate::live::Remote;
use crate::model::found::Hand;
use crate::model::hidden::told;
use crate::model::runs::ended::ended;
use crate::parts::{
    Ask, Author, AuthorField, CopyButton, Icon, Menu, Notice, NoticeKind, ReasonField, Writing,
};
use crate::shell::toasts;

/// Which dialog is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    End,
    MarkCrashed,
    TakeOver,
    Pause,
}

/// The buttons; a run that has ended has none.
#[component]
pub(super) fn Actions(run: Remote<RunView>) -> impl IntoView {
    let open = RwSignal::new(None::<Act>);
    let id = super::of(run, |view| view.run.run_id.clone());
    let live = super::of(run, |view| view.live);
    view! {
        <Show when=move || live.get() == Some(true)>
            {move || id.get().map(|id| view! { <Paused id/> })}
            <button class="btn" on:click=move |_| open.set(Some(Act::End))>"End…"</button>
            <button class="btn" on:click=move |_| open.set(Some(Act::TakeOver))>"Take over…"</button>
            <Menu words="More actions" icon=Icon::More bare=true button="btn icon" class="right">
                <button on:click=move |_| open.set(Some(Act::Pause))>"Ask to pause…"</button>
                <button on:click=move |_| open.set(Some(Act::MarkCrashed))>"Mark crashed…"</button>
            </Menu>
        </Show>
        {move || id.get().zip(open.get()).map(|(id, act)| match act {
            Act::End => view! { <EndDialog run id open/> }.into_any(),
            Act::MarkCrashed => view! { <CrashedDialog run id open/> }.into_any(),
            Act::TakeOver => view! { <TakeOverDialog run id open/> }.into_any(),
            Act::Pause => view! { <PauseDialog id open=shown(open)/> }.into_any(),
        })}
    }
}

/// A signal for a dialog, which says `None` to `open` when it closes.
fn shown(open: RwSignal<Option<Act>>) -> RwSignal<bool> {
    let shown = RwSignal::new(true);
    Effect::new(move || {
        if !shown.get() {
            open.set(None);
        }
    });
    shown
}

/// Sends what ends a run, and says what became of it.
fn send(
    writing: Writing,
    run: Remote<RunView>,
    shown: RwSignal<bool>,
    id: &str,
    status: RunStatus,
    hand: (Option<String>, Option<String>),
    request: impl std::future::Future<Output = Result<RunView, api::ApiError>> + 'static,
) {
    let toasts = toasts();
    let own = id.to_owned();
    let done = move |run: Remote<RunView>| {
        shown.try_set(false);
        run.reload();
    };
    let work = async move {
        let view = request.await?;
        toasts.done(
            format!("{} has ended.", told(&view.run.run_id)),
            format!("As {}.", view.run.status.as_str()),
        );
        done(run);
        Ok(())
    };
    let look = move |hand: Hand| {
        let id = own.clone();
        let look =
            async move { Ok(ended(&api::get::<RunView>(&super::path(&id, "")).await?, status, &hand)) };
        Box::pin(look) as _
    };
    writing.run(hand, work, look, move || done(run));
}

fn words_of(reason: RwSignal<String>) -> Option<String> {
    let reason = reason.get_untracked().trim().to_owned();
    (!reason.is_empty()).then_some(reason)
}

const SEES: &str = "Its next save or renewal is refused (lease_lost): it cannot write any more, and learns it then. \
                    If it is still trading, this does not stop it.";

#[component]
fn EndDialog(run: Remote<RunView>, id: String, open: RwSignal<Option<Act>>) -> impl IntoView {
    let shown = shown(open);
    let (reason, completed) = (RwSignal::new(String::new()), RwSignal::new(false));
    let author = Author::remembered();
    let writing = Writing::of("ended");
    let title = format!("End {}?", told(&id));
    let act = move |()| {
        let (status, as_this) = if completed.get_untracked() {
            (EndedAs::Completed, RunStatus::Completed)
        } else {
            (EndedAs::Stopped, RunStatus::Stopped)
        };
        let hand = (author.value(), words_of(reason));
        let body = EndRun { status, final_value: None, reason: hand.1.clone(), user_id: hand.0.clone() };
        let path = super::path(&id, "/end");
        let request = async move { api::send::<RunView>(Method::POST, &path, Some(&body)).await };
        send(writing, run, shown, &id, as_this, hand, request);
    };
    let wrong = Signal::derive(move || reason.with(|reason| reason.trim().is_empty()));
    view! {
        <Ask open=shown title=title confirm=Signal::derive(move || format!("End it as {}", if completed.get() { "completed" } else { "stopped" })) wrong writing act=Callback::new(act)>
            <p>{SEES}</p>
            <p class="note">"The next start finds that it ended by itself (resumed), not a crash."</p>
            <label class="row"><input type="radio" name="as" prop:checked=move || !completed.get() on:change=move |_| completed.set(false)/>"stopped: somebody told it to"</label>
            <label class="row"><input type="radio" name="as" prop:checked=move || completed.get() on:change=move |_| completed.set(true)/>"completed: it has done what it was to do"</label>
            <ReasonField reason words="Why, kept with the run" required=true/>
            <AuthorField author/>
        </Ask>
    }
}

#[component]
fn CrashedDialog(run: Remote<RunView>, id: String, open: RwSignal<Option<Act>>) -> impl IntoView {
    let shown = shown(open);
    let reason = RwSignal::new(String::new());
    let author = Author::remembered();
    let writing = Writing::of("marked");
    let title = format!("Mark {} as crashed?", told(&id));
    let act = move |()| {
        let Some(why) = words_of(reason) else { return };
        let hand = (author.value(), Some(why.clone()));
        let body = MarkCrashed { reason: why, user_id: hand.0.clone() };
        let path = super::path(&id, "/mark-crashed");
        let request = async move { api::send::<RunView>(Method::POST, &path, Some(&body)).await };
        send(writing, run, shown, &id, RunStatus::Crashed, hand, request);
    };
    let wrong = Signal::derive(move || reason.with(|reason| reason.trim().is_empty()));
    view! {
        <Ask open=shown title=title confirm="Mark it crashed" danger=true wrong writing act=Callback::new(act)>
            <p>{SEES}</p>
            <p class="note">"The next start is told that it comes after a crash, and what this run left."</p>
            <ReasonField reason words="Why it is certain that it does not trade any more" required=true/>
            <AuthorField author/>
        </Ask>
    }
}

/// A take-over is a start by the program: the console can only say how.
#[component]
fn TakeOverDialog(run: Remote<RunView>, id: String, open: RwSignal<Option<Act>>) -> impl IntoView {
    let shown = shown(open);
    let origin = window().location().origin().unwrap_or_default();
    let command = run.value.with_untracked(|view| {
        view.as_ref().map(|view| {
            let (program, instance) = (&view.run.program, &view.run.instance);
            format!(
                "curl --json '{{\"program\": \"{program}\", \"instance\": \"{instance}\", \"take_over\": {{\"reason\": \"...\", \"by\": \"...\"}}}}' {origin}/api/v1/runs"
            )
        })
    });
    let command = command.unwrap_or_default();
    view! {
        <Ask open=shown title=format!("Take over from {}?", told(&id)) confirm="Understood" act=Callback::new(move |()| shown.set(false))>
            <p>"A take-over is a start: the program that is to go on begins its run with the word of an operator, and takes the place of this one in the same commit. It cannot be done from here, because nobody would hold the lease."</p>
            <Notice kind=NoticeKind::Warn head="This run may still be trading.">{SEES}</Notice>
            <pre class="mono">{command.clone()}</pre>
            <CopyButton text=command what="the command" words="Copy the command"/>
            <p class="note">"If it is gone for certain, mark it crashed instead: then any start of the instance goes through."</p>
        </Ask>
    }
}
