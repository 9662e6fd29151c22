//! What both sides did since they last agreed: versions of our lot, and of the broker what its list says.

use leptos::prelude::*;
use stateloft_core::api::{Held, History, PlannedRow};
use stateloft_core::model::{StateKey, Timestamp};

use super::board::Board;
use crate::api::{self, ApiError};
use crate::live::remote;
use crate::model::address::{self, Query};
use crate::model::reconcile::{Act, acts, agreed, identity, which};
use crate::model::{age, number};
use crate::parts::{FaultNote, Icon, Pic, theirs};

/// Versions of a state that are looked at.
const VERSIONS: &str = "50";

/// Something that one side did.
#[derive(Debug, Clone)]
struct Told {
    at: Timestamp,
    who: String,
    words: String,
    link: Option<(String, String)>,
}

/// What is read of a row: what was done here, and whether there is more before it.
type Read = (Vec<Told>, bool);

/// The part below the rows.
#[component]
pub(super) fn Detail(board: Board, name: String) -> impl IntoView {
    let own = name.clone();
    let row = Memo::new(move |_| {
        board.plan.with(|plan| plan.as_ref()?.rows.iter().find(|row| which(&row.row) == own).cloned())
    });
    let ours = remote(move || row.get(), |row: PlannedRow| async move { read(&row).await });
    let told = move || {
        let row = row.get()?;
        let (mut told, more) = ours.value.get().unwrap_or_default();
        told.extend(of_broker(&row, board));
        told.sort_by_key(|told| told.at);
        Some((told, more))
    };
    let since = move || {
        let at = row.get()?.agreed.map(|agreed| agreed.at);
        Some(match at {
            Some(at) => format!("since both agreed at {}, each by its own clock", age::to_second(at)),
            None => "since it is known here, each by its own clock; that both agreed was never recorded"
                .to_owned(),
        })
    };
    let close = move |_| board.router.adjust(&[("row", None)]);
    view! {
        <section class="reconcile-detail" aria-label="What both sides did">
            <div class="head-line">
                <b class="mono">{move || row.get().map(|row| theirs(&identity(&row.said)))}</b>
                <span class="note cut">{since}</span>
                <span class="end">{move || told().map(|(told, _)| number::counted(told.len() as u64, "act", "acts"))}</span>
                <button class="btn icon small" aria-label="Close" on:click=close><Pic icon=Icon::Close/></button>
            </div>
            <FaultNote remote=ours/>
            <div class="acts-list">
                {move || match told() {
                    None => view! { <p class="loading">"There is no such row any more."</p> }.into_any(),
                    Some((told, _)) if told.is_empty() && ours.value.with(Option::is_some) => view! { <p class="loading">"No data."</p> }.into_any(),
                    Some((told, more)) => view! {
                        {more.then(|| view! { <p class="loading">{format!("Of the versions here the last {VERSIONS} are looked at.")}</p> })}
                        {told.into_iter().map(|told| view! { <ToldRow told/> }).collect_view()}
                    }.into_any(),
                }}
            </div>
        </section>
    }
}

#[component]
fn ToldRow(told: Told) -> impl IntoView {
    let link = match told.link {
        Some((href, words)) => view! { <a class="mono" href=href>{words}</a> }.into_any(),
        None => view! { <span class="ink3">"from the list"</span> }.into_any(),
    };
    view! {
        <div class="act-row">
            <time class="mono ink2" data-tip=age::full(told.at)>{age::clock(told.at)}</time>
            <span class="cut">{theirs(&told.who)}</span>
            <span class="mono what-done">{theirs(&told.words)}</span>
            {link}
        </div>
    }
}

/// What the broker says: its list, and that both agreed.
fn of_broker(row: &PlannedRow, board: Board) -> Vec<Told> {
    let mut all = Vec::new();
    if let (Some(amount), Some(at)) = (agreed(row), row.agreed.as_ref().map(|agreed| agreed.at)) {
        let price = amount.price.map(|price| format!(" at {price}")).unwrap_or_default();
        let words = format!("both said {}{price}", amount.size);
        all.push(Told { at, who: "both".to_owned(), words, link: None });
    }
    let asked = board.asked.get().filter(|asked| asked.list.is_some());
    if let Some(asked) = asked {
        let says = |held: &Held| {
            let size = held.quantity.as_deref().unwrap_or("no quantity");
            let price = held.price.as_ref().map(|price| format!(" at {price}")).unwrap_or_default();
            format!("lists {size}{price}, {}", if held.pointer.is_empty() { "/" } else { &held.pointer })
        };
        let words: Vec<String> = row.said.theirs.iter().map(says).collect();
        let words = if words.is_empty() { "does not list it".to_owned() } else { words.join("; ") };
        all.push(Told { at: asked.options.as_of, who: "broker".to_owned(), words, link: None });
    }
    all
}

/// What versions of our states did with the lots of a row, since both agreed.
async fn read(row: &PlannedRow) -> Result<Read, ApiError> {
    let mut keys: Vec<StateKey> = Vec::new();
    for held in &row.said.ours {
        let (Some(state_type), Some(state_id)) = (&held.state_type, &held.state_id) else { continue };
        if let Ok(key) = StateKey::new(state_type, state_id)
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    let since = row.agreed.as_ref().map(|agreed| agreed.at.to_string());
    let query = Query::default().with("limit", Some(VERSIONS)).with("start_time", since.as_deref());
    let (mut all, mut more) = (Vec::new(), false);
    for key in keys {
        let history: History = api::get_of(&key, "/history", &query).await?;
        more |= history.next_cursor.is_some();
        let versions: Vec<_> =
            history.versions.into_iter().rev().map(|row| (row.version, row.data)).collect();
        let from_start = versions.first().is_some_and(|(version, _)| version.version.0 == 1);
        let told = |Act { at, author, version, words }: Act| Told {
            at,
            who: author.unwrap_or_else(|| "no author".to_owned()),
            words,
            link: Some((address::version(&key, version), format!("v{version}"))),
        };
        all.extend(acts(&key, &row.said, &versions, from_start).into_iter().map(told));
    }
    Ok((all, more))
}
