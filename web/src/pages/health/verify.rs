//! Checking the whole chain now.

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::VerifyReport;

use crate::api;
use crate::model::number;
use crate::parts::{Icon, Pic};
use crate::shell::{desk, toasts};

/// Versions checked by one request.
const STRETCH: u32 = 5_000;

/// The button, which says how far it is.
#[component]
pub(super) fn VerifyButton() -> impl IntoView {
    let (desk, toasts) = (desk(), toasts());
    let at = RwSignal::new(None::<(u64, u64)>);
    let press = move |_| {
        at.set(Some((0, 0)));
        spawn_local(async move {
            let mut after = 0;
            // Ends when the page is left, too: then there is nobody to tell.
            while at.try_with_untracked(Option::is_some) == Some(true) {
                let path = format!("/verify?after={after}&limit={STRETCH}");
                match api::get::<VerifyReport>(&path).await {
                    Ok(VerifyReport { fault: Some(fault), .. }) => {
                        toasts.failed("Stored versions are damaged.", fault);
                        break;
                    }
                    Ok(report) if report.verified_to >= report.seq => {
                        let versions = number::counted(report.verified_to.0, "version", "versions");
                        toasts.done(
                            "The chain is whole.",
                            format!("{versions} checked, as they were written."),
                        );
                        break;
                    }
                    Ok(report) => {
                        after = report.verified_to.0;
                        at.try_set(Some((after, report.seq.0)));
                    }
                    Err(error) => {
                        let (head, rest) = error.of_read();
                        toasts.failed(head, rest);
                        break;
                    }
                }
            }
            at.try_set(None);
            desk.status.reload();
        });
    };
    let words = move || match at.get() {
        None => "Verify the chain now".to_owned(),
        Some((_, 0)) => "Verifying".to_owned(),
        Some((done, all)) => format!("Verifying, {} of {}", number::count(done), number::count(all)),
    };
    view! {
        <button class="btn" disabled=move || at.with(Option::is_some) on:click=press>
            <Pic icon=Icon::Check/>{words}
        </button>
    }
}
