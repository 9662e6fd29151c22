//! Asking the program to ask its broker again: the button, what is waited for, and the list that comes of it.

use std::sync::Arc;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{AskReconcile, ReconcileAsk, ReconcilePlan, RunView};
use stateloft_core::model::StateKey;

use super::board::{Board, RECORD};
use crate::api::{self, ApiError};
use crate::live::{Remote, live};
use crate::model::address::{Query, encode_segment};
use crate::model::age;
use crate::model::found::{Found, Hand};
use crate::model::inbox::Event;
use crate::model::reconcile::{Asked, Asking, HeldAgainst, Source, kept};
use crate::parts::{Author, Kbd, Notice, NoticeKind, WriteNote, Writing, theirs};
use crate::shell::{clock, keys};

/// How the asking stands, for all who show it.
#[derive(Clone, Copy)]
pub(super) struct Again {
    stands: Memo<Option<Asking>>,
    /// Whether the run can be asked now.
    pub(super) can: Memo<bool>,
    writing: Writing,
    /// Why the list that it gave could not be read.
    unread: RwSignal<Option<ApiError>>,
}

impl Again {
    /// Of what is held against ours.
    pub(super) fn new(
        run: Remote<RunView>,
        asked: RwSignal<Option<Arc<Asked>>>,
        plan: RwSignal<Option<Arc<ReconcilePlan>>>,
    ) -> Self {
        let held = Memo::new(move |_| {
            let unknown = plan.with(|plan| plan.as_ref().map(|plan| plan.counts.unknown))?;
            asked.with(|asked| {
                let asked = asked.as_ref()?;
                let as_of = (asked.source != Source::Nobody).then_some(asked.options.as_of);
                Some(HeldAgainst { as_of, unknown })
            })
        });
        let stands = Memo::new(move |_| {
            let held = held.get()?;
            run.value.with(|run| {
                let run = run.as_ref()?;
                Asking::of(run.ask_reconcile.as_ref(), run.live, held)
            })
        });
        let writing = Writing::of("asked");
        let can = Memo::new(move |_| {
            let live = run.value.with(|run| run.as_ref().is_some_and(|run| run.live));
            !writing.busy.get() && stands.with(|stands| stands.as_ref().is_some_and(|it| it.can_ask(live)))
        });
        Self { stands, can, writing, unread: RwSignal::new(None) }
    }
}

impl Board {
    /// Asks the run.
    pub(super) fn ask_again(self) {
        if !self.again.can.get_untracked() {
            return;
        }
        let request = AskReconcile { reason: None, user_id: Author::stored() };
        let hand = (request.user_id.clone(), None);
        let id = self.id.get_value();
        let path = format!("/runs/{}/reconcile/ask", encode_segment(&id));
        let send = async move {
            let ask = api::send::<ReconcileAsk>(Method::POST, &path, Some(&request)).await?;
            self.run.value.try_update(|run| {
                if let Some(run) = run {
                    run.ask_reconcile = Some(ask);
                }
            });
            Ok(())
        };
        let look = move |_: Hand| {
            let path = format!("/runs/{}", encode_segment(&id));
            Box::pin(async move {
                let run = api::get::<RunView>(&path).await?;
                let open = run.ask_reconcile.filter(ReconcileAsk::is_open);
                Ok(match open {
                    Some(ask) => Found::There(format!("It is asked since {}.", age::clock(ask.asked_at))),
                    None => Found::NotYet("the run is not asked".to_owned()),
                })
            }) as _
        };
        self.again.writing.run(hand, send, look, move || self.run.reload());
    }

    /// Holds the list that the run gave against ours. What was chosen stays, but for rows of which it says something else.
    fn take_newer(self, version: u64) {
        let again = self.again;
        again.unread.set(None);
        let id = self.id.get_value();
        spawn_local(async move {
            match given(&id, version).await {
                Ok(asked) => {
                    self.asked.try_set(Some(Arc::new(asked)));
                    self.changed(std::time::Duration::ZERO);
                }
                Err(error) => {
                    again.unread.try_set(Some(error));
                }
            }
        });
    }

    /// Reads the run again when what it is asked moves on, and when it ends.
    fn follow_asking(self) {
        live().on_events(move |events| {
            let counts = |event: &Event| {
                matches!(event.state_type.as_str(), "reconcile_ask" | "session")
                    && self.id.try_with_value(|id| event.state_id.as_str() == id) == Some(true)
            };
            if events.iter().any(counts) {
                self.run.reload();
            }
        });
    }
}

/// The list that a version of the run's record keeps.
async fn given(id: &str, version: u64) -> Result<Asked, ApiError> {
    let strange = |reason: &str| ApiError::Strange { status: 200, reason: reason.to_owned() };
    let key = StateKey::new(RECORD, id).map_err(|error| strange(&error.to_string()))?;
    let query = Query::default().with("version", Some(&version.to_string()));
    let view = api::state(&key, &query).await?;
    view.data.as_ref().and_then(kept).ok_or_else(|| strange("the record holds no list"))
}

/// What is said of it, above the rows.
#[component]
pub(super) fn AskAgain(board: Board) -> impl IntoView {
    board.follow_asking();
    let Again { stands, can, writing, unread } = board.again;
    keys().on_key(move |key| {
        let asks = key == "a" && can.get_untracked();
        if asks {
            board.ask_again();
        }
        asks
    });
    let shown = Memo::new(move |_| stands.with(Option::is_some));
    view! {
        <Show when=move || shown.get()><Said board stands/></Show>
        <WriteNote writing/>
        {move || unread.get().map(|error| {
            let (head, rest) = error.of_read();
            view! { <Notice kind=NoticeKind::Error head>{rest}</Notice> }
        })}
    }
}

#[component]
fn Said(board: Board, stands: Memo<Option<Asking>>) -> impl IntoView {
    let clock = clock();
    let words = Memo::new(move |_| {
        stands.with(|stands| {
            board.run.value.with(|run| {
                let (stands, run) = (stands.as_ref()?, run.as_ref()?);
                Some(stands.words(&run.run.run_id, run.run.host.as_deref(), clock.now.get()))
            })
        })
    });
    let newer = Memo::new(move |_| {
        stands.with(|stands| match stands {
            Some(Asking::Newer(_, _, version)) => Some(*version),
            _ => None,
        })
    });
    let class = move || {
        stands.with(|stands| match stands {
            Some(Asking::Waits(_) | Asking::Failed(..)) => "notice warn ask-again",
            _ => "notice ask-again",
        })
    };
    let can = board.again.can;
    view! {
        <div class=class role="note">
            <p><b aria-live="polite">{move || words.get().map(|(head, _)| theirs(&head))}</b>" "{move || words.get().map(|(_, rest)| theirs(&rest))}</p>
            {move || newer.get().map(|version| view! {
                <button class="btn" on:click=move |_| board.take_newer(version)>"Hold it against ours"</button>
            })}
            <Show when=move || can.get()>
                <button class="btn" on:click=move |_| board.ask_again()>"Ask the bot again"<Kbd name="a"/></button>
            </Show>
        </div>
    }
}

/// Beside a row of which nothing is known.
#[component]
pub(super) fn AskAgainHere(board: Board) -> impl IntoView {
    let can = board.again.can;
    view! {
        <Show when=move || can.get()>
            <button class="link" data-tip="Its program is asked to ask its broker, and the whole list is held against ours again."
                on:click=move |_| board.ask_again()>"Ask again"</button>
        </Show>
    }
}
