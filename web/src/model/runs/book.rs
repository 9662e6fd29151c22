//! Lots and orders of a run, read from its states as they were saved last: fields as spelled, nothing made up.

use std::borrow::Cow;

use stateloft_core::book::{self, Exit, Form};
use stateloft_core::json::{Document, Kind, Node};
use stateloft_core::model::{StateKey, Timestamp};
use stateloft_core::tagged::meant;

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// In which state.
    pub key: StateKey,
    /// Its id there.
    pub id: String,
    /// What it is of.
    pub symbol: Option<String>,
    /// `long`
    pub side: Option<String>,
    /// How much.
    pub quantity: Option<String>,
    /// Price at entry.
    pub entry: Option<String>,
    /// Stop.
    pub stop: Option<String>,
    /// Target.
    pub target: Option<String>,
    /// What it has won or lost: as it was saved, and of a closed one that does not say it worked out of what it does say.
    pub pnl: Option<String>,
    /// How it was closed; absent while it is open.
    pub exit: Option<Exit>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// In which state.
    pub key: StateKey,
    /// What the program calls it.
    pub id: String,
    /// What it is of.
    pub symbol: Option<String>,
    /// `buy`
    pub side: Option<String>,
    /// How much was filled, of how much.
    pub filled: String,
    /// Its limit or stop.
    pub price: Option<String>,
    /// As the broker said it.
    pub status: Option<String>,
    /// When it was heard of last, as spelled.
    pub updated: Option<String>,
}

/// The lots of a position, as `core` reads them. One without a list of lots has none: how much it holds stands in its row of states.
#[must_use]
pub fn lots(key: &StateKey, document: &Document) -> Vec<Lot> {
    let lots = book::lots(document).into_iter();
    let listed = lots.filter(|lot| lot.form == Form::Listed && lot.object.kind() == Kind::Object);
    listed.map(|lot| of(key, lot)).collect()
}

fn of(key: &StateKey, lot: book::Lot<'_>) -> Lot {
    let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let pnl = if lot.is_open() {
        text(lot.object, &["unrealized_pnl", "unrealized_pl", "pnl"])
    } else {
        lot.result()
    };
    Lot {
        key: key.clone(),
        side: lot.side_word().or_else(|| lot.holding.is_on().map(|side| side.word().to_owned())),
        stop: text(lot.object, &["stop_loss", "stop"]),
        target: text(lot.object, &["take_profit", "target"]),
        exit: lot.exit(),
        pnl,
        id: own(lot.id).unwrap_or_default(),
        symbol: own(lot.holding.symbol).or_else(|| pair(lot.position)),
        quantity: own(lot.holding.quantity),
        entry: own(lot.holding.price),
    }
}

/// An order, of the state that is one.
#[must_use]
pub fn order(key: &StateKey, document: &Document) -> Order {
    let root = document.root();
    let part = text(root, &["filled_quantity", "filled_qty", "filled"]);
    let whole = text(root, &["quantity", "qty", "amount"]);
    let filled = match (part, whole) {
        (Some(part), Some(whole)) => format!("{part} of {whole}"),
        (None, Some(whole)) => whole,
        (Some(part), None) => part,
        (None, None) => "no data".to_owned(),
    };
    Order {
        id: text(root, &["client_order_id", "broker_order_id"]).unwrap_or_else(|| key.state_id.to_string()),
        key: key.clone(),
        symbol: text(root, &["symbol"]),
        side: text(root, &["side"]),
        filled,
        price: text(root, &["limit_price", "stop_price"]),
        status: text(root, &["status"]),
        updated: text(root, &["updated_at", "submitted_at"]),
    }
}

/// When a lot was closed, where that has a zone.
#[must_use]
pub fn exit_at(exit: &Exit) -> Option<Timestamp> {
    exit.time.as_deref().and_then(|text| Timestamp::parse(text).ok())
}

/// Whether a lot was closed within these times; one whose exit has no time is counted to nobody.
#[must_use]
pub fn closed_within(lot: &Lot, from: Timestamp, to: Option<Timestamp>) -> bool {
    let at = lot.exit.as_ref().and_then(exit_at);
    at.is_some_and(|at| at >= from && to.is_none_or(|to| at <= to))
}

fn pair(root: Node<'_>) -> Option<String> {
    Some(format!("{}/{}", text(root, &["symbol1"])?, text(root, &["symbol2"])?))
}

/// The first of these members that holds a number or a text, also where it says of what type its program had it.
fn text(node: Node<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let (value, _) = meant(node.get(name)?);
        match value.kind() {
            Kind::Number => Some(value.text().to_owned()),
            Kind::String => value.as_str().map(Cow::into_owned).filter(|text| !text.is_empty()),
            _ => None,
        }
    })
}

/// Lots as CSV: a head, and a line each. A text that a spreadsheet would take for a formula is quoted with an apostrophe.
#[must_use]
pub fn csv(lots: &[Lot]) -> String {
    let mut out =
        "lot,state,symbol,side,quantity,entry_price,stop_loss,take_profit,exit_price,exit_time,exit_reason,pnl\r\n".to_owned();
    for lot in lots {
        let exit = lot.exit.clone().unwrap_or_default();
        let id = lot.key.state_id.to_string();
        let texts = [Some(&lot.id), Some(&id), lot.symbol.as_ref(), lot.side.as_ref()];
        let numbers = [&lot.quantity, &lot.entry, &lot.stop, &lot.target, &exit.price];
        let cells = texts.into_iter().map(|text| cell(text.map_or("", String::as_str)));
        let cells = cells.chain(numbers.into_iter().map(|text| cell(text.as_deref().unwrap_or_default())));
        let ends =
            [exit.time, exit.reason, lot.pnl.clone()].map(|text| cell(text.as_deref().unwrap_or_default()));
        out.push_str(&cells.chain(ends).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    }
    out
}

/// One cell by RFC 4180.
fn cell(text: &str) -> String {
    let number = stateloft_core::json::Decimal::parse(text).is_some();
    let formula = !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> StateKey {
        StateKey::new("position", id).unwrap()
    }

    fn lots_of(data: &str) -> Vec<Lot> {
        lots(&key("bot/BTC"), &data.parse().unwrap())
    }

    const TWO: &str = r#"{"symbol":"BTCUSD","side":"long","lots":[
        {"id":"a1","quantity":0.750,"entry_price":64000.10,"stop_loss":0,"status":"open","unrealized_pnl":-12.5},
        {"id":38083390,"side":"short","quantity":"1","entry_price":1,"status":"closed","exit_price":0,
         "exit_time":"2026-11-21T09:34:51Z","exit_reason":"manual","pnl":66.00},
        {"id":"a3","exit_reason":"stop_loss_hit"}, 7]}"#;

    #[test]
    fn lots_are_read_as_they_are_spelled() {
        let lots = lots_of(TWO);
        assert_eq!(lots.iter().map(|lot| lot.id.as_str()).collect::<Vec<_>>(), ["a1", "38083390", "a3"]);
        let open = &lots[0];
        assert_eq!((open.quantity.as_deref(), open.entry.as_deref()), (Some("0.750"), Some("64000.10")));
        assert_eq!(
            (open.stop.as_deref(), open.target.as_deref()),
            (Some("0"), None),
            "zero is a price, absent is none"
        );
        assert_eq!(
            (open.side.as_deref(), open.pnl.as_deref(), &open.exit),
            (Some("long"), Some("-12.5"), &None)
        );
        let closed = &lots[1];
        assert_eq!((closed.side.as_deref(), closed.pnl.as_deref()), (Some("short"), Some("66.00")));
        let exit = closed.exit.clone().unwrap();
        assert_eq!((exit.price.as_deref(), exit.reason.as_deref()), (Some("0"), Some("manual")));
        // One that has an exit is closed, whatever it does not say.
        assert_eq!(lots[2].exit.as_ref().unwrap().reason.as_deref(), Some("stop_loss_hit"));
    }

    #[test]
    fn what_a_closed_lot_brought_is_worked_out_where_it_is_not_saved_and_can_be() {
        let lots = lots_of(
            r#"{"symbol":"X","side":"short","lots":[
            {"id":"a","quantity":0.75,"entry_price":1.20,"exit_price":0,"exit_time":"2026-11-21T09:00:00Z"},
            {"id":"b","quantity":2,"entry_price":1.20,"exit_reason":"unknown"},
            {"id":"c","quantity":2,"entry_price":1.20}]}"#,
        );
        let pnl = |nth: usize| lots[nth].pnl.as_deref().map(|pnl| pnl.trim_end_matches('0'));
        assert_eq!([pnl(0), pnl(1), pnl(2)], [Some("0.9"), None, None]);
    }

    #[test]
    fn what_the_python_client_writes_is_read_as_its_program_had_it() {
        let lots = lots_of(
            r#"{"symbol":"X","side":"long","lots":[{"id":"a","status":"closed",
            "quantity":{"$stateloft":"decimal","value":0.75},"entry_price":{"$stateloft":"decimal","value":1.10},
            "exit_price":{"$stateloft":"decimal","value":1.30},
            "exit_time":{"$stateloft":"datetime","value":"2026-11-21T09:34:51+00:00"}}]}"#,
        );
        let exit = lots[0].exit.clone().unwrap();
        assert_eq!((lots[0].quantity.as_deref(), exit.price.as_deref()), (Some("0.75"), Some("1.30")));
        assert_eq!(exit_at(&exit), Timestamp::parse("2026-11-21T09:34:51Z").ok());
        assert_eq!(lots[0].pnl.as_deref().map(|pnl| pnl.trim_end_matches('0')), Some("0.15"));
    }

    #[test]
    fn what_has_no_list_of_lots_has_none() {
        for data in ["{}", r#"{"lots":0.8,"symbol":"X"}"#, r#"{"lots":null}"#, r#"{"lots":[]}"#, "[1]"] {
            assert_eq!(lots_of(data), [], "{data}");
        }
    }

    #[test]
    fn a_lot_belongs_to_the_run_in_which_it_was_closed() {
        let time = |clock: &str| Timestamp::parse(&format!("2026-11-21T{clock}Z")).unwrap();
        let lots = lots_of(TWO);
        let within = |from: &str, to: Option<&str>| {
            lots.iter()
                .filter(|lot| closed_within(lot, time(from), to.map(time)))
                .map(|lot| lot.id.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(within("09:00:00", None), ["38083390"]);
        assert_eq!(within("09:34:52", None), Vec::<&str>::new());
        assert_eq!(within("09:00:00", Some("09:34:50")), Vec::<&str>::new());
    }

    #[test]
    fn orders_keep_the_words_of_the_broker() {
        let key = StateKey::new("order", "pfx1-7c40").unwrap();
        let data = r#"{"client_order_id":"c-1","symbol":"AUDUSD","side":"buy","quantity":0.50,"filled_quantity":0.30,
            "limit_price":0.6489,"status":"partially_filled","updated_at":"2026-11-21T09:46:04Z"}"#;
        let read = order(&key, &data.parse().unwrap());
        assert_eq!(
            (read.id.as_str(), read.filled.as_str(), read.status.as_deref()),
            ("c-1", "0.30 of 0.50", Some("partially_filled"))
        );
        let bare = order(&key, &"{}".parse().unwrap());
        assert_eq!((bare.id.as_str(), bare.filled.as_str(), bare.status), ("pfx1-7c40", "no data", None));
    }

    #[test]
    fn csv_keeps_what_is_in_a_cell_in_it() {
        let mut lots = lots_of(TWO);
        lots.truncate(2);
        lots[0].id = "=1+1,\"x\"".into();
        let csv = csv(&lots);
        let lines: Vec<&str> = csv.split("\r\n").collect();
        assert_eq!(lines[1], "\"'=1+1,\"\"x\"\"\",bot/BTC,BTCUSD,long,0.750,64000.10,0,,,,,-12.5");
        assert_eq!(lines[2], "38083390,bot/BTC,BTCUSD,short,1,1,,,0,2026-11-21T09:34:51Z,manual,66.00");
    }
}
