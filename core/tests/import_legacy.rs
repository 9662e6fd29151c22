//! What files of older programs come to: each row is one file, with the states, flags and verdicts that it must give.
#![cfg(all(feature = "validate", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::path::Path;

use stateloft_core::api::{ImportItem, ImportOptions, ImportPlan, QuarantineCode, RecordCode, Shape};
use stateloft_core::import::{File, Table, plan, written_back};
use stateloft_core::json::{Document, Pointer};
use stateloft_core::model::{RunId, Verdict};

fn bytes(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/legacy");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> ImportPlan {
    read_with(name, &ImportOptions::default())
}

fn read_with(name: &str, options: &ImportOptions) -> ImportPlan {
    plan(&[File { name, bytes: &bytes(name) }], options).unwrap()
}

fn ids(plan: &ImportPlan) -> Vec<&str> {
    plan.items.iter().map(|item| item.state_id.as_str()).collect()
}

fn item<'p>(plan: &'p ImportPlan, id: &str) -> &'p ImportItem {
    plan.items
        .iter()
        .find(|item| item.state_id.as_str() == id)
        .unwrap_or_else(|| panic!("no {id} in {:?}", ids(plan)))
}

/// Flags as lines: `code pointer`.
fn flags(item: &ImportItem) -> Vec<String> {
    item.flags.iter().map(|flag| format!("{} {}", flag.code, flag.pointer)).collect()
}

fn has(item: &ImportItem, flag: &str) {
    assert!(flags(item).iter().any(|found| found == flag), "{flag} is not among {:?}", flags(item));
}

fn at<'d>(data: &'d Document, pointer: &str) -> &'d str {
    data.tape().get(&Pointer::parse(pointer).unwrap()).unwrap().text()
}

/// Everything is in the plan and nothing else: nothing damaged, this shape, these states.
fn holds(name: &str, shape: Shape, expected: &[&str]) -> ImportPlan {
    let plan = read(name);
    assert_eq!(plan.errors, [], "{name}");
    assert_eq!(plan.files[0].shapes, [shape], "{name}");
    assert_eq!(ids(&plan), expected, "{name}");
    plan
}

#[test]
fn d_051_d_054_a_typed_state_gives_positions_pairs_and_portfolio_byte_for_byte() {
    let plan = holds(
        "s1_typed.json",
        Shape::TypedState,
        &[
            "pair_EURUSD-USDCHF",
            "pair_GBPUSD-EURUSD",
            "portfolio_main",
            "position_EURUSD-USDCHF",
            "position_GBPUSD-EURUSD",
        ],
    );
    let position = item(&plan, "position_EURUSD-USDCHF");
    assert_eq!(position.state_type.as_str(), "position");
    assert_eq!(at(&position.data, "/volume2"), "0.9000000000000001");
    assert_eq!(at(&position.data, "/trailing_stop_level"), "-12.730000000000002");
    assert_eq!(position.description, "Migrated position for EURUSD-USDCHF");
    assert_eq!(position.verdict, Verdict::Valid);
    has(position, "naive_time /entry_time");
    has(position, "duplicate_ticket /ticket1");
    has(item(&plan, "position_GBPUSD-EURUSD"), "duplicate_ticket /ticket1");
    // D-071, D-072: what is open stays open, in the words of the file, at the prices of the file.
    assert_eq!(at(&position.data, "/direction"), "\"LONG\"");
    assert_eq!(at(&item(&plan, "pair_GBPUSD-EURUSD").data, "/position"), "\"SHORT\"");
    assert_eq!(at(&position.data, "/entry_exec_price1"), "1.1542");
    let portfolio = item(&plan, "portfolio_main");
    let missing: Vec<&str> = portfolio.verdict.violations().iter().map(|v| v.code.as_str()).collect();
    assert_eq!(missing, ["required"; 5], "{:?}", portfolio.verdict);
    assert_eq!(at(&portfolio.data, "/portfolio_peak_value"), "250000.0");
    assert_eq!(at(&portfolio.data, "/pair_peak_values/EURUSD-USDCHF"), "0");
    assert_eq!(at(&portfolio.data, "/pair_peak_values/GBPUSD-EURUSD"), "29.900000000000002");
    assert_eq!(at(&portfolio.data, "/last_save_time"), "\"2025-06-11T07:46:00.000777\"");
    assert!(plan.quarantine.is_empty() && plan.records.is_empty());
}

#[test]
fn a_time_without_a_zone_is_told_and_not_guessed_unless_a_zone_is_named() {
    let plan = read("s1_typed.json");
    let portfolio = item(&plan, "portfolio_main");
    assert_eq!(portfolio.saved_at, None);
    assert_eq!(portfolio.said_at.as_deref(), Some("2025-06-11T07:46:00.000777"));
    has(portfolio, "saved_at_zone_unknown ");
    let zone = ImportOptions { assume_tz: Some("+03:00".into()), ..ImportOptions::default() };
    let plan = read_with("s1_typed.json", &zone);
    let portfolio = item(&plan, "portfolio_main");
    assert_eq!(portfolio.saved_at.unwrap().to_string(), "2025-06-11T04:46:00.000777Z");
    assert!(!flags(portfolio).iter().any(|flag| flag.starts_with("saved_at")));
    assert_eq!(at(&portfolio.data, "/last_save_time"), "\"2025-06-11T07:46:00.000777\"", "data is as it was");
}

#[test]
fn numbers_that_are_not_finite_come_back_as_they_came() {
    let plan = holds("s1_not_finite.json", Shape::TypedState, &["pair_NAS.US-Spx", "portfolio_main"]);
    let pair = item(&plan, "pair_NAS.US-Spx");
    assert_eq!(at(&pair.data, "/price1/values/0"), r#"{"$stateloft":"float","value":"NaN"}"#);
    assert_eq!(at(&pair.data, "/price2/values/1"), r#"{"$stateloft":"float","value":"-Infinity"}"#);
    has(pair, "not_finite /price1/values/0");
    has(pair, "uneven_series ");
    has(pair, "rule:position_null /position");
    let back = written_back(&pair.data);
    assert!(
        back.contains(r#""values":[NaN,Infinity]"#) && back.contains(r#""values":[2.5,-Infinity,7]"#),
        "{back}"
    );
    assert_eq!(at(&item(&plan, "portfolio_main").data, "/suspended_pairs/0"), "\"NAS.US-Spx\"");
}

#[test]
fn d_043_odd_keys_large_numbers_and_texts_like_dates_stay_what_they_are() {
    let plan = holds(
        "s1_odd_keys.json",
        Shape::TypedState,
        &["pair_LONELY-2", "portfolio_main", "position_XAUUSD", "position_ü b/c~d"],
    );
    let position = item(&plan, "position_XAUUSD");
    assert_eq!(at(&position.data, "/qty"), "9007199254740995");
    assert_eq!(at(&position.data, "/comment"), "\"20250611\"");
    has(position, "position_without_pair ");
    let odd = item(&plan, "position_ü b/c~d");
    assert_eq!(odd.source.pointer, "/active_positions/ü b~1c~0d");
    assert_eq!(odd.data.text(), r#"{"direction":"FLAT","deleted":false}"#);
    has(item(&plan, "pair_LONELY-2"), "pair_without_symbols ");
    let portfolio = item(&plan, "portfolio_main");
    assert_eq!(portfolio.source.members, ["pair_peak_values", "my_own_member"]);
    assert_eq!(at(&portfolio.data, "/my_own_member/7"), "\"a key that was a number\"");
    has(portfolio, "peak_without_position /pair_peak_values/CLOSED-PAIR");
    assert_eq!(portfolio.said_at, None, "nothing says when it was saved");
}

#[test]
fn series_without_a_type_are_known_by_their_members_and_stay_without() {
    let plan = holds("s2_untyped.json", Shape::UntypedState, &["pair_DAX-CAC", "portfolio_main"]);
    let pair = item(&plan, "pair_DAX-CAC");
    assert_eq!(pair.verdict, Verdict::Valid);
    let series = pair.data.root().get("price1").unwrap();
    assert_eq!(Table::read(series).unwrap().text(), series.text());
    assert!(!series.text().contains("type"));
    has(pair, "uneven_series ");
}

#[test]
fn a_reconciled_position_keeps_its_sixteen_members() {
    let plan = holds("s2_reconciled.json", Shape::TypedState, &["position_DAX-CAC"]);
    let position = item(&plan, "position_DAX-CAC");
    assert_eq!(position.data.root().len(), 16);
    has(position, "naive_time /entry_time");
    has(position, "position_without_pair ");
}

#[test]
fn lengths_that_do_not_fit_and_repeated_times_are_flagged_and_kept() {
    let plan = holds("s2_lengths.json", Shape::UntypedState, &["pair_DAX-CAC"]);
    let pair = item(&plan, "pair_DAX-CAC");
    has(pair, "length_mismatch /price1");
    has(pair, "duplicate_index /price1");
    assert!(pair.verdict.is_invalid());
    assert_eq!(at(&pair.data, "/price1/values"), "[4.0]");
}

#[test]
fn a_flat_portfolio_is_valid_with_its_metadata() {
    let plan = holds("s3_flat.json", Shape::FlatState, &["portfolio_main"]);
    let portfolio = item(&plan, "portfolio_main");
    assert_eq!(portfolio.verdict, Verdict::Valid);
    assert_eq!(at(&portfolio.data, "/metadata/session_info/strategy"), "\"Mean\"");
    assert_eq!(at(&portfolio.data, "/total_value"), "50000.0");

    let plan = holds("s3_negative.json", Shape::FlatState, &["pair_DAX-CAC", "portfolio_main"]);
    assert_eq!(item(&plan, "pair_DAX-CAC").verdict, Verdict::Valid);
    has(item(&plan, "portfolio_main"), "rule:total_value_negative /total_value");

    let plan = holds("s3_schema_position.json", Shape::TypedState, &["pair_DAX-CAC", "position_DAX-CAC"]);
    assert!(plan.items.iter().all(|item| item.verdict == Verdict::Valid));
    assert_eq!(at(&item(&plan, "position_DAX-CAC").data, "/entry_time"), "\"2025-06-12 09:30:00\"");
    // D-042: members that the older program did not know of are there.
    assert_eq!(at(&item(&plan, "pair_DAX-CAC").data, "/z_score"), "null");
    assert_eq!(at(&item(&plan, "pair_DAX-CAC").data, "/ready_for_trading"), "false");
}

#[test]
fn d_055_an_empty_backup_is_a_record_and_no_state() {
    let plan = holds("s4_empty_backup_20250613_060000.json", Shape::Backup, &[]);
    assert!(plan.quarantine.is_empty());
    let codes: Vec<RecordCode> = plan.records.iter().map(|record| record.code).collect();
    assert_eq!(
        codes,
        [
            RecordCode::Time,
            RecordCode::Empty,
            RecordCode::Empty,
            RecordCode::Summary,
            RecordCode::SystemStatus
        ]
    );
}

#[test]
fn d_028_a_backup_gives_each_position_once_and_its_tombstones_to_quarantine() {
    let plan = holds(
        "s4_backup_20250613_061500.json",
        Shape::Backup,
        &["pair_DAX-CAC", "portfolio_main", "position_DAX-CAC"],
    );
    let position = item(&plan, "position_DAX-CAC");
    assert!(!position.data.text().contains("_snapshot_id"));
    assert_eq!(position.also.len(), 1);
    assert_eq!(position.saved_at.unwrap().to_string(), "2025-06-13T06:15:00.000000Z");
    has(position, "snapshot_id_lifted ");
    let lifted = plan.records.iter().find(|record| record.code == RecordCode::SnapshotId).unwrap();
    assert_eq!(lifted.value.as_ref().unwrap().text(), "\"trading_snapshot_20250612_235900\"");
    has(item(&plan, "pair_DAX-CAC"), "printed_series /price1");
    assert_eq!(item(&plan, "portfolio_main").data.text(), r#"{"total_value":77.5}"#);
    let [tombstone] = plan.quarantine.as_slice() else { panic!("{:?}", plan.quarantine) };
    assert_eq!(
        (tombstone.code, tombstone.source.pointer.as_str()),
        (QuarantineCode::Tombstone, "/positions/1")
    );
    assert_eq!(
        tombstone.text.as_deref(),
        Some("{\n      \"deleted\": true\n    }"),
        "the bytes as they were"
    );
}

#[test]
fn a_position_of_a_backup_is_named_by_its_pair_and_one_without_is_kept_aside() {
    let plan = holds("s4_backup_20250613_063000.json", Shape::Backup, &["position_OIL-GAS"]);
    let error = plan.records.iter().find(|record| record.code == RecordCode::SummaryError).unwrap();
    assert!(error.message.contains("no database"));
    assert_eq!(plan.quarantine[0].code, QuarantineCode::NoName);
    assert!(plan.quarantine[0].text.as_ref().unwrap().contains("\"ticket1\": 10"));
}

#[test]
fn a_backup_that_says_no_time_has_that_of_its_name_in_no_known_zone() {
    let bytes = br#"{"backup_timestamp":null,"positions":[{"pair":"A-B","x":1}],"current_state":null}"#;
    let file = File { name: "deep/trading_state_backup_20250613_063000.json", bytes };
    let plan = plan(&[file], &ImportOptions::default()).unwrap();
    assert_eq!(plan.items[0].said_at.as_deref(), Some("2025-06-13T06:30:00"));
    assert_eq!(plan.items[0].saved_at, None);
}

#[test]
fn d_070_positions_put_aside_keep_their_own_times_and_placeholders_are_told() {
    let plan = holds("s5_fallback.json", Shape::PositionFallback, &["position_DAX-CAC"]);
    assert_eq!(plan.items[0].said_at.as_deref(), Some("2025-06-14T10:00:00.75"));
    let plan =
        holds("s5_placeholders.json", Shape::PositionFallback, &["position_DAX-CAC", "position_OIL-GAS"]);
    let position = item(&plan, "position_OIL-GAS");
    has(position, "direction_empty /direction");
    has(position, "placeholder_values /entry_price");
    has(position, "placeholder_values /quantity");
    assert_eq!(at(&position.data, "/direction"), "\"\"");
    let plan = holds("s5_none.json", Shape::Empty, &[]);
    assert_eq!(plan.records[0].code, RecordCode::Empty);
}

#[test]
fn a_brokers_summary_gives_states_for_each_of_its_parts() {
    let plan = holds(
        "s6_broker.json",
        Shape::BrokerSummary,
        &["risk_status", "pair_DAX-CAC", "portfolio_status", "position_DAX-CAC"],
    );
    assert_eq!(item(&plan, "risk_status").state_type.as_str(), "configuration");
    assert_eq!(item(&plan, "portfolio_status").state_type.as_str(), "portfolio");
    has(item(&plan, "pair_DAX-CAC"), "summary_only ");
    assert_eq!(
        plan.items[0].saved_at.unwrap().to_string(),
        "2025-06-15T00:00:02.500000Z",
        "the later, with a zone"
    );
    let plan = holds("s6_error.json", Shape::BrokerSummary, &["portfolio_status"]);
    has(item(&plan, "portfolio_status"), "error_inside /error");
}

#[test]
fn d_045_a_cut_file_says_where_and_nothing_of_it_is_taken() {
    let plan = read("s6_cut.json");
    assert!(plan.items.is_empty() && plan.quarantine.is_empty() && plan.records.is_empty());
    let [error] = plan.errors.as_slice() else { panic!("{:?}", plan.errors) };
    assert_eq!((error.line, error.byte, error.code.as_str()), (2, 68, "unexpected_end"));
    assert_eq!(error.pointer.as_deref(), Some("/active_positions/DAX-CAC/volume1"));
    assert!(plan.files[0].damaged);
}

#[test]
fn tables_are_read_into_one_model_and_written_back_as_they_were() {
    for (name, id) in [
        ("s7_stored_series.json", "market_close"),
        ("s7_stored_frame.json", "market_ticks"),
        ("s7_file_frame.json", "market_candles"),
    ] {
        let plan = holds(name, Shape::Tables, &[id]);
        let data = &plan.items[0].data;
        assert_eq!(Table::read(data.root()).unwrap().text(), data.text(), "{name}");
        assert_eq!(plan.items[0].verdict, Verdict::Valid, "{name}");
    }
}

#[test]
fn a_session_its_positions_and_checkpoints_are_states_with_exact_decimals() {
    let session = "7c0a44c2-5c1b-4b6a-9a4e-0d7f6f0f2a11";
    let names =
        [format!("checkpoint_{session}_8"), format!("position_{session}_41"), format!("session_{session}")];
    let plan = holds("s8_session.json", Shape::Sessions, &names.each_ref().map(String::as_str));
    assert_eq!(at(&item(&plan, &names[2]).data, "/initial_portfolio_value"), "\"25000.10\"");
    assert_eq!(at(&item(&plan, &names[1]).data, "/entry_price"), "\"144.70\"");
    assert_eq!(item(&plan, &names[0]).saved_at.unwrap().to_string(), "2025-06-17T13:36:30.000000Z");
    assert!(item(&plan, &names[0]).flags.is_empty());

    let plan = holds("s8_short_checkpoint.json", Shape::Sessions, &["checkpoint_b2c7_2025-06-17T09:31:30"]);
    has(&plan.items[0], "count_mismatch /active_positions_count");
    has(&plan.items[0], "naive_time /checkpoint_time");
    let plan =
        holds("s8_null_checkpoint.json", Shape::Sessions, &["checkpoint_d4e1_2025-06-17T09:31:30+00:00"]);
    assert!(plan.items[0].flags.is_empty(), "{:?}", plan.items[0].flags);
}

#[test]
fn the_tables_of_sessions_come_in_row_by_row_with_their_orders_and_none_becomes_a_run() {
    let plan = read("s8_tables.json");
    let session = "0b7d2c1e-9a44-4f0e-8f57-5d1f0c3b6a90";
    let named = [
        format!("checkpoint_{session}_9"),
        "order_e7f3".to_owned(),
        "order_mom-AMD-1".to_owned(),
        format!("position_{session}_7"),
        format!("session_{session}"),
    ];
    assert_eq!((ids(&plan), &plan.errors), (named.iter().map(String::as_str).collect(), &Vec::new()));
    let order = item(&plan, "order_mom-AMD-1");
    assert_eq!((order.state_type.as_str(), at(&order.data, "/limit_price")), ("order", "0.0000125"));
    assert_eq!(order.saved_at.unwrap().to_string(), "2025-07-01T13:35:00.000000Z");
    assert_eq!(order.verdict, Verdict::Valid);
    let position = item(&plan, &named[3]);
    assert_eq!((at(&position.data, "/qty"), at(&position.data, "/entry_price")), ("0.75", "0.00001234"));
    has(item(&plan, &named[0]), "count_mismatch /active_positions_count");
    // An active session of theirs is no live run of ours, and one that would be taken for one is not taken in.
    assert!(named[4].parse::<RunId>().is_err());
    assert_eq!(at(&item(&plan, &named[4]).data, "/status"), "\"active\"");
    let [held] = plan.quarantine.as_slice() else { panic!("{:?}", plan.quarantine) };
    assert_eq!((held.code, held.source.pointer.as_str()), (QuarantineCode::BadName, "/trading_sessions/1"));
}

#[test]
fn the_same_files_in_any_order_give_the_same_plan_and_another_byte_another_hash() {
    let names = ["s1_typed.json", "s4_backup_20250613_061500.json", "s6_cut.json"];
    let bytes = names.map(bytes);
    let mut files: Vec<File<'_>> =
        names.iter().zip(&bytes).map(|(name, bytes)| File { name, bytes }).collect();
    let first = plan(&files, &ImportOptions::default()).unwrap();
    files.reverse();
    assert_eq!(plan(&files, &ImportOptions::default()).unwrap(), first);
    let other =
        String::from_utf8(bytes[0].clone()).unwrap().replace("0.9000000000000001", "0.9000000000000002");
    files[2] = File { name: "s1_typed.json", bytes: other.as_bytes() };
    assert_ne!(plan(&files, &ImportOptions::default()).unwrap().hash, first.hash);
}
