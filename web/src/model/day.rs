//! The last 24 hours, kept up to date by events.

use std::sync::Arc;

use stateloft_core::api::{ActivityBucket, AuthorActivity, Overview};
use stateloft_core::model::{Operation, Seq};

use super::inbox::Event;

/// Brings events into an overview. Versions, authors and marks' buckets stay exact; how many states are deleted or
/// invalid is only known to the store.
pub fn add(overview: &mut Overview, events: &[Event]) {
    for event in events {
        add_one(overview, event);
        overview.seq = overview.seq.max(event.seq);
    }
}

fn add_one(overview: &mut Overview, event: &Event) {
    let step = i64::try_from(overview.bucket_seconds).unwrap_or(i64::MAX / 1_000_000).max(1) * 1_000_000;
    let offset = (event.timestamp.micros() - overview.since.micros()).div_euclid(step);
    let author = event.user_id.as_deref();
    if let Ok(index) = u32::try_from(offset) {
        count_in_bucket(overview, index, author, event.seq);
        overview.until = overview.until.max(event.timestamp);
    }
    match overview.authors.iter_mut().find(|known| known.author.as_deref() == author) {
        Some(known) => {
            known.count += 1;
            known.last_at = event.timestamp;
        }
        None => overview.authors.push(AuthorActivity {
            author: author.map(Arc::<str>::from).map(|name| name.to_string()),
            count: 1,
            last_at: event.timestamp,
        }),
    }
    let state_type = event.state_type.as_str();
    if let Some(known) = overview.types.iter_mut().find(|known| known.state_type == state_type) {
        known.versions += 1;
        match event.operation {
            Operation::Create => known.live += 1,
            Operation::Delete => {
                known.live = known.live.saturating_sub(1);
                known.deleted += 1;
            }
            Operation::Update | Operation::Restore => {}
        }
    }
}

fn count_in_bucket(overview: &mut Overview, index: u32, author: Option<&str>, seq: Seq) {
    let known = overview.buckets.iter_mut().rev().find(|b| b.index == index && b.author.as_deref() == author);
    match known {
        Some(bucket) => {
            bucket.count += 1;
            bucket.last_seq = bucket.last_seq.max(seq);
        }
        None => overview.buckets.push(ActivityBucket {
            index,
            author: author.map(str::to_owned),
            count: 1,
            last_seq: seq,
        }),
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::VersionView;

    use super::*;

    fn event(seq: u64, author: Option<&str>, operation: &str, time: &str) -> Event {
        let author = author.map_or("null".to_owned(), |name| format!("\"{name}\""));
        let version: VersionView = serde_json::from_str(&format!(
            r#"{{"state_id":"A","state_type":"position","seq":{seq},"version":1,"version_id":"x",
            "operation":"{operation}","timestamp":"{time}","user_id":{author},"description":null,
            "content_hash":null,"chain_hash":"{}","verdict":{{"status":"valid"}},
            "change":{{"added":0,"changed":0,"removed":0}},"size":2}}"#,
            "0".repeat(64)
        ))
        .unwrap();
        Arc::new(version)
    }

    #[test]
    fn events_are_counted_by_bucket_author_and_type() {
        let mut overview: Overview = serde_json::from_str(
            r#"{"seq":4,"since":"2026-11-20T10:00:00Z","until":"2026-11-21T10:00:00Z","bucket_seconds":3600,
            "buckets":[{"index":23,"author":"a","count":4,"last_seq":4}],"marks":[],
            "authors":[{"author":"a","count":4,"last_at":"2026-11-21T09:00:00Z"}],
            "types":[{"state_type":"position","live":2,"deleted":0,"invalid":0,"versions":4,"mode":"warn"}]}"#,
        )
        .unwrap();
        add(
            &mut overview,
            &[
                event(5, Some("a"), "update", "2026-11-21T09:30:00Z"),
                event(6, None, "create", "2026-11-21T09:31:00Z"),
                event(7, Some("a"), "delete", "2026-11-21T10:05:00Z"),
            ],
        );
        assert_eq!(overview.seq, Seq(7));
        let buckets: Vec<_> =
            overview.buckets.iter().map(|b| (b.index, b.author.as_deref(), b.count, b.last_seq.0)).collect();
        assert_eq!(buckets, [(23, Some("a"), 5, 5), (23, None, 1, 6), (24, Some("a"), 1, 7)]);
        let authors: Vec<_> = overview.authors.iter().map(|a| (a.author.as_deref(), a.count)).collect();
        assert_eq!(authors, [(Some("a"), 6), (None, 1)]);
        let kinds = &overview.types[0];
        assert_eq!((kinds.live, kinds.deleted, kinds.versions), (2, 1, 7));
    }
}
