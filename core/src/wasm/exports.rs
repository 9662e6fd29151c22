//! The component's functions as JavaScript sees them.

use js_sys::JsString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::Misuse;
use super::inspect::{Checked, TextError};
use crate::api::StateSelection;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// A result as plain data: objects, arrays, texts, numbers, booleans, null.
fn plain<T: Serialize>(result: &T) -> Result<JsValue, JsError> {
    Ok(result.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}

fn plain_or_thrown<T: Serialize>(result: Result<T, Misuse>) -> Result<JsValue, JsError> {
    plain(&result?)
}

/// Plain data as one of core's types.
fn argument<T: DeserializeOwned>(name: &'static str, value: JsValue) -> Result<T, Misuse> {
    serde_wasm_bindgen::from_value(value).map_err(|error| Misuse::Argument(name, error.to_string()))
}

/// Reads a text strictly, as a save would.
#[wasm_bindgen(unchecked_return_type = "Checked")]
pub fn check(text: &JsString) -> Result<JsValue, JsError> {
    // Half of a surrogate pair would become U+FFFD on the way into Rust, unseen.
    match lone_surrogate(text) {
        None => plain(&super::check(&String::from(text))),
        Some(offset) => {
            let message = format!("half of a surrogate pair is not a character at byte {offset}");
            let error = TextError { code: "lone_surrogate".to_owned(), message, offset };
            plain(&Checked::Refused { ok: false, error })
        }
    }
}

/// Where the first half of a surrogate pair stands, in bytes of UTF-8.
fn lone_surrogate(text: &JsString) -> Option<usize> {
    if text.is_valid_utf16() {
        return None;
    }
    let mut offset = 0;
    for unit in char::decode_utf16(text.iter()) {
        match unit {
            Ok(character) => offset += character.len_utf8(),
            Err(_) => break,
        }
    }
    Some(offset)
}

/// Holds a document against the rules of its type, as a save would.
#[wasm_bindgen(unchecked_return_type = "Validated")]
pub fn validate(
    state_type: &str,
    document: &str,
    #[wasm_bindgen(unchecked_param_type = "Mode")] mode: &str,
) -> Result<JsValue, JsError> {
    plain_or_thrown(super::validate(state_type, document, mode))
}

/// Lists the children of a node, `limit` of them from `offset` on.
#[wasm_bindgen(unchecked_return_type = "Outline")]
pub fn outline(document: &str, pointer: &str, offset: usize, limit: usize) -> Result<JsValue, JsError> {
    plain_or_thrown(super::outline(document, pointer, offset, limit))
}

/// What is different in `new`, by the identities and identifiers of the type.
#[wasm_bindgen(unchecked_return_type = "Diff")]
pub fn diff(state_type: &str, old: &str, new: &str) -> Result<JsValue, JsError> {
    plain_or_thrown(super::diff(state_type, old, new))
}

/// The difference as JSON Patch (RFC 6902), as JSON text: its values are spelled as in `new`.
#[wasm_bindgen]
pub fn json_patch(state_type: &str, old: &str, new: &str) -> Result<String, JsError> {
    Ok(super::json_patch(state_type, old, new)?)
}

/// Both documents as lines beside each other; with `context`, equal lines further away are folded.
#[wasm_bindgen(unchecked_return_type = "Row[]")]
pub fn side_by_side(
    state_type: &str,
    old: &str,
    new: &str,
    context: Option<usize>,
) -> Result<JsValue, JsError> {
    plain_or_thrown(super::side_by_side(state_type, old, new, context))
}

/// The text of `old` with a difference applied: all of it, or the changes at these places of its list.
#[wasm_bindgen]
#[allow(clippy::needless_pass_by_value, reason = "an array that may be absent crosses as a value")]
pub fn apply(
    old: &str,
    #[wasm_bindgen(unchecked_param_type = "Diff")] diff: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "ArrayLike<number> | null")] chosen: Option<Vec<usize>>,
) -> Result<String, JsError> {
    Ok(super::apply(old, &argument("diff", diff)?, chosen.as_deref())?)
}

/// What a restore does to one state, and the text that it would write.
#[wasm_bindgen(unchecked_return_type = "RestoredState")]
#[allow(clippy::needless_pass_by_value, reason = "a text that may be absent crosses as a value")]
pub fn plan(
    state_type: &str,
    now: Option<String>,
    target: Option<String>,
    #[wasm_bindgen(unchecked_param_type = "StateSelection | null | undefined")] selection: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Mode")] mode: &str,
) -> Result<JsValue, JsError> {
    let selection: Option<StateSelection> = argument("selection", selection)?;
    let selection = selection.unwrap_or_default();
    plain_or_thrown(super::plan(state_type, now.as_deref(), target.as_deref(), &selection, mode))
}

/// The hash that binds a plan of the server with other ticks.
#[wasm_bindgen]
pub fn plan_hash(
    #[wasm_bindgen(unchecked_param_type = "Plan")] plan: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Selection")] selection: JsValue,
) -> Result<String, JsError> {
    Ok(super::plan_hash(&argument("plan", plan)?, &argument("selection", selection)?))
}

/// Checks versions that follow each other in the log, oldest first.
#[wasm_bindgen(unchecked_return_type = "Verified")]
pub fn verify(events: &str, previous: &str) -> Result<JsValue, JsError> {
    plain_or_thrown(super::verify(events, previous))
}
