//! What the selected version changed.

use leptos::prelude::*;
use stateloft_core::api::{DiffView, VersionView};
use stateloft_core::diff::Change;
use stateloft_core::model::{Operation, StateKey};

use super::Ctx;
use super::keys::{compare, key_of, row_of};
use crate::api;
use crate::live::remote;
use crate::model::feed::Row;
use crate::model::hidden::told;
use crate::model::inbox::Event;
use crate::model::{address, age, number};
use crate::pages::origin::origin_parts;
use crate::pages::state::{BrokenNote, broken_since};
use crate::parts::{ChangeRow, Chip, Empty, FaultNote, Icon, Kbd, Notice, NoticeKind, Pic, theirs};

/// More changes than this are left to the comparison.
const SHOWN: usize = 40;

/// The pane.
#[component]
pub(super) fn Detail(ctx: Ctx) -> impl IntoView {
    let row = Memo::new(move |_| {
        let seq = ctx.selected.get()?;
        ctx.lines.with(|lines| row_of(lines, seq))
    });
    let diff = remote(
        move || {
            let row = row.get()?;
            let from = row.is_burst().then(|| row.oldest.version.0.saturating_sub(1));
            Some((key_of(&row), from, row.newest.version.0))
        },
        |(key, from, to): (StateKey, Option<u64>, u64)| async move { api::diff(&key, from, to).await },
    );
    let newest = Signal::derive(move || row.get().map(|row| row.newest));
    let since = broken_since(move || row.get().map(|row| (key_of(&row), row.newest)));
    let shown = move || match row.get() {
        Some(row) => view! { <Head row=row.clone()/><About row=row.clone()/> }.into_any(),
        None => view! {
            <Empty icon=Icon::Activity head="No version selected">
                <Kbd name="j"/>" and "<Kbd name="k"/>" move. A click shows what a version changed."
            </Empty>
        }
        .into_any(),
    };
    let changes = move || {
        let row = row.get()?;
        let fits = |view: &DiffView| view.to.seq == row.newest.seq;
        diff.value
            .with(|diff| diff.as_ref().filter(|view| fits(view)).map(|view| changes_view(view).into_any()))
    };
    let together = Memo::new(move |_| {
        let row = row.get()?;
        let save = ctx.log.value.with(|log| log.as_ref().map(|log| log.saved_with(&row.newest)))?;
        Some((save.len() as u64, before_save(&save)?))
    });
    view! {
        <section class="panel detail" aria-label="The selected version">
            {shown}
            <FaultNote remote=diff/>
            <div class="body">
                {changes}
                {move || row.get().map(|row| violations(&row.newest).into_any())}
                <BrokenNote key=Signal::derive(move || row.get().map(|row| key_of(&row))) side=newest since/>
            </div>
            {move || row.get().map(|row| view! {
                <div class="foot acts">
                    {(row.oldest.version.0 > 1).then(|| view! {
                        <a class="btn small" href=compare(&row)>
                            <Pic icon=Icon::Compare size=14/>{format!("Compare, v{}", row.oldest.version.0 - 1)}
                        </a>
                    })}
                    {(!row.newest.verdict.is_invalid()).then(|| view! {
                        <a class="btn small" href=restore_href(&row)>
                            <Pic icon=Icon::Restore size=14/>{format!("Plan a restore to v{}", row.newest.version)}
                        </a>
                    })}
                    {move || together.get().map(|(count, href)| view! {
                        <a class="btn small" href=href data-tip="All that is listed of the save that this version is of">
                            <Pic icon=Icon::Restore size=14/>{format!("Plan all {} of this save, to before it", number::count(count))}
                        </a>
                    })}
                </div>
            })}
        </section>
    }
}

#[component]
fn Head(row: Row) -> impl IntoView {
    let newest = row.newest.clone();
    let (kind, href) = (newest.state_type.to_string(), address::version(&key_of(&row), newest.version.0));
    view! {
        <div class="head">
            <h2 class="mono cut id">{theirs(newest.state_id.as_str())}</h2>
            <Chip>{kind}</Chip>
            <span class="mono ink2">{row.versions()}</span>
            <span class="end"><a href=href>"Open"</a></span>
        </div>
    }
}

#[component]
fn About(row: Row) -> impl IntoView {
    let newest = row.newest;
    let who = newest.user_id.as_deref().unwrap_or("no author").to_owned();
    let why = newest
        .description
        .as_deref()
        .filter(|why| !why.is_empty())
        .map(|why| format!("\u{201c}{why}\u{201d}"));
    let hash = newest.content_hash.map(|hash| {
        let text = hash.to_string();
        format!(", sha256 {}\u{2026}{}", &text[..8], &text[60..])
    });
    view! {
        <div class="about-version">
            <p class="row"><Pic icon=Icon::Author size=14/><span>{who}", "{age::full(newest.effective_at()).get(11..).unwrap_or_default().to_owned()}</span></p>
            {age::imported(&newest).map(|words| view! { <p class="ink2">{words}</p> })}
            {why.map(|why| view! { <p>{theirs(&why)}</p> })}
            <p class="mono ink2">"seq "{number::count(newest.seq.0)}{hash}</p>
            <p class="origin">{origin_parts(&newest)}</p>
        </div>
    }
}

fn changes_view(view: &DiffView) -> impl IntoView {
    let loud: Vec<Change> = view.diff.changes.iter().filter(|change| !change.volatile).cloned().collect();
    let muted = view.diff.changes.len() - loud.len();
    let more = loud.len().saturating_sub(SHOWN);
    let deleted = view.to.operation == Operation::Delete;
    let created =
        view.from.is_none() || view.from.as_ref().is_some_and(|from| from.operation == Operation::Delete);
    let head = match (deleted, created) {
        (true, _) => Some("Deleted; what it held:"),
        (_, true) => Some("Created with:"),
        _ if loud.is_empty() && muted == 0 => Some("No path differs."),
        _ => None,
    };
    let names = view
        .diff
        .changes
        .iter()
        .filter(|change| change.volatile)
        .map(|change| told(&change.display))
        .collect::<Vec<_>>()
        .join("\n");
    view! {
        <div class="compact">
            {head.map(|head| view! { <p class="note">{head}</p> })}
            {loud.into_iter().take(SHOWN).map(|change| view! { <ChangeRow change/> }).collect_view()}
            {(more > 0).then(|| view! { <p class="note">{format!("and {} in the comparison", number::counted(more as u64, "more change", "more changes"))}</p> })}
            {(muted > 0).then(|| view! {
                <span data-tip=names><Chip icon=Icon::Funnel>{number::counted(muted as u64, "volatile path muted", "volatile paths muted")}</Chip></span>
            })}
        </div>
    }
}

fn violations(version: &VersionView) -> impl IntoView + use<> {
    version
        .verdict
        .violations()
        .iter()
        .map(|violation| {
            let message = violation.message.clone();
            view! { <Notice kind=NoticeKind::Warn head=violation.pointer.clone()>{message}</Notice> }
        })
        .collect_view()
}

/// A plan to bring everything that was saved together to before that.
fn before_save(save: &[Event]) -> Option<String> {
    let first = save.last()?.seq.0;
    let key = |version: &Event| StateKey {
        state_type: version.state_type.clone(),
        state_id: version.state_id.clone(),
    };
    let keys: Vec<StateKey> = save.iter().map(key).collect();
    Some(format!(
        "{}&target=seq:{}",
        address::restore_of(&keys),
        first.checked_sub(1).filter(|before| *before > 0)?
    ))
}

fn restore_href(row: &Row) -> String {
    let base = address::restore_of([&key_of(row)]);
    format!("{base}&target=seq:{}", row.newest.seq)
}
