//! Ordinary series in a bucket of their own, for those who draw them: points are written, and one text is read back.
//! They have nothing in common with how the store keeps versions but the client.

use super::client::Client;
use super::layout::{COMMITS, DATA, EPOCHS, LEASE, META, RECORDS};
use super::{InfluxOptions, older};
use crate::store::Result;

/// No type can have this name, as it has a hyphen.
const MARKS: &str = "stateloft-mirror";

/// A bucket of series.
#[derive(Debug, Clone)]
pub struct SeriesBucket {
    client: Client,
}

/// Points that InfluxDB will never take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// How many; all of them if it does not say.
    pub points: Option<u64>,
    /// Why.
    pub why: String,
}

impl SeriesBucket {
    /// A bucket; nothing is asked of the server yet.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Unavailable`] when no client can be made.
    pub fn new(options: &InfluxOptions) -> Result<Self> {
        Ok(Self { client: Client::new(options)? })
    }

    /// Writes lines of line protocol; says which of them InfluxDB refuses for good. After an error they may be stored or
    /// not, and may be written again.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Unavailable`] when InfluxDB does not answer or does not let us in.
    pub async fn write(&self, lines: String) -> Result<Option<Refused>> {
        let refusal = self.client.offer(lines).await?;
        Ok(refusal.map(|why| Refused { points: dropped(&why), why: message(&why) }))
    }

    /// The last mark by time, if there is one.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn mark(&self) -> Result<Option<String>> {
        let flux = format!(
            "from(bucket: {{bucket}}) |> range(start: time(v: 0), stop: time(v: {})) \
             |> filter(fn: (r) => r._measurement == \"{MARKS}\" and r._field == \"at\") |> last() \
             |> map(fn: (r) => ({{v: r._value}}))",
            older::END
        );
        self.client.read_text(&flux).await
    }
}

/// The line of a mark. `text` is made of letters, digits and colons.
#[must_use]
pub fn mark_line(text: &str, nanos: i64) -> String {
    format!("{MARKS} at=\"{text}\" {nanos}\n")
}

/// What the series of a type are named: never as one of the logs in which the store, or an older system, keeps versions,
/// so that even in one bucket with them they could not be taken for theirs.
#[must_use]
pub fn series_name(state_type: &str) -> String {
    match state_type {
        META | DATA | RECORDS | COMMITS | EPOCHS | LEASE | older::MEASUREMENT => {
            format!("{state_type}-series")
        }
        other => other.to_owned(),
    }
}

/// InfluxDB says `... dropped=3 ...` when it has stored the others.
fn dropped(text: &str) -> Option<u64> {
    let (_, after) = text.split_once("dropped=")?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn message(answer: &str) -> String {
    let parsed = serde_json::from_str::<serde_json::Value>(answer).ok();
    let message = parsed.as_ref().and_then(|answer| answer["message"].as_str());
    message.unwrap_or(answer).chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_influxdb_refused_is_read_from_its_answer() {
        let answer = r#"{"code":"unprocessable entity","message":"partial write: field type conflict dropped=12 for x"}"#;
        assert_eq!(dropped(answer), Some(12));
        assert_eq!(message(answer), "partial write: field type conflict dropped=12 for x");
        assert_eq!((dropped("no"), message("no").as_str()), (None, "no"));
    }

    #[test]
    fn no_series_is_named_as_a_log_of_the_store() {
        for name in ["meta", "data", "records", "commits", "epochs", "lease", "trading_state"] {
            assert_eq!(series_name(name), format!("{name}-series"));
        }
        assert_eq!(series_name("position"), "position");
    }
}
