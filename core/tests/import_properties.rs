//! Whatever a file holds: the importer ends, does not panic, and everything that was in is somewhere in the plan.
#![cfg(all(feature = "validate", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use stateloft_core::api::{ImportOptions, ImportPlan};
use stateloft_core::import::{File, plan, written_back};
use stateloft_core::json::{Document, Kind, Node};
use stateloft_core::model::StateType;

/// Keys that the recognisers look for, and a few others.
const KEYS: &[&str] = &[
    "active_positions",
    "pair_states",
    "pair_states_summary",
    "risk_status",
    "portfolio_status",
    "system_status",
    "backup_timestamp",
    "positions",
    "current_state",
    "portfolio_summary",
    "timestamp",
    "last_save_time",
    "trading_session",
    "checkpoints",
    "session_id",
    "checkpoint_time",
    "positions_snapshot",
    "start_time",
    "id",
    "symbol",
    "symbol1",
    "symbol2",
    "pair",
    "direction",
    "entry_price",
    "quantity",
    "ticket1",
    "deleted",
    "_snapshot_id",
    "price1",
    "price2",
    "type",
    "index",
    "values",
    "columns",
    "data",
    "name",
    "error",
    "metadata",
    "pair_peak_values",
    "portfolio_peak_value",
    "suspended_pairs",
    "A-B",
    "x/y~z",
    "é",
    "",
    "$stateloft",
    "value",
    "stateloft_file",
    "sha256",
    "saved_at",
    "summary",
];
const LEAVES: &[&str] = &[
    "1",
    "1.0",
    "0.01",
    "-9.712999283548708",
    "9007199254740993",
    "NaN",
    "Infinity",
    "-Infinity",
    "null",
    "true",
    "\"\"",
    "\"A-B\"",
    "\"series\"",
    "\"pandas_series\"",
    "\"dataframe\"",
    "\"pandas_dataframe\"",
    "\"2025-03-01T10:00:00\"",
    "\"2025-03-01T10:00:00+00:00\"",
    "\"float\"",
    "\"NaN\"",
    "\"a\\nb dtype: float64\"",
    "\"\\u0041\\\"\"",
    "[]",
    "{}",
];

fn value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(6, 60, 6, |inner| {
        let member = (prop::sample::select(KEYS), inner.clone());
        let object = prop::collection::vec(member, 0..6).prop_map(|members| {
            let distinct: BTreeMap<&str, String> = members.into_iter().collect();
            let texts: Vec<String> =
                distinct.iter().map(|(key, value)| format!(" {key:?} : {value}")).collect();
            format!("{{{}}}", texts.join(",\n"))
        });
        let array =
            prop::collection::vec(inner, 0..4).prop_map(|elements| format!("[ {} ]", elements.join(" , ")));
        prop_oneof![3 => object, 1 => array]
    })
}

fn options() -> impl Strategy<Value = ImportOptions> {
    let chosen = |each: Option<&str>, id_from: Option<&str>| ImportOptions {
        state_type: StateType::new("position").ok(),
        each: each.map(str::to_owned),
        id_from: id_from.map(str::to_owned),
        ..ImportOptions::default()
    };
    prop_oneof![
        4 => Just(ImportOptions::default()),
        1 => Just(ImportOptions { assume_tz: Some("-04:30".into()), ..ImportOptions::default() }),
        1 => Just(chosen(None, None)),
        1 => Just(chosen(Some("/positions"), Some("/id"))),
        1 => Just(chosen(Some("/active_positions"), Some("key"))),
    ]
}

/// Counts the scalars of a value by their texts, strings and numbers as spelled.
fn scalars(node: Node<'_>, counts: &mut BTreeMap<String, usize>) {
    match node.kind() {
        Kind::Object => node.members().for_each(|member| scalars(member.value, counts)),
        Kind::Array => node.elements().for_each(|element| scalars(element, counts)),
        _ => *counts.entry(node.text().to_owned()).or_default() += 1,
    }
}

fn count(document: &Document) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    scalars(document.root(), &mut counts);
    counts
}

/// The scalars of everything that a plan holds; what stands in it once for several places counts for each.
fn held(plan: &ImportPlan) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for item in &plan.items {
        for _ in 0..=item.also.len() {
            scalars(item.data.root(), &mut all);
        }
    }
    plan.records
        .iter()
        .filter_map(|record| record.value.as_ref())
        .for_each(|value| scalars(value.root(), &mut all));
    for held in &plan.quarantine {
        let text = held.text.as_ref().unwrap();
        scalars(read(text).root(), &mut all);
    }
    all
}

/// A document of Python's, by way of the importer: as the one state of a file.
fn read(text: &str) -> Document {
    let wrapped = format!("{{\"w\":{text}}}");
    let one = ImportOptions { state_type: StateType::new("x").ok(), ..ImportOptions::default() };
    let plan = plan(&[File { name: "f", bytes: wrapped.as_bytes() }], &one).unwrap();
    plan.items[0].data.root().get("w").unwrap().to_document()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn everything_that_was_in_is_in_the_plan(text in value(), options in options()) {
        let file = File { name: "state.json", bytes: text.as_bytes() };
        let plan = plan(&[file], &options).unwrap();
        prop_assert_eq!(&plan.errors, &[]);
        prop_assert_eq!(held(&plan), count(&read(&text)), "{}", serde_json::to_string(&plan).unwrap());
    }

    #[test]
    fn what_is_read_is_written_back_without_its_white_space(text in value()) {
        let compact: String = {
            let (mut inside, mut escaped) = (false, false);
            text.chars().filter(|c| {
                let keep = inside || !c.is_whitespace();
                if escaped { escaped = false } else if *c == '\\' { escaped = inside } else if *c == '"' { inside = !inside }
                keep
            }).collect()
        };
        prop_assert_eq!(written_back(&read(&text)), compact);
    }

    #[test]
    fn a_cut_or_bent_file_gives_an_error_inside_it_or_a_plan(
        text in value(), cut in any::<prop::sample::Index>(), byte in any::<u8>(), keep in any::<bool>(),
    ) {
        let mut bytes = text.into_bytes();
        let at = cut.index(bytes.len());
        if keep { bytes[at] = byte } else { bytes.truncate(at) }
        let plan = plan(&[File { name: "f.json", bytes: &bytes }], &ImportOptions::default()).unwrap();
        for error in &plan.errors {
            prop_assert!(error.byte <= bytes.len() as u64 && error.line >= 1 && error.column >= 1);
            prop_assert!(plan.files[0].damaged);
        }
        let something = plan.items.len() + plan.quarantine.len() + plan.records.len() + plan.errors.len();
        prop_assert!(something > 0);
    }

    #[test]
    fn any_bytes_give_a_plan(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        plan(&[File { name: "f", bytes: &bytes }], &ImportOptions::default()).unwrap();
    }

    #[test]
    fn lines_are_each_in_the_plan_or_named(lines in prop::collection::vec(value(), 1..5), bent in any::<prop::sample::Index>()) {
        let mut lines: Vec<String> = lines.into_iter().map(|line| line.replace('\n', " ")).collect();
        lines.insert(0, "{\"session_id\":\"s\",\"start_time\":\"2025-01-01T00:00:00Z\"}".to_owned());
        let at = bent.index(lines.len());
        if at > 0 { lines[at].push('}') }
        let text = lines.join("\n");
        let plan = plan(&[File { name: "f", bytes: text.as_bytes() }], &ImportOptions::default()).unwrap();
        prop_assert_eq!(plan.errors.len(), usize::from(at > 0));
        prop_assert_eq!(plan.files[0].documents, lines.len() as u64);
    }
}
