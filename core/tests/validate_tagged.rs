//! Rules are held against what a program's own kinds of values mean, not against how they are kept.
#![cfg(all(feature = "validate", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own text has failed")]

use stateloft_core::json::Document;
use stateloft_core::model::{Mode, Violation};
use stateloft_core::schema::notices;
use stateloft_core::validate::validate;

fn broken(state_type: &str, text: &str) -> Vec<String> {
    let line = |v: &Violation| format!("{} | {} | {}", v.pointer, v.code, v.message);
    let verdict = validate(state_type, &text.parse::<Document>().unwrap(), Mode::Warn);
    verdict.violations().iter().map(line).collect()
}

fn tag(kind: &str, value: &str) -> String {
    format!(r#"{{"$stateloft":"{kind}","value":{value}}}"#)
}

/// A pair position whose numbers, times and words are kept in other words than JSON's own.
fn position(stop: &str) -> String {
    format!(
        r#"{{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":{},"entry_time":{},"quantity":{},"entry_price":{},"initial_stop_loss":{stop}}}"#,
        tag("enum", r#"{"type":"bot:Side","name":"LONG"}"#),
        tag("datetime", r#"{"at":"2026-11-20T17:02:10+01:00","zone":"Europe/Paris"}"#),
        tag("decimal", "0.80"),
        tag("numpy", r#"{"dtype":"<f8","value":1.0874}"#),
    )
}

#[test]
fn what_a_program_keeps_in_its_own_kinds_is_as_valid_as_in_plain_json() {
    assert_eq!(broken("position", &position(&tag("decimal", "1.0790"))), [""; 0]);
    let fields = position("1.0790");
    let model = tag("model", &format!(r#"{{"type":"bot:Position","fields":{fields}}}"#));
    assert_eq!(broken("position", &model), [""; 0]);
    let map = format!(r#"{{"EURUSD-GBPUSD":{model},"other":{fields}}}"#);
    assert_eq!(broken("position", &map), [""; 0]);
    let series =
        format!(r#"{{"bars":{},"index":{},"values":{}}}"#, "[]", tag("tuple", "[]"), tag("tuple", "[]"));
    assert_eq!(
        broken("market_data", &series),
        broken("market_data", r#"{"bars":[],"index":[],"values":[]}"#)
    );
}

#[test]
fn what_is_wrong_is_said_of_the_meant_value_at_its_place_in_the_document() {
    let found = broken("position", &position(&tag("decimal", "1.2000")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("/initial_stop_loss | rule:initial_stop_loss_long | "), "{found:?}");
    assert!(found[0].contains("1.2000") && found[0].contains("1.0874"), "{found:?}");
    let text = position("1.0790").replace("0.80", "-0.80");
    let plain = text.replace(&tag("decimal", "-0.80"), "-0.80");
    assert_eq!(broken("position", &text), broken("position", &plain));
    assert!(!broken("position", &text).is_empty());
    let model = tag("dataclass", &format!(r#"{{"type":"bot:Position","fields":{text}}}"#));
    let within: Vec<String> =
        broken("position", &plain).iter().map(|line| format!("/a/value/fields{line}")).collect();
    assert_eq!(broken("position", &format!(r#"{{"a":{model}}}"#)), within);
}

#[test]
fn a_time_without_a_zone_is_noticed_in_whatever_it_is_kept() {
    let naive = position("1.0").replace("+01:00", "");
    let found = notices("position", &naive.parse().unwrap());
    let brief: Vec<_> = found.iter().map(|v| (v.pointer.as_str(), v.code.as_str())).collect();
    assert_eq!(brief, [("/entry_time", "naive_time")]);
}

#[test]
fn what_only_looks_like_a_kind_stays_what_it_is() {
    for odd in [
        r#"{"$stateloft":"decimal","value":"1.0"}"#.to_owned(),
        r#"{"value":1.0,"$stateloft":"decimal"}"#.to_owned(),
        r#"{"$$stateloft":"decimal","value":1.0}"#.to_owned(),
        tag("float", "\"NaN\""),
        tag("unheard_of", "1.0"),
    ] {
        let text = position("1.0790").replace(&tag("decimal", "0.80"), &odd);
        let found = broken("position", &text);
        assert!(found.iter().any(|line| line.starts_with("/quantity | type |")), "{odd}: {found:?}");
    }
}
