//! Where things are in the bucket: which points are written, and how they are asked for.
//!
//! Four logs, each a few series: `meta` and `data` by seq, `records` and `commits` by the number of the commit, and
//! `epochs` by their start; beside them one point that is written over again and again, the `lease`. A point's time is
//! not a time but its number in the log, so that reading in order and reading one are reads of a stretch of time.
//!
//! Tags: `e`, the epoch that wrote it; `c`, which part of its record it holds; `b`, the block. Small parts of all
//! records share one series; large ones have one for every few records, because InfluxDB reads up to a thousand
//! points to answer with one of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::ops::Range;

use super::blob;
use super::client::Point;
use crate::store::{Result, StoreError};

/// From one number to the next, so that InfluxDB cuts its files every 6,048,000 numbers (7 days).
const STEP_NANOS: i64 = 100_000_000;
/// The last number that has a place in time.
const LAST: u64 = 90_000_000_000;
/// Parts up to this size share a series.
const SMALL: usize = 4_096;
/// Records of one series of large parts.
const BLOCK: u64 = 64;

/// What every version is apart from its data, by seq.
pub(super) const META: &str = "meta";
/// The data of versions, by seq.
pub(super) const DATA: &str = "data";
/// What else a commit brought, by its number.
pub(super) const RECORDS: &str = "records";
/// Where the log ends, by the number of the commit. What is not covered by one does not exist.
pub(super) const COMMITS: &str = "commits";
/// Who wrote from where on.
pub(super) const EPOCHS: &str = "epochs";
/// Who owns the bucket.
pub(super) const LEASE: &str = "lease";

/// Where a number is, in nanoseconds since 1970.
pub(super) fn place(number: u64) -> i64 {
    i64::try_from(number.min(LAST)).unwrap_or(0) * STEP_NANOS
}

/// A query for the epoch's name, in the column `v`, if it wrote anything to some logs from a number on.
pub(super) fn query_presence(measurements: &[&str], epoch: &str, from: u64) -> String {
    format!(
        "from(bucket: {{bucket}}) |> range(start: time(v: {}), stop: time(v: {})) |> {} |> filter(fn: (r) => r.e == \"{epoch}\") \
         |> first() |> group() |> limit(n: 1) |> map(fn: (r) => ({{v: r.e}}))",
        place(from),
        place(LAST),
        filter(measurements)
    )
}

/// Lines of line protocol.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    count: usize,
}

impl Lines {
    /// Adds a record. `epoch` is made of letters and digits.
    pub(super) fn push(&mut self, measurement: &str, epoch: &str, number: u64, bytes: &[u8]) -> Result<()> {
        let place = place(number);
        if number >= LAST {
            return Err(StoreError::Unavailable("the bucket is full: its numbers have run out".into()));
        }
        let parts = blob::parts(bytes)?;
        let count = parts.len();
        for (chunk, part) in parts.iter().enumerate() {
            let block = if part.len() <= SMALL { "s".to_owned() } else { (number / BLOCK).to_string() };
            // Writing to a text cannot fail.
            let _ = writeln!(
                self.text,
                "{measurement},b={block},c={chunk},e={epoch} d=\"{number}:{count}:{part}\" {place}"
            );
            self.count += 1;
        }
        Ok(())
    }

    /// Whether there is enough for one request.
    pub(super) fn is_full(&self) -> bool {
        self.count >= 2_000 || self.text.len() >= 4 << 20
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The lines.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// A query for the records of some logs with these numbers.
pub(super) fn query(measurements: &[&str], stretches: &[Range<u64>]) -> String {
    let one = |stretch: &Range<u64>| {
        let (start, stop) = (place(stretch.start), place(stretch.end));
        format!(
            "from(bucket: {{bucket}}) |> range(start: time(v: {start}), stop: time(v: {stop})) |> {}",
            filter(measurements)
        )
    };
    match stretches {
        [stretch] => format!("{} |> {KEEP}", one(stretch)),
        many => {
            let all: Vec<String> = many.iter().map(|s| format!("{} |> {KEEP}", one(s))).collect();
            format!("union(tables: [{}])", all.join(",\n"))
        }
    }
}

/// A query for the last record of each epoch.
pub(super) fn query_last(measurement: &str) -> String {
    let filter = filter(&[measurement]);
    format!("from(bucket: {{bucket}}) |> range(start: time(v: 0)) |> {filter} |> last() |> {KEEP}")
}

/// A query for all records of a log.
pub(super) fn query_all(measurement: &str) -> String {
    let filter = filter(&[measurement]);
    format!("from(bucket: {{bucket}}) |> range(start: time(v: 0)) |> {filter} |> {KEEP}")
}

const KEEP: &str = "keep(columns: [\"_measurement\", \"_value\", \"c\", \"e\"])";

fn filter(measurements: &[&str]) -> String {
    let any: Vec<String> = measurements.iter().map(|name| format!("r._measurement == \"{name}\"")).collect();
    format!("filter(fn: (r) => ({}) and r._field == \"d\")", any.join(" or "))
}

/// Records by log, number and epoch, put together from their parts.
#[derive(Debug, Default)]
pub(super) struct Records(HashMap<(String, u64), BTreeMap<String, Parts>>);

#[derive(Debug, Default)]
struct Parts {
    count: usize,
    texts: BTreeMap<u32, String>,
}

impl Records {
    /// Sorts points into records. A record may lack parts: nobody asks for one that was not finished.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a point cannot be read: nobody knows what it was.
    pub(super) fn of(points: Vec<Point>) -> Result<Self> {
        let (records, unreadable) = Self::readable(points);
        match unreadable {
            None => Ok(records),
            Some(log) => Err(StoreError::Damaged(format!("a point of {log} is not one of ours"))),
        }
    }

    /// The same where it is known which records there must be: a point that cannot be read belongs to none, so that the one
    /// that it was of is not whole. The log of one such point is said, too.
    pub(super) fn readable(points: Vec<Point>) -> (Self, Option<String>) {
        let (mut records, mut unreadable) = (Self::default(), None);
        for Point { measurement, epoch, chunk, text } in points {
            let Some((number, count, part)) = fields(&text) else {
                unreadable = Some(measurement);
                continue;
            };
            let written = records.0.entry((measurement, number)).or_default().entry(epoch).or_default();
            written.count = count;
            written.texts.insert(chunk, part.to_owned());
        }
        (records, unreadable)
    }

    /// The record that this epoch wrote; `None` if there is nothing of it.
    pub(super) fn get(&self, measurement: &str, number: u64, epoch: &str) -> Result<Option<Vec<u8>>> {
        let key = (measurement.to_owned(), number);
        let Some(parts) = self.0.get(&key).and_then(|epochs| epochs.get(epoch)) else { return Ok(None) };
        let texts: Vec<&str> = parts.texts.values().map(String::as_str).collect();
        let whole = (texts.len() == parts.count).then(|| blob::join(&texts)).flatten();
        let damaged = || StoreError::Damaged(format!("{measurement} {number} is not whole"));
        whole.map(Some).ok_or_else(damaged)
    }

    /// The numbers and epochs of all records of a log, by number.
    pub(super) fn numbers(&self, measurement: &str) -> Vec<(u64, String)> {
        let of_log = self.0.iter().filter(|((log, _), _)| log == measurement);
        let mut found: Vec<(u64, String)> = of_log
            .flat_map(|((_, number), epochs)| epochs.keys().map(|epoch| (*number, epoch.clone())))
            .collect();
        found.sort();
        found
    }
}

/// `<number>:<count of parts>:<part>`.
fn fields(text: &str) -> Option<(u64, usize, &str)> {
    let (number, rest) = text.split_once(':')?;
    let (count, part) = rest.split_once(':')?;
    Some((number.parse().ok()?, count.parse().ok()?, part))
}
