//! Both texts side by side, equal lines folded; on a narrow screen one under the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::diff::{Line, Row, RowKind};
use wasm_bindgen::JsValue;

use super::{Comparison, Shown};
use crate::model::change::Glyph;
use crate::model::lines::{self, Half, Item};
use crate::model::number;
use crate::model::whole::{Whole, is_long_line};
use crate::parts::{GlyphMark, Icon, Notice, NoticeKind, Pic, VirtualList, WholeButton, theirs};
use crate::shell::{narrow, router};
use crate::worker::{self, WorkerError};

/// Equal lines shown around each change.
const CONTEXT: u32 = 3;

type Rows = Arc<Vec<Row>>;
/// Stretches of changed lines, and how many lines there are.
type Marks = (Vec<(usize, usize, Glyph)>, usize);

/// What the lines share.
#[derive(Clone, Copy)]
struct Text {
    rows: RwSignal<Option<Result<Rows, WorkerError>>>,
    open: RwSignal<BTreeSet<usize>>,
    shown: Shown,
}

/// A line with what it is of.
#[derive(Clone)]
struct Placed {
    item: Item,
    rows: Rows,
}

/// The tab.
#[component]
pub(crate) fn SideBySide(
    /// What is compared.
    comparison: Comparison,
    /// What of it is shown.
    shown: Shown,
) -> impl IntoView {
    let text = Text { rows: RwSignal::new(None), open: RwSignal::new(BTreeSet::new()), shown };
    provide_context(text);
    Effect::new(move || {
        if comparison.diff().is_some() {
            spawn_local(async move {
                let rows = read(comparison).await.map(Arc::new);
                text.rows.try_set(Some(rows));
                text.open.try_update(BTreeSet::clear);
            });
        }
    });
    move || {
        match text.rows.with(|rows| rows.as_ref().map(|rows| rows.as_ref().err().cloned())) {
        None => view! { <p class="loading">"Laying both texts out."</p> }.into_any(),
        Some(Some(error)) => {
            view! { <Notice kind=NoticeKind::Error head="The texts could not be laid out.">{error.words()}</Notice> }
                .into_any()
        }
        Some(None) => view! { <Lines comparison text/> }.into_any(),
    }
    }
}

async fn read(comparison: Comparison) -> Result<Vec<Row>, WorkerError> {
    let (Some(texts), Some(key)) =
        (comparison.texts.try_get_untracked().flatten(), comparison.key.try_get_value())
    else {
        return Ok(Vec::new());
    };
    let state_type = JsValue::from_str(key.state_type.as_str());
    worker::call("side_by_side", &[state_type, texts.a, texts.b, CONTEXT.into()]).await
}

#[component]
fn Lines(comparison: Comparison, text: Text) -> impl IntoView {
    let narrow = narrow();
    let area = NodeRef::<html::Div>::new();
    let scrolled = RwSignal::new(0.0_f64);
    let jump = RwSignal::new(None::<usize>);
    let items = Memo::new_with_compare(
        move |_| {
            let rows =
                text.rows.with(|rows| rows.as_ref().and_then(|rows| rows.clone().ok())).unwrap_or_default();
            let items = text.open.with(|open| lines::items(&rows, open, narrow.get()));
            items.into_iter().map(|item| Placed { item, rows: Arc::clone(&rows) }).collect::<Vec<_>>()
        },
        |_, _| true,
    );
    let marks = Memo::new(move |_| {
        items.with(|placed| {
            let rows = placed.first().map(|first| Arc::clone(&first.rows)).unwrap_or_default();
            let items: Vec<Item> = placed.iter().map(|placed| placed.item).collect();
            (lines::marks(&rows, &items), items.len())
        })
    });
    let reveal = Memo::new(move |_| {
        let path = text.shown.path.get();
        let found = path.and_then(|path| {
            items.with(|placed| {
                placed.iter().position(|line| {
                    line.rows.get(line.item.at()).is_some_and(|row| lines::is_about(row, &path))
                })
            })
        });
        jump.get().or(found)
    });
    // A minimap jump holds until another path is chosen.
    Effect::new(move || {
        text.shown.path.track();
        jump.set(None);
    });
    let side = |letter: char, side: Option<super::Side>| {
        side.map_or_else(|| format!("{letter}, nothing"), |side| format!("{letter}, v{}", side.version))
    };
    let height = Callback::new(|_: Placed| lines::LINE);
    view! {
        <div class="text-body">
            <div class="text-lines" class:inline=move || narrow.get() node_ref=area>
                <div class="text-head">
                    <span>{move || side('A', comparison.a.get())}</span>
                    <span>{move || side('B', comparison.b.get())}</span>
                </div>
                <VirtualList rows=items key=placed_key height row=line_row scrolled reveal/>
            </div>
            <Minimap marks area scrolled jump/>
        </div>
    }
}

fn placed_key(placed: &Placed) -> (Item, usize) {
    (placed.item, Arc::as_ptr(&placed.rows).addr())
}

/// Where the changes are in the whole text, and what of it is on the screen.
#[component]
fn Minimap(
    marks: Memo<Marks>,
    area: NodeRef<html::Div>,
    scrolled: RwSignal<f64>,
    jump: RwSignal<Option<usize>>,
) -> impl IntoView {
    let share = move |line: usize| {
        let all = marks.with(|(_, lines)| (*lines).max(1));
        #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
        let share = 100.0 * line as f64 / all as f64;
        share
    };
    let frame = move || {
        let room = area.get().map_or(0.0, |area| f64::from(area.client_height()));
        #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
        let whole = marks.with(|(_, lines)| (*lines).max(1) as f64 * f64::from(lines::LINE));
        (100.0 * scrolled.get() / whole, (100.0 * room / whole).min(100.0))
    };
    view! {
        <div class="minimap" aria-hidden="true">
            {move || marks.with(|(marks, _)| marks.iter().map(|(line, length, glyph)| {
                let (line, class) = (*line, glyph.class());
                view! {
                    <i class=format!("mm {class}") style:top=format!("{:.2}%", share(line))
                        style:height=format!("max(5px, {:.2}%)", share(*length)) on:click=move |_| jump.set(Some(line))></i>
                }
            }).collect_view())}
            <div class="frame" style:top=move || format!("{:.2}%", frame().0) style:height=move || format!("{:.2}%", frame().1)></div>
        </div>
    }
}

fn line_row(placed: Placed) -> AnyView {
    let Some(row) = placed.rows.get(placed.item.at()).cloned() else { return ().into_any() };
    match placed.item {
        Item::Fold { at, open } => view! { <FoldRow at open row/> }.into_any(),
        Item::Inside { line, .. } => inside(&row, line),
        Item::Row { half, .. } => view! { <RowLine row half/> }.into_any(),
    }
}

#[component]
fn FoldRow(at: usize, open: bool, row: Row) -> impl IntoView {
    let text: Text = expect_context();
    let Some(fold) = row.fold else { return ().into_any() };
    let turn = move |_| {
        text.open.update(|open| {
            if !open.remove(&at) {
                open.insert(at);
            }
        });
    };
    view! {
        <button class="text-fold" aria-expanded=open.to_string() on:click=turn>
            <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/>
            <span class="mono cut">{lines::fold_words(&row.path, &fold.last_path)}</span>
            <span class="note">{number::counted(fold.lines.into(), "equal line", "equal lines")}</span>
        </button>
    }
    .into_any()
}

/// A line that was folded: the same on both sides.
fn inside(row: &Row, line: u32) -> AnyView {
    let Some(fold) = &row.fold else { return ().into_any() };
    let text = fold.text.lines().nth(line as usize).unwrap_or_default().to_owned();
    let (old, new) = (fold.old_number + line, fold.new_number + line);
    let long = is_long_line(&text).then(|| {
        let whole = Whole { title: format!("line {new}"), old: None, new: Some(text.trim().to_owned()) };
        let Text { shown, .. } = expect_context();
        view! { <WholeButton whole shown=shown.whole/> }
    });
    view! {
        <div class="text-line">
            <span class="half"><i>{old}</i><b></b><code>{theirs(&text)}</code></span>
            <span class="half twin"><i>{new}</i><b></b><code>{theirs(&text)}</code>{long}</span>
        </div>
    }
    .into_any()
}

#[component]
fn RowLine(row: Row, half: Half) -> impl IntoView {
    let (text, router): (Text, _) = (expect_context(), router());
    let glyph = lines::glyph(row.kind);
    let class = glyph.map_or("text-line", |glyph| match glyph {
        Glyph::Added => "text-line add",
        Glyph::Removed => "text-line del",
        _ => "text-line chg",
    });
    let is_cursor = {
        let row = Row { old: None, new: None, fold: None, ..row.clone() };
        Memo::new(move |_| {
            text.shown.path.with(|path| path.as_deref().is_some_and(|path| lines::is_about(&row, path)))
        })
    };
    let path = row.path.clone();
    let choose = move |_| {
        if glyph.is_some() {
            router.adjust(&[("path", Some(&path))]);
        }
    };
    let whole = whole_of(&row);
    let old = (half != Half::New)
        .then(|| view! { <LineSide line=row.old.clone() glyph old=true whole=whole.clone()/> });
    let new = (half != Half::Old).then(|| view! { <LineSide line=row.new glyph old=false whole/> });
    view! { <div class=class class:cursor=move || is_cursor.get() on:click=choose>{old}{new}</div> }
}

fn text_of(line: &Line) -> String {
    line.parts.iter().map(|part| part.text.as_str()).collect()
}

/// Both lines of a row, where one is longer than its half shows.
fn whole_of(row: &Row) -> Option<Whole> {
    let text = |line: &Option<Line>| line.as_ref().map(text_of);
    let (old, new) = (text(&row.old), text(&row.new));
    let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
    let title = if row.path.is_empty() { "whole document".to_owned() } else { row.path.clone() };
    let long = [&old, &new].into_iter().flatten().any(|text| is_long_line(text));
    long.then(|| Whole { title, old: trimmed(old).filter(|_| row.kind != RowKind::Equal), new: trimmed(new) })
}

#[component]
fn LineSide(
    line: Option<Line>,
    glyph: Option<Glyph>,
    old: bool,
    #[prop(into)] whole: Option<Whole>,
) -> impl IntoView {
    let Some(line) = line else {
        return view! { <span class="half none" class:twin=!old></span> }.into_any();
    };
    let Text { shown, .. } = expect_context();
    let long = whole.filter(|_| is_long_line(&text_of(&line)));
    let long = long.map(|whole| view! { <WholeButton whole shown=shown.whole/> });
    let parts = line.parts.into_iter().map(|part| {
        if part.changed { view! { <u>{theirs(&part.text)}</u> }.into_any() } else { theirs(&part.text) }
    });
    let mark = glyph.map(|glyph| view! { <GlyphMark glyph/> });
    view! {
        <span class="half" class:twin=!old>
            <i>{line.number}</i><b>{mark}</b><code>{parts.collect_view()}</code>{long}
        </span>
    }
    .into_any()
}
