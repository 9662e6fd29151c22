//! Files of any kind: chosen parts, lines, damage, several versions of one state.
#![cfg(all(feature = "validate", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files has failed")]

use stateloft_core::api::{ImportOptions, ImportPlan, QuarantineCode, RecordCode, Shape};
use stateloft_core::import::{File, plan, written_back};
use stateloft_core::model::StateType;

fn of(files: &[(&str, &str)], options: &ImportOptions) -> ImportPlan {
    let files: Vec<File<'_>> =
        files.iter().map(|(name, text)| File { name, bytes: text.as_bytes() }).collect();
    plan(&files, options).unwrap()
}

fn chosen(each: Option<&str>, id_from: Option<&str>) -> ImportOptions {
    ImportOptions {
        state_type: StateType::new("bot_memory").ok(),
        each: each.map(str::to_owned),
        id_from: id_from.map(str::to_owned),
        ..ImportOptions::default()
    }
}

fn ids(plan: &ImportPlan) -> Vec<&str> {
    plan.items.iter().map(|item| item.state_id.as_str()).collect()
}

#[test]
fn a_folder_of_any_files_becomes_a_state_each() {
    let files = [
        ("bots/grid.json", "{\"level\": 1.10}"),
        ("bots/old/grid.json", "{\"level\":2}"),
        ("top.state.json", "[1]"),
    ];
    let plan = of(&files, &chosen(None, None));
    assert_eq!(ids(&plan), ["bots/grid", "bots/old/grid"]);
    assert_eq!(plan.items[0].data.text(), "{\"level\":1.10}");
    assert_eq!(plan.quarantine[0].code, QuarantineCode::NotAnObject);
    assert_eq!(plan.files[0].shapes, [Shape::Chosen]);
}

#[test]
fn members_behind_a_pointer_become_a_state_each_and_what_is_beside_is_recorded() {
    let text = r#"{"at":"now","a":{"positions":{"X/Y":{"q":1},"Z":null},"n":3}}"#;
    let plan = of(&[("f.json", text)], &chosen(Some("/a/positions"), Some("key")));
    assert_eq!(ids(&plan), ["X/Y"]);
    assert_eq!(plan.items[0].source.to_string(), "f.json#/a/positions/X~1Y");
    assert_eq!(plan.quarantine[0].source.pointer, "/a/positions/Z");
    let beside: Vec<&str> = plan.records.iter().map(|record| record.source.pointer.as_str()).collect();
    assert_eq!(beside, ["/at", "/a/n"]);
    assert!(plan.records.iter().all(|record| record.code == RecordCode::Beside));
}

#[test]
fn elements_of_an_array_are_named_by_a_member() {
    let text = r#"{"rows":[{"m":{"sym":"A"}},{"m":{"sym":7}},{"m":{"sym":true}},{}]}"#;
    let plan = of(&[("f.json", text)], &chosen(Some("/rows"), Some("/m/sym")));
    assert_eq!(ids(&plan), ["7", "A"]);
    assert_eq!(plan.quarantine.len(), 2);
    let plan = of(&[("f.json", text)], &chosen(Some("/rows"), None));
    assert!(plan.items.is_empty() && plan.quarantine.iter().all(|held| held.code == QuarantineCode::NoName));
    let plan = of(&[("f.json", text)], &chosen(Some("/columns"), None));
    assert_eq!(
        (plan.quarantine[0].code, plan.quarantine[0].text.as_deref()),
        (QuarantineCode::NothingThere, Some(text))
    );
}

#[test]
fn d_052_a_file_of_no_known_shape_is_kept_aside_and_never_taken_for_a_portfolio() {
    let text = "{ \"api_key_file\": \"x\",\n \"retries\": 3 }";
    let plan = of(&[("config.json", text)], &ImportOptions::default());
    assert!(plan.items.is_empty());
    assert_eq!(
        (plan.quarantine[0].code, plan.quarantine[0].text.as_deref()),
        (QuarantineCode::UnknownShape, Some(text))
    );
}

#[test]
fn a_document_a_line_gives_versions_in_their_order_and_a_bad_line_is_named_and_kept() {
    let text = "\u{feff}{\"id\":\"a\",\"n\":1}\r\n\r\n{\"id\":\"a\",\"n\":NaN}\r\n{\"id\":\"b\"\r\n{\"id\":\"a\",\"n\":1}";
    let plan = of(&[("log.jsonl", text)], &chosen(None, Some("/id")));
    let versions: Vec<String> = plan.items.iter().map(|item| written_back(&item.data)).collect();
    assert_eq!(versions, ["{\"id\":\"a\",\"n\":1}", "{\"id\":\"a\",\"n\":NaN}", "{\"id\":\"a\",\"n\":1}"]);
    assert!(plan.items.iter().all(|item| !item.order_unknown));
    let [error] = plan.errors.as_slice() else { panic!("{:?}", plan.errors) };
    let line = text.find("{\"id\":\"b\"").unwrap() as u64;
    assert_eq!((error.line, error.byte, error.column), (4, line + 9, 10));
    assert_eq!(
        (plan.quarantine[0].code, plan.quarantine[0].text.as_deref()),
        (QuarantineCode::NotJson, Some("{\"id\":\"b\""))
    );
    assert_eq!(plan.quarantine[0].source.line, Some(4));
}

#[test]
fn bytes_that_are_no_text_are_kept_as_base64_or_stay_in_their_file() {
    let lines = b"{\"id\":\"a\"}\n\xff\xfe\n{\"id\":\"b\"}";
    let plan_of = |bytes| plan(&[File { name: "f", bytes }], &chosen(None, Some("/id"))).unwrap();
    let found = plan_of(lines);
    assert_eq!(
        (found.quarantine[0].text.as_deref(), found.quarantine[0].base64.as_deref()),
        (None, Some("//4="))
    );
    assert_eq!(
        (found.errors[0].line, found.errors[0].byte, found.errors[0].code.as_str()),
        (2, 11, "invalid_utf8")
    );
    let whole = plan_of(b"\xff\xfe{\0}\0");
    assert_eq!((whole.items.len(), whole.quarantine.len(), whole.errors.len()), (0, 0, 1));
}

#[test]
fn versions_of_one_state_are_ordered_by_the_times_that_files_say() {
    let backup = |time: &str, qty: u8| {
        format!(
            r#"{{"backup_timestamp":"{time}","positions":[{{"pair":"A-B","qty":{qty}}}],"current_state":null}}"#
        )
    };
    let (late, early) = (backup("2025-06-01T10:00:00+02:00", 2), backup("2025-06-01T07:30:00Z", 1));
    let plan = of(&[("a.json", &late), ("b.json", &early)], &ImportOptions::default());
    let order: Vec<&str> = plan.items.iter().map(|item| item.source.file.as_str()).collect();
    assert_eq!(order, ["b.json", "a.json"]);
    assert!(plan.items.iter().all(|item| !item.order_unknown));
}

#[test]
fn where_nothing_says_which_is_newer_none_is_taken_for_it() {
    let state = |qty: u8| {
        format!(
            r#"{{"active_positions":{{"A-B":{{"qty":{qty}}}}},"last_save_time":"2025-06-01T0{qty}:00:00"}}"#
        )
    };
    let (one, two) = (state(1), state(2));
    let files = [("a.json", one.as_str()), ("b.json", &two)];
    let plan = of(&files, &ImportOptions::default());
    assert!(plan.items.iter().all(|item| item.order_unknown), "the zones of both are unknown");
    let zone = ImportOptions { assume_tz: Some("UTC".into()), ..ImportOptions::default() };
    assert!(of(&files, &zone).items.iter().all(|item| !item.order_unknown));
    let same = [("a.json", one.as_str()), ("copy.json", &one)];
    let plan = of(&same, &ImportOptions::default());
    assert!(plan.items.iter().all(|item| !item.order_unknown && item.also.len() == 1));
}

#[test]
fn a_users_own_key_that_looks_like_the_tag_is_no_tag_and_comes_back() {
    let text = r#"{"a":{"$stateloft":"float","value":"NaN"},"b":NaN,"$$stateloft":1}"#;
    let plan = of(&[("f.json", text)], &chosen(None, None));
    assert_eq!(
        plan.items[0].data.text(),
        r#"{"a":{"$$stateloft":"float","value":"NaN"},"b":{"$stateloft":"float","value":"NaN"},"$$$stateloft":1}"#
    );
    assert_eq!(written_back(&plan.items[0].data), text);
}

#[test]
fn what_is_too_large_for_a_state_is_kept_aside_or_named() {
    let large = "x".repeat(17 << 20);
    let text = format!("{{\"a\":{{\"t\":\"{large}\"}},\"b\":{{\"t\":1}}}}");
    let plan = of(&[("f.json", &text)], &chosen(Some(""), None));
    assert_eq!(ids(&plan), ["b"]);
    assert_eq!((plan.errors[0].code.as_str(), plan.errors[0].pointer.as_deref()), ("too_large", Some("/a")));
    assert!(plan.files[0].damaged);
}

#[test]
fn files_with_many_states_are_through_though_each_could_be_held_against_every_other() {
    let members = |what: &str| -> String {
        let members: Vec<String> = (0..10_000).map(|n| format!("\"{n}\":{what}")).collect();
        members.join(",")
    };
    let (positions, pairs) = (members("{\"x\":1}"), members("{}"));
    let text = format!(
        "{{\"active_positions\":{{{positions}}},\"pair_states\":{{{pairs}}},\"pair_peak_values\":{{{}}}}}",
        members("1")
    );
    assert_eq!(of(&[("f.json", &text)], &ImportOptions::default()).items.len(), 20_001);
    let same = vec!["{\"pair\":\"A-B\",\"n\":1}"; 10_000].join(",");
    let other: Vec<String> = (0..10_000).map(|n| format!("{{\"pair\":\"A-B\",\"n\":{n}}}")).collect();
    let text = format!("{{\"backup_timestamp\":\"now\",\"positions\":[{same},{}]}}", other.join(","));
    assert_eq!(of(&[("f.json", &text)], &ImportOptions::default()).items.len(), 10_000);
}
