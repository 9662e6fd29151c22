//! What is in files, as the component understands them.

use std::sync::Arc;

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use stateloft_core::api::ImportOptions;
use wasm_bindgen::JsValue;

use super::client::{Lane, WorkerError, start_in};
use crate::model::import::Found;

/// What was found, and beside it all that the component said: the documents stay where they are.
pub(crate) struct Judged {
    /// What was found.
    pub(crate) found: Arc<Found>,
    said: JsValue,
}

impl Judged {
    /// The data of an item, as the browser's own text.
    pub(crate) fn data(&self, at: usize) -> JsValue {
        let items = Reflect::get(&self.said, &"items".into()).unwrap_or(JsValue::NULL);
        #[allow(clippy::cast_possible_truncation, reason = "an array of the browser has no more")]
        let item = Reflect::get_u32(&items, at as u32).unwrap_or(JsValue::NULL);
        Reflect::get(&item, &"data".into()).unwrap_or(JsValue::NULL)
    }
}

/// Understands files, in the worker for what is large: comparing never waits for it.
pub(crate) async fn import_preview(
    files: &[(String, Uint8Array)],
    options: &ImportOptions,
) -> Result<Judged, WorkerError> {
    let wrong = |_| WorkerError::Broken("the files could not be handed over".to_owned());
    let given = Array::new();
    for (name, bytes) in files {
        let file = Object::new();
        Reflect::set(&file, &"name".into(), &name.into()).map_err(wrong)?;
        Reflect::set(&file, &"bytes".into(), bytes).map_err(wrong)?;
        given.push(&file);
    }
    let plain = serde_wasm_bindgen::Serializer::json_compatible();
    let options = options.serialize(&plain).map_err(|error| WorkerError::Shape(error.to_string()))?;
    let reply = start_in(Lane::Large, None, "import_preview", &[given.into(), options]).await?;
    let said = reply.value;
    let found: Result<Found, _> = serde_wasm_bindgen::from_value(said.clone());
    let found = found.map_err(|error| WorkerError::Shape(error.to_string()))?;
    Ok(Judged { found: Arc::new(found), said })
}
