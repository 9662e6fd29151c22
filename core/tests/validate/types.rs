//! What the rules say of the other types that are built in.

use stateloft_core::json::Document;
use stateloft_core::model::{Mode, StateType, Verdict};
use stateloft_core::validate::validate;

use crate::{broken, is_valid, long_with};

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
