//! Files that the Python client's state managers keep: their states, with every value as it was tagged, or nothing of them.
#![cfg(all(feature = "validate", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use std::path::Path;

use stateloft_core::api::{ImportOptions, ImportPlan, QuarantineCode, RecordCode, Shape};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::{File, plan};
use stateloft_core::json::Document;
use stateloft_core::model::StateType;

const NOW: &str = "s9_client.json";
const BEFORE: &str = "s9_client_before.json";

fn bytes(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/legacy");
    std::fs::read(folder.join(name)).unwrap()
}

fn read(files: &[(&str, &[u8])], options: &ImportOptions) -> ImportPlan {
    let files: Vec<_> = files.iter().map(|(name, bytes)| File { name, bytes }).collect();
    plan(&files, options).unwrap()
}

fn one(text: &str) -> ImportPlan {
    read(&[("f.json", text.as_bytes())], &ImportOptions::default())
}

fn ids(plan: &ImportPlan) -> Vec<&str> {
    plan.items.iter().map(|item| item.state_id.as_str()).collect()
}

/// A file around this data, as the client writes it.
fn file(version: u32, data: &str) -> String {
    let hash = ContentHash::of(&data.parse::<Document>().unwrap());
    format!(
        "{{\"stateloft_file\":{version},\"sha256\":\"{hash}\",\"saved_at\":\"2026-03-02T10:00:00+00:00\",\"summary\":{{}},\n\"data\":{data}}}\n"
    )
}

#[test]
fn its_states_are_taken_with_their_tagged_values_at_the_time_of_the_file() {
    let raw = bytes(NOW);
    let plan = read(&[(NOW, &raw)], &ImportOptions::default());
    assert_eq!((plan.errors.len(), plan.quarantine.len()), (0, 0));
    assert_eq!(plan.files[0].shapes, [Shape::StateloftFile]);
    let expected = ["pair_DAX-CAC", "pair_OIL-GAS", "portfolio_main", "position_DAX-CAC", "position_OIL-GAS"];
    assert_eq!(ids(&plan), expected);
    let text = String::from_utf8(raw).unwrap();
    for item in &plan.items {
        assert_eq!(item.saved_at.unwrap().to_string(), "2026-03-02T10:06:02.000000Z", "{}", item.state_id);
        let is_portfolio = item.state_type.as_str() == "portfolio";
        assert!(is_portfolio || text.contains(item.data.text()), "{}", item.data);
    }
    let portfolio = r#"{"portfolio_peak_value":{"$stateloft":"decimal","value":10000.50},"suspended_pairs":[],"pair_peak_values":{"DAX-CAC":12.5}}"#;
    assert_eq!(plan.items[2].data.text(), portfolio, "when it was saved is not what the program knows");
    let records: Vec<_> = plan.records.iter().map(|each| (each.source.pointer.as_str(), each.code)).collect();
    let expected = [
        ("/stateloft_file", RecordCode::Beside),
        ("/sha256", RecordCode::Beside),
        ("/saved_at", RecordCode::Time),
        ("/summary", RecordCode::Summary),
        ("/data/last_save_time", RecordCode::Time),
    ];
    assert_eq!(records, expected);
}

#[test]
fn the_generation_before_it_is_the_older_version_of_its_states() {
    let (now, before) = (bytes(NOW), bytes(BEFORE));
    let plan = read(&[("s.json", &now), ("s.json.1", &before)], &ImportOptions::default());
    let position: Vec<_> =
        plan.items.iter().filter(|item| item.state_id.as_str() == "position_DAX-CAC").collect();
    let sources: Vec<_> = position.iter().map(|item| item.source.file.as_str()).collect();
    assert_eq!(sources, ["s.json.1", "s.json"]);
    assert!(position.iter().all(|item| !item.order_unknown));
    assert_eq!(plan.items.len(), 6, "what did not change is one version");
}

#[test]
fn a_changed_byte_makes_nothing_of_it_a_state_whatever_is_asked_for() {
    let text = String::from_utf8(bytes(NOW)).unwrap();
    let chosen = ImportOptions { state_type: StateType::new("bot").ok(), ..ImportOptions::default() };
    for (from, to) in [("1.15", "1.16"), ("\"long\"", "\"Long\""), (",\"pair_states\":", ",\"Pair_states\":")]
    {
        let (header, data) = text.split_once('\n').unwrap();
        let bent = format!("{header}\n{}", data.replacen(from, to, 1));
        assert_ne!(bent, text);
        for options in [ImportOptions::default(), chosen.clone()] {
            let plan = read(&[(NOW, bent.as_bytes()), ("s.json.1", &bytes(BEFORE))], &options);
            let held: Vec<_> = plan.quarantine.iter().map(|each| each.code).collect();
            assert_eq!(held, [QuarantineCode::Damaged]);
            assert_eq!(plan.quarantine[0].text.as_deref(), Some(bent.trim_end()), "with all its bytes");
            assert!(plan.items.iter().all(|item| item.source.file == "s.json.1"));
            assert!(!plan.items.is_empty(), "the generation before it is whole");
        }
    }
    let laid_out = text.replace("\"data\":{", "\"data\" : {\n  ");
    assert_eq!(one(&laid_out).items.len(), 5, "white space is no part of the data");
}

#[test]
fn what_cannot_be_placed_is_held_with_why() {
    let held = |text: &str| {
        let plan = one(text);
        assert!(plan.items.is_empty(), "{text}");
        let held = &plan.quarantine[0];
        (held.code, held.source.pointer.clone(), held.reason.clone())
    };
    let (code, place, reason) = held(&file(2, "{\"active_positions\":{}}"));
    assert!(code == QuarantineCode::UnknownShape && place.is_empty() && reason.contains("version 2"));
    let (code, place, reason) = held(&file(1, "{\"levels\":[1,2]}"));
    assert!(code == QuarantineCode::UnknownShape && place.is_empty() && reason.contains("name a type"));
    let numbered = r#"{"active_positions":{"$stateloft":"map","value":[[1,{"qty":2}]]}}"#;
    let (code, place, _) = held(&file(1, numbered));
    assert!(code == QuarantineCode::NoName && place == "/data/active_positions");
    let (code, ..) = held("{\"stateloft_file\":1,\"sha256\":\"00\"}");
    assert_eq!(code, QuarantineCode::Damaged, "its data is gone");
    assert_eq!(one(&file(1, "{}")).records.last().unwrap().code, RecordCode::Empty);
}

#[test]
fn what_is_packed_or_encrypted_is_said_in_words_with_what_to_do() {
    let token = format!("gAAAAABn{}", "x-_9".repeat(30));
    let cases: [(&[u8], &str, &str, &str); 3] = [
        (b"\x1f\x8b\x08\x00\x00", "packed", "gzip", "gunzip"),
        (b"age-encryption.org/v1\n-> X25519 ", "encrypted", "age", "age -d"),
        (token.as_bytes(), "encrypted", "Fernet", "decrypt it"),
    ];
    for (bytes, code, what, cure) in cases {
        let plan = read(&[("f.json", bytes)], &ImportOptions::default());
        let error = &plan.errors[0];
        assert_eq!(error.code, code);
        assert!(error.message.contains(what), "{}", error.message);
        assert!(error.hint.as_deref().unwrap().contains(cure), "{:?}", error.hint);
        assert!(plan.files[0].damaged && plan.quarantine.is_empty() && plan.items.is_empty());
    }
}
