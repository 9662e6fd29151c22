//! Flipped bits, cut and zeroed ends, stretches of garbage.

use proptest::prelude::*;
use stateloft_server::store::fallback::Standing;
use stateloft_tests::faulty::Mood;

use super::{HEAD, Journal, SHAPES, assert_part_of, check_damaged, journal, looked_at, open, standing};

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
