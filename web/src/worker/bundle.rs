//! A bundle that is opened from a file, in a worker of its own that holds all of it: here is only what is shown.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::oneshot::{self, Sender};
use js_sys::{Array, JSON};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use stateloft_core::api::VersionView;
use stateloft_core::model::{Seq, StateKey};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::client::WorkerError;
use super::port::{Port, Said};

type Result<T> = std::result::Result<T, WorkerError>;

/// How far a file is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Progress {
    /// Bytes of it.
    pub(crate) bytes: u64,
    /// Versions in them.
    pub(crate) versions: u64,
}

/// Some of a list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Page<T> {
    /// How many there are.
    pub(crate) total: usize,
    /// Those that were asked for.
    pub(crate) items: Vec<T>,
}

/// Where the texts of versions come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// The server's store.
    #[default]
    Store,
    /// The file that is open.
    File,
}

struct Inner {
    number: u32,
    port: RefCell<Option<Port>>,
    waiting: RefCell<HashMap<u32, Sender<Result<JsValue>>>>,
    last: Cell<u32>,
    broken: RefCell<Option<WorkerError>>,
}

/// A file that is read, or was. When nobody has it any more the worker ends, and what it held is gone.
#[derive(Clone)]
pub(crate) struct Opening(Rc<Inner>);

thread_local! {
    static NUMBERS: Cell<u32> = const { Cell::new(0) };
    static OPEN: RefCell<Option<Opening>> = const { RefCell::new(None) };
}

impl Opening {
    /// Begins a worker for another file; the one before is forgotten. `progress` hears how far it is.
    pub(crate) fn begin(mut progress: impl FnMut(Progress) + 'static) -> Result<Self> {
        Self::close();
        let number = NUMBERS.replace(NUMBERS.get() + 1);
        let inner = Rc::new(Inner {
            number,
            port: RefCell::new(None),
            waiting: RefCell::default(),
            last: Cell::new(0),
            broken: RefCell::new(None),
        });
        let (heard, lost) = (Rc::downgrade(&inner), Rc::downgrade(&inner));
        let on_said = move |said| match said {
            Said::Progress(how_far) => {
                if let Ok(how_far) = serde_wasm_bindgen::from_value(how_far) {
                    progress(how_far);
                }
            }
            Said::Answer((id, result)) => {
                if let Some(inner) = heard.upgrade() {
                    inner.answer(id, result.map_err(WorkerError::Refused));
                }
            }
        };
        let on_broken = move |why: String| {
            // This runs inside a closure that the port owns: it may go only after the closure has returned.
            if let Some(inner) = lost.upgrade() {
                spawn_local(async move { inner.stop(&WorkerError::Broken(why)) });
            }
        };
        let port = Port::open(on_said, on_broken).map_err(WorkerError::Broken)?;
        inner.port.replace(Some(port));
        let this = Self(inner);
        OPEN.set(Some(this.clone()));
        Ok(this)
    }

    /// The file that is open.
    fn present() -> Option<Self> {
        OPEN.with_borrow(Clone::clone)
    }

    /// Whether it is the one that is open.
    pub(crate) fn is_present(&self) -> bool {
        OPEN.with_borrow(|open| open.as_ref().is_some_and(|open| Rc::ptr_eq(&open.0, &self.0)))
    }

    /// Forgets the file that is open, and stops what is done with it.
    pub(crate) fn close() {
        if let Some(this) = OPEN.take() {
            this.0.stop(&WorkerError::Cancelled);
        }
    }

    /// Reads the file.
    pub(crate) async fn read<T: DeserializeOwned>(&self, file: &Blob) -> Result<T> {
        self.call("bundle.open", &[file.into()]).await
    }

    /// Which one it is: what is known of one says nothing of the next.
    fn number(&self) -> u32 {
        self.0.number
    }

    async fn call<T: DeserializeOwned>(&self, function: &'static str, args: &[JsValue]) -> Result<T> {
        let value = self.call_raw(function, args).await?;
        serde_wasm_bindgen::from_value(value).map_err(|error| WorkerError::Shape(error.to_string()))
    }

    async fn call_raw(&self, function: &'static str, args: &[JsValue]) -> Result<JsValue> {
        if let Some(error) = self.0.broken.borrow().clone() {
            return Err(error);
        }
        let id = self.0.last.get() + 1;
        self.0.last.set(id);
        let (sender, result) = oneshot::channel();
        self.0.waiting.borrow_mut().insert(id, sender);
        let posted = match &*self.0.port.borrow() {
            Some(port) => port.post(id, function, &args.iter().collect::<Array>()),
            None => Err("it was stopped".to_owned()),
        };
        posted.map_err(WorkerError::Broken)?;
        result.await.unwrap_or(Err(WorkerError::Cancelled))
    }
}

impl Inner {
    fn answer(&self, id: u32, result: Result<JsValue>) {
        let sender = self.waiting.borrow_mut().remove(&id);
        if let Some(sender) = sender {
            // Nobody listening is no fault.
            let _ = sender.send(result);
        }
    }

    fn stop(&self, why: &WorkerError) {
        self.port.replace(None);
        self.broken.borrow_mut().get_or_insert(why.clone());
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        for sender in waiting.into_values() {
            let _ = sender.send(Err(why.clone()));
        }
    }
}

/// A question about the file that is open.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask(serde_json::Value);

impl Ask {
    /// About states: as of a moment, with a text, of a type, the deleted ones too, by id.
    pub(crate) fn states(
        at: Option<Seq>,
        q: Option<String>,
        state_type: Option<String>,
        deleted: bool,
        by_id: bool,
    ) -> Self {
        Self(json!({ "at": at, "q": q, "state_type": state_type, "deleted": deleted, "by_id": by_id }))
    }

    /// About a state as of a moment.
    pub(crate) fn state(key: &StateKey, at: Option<Seq>) -> Self {
        Self(json!({ "state_type": key.state_type, "state_id": key.state_id, "at": at }))
    }

    /// Its version with this number.
    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0["number"] = number.into();
        self
    }

    /// Its last version before this number.
    pub(crate) fn before(mut self, number: u64) -> Self {
        self.0["before"] = number.into();
        self
    }

    fn value(&self) -> JsValue {
        JSON::parse(&self.0.to_string()).unwrap_or(JsValue::NULL)
    }

    /// Some of what `bundle.states` or `bundle.history` lists.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        function: &'static str,
        offset: usize,
        limit: usize,
    ) -> Result<Page<T>> {
        let number = |number: usize| JsValue::from(u32::try_from(number).unwrap_or(u32::MAX));
        open()?.call(function, &[self.value(), number(offset), number(limit)]).await
    }

    /// The version that is asked for, if there is one.
    pub(crate) async fn version(&self) -> Result<Option<VersionView>> {
        let opening = open()?;
        let version: Option<VersionView> = opening.call("bundle.version", &[self.value()]).await?;
        Ok(version.map(|version| VersionView {
            version_id: format!("file {}", opening.number()) + &version.version_id,
            ..version
        }))
    }
}

/// The exact text of a version's data; `{}` for a tombstone, which has none.
pub(crate) async fn file_text(version: &VersionView) -> Result<JsValue> {
    #[allow(clippy::cast_precision_loss, reason = "far below where numbers lose their last digit")]
    let seq = version.seq.0 as f64;
    let text = open()?.call_raw("bundle.text", &[seq.into()]).await?;
    Ok(if text.is_undefined() { JsValue::from_str("{}") } else { text })
}

fn open() -> Result<Opening> {
    Opening::present().ok_or_else(|| WorkerError::Refused("No file is open.".to_owned()))
}
