//! The document as a folded tree, with its changes in place. Containers are listed as they are opened.

use std::collections::HashSet;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Comparison, Shown};
use crate::model::change::Glyph;
use crate::model::tree::{self, Kind, Laid, Listings, Source, Tree as Model, TreeRow, Value, Wanted};
use crate::parts::{GlyphMark, Icon, Notice, NoticeKind, Pic, SideText, VirtualList};
use crate::shell::router;
use crate::worker;

/// What the tree has read and what the user has turned over.
#[derive(Clone, Copy)]
struct State {
    comparison: Comparison,
    listings: RwSignal<Listings>,
    asked: StoredValue<HashSet<Wanted>>,
    turned: RwSignal<HashSet<String>>,
    fault: RwSignal<Option<String>>,
    shown: Shown,
}

/// The tree.
#[component]
pub(crate) fn Tree(
    /// What is compared.
    comparison: Comparison,
    /// What of it is shown.
    shown: Shown,
) -> impl IntoView {
    let router = router();
    let everything = Memo::new(move |_| router.param("all").as_deref() == Some("show"));
    let state = State {
        comparison,
        listings: RwSignal::new(Listings::new()),
        asked: StoredValue::new(HashSet::new()),
        turned: RwSignal::new(HashSet::new()),
        fault: RwSignal::new(None),
        shown,
    };
    // Another pair: nothing that was read of the old one holds.
    let pair = Memo::new(move |_| {
        comparison.stage.track();
        let id = |side: Option<super::Side>| side.map(|side| side.version_id.clone());
        (id(comparison.a.get_untracked()), id(comparison.b.get_untracked()))
    });
    Effect::new(move |before: Option<(Option<String>, Option<String>)>| {
        let now = pair.get();
        if before.is_some_and(|before| before != now) {
            state.listings.set(Listings::new());
            state.asked.set_value(HashSet::new());
        }
        now
    });
    let laid = Memo::new(move |_| {
        let Some(diff) = comparison.diff() else { return Laid::default() };
        state.listings.with(|listings| {
            state.turned.with(|turned| {
                let everything = everything.get() || diff.is_empty();
                Model { diff: &diff, listings, turned, everything, volatile: shown.volatile.get() }.lay_out()
            })
        })
    });
    Effect::new(move || {
        for wanted in laid.with(|laid| laid.wanted.clone()) {
            state.read(wanted);
        }
    });
    provide_context(state);
    let rows = Signal::derive(move || laid.with(|laid| laid.rows.clone()));
    let reveal = Memo::new(move |_| {
        let path = shown.path.get()?;
        laid.with(|laid| laid.rows.iter().position(|row| row.mark.is_some() && row.pointer == path))
    });
    view! {
        <Show when=move || state.fault.with(Option::is_some)>
            <Notice kind=NoticeKind::Error head="The document could not be listed.">
                {move || state.fault.get()}
            </Notice>
        </Show>
        <VirtualList rows key=row_key height=Callback::new(|_| tree::ROW) row=tree_row reveal/>
    }
}

fn row_key(row: &TreeRow) -> String {
    // A row that changes what it shows is another row.
    format!("{} {:?} {:?}", row.name, row.open, row.kind)
}

impl State {
    /// Reads children that are wanted, once.
    fn read(self, wanted: Wanted) {
        let new = self.asked.try_update_value(|asked| asked.insert(wanted.clone())) == Some(true);
        let Some(texts) = self.comparison.texts.get_untracked().filter(|_| new) else { return };
        let (text, side) = match wanted.source {
            Source::A => (texts.a, self.comparison.a),
            Source::B => (texts.b, self.comparison.b),
        };
        let name =
            side.with_untracked(|side| side.as_ref().map_or_else(String::new, |s| s.version_id.clone()));
        spawn_local(async move {
            match worker::outline(&name, &text, &wanted.pointer, wanted.offset, tree::PAGE).await {
                Ok(listing) => {
                    self.listings.try_update(|listings| {
                        // The pair may have changed meanwhile; what was asked for it is forgotten then.
                        if self.asked.try_with_value(|asked| asked.contains(&wanted)) != Some(true) {
                            return;
                        }
                        let known = listings
                            .entry((wanted.source, wanted.pointer))
                            .or_insert_with(|| tree::Listing { children: Vec::new(), ..listing.clone() });
                        if known.children.len() == wanted.offset as usize {
                            known.children.extend(listing.children);
                        }
                    });
                }
                Err(error) => {
                    self.fault.try_set(Some(error.words()));
                }
            }
        });
    }

    fn turn(self, name: &str) {
        self.turned.update(|turned| {
            if !turned.remove(name) {
                turned.insert(name.to_owned());
            }
        });
    }
}

fn tree_row(row: TreeRow) -> AnyView {
    view! { <Row row/> }.into_any()
}

#[component]
fn Row(row: TreeRow) -> impl IntoView {
    let (state, router): (State, _) = (expect_context(), router());
    let TreeRow { depth, name, pointer, mark, tinted, open, kind } = row;
    let tint = match (tinted, mark) {
        (true, Some(Glyph::Added)) => " add",
        (true, Some(Glyph::Removed)) => " del",
        _ => "",
    };
    let is_cursor = {
        let pointer = pointer.clone();
        Memo::new(move |_| mark.is_some() && state.shown.path.with(|path| path.as_deref() == Some(&pointer)))
    };
    let select = {
        let more = if let Kind::More { wanted, .. } = &kind { Some(wanted.clone()) } else { None };
        move || {
            if let Some(wanted) = more.clone() {
                state.read(wanted);
            } else if open.is_some() {
                state.turn(&name);
            } else {
                router.adjust(&[("path", Some(&pointer))]);
            }
        }
    };
    let fold = open.map(|open| view! { <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/> });
    view! {
        <div
            class=format!("tree-row{tint}") class:cursor=move || is_cursor.get() role="button" tabindex="0"
            aria-expanded=open.map(|open| open.to_string()) style:padding-left=format!("{}px", 30 + depth * 18)
            on:click={ let select = select.clone(); move |_| select() }
            on:keydown=move |event| {
                if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    select();
                }
            }
        >
            {mark.map(|glyph| view! { <GlyphMark glyph/> })}
            <span class="fold">{fold}</span>
            <Words kind/>
        </div>
    }
}

#[component]
fn Words(kind: Kind) -> impl IntoView {
    match kind {
        Kind::Fold { count, why, names } => {
            let names = if names.is_empty() { String::new() } else { format!(": {names}") };
            view! { <span class="ink3 cut">{format!("⋯ {count} {why}{names}")}</span> }.into_any()
        }
        Kind::More { left, .. } => {
            view! { <span class="c-accent">{format!("{} more", left.min(tree::PAGE))}</span>
            <span class="ink3">{format!(" of {left}")}</span> }
            .into_any()
        }
        Kind::Node { key, value } => view! { <b>{key}</b>" "<ValueWords value/> }.into_any(),
    }
}

#[component]
fn ValueWords(value: Value) -> impl IntoView {
    match value {
        Value::Plain(text) => {
            let tip = long(&text);
            view! { <span class="cut" data-tip=tip>{text}</span> }.into_any()
        }
        Value::Container(words) => view! { <span class="ink3">{words}</span> }.into_any(),
        Value::Moved { what, parts } => view! {
            <span class="ink3">{what}</span>
            {parts.into_iter().map(|(mark, text)| view! {
                " "<span class=format!("c-{}", mark.class())>{text}</span>
            }).collect_view()}
        }
        .into_any(),
        Value::Change(row) => {
            let whole = format!("{} → {}", row.old.text(), row.new.text());
            let both = row.mark == Glyph::Changed;
            let gone = row.mark == Glyph::Removed;
            let (old, new) = (row.old, row.new);
            view! {
                <span class="cut" data-tip=long(&whole)>
                    {(both || gone).then(|| view! { <span class="ink2"><SideText side=old gone=true/></span> })}
                    {both.then_some(" → ")}
                    {(!gone).then(|| view! { <SideText side=new gone=false fresh=!both/> })}
                </span>
                <span class="figures">{format!(" {}  {}", row.delta, row.percent)}</span>
            }
            .into_any()
        }
    }
}

fn long(text: &str) -> Option<String> {
    (text.len() > 60).then(|| text.to_owned())
}
