//! How changes look: glyphs, tints, rows.

use leptos::prelude::*;
use stateloft_core::api::VersionView;
use stateloft_core::diff::{Change, ChangeKind, SeriesChange};
use stateloft_core::{diff, model};

use super::{Chip, Icon, Spark, Tone, WholeButton, WholeMark, theirs};
use crate::model::change::{Glyph, Story};
use crate::model::changes::{Side, change_row};
use crate::model::hidden::told;
use crate::model::whole::Whole;
use crate::model::{counts, number, spark, tint};

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
    pieces(tint::tint(&old, &new).1, "tint chg")
}

/// Pieces of a value, with those tinted that differ.
fn pieces(parts: Vec<diff::Part>, class: &'static str) -> impl IntoView {
    let piece = |part: diff::Part| {
        if part.changed {
            view! { <span class=class>{theirs(&part.text)}</span> }.into_any()
        } else {
            theirs(&part.text)
        }
    };
    parts.into_iter().map(piece).collect_view()
}

/// What a version did, on one line: `stop_loss 1.0832 → 1.0851 +0.0019`.
#[component]
pub(crate) fn StoryLine(
    /// The version.
    version: VersionView,
) -> impl IntoView {
    let line = match Story::of(&version) {
        Story::Moved { path, old, new, delta } => {
            let (old, new) = tint::tint(&old, &new);
            view! {
                {theirs(&path)}" "{theirs(&tint::text(&old))}" → "<span class="to">{pieces(new, "tint chg")}</span>
                {delta.map(|delta| format!(" {delta}"))}
            }
            .into_any()
        }
        Story::Said { lead, point } => view! { {lead}<b>{point}</b> }.into_any(),
    };
    view! { <span class="chgline">{line}</span> }
}

/// `+2 ~6 −1`, and `≈15 ⇅1` where there is any of it.
#[component]
pub(crate) fn Counts(
    /// How much differs.
    counts: diff::Counts,
) -> impl IntoView {
    let words = counts::words(&counts);
    let part = |(glyph, count): (Glyph, u32)| {
        let class = if count == 0 { "zero".to_owned() } else { format!("c-{}", glyph.class()) };
        (count > 0 || counts::always(glyph))
            .then(|| view! { <span class=class>{format!("{}{count}", glyph.sign())}</span> })
    };
    let parts = counts::kinds(&counts).map(part).into_iter().collect_view();
    view! { <span class="counts3" role="img" aria-label=words.clone() data-tip=words>{parts}</span> }
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
    let tip = verdict
        .violations()
        .iter()
        .map(|v| format!("{} {}", told(&v.pointer), told(&v.message)))
        .collect::<Vec<_>>();
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

/// What a difference between places of an array is worth.
const BY_PLACE: &str =
    "Nothing tells these elements apart, so those at the same place were compared.\nThey may be two things.";

/// One difference: glyph, path, old, new, delta, percent.
#[component]
pub(crate) fn ChangeRow(
    /// The difference.
    change: Change,
    /// What stands before the glyph, such as a box.
    #[prop(optional, into)]
    lead: Option<AnyView>,
    /// A word in place of the delta.
    #[prop(optional, into)]
    instead: Signal<Option<&'static str>>,
    /// Opens long values, where the row is a button itself; else a button of its own does.
    #[prop(optional)]
    whole: Option<Callback<()>>,
) -> impl IntoView {
    let row = change_row(&change);
    let glyph = view! { <GlyphMark glyph=row.mark/> };
    let words = matches!(change.kind, ChangeKind::Spelling | ChangeKind::Reordered);
    let values = match &change.series {
        Some(series) => series_values(series),
        None => view! {
            <span class="old" data-tip=long_tip(change.old.as_deref())><SideText side=row.old gone=true/></span>
            <span class="arrow">"→"</span>
            <span class="new" data-tip=long_tip(change.new.as_deref())>
                <SideText side=row.new gone=false fresh={change.old.is_none()}/>
            </span>
        }
        .into_any(),
    };
    let of =
        change.series.as_ref().map(|series| view! { <small>{format!("last of {}", series.points)}</small> });
    let delta = row.delta;
    let long = Whole::of_change(&change).filter(|_| change.series.is_none());
    let long = long.map(|value| match whole {
        Some(press) => view! { <WholeMark press/> }.into_any(),
        None => view! { <WholeButton whole=value/> }.into_any(),
    });
    let boxed = lead.is_some();
    view! {
        <div class="change" class:series=change.series.is_some() class:boxed=boxed>
            {lead}
            {glyph}
            <span class="path" data-tip=(change.display != change.path).then(|| told(&change.path))>
                {theirs(&row.parents)}<b>{theirs(&row.leaf)}</b>
            </span>
            <span class="vals">{values}</span>
            <span class="delta" class:words=move || words || instead.get().is_some()>
                {of}
                {row.by_place.then(|| view! { <small data-tip=BY_PLACE>"by place"</small> })}
                {move || instead.get().map_or_else(|| delta.clone(), str::to_owned)}
                {long}
            </span>
            <span class="percent">{move || instead.get().is_none().then(|| row.percent.clone())}</span>
        </div>
    }
}

/// A value, with what differs tinted.
#[component]
pub(crate) fn SideText(
    /// The value.
    side: Side,
    /// This is the old side: what is tinted is gone.
    gone: bool,
    /// The value is new altogether.
    #[prop(optional)]
    fresh: bool,
) -> impl IntoView {
    let class = match (gone, fresh) {
        (true, _) => "tint del",
        (false, true) => "tint add",
        (false, false) => "tint chg",
    };
    match side {
        Side::Absent => view! { <span class="ink3">"absent"</span> }.into_any(),
        Side::Value(parts) => pieces(parts, class).into_any(),
    }
}

/// The beginning of a value that its cell cuts.
fn long_tip(text: Option<&str>) -> Option<String> {
    let text = text.filter(|text| text.len() > 24)?;
    let lines: Vec<String> = text
        .chars()
        .take(800)
        .collect::<Vec<_>>()
        .chunks(100)
        .map(|line| told(&line.iter().collect::<String>()))
        .collect();
    Some(lines.join("\n"))
}

fn series_values(series: &SeriesChange) -> AnyView {
    let line = |sign: &'static str, class: &'static str, count: u32, words: (&'static str, &'static str)| {
        let (did, place) = words;
        (count > 0).then(|| view! {
            <div><b class=class>{sign}</b>{format!(" {count} ")}<span class="word">{did}</span>{place}</div>
        })
    };
    view! {
        <span class="old series-words">
            {line("\u{2212}", "c-del", series.removed_head, ("removed at the ", "head"))}
            {line("+", "c-add", series.added_head, ("added at the ", "head"))}
            {line("\u{2212}", "c-del", series.removed_tail, ("removed at the ", "tail"))}
            {line("+", "c-add", series.added_tail, ("added at the ", "tail"))}
        </span>
        <span class="arrow"></span>
        <span class="new">
            <Spark path=spark::line(&series.values) lost_head={series.removed_head > 0} new_tail={series.added_tail > 0}/>
        </span>
    }
    .into_any()
}
