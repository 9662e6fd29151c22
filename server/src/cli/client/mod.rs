//! Asking the API, wherever it is answered: one code path for a running server and for a stopped store.

mod pages;
mod query;
mod remote;
mod transport;
mod upload;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateloft_core::api::{OfState, PendingWrite, Problem};
use stateloft_core::model::StateKey;
use uuid::Uuid;

use super::exit::Exit;
use super::failure::Failure;
use super::say::remark;

pub(super) use pages::Pages;
pub(super) use query::{Query, encoded};
pub(super) use remote::Remote;
pub(super) use transport::{Body, Transport};
use transport::{Payload, Unreached};
pub(super) use upload::Upload;

/// How long an answer, or the next part of it, may take: longer than a server waits for its store.
const PATIENCE: Duration = Duration::from_mins(2);
/// Under this a repeated write is done once.
const ONCE: HeaderName = HeaderName::from_static("idempotency-key");
/// An answer from memory, and since when that is known.
const STALE: &str = "stateloft-stale-since";
/// Recorded times are ahead of the clock.
const TIMES_AHEAD: &str = "stateloft-times-ahead-until";

/// Whoever is asked.
pub(super) struct Client(Transport);

/// An answer that is no error.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// What became of a write.
pub(super) enum Written {
    /// It is in the store; the answer says what it made.
    Stored(Answer),
    /// It is safe in the server's journal, and will be written when the store is back.
    Waits(PendingWrite),
}

impl Client {
    pub(super) fn new(transport: Transport) -> Self {
        Self(transport)
    }

    pub(super) fn place(&self) -> String {
        self.0.place()
    }

    pub(super) async fn close(self) {
        self.0.close().await;
    }

    /// `GET`.
    pub(super) async fn get(&self, path: &str, query: &Query) -> Result<Answer, Failure> {
        self.answered(Method::GET, &format!("{path}{}", query.as_str()), None).await
    }

    /// `GET` of what has a shape.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str, query: &Query) -> Result<T, Failure> {
        self.understood(&self.get(path, query).await?)
    }

    /// `GET` of what belongs to a state. The answer must be of that state.
    pub(super) async fn read_of<T: DeserializeOwned + OfState>(
        &self,
        key: &StateKey,
        path: &str,
        query: &Query,
    ) -> Result<(Answer, T), Failure> {
        let answer = self.get(path, query).await?;
        let said = self.understood_of(key, &answer)?;
        Ok((answer, said))
    }

    /// `POST` of what writes no versions: a plan, or a word to the server.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.understood(&self.post(path, body).await?)
    }

    /// The same with the answer as it is. It has no key: what it does twice is what it does once.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
        self.answered(Method::POST, path, Some(body)).await
    }

    /// A write. If no answer comes it is sent once more under the same key, so that it is done once all the same.
    pub(super) async fn write(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Written, Failure> {
        let body = body.map(serde_json::to_vec).transpose().map_err(|error| error.to_string())?;
        let mut request = request(method, path, body)?;
        let key = HeaderValue::from_str(&Uuid::now_v7().to_string()).map_err(|error| error.to_string())?;
        request.headers_mut().insert(ONCE, key);
        let answered = match self.sent(request.clone()).await {
            Err(Unreached { sent: true, .. }) => self.sent(request).await.map_err(|again| Failure {
                exit: Exit::Unknown,
                ..self.unreached(&again, "it is not known whether it was written")
            }),
            other => other.map_err(|unreached| self.unreached(&unreached, "nothing was written")),
        };
        let answer = self.judged(answered?)?;
        match answer.status {
            StatusCode::ACCEPTED => Ok(Written::Waits(self.understood(&answer)?)),
            _ => Ok(Written::Stored(answer)),
        }
    }

    /// A stream that goes on until somebody ends it.
    pub(super) async fn stream(&self, path: &str, query: &Query) -> Result<Body, Streaming> {
        self.opened(path, query, "text/event-stream").await
    }

    /// `GET` of what may be of any size, to be read with [`next_piece`].
    pub(super) async fn download(&self, path: &str, query: &Query) -> Result<Body, Failure> {
        self.opened(path, query, "*/*").await.map_err(|streaming| match streaming {
            Streaming::Away(why) => self.unreached(&Unreached { sent: true, why }, ""),
            Streaming::Refused(failure) => failure,
        })
    }

    async fn opened(&self, path: &str, query: &Query, accept: &'static str) -> Result<Body, Streaming> {
        let mut request = request(Method::GET, &format!("{path}{}", query.as_str()), None)?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        let response = tokio::time::timeout(PATIENCE, self.0.send(request.map(whole))).await;
        let response = response
            .map_err(|_| Streaming::Away("it does not answer".to_owned()))?
            .map_err(|unreached| Streaming::Away(unreached.why))?;
        if response.status() == StatusCode::OK {
            return Ok(response.into_body());
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body =
            collected(response.into_body()).await.map_err(|unreached| Streaming::Away(unreached.why))?;
        match self.judged((status, headers, body)) {
            Err(failure) if failure.exit == Exit::Unavailable => Err(Streaming::Away(failure.message)),
            Err(failure) => Err(failure.into()),
            Ok(_) => {
                Err(Failure::from(format!("{} answers {status} where a stream was asked for", self.place()))
                    .into())
            }
        }
    }

    /// `POST` of what may be of any size, which may take as long as it goes on.
    pub(super) async fn upload(&self, path: &str, upload: Upload) -> Result<Answer, Failure> {
        let taken = upload.taken();
        let request = Request::builder().method(Method::POST).uri(format!("/api/v1{path}"));
        let request = request.header(CONTENT_TYPE, "application/gzip").body(upload.body());
        let mut sent = Box::pin(self.0.send(request.map_err(|error| error.to_string())?));
        let mut before = taken.now();
        let response = loop {
            match tokio::time::timeout(PATIENCE, &mut sent).await {
                Ok(response) => break response,
                Err(_) if taken.now() > before => before = taken.now(),
                Err(_) => break Err(Unreached { sent: true, why: "it takes nothing more".to_owned() }),
            }
        };
        let broken = |unreached: Unreached| {
            if !unreached.sent {
                return self.unreached(&unreached, "nothing was written");
            }
            let so = "what it had taken by then may be in; send it again to go on";
            Failure { exit: Exit::Unknown, ..self.unreached(&unreached, so) }
        };
        let response = response.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.judged((status, headers, collected(response.into_body()).await.map_err(broken)?))
    }

    async fn answered(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Answer, Failure> {
        let request = request(method, path, body)?;
        let answered = self.sent(request).await.map_err(|unreached| self.unreached(&unreached, ""))?;
        self.judged(answered)
    }

    async fn sent(&self, request: Request<Bytes>) -> Result<Answered, Unreached> {
        let late = |_| Unreached { sent: true, why: "it does not answer".to_owned() };
        let response =
            tokio::time::timeout(PATIENCE, self.0.send(request.map(whole))).await.map_err(late)??;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok((status, headers, collected(response.into_body()).await?))
    }

    /// An answer that is no error, whatever is to be known of it said.
    fn judged(&self, (status, headers, body): Answered) -> Result<Answer, Failure> {
        if !status.is_success() {
            return Err(match serde_json::from_slice::<Problem>(&body) {
                Ok(problem) => problem.into(),
                Err(_) => Failure::from(format!(
                    "{} answers {status}, and not as Stateloft does: is the address right?",
                    self.place()
                )),
            });
        }
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(since) = said(STALE) {
            remark!("stateloft: the store is away: this was so at {since}, and may have changed since");
        }
        if let Some(until) = said(TIMES_AHEAD) {
            remark!(
                "stateloft: recorded times are ahead of the clock up to {until}: this may not be what was then"
            );
        }
        Ok(Answer { status, body })
    }

    fn unreached(&self, Unreached { why, .. }: &Unreached, so: &str) -> Failure {
        let so = if so.is_empty() { String::new() } else { format!("; {so}") };
        Failure::new(Exit::Unavailable, format!("{} cannot be asked: {why}{so}", self.place()))
    }

    /// What an answer says.
    pub(super) fn understood<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Failure> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            format!("{} answers what this program does not understand: {error}", self.place()).into()
        })
    }

    /// The same of an answer that must be of a state.
    pub(super) fn understood_of<T: DeserializeOwned + OfState>(
        &self,
        key: &StateKey,
        answer: &Answer,
    ) -> Result<T, Failure> {
        let said: T = self.understood(answer)?;
        match said.other(key) {
            None => Ok(said),
            Some(other) => {
                let place = self.place();
                Err(format!(
                    "{place} was asked about {key} and answers about {other}: a proxy may bend addresses"
                )
                .into())
            }
        }
    }
}

type Answered = (StatusCode, HeaderMap, Bytes);

fn request(method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Request<Bytes>, Failure> {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    if body.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    request.body(body.unwrap_or_default().into()).map_err(|error| error.to_string().into())
}

/// Why there is no stream.
pub(super) enum Streaming {
    /// Nobody answers now, or who answers cannot: try again.
    Away(String),
    /// It is refused for good.
    Refused(Failure),
}

impl From<Failure> for Streaming {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

fn whole(body: Bytes) -> Payload {
    Full::new(body).boxed()
}

/// The next bytes of a body; after the last none.
///
/// # Errors
/// It broke off, or nothing came for long.
pub(super) async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, String> {
    loop {
        let frame = tokio::time::timeout(PATIENCE, body.frame()).await;
        match frame.map_err(|_| "its answer breaks off".to_owned())? {
            None => return Ok(None),
            Some(Err(error)) => return Err(error.to_string()),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A body, whole.
async fn collected(mut body: Body) -> Result<Bytes, Unreached> {
    let mut all = Vec::new();
    while let Some(piece) = next_piece(&mut body).await.map_err(|why| Unreached { sent: true, why })? {
        all.extend_from_slice(&piece);
    }
    Ok(all.into())
}
