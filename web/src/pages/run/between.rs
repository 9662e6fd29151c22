//! Two checkpoints of the run, held against each other: the states that were written between them, and what became of each. Which two
//! stands in the address.

use leptos::html;
use leptos::prelude::*;
use stateloft_core::api::{CheckpointView, Code, DiffView, RunStates, RunView, StateList, VersionView};
use stateloft_core::model::Seq;

use crate::api::{self, ApiError};
use crate::live::{Remote, remote};
use crate::model::address::Query;
use crate::model::runs::between::{Became, Pair, by_owner, key_of, written_between};
use crate::model::{age, number};
use crate::parts::{Chip, Empty, FaultNote, Icon, Pic, Tone, age_of, theirs};
use crate::shell::router;

/// States that are read; there may be more of them.
const PAGE: &str = "1000";
/// States of the run by which it is known which ones are its own.
const OWN: usize = 1_000;
/// Rows that are drawn, and by how many more at a time: each asks for its own difference.
const ROWS: usize = 50;

/// What was read for the panel.
#[derive(Debug, Clone)]
struct Read {
    a: CheckpointView,
    b: CheckpointView,
    /// What the run wrote.
    own: Vec<VersionView>,
    /// What others wrote meanwhile.
    others: Vec<VersionView>,
    /// There are states beyond those that were read.
    more: bool,
    /// The run wrote more states than are known as its own here.
    unsure: bool,
}

async fn read(id: String, pair: Pair) -> Result<Read, ApiError> {
    let one = |number: u64| {
        let path = super::path(&id, &format!("/checkpoints/{number}"));
        async move { api::get::<CheckpointView>(&path).await }
    };
    let (a, b) = (one(pair.a).await?, one(pair.b).await?);
    let wrote: RunStates = api::get(&super::path(&id, &format!("/states?limit={OWN}"))).await?;
    let list: StateList = api::states(&written_between(a.seq, b.seq).with("limit", Some(PAGE))).await?;
    let (own, others) = by_owner(&list.states, &id, &wrote);
    Ok(Read { a, b, own, others, more: list.next_cursor.is_some(), unsure: wrote.next_cursor.is_some() })
}

/// The panel, when two are chosen.
#[component]
pub(super) fn Between(run: Remote<RunView>) -> impl IntoView {
    let router = router();
    let id = super::of(run, |view| view.run.run_id.clone());
    let pair = Memo::new(move |_| router.param("compare").as_deref().and_then(Pair::parse));
    move || {
        let (id, pair) = (id.get()?, pair.get()?);
        Some(view! { <Panel id pair/> })
    }
}

#[component]
fn Panel(id: String, pair: Pair) -> impl IntoView {
    let router = router();
    let found = remote(move || Some((id.clone(), pair)), |(id, pair)| read(id, pair));
    let head = NodeRef::<html::H2>::new();
    // Whoever compares looks at it, wherever the page was scrolled to.
    Effect::new(move || {
        if let Some(head) = head.get() {
            let _ = head.focus();
        }
    });
    let about = move || found.value.with(|read| read.as_ref().map(summary));
    let none = move || {
        found
            .value
            .with(|read| read.as_ref().is_some_and(|read| read.own.is_empty() && read.others.is_empty()))
    };
    let seqs = move || found.value.with(|read| read.as_ref().map(|read| (read.a.seq, read.b.seq)));
    let own = Signal::derive(move || {
        found.value.with(|read| read.as_ref().map(|read| read.own.clone()).unwrap_or_default())
    });
    let others = Signal::derive(move || {
        found.value.with(|read| read.as_ref().map(|read| read.others.clone()).unwrap_or_default())
    });
    let all_shown = RwSignal::new(false);
    let rest = move || found.value.with(|read| read.as_ref().and_then(lacking));
    view! {
        <section class="panel run-between" aria-labelledby="between">
            <div class="head">
                <h2 id="between" node_ref=head tabindex="-1">{format!("Between c{} and c{}", pair.a, pair.b)}</h2>
                <span class="note">{about}</span>
                <span class="end">
                    <button class="btn icon small" aria-label="Close" on:click=move |_| router.set(&[("compare", None)])>
                        <Pic icon=Icon::Close/>
                    </button>
                </span>
            </div>
            <FaultNote remote=found/>
            <Show when=none><Empty icon=Icon::Check head="Nothing was written between them"/></Show>
            <div class="body">
                <Rows seqs=Signal::derive(seqs) rows=own/>
                <Show when=move || others.with(|others| !others.is_empty())>
                    <button class="btn plain small between-more" aria-expanded=move || all_shown.get().to_string() on:click=move |_| all_shown.update(|shown| *shown = !*shown)>
                        {move || {
                            let many = others.with(Vec::len) as u64;
                            format!("{} that this run did not write", number::counted(many, "other state", "other states"))
                        }}
                    </button>
                </Show>
                <Show when=move || all_shown.get()><Rows seqs=Signal::derive(seqs) rows=others/></Show>
                {move || rest().map(|words| view! { <p class="loading">{words}</p> })}
            </div>
        </section>
    }
}

/// `2 m apart, seq 815 to 1,042: 3 states of this run written`
fn summary(read: &Read) -> String {
    let apart = age::long(age::seconds_between(read.a.taken_at, read.b.taken_at));
    let own = number::counted(read.own.len() as u64, "state", "states");
    let (from, to) = (number::count(read.a.seq.0), number::count(read.b.seq.0));
    format!("{apart} apart, seq {from} to {to}: {own} of this run written")
}

/// What is not shown, in words.
fn lacking(read: &Read) -> Option<String> {
    let more = read.more.then(|| format!("Only the first {PAGE} states by type and id are looked through."));
    let unsure = read.unsure.then(|| {
        let own = number::count(OWN as u64);
        format!("The run wrote more than {own} states: some of the others may be its own.")
    });
    let words: Vec<String> = more.into_iter().chain(unsure).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[component]
fn Rows(seqs: Signal<Option<(Seq, Seq)>>, rows: Signal<Vec<VersionView>>) -> impl IntoView {
    let most = RwSignal::new(ROWS);
    let shown = move || {
        let Some((from, _)) = seqs.get() else { return Vec::new() };
        rows.with(|rows| rows.iter().take(most.get()).map(|row| (from, row.clone())).collect::<Vec<_>>())
    };
    let left = move || rows.with(Vec::len).saturating_sub(most.get());
    view! {
        <For each=shown key=|(from, row)| (*from, row.version_id.clone()) let:row><Row from=row.0 then=row.1/></For>
        <Show when=move || { left() > 0 }>
            <p class="loading">
                <button class="link" on:click=move |_| most.update(|most| *most += ROWS)>
                    {move || format!("Show {} more", number::count(left().min(ROWS) as u64))}
                </button>
            </p>
        </Show>
    }
}

/// How a state changed from a moment to a version; nothing if it was not there then.
async fn difference(from: Seq, then: &VersionView) -> Result<Option<DiffView>, ApiError> {
    let (from, to) = (format!("seq:{from}"), then.version.to_string());
    let query = Query::default().with("from", Some(&from)).with("to", Some(&to));
    match api::get_of::<DiffView>(&key_of(then), "/diff", &query).await {
        Ok(diff) => Ok(Some(diff)),
        Err(error) if error.code() == Some(Code::StateNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

#[component]
fn Row(from: Seq, then: VersionView) -> impl IntoView {
    let asked = then.clone();
    let became = remote(
        move || Some((from, asked.clone())),
        |(from, then)| async move { Ok(Became::of(difference(from, &then).await?.as_ref(), &then)) },
    );
    let chip = move || match became.value.get() {
        Some(became) => (tone(&became), became.words()),
        None if became.fault.with(Option::is_some) => (Tone::Warn, "could not be read"),
        None => (Tone::Plain, "reading"),
    };
    let address = {
        let then = then.clone();
        // Until it is known what it was, the version itself can be looked at.
        move || became.value.with(|became| became.as_ref().unwrap_or(&Became::New).address(&then))
    };
    let number = then.version.0;
    let versions = move || {
        became.value.with(|became| match became.as_ref().and_then(Became::from) {
            Some(from) => format!("v{from} \u{2192} v{number}"),
            None => format!("v{number}"),
        })
    };
    let amount = move || became.value.with(|became| became.as_ref().and_then(Became::amount));
    let author = then.user_id.clone().unwrap_or_default();
    view! {
        <a class="trow dense cells between-row" href=address>
            <span class="what">{move || { let (tone, words) = chip(); view! { <Chip tone>{words}</Chip> } }}</span>
            <span class="id">{theirs(then.state_id.as_str())}</span>
            <span class="ty ink2">{then.state_type.to_string()}</span>
            <span class="versions mono ink2">{versions}</span>
            <span class="paths ink2">{amount}</span>
            <span class="by ink2">{theirs(&author)}</span>
            <span class="when num ink2">{age_of(&then)}</span>
        </a>
    }
}

fn tone(became: &Became) -> Tone {
    match became {
        Became::New | Became::Recreated { .. } => Tone::Add,
        Became::Deleted { .. } => Tone::Del,
        Became::Changed { .. } => Tone::Chg,
        Became::Gone | Became::Equal { .. } => Tone::Plain,
    }
}
