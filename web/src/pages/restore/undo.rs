//! Undoing a restore: one click; what stands in its way is said.

use leptos::prelude::*;
use stateloft_core::api::{Plan, RestoreRecord, UndoRequest};

use super::sending::Sending;
use crate::model::handshake::order::Order;
use crate::model::plan_address::{Ask, with_ticks};
use crate::model::restore::states_word;
use crate::parts::{Author, Icon, Notice, NoticeKind, Pic, WriteNote, Writing};

/// The words on the button.
pub(super) fn undo_words(record: &RestoreRecord) -> String {
    match record.counts.written() {
        1 => "Undo: write the state as it was before".to_owned(),
        _ => format!("Undo: write the {} as they were before", states_word(record.counts.written())),
    }
}

/// The button. One press is enough: an undo is a restore like any other, and can be undone itself.
#[component]
pub(super) fn Undo(
    record: RestoreRecord,
    #[prop(optional)] brief: bool,
    /// Where to put the plan that it would be now, where states have moved since.
    refused: RwSignal<Option<Plan>>,
    /// What sends it, and says what became of it.
    sending: Sending,
) -> impl IntoView {
    let words = if brief { "Undo".to_owned() } else { undo_words(&record) };
    let class = if brief { "link" } else { "btn undo" };
    let press = move |_| {
        let request = UndoRequest { user_id: Author::stored(), ..UndoRequest::default() };
        let order = Order::Undo { restore_id: record.restore_id.clone(), request: Box::new(request) };
        refused.set(None);
        sending.send(
            order,
            || (),
            move |error| {
                refused.try_set(Some(error.fresh_plan().ok_or(error)?.0));
                Ok(())
            },
        );
    };
    view! {
        <button class=class disabled=move || sending.writing.busy.get() on:click=press>
            {(!brief).then(|| view! { <Pic icon=Icon::Restore/> })}{words}
        </button>
    }
}

/// What became of an undo; where states moved since, a plan that can still take back what the restore changed.
#[component]
pub(super) fn UndoRefused(refused: RwSignal<Option<Plan>>, writing: Writing) -> impl IntoView {
    let plan = move || {
        refused.get().map(|plan| view! {
            <Notice kind=NoticeKind::Error head="Nothing was written.">
                "Of what this restore wrote, something was saved again since. The rest is ticked in a plan; what is newer is shown there, and is taken back only if you tick it. "
                <a href=plan_href(&plan)>"Look at that plan"</a>
            </Notice>
        })
    };
    view! {
        {plan}
        <WriteNote writing/>
    }
}

/// The plan that an undo would be, to be looked at and ticked.
fn plan_href(plan: &Plan) -> String {
    let ask = Ask { target: Some(plan.target.clone()), scope: plan.scope.clone(), exact: false };
    format!("/view/restore{}", with_ticks(&ask, &plan.selection))
}
