//! The points `trading_state` of the older systems, read for an import; nothing is written to the bucket.
//!
//! Their version id is a tag, so each is a series of its own, and InfluxDB can neither order them nor page through them.
//! So they are read by stretches of time, as long as it takes to hold some thousand values, and put in order here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use async_trait::async_trait;

use super::InfluxOptions;
use super::client::{Client, OlderValue};
use crate::store::{OlderRow, OlderRows, Result, StoreError};

/// Values of one answer at most: three make a row.
const VALUES: usize = 6_000;
/// How long an answer may take: there may be millions of series to look through.
const TIMEOUT: Duration = Duration::from_mins(10);
/// The first stretch, in microseconds: a day.
const STRETCH: i64 = 86_400_000_000;
/// The first moment after all that InfluxDB can hold, in nanoseconds.
pub(super) const END: i64 = 9_223_372_036_854_775_806;
/// What the older systems' points are called.
pub(super) const MEASUREMENT: &str = "trading_state";
const FROM: &str = "from(bucket: {bucket})";
const FILTER: &str = "filter(fn: (r) => r._measurement == \"trading_state\" and \
                      (r._field == \"data\" or r._field == \"description\" or r._field == \"user_id\"))";
/// An empty tag is none to InfluxDB: what is absent was empty.
const COLUMNS: &str = "group() |> map(fn: (r) => ({t: string(v: int(v: r._time)), f: r._field, v: string(v: r._value), \
    k: if exists r.state_type then r.state_type else \"\", i: if exists r.state_id then r.state_id else \"\", \
    o: if exists r.operation then r.operation else \"\", n: if exists r.version_id then r.version_id else \"\"}))";

/// The older systems' points, those of the future too.
#[derive(Debug)]
pub struct OlderPoints {
    client: Client,
    rows: VecDeque<OlderRow>,
    /// What is read next, in microseconds since 1970.
    from: i64,
    /// How much of it, at first.
    stretch: i64,
    /// The last point's time.
    last: i64,
    total: u64,
}

/// A row's place: its time, its version id, and what else tells it from others.
type Place = (i64, String, String, String, String);

impl OlderPoints {
    /// Asks what there is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when InfluxDB does not answer or does not let us in.
    pub async fn open(options: &InfluxOptions) -> Result<Self> {
        let client = Client::new(options)?;
        client.version().await?;
        let client = client.within(TIMEOUT);
        let first = client.read_number(&edge(0, "first", "min")).await?;
        let last = client.read_number(&edge(0, "last", "max")).await?;
        let count = "filter(fn: (r) => r._field == \"data\") |> count() |> group() |> sum() \
                     |> map(fn: (r) => ({v: string(v: r._value)}))";
        let total = client.read_number(&format!("{} |> {count}", all(0, END))).await?.unwrap_or_default();
        let micros = |nanos: Option<i64>| nanos.map(|nanos| nanos.div_euclid(1_000));
        Ok(Self {
            client,
            rows: VecDeque::new(),
            from: micros(first).unwrap_or(1),
            stretch: STRETCH,
            last: micros(last).unwrap_or(0),
            total: u64::try_from(total).unwrap_or_default(),
        })
    }

    /// Reads the next stretch: shorter where it holds too much, longer next time where it holds little.
    async fn fetch(&mut self) -> Result<()> {
        loop {
            let stop = self.from.saturating_add(self.stretch);
            let (start_nanos, stop_nanos) =
                (self.from.saturating_mul(1_000), stop.saturating_mul(1_000).min(END));
            let limit = if self.stretch > 1 { format!(" |> limit(n: {VALUES})") } else { String::new() };
            let query = format!("{} |> {COLUMNS}{limit}", all(start_nanos, stop_nanos));
            let values = self.client.read_older(&query).await?;
            if values.len() >= VALUES && self.stretch > 1 {
                self.stretch = (self.stretch / 4).max(1);
                continue;
            }
            self.from = if stop_nanos >= END {
                i64::MAX
            } else if values.is_empty() {
                // There may be nothing for years.
                let next = self.client.read_number(&edge(stop_nanos, "first", "min")).await?;
                next.map_or(i64::MAX, |nanos| nanos.div_euclid(1_000))
            } else {
                if values.len() < VALUES / 4 {
                    self.stretch = self.stretch.saturating_mul(2);
                }
                stop
            };
            self.rows = rows(values)?;
            return Ok(());
        }
    }
}

#[async_trait]
impl OlderRows for OlderPoints {
    fn total(&self) -> u64 {
        self.total
    }

    async fn next(&mut self) -> Result<Option<OlderRow>> {
        while self.rows.is_empty() && self.from <= self.last {
            self.fetch().await?;
        }
        Ok(self.rows.pop_front())
    }

    async fn close(self: Box<Self>) {}
}

/// The older systems' values of a stretch of time, in nanoseconds.
fn all(start: i64, stop: i64) -> String {
    format!("{FROM} |> range(start: time(v: {start}), stop: time(v: {stop})) |> {FILTER}")
}

/// The first or last time from a time on, in nanoseconds.
fn edge(start: i64, of_each: &str, of_all: &str) -> String {
    format!(
        "{} |> {of_each}() |> group() |> keep(columns: [\"_time\"]) |> {of_all}(column: \"_time\") \
         |> map(fn: (r) => ({{v: string(v: int(v: r._time))}}))",
        all(start, END)
    )
}

/// Puts rows together from their fields, in order.
fn rows(values: Vec<OlderValue>) -> Result<VecDeque<OlderRow>> {
    let mut rows: BTreeMap<Place, OlderRow> = BTreeMap::new();
    for value in values {
        let nanos: i64 = value
            .nanos
            .parse()
            .map_err(|_| StoreError::Damaged(format!("InfluxDB says that {:?} is a time", value.nanos)))?;
        let micros = nanos.div_euclid(1_000);
        let [kind, id, operation, version] =
            [&value.state_type, &value.state_id, &value.operation, &value.version_id].map(String::clone);
        let row = rows.entry((micros, version, kind, id, operation)).or_insert_with(|| OlderRow {
            version_id: Some(value.version_id),
            state_type: Some(value.state_type),
            state_id: Some(value.state_id),
            operation: Some(value.operation),
            micros: Some(micros),
            time: Some(stateloft_core::model::Timestamp::from_micros(micros).to_string()),
            ..OlderRow::default()
        });
        match value.field.as_str() {
            "data" => {
                row.size = value.text.len() as u64;
                row.data = Some(value.text);
            }
            // An empty one is how the older systems say that there is none.
            "description" => row.description = Some(value.text).filter(|text| !text.is_empty()),
            _ => row.author = Some(value.text).filter(|text| !text.is_empty()),
        }
    }
    Ok(rows.into_values().collect())
}
