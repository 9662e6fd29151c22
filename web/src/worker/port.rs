//! The browser's worker behind the client: made on demand, told jobs, heard answers.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// An answer: which job, and its value or why there is none.
pub(super) type Answer = (u32, Result<JsValue, String>);

/// What a worker says.
pub(super) enum Said {
    /// A job is done.
    Answer(Answer),
    /// How far the job is that it works on.
    Progress(JsValue),
}

/// A running worker. Dropping it stops it, even in the middle of a job.
pub(super) struct Port {
    worker: Worker,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _broken: Closure<dyn FnMut(ErrorEvent)>,
}

impl Port {
    /// Starts the component's worker.
    pub(super) fn open(
        mut on_said: impl FnMut(Said) + 'static,
        mut on_broken: impl FnMut(String) + 'static,
    ) -> Result<Self, String> {
        let address = address().ok_or("This page does not say where its component is.")?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&address, &options).map_err(|error| words(&error))?;
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(said) = read(&event.data()) {
                on_said(said);
            }
        });
        let broken = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            let message = Reflect::get(&event, &"message".into()).ok().and_then(|text| text.as_string());
            on_broken(message.filter(|text| !text.is_empty()).unwrap_or_else(|| {
                "The component could not be loaded. Load the page again; if the server was updated, this page is of \
                 the old version."
                    .to_owned()
            }));
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(broken.as_ref().unchecked_ref()));
        Ok(Self { worker, _heard: heard, _broken: broken })
    }

    /// Hands over a job.
    pub(super) fn post(&self, id: u32, function: &str, args: &Array) -> Result<(), String> {
        let message = Object::new();
        let fields: [(&str, JsValue); 3] =
            [("id", id.into()), ("fn", function.into()), ("args", args.into())];
        for (name, value) in fields {
            Reflect::set(&message, &name.into(), &value).map_err(|error| words(&error))?;
        }
        self.worker.post_message(&message).map_err(|error| words(&error))
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn address() -> Option<String> {
    let document = web_sys::window()?.document()?;
    document.query_selector("meta[name=\"stateloft-component\"]").ok()??.get_attribute("content")
}

fn read(data: &JsValue) -> Option<Said> {
    let field = |name: &str| Reflect::get(data, &name.into()).ok();
    if let Some(progress) = field("progress").filter(|progress| !progress.is_undefined()) {
        return Some(Said::Progress(progress));
    }
    // Job numbers are made here and fit.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "our own number comes back")]
    let id = field("id")?.as_f64()? as u32;
    if field("ok")?.is_truthy() {
        return Some(Said::Answer((id, Ok(field("value")?))));
    }
    let error = field("error")?;
    let text = error.as_string().unwrap_or_else(|| words(&error));
    Some(Said::Answer((id, Err(text))))
}

/// What an exception says.
pub(super) fn words(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|text| text.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| format!("{error:?}"))
}
