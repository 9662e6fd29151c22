//! A journal whose bytes were changed: nothing that was acknowledged is cut off in silence, and nothing that can be read is
//! lost.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use statehouse_core::commit::{Change, Expectation, Write};
use statehouse_core::model::{StateKey, Timestamp, Verdict};
use statehouse_server::store::fallback::{
    Examined, FallbackSettings, FallbackStore, Standing, WaitingWrite, examine, salvage,
};
use statehouse_server::store::memory::MemoryStore;
use statehouse_server::store::{Admin as _, Commits as _, StoreError, WriteRequest, Written};
use statehouse_tests::faulty::{FaultyStore, Mood};
use statehouse_tests::hand::Hand;
use tempfile::TempDir;

use super::fallback::Setting;

/// A frame without its text.
const HEAD: usize = 60;
/// The writes that clients make at the same time, group by group, each a number of batches of a number of states.
const SHAPES: [&[&[usize]]; 4] =
    [&[&[1]], &[&[1], &[1], &[1], &[1], &[1]], &[&[1, 2], &[3], &[1, 1, 1, 1]], &[&[1, 1, 1, 1, 1, 1, 2]]];

/// A journal, and where each group of writes ends in it, without the mark that follows.
struct Journal {
    bytes: Vec<u8>,
    /// The end of each group, and how many writes to states wait in the file up to there.
    groups: Vec<(usize, usize)>,
    all: Vec<WaitingWrite>,
}

fn settings(folder: &Path) -> FallbackSettings {
    FallbackSettings { folder: folder.to_owned(), poll: Duration::from_hours(1) }
}

async fn open(folder: &Path, mood: Mood) -> Result<(Arc<FallbackStore>, Arc<FaultyStore>), StoreError> {
    let behind = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
    behind.set(mood);
    let store = FallbackStore::open(behind.clone(), settings(folder), Arc::new(Hand::default())).await?;
    Ok((store, behind))
}

/// A batch that saves `states` states; every second one has an author and long data.
fn batch(number: usize, states: usize) -> WriteRequest {
    let write = |state: usize| Write {
        key: StateKey::new("position", &format!("s{}", (number + state) % 4)).unwrap(),
        change: Change::Save(
            format!(r#"{{"n":{number},"text":"{}"}}"#, "é{}".repeat(number * 37 % 90)).parse().unwrap(),
        ),
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: number.is_multiple_of(2).then(|| "bot".into()),
        description: None,
        batch_id: None,
    };
    WriteRequest::Batch { writes: (0..states).map(write).collect(), restore: None }
}

async fn journal(shape: &[&[usize]]) -> Journal {
    let folder = TempDir::new().unwrap();
    let (store, _) = open(folder.path(), Mood::Down).await.unwrap();
    let path = folder.path().join("journal");
    let (mut groups, mut number, mut writes) = (Vec::new(), 0, 0);
    for group in shape {
        let mut requests = Vec::new();
        for states in *group {
            requests.push(batch(number, *states));
            number += 1;
            writes += states;
        }
        let now = Timestamp::from_micros(1_763_705_564_000_000 + i64::try_from(number).unwrap());
        let answers = store.commit(&requests, now).await.unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, Ok(Written::Pending(_)))), "{answers:?}");
        groups.push((usize::try_from(path.metadata().unwrap().len()).unwrap() - HEAD, writes));
    }
    let all = examine(folder.path()).unwrap().waiting;
    assert_eq!(all.len(), writes);
    Journal { bytes: std::fs::read(&path).unwrap(), groups, all }
}

fn looked_at(bytes: &[u8]) -> (TempDir, Examined) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("journal"), bytes).unwrap();
    let examined = examine(folder.path()).unwrap();
    (folder, examined)
}

fn standing(examined: &Examined) -> Standing {
    examined.parts[0].standing
}

/// What is left is what was written, in its order.
fn assert_part_of(left: &[WaitingWrite], all: &[WaitingWrite], words: &str) {
    let mut rest = all.iter();
    for write in left {
        assert!(
            rest.any(|known| known == write),
            "{words}: {write:?} was never written, or not in this place"
        );
    }
}

/// Damage is told, changes nothing until it is salvaged, and costs no readable write.
async fn check_damaged(folder: &Path, bytes: &[u8], found: &Examined, words: &str) {
    let refused = open(folder, Mood::Down).await.err();
    let refused = refused.unwrap_or_else(|| panic!("{words}: it was opened")).to_string();
    assert!(refused.contains("cannot be read") && refused.contains("at byte"), "{words}: {refused}");
    assert!(refused.contains("statehouse journal salvage"), "{words}: {refused}");
    assert_eq!(std::fs::read(folder.join("journal")).unwrap(), bytes, "{words}: it was touched");
    let files = salvage(folder).unwrap();
    assert!(!files.is_empty(), "{words}");
    let mended = examine(folder).unwrap();
    assert_ne!(standing(&mended), Standing::Damaged, "{words}: {:?}", mended.parts);
    assert_eq!(mended.waiting, found.waiting, "{words}: salvage lost or made something");
    assert!(salvage(folder).unwrap().is_empty(), "{words}: there is more to set aside");
    // Ended before the journal was replaced, it is done again, and comes to the same.
    let length = std::fs::metadata(folder.join("journal")).unwrap().len();
    std::fs::write(folder.join("journal"), bytes).unwrap();
    assert_eq!(salvage(folder).unwrap(), files, "{words}");
    assert_eq!(std::fs::metadata(folder.join("journal")).unwrap().len(), length, "{words}");
    assert_eq!(examine(folder).unwrap().waiting, found.waiting, "{words}");
    let (store, _) = open(folder, Mood::Down).await.unwrap_or_else(|error| panic!("{words}: {error}"));
    assert!(!store.alarms().is_empty(), "{words}: nobody is told that writes were lost");
    assert!(!store.fallback_status().set_aside.is_empty(), "{words}");
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_wherever_it_is() {
    for shape in SHAPES {
        let Journal { bytes, all, groups } = journal(shape).await;
        let step = (bytes.len() / 160).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let words = format!("{shape:?}, byte {at}");
            let (folder, found) = looked_at(&bytes);
            assert_part_of(&found.waiting, &all, &words);
            if found.waiting.len() < all.len() {
                assert_eq!(standing(&found), Standing::Damaged, "{words}");
                check_damaged(folder.path(), &bytes, &found, &words).await;
            } else {
                // Only a mark says nothing of a write.
                assert_eq!(standing(&found), Standing::Torn, "{words}: not noticed");
                assert!(groups.iter().any(|(end, _)| (*end..end + HEAD).contains(&at)), "{words}");
                let (store, _) = open(folder.path(), Mood::Down).await.unwrap();
                assert!(!store.fallback_status().set_aside.is_empty(), "{words}: what was cut is not shown");
            }
        }
    }
}

/// What waits in the groups that are whole up to a place.
fn whole_before(journal: &Journal, place: usize) -> usize {
    journal.groups.iter().rfind(|(end, _)| *end <= place).map_or(0, |(_, writes)| *writes)
}

#[tokio::test]
async fn an_end_that_is_cut_or_zeroed_at_any_place_is_torn_and_costs_no_whole_write() {
    for shape in SHAPES {
        let journal = journal(shape).await;
        let step = journal.bytes.len().div_ceil(500);
        for at in (0..journal.bytes.len()).step_by(step) {
            let cut = journal.bytes[..at].to_vec();
            let mut zeroed = journal.bytes.clone();
            zeroed[at..].fill(0);
            for (bytes, what) in [(cut, "cut"), (zeroed, "zeroed")] {
                let same = bytes.iter().zip(&journal.bytes).take_while(|(a, b)| a == b).count();
                let words = format!("{shape:?}, {what} at {at}");
                let (folder, found) = looked_at(&bytes);
                assert_ne!(standing(&found), Standing::Damaged, "{words}: {:?}", found.parts);
                assert_eq!(found.waiting, journal.all[..whole_before(&journal, same)], "{words}");
                if at % 11 == 0 {
                    let (store, _) = open(folder.path(), Mood::Down).await.unwrap();
                    let torn = store.fallback_status().torn_bytes;
                    let length = std::fs::metadata(folder.path().join("journal")).unwrap().len();
                    assert_eq!(torn + length, bytes.len() as u64, "{words}: bytes are gone");
                }
            }
        }
    }
}

/// The blocks of one write reach the disk in any order: the last one may have a bad record and whole ones behind it, and
/// was not acknowledged as long as no mark says so.
#[tokio::test]
async fn whole_records_behind_a_bad_one_prove_nothing_if_they_are_of_the_same_write() {
    let journal = journal(&[&[1], &[1, 1, 1]]).await;
    let (before, end) = (journal.groups[0].0 + HEAD, journal.groups[1].0);
    let mut unfinished = journal.bytes[..end].to_vec();
    unfinished[before..before + HEAD + 5].fill(0);
    let (folder, found) = looked_at(&unfinished);
    assert_eq!((standing(&found), found.waiting.len()), (Standing::Torn, 1), "{:?}", found.parts);
    let (store, _) = open(folder.path(), Mood::Down).await.unwrap();
    assert_eq!(store.fallback_status().torn_bytes, (end - before) as u64);
    // The same with the mark behind it: it was acknowledged.
    let mut acknowledged = journal.bytes.clone();
    acknowledged[before..before + HEAD + 5].fill(0);
    let (folder, found) = looked_at(&acknowledged);
    assert_eq!((standing(&found), found.waiting.len()), (Standing::Damaged, 3), "{:?}", found.parts);
    check_damaged(folder.path(), &acknowledged, &found, "with its mark").await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Whatever stretch is overwritten: what can be read is what was written, and a write is only gone without a word when
    /// nothing whole follows it.
    #[test]
    fn no_stretch_of_garbage_hides_an_acknowledged_write(
        shape in 0..SHAPES.len(),
        from in 0.0..1.0_f64,
        length in 1..400_usize,
        fill in prop_oneof![Just(None), any::<u8>().prop_map(Some)],
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let journal = journal(SHAPES[shape]).await;
            let mut bytes = journal.bytes.clone();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let from = (bytes.len() as f64 * from) as usize;
            let to = (from + length).min(bytes.len());
            let mut state = seed | 1;
            for byte in &mut bytes[from..to] {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = fill.unwrap_or(state.to_le_bytes()[4]);
            }
            let words = format!("{:?}, {from} to {to}", SHAPES[shape]);
            let (folder, found) = looked_at(&bytes);
            assert_part_of(&found.waiting, &journal.all, &words);
            // Something whole stands behind: a record of a later write, or a mark.
            let last = journal.groups.last().unwrap().0;
            if found.waiting.len() < journal.all.len() && to <= last {
                assert_eq!(standing(&found), Standing::Damaged, "{words}");
            }
            if standing(&found) == Standing::Damaged {
                check_damaged(folder.path(), &bytes, &found, &words).await;
            }
        });
    }
}

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
