//! A journal whose bytes were changed: nothing that was acknowledged is cut off in silence, and nothing that can be read is
//! lost.

mod bytes;
mod first_versions;
mod under_a_server;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::model::{StateKey, Timestamp, Verdict};
use stateloft_server::clock::SystemClock;
use stateloft_server::store::fallback::{
    Examined, FallbackSettings, FallbackStore, Standing, WaitingWrite, examine, salvage,
};
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::{Admin as _, Commits as _, StoreError, WriteRequest, Written};
use stateloft_tests::faulty::{FaultyStore, Mood};
use stateloft_tests::hand::Hand;
use tempfile::TempDir;

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
    FallbackSettings { poll: Duration::from_hours(1), ..FallbackSettings::in_folder(folder) }
}

async fn open(folder: &Path, mood: Mood) -> Result<(Arc<FallbackStore>, Arc<FaultyStore>), StoreError> {
    let behind = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
    behind.set(mood);
    let (ticks, clock) = (Arc::new(Hand::default()), Arc::new(SystemClock::default()));
    let store = FallbackStore::open(behind.clone(), settings(folder), ticks, clock).await?;
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
        origin: None,
        foreseen: None,
        rebase: None,
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
    assert!(refused.contains("stateloft journal salvage"), "{words}: {refused}");
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
