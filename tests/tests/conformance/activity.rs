//! How much was written when.

use stateloft_core::api::ActivityBucket;
use stateloft_core::commit::Write;
use stateloft_core::model::{Seq, StateType, Timestamp};

use crate::fixture::{Fixture, START, save, typed};

const MINUTE: i64 = 60_000_000;

pub async fn versions_are_counted_by_bucket_author_and_type(f: &Fixture) {
    let start = START - START % MINUTE;
    let by = |author: &str, write: Write| Write { author: Some(author.into()), ..write };
    let plan = [(0, "bot"), (10, "bot"), (59, "ann"), (60, "bot"), (200, ""), (3700, "bot")];
    for (n, (second, author)) in plan.into_iter().enumerate() {
        f.clock.set(start + second * 1_000_000);
        f.write(by(author, save("a", &format!(r#"{{"n":{n}}}"#)))).await;
    }
    f.write(Write { key: typed("strategy", "x"), ..save("x", "{}") }).await;
    let bucket = |index, author: Option<&str>, count, last_seq| ActivityBucket {
        index,
        author: author.map(str::to_owned),
        count,
        last_seq: Seq(last_seq),
    };
    let at = |second: i64| Timestamp::from_micros(start + second * 1_000_000);
    let coarse = f.store.activity(at(0), MINUTE).await.unwrap();
    let expected = [
        bucket(0, Some("ann"), 1, 3),
        bucket(0, Some("bot"), 2, 2),
        bucket(1, Some("bot"), 1, 4),
        bucket(3, Some(""), 1, 5),
        bucket(61, None, 1, 7),
        bucket(61, Some("bot"), 1, 6),
    ];
    assert_eq!(coarse.buckets, expected);
    // Where versions are counted makes no difference.
    let minute_later = Timestamp::from_micros(at(3_800).micros());
    assert_eq!(f.store.keep_up(minute_later).await, Ok(false));
    assert_eq!(f.store.activity(at(0), MINUTE).await.unwrap(), coarse);
    let types: Vec<_> = coarse.by_type.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(types, [("position", 6), ("strategy", 1)]);
    let last: Vec<_> = coarse.last_by_author.iter().map(|(name, time)| (name.as_deref(), *time)).collect();
    let late = Timestamp::from_micros(at(3700).micros() + 1_000);
    assert_eq!(last, [(None, late), (Some(""), at(200)), (Some("ann"), at(59)), (Some("bot"), at(3700))]);
    let fine = f.store.activity(at(10), 7_000_000).await.unwrap();
    let expected = [
        bucket(0, Some("bot"), 1, 2),
        bucket(7, Some("ann"), 1, 3),
        bucket(7, Some("bot"), 1, 4),
        bucket(27, Some(""), 1, 5),
        bucket(527, None, 1, 7),
        bucket(527, Some("bot"), 1, 6),
    ];
    assert_eq!(fine.buckets, expected);
    let hours = f.store.activity(at(60), 60 * MINUTE).await.unwrap();
    assert_eq!(hours.buckets.iter().map(|b| b.count).sum::<u64>(), 4);
    assert_eq!(
        hours.by_type,
        [(StateType::new("position").unwrap(), 3), (StateType::new("strategy").unwrap(), 1)]
    );
}
