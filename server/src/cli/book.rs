//! What programs hold, for people: positions, pairs, portfolios and sessions, each value as it is spelled in its state.
//!
//! Programs have several words for the same thing; the first that is there is shown. What is not there is "no data".

use stateloft_core::api::{StateRow, StateRows, StateSummary};
use stateloft_core::book::{Lot, lots};
use stateloft_core::json::{Kind, Node};

use super::client::{Client, Query};
use super::failure::Failure;
use super::output::style::theirs;
use super::say::answer;

/// Positions that are shown; the others are counted.
const POSITIONS: usize = 20;
/// Of everything else.
const OTHERS: usize = 5;
/// Lots of a position that are shown; the others are counted.
const LOTS: usize = 10;

const DIRECTION: &[&str] = &["direction", "side", "position", "type"];
const ENTRY: &[&str] = &["entry_price", "avg_entry_price", "entry", "open_price", "price"];
const ENTRY_1: &[&str] = &["entry_exec_price1", "entry_price1"];
const ENTRY_2: &[&str] = &["entry_exec_price2", "entry_price2"];
const QUANTITY: &[&str] = &["quantity", "qty", "volume", "size", "amount", "units", "lots"];
/// What says of a lot how, or when, it was closed.
const EXIT: &[&str] = &["exit_reason", "exit_time", "status"];
const TIME: &[&str] = &["entry_time", "opened_at", "open_time", "time", "timestamp"];

/// Prints all of it.
pub(super) async fn print(client: &Client) -> Result<(), Failure> {
    let (positions, total) = states(client, "position", POSITIONS).await?;
    answer!("Positions       {total}");
    for (index, state) in positions.iter().enumerate() {
        print_position(index + 1, state);
    }
    say_more(total, positions.len());
    print_each(client, "pair_state", "Pair states     ", pair).await?;
    print_each(client, "portfolio", "Portfolio       ", portfolio).await?;
    print_each(client, "session", "Sessions        ", session).await
}

async fn print_each(
    client: &Client,
    state_type: &str,
    title: &str,
    line: impl Fn(Node<'_>) -> String,
) -> Result<(), Failure> {
    let (states, total) = states(client, state_type, OTHERS).await?;
    answer!("{title}{total}");
    for state in &states {
        let said = state.data.as_ref().map_or("no data".to_owned(), |data| line(data.root()));
        answer!("  {}: {said}", theirs(state.version.state_id.as_str()));
    }
    say_more(total, states.len());
    Ok(())
}

/// The first live states of a type by id, and how many there are.
async fn states(client: &Client, state_type: &str, most: usize) -> Result<(Vec<StateSummary>, u64), Failure> {
    let query = Query::default()
        .with("state_type", state_type)
        .with("sort", "id")
        .with("data", true)
        .with("pending", "exclude")
        .with("limit", most);
    let list: StateRows = client.read("/states", &query).await?;
    Ok((list.states.into_iter().filter_map(StateRow::stored).collect(), list.total))
}

fn say_more(total: u64, shown: usize) {
    let more = total.saturating_sub(shown as u64);
    if more > 0 {
        answer!("  ... and {more} more");
    }
}

fn print_position(place: usize, state: &StateSummary) {
    let id = state.version.state_id.as_str();
    let Some(data) = &state.data else {
        answer!("  {place}. {}: no data", theirs(id));
        return;
    };
    let root = data.root();
    let names = [word(root, &["symbol1"]), word(root, &["symbol2"])];
    let name = match names {
        [Some(one), Some(two)] => format!("{one}-{two}"),
        _ => word(root, &["symbol"]).unwrap_or_else(|| id.to_owned()),
    };
    answer!("  {place}. {}: {}", theirs(&name), said(root, DIRECTION));
    if root.get("lots").is_some_and(|lots| lots.kind() == Kind::Array) {
        return print_lots(&lots(data));
    }
    let entry = match (word(root, ENTRY_1), word(root, ENTRY_2)) {
        (Some(one), Some(two)) => theirs(&format!("{one} / {two}")),
        _ => said(root, ENTRY),
    };
    let quantity = match (word(root, &["volume1"]), word(root, &["volume2"])) {
        (Some(one), Some(two)) => theirs(&format!("{one} / {two}")),
        _ => said(root, QUANTITY),
    };
    answer!("     Entry: {entry} | Qty: {quantity}");
    answer!("     Time: {}", said(root, TIME));
}

fn print_lots(lots: &[Lot<'_>]) {
    let open = lots.iter().filter(|lot| lot.is_open()).count();
    answer!("     Lots: {open} open of {}", lots.len());
    for lot in lots.iter().take(LOTS) {
        let said = |names| said(lot.object, names);
        let closed = if lot.is_open() { String::new() } else { format!(" | Closed: {}", said(EXIT)) };
        let (id, entry, quantity, time) = (said(&["id"]), said(ENTRY), said(QUANTITY), said(TIME));
        answer!("       {id}: Entry: {entry} | Qty: {quantity} | Time: {time}{closed}");
    }
    say_more(lots.len() as u64, lots.len().min(LOTS));
}

fn pair(root: Node<'_>) -> String {
    let cooldown =
        word(root, &["cooldown"]).map(|n| format!(", cooldown {}", theirs(&n))).unwrap_or_default();
    let score = word(root, &["z_score"]).map(|n| format!(", z-score {}", theirs(&n))).unwrap_or_default();
    format!("{}{cooldown}{score}", said(root, &["position", "direction"]))
}

fn portfolio(root: Node<'_>) -> String {
    format!(
        "Total Value: {} | Open Positions: {} | Total P&L: {}",
        said(root, &["total_value", "portfolio_value", "equity"]),
        said(root, &["open_positions"]),
        said(root, &["total_pnl"])
    )
}

fn session(root: Node<'_>) -> String {
    format!("{}, since {}", said(root, &["status"]), said(root, &["start_time", "started_at"]))
}

/// The first of these members that is there.
fn said(root: Node<'_>, names: &[&str]) -> String {
    word(root, names).map_or("no data".to_owned(), |word| theirs(&word))
}

/// A text without its quotes, a number or a boolean as it is spelled. Nothing else is one word.
fn word(root: Node<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let value = root.get(name)?;
        match value.kind() {
            Kind::Object | Kind::Array | Kind::Null => None,
            _ => Some(value.as_str().map_or_else(|| value.text().to_owned(), std::borrow::Cow::into_owned)),
        }
    })
}
