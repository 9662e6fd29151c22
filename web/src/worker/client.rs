//! Calls to the component, each a future; dropping one forgets the call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::channel::oneshot::{self, Receiver, Sender};
use js_sys::Array;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::port::{Answer, Port};
use crate::model::jobs::{Jobs, Step};

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

struct Call {
    function: &'static str,
    args: Array,
}

#[derive(Default)]
struct Client {
    port: Option<Port>,
    jobs: Jobs<Call>,
    waiting: HashMap<u32, Sender<Result<JsValue, WorkerError>>>,
}

thread_local! {
    static CLIENT: RefCell<Client> = RefCell::default();
}

/// A call on its way. Dropping it says that nobody waits for it any more.
pub(crate) struct Job {
    id: u32,
    result: Receiver<Result<JsValue, WorkerError>>,
}

impl Job {
    /// Its number, for [`Job::cancel`] by somebody who does not hold it.
    #[must_use]
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Stops a call, even in the middle of its work.
    pub(crate) fn cancel(id: u32) {
        CLIENT.with_borrow_mut(|client| {
            if matches!(client.jobs.cancel(id), Step::Restart) {
                client.port = None;
            }
            client.answer(id, Err(WorkerError::Cancelled));
            client.go_on();
        });
    }
}

impl Future for Job {
    type Output = Result<JsValue, WorkerError>;
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
            CLIENT.with_borrow_mut(|client| {
                client.jobs.forget(id);
                client.waiting.remove(&id);
            });
        });
    }
}

/// Puts a call in the line; the component is loaded if this is the first.
#[must_use]
pub(crate) fn start(function: &'static str, args: &[JsValue]) -> Job {
    let (sender, result) = oneshot::channel();
    let args: Array = args.iter().collect();
    CLIENT.with_borrow_mut(|client| {
        let id = client.jobs.add(Call { function, args });
        client.waiting.insert(id, sender);
        client.go_on();
        Job { id, result }
    })
}

/// Calls a function of the component and reads its result.
pub(crate) async fn call<T: DeserializeOwned>(
    function: &'static str,
    args: &[JsValue],
) -> Result<T, WorkerError> {
    read(start(function, args).await?)
}

/// Reads a result as one of core's types.
pub(crate) fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, WorkerError> {
    serde_wasm_bindgen::from_value(value).map_err(|error| WorkerError::Shape(error.to_string()))
}

impl Client {
    fn answer(&mut self, id: u32, result: Result<JsValue, WorkerError>) {
        if let Some(sender) = self.waiting.remove(&id) {
            // Nobody listening is no fault.
            let _ = sender.send(result);
        }
    }

    /// Hands the worker its next job, starting it if need be.
    fn go_on(&mut self) {
        while let Step::Post(id, call) = self.jobs.hand_over() {
            let posted = self.open().and_then(|port| port.post(id, call.function, &call.args));
            if let Err(why) = posted {
                self.jobs.answered(id);
                self.answer(id, Err(WorkerError::Broken(why)));
            }
        }
    }

    fn open(&mut self) -> Result<&Port, String> {
        let port = match self.port.take() {
            Some(port) => port,
            None => Port::open(heard, broken)?,
        };
        Ok(self.port.insert(port))
    }
}

fn heard((id, result): Answer) {
    CLIENT.with_borrow_mut(|client| {
        if client.jobs.answered(id) {
            client.answer(id, result.map_err(WorkerError::Refused));
            client.go_on();
        }
    });
}

/// The worker cannot be loaded or died: every call fails now, and the next one starts a fresh worker.
fn broken(why: String) {
    let port = CLIENT.with_borrow_mut(|client| {
        let lost: Vec<u32> = client.jobs.lost().into_iter().chain(client.jobs.drain()).collect();
        for id in lost {
            client.answer(id, Err(WorkerError::Broken(why.clone())));
        }
        client.port.take()
    });
    // This runs inside a closure that the port owns: it may go only after the closure has returned.
    spawn_local(async move { drop(port) });
}
