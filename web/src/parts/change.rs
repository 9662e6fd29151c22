//! How changes look: glyphs, tints, rows.

use leptos::prelude::*;
use statehouse_core::api::VersionView;
use statehouse_core::diff::{Change, ChangeKind, SeriesChange};
use statehouse_core::model;

use super::{Chip, Icon, Spark, Tone};
use crate::model::change::{Glyph, Story, split_path};
use crate::model::{number, spark, tint};

/// `+ ~ − = ↺`, with its word for screen readers.
#[component]
pub(crate) fn GlyphMark(
    /// Which.
    glyph: Glyph,
) -> impl IntoView {
    view! { <span class=format!("g {}", glyph.class()) role="img" aria-label=glyph.word()>{glyph.sign()}</span> }
}

/// The new value, with only the characters tinted that differ from the old one.
#[component]
pub(crate) fn Tint(
    /// Old text.
    old: String,
    /// New text.
    new: String,
) -> impl IntoView {
    let tint::Tinted { head, differs, tail } = tint::tint(&old, &new);
    let middle = (!differs.is_empty()).then(|| view! { <span class="tint chg">{differs}</span> });
    view! { {head}{middle}{tail} }
}

/// A signed difference, as the core spelled it.
#[component]
pub(crate) fn Delta(
    /// `+0.0019`
    text: String,
) -> impl IntoView {
    number::signed(&text)
}

/// What a version did, on one line: `stop_loss 1.0832 → 1.0851 +0.0019`.
#[component]
pub(crate) fn StoryLine(
    /// The version.
    version: VersionView,
) -> impl IntoView {
    let line = match Story::of(&version) {
        Story::Moved { path, old, new, delta } => view! {
            {path}" "{old.clone()}" → "<span class="to"><Tint old new/></span>
            {delta.map(|delta| format!(" {delta}"))}
        }
        .into_any(),
        Story::Said { lead, point } => view! { {lead}<b>{point}</b> }.into_any(),
    };
    view! { <span class="chgline">{line}</span> }
}

/// `+2 ~6 −1`
#[component]
pub(crate) fn Counts(
    /// Paths added, changed, removed.
    change: model::ChangeSummary,
) -> impl IntoView {
    let part = |sign: &str, count: u32, class: &'static str| {
        let class = if count == 0 { "zero" } else { class };
        view! { <span class=class>{format!("{sign}{count}")}</span> }
    };
    let words = format!("{} added, {} changed, {} removed", change.added, change.changed, change.removed);
    view! {
        <span class="counts3" role="img" aria-label=words>
            {part("+", change.added, "c-add")}{part("~", change.changed, "c-chg")}{part("\u{2212}", change.removed, "c-del")}
        </span>
    }
}

/// What validation said, in a word.
#[component]
pub(crate) fn Verdict(
    /// The verdict.
    verdict: model::Verdict,
    /// As a chip instead of as a table cell.
    #[prop(optional)]
    chip: bool,
) -> impl IntoView {
    let broken = verdict.violations().len() as u64;
    let words = match &verdict {
        model::Verdict::NotChecked => "not checked".to_owned(),
        model::Verdict::Valid => "valid".to_owned(),
        model::Verdict::Invalid { .. } => number::counted(broken, "violation", "violations"),
    };
    let icon = match &verdict {
        model::Verdict::NotChecked => None,
        model::Verdict::Valid => Some(Icon::Check),
        model::Verdict::Invalid { .. } => Some(Icon::Warn),
    };
    let tip = verdict.violations().iter().map(|v| format!("{} {}", v.pointer, v.message)).collect::<Vec<_>>();
    let bad = verdict.is_invalid();
    if chip {
        let tone = if bad { Tone::Warn } else { Tone::Plain };
        return match icon {
            Some(icon) => view! { <Chip tone icon>{words}</Chip> }.into_any(),
            None => view! { <Chip tone>{words}</Chip> }.into_any(),
        };
    }
    view! {
        <span class="verdict" class:c-warn=bad class:bad=bad data-tip=tip.join("\n")>
            {icon.map(|icon| view! { <super::Pic icon size=14/> })}
            {words}
        </span>
    }
    .into_any()
}

/// One difference: glyph, path, old, new, delta, percent.
#[component]
pub(crate) fn ChangeRow(
    /// The difference.
    change: Change,
) -> impl IntoView {
    let glyph = Glyph::of_kind(change.kind);
    let (parents, last) = split_path(&change.display);
    let (parents, last) = (
        parents.to_owned(),
        if change.display.is_empty() { "(whole document)".to_owned() } else { last.to_owned() },
    );
    let percent = percent_words(&change);
    let (values, delta) = match (&change.series, change.kind) {
        (Some(series), _) => (series_values(series), series_delta(series)),
        (None, ChangeKind::Spelling) => (plain_values(&change), Some("spelling".to_owned())),
        (None, ChangeKind::Reordered) => (plain_values(&change), Some("order".to_owned())),
        (None, _) => (plain_values(&change), change.delta.as_deref().map(number::signed)),
    };
    let words = matches!(change.kind, ChangeKind::Spelling | ChangeKind::Reordered);
    view! {
        <div class="change" class:series=change.series.is_some()>
            <GlyphMark glyph/>
            <span class="path" data-tip=(change.display != change.path).then(|| change.path.clone())>
                {parents}<b>{last}</b>
            </span>
            <span class="vals">{values}</span>
            <span class="delta" class:words=words>{delta}</span>
            <span class="percent">{percent}</span>
        </div>
    }
}

fn plain_values(change: &Change) -> AnyView {
    let old = match (&change.old, &change.new) {
        (None, _) => view! { <span class="ink3">"absent"</span> }.into_any(),
        (Some(old), None) => view! { <span class="tint del">{old.clone()}</span> }.into_any(),
        (Some(old), Some(_)) => old.clone().into_any(),
    };
    let new = match (&change.old, &change.new) {
        (_, None) => view! { <span class="ink3">"absent"</span> }.into_any(),
        (None, Some(new)) => view! { <span class="tint add">{new.clone()}</span> }.into_any(),
        (Some(old), Some(new)) => view! { <Tint old=old.clone() new=new.clone()/> }.into_any(),
    };
    view! { <span class="old">{old}</span><span class="arrow">"→"</span><span class="new">{new}</span> }
        .into_any()
}

fn series_values(series: &SeriesChange) -> AnyView {
    let line = |sign: &'static str, class: &'static str, count: u32, words: &'static str| {
        (count > 0).then(|| view! { <div><b class=class>{sign}</b>{format!(" {count} {words}")}</div> })
    };
    view! {
        <span class="old series-words">
            {line("\u{2212}", "c-del", series.removed_head, "removed at the head")}
            {line("+", "c-add", series.added_head, "added at the head")}
            {line("\u{2212}", "c-del", series.removed_tail, "removed at the tail")}
            {line("+", "c-add", series.added_tail, "added at the tail")}
        </span>
        <span class="arrow"></span>
        <span class="new">
            <Spark path=spark::line(&series.values) lost_head={series.removed_head > 0} new_tail={series.added_tail > 0}/>
        </span>
    }
    .into_any()
}

fn series_delta(series: &SeriesChange) -> Option<String> {
    match (&series.old_last, &series.new_last) {
        (Some(old), Some(new)) => Some(format!("last of {}\n{old} → {new}", series.points)),
        _ => Some(format!("{} points", series.points)),
    }
}

/// `+0.18 %`, or `from 0`.
fn percent_words(change: &Change) -> Option<String> {
    let from_zero = || {
        let old: f64 = change.old.as_deref()?.parse().ok()?;
        (old == 0.0 && change.delta.is_some()).then(|| "from 0".to_owned())
    };
    change.percent.as_deref().map(|percent| format!("{} %", number::signed(percent))).or_else(from_zero)
}
