//! `stateloft backup`: of a running store and of a stopped one, whole and in parts.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stateloft_tests::server::Server;

use super::bundles::{damaged, fill, log, text};
use super::{done, folder, run};

fn figure(said: &str, name: &str) -> String {
    let line = said.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {said}"));
    line[16..].split([',', ' ']).next().unwrap().to_owned()
}

fn hash(path: &Path) -> String {
    let digits: Vec<_> =
        Sha256::digest(std::fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

#[tokio::test]
async fn a_backup_has_real_figures_of_a_running_store_and_of_a_stopped_one() {
    let (here, mut server) = (folder(), Server::start().await);
    fill(&server, 9, 50).await;
    server.save("position", "gone", "{}", "ann", "").await;
    let gone = server.request(reqwest::Method::DELETE, "/states/gone?state_type=position&user_id=ann");
    assert!(gone.send().await.unwrap().status().is_success());
    let (origin, database) = (server.origin(), server.database().display().to_string());
    for (place, out) in
        [(["--server", &origin], "served"), (["--db", &database], "beside"), (["--db", &database], "stopped")]
    {
        if out == "stopped" {
            server.stop().await;
        }
        let made = done(here.path(), &["backup", place[0], place[1], "--out", out]).await.out;
        let file = here.path().join(out);
        for (name, value) in [
            ("Backup created:", out.to_owned()),
            ("Location", here.path().canonicalize().unwrap().display().to_string()),
            ("Positions", "5".to_owned()),
            ("Versions", "11".to_owned()),
            ("Seq", "11".to_owned()),
            ("Snapshots", "1".to_owned()),
            ("Restores", "0".to_owned()),
            ("Bytes", std::fs::metadata(&file).unwrap().len().to_string()),
            ("SHA-256", hash(&file)),
            ("Next", "--from".to_owned()),
        ] {
            assert_eq!(figure(&made, name), value, "{name} in {made}");
        }
        assert!(made.contains("all of them as they were written") && made.contains("--from 12"), "{made}");
        assert_eq!(text(&file).lines().count(), 14);
    }
    // Into a folder, under the name of this moment; for programs.
    std::fs::create_dir(here.path().join("backups")).unwrap();
    let made = done(here.path(), &["backup", "--json", "--out", "backups", "--db", &database]).await.out;
    let made: Value = serde_json::from_str(&made).unwrap();
    let file = Path::new(made["file"].as_str().unwrap());
    assert_eq!(made["sha256"], hash(file).as_str());
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("stateloft_backup_2") && name.ends_with(".stateloft") && name.len() == 42,
        "{name}"
    );
    for (member, value) in
        [("positions", 5), ("versions", 11), ("from", 1), ("to", 11), ("next_from", 12), ("damaged", 0)]
    {
        assert_eq!(made[member], value, "{member} in {made}");
    }
    assert_eq!(made["whole"], true);
    // Another one at once has a name of its own.
    let other = done(here.path(), &["backup", "--json", "--out", "backups", "--db", &database]).await.out;
    assert_ne!(serde_json::from_str::<Value>(&other).unwrap()["file"], made["file"]);
}

#[tokio::test]
async fn what_is_new_is_imported_on_top_of_the_backup_before_and_makes_the_same_store() {
    let (here, server) = (folder(), Server::start().await);
    let origin = server.origin();
    fill(&server, 6, 50).await;
    done(here.path(), &["backup", "--server", &origin, "--out", "full"]).await;
    server.save("strategy", "s", r#"{"n":1}"#, "ann", "").await;
    // A moment from before, named later; a restore.
    assert_eq!(server.post("/snapshots", r#"{"snapshot_id":"early","seq":2}"#).await.0, 201);
    let restore = ["restore", "seq:6", "--yes", "--reason", "back", "--server", &origin];
    done(here.path(), &restore).await;
    done(here.path(), &["backup", "--server", &origin, "--from", "7", "--out", "second"]).await;
    let tip = server.get("/status").await.1["seq"].as_u64().unwrap();
    let next = (tip + 1).to_string();
    let nothing =
        done(here.path(), &["backup", "--server", &origin, "--from", &next, "--out", "third"]).await;
    assert_eq!(figure(&nothing.out, "Versions"), "0");

    let early = run(here.path(), &["import", "second", "--store", "early.db"], &[]).await;
    assert_eq!(early.code, Some(9), "{}", early.err);
    done(here.path(), &["import", "full", "second", "third", "--store", "new.db"]).await;
    assert_eq!(log(here.path(), ["--store", "new.db"]).await, log(here.path(), ["--server", &origin]).await);
    let listed =
        async |of: [&str; 2]| done(here.path(), &["snapshot", "list", "--json", of[0], of[1]]).await.out;
    let names = listed(["--server", &origin]).await;
    assert_eq!(names.lines().count(), 3, "{names}");
    assert_eq!(listed(["--store", "new.db"]).await, names);
    let beyond =
        run(here.path(), &["backup", "--server", &origin, "--from", "99", "--out", "none"], &[]).await;
    assert_eq!(beyond.code, Some(11), "{}", beyond.err);
    assert!(!here.path().join("none").exists());
}

#[tokio::test]
async fn a_backup_of_a_damaged_store_holds_the_rest_and_says_so() {
    let (here, server) = (folder(), damaged().await);
    let database = server.database().display().to_string();
    let made = run(here.path(), &["backup", "--db", &database, "--out", "book"], &[]).await;
    assert_eq!(made.code, Some(6), "{}{}", made.out, made.err);
    assert!(made.out.contains("BUT             1 version is damaged in the store"), "{}", made.out);
    assert!(!made.out.contains("all of them as they were written"), "{}", made.out);
    assert_eq!(figure(&made.out, "Versions"), "4");
}

#[tokio::test]
async fn a_plain_copy_is_of_sqlite_only_and_a_taken_name_stays() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 3, 20).await;
    let database = server.database().display().to_string();
    let made =
        done(here.path(), &["backup", "--database", "--db", &database, "--out", "copy.db", "--json"]).await;
    let made: Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!(
        (&made["seq"], &made["sha256"]),
        (&3.into(), &hash(&here.path().join("copy.db")).into()),
        "{made}"
    );
    for (flag, words) in [("--database", "copy.db"), ("--json", "copy.db exists already")] {
        let taken = run(here.path(), &["backup", flag, "--db", &database, "--out", "copy.db"], &[]).await;
        assert_eq!(taken.code, Some(1), "{}", taken.out);
        assert!(taken.err.contains(words), "{}", taken.err);
    }
    let other = [("TRADING_STATE_DB_TYPE", "postgresql")];
    let refused = run(here.path(), &["backup", "--database", "--out", "x.db"], &other).await;
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains("pg_dump") && refused.err.contains("without --database"), "{}", refused.err);
    let both = ["backup", "--database", "--server", "http://127.0.0.1:1", "--out", "x.db"];
    assert_eq!(run(here.path(), &both, &[]).await.code, Some(2));
}
