//! What holds of any document, and not only of those that somebody thought of.

use proptest::prelude::*;
use stateloft_core::json::Document;
use stateloft_core::model::{Mode, StateType};
use stateloft_core::schema::notices;
use stateloft_core::validate::validate;

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
