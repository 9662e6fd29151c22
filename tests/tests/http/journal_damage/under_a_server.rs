//! Files of the journal that are removed or damaged under a server, or while it is away.

use stateloft_server::store::fallback::{Standing, examine};
use stateloft_tests::faulty::Mood;

use crate::fallback::Setting;

/// A file that somebody removes or replaces under a running server is put back: what is acknowledged is where the next start
/// looks for it.
#[tokio::test]
async fn a_journal_that_is_removed_under_a_running_server_is_put_back() {
    for what in ["file", "replaced", "folder"] {
        let setting = Setting::new().await;
        setting.store.set(Mood::Down);
        setting.save_for_later("a", r#"{"n":1}"#).await;
        let path = setting.folder.path().join("journal");
        match what {
            "file" => std::fs::remove_file(&path).unwrap(),
            "folder" => std::fs::remove_dir_all(setting.folder.path()).unwrap(),
            _ => {
                std::fs::remove_file(&path).unwrap();
                std::fs::write(&path, "somebody else's").unwrap();
            }
        }
        setting.save_for_later("b", r#"{"n":1}"#).await;
        let setting = setting.restart(|store| store.set(Mood::Unreached)).await;
        assert_eq!(setting.journal().await["pending"], 2, "{what}");
        if what == "replaced" {
            let kept = std::fs::read(setting.folder.path().join("journal-replaced-1")).unwrap();
            assert_eq!(kept, b"somebody else's");
        }
        setting.store.set(Mood::Up);
        assert_eq!(setting.until_replayed().await["conflicts"], 0, "{what}");
        let _ = setting.get("b").await.expect(200);
    }
}

async fn alarms(setting: &Setting) -> Vec<String> {
    let status = setting.server.client.get("/api/v1/status").await.expect(200).json();
    let alarms = status["alarms"].as_array().into_iter().flatten();
    alarms.map(|alarm| alarm["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_damaged_conflict_is_shown_and_not_dropped() {
    let setting = Setting::new().await;
    let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
    let _ = setting.save("b", r#"{"n":1}"#).await.expect(201);
    setting.store.set(Mood::Down);
    let mine = setting.save_for_later("a", r#"{"n":333}"#).await["pending_id"].as_str().unwrap().to_owned();
    setting.save_for_later("b", r#"{"n":444}"#).await;
    setting.written_elsewhere("a", r#"{"n":2}"#).await;
    setting.written_elsewhere("b", r#"{"n":2}"#).await;
    setting.store.set(Mood::Up);
    assert_eq!(setting.until_replayed().await["conflicts"], 2);
    let path = setting.folder.path().join("conflicts").join(format!("{mine}.json"));
    let whole = std::fs::read(&path).unwrap();
    // A digit of the data, the checksum itself, and the end.
    let digit = whole.windows(3).position(|window| window == b"333").unwrap();
    for at in [digit, whole.len() - 5, whole.len() - 1, 3] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let found = setting.server.client.get("/api/v1/fallback/conflicts").await.expect(200).json();
        assert_eq!(found["conflicts"].as_array().unwrap().len(), 1, "byte {at}: {found}");
        assert_eq!(found["damaged"][0]["file"], format!("{mine}.json"), "byte {at}: {found}");
        assert_eq!(alarms(&setting).await, ["conflict_damaged"], "byte {at}");
        assert_eq!(setting.journal().await["conflicts"], 2);
        let one = setting.server.client.get(&format!("/api/v1/fallback/conflicts/{mine}")).await;
        assert!(one.status.is_server_error(), "byte {at}: {}", one.text);
        let examined = examine(setting.folder.path()).unwrap();
        assert_eq!(examined.parts[1].standing, Standing::Damaged, "byte {at}");
    }
    let setting = setting.restart(|_| ()).await;
    assert_eq!(alarms(&setting).await, ["conflict_damaged"], "a start says it, too");
    std::fs::write(&path, &whole).unwrap();
    assert!(alarms(&setting).await.is_empty(), "it has passed");
}

#[tokio::test]
async fn damaged_known_heads_are_forgotten_and_said_and_nothing_else_is_lost() {
    let setting = Setting::new().await;
    for n in 1..4 {
        let _ = setting.save("a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    setting.store.set(Mood::Down);
    setting.save_for_later("b", r#"{"n":1}"#).await;
    let heads = setting.folder.path().join("heads");
    let setting = setting
        .restart(|store| {
            let mut bytes = std::fs::read(&heads).unwrap();
            bytes[60] ^= 1;
            std::fs::write(&heads, bytes).unwrap();
            store.set(Mood::Unreached);
        })
        .await;
    // An older head must not come in its place.
    let _ = setting.get("a").await.expect_problem(503, "store_unavailable");
    let kept = setting.journal().await["set_aside"][0]["file"].as_str().unwrap().to_owned();
    assert_eq!(kept, "heads-damaged-1");
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    assert_eq!(alarms(&setting).await, ["known_heads_damaged"]);
    let _ = setting.get("a").await.expect(200);
    std::fs::remove_file(setting.folder.path().join(&kept)).unwrap();
    assert!(alarms(&setting).await.is_empty());
}
