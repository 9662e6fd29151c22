//! Lots and orders of the run, as its states say them now, and what the closed ones say in figures.

use futures::future::join_all;
use leptos::prelude::*;
use stateloft_core::api::{RunState, RunStates, RunView};
use stateloft_core::model::{StateKey, Timestamp};
use wasm_bindgen::JsValue;

use crate::api::{self, ApiError};
use crate::live::{Remote, remote};
use crate::model::address::{self, Query};
use crate::model::runs::book::{Lot, Order, closed_within, csv, exit_at, lots, order};
use crate::model::runs::statistics::Statistics;
use crate::model::{number, position};
use crate::parts::{FaultNote, theirs};
use crate::shell::clock;

/// Positions and orders that are read.
const MOST: usize = 60;

/// What was read of them.
#[derive(Debug, Clone, Default)]
struct Read {
    lots: Vec<Lot>,
    orders: Vec<Order>,
    /// There are states beyond those that were read.
    more: bool,
}

/// What a state holds of the run.
enum Held {
    Lots(Vec<Lot>),
    Order(Order),
}

async fn read(keys: Vec<StateKey>) -> Result<Read, ApiError> {
    let more = keys.len() > MOST;
    let one = |key: StateKey| async move {
        let state = api::state(&key, &Query::default()).await?;
        Ok::<_, ApiError>(state.data.map(|data| match key.state_type.as_str() {
            "order" => Held::Order(order(&key, &data)),
            _ => Held::Lots(lots(&key, &data)),
        }))
    };
    let mut read = Read { more, ..Read::default() };
    for held in join_all(keys.into_iter().take(MOST).map(one)).await {
        match held {
            Ok(Some(Held::Lots(lots))) => read.lots.extend(lots),
            Ok(Some(Held::Order(order))) => read.orders.push(order),
            Ok(None) => {}
            // Deleted between the list and this.
            Err(error) if error.code().is_some_and(|code| code.status() == 404 || code.status() == 410) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The live positions and orders among the states of a run: the positions first, as there may be any number of orders.
fn keys(states: &RunStates) -> Vec<(StateKey, u64)> {
    let wanted = |row: &&RunState| row.live && matches!(row.state_type.as_str(), "position" | "order");
    let key = |row: &RunState| {
        let key = StateKey { state_type: row.state_type.clone(), state_id: row.state_id.clone() };
        (key, row.head_version.0)
    };
    let mut keys: Vec<_> = states.states.iter().filter(wanted).map(key).collect();
    keys.sort_by_key(|(key, _)| key.state_type.as_str() != "position");
    keys
}

/// Both panels; nothing where the run has no lots and no orders.
#[component]
pub(super) fn Book(run: Remote<RunView>, states: Remote<RunStates>) -> impl IntoView {
    let wanted = Memo::new(move |_| states.value.with(|states| states.as_ref().map(keys)));
    let book = remote(
        move || wanted.get(),
        |keys: Vec<(StateKey, u64)>| read(keys.into_iter().map(|(key, _)| key).collect()),
    );
    let span = super::of(run, |view| (view.run.started_at, view.run.ended_at));
    let own = Memo::new(move |_| {
        let (from, to) = span.get()?;
        book.value.with(|read| {
            let lots = &read.as_ref()?.lots;
            let (open, closed): (Vec<Lot>, Vec<Lot>) =
                lots.iter().cloned().partition(|lot| lot.exit.is_none());
            let closed: Vec<Lot> = closed.into_iter().filter(|lot| closed_within(lot, from, to)).collect();
            Some((open, closed))
        })
    });
    let any = Memo::new(move |_| {
        let orders = book.value.with(|read| read.as_ref().is_some_and(|read| !read.orders.is_empty()));
        orders
            || own
                .with(|own| own.as_ref().is_some_and(|(open, closed)| !open.is_empty() || !closed.is_empty()))
    });
    let heads = move || {
        let orders = book.value.with(|read| read.as_ref().map_or(0, |read| read.orders.len() as u64));
        let orders = number::counted(orders, "order", "orders");
        own.with(|own| {
            let (open, closed) = own.as_ref()?;
            Some(format!("{} open, {} closed by this run, {orders}", open.len(), closed.len()))
        })
    };
    // Figures of a part would be taken for those of the run.
    let listed = move || {
        states.value.with(|states| states.as_ref().is_some_and(|states| states.next_cursor.is_none()))
    };
    let whole = move || listed() && book.value.with(|read| read.as_ref().is_some_and(|read| !read.more));
    view! {
        <FaultNote remote=book/>
        <Show when=move || any.get()>
            <section class="panel run-book" aria-labelledby="book">
                <div class="head">
                    <h2 id="book">"Lots and orders"</h2>
                    <span class="note">{heads}", as saved last"</span>
                    <Show when=whole><span class="end"><button class="link" on:click=move |_| {
                        if let Some((open, closed)) = own.get_untracked() {
                            save_csv(&csv(&[open, closed].concat()));
                        }
                    }>"CSV"</button></span></Show>
                </div>
                <div class="body">
                    <div class="thead cells lot">
                        <span>"Lot"</span><span>"Position"</span><span>"Side"</span><span class="num">"Quantity"</span><span class="num">"Entry"</span>
                        <span class="num">"Stop"</span><span class="num">"Target"</span><span>"Exit: price, time, reason"</span><span class="num">"P&L"</span>
                    </div>
                    {move || own.get().map(|(open, _)| open.into_iter().map(|lot| view! { <LotRow lot/> }).collect_view())}
                    {move || book.value.with(|read| read.as_ref().map(|read| orders(&read.orders)))}
                    {move || own.get().filter(|(_, closed)| !closed.is_empty()).map(|(_, closed)| view! {
                        <div class="day">"Closed by this run"</div>
                        {closed.into_iter().map(|lot| view! { <LotRow lot/> }).collect_view()}
                    })}
                    <Show when=move || !whole()>
                        <p class="loading">{format!("Of more than {MOST} positions and orders the first were read, so there are no figures of all.")}</p>
                    </Show>
                </div>
            </section>
            <Show when=whole><Figures own span/></Show>
        </Show>
    }
}

fn orders(orders: &[Order]) -> Option<AnyView> {
    let row = |order: &Order| {
        let said =
            [order.status.clone(), order.updated.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        view! {
            <div class="trow dense cells lot">
                <a class="id" href=address::state(&order.key)>{theirs(&order.id)}</a>
                <span class="mono">{cell(order.symbol.as_ref())}</span>
                <span>{cell(order.side.as_ref())}</span>
                <span class="num mono">{theirs(&order.filled)}</span>
                <span class="num mono">{cell(order.price.as_ref())}</span>
                <span></span><span></span>
                <span class="mono ink2">{theirs(&said)}</span>
                <span></span>
            </div>
        }
    };
    let rows = orders.iter().map(row).collect_view();
    (!orders.is_empty())
        .then(|| view! { <div class="day">"Orders, as the broker calls them"</div>{rows} }.into_any())
}

fn cell(text: Option<&String>) -> AnyView {
    theirs(text.map_or("", String::as_str))
}

/// Money, with its colour; only profit and loss has one.
fn money(text: Option<&String>) -> AnyView {
    let Some(text) = text else { return view! { <span class="ink3">"no data"</span> }.into_any() };
    let (class, plus) = match position::sign(text) {
        std::cmp::Ordering::Less => ("c-del", ""),
        std::cmp::Ordering::Equal => ("", ""),
        std::cmp::Ordering::Greater => ("c-add", "+"),
    };
    view! { <span class=class>{plus}{theirs(text)}</span> }.into_any()
}

#[component]
fn LotRow(lot: Lot) -> impl IntoView {
    let exit = match &lot.exit {
        None => view! { <span class="ink3">"open "</span><a href=address::by_hand(&lot.key, Some(&lot.id).filter(|id| !id.is_empty()).map(String::as_str))>"By hand"</a> }.into_any(),
        Some(exit) => {
            let time = exit_at(exit).map(crate::model::age::clock).or_else(|| exit.time.clone());
            let words = [exit.price.clone(), time].into_iter().flatten().collect::<Vec<_>>().join(" ");
            view! { <span class="mono ink2">{theirs(&words)}</span>" "{cell(exit.reason.as_ref())} }
                .into_any()
        }
    };
    view! {
        <div class="trow dense cells lot">
            <a class="id" href=address::state(&lot.key)>{theirs(&lot.id)}</a>
            <span class="mono">{cell(lot.symbol.as_ref())}</span>
            <span>{cell(lot.side.as_ref())}</span>
            <span class="num mono">{cell(lot.quantity.as_ref())}</span>
            <span class="num mono">{cell(lot.entry.as_ref())}</span>
            <span class="num mono">{cell(lot.stop.as_ref())}</span>
            <span class="num mono">{cell(lot.target.as_ref())}</span>
            <span class="exit">{exit}</span>
            <span class="num mono">{money(lot.pnl.as_ref())}</span>
        </div>
    }
}

/// The lots that a run has open, and those that it closed.
type Own = Memo<Option<(Vec<Lot>, Vec<Lot>)>>;

#[component]
fn Figures(own: Own, span: Memo<Option<(Timestamp, Option<Timestamp>)>>) -> impl IntoView {
    let clock = clock();
    let figures = move || {
        let (from, to) = span.get()?;
        own.with(|own| {
            own.as_ref().map(|(_, closed)| Statistics::of(closed, from, to.unwrap_or_else(|| clock.read())))
        })
    };
    let text = |text: Option<String>| text.unwrap_or_else(|| "no data".to_owned());
    let cells = move |figures: Statistics| {
        let won = (figures.closed > 0).then(|| format!("{} of {}", figures.won, figures.closed));
        view! {
            <dl class="figures">
                <div><dt>"won"</dt><dd>{text(won)}</dd></div>
                <div><dt>"rate"</dt><dd>{text(figures.rate)}</dd></div>
                <div><dt>"average"</dt><dd class="mono">{money(figures.average.as_ref())}</dd></div>
                <div><dt>"best"</dt><dd class="mono">{money(figures.best.as_ref())}</dd></div>
                <div><dt>"worst"</dt><dd class="mono">{money(figures.worst.as_ref())}</dd></div>
                <div><dt data-tip="Average result by its spread, a trade; of fewer than 30 trades or 20 days it says nothing">"sharpe, a trade"</dt><dd>{text(figures.sharpe)}</dd></div>
            </dl>
            {(figures.unknown > 0).then(|| view! { <p class="note">{format!("{} closed without a result are not in it.", number::count(figures.unknown as u64))}</p> })}
        }
    };
    let about =
        move || figures().map(|figures| number::counted(figures.closed as u64, "closed lot", "closed lots"));
    view! {
        <section class="panel run-figures" aria-labelledby="figures">
            <div class="head"><h2 id="figures">"Statistics"</h2><span class="note">{about}</span></div>
            <div class="body">{move || figures().map(cells)}</div>
        </section>
    }
}

/// Gives the browser a file to keep.
fn save_csv(text: &str) {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/csv");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options);
    let url = blob.and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
    if let Ok(url) = url {
        let _ = window().open_with_url_and_target(&url, "_blank");
    }
}
