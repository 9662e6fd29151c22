//! Calls to the component, each a future; dropping one forgets the call.
//!
//! Large texts have a worker of their own, so that a small document never waits behind one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot::{self, Receiver, Sender};
use js_sys::{Array, JsString};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::port::{Answer, Port, Said};
use crate::model::jobs::{Jobs, LARGE, Step};

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WorkerError {
    /// The user cancelled it.
    Cancelled,
    /// The component could not be loaded, or stopped.
    Broken(String),
    /// The component refused the arguments.
    Refused(String),
    /// The result is not of the expected shape: page and component are of different versions.
    Shape(String),
}

impl WorkerError {
    /// For people.
    #[must_use]
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Cancelled => "Cancelled.".to_owned(),
            Self::Broken(why) => format!("The comparing part stopped: {why}"),
            Self::Refused(why) => why.clone(),
            Self::Shape(why) => {
                format!("Page and component are of different versions ({why}). Load the page again.")
            }
        }
    }
}

/// Which worker does a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Small texts.
    Small,
    /// Large ones.
    Large,
}

impl Lane {
    /// The lane for these texts.
    pub(crate) fn for_all<'t>(texts: impl IntoIterator<Item = &'t JsValue>) -> Self {
        let length = |text: &JsValue| text.dyn_ref::<JsString>().map_or(0, JsString::length);
        let all = texts.into_iter().fold(0_u32, |all, text| all.saturating_add(length(text)));
        if all > LARGE { Self::Large } else { Self::Small }
    }

    fn client(self) -> &'static std::thread::LocalKey<RefCell<Client>> {
        match self {
            Self::Small => &SMALL,
            Self::Large => &LARGE_ONES,
        }
    }
}

/// What the component gave, and which start of the worker gave it: what it keeps is gone with the next start.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) value: JsValue,
    pub(super) start: u32,
}

type Result<T> = std::result::Result<T, WorkerError>;

struct Call {
    function: &'static str,
    args: Array,
    /// Only this start of the worker can answer it.
    only: Option<u32>,
}

struct Client {
    lane: Lane,
    port: Option<Port>,
    /// Counts the workers that were started.
    start: u32,
    jobs: Jobs<Call>,
    waiting: HashMap<u32, Sender<Result<Reply>>>,
}

impl Client {
    fn new(lane: Lane) -> RefCell<Self> {
        let jobs = Jobs::new(lane == Lane::Large);
        RefCell::new(Self { lane, port: None, start: 0, jobs, waiting: HashMap::new() })
    }
}

thread_local! {
    static SMALL: RefCell<Client> = Client::new(Lane::Small);
    static LARGE_ONES: RefCell<Client> = Client::new(Lane::Large);
}

/// Names a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JobId {
    lane: Lane,
    number: u32,
}

/// A call on its way. Dropping it says that nobody waits for it any more.
pub(crate) struct Job {
    id: JobId,
    result: Receiver<Result<Reply>>,
}

impl Job {
    /// Its name, for [`Job::cancel`] by somebody who does not hold it.
    #[must_use]
    pub(crate) fn id(&self) -> JobId {
        self.id
    }

    /// Stops a call, even in the middle of its work.
    pub(crate) fn cancel(id: JobId) {
        id.lane.client().with_borrow_mut(|client| {
            if matches!(client.jobs.cancel(id.number), Step::Restart) {
                client.port = None;
            }
            client.answer(id.number, Err(WorkerError::Cancelled));
            client.go_on();
        });
    }
}

impl Future for Job {
    type Output = Result<Reply>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let lost = || Err(WorkerError::Broken("no answer".to_owned()));
        Pin::new(&mut self.result).poll(context).map(|result| result.unwrap_or_else(|_| lost()))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let id = self.id;
        // Not while the client is borrowed: a job may be dropped by what an answer wakes.
        spawn_local(async move {
            id.lane.client().with_borrow_mut(|client| {
                client.jobs.forget(id.number);
                client.waiting.remove(&id.number);
                client.go_on();
            });
        });
    }
}

/// Puts a call in the line of its lane; the component is loaded if this is the first.
#[must_use]
pub(crate) fn start(function: &'static str, args: &[JsValue]) -> Job {
    start_in(Lane::for_all(args), None, function, args)
}

/// The same in a lane; with `only`, refused unless the worker is still that start of it.
pub(super) fn start_in(lane: Lane, only: Option<u32>, function: &'static str, args: &[JsValue]) -> Job {
    let (sender, result) = oneshot::channel();
    let args: Array = args.iter().collect();
    lane.client().with_borrow_mut(|client| {
        let number = client.jobs.add(Call { function, args, only });
        client.waiting.insert(number, sender);
        client.go_on();
        Job { id: JobId { lane, number }, result }
    })
}

/// Calls a function of the component and reads its result.
pub(crate) async fn call<T: DeserializeOwned>(function: &'static str, args: &[JsValue]) -> Result<T> {
    read(start(function, args).await?)
}

/// Reads a result as one of core's types.
pub(crate) fn read<T: DeserializeOwned>(reply: Reply) -> Result<T> {
    serde_wasm_bindgen::from_value(reply.value).map_err(|error| WorkerError::Shape(error.to_string()))
}

impl Client {
    fn answer(&mut self, number: u32, result: Result<Reply>) {
        if let Some(sender) = self.waiting.remove(&number) {
            // Nobody listening is no fault.
            let _ = sender.send(result);
        }
    }

    /// Hands the worker its next job, starting it if need be.
    fn go_on(&mut self) {
        loop {
            match self.jobs.hand_over() {
                Step::Rest => return,
                Step::Restart => self.port = None,
                Step::Post(number, call) => {
                    if let Err(error) = self.post(number, &call) {
                        self.jobs.answered(number);
                        self.answer(number, Err(error));
                    }
                }
            }
        }
    }

    fn post(&mut self, number: u32, call: &Call) -> Result<()> {
        let lane = self.lane;
        let port = if let Some(port) = self.port.take() {
            port
        } else {
            self.start += 1;
            let on_said = move |said| {
                if let Said::Answer(answer) = said {
                    heard(lane, answer);
                }
            };
            Port::open(on_said, move |why| broken(lane, why)).map_err(WorkerError::Broken)?
        };
        let port = self.port.insert(port);
        if call.only.is_some_and(|only| only != self.start) {
            return Err(WorkerError::Refused("the worker that kept it was stopped".to_owned()));
        }
        port.post(number, call.function, &call.args).map_err(WorkerError::Broken)
    }
}

fn heard(lane: Lane, (number, result): Answer) {
    lane.client().with_borrow_mut(|client| {
        if client.jobs.answered(number) {
            let start = client.start;
            let reply = result.map(|value| Reply { value, start }).map_err(WorkerError::Refused);
            client.answer(number, reply);
            client.go_on();
        }
    });
}

/// The worker cannot be loaded or died: every call fails now, and the next one starts a fresh worker.
fn broken(lane: Lane, why: String) {
    let port = lane.client().with_borrow_mut(|client| {
        let lost: Vec<u32> = client.jobs.lost().into_iter().chain(client.jobs.drain()).collect();
        for number in lost {
            client.answer(number, Err(WorkerError::Broken(why.clone())));
        }
        client.port.take()
    });
    // This runs inside a closure that the port owns: it may go only after the closure has returned.
    spawn_local(async move { drop(port) });
}
