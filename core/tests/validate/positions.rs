//! What the rules say of positions: of two symbols, of one, of maps of them.

use crate::noticed::noticed;
use crate::{LONG, broken, is_valid, long_with};

const TWO_LEGS: &str = r#"{"direction":"LONG","symbol1":"AAA","symbol2":"BBB","ticket1":101,"ticket2":102,
    "entry_time":"2025-03-01T10:00:00.123456","entry_exec_price1":10.5,"entry_exec_price2":4.2,
    "entry_mid_price1":10.51,"entry_mid_price2":4.19,"volume1":2.0,"volume2":5.000000000000001,
    "monetary_value1":21.0,"monetary_value2":21.0,"max_favorable_pnl":0.0,"trailing_stop_level":-9.69,
    "order1_type":"buy","order2_type":"sell"}"#;

#[test]
fn positions_of_both_forms_are_valid() {
    is_valid("position", LONG);
    is_valid("position", TWO_LEGS);
    is_valid("position", &TWO_LEGS.replace("LONG", "short"));
    // After a broker's reconcile there are no mid prices.
    is_valid("position", &TWO_LEGS.replace(r#""entry_mid_price1":10.51,"entry_mid_price2":4.19,"#, ""));
    // A position of the first form may carry the legs' members as well, and times with a space.
    is_valid(
        "position",
        r#"{"symbol1":"AAA","symbol2":"BBB","direction":"long","entry_time":"2025-04-01 00:00:00","quantity":5.0,
        "entry_price":10.5,"stop_loss":null,"take_profit":null,"pair":"AAA-BBB","entry_price1":10.5,"entry_price2":4.2,
        "volume1":2.0,"volume2":5.0,"volume":5.0,"position_id1":null,"position_id2":null,"order_ids":[],"label":"Bot"}"#,
    );
    // Some programs write the legs' prices without `exec`.
    is_valid(
        "position",
        r#"{"direction":"LONG","symbol1":"AAA","symbol2":"BBB","entry_time":"2025-06-01T00:00:00","entry_price1":1.0,
        "entry_price2":2.0,"volume1":1.0,"volume2":1.0}"#,
    );
}

#[test]
fn each_form_of_position_has_its_own_messages() {
    assert_eq!(
        broken(
            "position",
            r#"{"symbol1":"A","symbol2":"B","direction":"LONG","entry_time":"2026-11-20T17:02:10Z"}"#
        ),
        [" | required | quantity is missing", " | required | entry_price is missing",]
    );
    assert_eq!(
        broken("position", r#"{"direction":"FLAT","ticket1":7,"volume1":0}"#),
        [
            " | required | symbol1 is missing",
            " | required | symbol2 is missing",
            " | required | entry_time is missing",
            " | required | volume2 is missing",
            " | required | entry_exec_price1 is missing",
            " | required | entry_exec_price2 is missing",
            r#"/direction | enum | "FLAT" must be one of "long", "short", "LONG", "SHORT""#,
            "/volume1 | exclusive_minimum | 0 must be above 0",
        ]
    );
}

#[test]
fn messages_quote_values_as_they_are_spelled() {
    for (member, value, expected) in [
        ("quantity", r#""5""#, r#"/quantity | type | "5" must be a number, not a text"#),
        ("quantity", "true", "/quantity | type | true must be a number, not a boolean"),
        ("quantity", "-0.0", "/quantity | exclusive_minimum | -0.0 must be above 0"),
        ("quantity", "-1e400", "/quantity | exclusive_minimum | -1e400 must be above 0"),
        ("stop_loss", "[1]", "/stop_loss | type | must be a number or null, not an array"),
        (
            "entry_time",
            "\"2026-11-20\"",
            "/entry_time | format | \"2026-11-20\" is not a time such as 2026-11-21T09:46:11Z",
        ),
        ("entry_time", "1743465600", "/entry_time | type | 1743465600 must be a text"),
        ("symbol1", "\"\"", "/symbol1 | min_length | must not be empty"),
        ("symbol2", "null", "/symbol2 | type | must be a text, not null"),
        ("ticket1", "1.5", "/ticket1 | type | 1.5 must be a whole number or a text or null"),
    ] {
        assert_eq!(broken("position", &long_with(member, value)), [expected]);
    }
}

#[test]
fn a_position_of_one_symbol_is_valid_in_the_words_of_its_program() {
    for text in [
        // A row of a session, with decimals as texts and as numbers; the short form within a checkpoint.
        r#"{"id":1,"session_id":"s","symbol":"AAA","entry_time":"2025-07-01T13:31:00+00:00","exit_time":null,"entry_price":"10.50",
        "exit_price":null,"qty":10,"direction":"UP","side":"buy","stop_loss":"10.29","take_profit":"10.92","order_id":"o-1",
        "status":"active","exit_reason":null,"pnl":null,"pnl_pct":null,"duration_minutes":null}"#,
        r#"{"entry_time":"2025-07-01T09:31:00","entry_price":10.5,"qty":10,"direction":"DOWN","side":"sell","stop_loss":10.71,
        "take_profit":10.08,"order_id":"o-2"}"#,
        // The least that a readme shows.
        r#"{"direction":"long","quantity":100000}"#,
        // Brokers' words: texts, signs instead of sides, no stop as 0, a price below zero, a time as a number.
        r#"{"asset_id":"b0b6","symbol":"AAPL","qty":"-5","avg_entry_price":"182.3","side":"short","market_value":"-911.5"}"#,
        r#"{"symbol":"BTC/USDT:USDT","side":"long","contracts":0.5,"contractSize":1,"entryPrice":95000.0,"markPrice":95100}"#,
        r#"{"symbol":"CLK0","size":-2,"entry_price":-37.63,"stop_loss":0.0,"take_profit":0,"entry_time":1587427200}"#,
        r#"{"symbol":"EURUSD","side":"Sell","lots":0.30,"ticket":38084831,"stop_loss":0.0}"#,
        r#"{"pair":"ETH/USDT","amount":2.5,"open_rate":3600.1,"is_short":false,"initial_stop_loss":3500}"#,
        // Lots, each with what it was bought at.
        r#"{"symbol":"AAA","side":"BUY","lots":[{"id":"a","qty":"4","entry_price":10.1},{"id":7,"qty":6,"entry_price":"10.4"}]}"#,
        // A closed one holds nothing.
        r#"{"symbol":"AAA","direction":"UP","qty":0,"status":"closed","exit_price":11}"#,
    ] {
        is_valid("position", text);
    }
}

#[test]
fn what_is_wrong_with_a_position_of_one_symbol_is_said_in_its_words() {
    const NOTHING: &str = " | rule:no_quantity | nothing says how much is held: qty, quantity, size, amount, contracts, units, shares, volume, lots or legs";
    assert_eq!(broken("position", "{}"), [NOTHING]);
    assert_eq!(broken("position", r#"{"symbol":"AAA","qty":null,"side":"long"}"#), [NOTHING]);
    assert_eq!(
        broken("position", r#"{"symbol":"","qty":"ten","direction":"sideways","entry_time":"today"}"#),
        [
            "/symbol | min_length | must not be empty",
            "/qty | format | \"ten\" is not a number such as 12.50",
            "/direction | format | \"sideways\" must be one of long, short, up, down, buy, sell, both, net, flat, none, in either case",
            "/entry_time | format | \"today\" is not a time such as 2026-11-21T09:46:11Z",
        ]
    );
    assert_eq!(
        broken("position", r#"{"symbol":"AAA","lots":[{"id":1,"qty":true},{"qty":2}]}"#),
        [
            "/lots/0/qty | type | true must be a number or a text or null, not a boolean",
            "/lots/1 | required | id is missing"
        ]
    );
    assert_eq!(
        noticed("position", r#"{"symbol":"AAA","qty":1,"entry_time":"2025-07-01T09:31:00"}"#),
        [
            "/entry_time | naive_time | \"2025-07-01T09:31:00\" has no time zone: which instant it is cannot be known"
        ]
    );
}

#[test]
fn a_map_of_positions_is_held_to_the_rules_of_each() {
    let map = format!(
        r#"{{"AAA":{{"qty":10,"direction":"UP","entry_price":10.5}},"EURUSD-GBPUSD":{LONG},"AAA-BBB":{TWO_LEGS}}}"#
    );
    is_valid("position", &map);
    let broken_map = map
        .replace(r#""qty":10,"#, "")
        .replace(r#""quantity":0.80"#, r#""quantity":0"#)
        .replace(r#""entry_time":"2025-03-01T10:00:00.123456","#, "");
    let lines = broken("position", &broken_map);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("/AAA | rule:no_quantity | "));
    assert_eq!(lines[1], "/EURUSD-GBPUSD/quantity | exclusive_minimum | 0 must be above 0");
    assert_eq!(lines[2], "/AAA-BBB | required | entry_time is missing");
    let naive = noticed("position", &map);
    assert_eq!(naive.len(), 1, "{naive:?}");
    assert!(naive[0].starts_with("/AAA-BBB/entry_time | naive_time"));
}

#[test]
fn bounds_and_whole_numbers_are_exact() {
    for fine in
        ["1e400", "1e-400", "0.000000000000000000000000000001", "18446744073709551616", "9007199254740993"]
    {
        is_valid("position", &long_with("quantity", fine));
    }
    let portfolio = |open: &str, value: &str| {
        let text = format!(
            r#"{{"total_value":{value},"available_balance":0,"total_pnl":-0.0,"open_positions":{open},"daily_pnl":1e22}}"#
        );
        broken("portfolio", &text)
    };
    for whole in ["0", "-0", "1.0", "1e3", "100000000000000000000000000000", "1.50e1", "-0.0"] {
        assert_eq!(portfolio(whole, "0"), [""; 0], "{whole}");
    }
    for fraction in ["1.5", "1e-1", "0.1e-400", "9007199254740993.5"] {
        assert_eq!(
            portfolio(fraction, "0"),
            [format!("/open_positions | type | {fraction} must be a whole number")]
        );
    }
    assert_eq!(portfolio("-5.0", "0"), ["/open_positions | minimum | -5.0 must be 0 or more"]);
    let peak = |value: &str| {
        broken(
            "portfolio",
            &format!(
                r#"{{"total_value":1,"available_balance":1,"total_pnl":1,"open_positions":1,"daily_pnl":1,"peak_value":{value}}}"#
            ),
        )
    };
    assert_eq!(peak("-1e-400"), ["/peak_value | minimum | -1e-400 must be 0 or more"]);
    assert_eq!(peak("-0.0"), [""; 0]);
}
