//! The document as a folded tree, with its changes in place. Containers are listed as they are opened.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::{AbortHandle, Aborted, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use super::{Comparison, Shown};
use crate::model::change::Glyph;
use crate::model::tree::{
    self, Index, Kind, Laid, Listing, Listings, Source, Tree as Model, TreeRow, Value, Wanted,
};
use crate::model::whole::{Whole, is_long_line};
use crate::model::{changes, number};
use crate::parts::{GlyphMark, Icon, Notice, NoticeKind, Pic, SideText, VirtualList, WholeMark, theirs};
use crate::shell::router;
use crate::worker;

/// What the tree has read and what the user has turned over.
#[derive(Clone, Copy)]
struct State {
    comparison: Comparison,
    listings: RwSignal<Listings>,
    /// What was asked for and is not answered, or could not be read.
    asked: StoredValue<HashMap<Wanted, AbortHandle>>,
    turned: RwSignal<HashMap<String, bool>>,
    extended: RwSignal<HashMap<String, u32>>,
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
    let state = State::new(comparison, shown);
    state.forget_with_the_pair();
    let index = Memo::new_with_compare(
        move |_| {
            let diff = comparison.diff()?;
            let index = Index::of(&diff, shown.volatile.get());
            Some(Arc::new((diff, index)))
        },
        |_, _| true,
    );
    let laid = Memo::new(move |_| {
        let Some(known) = index.get() else { return Laid::default() };
        let (diff, index) = (&known.0, &known.1);
        let (turned, extended, path) = (state.turned.get(), state.extended.get(), shown.path.get());
        state.listings.with(|listings| {
            let everything = everything.get() || diff.is_empty();
            let (turned, extended, path) = (&turned, &extended, path.as_deref());
            Model { diff, index, listings, turned, extended, path, everything }.lay_out()
        })
    });
    let sight = RwSignal::new((0, 0));
    Effect::new(move || {
        let (from, to) = sight.get();
        let wanted = |(row, _): &&(usize, Wanted)| *row + 1 >= from && *row <= to + 1;
        let wanted: Vec<Wanted> =
            laid.with(|laid| laid.wanted.iter().filter(wanted).map(|(_, wanted)| wanted.clone()).collect());
        state.read_all(wanted);
    });
    on_cleanup(move || state.stop());
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
        <VirtualList rows key=row_key height=Callback::new(|_| tree::ROW) row=tree_row reveal sight/>
    }
}

fn row_key(row: &TreeRow) -> String {
    // A row that changes what it shows is another row.
    format!("{} {:?} {:?}", row.name, row.open, row.kind)
}

impl State {
    fn new(comparison: Comparison, shown: Shown) -> Self {
        Self {
            comparison,
            listings: RwSignal::new(Listings::new()),
            asked: StoredValue::new(HashMap::new()),
            turned: RwSignal::new(HashMap::new()),
            extended: RwSignal::new(HashMap::new()),
            fault: RwSignal::new(None),
            shown,
        }
    }

    /// Another pair: nothing that was read of the old one holds, and nobody waits for the rest of it.
    fn forget_with_the_pair(self) {
        let pair = Memo::new(move |_| {
            self.comparison.stage.track();
            let id = |side: Option<super::Side>| side.map(|side| side.version_id.clone());
            (id(self.comparison.a.get_untracked()), id(self.comparison.b.get_untracked()))
        });
        Effect::new(move |before: Option<(Option<String>, Option<String>)>| {
            let now = pair.get();
            if before.is_some_and(|before| before != now) {
                self.stop();
                self.listings.set(Listings::new());
                self.extended.set(HashMap::new());
            }
            now
        });
    }

    /// Drops everything that was asked for.
    fn stop(self) {
        let asked = self.asked.try_update_value(std::mem::take).unwrap_or_default();
        for task in asked.into_values() {
            task.abort();
        }
    }

    /// Reads what is in sight and not read yet; what is in sight no longer need not be read.
    fn read_all(self, wanted: Vec<Wanted>) {
        self.asked.try_update_value(|asked| {
            asked.retain(|pending, task| {
                let keep = pending.offset > 0 || wanted.contains(pending);
                if !keep {
                    task.abort();
                }
                keep
            });
        });
        for wanted in wanted {
            self.read(wanted);
        }
    }

    /// The text and the name of the document that a row is of.
    fn document(self, source: Source) -> Option<(JsValue, String)> {
        let texts = self.comparison.texts.get_untracked()?;
        let (text, side) = match source {
            Source::A => (texts.a, self.comparison.a),
            Source::B => (texts.b, self.comparison.b),
        };
        let name = side.with_untracked(|side| side.as_ref().map(|side| side.version_id.clone()));
        Some((text, name.unwrap_or_default()))
    }

    /// Reads children that are wanted, once.
    fn read(self, wanted: Wanted) {
        let known = self.asked.try_with_value(|asked| asked.contains_key(&wanted)) != Some(false);
        let Some((text, name)) = self.document(wanted.source).filter(|_| !known) else { return };
        let place = wanted.clone();
        let (work, task) = abortable(async move {
            worker::outline(&name, &text, &wanted.pointer, wanted.offset, tree::PAGE).await
        });
        self.asked.update_value(|asked| {
            asked.insert(place.clone(), task);
        });
        spawn_local(async move {
            match work.await {
                Ok(Ok(listing)) => self.take(place, listing),
                Ok(Err(error)) => {
                    self.fault.try_set(Some(error.words()));
                }
                // Nobody waits for it any more.
                Err(Aborted) => {}
            }
        });
    }

    fn take(self, place: Wanted, listing: Listing) {
        self.asked.try_update_value(|asked| asked.remove(&place));
        self.listings.try_update(|listings| {
            let known = listings
                .entry((place.source, place.pointer))
                .or_insert_with(|| Listing { children: Vec::new(), ..listing.clone() });
            if known.children.len() == place.offset as usize {
                known.children.extend(listing.children);
            }
        });
    }

    fn turn(self, name: &str, open: bool) {
        self.turned.update(|turned| {
            turned.insert(name.to_owned(), open);
        });
    }

    /// Lays out one page of changes more.
    fn extend(self, pointer: &str, shown: u32) {
        self.extended.update(|extended| {
            extended.insert(pointer.to_owned(), shown + tree::PAGE);
        });
    }

    /// Shows the values of a change whole.
    fn open_change(self, pointer: &str) {
        let diff = self.comparison.diff();
        let change = diff.as_ref().and_then(|diff| diff.changes.iter().find(|change| change.path == pointer));
        self.shown.whole.set(change.map(Whole::of_both));
    }

    /// Shows a value whole; what the row has only the beginning of is asked for.
    fn open_plain(self, source: Source, pointer: String, text: String) {
        let show = move |pointer: String, text: String| {
            self.shown.whole.try_set(Some(Whole { title: pointer, old: None, new: Some(text) }));
        };
        let Some((document, name)) = self.document(source).filter(|_| text.ends_with('…')) else {
            show(pointer, text);
            return;
        };
        spawn_local(async move {
            match worker::whole(&name, &document, &pointer).await {
                Ok(text) => show(pointer, text),
                Err(error) => {
                    self.fault.try_set(Some(error.words()));
                }
            }
        });
    }
}

/// What there is to open of a row: a value that a line does not show all of.
fn long_value(kind: &Kind) -> bool {
    match kind {
        Kind::Node { value: Value::Plain(text), .. } => is_long_line(text),
        // What is shown of a change may be a piece of it.
        Kind::Node { value: Value::Change(row), .. } => {
            [row.old.text(), row.new.text()].iter().any(|text| is_long_line(text) || text.contains('…'))
        }
        _ => false,
    }
}

fn tree_row(row: TreeRow) -> AnyView {
    view! { <Row row/> }.into_any()
}

#[component]
fn Row(row: TreeRow) -> impl IntoView {
    let (state, router): (State, _) = (expect_context(), router());
    let TreeRow { depth, source, name, pointer, mark, tinted, open, kind } = row;
    let tint = match (tinted, mark) {
        (true, Some(Glyph::Added)) => " add",
        (true, Some(Glyph::Removed)) => " del",
        _ => "",
    };
    let is_cursor = {
        let pointer = pointer.clone();
        Memo::new(move |_| mark.is_some() && state.shown.path.with(|path| path.as_deref() == Some(&pointer)))
    };
    let long = long_value(&kind);
    let show = {
        let (pointer, kind) = (pointer.clone(), kind.clone());
        Callback::new(move |()| match &kind {
            Kind::Node { value: Value::Plain(text), .. } => {
                state.open_plain(source, pointer.clone(), text.clone());
            }
            _ => state.open_change(&pointer),
        })
    };
    let select = {
        let kind = kind.clone();
        move || match (&kind, open) {
            (Kind::More { wanted, .. }, _) => state.read(wanted.clone()),
            (Kind::MoreChanges { shown, .. }, _) => state.extend(&pointer, *shown),
            (_, Some(open)) => state.turn(&name, !open),
            _ => router.adjust(&[("path", Some(&pointer))]),
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
                    if long {
                        show.run(());
                    }
                }
            }
        >
            {mark.map(|glyph| view! { <GlyphMark glyph/> })}
            <span class="fold">{fold}</span>
            <Words kind/>
            {long.then(|| view! { <WholeMark press=show/> })}
        </div>
    }
}

#[component]
fn Words(kind: Kind) -> impl IntoView {
    match kind {
        Kind::Fold { count, why, names } => {
            let names = if names.is_empty() { String::new() } else { format!(": {names}") };
            view! { <span class="ink3 cut">{format!("⋯ {count} {why}")}{theirs(&names)}</span> }.into_any()
        }
        Kind::More { left, .. } => {
            view! { <span class="c-accent">{format!("{} more", left.min(tree::PAGE))}</span>
            <span class="ink3">{format!(" of {left}")}</span> }
            .into_any()
        }
        Kind::MoreChanges { left, .. } => {
            let (next, left) = (number::count(left.min(tree::PAGE).into()), number::count(left.into()));
            view! { <span class="c-accent">{format!("{next} more changes")}</span><span class="ink3">{format!(" of {left}")}</span> }
            .into_any()
        }
        Kind::Node { key, value } => view! { <b>{theirs(&key)}</b>" "<ValueWords value/> }.into_any(),
    }
}

#[component]
fn ValueWords(value: Value) -> impl IntoView {
    match value {
        Value::Plain(text) => {
            view! { <span class="cut">{theirs(&changes::shorten(&text))}</span> }.into_any()
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
            let both = row.mark == Glyph::Changed;
            let gone = row.mark == Glyph::Removed;
            let (old, new) = (row.old, row.new);
            view! {
                <span class="cut">
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
