//! The page's keys.

use leptos::prelude::*;
use stateloft_core::model::StateKey;

use super::Ctx;
use crate::model::activity::Line;
use crate::model::address;
use crate::model::feed::Row;
use crate::model::selection::step;
use crate::shell::{keys, router};

/// Takes the keys while the page is shown.
pub(super) fn take(ctx: Ctx) {
    let router = router();
    keys().on_key(move |key| {
        match key {
            "j" | "k" | "ArrowDown" | "ArrowUp" => {
                let rows = seqs(ctx);
                let by = if matches!(key, "j" | "ArrowDown") { 1 } else { -1 };
                if let Some(at) = step(&rows, ctx.selected.get_untracked().as_ref(), by) {
                    router.adjust(&[("sel", Some(&rows[at].to_string()))]);
                }
            }
            "Enter" => match selected_row(ctx) {
                Some(row) => router.go(&address::version(&key_of(&row), row.newest.version.0)),
                None => return false,
            },
            "c" => match selected_row(ctx) {
                Some(row) => router.go(&compare(&row)),
                None => return false,
            },
            "Escape" if ctx.selected.get_untracked().is_some() => router.adjust(&[("sel", None)]),
            _ => return false,
        }
        true
    });
}

fn seqs(ctx: Ctx) -> Vec<u64> {
    ctx.lines.with_untracked(|lines| {
        let seq = |line: &Line| match line {
            Line::Row(row) => Some(row.newest.seq.0),
            Line::Day(..) => None,
        };
        lines.iter().filter_map(seq).collect()
    })
}

/// The row of the selected version, also when it is folded into a burst.
pub(super) fn row_of(lines: &[Line], seq: u64) -> Option<Row> {
    lines.iter().find_map(|line| match line {
        Line::Row(row)
            if (row.oldest.seq.0..=row.newest.seq.0).contains(&seq)
                && (row.newest.seq.0 == seq || row.is_burst()) =>
        {
            Some(row.clone())
        }
        _ => None,
    })
}

fn selected_row(ctx: Ctx) -> Option<Row> {
    let seq = ctx.selected.get_untracked()?;
    ctx.lines.with_untracked(|lines| row_of(lines, seq))
}

/// Which state a row is about.
pub(super) fn key_of(row: &Row) -> StateKey {
    StateKey { state_type: row.newest.state_type.clone(), state_id: row.newest.state_id.clone() }
}

/// The comparison of a row's versions: from before its oldest to its newest.
pub(super) fn compare(row: &Row) -> String {
    address::compare(&key_of(row), row.oldest.version.0.saturating_sub(1).max(1), row.newest.version.0)
}
