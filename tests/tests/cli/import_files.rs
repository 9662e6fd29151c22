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
async fn a_file_of_the_python_client_comes_in_with_its_generations_and_a_damaged_or_packed_one_does_not() {
    let here = folder();
    let old = here.path().join("old");
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("bot.json"), fixture("s9_client.json")).unwrap();
    std::fs::write(old.join("bot.before.json"), fixture("s9_client_before.json")).unwrap();
    let ran = import(here.path(), &["--yes", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let done: Value = serde_json::from_str(&ran.out).unwrap();
    let written = done["versions"].as_array().unwrap().iter();
    let mut ids: Vec<_> = written.map(|version| version["state_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let expected = [
        "pair_DAX-CAC",
        "pair_OIL-GAS",
        "portfolio_main",
        "position_DAX-CAC",
        "position_DAX-CAC",
        "position_OIL-GAS",
    ];
    assert_eq!(
        ids.iter().filter(|id| !id.starts_with("import_")).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    let head = run(here.path(), &["get", "position", "position_DAX-CAC", "--store", "configured"], &[]).await;
    assert!(
        head.out.contains(r#""volume1":3,"stop_loss":{"$stateloft":"decimal","value":1.15}"#),
        "{}",
        head.out
    );

    let text = String::from_utf8(fixture("s9_client.json")).unwrap();
    std::fs::write(old.join("bent.json"), text.replace("\"volume1\":3", "\"volume1\":4")).unwrap();
    std::fs::write(old.join("packed.json"), b"\x1f\x8b\x08\x00").unwrap();
    let ran = import(here.path(), &["--yes"]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("packed.json") && ran.err.contains("gzip"), "{}", ran.err);
    let told = format!("{}{}", ran.out, ran.err);
    assert!(told.contains("bent.json") && told.contains("checksum"), "{told}");
    let after =
        run(here.path(), &["get", "position", "position_DAX-CAC", "--store", "configured"], &[]).await;
    assert_eq!(after.out, head.out, "nothing of the damaged file is a state");
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

#[tokio::test]
async fn files_are_sent_to_the_server_that_is_named_and_no_store_is_made_here() {
    let here = with(&["s1_typed.json", "s6_cut.json", "s4_backup_20250613_063000.json"]);
    let server = Server::start().await;
    let origin = server.origin();
    let looked = import(here.path(), &["--dry-run", "--json", "--server", &origin]).await;
    let found: Value = serde_json::from_str(&looked.out).unwrap();
    assert_eq!((&found["counts"]["damaged_files"], &found["seq"]), (&1.into(), &0.into()), "{}", looked.err);
    let unasked = import(here.path(), &["--server", &origin]).await;
    assert!(unasked.code == Some(1) && unasked.err.contains("--yes"), "{}", unasked.err);
    assert_eq!(server.get("/status").await.1["seq"], 0, "nothing was written");
    let environment = [("STATELOFT_SERVER", origin.as_str())];
    let arguments = ["import", "old", "--yes", "--user-id", "desk", "--archive", "done"];
    let first = run(here.path(), &arguments, &environment).await;
    assert_eq!(first.code, Some(4), "one file is damaged: {}", first.err);
    assert!(first.out.contains("Imported             ") && first.err.contains("line 2"), "{}", first.err);
    let (_, list) = server.get("/states?state_type=position").await;
    assert_eq!(list["states"][0]["user_id"], "desk", "{list}");
    assert!(here.path().join("done/s1_typed.json").exists() && here.path().join("old/s6_cut.json").exists());
    assert!(!here.path().join("data").exists(), "there is no store here");
    std::fs::write(here.path().join("old/s1_typed.json"), fixture("s1_typed.json")).unwrap();
    let again = import(here.path(), &["--yes", "--json", "--server", &origin]).await;
    let done: Value = serde_json::from_str(&again.out).unwrap();
    let counts = &done["counts"];
    assert_eq!((again.code, &counts["new"], &counts["unchanged"]), (Some(4), &0.into(), &5.into()), "{done}");
    let unknown = import(here.path(), &["--yes", "--choose", "old/x#/y", "--server", &origin]).await;
    assert!(unknown.code == Some(11) && unknown.err.contains("old/x#/y"), "{}", unknown.err);
    let away = import(here.path(), &["--yes", "--server", "http://127.0.0.1:9"]).await;
    assert_eq!(away.code, Some(10), "{}", away.err);
    let older = ["import", "--from-postgres", "postgresql://a@b/c", "--server", &origin];
    let refused = run(here.path(), &older, &[]).await;
    assert!(refused.code == Some(2) && refused.err.contains("nothing was written"), "{}", refused.err);
}

#[tokio::test]
async fn a_file_that_no_request_takes_is_refused_and_says_what_to_do() {
    let here = folder();
    std::fs::create_dir(here.path().join("old")).unwrap();
    std::fs::write(here.path().join("old/small.json"), r#"{"n":1}"#).unwrap();
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(48 << 20));
    std::fs::write(here.path().join("old/large.json"), large).unwrap();
    let server = Server::start().await;
    let origin = server.origin();
    let refused = import(here.path(), &["--type", "bot_memory", "--yes", "--server", &origin]).await;
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    for words in ["large.json", "48 MiB", "--store", "nothing was written"] {
        assert!(refused.err.contains(words), "{words} in {}", refused.err);
    }
    assert_eq!(server.get("/status").await.1["seq"], 0);
}
