//! Authors that have gone quiet, measured against their own rhythm.

use stateloft_core::api::Overview;
use stateloft_core::model::Timestamp;

use super::age;
use super::rank::greatest_first;

/// Fewer versions than this show no rhythm.
const ENOUGH: u64 = 5;
/// Shorter silences are nothing to look at, however busy the author was.
const AT_LEAST_SECONDS: i64 = 30 * 60;
/// How many of its own intervals an author may be silent.
const INTERVALS: i64 = 10;

/// An author that used to save more often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// Who; `None` for versions without an author.
    pub author: Option<String>,
    /// The last version.
    pub last_at: Timestamp,
    /// Silent for so many seconds.
    pub silent: i64,
    /// Mean seconds between versions before that.
    pub interval: i64,
}

impl Quiet {
    /// `Quiet for 13 h 07 m. It used to save every 6 min.`
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "Quiet for {}. It used to save every {}.",
            age::long(self.silent),
            age::short(self.interval.max(1))
        )
    }
}

/// The authors of the window that are silent for far longer than their own interval, the longest silence first.
#[must_use]
pub fn quiet(overview: &Overview, now: Timestamp) -> Vec<Quiet> {
    let found: Vec<Quiet> = overview
        .authors
        .iter()
        .filter(|author| author.count >= ENOUGH)
        .filter_map(|author| {
            let own = overview.buckets.iter().filter(|bucket| bucket.author == author.author);
            let first = own.map(|bucket| bucket.index).min()?;
            let started =
                overview.since.micros() / 1_000_000 + i64::from(first) * seconds(overview.bucket_seconds);
            let span = author.last_at.micros() / 1_000_000 - started;
            let interval = span.max(0) / i64::try_from(author.count).unwrap_or(i64::MAX);
            let silent = age::seconds_between(author.last_at, now);
            (silent > AT_LEAST_SECONDS.max(interval.saturating_mul(INTERVALS))).then(|| Quiet {
                author: author.author.clone(),
                last_at: author.last_at,
                silent,
                interval,
            })
        })
        .collect();
    let silences: Vec<i64> = found.iter().map(|quiet| quiet.silent).collect();
    greatest_first(&silences).into_iter().map(|at| found[at].clone()).collect()
}

fn seconds(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview(count: u64, last_at: &str) -> Overview {
        serde_json::from_str(&format!(
            r#"{{"seq":30,"since":"2026-11-20T10:00:00Z","until":"2026-11-21T10:00:00Z","bucket_seconds":600,
            "buckets":[{{"index":0,"author":"eq-pairs","count":3,"last_seq":4}},{{"index":30,"author":"eq-pairs","count":3,"last_seq":9}}],
            "marks":[],"authors":[{{"author":"eq-pairs","count":{count},"last_at":"{last_at}"}}],"types":[]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn an_author_is_measured_against_its_own_rhythm() {
        let now = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        let found = quiet(&overview(100, "2026-11-20T20:00:00Z"), now);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].sentence(), "Quiet for 14 h 00 m. It used to save every 6 min.");
        assert!(
            quiet(&overview(10, "2026-11-21T06:00:00Z"), now).is_empty(),
            "4 h of silence after one in 2 h"
        );
        assert!(quiet(&overview(4, "2026-11-20T20:00:00Z"), now).is_empty(), "four versions are no rhythm");
        assert!(quiet(&overview(1000, "2026-11-21T09:45:00Z"), now).is_empty(), "15 min are short");
    }
}
