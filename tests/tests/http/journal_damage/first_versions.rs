//! A journal of the first versions of the program, which had no marks and no numbers.

use stateloft_server::store::fallback::{Examined, Standing};
use stateloft_tests::faulty::Mood;

use super::{check_damaged, looked_at, open, standing};

/// A journal of the first versions: length, checksum, text.
fn older(records: &[String]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    let mut bytes = Vec::new();
    for text in records {
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(text)[..8]);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

fn older_entry(n: u64, state: &str) -> String {
    format!(
        r#"{{"Entry":{{"id":"e{n}","accepted_at":"2026-11-21T06:12:44.00000{n}Z","writes":[{{"key":{{"state_type":"position","state_id":"{state}"}},"kind":"Save","data":{{"n":{n}}},"expected":"Any","base":null,"verdict":{{"status":"not_checked"}},"author":null,"description":null}}]}}}}"#
    )
}

#[tokio::test]
async fn a_journal_of_the_first_versions_is_replayed_and_its_damage_is_told() {
    let records = [
        older_entry(1, "a"),
        r#"{"Attempt":["e1",0]}"#.to_owned(),
        r#"{"Done":{"id":"e1","heads":[]}}"#.to_owned(),
        older_entry(2, "b"),
        older_entry(3, "b"),
        older_entry(4, "c"),
    ];
    let bytes = older(&records);
    let mut torn = bytes.clone();
    torn.extend_from_slice(&[9, 0, 0, 0, 1, 2]);
    let (folder, found) = looked_at(&torn);
    let ids = |found: &Examined| found.waiting.iter().map(|w| w.pending_id.clone()).collect::<Vec<_>>();
    assert_eq!(
        (ids(&found), standing(&found)),
        (["e2", "e3", "e4"].map(str::to_owned).to_vec(), Standing::Torn)
    );
    let (store, _) = open(folder.path(), Mood::Down).await.unwrap();
    assert_eq!((store.counts().inherited, store.fallback_status().torn_bytes), (3, 6));
    drop(store);
    let mut damaged = bytes.clone();
    let second = older(&records[..3]).len();
    damaged[second + 40] ^= 1;
    let (folder, found) = looked_at(&damaged);
    assert_eq!(
        (ids(&found), standing(&found)),
        (["e3", "e4"].map(str::to_owned).to_vec(), Standing::Damaged)
    );
    check_damaged(folder.path(), &damaged, &found, "an older journal").await;
}
