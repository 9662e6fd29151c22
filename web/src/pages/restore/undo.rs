//! Undoing a restore: one click; what stands in its way is said.

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use statehouse_core::api::{AppliedRestore, Code, Plan, RestoreRecord, UndoRequest};

use crate::api::{self, ApiError};
use crate::model::address::{Query, encode_segment, restore_of};
use crate::model::restore::states_word;
use crate::parts::{Author, Icon, Notice, NoticeKind, Pic};
use crate::shell::router;

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
    /// Where to say why it was not done.
    refused: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let router = router();
    let busy = RwSignal::new(false);
    let words = if brief { "Undo".to_owned() } else { undo_words(&record) };
    let class = if brief { "link" } else { "btn undo" };
    let path = format!("/restores/{}/undo", encode_segment(&record.restore_id));
    let press = move |_| {
        let request = UndoRequest { reason: None, user_id: Author::stored() };
        let path = path.clone();
        busy.set(true);
        refused.set(None);
        spawn_local(async move {
            let done = api::send::<AppliedRestore>(Method::POST, &path, Some(&request)).await;
            busy.try_set(false);
            match done {
                Ok(applied) => {
                    router.go(&format!("/view/restore/{}", encode_segment(&applied.record.restore_id)));
                }
                Err(error) => {
                    refused.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <button class=class disabled=move || busy.get() on:click=press>
            {(!brief).then(|| view! { <Pic icon=Icon::Restore/> })}{words}
        </button>
    }
}

/// Why an undo was refused; where states moved since, a plan that can still take back what the restore changed.
#[component]
pub(super) fn UndoRefused(refused: RwSignal<Option<ApiError>>) -> impl IntoView {
    move || {
        refused.get().map(|error| match outdated(&error) {
            Some(plan) => {
                view! {
                    <Notice kind=NoticeKind::Error head="Nothing was written.">
                        "Of what this restore wrote, something was saved again since. A plan can still go back to the moment before it, path by path. "
                        <a href=plan_href(&plan)>"Look at that plan"</a>
                    </Notice>
                }
                .into_any()
            }
            None => view! {
                <Notice kind=NoticeKind::Error head=format!("Nothing was written. {}", error.sentence())>
                    {error.detail().to_owned()}
                </Notice>
            }
            .into_any(),
        })
    }
}

fn outdated(error: &ApiError) -> Option<Plan> {
    match error {
        ApiError::Problem(problem) if problem.code == Code::PlanOutdated => problem.plan.as_deref().cloned(),
        _ => None,
    }
}

/// The plan that an undo would be, to be looked at and ticked.
fn plan_href(plan: &Plan) -> String {
    let target = Query::default().with("target", Some(&plan.target.to_string()));
    let states = restore_of(plan.states.iter().map(|state| &state.key));
    format!("/view/restore{target}&{}", states.split_once('?').map_or("", |(_, query)| query))
}
