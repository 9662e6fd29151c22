//! A row for each change, with broken rules under their paths.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::diff::{Counts, Diff};
use stateloft_core::model::Violation;

use super::Comparison;
use crate::model::change::Glyph;
use crate::model::changes;
use crate::model::counts::kinds;
use crate::model::whole::Whole;
use crate::parts::{ChangeRow, Empty, Icon, Pic, VirtualList, theirs};
use crate::shell::{Router, keys, narrow, router};

/// One row of the list.
#[derive(Clone)]
enum Item {
    Change { diff: Arc<Diff>, at: usize },
    Broken { at: usize, violation: Violation },
}

impl Item {
    fn key(&self) -> String {
        match self {
            Self::Change { diff, at } => {
                let change = &diff.changes[*at];
                // Old and new belong to it: the same path may change again while it is shown.
                format!("{}\u{0}{:?}\u{0}{:?}", change.path, change.old, change.new)
            }
            Self::Broken { at, violation } => format!("!{at}{}{}", violation.pointer, violation.message),
        }
    }
}

/// What the address says about the list.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// Only these.
    pub(crate) only: Memo<Option<Glyph>>,
    /// Volatile ones too.
    pub(crate) volatile: Memo<bool>,
    /// The selected path.
    pub(crate) path: Memo<Option<String>>,
    /// A value that is shown whole.
    pub(crate) whole: RwSignal<Option<Whole>>,
}

impl Shown {
    /// Reads the address.
    pub(crate) fn new() -> Self {
        let router = router();
        Self {
            only: Memo::new(move |_| {
                let only = router.param("only")?;
                let kinds = kinds(&Counts::default()).map(|(glyph, _)| glyph);
                kinds.into_iter().find(|glyph| glyph.word() == only)
            }),
            volatile: Memo::new(move |_| router.param("volatile").as_deref() == Some("show")),
            path: Memo::new(move |_| router.param("path")),
            whole: RwSignal::new(None),
        }
    }

    /// The changes that are shown, as places in the diff.
    pub(crate) fn places(self, diff: &Diff) -> Vec<usize> {
        changes::shown(diff, self.volatile.get(), self.only.get())
    }
}

/// Selects the next or previous change, by keys or buttons.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    router: Router,
    shown: Shown,
    comparison: Comparison,
}

impl Cursor {
    /// Listens to `n`, `p` and `v`.
    pub(crate) fn listen(comparison: Comparison, shown: Shown) -> Self {
        let this = Self { router: router(), shown, comparison };
        keys().on_key(move |key| match key {
            "n" => this.step(true),
            "p" => this.step(false),
            "v" => this.open(),
            _ => false,
        });
        this
    }

    /// Place among the shown changes and how many there are.
    pub(crate) fn place(self) -> Option<(usize, usize)> {
        let diff = self.comparison.diff()?;
        let path = self.shown.path.get()?;
        let places = self.shown.places(&diff);
        let at = places.iter().position(|at| diff.changes[*at].path == path)?;
        Some((at, places.len()))
    }

    /// Shows both values of the selected change whole; true if one is selected.
    fn open(self) -> bool {
        let found = untrack(|| {
            let (diff, path) = (self.comparison.diff()?, self.shown.path.get()?);
            diff.changes.iter().find(|change| change.path == path).map(Whole::of_both)
        });
        let there = found.is_some();
        self.shown.whole.set(found);
        there
    }

    /// Goes one on or back; true if there was somewhere to go.
    pub(crate) fn step(self, on: bool) -> bool {
        untrack(|| {
            let Some(diff) = self.comparison.diff() else { return false };
            let places = self.shown.places(&diff);
            let at = self.place().map(|(at, _)| at);
            let next = match (at, on) {
                (None, true) => Some(0),
                (None, false) => places.len().checked_sub(1),
                (Some(at), true) => Some(at + 1),
                (Some(at), false) => at.checked_sub(1),
            };
            let Some(place) = next.and_then(|next| places.get(next)) else { return false };
            self.router.adjust(&[("path", Some(&diff.changes[*place].path))]);
            true
        })
    }
}

/// The list.
#[component]
pub(crate) fn Changes(
    /// What is compared.
    comparison: Comparison,
    /// What of it is shown.
    shown: Shown,
) -> impl IntoView {
    let narrow = narrow();
    let items = Memo::new_with_compare(
        move |_| items(comparison, shown),
        // Built anew only when something it reads has changed.
        |_, _| true,
    );
    let reveal = Memo::new(move |_| {
        let path = shown.path.get()?;
        items.with(|items| {
            items
                .iter()
                .position(|item| matches!(item, Item::Change { diff, at } if diff.changes[*at].path == path))
        })
    });
    let height = Callback::new(move |item: Item| height(&item, narrow.get()));
    let none = move || items.with(Vec::is_empty);
    let equal = move || comparison.diff().is_some_and(|diff| diff.is_empty());
    provide_context(shown);
    view! {
        <Show
            when=move || !none()
            fallback=move || view! {
                <Empty icon=Icon::Compare head=Signal::derive(move || {
                    if equal() { "A and B are the same, byte for byte" } else { "No change is shown" }.to_owned()
                })>
                    {move || (!equal()).then(|| view! { <ShowAll/> })}
                </Empty>
            }
        >
            <Head comparison/>
            <VirtualList rows=items key=Item::key height row=item_row reveal=reveal/>
        </Show>
    }
}

/// What the columns are.
#[component]
fn Head(comparison: Comparison) -> impl IntoView {
    let side = |letter: char, side: Option<super::Side>| {
        side.map_or_else(|| format!("{letter}, nothing"), |side| format!("{letter}, v{}", side.version))
    };
    view! {
        <div class="thead change change-head">
            <span></span>
            <span>"Path"</span>
            <span class="num">{move || side('A', comparison.a.get())}</span>
            <span></span>
            <span class="num">{move || side('B', comparison.b.get())}</span>
            <span class="num">"Delta"</span>
            <span class="num">"Percent"</span>
        </div>
    }
}

#[component]
fn ShowAll() -> impl IntoView {
    let router = router();
    view! {
        <button class="link" on:click=move |_| router.set(&[("only", None), ("volatile", Some("show"))])>
            "Show every change"
        </button>
    }
}

fn items(comparison: Comparison, shown: Shown) -> Vec<Item> {
    let Some(diff) = comparison.diff() else { return Vec::new() };
    let broken =
        comparison.b.with(|b| b.as_ref().map(|b| b.verdict.violations().to_vec()).unwrap_or_default());
    let mut items = Vec::new();
    let mut said = vec![false; broken.len()];
    for at in shown.places(&diff) {
        let path = &diff.changes[at].path;
        items.push(Item::Change { diff: Arc::clone(&diff), at });
        for (place, violation) in broken.iter().enumerate() {
            if !said[place] && violation.pointer == *path {
                said[place] = true;
                items.push(Item::Broken { at: place, violation: violation.clone() });
            }
        }
    }
    // What is broken elsewhere stands on top: B breaks it, whether or not it changed here.
    let elsewhere = broken.into_iter().enumerate().filter(|(place, _)| !said[*place]);
    let mut all: Vec<Item> = elsewhere.map(|(at, violation)| Item::Broken { at, violation }).collect();
    all.extend(items);
    all
}

/// What CSS gives the rows (`compare.css`).
fn height(item: &Item, narrow: bool) -> u32 {
    match item {
        Item::Change { diff, at } => match (diff.changes[*at].series.is_some(), narrow) {
            (true, false) => 58,
            (true, true) => 60,
            (false, false) => 32,
            (false, true) => 54,
        },
        Item::Broken { .. } => 32,
    }
}

fn item_row(item: Item) -> AnyView {
    match item {
        Item::Change { diff, at } => view! { <Row diff at/> }.into_any(),
        Item::Broken { violation, .. } => view! { <BrokenRow violation/> }.into_any(),
    }
}

#[component]
fn Row(diff: Arc<Diff>, at: usize) -> impl IntoView {
    let router = router();
    let shown: Shown = expect_context();
    let change = diff.changes[at].clone();
    let path = change.path.clone();
    let is_cursor = {
        let path = path.clone();
        Memo::new(move |_| shown.path.with(|at| at.as_deref() == Some(path.as_str())))
    };
    let select = move || router.adjust(&[("path", Some(&path))]);
    let long = Whole::of_change(&change);
    let open = Callback::new(move |()| shown.whole.set(long.clone()));
    view! {
        <div
            class="pickable" class:cursor=move || is_cursor.get() role="button" tabindex="0"
            on:click={ let select = select.clone(); move |_| select() }
            on:keydown=move |event| {
                if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    select();
                    open.run(());
                }
            }
        >
            <ChangeRow change whole=open/>
        </div>
    }
}

/// A broken rule, under the path that it is about.
#[component]
fn BrokenRow(
    /// The rule.
    violation: Violation,
) -> impl IntoView {
    let tip = violation.message.clone();
    view! {
        <div class="broken-row" role="note">
            <Pic icon=Icon::Warn/>
            <b class="mono">{if violation.pointer.is_empty() { "whole document".into_any() } else { theirs(&violation.pointer) }}</b>
            <span class="cut" data-tip=tip>{theirs(&violation.message)}</span>
        </div>
    }
}
