//! The panel with the files.

use leptos::prelude::*;

use super::chips::Chips;
use super::importing::{Importing, Work};
use super::lines::{Line, lines};
use super::rows::line_row;
use crate::model::number;
use crate::parts::{Kbd, VirtualList};
use crate::shell::narrow;

/// The panel.
#[component]
pub(super) fn Files(importing: Importing) -> impl IntoView {
    let narrow = narrow();
    let rows = Memo::new_with_compare(move |_| lines(importing), |_, _| true);
    let reveal = Memo::new(move |_| {
        let cursor = importing.cursor.get()?;
        rows.with(|rows| rows.iter().position(|line| line.name() == cursor))
    });
    importing.walk(rows);
    let ticked = move || {
        importing
            .tally
            .with(|tally| format!("{} of {} ticked", number::count(tally.ticked), number::count(tally.boxes)))
    };
    view! {
        <section class="panel import-list" aria-label="What is in the files">
            <div class="bar"><Chips importing/><span class="about">{ticked}</span></div>
            <div class="thead cells import-row">
                <span></span><span>"In the file"</span><span>"Type"</span><span>"State"</span><span>"Verdict"</span><span>"In the store"</span><span>"What"</span>
            </div>
            <Progress importing/>
            <VirtualList
                rows reveal=reveal key=Line::key height=Callback::new(move |line: Line| line.height(narrow.get()))
                row=move |line| line_row(importing, line)
            />
            <div class="foot">
                <span class="cut">"a whole folder is one list; twice the same file is “unchanged”"</span>
                <span class="keys">
                    <Kbd name="j"/><Kbd name="k"/>"move"<Kbd name="x"/>"tick"<Kbd name="Enter"/>"difference"
                </span>
            </div>
        </section>
    }
}

/// What is being done with the files that are read.
#[component]
fn Progress(importing: Importing) -> impl IntoView {
    let words = move || match importing.work.get() {
        Work::Idle | Work::LookingAgain => None,
        Work::Judging => {
            let read: u64 = importing
                .files
                .with(|files| files.iter().filter(|file| file.bytes().is_some()).map(|file| file.size).sum());
            Some(format!("Understanding {}", number::bytes(read)))
        }
        Work::Looking(done, all) => {
            Some(format!("Looking for {} of {} states in the store", number::count(done), number::count(all)))
        }
    };
    // A short look is no news.
    let shown = move || importing.shown.with(Option::is_none) || importing.work.get() == Work::Judging;
    view! {
        <Show when=move || shown() && words().is_some()>
            <div class="working" role="status"><div class="progress busy"><i></i></div><span>{words}</span></div>
        </Show>
    }
}
