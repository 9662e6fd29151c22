//! The changed paths, at the left of a comparison.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::diff::Diff;

use super::{Comparison, Shown};
use crate::model::change::Glyph;
use crate::model::changes::change_row;
use crate::model::number;
use crate::parts::{GlyphMark, VirtualList, theirs};
use crate::shell::router;

/// Height of a row in pixels (`compare.css`).
const ROW: u32 = 49;

/// The list.
#[component]
pub(super) fn PathList(comparison: Comparison, shown: Shown) -> impl IntoView {
    provide_context(shown);
    let rows = Memo::new_with_compare(
        move |_| {
            let Some(diff) = comparison.diff() else { return Vec::new() };
            shown.places(&diff).into_iter().map(|at| (Arc::clone(&diff), at)).collect::<Vec<_>>()
        },
        |_, _| true,
    );
    let count = move || rows.with(Vec::len) as u64;
    let reveal = Memo::new(move |_| {
        let path = shown.path.get()?;
        rows.with(|rows| rows.iter().position(|(diff, at)| diff.changes[*at].path == path))
    });
    view! {
        <section class="panel path-panel" aria-label="Changed paths">
            <div class="head"><h2>{move || number::counted(count(), "changed path", "changed paths")}</h2></div>
            <VirtualList rows key=row_key height=Callback::new(|_: (Arc<Diff>, usize)| ROW) row=path_row reveal/>
        </section>
    }
}

fn row_key((diff, at): &(Arc<Diff>, usize)) -> String {
    let change = &diff.changes[*at];
    format!("{}\u{0}{:?}\u{0}{:?}", change.path, change.old, change.new)
}

fn path_row((diff, at): (Arc<Diff>, usize)) -> AnyView {
    view! { <PathRow diff at/> }.into_any()
}

#[component]
fn PathRow(diff: Arc<Diff>, at: usize) -> impl IntoView {
    let (shown, router): (Shown, _) = (expect_context(), router());
    let change = &diff.changes[at];
    let row = change_row(change);
    let path = change.path.clone();
    let is_cursor = {
        let path = path.clone();
        Memo::new(move |_| shown.path.with(|at| at.as_deref() == Some(path.as_str())))
    };
    let words = match (row.mark, row.delta.is_empty()) {
        (Glyph::Added, _) => row.new.text(),
        (Glyph::Removed, _) => row.old.text(),
        (_, false) => format!("{} {}", row.delta, row.percent),
        _ => format!("{} → {}", row.old.text(), row.new.text()),
    };
    let words = match &change.series {
        Some(series) => format!("{} points, {words}", series.points),
        None => words,
    };
    view! {
        <button class="path-item" class:on=move || is_cursor.get() on:click=move |_| router.adjust(&[("path", Some(&path))])>
            <GlyphMark glyph=row.mark/>
            <span class="path cut">{theirs(&row.parents)}<b>{theirs(&row.leaf)}</b></span>
            <span class="what cut">{words}</span>
        </button>
    }
}
