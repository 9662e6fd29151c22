//! `stateloft import` with files: what it says, what it writes, what it leaves alone.

use std::path::Path;

use serde_json::Value;
use stateloft_tests::server::Server;

use super::{Ran, folder, run};

fn fixture(name: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/legacy");
    std::fs::read(fixtures.join(name)).unwrap()
}

/// A folder with these fixtures in `old/`.
fn with(names: &[&str]) -> tempfile::TempDir {
    let here = folder();
    std::fs::create_dir(here.path().join("old")).unwrap();
    for name in names {
        std::fs::write(here.path().join("old").join(name), fixture(name)).unwrap();
    }
    here
}

async fn import(here: &Path, more: &[&str]) -> Ran {
    run(here, &[&["import", "old"], more].concat(), &[]).await
}

#[tokio::test]
async fn a_folder_is_looked_at_written_and_found_again() {
    let here = with(&["s1_typed.json", "s6_broker.json"]);
    let looked = import(here.path(), &["--dry-run", "--json"]).await;
    assert_eq!(looked.code, Some(0), "{}", looked.err);
    let found: Value = serde_json::from_str(&looked.out).unwrap();
    assert_eq!(found["counts"]["new"], 9);
    assert!(!here.path().join("data").exists(), "a dry run makes no store");

    let unasked = import(here.path(), &[]).await;
    assert_eq!(unasked.code, Some(1));
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);

    let first = import(here.path(), &["--yes"]).await;
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(first.out.contains("Imported             10 versions"), "{}", first.out);
    let second = import(here.path(), &["--yes", "--json"]).await;
    let done: Value = serde_json::from_str(&second.out).unwrap();
    assert_eq!(
        (second.code, &done["versions"], &done["counts"]["unchanged"]),
        (Some(0), &Value::from(Vec::<u8>::new()), &Value::from(9))
    );
    let whole = run(here.path(), &["verify"], &[]).await;
    assert_eq!(whole.code, Some(0), "{}", whole.err);
}

#[tokio::test]
async fn d_050_a_damaged_file_is_named_and_stays_and_what_is_wholly_in_is_archived() {
    let here = with(&["s6_cut.json", "s3_flat.json", "s4_backup_20250613_063000.json"]);
    let ran = import(here.path(), &["--yes", "--archive", "done"]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(
        ran.err.contains("s6_cut.json") && ran.err.contains("line 2") && ran.err.contains("byte 68"),
        "{}",
        ran.err
    );
    assert_eq!(std::fs::read(here.path().join("old/s6_cut.json")).unwrap(), fixture("s6_cut.json"));
    let names = |folder: &str| {
        let entries = here.path().join(folder).read_dir().unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names("old"), ["s6_cut.json"]);
    assert_eq!(names("done"), ["s3_flat.json", "s4_backup_20250613_063000.json"]);
    assert_eq!(std::fs::read(here.path().join("done/s3_flat.json")).unwrap(), fixture("s3_flat.json"));
}

#[tokio::test]
async fn d_052_what_differs_waits_for_a_choice_and_a_settings_file_becomes_no_portfolio() {
    let here = with(&["s2_reconciled.json"]);
    std::fs::write(here.path().join("old/config.json"), r#"{"api":{"port":1}}"#).unwrap();
    assert_eq!(import(here.path(), &["--yes"]).await.code, Some(0));
    let changed = String::from_utf8(fixture("s2_reconciled.json"))
        .unwrap()
        .replace("\"ticket1\": 5", "\"ticket1\": 55");
    std::fs::write(here.path().join("old/s2_reconciled.json"), changed).unwrap();
    let left = import(here.path(), &["--yes", "--archive", "done"]).await;
    assert_eq!(left.code, Some(4), "{}", left.err);
    let source = "s2_reconciled.json#/active_positions/DAX-CAC";
    assert!(left.err.contains(source), "{}", left.err);
    assert!(here.path().join("old/s2_reconciled.json").exists());
    assert_eq!(import(here.path(), &["--yes", "--choose", source]).await.code, Some(0));
    assert_eq!(import(here.path(), &["--yes"]).await.code, Some(0), "it is there now");
}

#[tokio::test]
async fn any_folder_is_taken_with_a_type_and_wrong_flags_say_what_would_be_right() {
    let here = folder();
    std::fs::create_dir_all(here.path().join("old/deep")).unwrap();
    std::fs::write(here.path().join("old/deep/a.json"), r#"{"rows":{"x":{"q":1.10}}}"#).unwrap();
    std::fs::write(here.path().join("old/notes.txt"), "no json").unwrap();
    let ran = import(here.path(), &["--yes", "--type", "bot_memory", "--each", "/rows", "--json"]).await;
    let done: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(done["versions"][0]["state_id"], "x", "{}", ran.err);
    let wrong = import(here.path(), &["--yes", "--assume-tz", "Europe/Berlin"]).await;
    assert!(wrong.code == Some(1) && wrong.err.contains("+03:00"), "{}", wrong.err);
    assert_eq!(import(here.path(), &["--each", "/rows"]).await.code, Some(2));
    let nothing = run(here.path(), &["import"], &[]).await;
    assert_eq!(nothing.code, Some(2));
    let gone = run(here.path(), &["import", "nowhere.json"], &[]).await;
    assert!(gone.code == Some(1) && gone.err.contains("nowhere.json"), "{}", gone.err);
}

#[tokio::test]
async fn a_server_takes_in_the_files_of_its_setting_when_it_starts_and_only_once() {
    let here = with(&["s1_typed.json", "s6_cut.json"]);
    let path = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
    let environment = vec![
        ("TRADING_STATE_SQLITE_PATH".to_owned(), path("store.db")),
        ("TRADING_STATE_LEGACY_STATE_PATH".to_owned(), path("old")),
    ];
    let mut server = Server::start_in(environment).await;
    let (_, list) = server.get("/states?state_type=position").await;
    assert_eq!(list["states"].as_array().unwrap().len(), 2, "{list}");
    assert_eq!(list["states"][0]["user_id"], "system_migration");
    let seq = list["seq"].as_u64().unwrap();
    assert_eq!(seq, 6, "five states and the record");
    server.kill().await;
    server.run().await;
    let (_, after) = server.get("/states?state_type=position").await;
    assert_eq!(after["seq"], seq, "{after}");
    assert!(here.path().join("old/s6_cut.json").exists());
}
