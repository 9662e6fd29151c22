//! The public HTTP API, as a trading program uses it: it waits for a server that is away, and loses no request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::action::{Action, Expect, Key, What};
use super::runs::Run;
use crate::progress;

const PATIENCE: Duration = Duration::from_secs(10);
const WAIT: Duration = Duration::from_secs(1);

/// The server's answer to a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// Done; the version that was written, where one state was saved.
    Done(Option<u64>),
    /// Somebody else has written: what the request was built on is no longer true.
    Conflict,
    /// Wrong in another way; the problem in words.
    Refused(String),
}

/// Why the demo cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Asked,
    /// There is no use in trying again.
    Hopeless(String),
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Self::Hopeless(format!("the demo could not write its JSON: {error}"))
    }
}

/// A connection to one server.
#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
    stopping: Arc<AtomicBool>,
}

#[derive(Serialize)]
struct SaveBody<'a> {
    state_type: &'a str,
    state_id: &'a str,
    data: &'a RawValue,
    operation: &'a str,
    user_id: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

#[derive(Serialize)]
struct BatchBody<'a> {
    items: &'a RawValue,
    user_id: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct BatchItem<'a> {
    op: &'a str,
    state_type: &'a str,
    state_id: &'a str,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct SnapshotBody<'a> {
    snapshot_id: &'a str,
    user_id: &'a str,
    description: &'a str,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8000`, that gives up once `stopping` is set.
    pub(super) fn new(base: &str, stopping: Arc<AtomicBool>) -> Self {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let key = std::env::var("TRADING_STATE_API_KEY").ok().filter(|key| !key.is_empty());
        Self { agent: config.into(), base: format!("{base}/api/v1"), key, stopping }
    }

    /// Sends what a program wants, as this run of it, again and again until the server has answered.
    pub(super) fn perform(&self, action: &Action, run: Option<&Run>) -> Result<Answer, Stop> {
        let (user_id, description) = (action.author.as_str(), action.reason.as_str());
        match &action.what {
            What::Save { key, data, expect } => {
                let (operation, expected_version) = match expect {
                    Expect::Any => ("update", None),
                    Expect::Absent => ("create", None),
                    Expect::Version(version) => ("update", Some(*version)),
                };
                let (state_type, state_id) = (key.state_type, key.state_id.as_str());
                let data = serde_json::from_str(data)?;
                let body = SaveBody {
                    state_type,
                    state_id,
                    data,
                    operation,
                    user_id,
                    description,
                    expected_version,
                    run_id: run.map(|run| run.id.as_str()),
                    epoch: run.map(|run| run.epoch),
                };
                self.send("POST", "/states", &serde_json::to_string(&body)?)
            }
            What::SaveAll(items) => {
                let item = |(key, data): &'_ (Key, String)| -> Result<String, Stop> {
                    let (state_type, state_id) = (key.state_type, key.state_id.as_str());
                    Ok(serde_json::to_string(&BatchItem {
                        op: "save",
                        state_type,
                        state_id,
                        data: serde_json::from_str(data)?,
                    })?)
                };
                let items = items.iter().map(item).collect::<Result<Vec<_>, _>>()?.join(",");
                let items = format!("[{items}]");
                let items: &RawValue = serde_json::from_str(&items)?;
                self.send(
                    "POST",
                    "/batch",
                    &serde_json::to_string(&BatchBody { items, user_id, description })?,
                )
            }
            What::Delete(key) => {
                let run = run
                    .map(|run| format!("&run_id={}&epoch={}", encoded(&run.id), run.epoch))
                    .unwrap_or_default();
                let query = format!(
                    "{}&user_id={}&description={}{run}",
                    address(key),
                    encoded(user_id),
                    encoded(description)
                );
                self.send("DELETE", &query, "")
            }
            What::Snapshot(snapshot_id) => self.send(
                "POST",
                "/snapshots",
                &serde_json::to_string(&SnapshotBody { snapshot_id, user_id, description })?,
            ),
        }
    }

    /// The live state's data and version, or nothing when there is none.
    pub(super) fn read(&self, key: &Key) -> Result<Option<(Value, u64)>, Stop> {
        let (status, answer) = self.until_answered("GET", &address(key), "")?;
        match (status, answer["version"].as_u64()) {
            (200, Some(version)) => Ok(Some((answer["data"].clone(), version))),
            (404 | 410, _) => Ok(None),
            _ => Err(Stop::Hopeless(problem(status, &answer))),
        }
    }

    /// Reads a state of any type, whatever it says.
    pub(super) fn look(&self, state_type: &str, state_id: &str) -> Result<(), Stop> {
        let path = format!("/states/{}?state_type={}", encoded(state_id), encoded(state_type));
        self.until_answered("GET", &path, "").map(drop)
    }

    /// Sends what is none of a state: the status and the answer.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), Stop> {
        self.until_answered("POST", path, &body.to_string())
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Result<Answer, Stop> {
        let (status, answer) = self.until_answered(method, path, body)?;
        Ok(match status {
            200..300 => Answer::Done(answer["version"].as_u64()),
            409 | 410 | 412 => Answer::Conflict,
            404 if method == "DELETE" => Answer::Conflict,
            401 | 403 => return Err(Stop::Hopeless(problem(status, &answer))),
            _ => Answer::Refused(problem(status, &answer)),
        })
    }

    /// Tries until there is an answer that is not about the server's own trouble. A request that was carried out
    /// although its answer got lost shows as a conflict, which programs handle anyway.
    fn until_answered(&self, method: &str, path: &str, body: &str) -> Result<(u16, Value), Stop> {
        let mut away = false;
        loop {
            if self.stopping.load(Ordering::Relaxed) {
                return Err(Stop::Asked);
            }
            let trouble = match self.once(method, path, body) {
                Ok((status @ (429 | 500..), answer)) => problem(status, &answer),
                Ok(answer) => {
                    if away {
                        progress::note("demo: the server is back");
                    }
                    return Ok(answer);
                }
                Err(error) => error.to_string(),
            };
            if !away && !self.stopping.load(Ordering::Relaxed) {
                progress::warning(&format!(
                    "demo: the server does not take requests ({trouble}); waiting for it"
                ));
                away = true;
            }
            std::thread::sleep(WAIT);
        }
    }

    fn once(&self, method: &str, path: &str, body: &str) -> Result<(u16, Value), ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = if body.is_empty() {
            self.agent.run(request.body(())?)?
        } else {
            self.agent.run(request.header("content-type", "application/json").body(body)?)?
        };
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string()?;
        // What is no JSON, such as an empty body, has no members that anybody looks for.
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

fn address(key: &Key) -> String {
    format!("/states/{}?state_type={}", encoded(&key.state_id), key.state_type)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn problem(status: u16, answer: &Value) -> String {
    let detail = answer["detail"].as_str().or(answer["title"].as_str()).unwrap_or("no details");
    format!("{status}: {detail}")
}
