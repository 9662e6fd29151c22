//! The page: files at the left, what will happen at the right; or what waits in quarantine; or what became of an import.

use leptos::html;
use leptos::prelude::*;

use super::apply::Apply;
use super::aside::{WhatHappens, Zone};
use super::bundles::Bundles;
use super::ground::Ground;
use super::importing::{Importing, Work};
use super::list::Files;
use super::quarantine::Quarantine;
use super::written::ImportResult;
use crate::model::number;
use crate::parts::{DropOver, Icon, Notice, NoticeKind, Pic};
use crate::shell::router;

/// Import.
#[component]
pub(crate) fn Import() -> impl IntoView {
    let router = router();
    let quarantine = Memo::new(move |_| router.param("tab").as_deref() == Some("quarantine"));
    move || {
        if quarantine.get() { view! { <Quarantine/> }.into_any() } else { view! { <Wizard/> }.into_any() }
    }
}

#[component]
fn Wizard() -> impl IntoView {
    let (router, importing) = (router(), Importing::new());
    let over = RwSignal::new(false);
    importing.listen(over);
    let done = Memo::new(move |_| router.param("done"));
    let any = Memo::new(move |_| importing.has_files());
    view! {
        <div class="page import-page">
            <Head importing done any/>
            <Refused importing/>
            <Bundles importing/>
            {move || done.get().map(|id| view! { <ImportResult id/> })}
            <Show when=move || any.get() fallback=move || view! { <Ground importing/> }>
                <div class="import-body">
                    <Files importing/>
                    <aside class="plan-aside">
                        <div class="plan-facts"><WhatHappens importing/><Zone importing/></div>
                        <Apply importing/>
                    </aside>
                </div>
            </Show>
            <DropOver over words="Drop to look at them here"/>
        </div>
    }
}

#[component]
fn Head(importing: Importing, done: Memo<Option<String>>, any: Memo<bool>) -> impl IntoView {
    let about = move || {
        importing.files.with(|files| {
            let all: u64 = files.iter().map(|file| file.size).sum();
            if files.is_empty() {
                return "read in this browser, nothing is sent until you press the button".to_owned();
            }
            format!(
                "{}, {}, read in this browser \u{b7} nothing is sent until you press the button",
                number::counted(files.len() as u64, "file", "files"),
                number::bytes(all)
            )
        })
    };
    view! {
        <div class="page-head">
            <h1>"Import"</h1>
            <span class="about">{about}</span>
            <Steps done any/>
            <div class="acts">
                <a class="btn" href="/view/import?tab=quarantine"><Pic icon=Icon::Warn/>"Quarantine"</a>
                <Show when=move || any.get()><Pickers importing brief=true/></Show>
            </div>
        </div>
    }
}

#[component]
fn Steps(done: Memo<Option<String>>, any: Memo<bool>) -> impl IntoView {
    let at = move || match (any.get(), done.with(Option::is_some)) {
        (false, true) => 2,
        (false, false) => 0,
        (true, _) => 1,
    };
    let step = move |nth: usize, words: &'static str| {
        let current = move || (at() == nth).then_some("step");
        let lead = move || {
            if at() > nth {
                view! { <Pic icon=Icon::Check size=14/> }.into_any()
            } else {
                view! { <span>{(nth + 1).to_string()}</span> }.into_any()
            }
        };
        view! { <li aria-current=current>{lead}{words}</li> }
    };
    view! { <ol class="steps" aria-label="Steps">{step(0, "Drop")}{step(1, "Look and choose")}{step(2, "Write")}</ol> }
}

/// The fields that choose files, or a folder, as buttons.
#[component]
pub(super) fn Pickers(
    importing: Importing,
    /// One button for more files.
    #[prop(optional)]
    brief: bool,
) -> impl IntoView {
    let (files, folder) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let pick = move |field: NodeRef<html::Input>| {
        if let Some(field) = field.get_untracked() {
            field.click();
        }
    };
    Effect::new(move || {
        if let Some(folder) = folder.get() {
            folder.set_webkitdirectory(true);
        }
    });
    let take = move |field: NodeRef<html::Input>| {
        if let Some(field) = field.get_untracked() {
            importing.take_picked(&field);
        }
    };
    view! {
        <button class=if brief { "btn" } else { "btn main" } on:click=move |_| pick(files)>
            <Pic icon=if brief { Icon::Plus } else { Icon::File }/>{if brief { "More files" } else { "Choose files" }}
        </button>
        <input
            class="picker" id="import-files" type="file" multiple=true tabindex="-1" aria-hidden="true" node_ref=files
            on:change=move |_| take(files)
        />
        {(!brief).then(|| view! {
            <button class="btn" on:click=move |_| pick(folder)><Pic icon=Icon::Plus/>"Choose a folder"</button>
            <input
                class="picker" id="import-folder" type="file" multiple=true tabindex="-1" aria-hidden="true" node_ref=folder
                on:change=move |_| take(folder)
            />
        })}
    }
}

/// What was not taken, and why the work went no further.
#[component]
fn Refused(importing: Importing) -> impl IntoView {
    let refused = move || {
        importing.refused.get().map(|words| {
            view! { <Notice kind=NoticeKind::Warn head="Not taken.">{words}</Notice> }
        })
    };
    let fault = move || {
        let (head, rest) = importing.fault.get().filter(|_| importing.work.get() == Work::Idle)?.words();
        Some(view! {
            <Notice kind=NoticeKind::Error head>
                {rest}" Nothing was sent. "
                <button class="link" on:click=move |_| importing.work_anew()>"Try again"</button>
            </Notice>
        })
    };
    view! { {refused}{fault} }
}
