//! Density strips: versions over time as bars.

use std::fmt::Write as _;

use stateloft_core::api::{MarkKind, Overview, VersionView};
use stateloft_core::model::{Seq, Timestamp};

/// One bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bar {
    /// How many versions.
    pub count: u64,
    /// The last of them.
    pub last_seq: Seq,
}

/// A snapshot or a restore on the strip.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Which.
    pub kind: MarkKind,
    /// Its name.
    pub id: String,
    /// Its seq.
    pub seq: Seq,
    /// When.
    pub time: Timestamp,
    /// Where: 0 is the strip's start, 1 its end.
    pub at: f64,
}

/// A stretch of time cut into equal buckets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Strip {
    /// Start, in microseconds since the epoch.
    pub since: i64,
    /// One bucket's length, in microseconds.
    pub step: i64,
    /// The buckets, oldest first.
    pub bars: Vec<Bar>,
}

impl Strip {
    /// An empty strip over a stretch of time.
    #[must_use]
    pub fn new(since: Timestamp, until: Timestamp, bucket_seconds: u64) -> Self {
        let step =
            i64::try_from(bucket_seconds).unwrap_or(i64::MAX / 1_000_000).max(1).saturating_mul(1_000_000);
        let span = (until.micros() - since.micros()).max(1);
        let buckets = usize::try_from((span + step - 1) / step).unwrap_or(1).clamp(1, 2000);
        Self { since: since.micros(), step, bars: vec![Bar::default(); buckets] }
    }

    /// All versions of an overview.
    #[must_use]
    pub fn of(overview: &Overview) -> Self {
        Self::of_author(overview, |_| true)
    }

    /// The versions of the authors that `keep` accepts.
    #[must_use]
    pub fn of_author(overview: &Overview, keep: impl Fn(Option<&str>) -> bool) -> Self {
        let mut strip = Self::new(overview.since, overview.until, overview.bucket_seconds);
        for bucket in overview.buckets.iter().filter(|bucket| keep(bucket.author.as_deref())) {
            if let Some(bar) = strip.bars.get_mut(bucket.index as usize) {
                bar.count += bucket.count;
                bar.last_seq = bar.last_seq.max(bucket.last_seq);
            }
        }
        strip
    }

    /// Counts one version more; one after the strip's end makes the strip move on.
    pub fn add(&mut self, version: &VersionView) {
        let offset = (version.timestamp.micros() - self.since).div_euclid(self.step.max(1));
        let Ok(mut at) = usize::try_from(offset) else { return };
        if at >= self.bars.len() {
            let shift = (at + 1 - self.bars.len()).min(self.bars.len());
            self.bars.drain(..shift);
            self.bars.resize(self.bars.len() + shift, Bar::default());
            self.since += self.step * i64::try_from(at + 1 - self.bars.len()).unwrap_or(0);
            at = self.bars.len() - 1;
        }
        let bar = &mut self.bars[at];
        bar.count += 1;
        bar.last_seq = bar.last_seq.max(version.seq);
    }

    /// Versions in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bars.iter().map(|bar| bar.count).sum()
    }

    /// The tallest bar.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.bars.iter().map(|bar| bar.count).max().unwrap_or(0)
    }

    /// The bars as an SVG path in a box of `bars.len()` by `height`, scaled so that `peak` fills it. A bar with
    /// anything in it is at least one unit high.
    #[must_use]
    pub fn path(&self, height: u32, peak: u64) -> String {
        let mut path = String::with_capacity(self.bars.len() * 24);
        for (x, bar) in self.bars.iter().enumerate().filter(|(_, bar)| bar.count > 0) {
            let tall = tenths(bar.count, peak, height).max(10);
            let top = height * 10 - tall;
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x}.1 {height}V{}.{}h.8V{height}z", top / 10, top % 10);
        }
        path
    }

    /// Which bucket lies at a fraction of the width.
    #[must_use]
    pub fn bucket_at(&self, fraction: f64) -> usize {
        let last = self.bars.len().saturating_sub(1);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "at most 2000 buckets"
        )]
        let at = (fraction.clamp(0.0, 1.0) * self.bars.len() as f64) as usize;
        at.min(last)
    }

    /// A bucket's start.
    #[must_use]
    pub fn start_of(&self, bucket: usize) -> Timestamp {
        Timestamp::from_micros(self.since + self.step * i64::try_from(bucket).unwrap_or(0))
    }

    /// The last version written at or before the end of a bucket.
    #[must_use]
    pub fn seq_at(&self, bucket: usize) -> Option<Seq> {
        let upto = self.bars.get(..=bucket)?;
        upto.iter().map(|bar| bar.last_seq).max().filter(|seq| *seq > Seq::ZERO)
    }

    /// Where a moment lies: 0 is the start, 1 the end; `None` outside.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
    pub fn place(&self, time: Timestamp) -> Option<f64> {
        let span = self.step as f64 * self.bars.len() as f64;
        let at = (time.micros() - self.since) as f64 / span;
        (0.0..=1.0).contains(&at).then_some(at)
    }

    /// The marks that lie on the strip.
    #[must_use]
    pub fn marks(&self, overview: &Overview) -> Vec<Mark> {
        let on_strip = overview.marks.iter().filter_map(|mark| {
            let at = self.place(mark.time)?;
            Some(Mark { kind: mark.kind, id: mark.id.clone(), seq: mark.seq, time: mark.time, at })
        });
        on_strip.collect()
    }
}

fn tenths(count: u64, peak: u64, height: u32) -> u32 {
    let scaled = u128::from(count) * u128::from(height) * 10 / u128::from(peak.max(1));
    u32::try_from(scaled).unwrap_or(u32::MAX).min(height * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview() -> Overview {
        serde_json::from_str(
            r#"{"seq":30,"since":"2026-11-20T10:00:00Z","until":"2026-11-21T10:00:00Z","bucket_seconds":3600,
            "buckets":[{"index":0,"author":"a","count":4,"last_seq":4},{"index":0,"author":null,"count":2,"last_seq":6},
                       {"index":23,"author":"a","count":3,"last_seq":30},{"index":99,"author":"a","count":3,"last_seq":30}],
            "marks":[{"kind":"snapshot","id":"s","seq":6,"time":"2026-11-20T22:00:00Z"},
                     {"kind":"restore","id":"old","seq":1,"time":"2026-11-01T22:00:00Z"}],
            "authors":[],"types":[]}"#,
        )
        .unwrap()
    }

    #[test]
    fn buckets_of_all_authors_add_up() {
        let strip = Strip::of(&overview());
        assert_eq!(strip.bars.len(), 24);
        assert_eq!(strip.bars[0], Bar { count: 6, last_seq: Seq(6) });
        assert_eq!((strip.total(), strip.peak()), (9, 6));
        assert_eq!(Strip::of_author(&overview(), |author| author.is_none()).total(), 2);
        assert_eq!(strip.seq_at(12), Some(Seq(6)), "a quiet bucket stands for what came before it");
    }

    #[test]
    fn a_bar_is_drawn_to_scale_and_never_vanishes() {
        let strip = Strip { since: 0, step: 1, bars: vec![Bar::default(), bar(1000), bar(500), bar(1)] };
        assert_eq!(strip.path(20, 1000), "M1.1 20V0.0h.8V20zM2.1 20V10.0h.8V20zM3.1 20V19.0h.8V20z");
        assert_eq!(Strip::default().path(20, 0), "");
    }

    #[test]
    fn a_place_on_the_strip_and_back() {
        let strip = Strip::of(&overview());
        assert_eq!([0.0, 0.5, 0.9999, 1.0, 7.0].map(|at| strip.bucket_at(at)), [0, 12, 23, 23, 23]);
        assert_eq!(strip.start_of(12).to_string(), "2026-11-20T22:00:00.000000Z");
        let marks = strip.marks(&overview());
        assert_eq!(marks.len(), 1, "what lies outside is not drawn");
        assert!((marks[0].at - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_new_version_moves_the_strip_on() {
        let mut strip = Strip::of(&overview());
        strip.add(&version("2026-11-21T09:30:00Z", 31));
        assert_eq!(strip.bars[23], Bar { count: 4, last_seq: Seq(31) });
        strip.add(&version("2026-11-21T11:30:00Z", 32));
        assert_eq!(strip.bars.len(), 24);
        assert_eq!(strip.bars[23], Bar { count: 1, last_seq: Seq(32) });
        assert_eq!(strip.bars[21], Bar { count: 4, last_seq: Seq(31) });
        assert_eq!(strip.start_of(23).to_string(), "2026-11-21T11:00:00.000000Z");
        strip.add(&version("2026-12-24T11:30:00Z", 33));
        assert_eq!(
            (strip.total(), strip.start_of(23).to_string().as_str()),
            (1, "2026-12-24T11:00:00.000000Z")
        );
    }

    fn bar(count: u64) -> Bar {
        Bar { count, last_seq: Seq(1) }
    }

    fn version(time: &str, seq: u64) -> VersionView {
        serde_json::from_str(&format!(
            r#"{{"state_id":"A","state_type":"position","seq":{seq},"version":1,"version_id":"x","operation":"create",
            "timestamp":"{time}","user_id":null,"description":null,"content_hash":null,"chain_hash":"{}",
            "verdict":{{"status":"valid"}},"change":{{"added":0,"changed":0,"removed":0}},"size":2}}"#,
            "0".repeat(64)
        ))
        .unwrap()
    }
}
