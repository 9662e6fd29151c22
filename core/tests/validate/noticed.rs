//! What is unusual of data is noticed and not called wrong: stops and targets above all.

use stateloft_core::model::Violation;
use stateloft_core::schema::notices;

use crate::{broken, is_valid};

/// What is noticed of data, as lines: `pointer | code | message`.
pub(crate) fn noticed(state_type: &str, text: &str) -> Vec<String> {
    let line = |v: &Violation| format!("{} | {} | {}", v.pointer, v.code, v.message);
    notices(state_type, &text.parse().unwrap()).iter().map(line).collect()
}

/// A trade of one pair with a first and a present stop and target.
fn trade(direction: &str, members: &str) -> String {
    format!(
        r#"{{"symbol1":"A","symbol2":"B","direction":"{direction}","entry_time":"2026-11-20T17:02:10Z","quantity":1,
        "entry_price":162.48,{members}}}"#
    )
}

#[test]
fn a_stop_is_moved_to_the_entry_and_beyond_every_day() {
    for (direction, stop, target) in [
        // At the start, at break-even, in profit.
        ("long", "161.92", "163"),
        ("long", "162.480", "163"),
        ("long", "162.9", "163"),
        ("LONG", "162.9", "null"),
        ("short", "163", "161.92"),
        ("short", "162.48", "161.92"),
        ("SHORT", "162", "161.92"),
        // A target is taken back to get out with little lost.
        ("long", "161", "162.1"),
        ("short", "null", "162.9"),
    ] {
        let text = trade(direction, &format!(r#""stop_loss":{stop},"take_profit":{target}"#));
        is_valid("position", &text);
        assert_eq!(noticed("position", &text), [""; 0]);
        let one = format!(
            r#"{{"symbol":"AAA","direction":"{direction}","qty":1,"entry_price":162.48,"stop_loss":{stop},"take_profit":{target}}}"#
        );
        is_valid("position", &one);
    }
    let crossed = trade("long", r#""stop_loss":163.5,"take_profit":163"#);
    is_valid("position", &crossed);
    assert_eq!(
        noticed("position", &crossed),
        ["/stop_loss | rule:stop_beyond_target | 163.5 must be at most take_profit 163 (long)"]
    );
}

#[test]
fn the_first_stop_lies_on_the_losing_side_of_the_entry_and_the_first_target_on_the_other() {
    let first = |direction: &str, stop: &str, target: &str| {
        let members = format!(r#""initial_stop_loss":{stop},"initial_take_profit":{target}"#);
        broken("position", &trade(direction, &members))
    };
    for (direction, stop, target) in [
        ("long", "161.92", "163"),
        ("short", "163", "161.92"),
        ("long", "null", "163"),
        ("short", "162.480", "162.48"),
    ] {
        assert_eq!(first(direction, stop, target), [""; 0]);
    }
    assert_eq!(
        first("short", "161.92", "163.0"),
        [
            "/initial_stop_loss | rule:initial_stop_loss_short | 161.92 must be at least entry_price 162.48 (short)",
            "/initial_take_profit | rule:initial_take_profit_short | 163.0 must be at most entry_price 162.48 (short)",
        ]
    );
    // Thirty digits decide it, where f64 sees two equal numbers.
    assert_eq!(first("long", "162.479999999999999999999999999", "162.480000000000000000000000001"), [""; 0]);
    assert_eq!(
        first("long", "162.480000000000000000000000001", "null"),
        [
            "/initial_stop_loss | rule:initial_stop_loss_long | 162.480000000000000000000000001 must be at most entry_price 162.48 (long)"
        ]
    );
    let one = r#"{"symbol":"AAA","direction":"UP","qty":10,"entry_price":10.5,"initial_stop_loss":10.7}"#;
    assert_eq!(broken("position", one).len(), 1);
}

#[test]
fn what_is_unusual_is_noticed_and_not_called_wrong() {
    let account =
        r#"{"total_value":-120.5,"available_balance":-0.01,"total_pnl":-5,"open_positions":1,"daily_pnl":0}"#;
    is_valid("portfolio", account);
    assert_eq!(
        noticed("portfolio", account),
        [
            "/total_value | rule:total_value_negative | -120.5 is below 0",
            "/available_balance | rule:available_balance_negative | -0.01 is below 0",
        ]
    );
    let crossed = r#"{"symbol":"A","bid":1.2,"ask":1.1}"#;
    is_valid("market_data", crossed);
    assert_eq!(
        noticed("market_data", crossed),
        ["/ask | rule:ask_bid | the ask is below the bid, as in quotes of several venues"]
    );
    is_valid("strategy", r#"{"max_open_positions":-1}"#);
    is_valid(
        "configuration",
        r#"{"risk_limits":{"max_open_positions":-1,"max_monetary_exposure":-1,"max_pair_drawdown_perc":-20}}"#,
    );
    assert_eq!(
        broken("strategy", r#"{"max_open_positions":-2}"#),
        ["/max_open_positions | minimum | -2 must be -1 or more"]
    );
}
