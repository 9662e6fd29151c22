//! What always stands above the contents of a file: that it is one, and whether it is whole.

use std::sync::Arc;

use leptos::prelude::*;

use super::file::Book;
use crate::model::number;
use crate::model::opened::{Found, Trust};
use crate::parts::{CopyButton, Icon, Notice, NoticeKind, Pic, theirs};

/// That this is a file, which one, of when and what.
#[component]
pub(super) fn Banner(book: Arc<Book>, leave: Callback<()>) -> impl IntoView {
    let about = book.summary.about();
    view! {
        <div class="file-banner" role="note" aria-label="This is a file">
            <Pic icon=Icon::File size=20/>
            <p class="grow">
                <b>"This is a file: "{theirs(&book.file.name)}</b>
                ", "{about}". "
                <span class="file-note">"Nothing here is live, nothing is sent."</span>
            </p>
            <button class="btn small" on:click=move |_| leave.run(())><Pic icon=Icon::Close size=14/>"Close the file"</button>
        </div>
    }
}

/// What was found when every line was held against its hashes.
#[component]
pub(super) fn Checked(book: Arc<Book>) -> impl IntoView {
    let summary = &book.summary;
    let Found { trust, brief, head, rest } = summary.found();
    let left_out = summary.left_out();
    if trust == Trust::Part {
        return view! {
            <Notice kind=NoticeKind::Warn head>{rest}{left_out.map(|words| format!(" {words}"))}</Notice>
        }
        .into_any();
    }
    let points = format!(
        "{}, {}.",
        number::counted(summary.snapshots, "snapshot", "snapshots"),
        number::counted(summary.restores, "restore", "restores")
    );
    let hash = summary.last_chain_hash.clone();
    view! {
        <details class="file-checked">
            <summary>
                <span class="c-add row"><Pic icon=Icon::Check size=14/>{brief}</span>
                <span class="ink2">{head}</span>
                {left_out.map(|words| view! { <span class="c-warn">{words}</span> })}
            </summary>
            <p>
                {rest}" It tells of "{points}
                {hash.map(|hash| view! {
                    " It ends with the chain hash "<span class="mono">{hash.clone()}</span>
                    <CopyButton text=Signal::stored(hash) what="the chain hash"/>
                })}
            </p>
        </details>
    }
    .into_any()
}
