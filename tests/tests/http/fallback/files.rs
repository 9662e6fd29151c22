//! The files of the journal.

use std::path::PathBuf;
use std::sync::Arc;

use stateloft_server::clock::SystemClock;
use stateloft_server::store::fallback::{FallbackSettings, FallbackStore};
use stateloft_tests::faulty::Mood;

use super::{BYTES_MAX, Setting};

#[tokio::test]
async fn a_torn_end_is_set_aside_and_the_rest_is_replayed() {
    let setting = Setting::new().await;
    setting.store.set(Mood::Down);
    setting.save_for_later("a", r#"{"n":1}"#).await;
    setting.save_for_later("b", r#"{"n":1}"#).await;
    let journal: PathBuf = setting.folder.path().join("journal");
    let torn: &[u8] = &[200, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, b'{'];
    let setting = setting
        .restart(|store| {
            let mut bytes = std::fs::read(&journal).unwrap();
            bytes.extend_from_slice(torn);
            std::fs::write(&journal, bytes).unwrap();
            store.set(Mood::Up);
        })
        .await;
    let journal = setting.until_replayed().await;
    assert_eq!((&journal["torn_bytes"], &journal["replayed"]), (&torn.len().into(), &2.into()));
    assert_eq!(std::fs::read(setting.folder.path().join("torn-1")).unwrap(), torn);
    assert_eq!(setting.log().await.len(), 2);
}

#[tokio::test]
async fn a_journal_has_one_server() {
    let setting = Setting::new().await;
    let settings = FallbackSettings::in_folder(setting.folder.path());
    let clock = Arc::new(SystemClock::default());
    let second = FallbackStore::open(setting.store.clone(), settings, setting.hand.clone(), clock).await;
    let refused = second.err().expect("a refusal");
    assert!(refused.to_string().contains("in use by another stateloft server"), "{refused}");
}

#[tokio::test]
async fn a_journal_takes_as_much_as_it_may_hold_in_memory_and_what_it_took_is_replayed() {
    let setting = Setting::new().await;
    setting.store.set(Mood::Down);
    let data = format!(r#"{{"x":"{}"}}"#, "x".repeat(512 << 10));
    let mut taken = 0;
    let refused = loop {
        let reply = setting.save(&format!("s{taken}"), &data).await;
        if reply.status != 202 {
            break reply;
        }
        taken += 1;
        assert!(taken * (512 << 10) <= BYTES_MAX, "{taken} writes of 512 KiB");
    };
    let _ = refused.expect_problem(503, "store_unavailable");
    assert!(taken > 0, "some fit");
    setting.store.set(Mood::Up);
    assert_eq!(setting.until_replayed().await["replayed"], taken);
    assert_eq!(setting.log().await.len() as u64, taken);
}
