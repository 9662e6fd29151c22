//! What the run found when it began.

use leptos::prelude::*;
use stateloft_core::api::{RunOutcome, RunView};

use crate::live::Remote;
use crate::pages::runs::{Compared, found};
use crate::parts::{Chip, Icon, Tone};
use crate::shell::router;

/// States that are shown with their first change.
const SHOWN: usize = 30;

/// The panel.
#[component]
pub(super) fn Found(run: Remote<RunView>) -> impl IntoView {
    let router = router();
    let known = super::of(run, |view| (view.run.run_id.clone(), view.run.previous.clone(), view.run.outcome));
    let chip = move || {
        known.get().map(|(_, _, outcome)| match outcome {
            RunOutcome::AfterCrash => {
                view! { <Chip tone=Tone::Warn icon=Icon::Warn>{found(outcome)}</Chip> }.into_any()
            }
            _ => view! { <Chip>{found(outcome)}</Chip> }.into_any(),
        })
    };
    let body = move || {
        let (id, previous, _) = known.get()?;
        let left = router.param("with").or(previous);
        Some(match left {
            Some(left) => view! { <Compared a=left b=id shown=SHOWN/> }.into_any(),
            None => view! { <p class="note">"fresh: the first run of its instance, so there was nothing to find."</p> }.into_any(),
        })
    };
    view! {
        <section class="panel run-found" aria-labelledby="found">
            <div class="head"><h2 id="found">"What it found at its start"</h2>{chip}</div>
            <div class="body beside-body">{body}</div>
        </section>
    }
}
