//! Before a file can be looked at: none yet, one that is read, one that was refused.

use leptos::html;
use leptos::prelude::*;

use super::file::{Named, Stage, close, open_file, stage};
use crate::model::number;
use crate::parts::{CopyButton, Icon, Notice, NoticeKind, Pic, theirs};
use crate::shell::router;

const EXPORT: &str = "stateloft export > book.stateloft";

/// Where to drop a file.
#[component]
pub(super) fn Ground() -> impl IntoView {
    let router = router();
    let asked = Memo::new(move |_| router.query.with(|query| query.pairs().next().is_some()));
    view! {
        <div class="page-head"><h1>"Bundle file"</h1><span class="about">"read in this browser, nothing is sent"</span></div>
        <Show when=move || asked.get()>
            <Notice head="The file is not open any more.">
                "A page that is loaded again cannot keep it. Choose it again, and what this address shows is shown."
            </Notice>
        </Show>
        <section class="panel ground" aria-label="File">
            <div class="ground-drop">
                <Pic icon=Icon::File size=32/>
                <h2>"Drop a bundle anywhere on this page"</h2>
                <p class="ink2">"States, their history, any two versions, as of any seq. It is read and checked in this browser."</p>
                <div class="row"><Picker/></div>
            </div>
            <div class="ground-about">
                <div>
                    <h2>"Where bundles come from"</h2>
                    <pre class="mono" tabindex="0">{EXPORT}</pre>
                    <CopyButton text=Signal::stored(EXPORT.to_owned()) what="the command" words="Copy as command"/>
                </div>
                <div>
                    <h2>"To take one into this store"</h2>
                    <pre class="mono" tabindex="0">"stateloft import book.stateloft"</pre>
                    <p class="note">"Looking at a file changes nothing, here or in the store."</p>
                </div>
            </div>
        </section>
    }
}

/// The field that chooses a file, as a button.
#[component]
fn Picker() -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let take = move |_| {
        let Some(field) = field.get_untracked() else { return };
        if let Some(file) = field.files().and_then(|files| files.get(0)) {
            open_file(file.name(), file.into());
        }
        // So that the same one can be chosen again.
        field.set_value("");
    };
    view! {
        <button class="btn main" on:click=move |_| { if let Some(field) = field.get_untracked() { field.click(); } }>
            <Pic icon=Icon::File/>"Choose a file"
        </button>
        <input
            class="picker" id="opened-file" type="file" accept=".stateloft,.gz,.ndjson" tabindex="-1" aria-hidden="true"
            node_ref=field on:change=take
        />
    }
}

/// How far it is read.
#[component]
pub(super) fn Reading(file: Named) -> impl IntoView {
    let stage = stage();
    let far = Memo::new(move |_| match stage.get() {
        Stage::Reading(_, bytes, versions) => (bytes, versions),
        _ => (0, 0),
    });
    let size = file.size;
    let percent = move || (far.get().0 * 100).checked_div(size).unwrap_or(0).min(100);
    let words = move || {
        let (bytes, versions) = far.get();
        format!(
            "{} of {}, {}",
            number::bytes(bytes),
            number::bytes(size),
            number::counted(versions, "version", "versions")
        )
    };
    view! {
        <div class="file-banner" role="note">
            <Pic icon=Icon::File size=20/>
            <p class="grow"><b>"This is a file: "{theirs(&file.name)}</b>". It is read in this browser, nothing is sent."</p>
        </div>
        <section class="panel file-reading" role="status" aria-label="Reading the file">
            <div
                class="progress" role="progressbar" aria-label="Read" aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=move || percent().to_string()
            ><i style:width=move || format!("{}%", percent())></i></div>
            <div class="row">
                <span>"Reading and checking "{words}</span>
                <button class="link" on:click=move |_| close()>"Cancel"</button>
            </div>
        </section>
    }
}

/// Why it cannot be looked at.
#[component]
pub(super) fn Refused(file: Named, head: String, rest: String) -> impl IntoView {
    view! {
        <Notice kind=NoticeKind::Error head>
            {rest}" "<span class="ink2">{format!("The file has {}; it was only read.", number::bytes(file.size))}</span>
        </Notice>
        <Ground/>
    }
}
