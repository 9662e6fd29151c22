//! What can be done: stop it, leave out what a run holds, ask again, or write without a run's word, with the reason for that.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{HandshakeRun, HandshakeStatus, HandshakeView, StopHandshake};

use super::order::Known;
use super::reading::Ctx;
use crate::api::{self, ApiError};
use crate::live::Remote;
use crate::model::address::encode_segment;
use crate::model::age;
use crate::model::found::{Found, Hand};
use crate::model::handshake::names;
use crate::model::handshake::order::Order;
use crate::model::restore::states_word;
use crate::pages::restore::Sending;
use crate::parts::{Author, AuthorField, Icon, Kbd, Pic, WriteNote, Writing};
use crate::shell::keys;

/// Runs of which what they hold can be left out with one press.
const LEFT_OUT: usize = 3;

/// What the buttons share.
#[derive(Clone, Copy)]
struct Doing {
    ctx: Ctx,
    id: StoredValue<String>,
    author: Author,
    stopping: Writing,
    sending: Sending,
}

/// The panel; nothing once it is written.
#[component]
pub(super) fn Act(ctx: Ctx, id: String) -> impl IntoView {
    let doing = Doing {
        ctx,
        id: StoredValue::new(id),
        author: Author::remembered(),
        stopping: Writing::of("stopped"),
        sending: Sending::new(),
    };
    let status = ctx.memo(|view| view.handshake.status);
    let asking = Memo::new(move |_| status.get().is_some_and(HandshakeStatus::is_open));
    let only = ctx.memo(|view| view.handshake.is_only_a_pause());
    keys().on_key(move |key| {
        // What closes a dialog stops nothing behind it.
        let dialog = || document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some());
        let stops = key == "Escape"
            && status.try_get_untracked().flatten() == Some(HandshakeStatus::Asking)
            && !dialog();
        if stops {
            doing.stop(|| ());
        }
        stops
    });
    let shown = move || {
        let only = only.get() == Some(true);
        status
            .get()
            .is_some_and(|status| if only { status.is_open() } else { status != HandshakeStatus::Written })
    };
    view! {
        <Show when=shown>
            <section class="panel padded shake-act" aria-labelledby="shake-act">
                <h2 id="shake-act">{move || if asking.get() { "Without waiting" } else { "What now" }}</h2>
                <Show when=move || asking.get()><Stop doing/></Show>
                <Show when=move || !asking.get()><Again doing/></Show>
                <LeaveOut doing/>
                <WithoutWord doing/>
                <WriteNote writing=doing.stopping/>
                <WriteNote writing=doing.sending.writing/>
                <Show when=move || only.get() == Some(false)><NotKnown ctx/></Show>
            </section>
        </Show>
    }
}

/// Why it cannot be sent once more from here, and what can be done instead.
#[component]
fn NotKnown(ctx: Ctx) -> impl IntoView {
    let again = ctx.memo(|view| match &view.handshake.reconciles {
        Some(run) => (crate::model::address::reconcile(run), "Reconcile anew"),
        None => ("/view/restore".to_owned(), "Plan a restore"),
    });
    move || {
        let known = ctx.order.get();
        let (href, words) = again.get()?;
        let (said, href, words) = match known {
            Known::NotYet | Known::Order(_) => return None,
            Known::Moved(fresh) => (
                "What was looked at has moved since it was asked for.".to_owned(),
                fresh.unwrap_or(href),
                "Look at the fresh plan",
            ),
            Known::Nowhere(why) => (why, href, words),
        };
        Some(view! { <p class="note">{said}" "<a href=href>{words}</a></p> })
    }
}

#[component]
fn Stop(doing: Doing) -> impl IntoView {
    let paused = doing.ctx.memo(|view| view.handshake.status == HandshakeStatus::Paused);
    let words = doing.ctx.memo(|view| {
        let stand: Vec<String> = view
            .handshake
            .runs
            .iter()
            .filter(|run| run.is_in() && run.ended_at.is_none())
            .map(|run| run.run_id.clone())
            .collect();
        if view.handshake.status == HandshakeStatus::Paused {
            return format!("Let {} go on", names(&stand));
        }
        if stand.is_empty() { "Stop".to_owned() } else { format!("Stop, and let {} go on", names(&stand)) }
    });
    view! {
        <button class="btn" disabled=move || doing.stopping.busy.get() on:click=move |_| doing.stop(|| ())>
            {move || words.get()}
            // A run that an operator has paused is not let go by a key that is easily pressed.
            {move || (paused.get() != Some(true)).then(|| view! { <Kbd name="Esc"/> })}
        </button>
    }
}

/// Once it has ended without a restore: the same once more, or a look at the plan of now.
#[component]
fn Again(doing: Doing) -> impl IntoView {
    let refused = doing.ctx.memo(|view| view.handshake.status == HandshakeStatus::Refused);
    let because = doing.ctx.memo(|view| view.handshake.because.clone());
    let again = move |_| {
        if let Some(order) = doing.order() {
            doing.send(order.again());
        }
    };
    let busy = doing.sending.writing.busy;
    view! {
        <p class="note">{move || because.get().flatten().map(|because| crate::model::hidden::told(&because))}</p>
        {move || {
            // A plan that has moved would be refused again before it was looked at.
            let look = refused.get() == Some(true);
            let href = doing.ctx.order.with(|known| known.order().map(Order::plan_href));
            match (href, look) {
                (None, _) => ().into_any(),
                (Some(Some(href)), true) => view! { <a class="btn" href=href><Pic icon=Icon::Restore/>"Look at the fresh plan"</a> }.into_any(),
                (Some(_), _) => view! { <button class="btn" disabled=move || busy.get() on:click=again>"Ask again"</button> }.into_any(),
            }
        }}
    }
}

/// The rest is written without what a run holds that has not answered.
#[component]
fn LeaveOut(doing: Doing) -> impl IntoView {
    let silent = doing.ctx.memo(silent);
    let asking = doing.ctx.memo(|view| view.handshake.status == HandshakeStatus::Asking);
    let buttons = move || {
        let runs = silent.get().unwrap_or_default();
        doing.ctx.order.with(|known| {
            let left = |run: HandshakeRun| {
                let rest = known.order()?.leaving_out(&run)?;
                let written = rest.counts()?.written();
                let what = match run.states.as_slice() {
                    [one] => crate::model::hidden::told(one.state_id.as_str()),
                    all => format!("{} of {}", states_word(all.len() as u64), run.run_id),
                };
                let press = move |_| {
                    let rest = rest.clone().by(doing.author.value());
                    if asking.get_untracked() == Some(true) {
                        doing.stop(move || doing.send(rest.clone()));
                    } else {
                        doing.send(rest);
                    }
                };
                let busy = move || doing.stopping.busy.get() || doing.sending.writing.busy.get();
                Some(view! {
                    <button class="btn" disabled=busy on:click=press>
                        {format!("Leave {what} out, write {}", states_word(written))}
                    </button>
                })
            };
            runs.into_iter().take(LEFT_OUT).filter_map(left).collect_view()
        })
    };
    view! { <div class="shake-buttons">{buttons}</div> }
}

/// The runs that gave no word, and of which nothing else is known.
fn silent(view: &HandshakeView) -> Vec<HandshakeRun> {
    let open = matches!(
        view.handshake.status,
        HandshakeStatus::Asking | HandshakeStatus::NoWord | HandshakeStatus::Stopped
    );
    view.handshake.runs.iter().filter(|run| open && !run.is_in()).cloned().collect()
}

/// Written though somebody gave no word: with why, and by whom.
#[component]
fn WithoutWord(doing: Doing) -> impl IntoView {
    let reason = RwSignal::new(String::new());
    let author = doing.author;
    let view = doing.ctx.memo(|view| {
        let runs = silent(view).into_iter().map(|run| run.run_id).collect::<Vec<_>>();
        (view.handshake.status, view.handshake.until, view.handshake.writes, runs)
    });
    let shown = Memo::new(move |_| {
        doing.ctx.order.with(|known| known.order().is_some())
            && view.with(|view| {
                view.as_ref().is_some_and(|(status, .., runs)| {
                    !runs.is_empty() && matches!(status, HandshakeStatus::Asking | HandshakeStatus::NoWord)
                })
            })
    });
    let over = Memo::new(move |_| {
        view.with(|view| view.as_ref().is_some_and(|view| view.0 == HandshakeStatus::NoWord))
    });
    let lacks = move || {
        let until = view.with(|view| view.as_ref().map(|view| age::clock(view.1)))?;
        match (over.get(), reason.with(|reason| reason.trim().is_empty()), author.is_given()) {
            (false, ..) => Some(format!("Open after {until}, or when its lease is over.")),
            (true, true, _) => Some("Say why it is written without its word.".to_owned()),
            (true, false, false) => Some("Say who you are: it is kept with the restore.".to_owned()),
            (true, false, true) => None,
        }
    };
    let words = move || {
        let (writes, runs) =
            view.with(|view| view.as_ref().map(|view| (view.2, view.3.clone()))).unwrap_or_default();
        format!("Write {} without the word of {}", states_word(writes), names(&runs))
    };
    let press = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let by = author.value();
        let order = doing.order();
        if let (None, Some(by), Some(order)) = (untrack(lacks), by, order) {
            doing.send(order.without_word(&reason.get_untracked(), &by));
        }
    };
    let busy = move || doing.sending.writing.busy.get() || lacks().is_some();
    view! {
        <Show when=move || shown.get()>
            <form class="without-word" on:submit=press>
                <label class="labelled">
                    <span>"Why without its word, kept with the restore; it is asked once more"</span>
                    <textarea
                        class="field" rows="2" maxlength="1000" prop:value=move || reason.get()
                        on:input=move |event| reason.set(event_target_value(&event))
                    ></textarea>
                </label>
                <AuthorField author/>
                <button type="submit" class="btn danger" disabled=busy>{words}</button>
                <p class="note lacks" aria-live="polite">{lacks}</p>
            </form>
        </Show>
    }
}

impl Doing {
    /// What is sent once more, by whoever is here.
    fn order(self) -> Option<Order> {
        let order = self.ctx.order.with_untracked(|known| known.order().cloned())?;
        Some(order.by(self.author.value()))
    }

    /// Sends it once more; what becomes of that has a page of its own.
    fn send(self, order: Order) {
        self.sending.send(order, || (), Err);
    }

    /// Stops it: nothing is written, and the runs go on.
    fn stop(self, then: impl FnOnce() + Clone + 'static) {
        if self.stopping.busy.get_untracked() {
            return;
        }
        let id = self.id.get_value();
        let hand = (Author::stored(), None);
        let body = StopHandshake { reason: None, user_id: hand.0.clone() };
        let path = format!("/handshakes/{}", encode_segment(&id));
        let view = self.ctx.view;
        let send = {
            let (path, then) = (path.clone(), then.clone());
            async move {
                api::send::<HandshakeView>(Method::POST, &format!("{path}/stop"), Some(&body)).await?;
                view.reload();
                then();
                Ok(())
            }
        };
        let look = move |_: Hand| {
            let path = path.clone();
            Box::pin(async move { stopped(&path).await }) as _
        };
        self.stopping.run_or(hand, send, look, then, move |error| over(view, error));
    }
}

/// Whether it has ended without a restore.
async fn stopped(path: &str) -> Result<Found, ApiError> {
    let view = api::get::<HandshakeView>(path).await?;
    Ok(match view.handshake.status {
        HandshakeStatus::Asking => Found::NotYet("it still asks".to_owned()),
        HandshakeStatus::Written => Found::Never("its restore is written".to_owned()),
        _ => Found::There("Nothing was written.".to_owned()),
    })
}

/// It had ended before: the page shows how.
fn over(view: Remote<HandshakeView>, error: ApiError) -> Result<(), ApiError> {
    view.reload();
    Err(error)
}
