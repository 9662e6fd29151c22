//! `stateloft journal`, and a start on a journal that was damaged.

use std::path::{Path, PathBuf};

use serde_json::Value;
use stateloft_tests::server::Server;
use tempfile::TempDir;

use super::{Ran, run};

/// Saves to as many states.
const APART: usize = 596;
/// Bytes in front of a record's text, and of a mark.
const HEAD: usize = 60;

fn variables(journal: &Path, store: &Path) -> Vec<(String, String)> {
    let text = |path: &Path| path.display().to_string();
    [
        ("TRADING_STATE_ENABLE_FILE_FALLBACK", "true".to_owned()),
        ("TRADING_STATE_FALLBACK_DIR", text(journal)),
        ("TRADING_STATE_SQLITE_PATH", text(store)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

async fn save(server: &Server, id: &str, n: usize) -> String {
    let body =
        format!(r#"{{"state_type":"bot_memory","state_id":"{id}","data":{{"n":{n}}},"user_id":"bot"}}"#);
    let (status, pending) = server.post("/states", body).await;
    assert_eq!(status, 202, "{pending}");
    pending["pending_id"].as_str().unwrap().to_owned()
}

/// Where the record with this id begins.
fn place(bytes: &[u8], id: &str) -> usize {
    let text = bytes.windows(id.len()).position(|window| window == id.as_bytes()).unwrap();
    let begin = b"{\"Entry\":";
    let text = bytes[..text].windows(begin.len()).rposition(|window| window == begin).unwrap();
    text - HEAD
}

struct Folder(TempDir);

impl Folder {
    fn journal(&self) -> PathBuf {
        self.0.path().join("fallback")
    }

    async fn command(&self, arguments: &[&str]) -> Ran {
        let folder = self.journal().display().to_string();
        run(self.0.path(), arguments, &[("TRADING_STATE_FALLBACK_DIR", &folder)]).await
    }

    async fn replayed(&self) -> Value {
        let mut server = Server::start_in(variables(&self.journal(), &self.0.path().join("states.db"))).await;
        let status = server.until_status(|status| status["fallback"]["pending"] == 0).await;
        let (_, conflicts) = server.get("/fallback/conflicts").await;
        let (_, verified) = server.get("/verify?after=0&limit=10000").await;
        assert_eq!(verified["ok"], true, "{verified}");
        let found = serde_json::json!({
            "seq": verified["seq"], "replayed": status["fallback"]["replayed"],
            "alarms": status.get("alarms").cloned().unwrap_or_else(|| serde_json::json!([])),
            "set_aside": status["fallback"]["set_aside"], "conflicts": conflicts["conflicts"],
        });
        assert_eq!(server.stop().await, Some(0));
        found
    }
}

#[tokio::test]
async fn one_flipped_bit_in_a_long_journal_stops_the_start_and_salvage_keeps_all_but_that_write() {
    let folder = Folder(TempDir::new().unwrap());
    let mut server = Server::start_in(variables(&folder.journal(), &folder.0.path().join("states.db"))).await;
    let (_, forced) = server.post("/breaker/force", r#"{"state":"open"}"#).await;
    assert_eq!(forced["state"], "open");
    save(&server, "shared", 1).await;
    save(&server, "first", 1).await;
    let lost = save(&server, "shared", 2).await;
    for n in 0..APART - 1 {
        save(&server, &format!("s{n}"), n).await;
    }
    let after = save(&server, "shared", 3).await;
    // What a running server has is left alone.
    let beside = folder.command(&["journal", "salvage"]).await;
    assert_eq!(beside.code, Some(1), "{}{}", beside.out, beside.err);
    assert!(beside.err.contains("in use by another"), "{}", beside.err);
    server.kill().await;
    let whole = folder.command(&["journal", "check"]).await;
    assert_eq!(whole.code, Some(0), "{}{}", whole.out, whole.err);
    assert!(whole.out.contains("599 writes wait"), "{}", whole.out);

    let path = folder.journal().join("journal");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = place(&bytes, &lost);
    bytes[at + HEAD + 30] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let here = format!("at byte {at}");
    let settings = variables(&folder.journal(), &folder.0.path().join("states.db"));
    let refused = Server::refused_in(settings).await;
    for words in ["record 3", &here, "596 whole records follow", "stateloft journal salvage"] {
        assert!(refused.contains(words), "no {words:?} in {refused}");
    }
    let checked = folder.command(&["journal", "check"]).await;
    assert_eq!(checked.code, Some(6), "{}{}", checked.out, checked.err);
    for words in ["journal: DAMAGED", "record 3", &here, "596 whole records follow", "598 writes wait"] {
        assert!(checked.out.contains(words), "no {words:?} in {}", checked.out);
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "looking changes nothing");
    let lines = folder.command(&["journal", "check", "--json"]).await;
    let first: Value = serde_json::from_str(lines.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["file"], &first["standing"], lines.code),
        (&"journal".into(), &"damaged".into(), Some(6))
    );

    let salvaged = folder.command(&["journal", "salvage"]).await;
    assert_eq!(salvaged.code, Some(0), "{}{}", salvaged.out, salvaged.err);
    assert!(
        salvaged.out.contains("damaged-1") && salvaged.out.contains("598 writes wait"),
        "{}",
        salvaged.out
    );
    assert_eq!(folder.command(&["journal", "check"]).await.code, Some(0));
    let listed = folder.command(&["journal", "list"]).await;
    let line = |id: &str| listed.out.lines().any(|line| line.contains(id) && line.contains("shared"));
    assert!(listed.out.contains("damaged-1: 1 acknowledged, from number 3"), "{}", listed.out);
    assert!(line(&after), "{}", listed.out);
    let lines = folder.command(&["journal", "list", "--json", "--data"]).await.out;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let waiting = lines.iter().filter(|line| line.get("set_aside_in").is_none()).count();
    assert_eq!(waiting, 598, "what was set aside waits no more");
    let following = lines.iter().find(|line| line["pending_id"] == after.as_str()).unwrap();
    assert_eq!(
        (&following["state_id"], &following["data"]["n"], &following["user_id"]),
        (&"shared".into(), &3.into(), &"bot".into())
    );

    let replayed = folder.replayed().await;
    // What followed the lost write goes the way of conflicts: nobody knows what it was written onto.
    assert_eq!(replayed["replayed"], 597, "{replayed}");
    assert_eq!(replayed["seq"], 597, "{replayed}");
    let conflicts = replayed["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{replayed}");
    assert_eq!(conflicts[0]["pending_id"], after.as_str());
    assert!(conflicts[0]["reason"].as_str().unwrap().contains(&lost), "{replayed}");
    assert_eq!(conflicts[0]["sides"][0]["theirs"]["n"], 1, "{replayed}");
    assert_eq!(replayed["alarms"][0]["code"], "journal_lost", "{replayed}");
    assert_eq!(replayed["set_aside"][0]["lost"], 1, "{replayed}");
    // It is said until somebody has dealt with it.
    std::fs::rename(folder.journal().join("damaged-1"), folder.0.path().join("damaged-1")).unwrap();
    let dealt = folder.replayed().await;
    assert_eq!((&dealt["alarms"], &dealt["seq"]), (&serde_json::json!([]), &597.into()), "{dealt}");
}

#[tokio::test]
async fn a_cut_end_is_torn_is_said_and_does_not_stop_the_start() {
    let folder = Folder(TempDir::new().unwrap());
    let mut server = Server::start_in(variables(&folder.journal(), &folder.0.path().join("states.db"))).await;
    let _ = server.post("/breaker/force", r#"{"state":"open"}"#).await;
    for n in 0..20 {
        save(&server, &format!("s{n}"), n).await;
    }
    server.kill().await;
    let path = folder.journal().join("journal");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - HEAD - 10]).unwrap();
    let checked = folder.command(&["journal", "check"]).await;
    assert_eq!(checked.code, Some(5), "{}{}", checked.out, checked.err);
    assert!(
        checked.out.contains("journal: torn") && checked.out.contains("19 writes wait"),
        "{}",
        checked.out
    );
    let replayed = folder.replayed().await;
    assert_eq!((&replayed["seq"], &replayed["alarms"]), (&19.into(), &serde_json::json!([])), "{replayed}");
    assert_eq!(replayed["set_aside"][0]["file"], "torn-1", "{replayed}");
}

#[tokio::test]
async fn writes_that_wait_in_a_journal_that_was_switched_off_are_said_and_kept() {
    let folder = Folder(TempDir::new().unwrap());
    let mut settings = variables(&folder.journal(), &folder.0.path().join("states.db"));
    let mut server = Server::start_in(settings.clone()).await;
    let _ = server.post("/breaker/force", r#"{"state":"open"}"#).await;
    save(&server, "s", 1).await;
    server.kill().await;
    settings[0].1 = "false".to_owned();
    let mut server = Server::start_in(settings).await;
    let (_, status) = server.get("/status").await;
    assert_eq!(status["alarms"][0]["code"], "journal_off", "{status}");
    assert!(status["alarms"][0]["detail"].as_str().unwrap().contains("1 write waits"), "{status}");
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(folder.replayed().await["seq"], 1);
}

#[tokio::test]
async fn there_is_no_journal_to_look_at_where_there_is_none() {
    let folder = Folder(TempDir::new().unwrap());
    for what in ["list", "check", "salvage"] {
        let ran = folder.command(&["journal", what]).await;
        assert_eq!(ran.code, Some(1), "{what}: {}{}", ran.out, ran.err);
        assert!(!folder.journal().exists(), "{what} made one");
    }
    let help = folder.command(&["journal", "check", "--help"]).await;
    assert!(help.out.contains("6: acknowledged writes cannot be read"), "{}", help.out);
}
