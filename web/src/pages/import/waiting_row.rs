//! A file that was not looked at yet.

use leptos::prelude::*;

use super::importing::Importing;
use super::reading::Stage;
use crate::model::number;
use crate::parts::{Icon, Pic, theirs};

/// A file that is being read, or waits to be looked at.
#[component]
pub(super) fn WaitingRow(importing: Importing, id: u32, name: String) -> impl IntoView {
    let of = move || importing.files.with(|files| files.iter().find(|file| file.id == id).cloned());
    let share = move || {
        of().map_or(0, |given| match given.stage {
            Stage::Reading(done) => (100 * done).checked_div(given.size).unwrap_or(100),
            Stage::Read(_) => 100,
            Stage::Waiting | Stage::Failed => 0,
        })
    };
    let words = move || {
        let given = of()?;
        let size = number::bytes(given.size);
        Some(match given.stage {
            Stage::Waiting => format!("{size}, not read yet"),
            Stage::Reading(done) => format!("{} of {size}", number::bytes(done)),
            Stage::Read(_) => format!("{size} read, being understood"),
            Stage::Failed => "could not be read: it was moved or changed, or may not be read".to_owned(),
        })
    };
    view! {
        <div class="import-waiting">
            <span class="open-ring" aria-hidden="true"></span><Pic icon=Icon::File/>
            <b class="mono cut name">{theirs(&name)}</b>
            <div class="progress" role="progressbar" aria-label="Read" aria-valuenow=move || share().to_string() aria-valuemin="0" aria-valuemax="100">
                <i style:width=move || format!("{}%", share())></i>
            </div>
            <span class="ink2 amount">{words}</span>
            <button class="link end" on:click=move |_| importing.leave_out(id)>"Leave it out"</button>
        </div>
    }
}
