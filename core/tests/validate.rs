//! What the built-in rules say of real and of broken data.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own text has failed")]

use stateloft_core::json::Document;
use stateloft_core::model::{Mode, StateType, Verdict, Violation};
use stateloft_core::schema::{MOST_FINDINGS, notices};
use stateloft_core::validate::{Effort, TooMuch, validate, validate_within};

fn verdict(state_type: &str, text: &str) -> Verdict {
    let document: Document = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    validate(state_type, &document, Mode::Warn)
}

/// The violations as lines: `pointer | code | message`.
fn broken(state_type: &str, text: &str) -> Vec<String> {
    let line = |v: &Violation| format!("{} | {} | {}", v.pointer, v.code, v.message);
    verdict(state_type, text).violations().iter().map(line).collect()
}

fn is_valid(state_type: &str, text: &str) {
    assert_eq!(broken(state_type, text), [""; 0], "{state_type} {text}");
    assert_eq!(verdict(state_type, text), Verdict::Valid);
}

const LONG: &str = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-20T17:02:10Z",
    "quantity":0.80,"entry_price":1.0874,"stop_loss":1.0790,"take_profit":1.0931}"#;

const TWO_LEGS: &str = r#"{"direction":"LONG","symbol1":"AAA","symbol2":"BBB","ticket1":101,"ticket2":102,
    "entry_time":"2025-03-01T10:00:00.123456","entry_exec_price1":10.5,"entry_exec_price2":4.2,
    "entry_mid_price1":10.51,"entry_mid_price2":4.19,"volume1":2.0,"volume2":5.000000000000001,
    "monetary_value1":21.0,"monetary_value2":21.0,"max_favorable_pnl":0.0,"trailing_stop_level":-9.69,
    "order1_type":"buy","order2_type":"sell"}"#;

/// [`LONG`] with one member's text replaced.
fn long_with(member: &str, value: &str) -> String {
    let document: Document = LONG.parse().unwrap();
    let mut members: Vec<String> = Vec::new();
    let mut replaced = false;
    for found in document.root().members() {
        let name = found.key.decoded();
        replaced |= name == member;
        let value = if name == member { value } else { found.value.text() };
        members.push(format!("\"{name}\":{value}"));
    }
    if !replaced {
        members.push(format!("\"{member}\":{value}"));
    }
    format!("{{{}}}", members.join(","))
}

#[test]
fn d_020_a_verdict_says_what_is_wrong_and_the_mode_decides_whether_it_is_asked_for() {
    let text = long_with("quantity", "-1");
    let document: Document = text.parse().unwrap();
    assert!(validate("position", &document, Mode::Warn).is_invalid());
    assert!(validate("position", &document, Mode::Strict).is_invalid());
    assert_eq!(validate("position", &document, Mode::Off), Verdict::NotChecked);
    assert_eq!(validate("session", &document, Mode::Strict), Verdict::NotChecked);
}

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

/// What is noticed of data, as lines: `pointer | code | message`.
fn noticed(state_type: &str, text: &str) -> Vec<String> {
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

#[test]
fn pair_states_as_programs_write_them() {
    let series = r#"{"type":"series","index":["2025-03-01T09:30:00+00:00","2025-03-01T09:45:00+00:00"],"values":[10.4,null],"name":null}"#;
    let pair = |position: &str, price1: &str| {
        format!(
            r#"{{"symbol1":"A","symbol2":"B","position":{position},"cooldown":0,"last_update":"2025-03-01T10:00:00Z",
            "last_candle_time":null,"spread":null,"z_score":-2.1386,"price1":{price1},
            "price2":{{"index":["a"],"values":[2.5]}}}}"#
        )
    };
    for position in ["\"none\"", "\"long\"", "\"SHORT\"", "null"] {
        is_valid("pair_state", &pair(position, series));
    }
    is_valid("pair_state", &pair("\"none\"", r#"{"type":"pandas_series","data":{"a":1},"index":["a"]}"#));
    assert_eq!(
        broken("pair_state", &pair("\"flat\"", r#"{"index":["a","a"],"values":[1.5]}"#)),
        [
            r#"/position | enum | "flat" must be one of "none", "long", "short", "NONE", "LONG", "SHORT", null"#,
            "/price1/values | rule:equal_lengths | values must be as long as index: index has 2, values has 1",
        ]
    );
    assert_eq!(
        broken(
            "pair_state",
            r#"{"position":"none","cooldown":-1,"last_update":"soon","price1":"Name: A, dtype"}"#
        ),
        [
            " | required | symbol1 is missing",
            " | required | symbol2 is missing",
            "/cooldown | minimum | -1 must be 0 or more",
            r#"/last_update | format | "soon" is not a time such as 2026-11-21T09:46:11Z"#,
            r#"/price1 | type | "Name: A, dtype" must be an object or null, not a text"#,
        ]
    );
}

#[test]
fn a_portfolio_needs_its_five_numbers() {
    is_valid(
        "portfolio",
        r#"{"total_value":100000.0,"available_balance":100000.0,"total_pnl":0.0,"open_positions":0,"daily_pnl":0.0,
        "peak_value":null,"metadata":{"any":["thing"]},"last_save_time":"2025-04-01T00:00:00.2"}"#,
    );
    let peaks = broken(
        "portfolio",
        r#"{"portfolio_peak_value":1000.0,"pair_peak_values":{"A-B":0},"suspended_pairs":[]}"#,
    );
    assert_eq!(peaks.len(), 5, "{peaks:?}");
    assert!(peaks.iter().all(|line| line.contains(" | required | ")));
}

#[test]
fn market_data_of_three_forms() {
    is_valid("market_data", r#"{"type":"series","index":["a","b"],"values":[1,null],"name":"AAA"}"#);
    is_valid(
        "market_data",
        r#"{"type":"dataframe","index":["a","b"],"values":[[1.0,5],[2.0,null]],"columns":["close","vol"]}"#,
    );
    is_valid(
        "market_data",
        r#"{"symbol":"A","bars":[{"time":"t","open":1,"high":2,"low":0.5,"close":1.5,"volume":0}]}"#,
    );
    is_valid("market_data", r#"{"symbol":"A","bid":1.0,"ask":1.0,"timestamp":"2025-03-01T10:00:00Z"}"#);
    assert_eq!(
        broken("market_data", r#"{"type":"series","index":["a","b"],"values":[1]}"#),
        ["/values | rule:equal_lengths | values must be as long as index: index has 2, values has 1"]
    );
    assert_eq!(
        broken("market_data", r#"{"bars":[{"open":1,"high":0.9,"low":0.95,"close":0.95}]}"#),
        [
            "/bars/0/high | rule:high_low | 0.9 must be at least low 0.95",
            "/bars/0/high | rule:high_open | 0.9 must be at least open 1",
            "/bars/0/high | rule:high_close | 0.9 must be at least close 0.95",
        ]
    );
    assert_eq!(
        broken("market_data", r#"{"index":["a"],"values":["1"]}"#),
        [r#"/values/0 | type | "1" must be a number or null, not a text"#]
    );
}

#[test]
fn open_types_accept_what_they_do_not_know() {
    for state_type in ["strategy", "configuration", "market_data"] {
        is_valid(state_type, "{}");
        is_valid(state_type, r#"{"x/y~z é":{"deep":[1,{"er":null}]},"drawdown_status":{}}"#);
    }
    assert_eq!(
        broken("strategy", r#"{"enabled":"True","parameters":[]}"#),
        [
            r#"/enabled | type | "True" must be a boolean, not a text"#,
            "/parameters | type | must be an object or null, not an array",
        ]
    );
}

#[test]
fn data_that_is_no_object_is_invalid() {
    for state_type in StateType::BUILT_IN {
        for text in ["null", "[]", "\"text\"", "1e400", "true"] {
            let lines = broken(state_type, text);
            assert!(lines.len() == 1 && lines[0].starts_with(" | type | "), "{state_type} {text}: {lines:?}");
        }
    }
}

#[test]
fn a_large_broken_document_is_told_briefly() {
    let wrong = vec!["\"x\""; 1_000_000].join(",");
    let text = format!(r#"{{"index":[{wrong}],"values":[{wrong}]}}"#);
    let violations = verdict("market_data", &text).violations().to_vec();
    assert_eq!(violations.len(), MOST_FINDINGS + 1);
    assert_eq!(violations[0].pointer, "/values/0");
    assert_eq!(violations[MOST_FINDINGS].code, "more");
    let bars = vec![r#"{"open":1,"high":1,"low":2,"close":1}"#; 1000].join(",");
    let document: Document = format!(r#"{{"bars":[{bars}]}}"#).parse().unwrap();
    assert_eq!(validate("market_data", &document, Mode::Warn).violations().len(), MOST_FINDINGS + 1);
    let repeated = r#"{"index":["a","a"],"values":[1,2],"last_update":"2025-04-01T00:00:00"}"#;
    assert_eq!(notices("market_data", &repeated.parse().unwrap()).len(), 2);
}

/// The fewest steps with which a document is checked.
fn least(state_type: &str, text: &str) -> u64 {
    let document: Document = text.parse().unwrap();
    let within = |steps| validate_within(state_type, &document, Mode::Warn, Effort { steps });
    let (mut too_few, mut enough) = (0, 1 << 30);
    while enough - too_few > 1 {
        let steps = u64::midpoint(too_few, enough);
        match within(steps) {
            Ok(verdict) => {
                assert_eq!(Ok(verdict), within(u64::MAX), "{steps} steps say the same as more");
                enough = steps;
            }
            Err(TooMuch) => too_few = steps,
        }
    }
    enough
}

#[test]
fn what_a_check_costs_grows_with_the_document_and_not_with_what_is_wrong_in_it() {
    const VALUES: usize = 3_000;
    let ones = vec!["1"; VALUES].join(",");
    let wrong = vec!["[]"; MOST_FINDINGS + 1].join(",");
    let bar = r#"{"open":1,"high":1,"low":1,"close":1}"#;
    let bars = vec![bar; VALUES / 5].join(",");
    let broken_bars = vec!["{}"; MOST_FINDINGS + 1].join(",");
    let members: Vec<_> = (0..VALUES).map(|n| format!(r#""m{n}":1"#)).collect();
    for (state_type, text, each) in [
        ("market_data", format!(r#"{{"index":[{ones}],"values":[{ones}]}}"#), 3),
        ("market_data", format!(r#"{{"index":[{ones}],"values":[{ones},{wrong}]}}"#), 8),
        ("market_data", format!(r#"{{"bars":[{bars}]}}"#), 20),
        ("market_data", format!(r#"{{"bars":[{bars},{broken_bars}]}}"#), 40),
        ("position", format!("{{{}}}", members.join(",")), 200),
        ("configuration", format!("{{{}}}", members.join(",")), 40),
    ] {
        let steps = least(state_type, &text);
        let most = each * VALUES as u64;
        assert!(steps <= most, "{state_type} {}...: {steps} steps, {most} at most", &text[..40]);
    }
}

#[test]
fn a_document_with_too_much_in_it_is_not_checked() {
    let document = format!(r#"{{"index":[{0}],"values":[{0}]}}"#, vec!["1"; 1_000].join(","));
    let document: Document = document.parse().unwrap();
    let little = Effort { steps: 1_000 };
    for mode in [Mode::Warn, Mode::Strict] {
        assert_eq!(validate_within("market_data", &document, mode, little), Err(TooMuch));
    }
    assert_eq!(validate_within("market_data", &document, Mode::Off, little), Ok(Verdict::NotChecked));
}

mod any_document {
    use proptest::prelude::*;

    use super::*;

    fn name() -> impl Strategy<Value = String> {
        let known: Vec<String> = [
            "symbol1",
            "direction",
            "entry_time",
            "quantity",
            "entry_price",
            "stop_loss",
            "volume1",
            "legs",
            "order_ids",
            "position",
            "cooldown",
            "last_update",
            "price1",
            "index",
            "values",
            "columns",
            "bars",
            "open",
            "high",
            "low",
            "close",
            "total_value",
            "open_positions",
            "pair_peak_values",
            "suspended_pairs",
            "parameters",
            "data",
            "",
            "a/b",
            "m~n",
            "é",
        ]
        .map(str::to_owned)
        .into();
        prop::sample::select(known)
    }

    fn scalar() -> impl Strategy<Value = String> {
        let known: Vec<String> = [
            "null",
            "true",
            "false",
            "0",
            "-0.0",
            "1e400",
            "-1e-400",
            "1e999999999999999999",
            "18446744073709551616",
            "-9223372036854775809",
            "0.123456789012345678901234567890",
            "1e22",
            "\"\"",
            "\"long\"",
            "\"SHORT\"",
            "\"2025-04-01 00:00:00\"",
            "\"2025-04-01T00:00:00Z\"",
            "\"\\u00e9\\ud83d\\ude00\"",
            "\"é…\"",
        ]
        .map(str::to_owned)
        .into();
        prop::sample::select(known)
    }

    fn value() -> impl Strategy<Value = String> {
        scalar().prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6)
                    .prop_map(|elements| format!("[{}]", elements.join(","))),
                prop::collection::btree_map(name(), inner, 0..6).prop_map(|members| {
                    let members: Vec<_> =
                        members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn never_panics_and_points_at_what_is_there(text in value()) {
            let document: Document = text.parse().unwrap();
            for state_type in StateType::BUILT_IN {
                let verdict = validate(state_type, &document, Mode::Strict);
                let noticed = notices(state_type, &document);
                for violation in verdict.violations().iter().chain(&noticed) {
                    let pointer = violation.pointer.parse().unwrap();
                    prop_assert!(document.tape().get(&pointer).is_some(), "{violation:?} in {text}");
                    prop_assert!(!violation.message.is_empty());
                }
            }
        }

        #[test]
        fn white_space_and_the_order_of_members_do_not_matter(text in value()) {
            let document: Document = text.parse().unwrap();
            let spaced: Document = stateloft_core::json::writer::pretty(document.root()).parse().unwrap();
            prop_assert_eq!(
                validate("position", &document, Mode::Warn),
                validate("position", &spaced, Mode::Warn)
            );
        }
    }
}

const TRADE: &str = r#"{"id":17,"exchange":"binance","pair":"BTC/USDT:USDT","is_open":true,"is_short":false,"leverage":3.0,
    "amount":0.015,"stake_amount":301.5,"open_rate":60300.25,"close_rate":null,"stop_loss":57285.2,"initial_stop_loss":57285.2,
    "max_rate":61000.0,"min_rate":60100.5,"open_date":"2026-11-29 08:15:00.123456","close_date":null,"strategy":"Trend",
    "orders":[{"id":40,"ft_trade_id":17,"order_id":"dry_run_buy_1","amount":0.015,"filled":0.0,"order_date":"2026-11-29 08:15:00.000000"}],
    "custom_data":[{"id":1,"ft_trade_id":17,"cd_key":"tier","cd_type":"int","cd_value":"2"}]}"#;

#[test]
fn trades_and_positions_of_other_programs_are_valid_as_those_write_them() {
    is_valid("freqtrade_trade", TRADE);
    // What an older version of its tables has.
    is_valid("freqtrade_trade", r#"{"id":1,"pair":"ETH/BTC","is_open":1,"open_date":"2019-01-01 10:00:00"}"#);
    is_valid(
        "ccxt_position",
        r#"{"info":{"positionAmt":"-3"},"id":null,"symbol":"ETH/USDT:USDT","timestamp":1764316800000,"datetime":"2025-11-28T08:00:00.000Z",
            "side":"short","contracts":3.0,"contractSize":1.0,"entryPrice":"2010.5","markPrice":2001.25,"notional":6003.75,"leverage":5,
            "unrealizedPnl":27.75,"liquidationPrice":2390.1,"marginMode":"isolated","hedged":false,"percentage":2.3,"stopLossPrice":null}"#,
    );
    is_valid(
        "alpaca_position",
        r#"{"asset_id":"904837e3-3b76-47ec-b432-046db621571b","symbol":"AAPL","exchange":"NASDAQ","asset_class":"us_equity",
            "qty":"-5","qty_available":"0","avg_entry_price":"100.0","side":"short","market_value":"-600.0","cost_basis":"-500.0",
            "unrealized_pl":"-100.0","unrealized_plpc":"-0.20","current_price":"120.0","lastday_price":"119.0","change_today":"0.0084"}"#,
    );
    is_valid(
        "oanda_position",
        r#"{"instrument":"EUR_USD","pl":"-54.3","unrealizedPL":"12.0","marginUsed":"33.1","long":{"units":"100","averagePrice":"1.13032",
            "tradeIDs":["6397"],"pl":"-54.3"},"short":{"units":"-250.5","averagePrice":"1.14","tradeIDs":["12","13"]}}"#,
    );
    is_valid("oanda_position", r#"{"instrument":"EUR_USD","long":{"units":"0"},"short":{"units":"0.0"}}"#);
}

#[test]
fn what_can_never_be_right_of_them_is_said_where_it_stands() {
    let trade = |from: &str, to: &str| broken("freqtrade_trade", &TRADE.replace(from, to));
    assert_eq!(
        trade("\"amount\":0.015,\"stake", "\"amount\":-1,\"stake"),
        ["/amount | minimum | -1 must be 0 or more"]
    );
    assert_eq!(
        trade("\"filled\":0.0", "\"filled\":-2"),
        ["/orders/0/filled | minimum | -2 must be 0 or more"]
    );
    assert_eq!(trade("\"pair\":\"BTC/USDT:USDT\",", ""), [" | required | pair is missing"]);
    assert_eq!(
        broken("ccxt_position", r#"{"symbol":"A","contracts":"3,5"}"#),
        [r#"/contracts | format | "3,5" is not a number such as 12.50"#]
    );
    assert_eq!(broken("alpaca_position", r#"{"symbol":"A"}"#), [" | required | qty is missing"]);
    assert_eq!(
        broken("alpaca_position", r#"{"symbol":"A","qty":"1","side":"both"}"#),
        [r#"/side | enum | "both" must be one of "long", "short""#]
    );
    for (side, units) in
        [("long", "\"-1\""), ("long", "-1"), ("short", "\"2\""), ("short", "2.5"), ("short", "\"0.1\"")]
    {
        let lines =
            broken("oanda_position", &format!(r#"{{"instrument":"A","{side}":{{"units":{units}}}}}"#));
        assert!(
            lines.len() == 1 && lines[0].starts_with(&format!("/{side}/units | ")),
            "{side} {units}: {lines:?}"
        );
    }
}

#[test]
fn d_096_lots_with_exits_are_valid_at_any_size_price_and_length_of_symbol() {
    is_valid(
        "position",
        r#"{"symbol":"AAPL261218C00150000","side":"long","lots":[
            {"id":"a1","side":"long","quantity":"0.75","entry_price":"0.00001234","entry_time":"2026-01-05T09:00:00Z","stop_loss":0,
             "take_profit":null,"status":"closed","exit_time":"2026-01-05T10:00:00Z","exit_price":0.0,"exit_reason":"stop_loss_hit",
             "exit_order":"o-17","pnl":"-0.0000092550"},
            {"id":2,"quantity":12345678901234567890.000000001,"entry_price":0,"status":"open","exit_reason":null}]}"#,
    );
    assert_eq!(
        broken(
            "position",
            r#"{"symbol":"A","lots":[{"id":1,"quantity":1,"exit_reason":"sl","exit_price":"free"}]}"#
        )
        .len(),
        2
    );
    assert_eq!(broken("position", r#"{"symbol":"A","lots":[{"quantity":1}]}"#).len(), 1, "a lot has an id");
}

#[test]
fn d_095_an_order_keeps_its_brokers_words_and_what_is_filled_of_it() {
    for order in [
        r#"{"client_order_id":"c-1","broker_order_id":"b0b6dd9d","symbol":"AAPL","side":"buy","order_type":"limit","quantity":"2",
            "filled_quantity":"0.5","limit_price":"0","stop_price":null,"status":"partially_filled","parent_id":null,
            "legs":[{"client_order_id":"c-2","status":"held","quantity":2}],"submitted_at":"2026-01-05T09:00:00Z"}"#,
        r#"{"broker_order_id":17,"status":"a word of some broker","quantity":1,"legs":["18",19]}"#,
        r#"{"id":"x","status":null,"anything":{"else":[1]}}"#,
    ] {
        is_valid("order", order);
    }
    let wrong = r#"{"client_order_id":"c","status":1,"quantity":"two","legs":[true,{"quantity":[]}]}"#;
    assert_eq!(broken("order", wrong).len(), 4, "{:?}", broken("order", wrong));
    let nameless: Document = r#"{"status":"new"}"#.parse().unwrap();
    assert_eq!(notices("order", &nameless).len(), 1);
}
