//! `GET /export`: the store, or a part of it, as a bundle.

use std::io;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::Stream;
use serde::Deserialize;
use stateloft_core::api::{Moment, Scope};
use stateloft_core::model::{Seq, whole_number};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::yes;
use crate::budget::Held;
use crate::http::app::App;
use crate::http::extract::{Params, list as items, state_type};
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::Comparing;
use crate::repeats::Repeats;
use crate::service::{Export, ExportRequest, Packed, ServiceError, Start};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only these types, separated by commas; all, when left out. Types are states of type `schema`.
    types: Option<String>,
    /// Only ids that start with this.
    prefix: Option<String>,
    /// From this seq on, or from this time on; from the start when left out.
    from: Option<String>,
    /// Up to this seq, time, `seq:N` or `snapshot:NAME`; up to now when left out.
    to: Option<String>,
    /// Every version in the range, or with `false` of each state only the last; every one when left out.
    #[serde(default = "yes")]
    history: bool,
}

impl Parameters {
    fn request(&self) -> Answer<ExportRequest> {
        let wrong = |name: &str, text: String| Failure::parameter(format!("{name}: {text}"));
        let from = match self.from.as_deref() {
            None => Start::Seq(Seq(1)),
            Some(text) => match moment(text).map_err(|text| wrong("from", text))? {
                Moment::Seq(seq) => Start::Seq(seq),
                Moment::Time(time) => Start::Time(time),
                Moment::Now | Moment::Snapshot(_) => {
                    return Err(wrong(
                        "from",
                        "say a seq, or a time with zone (2026-11-21T09:46:11Z)".to_owned(),
                    ));
                }
            },
        };
        let to = self.to.as_deref().map_or(Ok(Moment::Now), moment).map_err(|text| wrong("to", text))?;
        let types = items(self.types.as_deref()).map(state_type).collect::<Answer<_>>()?;
        let prefix = self.prefix.clone().filter(|prefix| !prefix.is_empty());
        Ok(ExportRequest {
            scope: Scope { states: Vec::new(), types, prefix },
            from,
            to,
            history: self.history,
        })
    }
}

/// A number means a seq here, where ranges of the log are asked for.
fn moment(text: &str) -> Result<Moment, String> {
    match whole_number(text) {
        Some(seq) => Ok(Moment::Seq(Seq(seq))),
        None => text.parse().map_err(|error: stateloft_core::api::MomentError| error.to_string()),
    }
}

/// The store as a bundle: lines of JSON packed with gzip, one a version, snapshot and restore, as `docs/API.md` describes them.
/// It ends with the version that was the last when it began. Each version is held against its hashes on its way; one that the
/// store holds damaged has a line that says so. Without its last line a bundle was cut.
#[utoipa::path(get, path = "/export", tag = "server", params(Parameters),
    responses((status = 200, description = "A bundle", content_type = "application/gzip", body = Vec<u8>), Comparing))]
pub(crate) async fn export(State(app): State<App>, Params(asked): Params<Parameters>) -> Answer {
    let export = app.service.export(&asked.request()?).await?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let (from, to) = (export.header().from, export.header().to);
    let name = format!("attachment; filename=\"{from}-{to}.stateloft\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    Ok((headers, Body::from_stream(pieces(export, app.stop.clone()))).into_response())
}

/// The bytes of a bundle. Where it fails, or the server stops, the connection breaks off: what came so far has no last line.
fn pieces(export: Export, stop: CancellationToken) -> impl Stream<Item = io::Result<Bytes>> {
    futures::stream::unfold(Some((export, stop)), async |state| {
        let (mut export, stop) = state?;
        match stop.run_until_cancelled(export.next()).await {
            Some(Ok(packed)) => Some((Ok(bytes(packed?)), Some((export, stop)))),
            Some(Err(error)) => {
                say_broken(&error);
                Some((Err(io::Error::other(error)), None))
            }
            None => Some((Err(io::Error::other("the server is stopping")), None)),
        }
    })
}

fn bytes(Packed { bytes, held }: Packed) -> Bytes {
    struct Kept {
        bytes: Vec<u8>,
        /// Given back with the bytes.
        _held: Option<Held>,
    }
    impl AsRef<[u8]> for Kept {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }
    Bytes::from_owner(Kept { bytes, _held: held })
}

fn say_broken(error: &ServiceError) {
    static BROKEN: Repeats = Repeats::new();
    if let Some(exports) = BROKEN.happened() {
        tracing::error!(%error, exports, "an export broke off");
    }
}
