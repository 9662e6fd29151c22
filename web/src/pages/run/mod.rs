//! A run: its lease, its facts, what it found when it began, what it wrote, and what an operator can do about it.

mod actions;
mod between;
mod book;
mod checkpoints;
mod equity;
mod facts;
mod found;
mod lease;
mod pause;
mod states;

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::RunView;

use super::runs::{KindMark, lease as lease_of, when_runs_change};
use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::address::{Query, encode_segment};
use crate::model::number;
use crate::model::runs::lanes::Kind;
use crate::model::runs::{instance, lasted, word};
use crate::model::{address, age};
use crate::parts::{Chip, CopyLink, Empty, FaultNote, Icon, Kbd, Pic, theirs};
use crate::shell::{clock, keys, router};

/// A live run's lease and counts are asked for so often.
const AGAIN: Duration = Duration::from_secs(5);

/// The page.
#[component]
pub(crate) fn Run() -> impl IntoView {
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

/// The path of a run in the API.
fn path(id: &str, rest: &str) -> String {
    format!("/runs/{}{rest}", encode_segment(id))
}

#[component]
fn OneRun(id: String) -> impl IntoView {
    let board = address::reconcile(&id);
    let router = router();
    keys().on_key(move |key| {
        if key == "b" {
            router.go(&board);
        }
        key == "b"
    });
    let asked = id.clone();
    let run = remote(
        move || Some(asked.clone()),
        |id: String| async move { api::get::<RunView>(&path(&id, "")).await },
    );
    when_runs_change(move || run.reload());
    let is_live = Memo::new(move |_| run.value.with(|run| run.as_ref().is_some_and(|run| run.live)));
    let timer = set_interval_with_handle(
        move || {
            if is_live.try_get_untracked() == Some(true) {
                run.refresh();
            }
        },
        AGAIN,
    );
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
    let known = Memo::new(move |_| run.value.with(Option::is_some));
    view! {
        <div class="page run">
            <FaultNote remote=run/>
            <Show when=move || known.get()>
                <Head run/>
                <div class="run-board">
                    <div class="column">
                        <lease::Lease run/>
                        <facts::Facts run/>
                        <checkpoints::Checkpoints run/>
                    </div>
                    <div class="column">
                        <between::Between run/>
                        <found::Found run/>
                        <equity::EquityPanel run/>
                        <states::States run/>
                    </div>
                </div>
            </Show>
        </div>
    }
}

/// What of the run is shown, whenever it is another.
fn of<T: PartialEq + Send + Sync + 'static>(
    run: Remote<RunView>,
    part: fn(&RunView) -> T,
) -> Memo<Option<T>> {
    Memo::new(move |_| run.value.with(|run| run.as_ref().map(part)))
}

#[component]
fn Head(run: Remote<RunView>) -> impl IntoView {
    let (clock, live) = (clock(), live());
    let about = move || {
        run.value.with(|view| {
            let view = view.as_ref()?;
            let long = age::long(lasted(&view.run, live.seen()));
            let when = if view.live { format!("{long} so far") } else { format!("for {long}") };
            let host =
                view.run.host.as_deref().map(|host| format!(" on {}", crate::model::hidden::told(host)));
            Some(format!(
                "{}{} · {}, {when}",
                view.run.program,
                host.unwrap_or_default(),
                age::to_second(view.run.started_at)
            ))
        })
    };
    let wrote = move || {
        run.value.with(|view| {
            let view = view.as_ref()?;
            let href = format!("/view/activity{}", Query::default().with("run", Some(&view.run.run_id)));
            let (versions, states) = (
                number::counted(view.versions, "version", "versions"),
                number::counted(view.states, "state", "states"),
            );
            Some(view! { <a href=href>{format!("{versions} of {states}")}</a> })
        })
    };
    let kind = move || {
        let asked = run.read_at.get().unwrap_or_else(|| clock.read());
        run.value.with(|view| {
            view.as_ref().map(|view| {
                let row = lease::row(view);
                let kind = Kind::of(&row, view.live.then(|| lease_of(&row, asked)));
                let word = if kind == Kind::Late { "late" } else { word(&view.run, view.live) };
                view! { <span class=format!("chip run-chip {}", kind.class())><KindMark kind word=word/></span> }
            })
        })
    };
    let name = of(run, |view| (view.run.run_id.clone(), instance(&view.run), view.run.program.to_string()));
    view! {
        <div class="state-head">
            {move || name.get().map(|(_, _, program)| {
                let all = format!("/view/runs{}", Query::default().with("program", Some(&program)));
                view! { <div class="crumbs"><a href="/view/runs">"Runs"</a>" / "<a href=all>{program}</a></div> }
            })}
            <div class="page-head">
                {move || name.get().map(|(id, ..)| view! { <h1 class="state-id">{theirs(&id)}</h1> })}
                {kind}
                {move || name.get().map(|(_, instance, _)| view! { <Chip>{instance}</Chip> })}
                <div class="acts">
                    <CopyLink/>
                    {move || name.get().map(|(id, ..)| view! { <span><a class="btn" href=address::reconcile(&id)><Pic icon=Icon::Swap/>"Reconcile"<Kbd name="b"/></a></span> })}
                    <actions::Actions run/>
                </div>
            </div>
            <p class="about-line note">{about}" · "{wrote}</p>
        </div>
    }
}

/// The address of the session of a run, which is a state like others.
fn session(view: &RunView) -> String {
    let key = stateloft_core::model::StateKey {
        state_type: view.version.state_type.clone(),
        state_id: view.version.state_id.clone(),
    };
    address::state(&key)
}
