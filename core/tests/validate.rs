//! What the built-in rules say of real and of broken data.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own text has failed")]

use statehouse_core::json::Document;
use statehouse_core::model::{Mode, StateType, Verdict, Violation};
use statehouse_core::schema::{MOST_FINDINGS, notices};
use statehouse_core::validate::{Effort, TooMuch, validate, validate_within};

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
    assert_eq!(validate("order", &document, Mode::Strict), Verdict::NotChecked);
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
        [
            " | required | quantity is missing",
            " | required | entry_price is missing",
            r#"/direction | enum | "LONG" must be one of "long", "short""#,
        ]
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
fn a_stop_lies_on_the_losing_side_and_a_target_on_the_winning_one() {
    let trade = |direction: &str, stop: &str, target: &str| {
        broken(
            "position",
            &format!(
                r#"{{"symbol1":"A","symbol2":"B","direction":"{direction}","entry_time":"2026-11-20T17:02:10Z",
                "quantity":1,"entry_price":162.48,"stop_loss":{stop},"take_profit":{target}}}"#
            ),
        )
    };
    for (direction, stop, target) in [
        ("long", "161.92", "163"),
        ("short", "163", "161.92"),
        ("long", "null", "163"),
        ("short", "163", "null"),
    ] {
        assert_eq!(trade(direction, stop, target), [""; 0]);
    }
    assert_eq!(
        trade("short", "161.92", "163.0"),
        [
            "/stop_loss | rule:stop_loss_short | 161.92 must be above entry_price 162.48 (short)",
            "/take_profit | rule:take_profit_short | 163.0 must be below entry_price 162.48 (short)",
        ]
    );
    assert_eq!(
        trade("long", "162.480", "162.48"),
        [
            "/stop_loss | rule:stop_loss_long | 162.480 must be below entry_price 162.48 (long)",
            "/take_profit | rule:take_profit_long | 162.48 must be above entry_price 162.48 (long)",
        ]
    );
    // Thirty digits decide it, where f64 sees two equal numbers.
    assert_eq!(trade("long", "162.479999999999999999999999999", "162.480000000000000000000000001"), [""; 0]);
    assert_eq!(
        trade("long", "162.480000000000000000000000001", "null"),
        [
            "/stop_loss | rule:stop_loss_long | 162.480000000000000000000000001 must be below entry_price 162.48 (long)"
        ]
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
    assert_eq!(portfolio("0", "-5.0"), ["/total_value | minimum | -5.0 must be 0 or more"]);
    assert_eq!(portfolio("0", "-1e-400"), ["/total_value | minimum | -1e-400 must be 0 or more"]);
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
            let spaced: Document = statehouse_core::json::writer::pretty(document.root()).parse().unwrap();
            prop_assert_eq!(
                validate("position", &document, Mode::Warn),
                validate("position", &spaced, Mode::Warn)
            );
        }
    }
}
