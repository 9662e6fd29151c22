//! The only place that knows the client library. What reaches it is made of letters, digits and our own punctuation, so
//! that neither its escaping of line protocol nor a Flux text can be reached by data; it runs in tasks of its own, so
//! that a panic in it (it unwraps what it reads) is an error here.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use influxdb2::api::write::TimestampPrecision;
use influxdb2::models::{Query, Status};
use influxdb2::{RequestError, api::query::FluxRecord};

use super::older::END;
use super::{InfluxOptions, Token, connect};
use crate::store::refusing::{Actions, Refusal, Refusing};
use crate::store::{Result, StoreError};

/// A client of one bucket.
#[derive(Debug, Clone)]
pub(super) struct Client {
    inner: influxdb2::Client,
    /// For what the library cannot say: times more exact than a second.
    plain: influxdb2_reqwest::Client,
    url: String,
    token: Token,
    bucket: String,
    timeout: Duration,
    refusing: Arc<Refusing>,
}

/// A stored point as it comes back. Its place in time is not read: the text says where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Point {
    /// Which log it belongs to.
    pub(super) measurement: String,
    /// Who wrote it.
    pub(super) epoch: String,
    /// Which part of its record it holds.
    pub(super) chunk: u32,
    /// The part.
    pub(super) text: String,
}

/// One value of a point of an older system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OlderValue {
    /// Its time, in nanoseconds since 1970.
    pub(super) nanos: String,
    pub(super) field: String,
    pub(super) text: String,
    pub(super) state_type: String,
    pub(super) state_id: String,
    pub(super) operation: String,
    pub(super) version_id: String,
}

impl Client {
    /// A client; nothing is asked of the server yet.
    pub(super) fn new(options: &InfluxOptions) -> Result<Self> {
        let (builder, plain) = (connect::with(options)?, connect::with(options)?.build().map_err(unusable)?);
        let (url, org, token) = (options.url.clone(), options.org.clone(), options.token.reveal().to_owned());
        // It panics at an address that is none.
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            influxdb2::ClientBuilder::with_builder(builder, url, org, token).build()
        }));
        match made {
            Ok(Ok(inner)) => Ok(Self {
                inner,
                plain,
                url: options.url.clone(),
                token: options.token.clone(),
                bucket: options.bucket.clone(),
                timeout: options.timeout,
                refusing: Arc::new(Refusing::new(REFUSING)),
            }),
            Ok(Err(error)) => Err(unusable(error)),
            Err(_) => Err(StoreError::Refused("InfluxDB's address is not one".into())),
        }
    }

    /// The same client with another limit for how long an answer may take.
    pub(super) fn within(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Writes lines. `Ok` only after InfluxDB said that they are stored. They are not after
    /// [`StoreError::NotWritten`] and [`StoreError::Refused`]; after another error they may be stored or not, now or later.
    pub(super) async fn write(&self, lines: String) -> Result<()> {
        let (client, bucket) = (self.inner.clone(), self.bucket.clone());
        let answer = self
            .run(async move {
                let precision = TimestampPrecision::Nanoseconds;
                Ok(client.write_line_protocol_with_precision(&client.org, &bucket, lines, precision).await)
            })
            .await?;
        let Err(error) = answer else {
            self.refusing.took();
            return Ok(());
        };
        let failure = failed(&error);
        if let Some(refusal) = refusal(&error) {
            self.refusing.refused(refusal, &failure.text());
        }
        Err(if was_not_taken(&error) { failure.before_write() } else { failure })
    }

    /// Whether writes are taken, as the last ones have told.
    pub(super) fn refusing(&self) -> &Refusing {
        &self.refusing
    }

    /// Writes lines that InfluxDB may refuse for good, which is then its answer: `None` when it has stored all of them.
    pub(super) async fn offer(&self, lines: String) -> Result<Option<String>> {
        let (client, bucket) = (self.inner.clone(), self.bucket.clone());
        self.run(async move {
            let precision = TimestampPrecision::Nanoseconds;
            match client.write_line_protocol_with_precision(&client.org, &bucket, lines, precision).await {
                Err(RequestError::Http { status, text }) if matches!(status.as_u16(), 400 | 413 | 422) => {
                    Ok(Some(text))
                }
                other => other.map(|()| None),
            }
        })
        .await
    }

    /// Deletes the points of a log that an epoch wrote, from a time (in nanoseconds) on. `Ok` after InfluxDB did it.
    pub(super) async fn delete(&self, measurement: &str, epoch: &str, from: i64) -> Result<()> {
        let url = format!("{}/api/v2/delete", self.url);
        let time = |nanos: i64| chrono::DateTime::from_timestamp_nanos(nanos).to_rfc3339();
        let body = serde_json::json!({
            "start": time(from),
            "stop": time(END),
            "predicate": format!("_measurement=\"{measurement}\" AND e=\"{epoch}\""),
        });
        let request = self.plain.post(url).query(&[("org", &self.inner.org), ("bucket", &self.bucket)]);
        let request = request.header("Authorization", format!("Token {}", self.token.reveal()));
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        self.run(async move {
            let answer = request.send().await.map_err(|source| RequestError::ReqwestProcessing { source })?;
            let status = answer.status();
            if status.is_success() {
                return Ok(());
            }
            Err(RequestError::Http { status, text: answer.text().await.unwrap_or_default() })
        })
        .await
    }

    /// Runs a query whose `{bucket}` is this client's, and which keeps the columns of [`Point`].
    pub(super) async fn read(&self, flux: &str) -> Result<Vec<Point>> {
        self.records(flux).await?.iter().map(point).collect()
    }

    /// As [`Self::read`], for values of older systems: `t f v k i o n` in the order of [`OlderValue`]'s fields.
    pub(super) async fn read_older(&self, flux: &str) -> Result<Vec<OlderValue>> {
        let value = |record: &FluxRecord| {
            Ok(OlderValue {
                nanos: column(record, "t")?,
                field: column(record, "f")?,
                text: column(record, "v")?,
                state_type: column(record, "k")?,
                state_id: column(record, "i")?,
                operation: column(record, "o")?,
                version_id: column(record, "n")?,
            })
        };
        self.records(flux).await?.iter().map(value).collect()
    }

    /// As [`Self::read`], for one text in the column `v`; `None` when there is no row.
    pub(super) async fn read_text(&self, flux: &str) -> Result<Option<String>> {
        self.records(flux).await?.first().map(|record| column(record, "v")).transpose()
    }

    /// The same for a whole number.
    pub(super) async fn read_number(&self, flux: &str) -> Result<Option<i64>> {
        let Some(text) = self.read_text(flux).await? else { return Ok(None) };
        let number =
            text.parse().map_err(|_| StoreError::Damaged(format!("InfluxDB says {text:?} is a number")))?;
        Ok(Some(number))
    }

    async fn records(&self, flux: &str) -> Result<Vec<FluxRecord>> {
        let client = self.inner.clone();
        let query = Query::new(flux.replace("{bucket}", &flux_text(&self.bucket)));
        self.run(async move { client.query_raw(Some(query)).await }).await
    }

    /// What InfluxDB calls itself, such as `v2.7.12`; an error if it does not say that it is well.
    pub(super) async fn version(&self) -> Result<String> {
        let client = self.inner.clone();
        let health = self.run(async move { client.health().await }).await?;
        if health.status != Status::Pass {
            return Err(StoreError::Unavailable("InfluxDB says that it is not well".into()));
        }
        Ok(health.version.unwrap_or_default())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = std::result::Result<T, RequestError>> + Send + 'static,
    ) -> Result<T> {
        let mut task = tokio::spawn(work);
        match tokio::time::timeout(self.timeout, &mut task).await {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(error))) => Err(failed(&error)),
            Ok(Err(_)) => Err(StoreError::Unavailable("InfluxDB's client gave up over an answer".into())),
            Err(_) => {
                task.abort();
                let text = format!("InfluxDB did not answer within {} ms", self.timeout.as_millis());
                Err(StoreError::Unavailable(text))
            }
        }
    }
}

fn unusable(error: impl std::error::Error) -> StoreError {
    StoreError::Refused(format!("InfluxDB's client: {error}"))
}

/// A text of a record. InfluxDB sends lines inside a text with its own ends.
#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the method's type is in a crate that we do not name"
)]
fn column(record: &FluxRecord, name: &str) -> Result<String> {
    let found = record.values.get(name).and_then(|value| value.string());
    let found =
        found.ok_or_else(|| StoreError::Damaged(format!("InfluxDB answered without a column {name}")))?;
    Ok(if found.contains('\r') { found.replace("\r\n", "\n") } else { found })
}

fn point(record: &FluxRecord) -> Result<Point> {
    let chunk = column(record, "c")?;
    Ok(Point {
        measurement: column(record, "_measurement")?,
        epoch: column(record, "e")?,
        chunk: chunk
            .parse()
            .map_err(|_| StoreError::Damaged(format!("a part of a record has the number {chunk:?}")))?,
        text: column(record, "_value")?,
    })
}

/// A text of Flux, in quotes, all but letters and digits as bytes. Only the bucket's name gets here, which the
/// configuration chose.
fn flux_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            quoted.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a write has certainly stored nothing: nobody was reached, or InfluxDB did not take the request. Its API says so of
/// 400 (not line protocol), 401 and 403 (who we are), 404 (the bucket), 413 (too much), 422 (outside of the retention)
/// and 429 (too often). 500, 503 and 504 may come from a proxy that has passed the request on.
fn was_not_taken(error: &RequestError) -> bool {
    match error {
        RequestError::Http { status, .. } => {
            matches!(status.as_u16(), 400 | 401 | 403 | 404 | 411 | 413 | 415 | 422 | 429)
        }
        RequestError::ReqwestProcessing { source } => source.is_connect() || source.is_builder(),
        RequestError::Serializing { .. } => true,
        RequestError::Deserializing { .. } => false,
    }
}

const REFUSING: Actions = Actions {
    full: "Make room on the disk of InfluxDB. The lease of the bucket is written every few seconds: when that works, writing \
           goes on by itself",
    refused: "Look at InfluxDB and its log, at the rights of the token and at the bucket. The lease of the bucket is written every \
              few seconds: when that works, writing goes on by itself. Until then nothing can be read once the lease has run out",
};

/// Whether an answer to a write refuses every other, too. 400 and 413 are about this one.
fn refusal(error: &RequestError) -> Option<Refusal> {
    match error {
        RequestError::Http { status, .. } if matches!(status.as_u16(), 400 | 413) => None,
        // Go's words for ENOSPC.
        RequestError::Http { text, .. } if text.contains("no space left on device") => Some(Refusal::Full),
        RequestError::Http { .. } => Some(Refusal::Refused),
        _ => None,
    }
}

fn failed(error: &RequestError) -> StoreError {
    let text = match error {
        RequestError::Http { status, text } => {
            let hint = match status.as_u16() {
                401 => " (is the token right, and may it read and write the bucket?)",
                404 => " (do the organisation and the bucket exist?)",
                422 => " (the bucket must keep its data for ever: retention 0)",
                _ => "",
            };
            let text =
                format!("InfluxDB answered {status}{hint}: {}", text.chars().take(500).collect::<String>());
            if !hint.is_empty() || status.as_u16() == 403 {
                return StoreError::Refused(text);
            }
            text
        }
        other => {
            let mut text = format!("InfluxDB: {other}");
            let mut source = std::error::Error::source(other).and_then(std::error::Error::source);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            text
        }
    };
    StoreError::Unavailable(text)
}
