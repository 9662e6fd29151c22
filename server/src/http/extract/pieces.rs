//! A body of any size, taken a piece at a time.

use std::time::Duration;

use axum::body::Body as HttpBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::Instant;

use crate::http::app::App;
use crate::http::failure::{Answer, Failure};
use crate::http::options::{BODY_MAX, Limits};

/// The pieces of a body as they come.
pub(crate) struct Pieces<'a> {
    body: HttpBody,
    limits: &'a Limits,
    received: usize,
    /// How long was waited for them. What is done with them meanwhile is not the client's time.
    waited: Duration,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(body: HttpBody, app: &'a App) -> Self {
        Self { body, limits: app.limits(), received: 0, waited: Duration::ZERO }
    }

    /// The next piece; `None` after the last.
    pub(crate) async fn next(&mut self) -> Answer<Option<Bytes>> {
        loop {
            let allowed = allowed(self.received, self.limits).saturating_sub(self.waited);
            let asked = Instant::now();
            let frame = tokio::time::timeout(allowed, self.body.frame()).await;
            self.waited += asked.elapsed();
            let frame = frame
                .map_err(|_| Failure::parameter("the body stopped before its end, or comes too slowly"))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| Failure::parameter("the body could not be read to its end"))?;
            if let Ok(data) = frame.into_data() {
                self.received += data.len();
                return Ok(Some(data));
            }
        }
    }

    /// What has not come yet.
    pub(crate) fn into_rest(self) -> HttpBody {
        self.body
    }
}

/// How long so many bytes of a body may take: the more have come, the longer.
pub(super) fn allowed(received: usize, limits: &Limits) -> Duration {
    let earned = Duration::from_micros(received as u64 * 1_000_000 / u64::from(limits.body_rate.max(1)));
    limits.body_timeout + earned
}

/// The answer goes out at once. What the client is still sending is thrown away meanwhile, up to a bound: a client that
/// found the connection closed under its hands would never read the answer.
pub(crate) fn throw_away(mut rest: HttpBody) {
    const THROWN_AWAY: usize = 8 * BODY_MAX;
    tokio::spawn(async move {
        let drain = async {
            let mut dropped = 0;
            while let Some(Ok(frame)) = rest.frame().await {
                dropped += frame.data_ref().map_or(0, Bytes::len);
                if dropped > THROWN_AWAY {
                    break;
                }
            }
        };
        // However it ends, the body is dropped and the connection with it.
        let _ = tokio::time::timeout(Duration::from_secs(10), drain).await;
    });
}
