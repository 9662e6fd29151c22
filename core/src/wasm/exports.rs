//! The component's functions as JavaScript sees them.

use js_sys::{JsString, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::{AskedPlan, Misuse};
use crate::api::{ImportOptions, StateSelection};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// A result as plain data: objects, arrays, texts, numbers, booleans, null.
pub(super) fn plain<T: Serialize>(result: &T) -> Result<JsValue, JsError> {
    Ok(result.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}

/// The same of a result of thousands of parts, through one JSON text in place of a call for each member.
/// Only for what has no numbers beyond those that JavaScript counts exactly.
pub(super) fn plain_at_once<T: Serialize>(result: &T) -> Result<JsValue, JsError> {
    let text = serde_json::to_string(result)?;
    // It was written a moment ago: it is JSON.
    js_sys::JSON::parse(&text).map_err(|_| JsError::new("the result cannot be read"))
}

fn plain_or_thrown<T: Serialize>(result: Result<T, Misuse>) -> Result<JsValue, JsError> {
    plain(&result?)
}

/// Plain data as one of core's types. It is read as JSON: from an object itself only the members that are known would be
/// read, and a misspelt one passed over.
pub(super) fn argument<T: DeserializeOwned>(name: &'static str, value: &JsValue) -> Result<T, Misuse> {
    let text = js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string());
    // What is undefined has no JSON.
    let text = text.unwrap_or_else(|| "null".to_owned());
    serde_json::from_str(&text).map_err(|error| Misuse::Argument(name, error.to_string()))
}

#[wasm_bindgen]
extern "C" {
    type TextEncoder;
    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;
    #[wasm_bindgen(method)]
    fn encode(this: &TextEncoder, text: &JsString) -> Uint8Array;
}

/// A text that may be large, in Rust. A parameter `&str` would be copied character by character, which takes longer
/// than comparing two documents does.
pub(super) fn utf8(given: &JsString) -> String {
    // The encoder never writes anything but UTF-8.
    String::from_utf8(TextEncoder::new().encode(given).to_vec()).unwrap_or_default()
}

/// Reads a text strictly, as a save would.
#[wasm_bindgen(unchecked_return_type = "Checked")]
pub fn check(text: &JsString) -> Result<JsValue, JsError> {
    let read = utf8(text);
    // Half of a surrogate pair becomes U+FFFD on the way into Rust, which must not pass unseen.
    let lone = if read.contains(char::REPLACEMENT_CHARACTER) { lone_surrogate(text) } else { None };
    plain(&super::check(&read, lone))
}

/// Where the first half of a surrogate pair stands, in bytes of UTF-8.
fn lone_surrogate(text: &JsString) -> Option<usize> {
    let mut offset = 0;
    for unit in char::decode_utf16(text.iter()) {
        match unit {
            Ok(character) => offset += character.len_utf8(),
            Err(_) => return Some(offset),
        }
    }
    None
}

/// Holds a document against the rules of its type, as a save would.
#[wasm_bindgen(unchecked_return_type = "Validated")]
pub fn validate(
    state_type: &str,
    document: &JsString,
    #[wasm_bindgen(unchecked_param_type = "Mode")] mode: &str,
) -> Result<JsValue, JsError> {
    plain_or_thrown(super::validate(state_type, &utf8(document), mode))
}

/// Lists the children of a node, `limit` of them from `offset` on.
#[wasm_bindgen(unchecked_return_type = "Outline")]
pub fn outline(document: &JsString, pointer: &str, offset: usize, limit: usize) -> Result<JsValue, JsError> {
    plain_or_thrown(super::outline(&utf8(document), pointer, offset, limit))
}

/// What is different in `new`, by the identities and identifiers of the type.
#[wasm_bindgen(unchecked_return_type = "Diff")]
pub fn diff(state_type: &str, old: &JsString, new: &JsString) -> Result<JsValue, JsError> {
    plain_or_thrown(super::diff(state_type, &utf8(old), &utf8(new)))
}

/// The difference as JSON Patch (RFC 6902), as JSON text: its values are spelled as in `new`.
#[wasm_bindgen]
pub fn json_patch(state_type: &str, old: &JsString, new: &JsString) -> Result<String, JsError> {
    Ok(super::json_patch(state_type, &utf8(old), &utf8(new))?)
}

/// Both documents as lines beside each other; with `context`, equal lines further away are folded.
#[wasm_bindgen(unchecked_return_type = "Row[]")]
pub fn side_by_side(
    state_type: &str,
    old: &JsString,
    new: &JsString,
    context: Option<usize>,
) -> Result<JsValue, JsError> {
    plain_or_thrown(super::side_by_side(state_type, &utf8(old), &utf8(new), context))
}

/// The text of `old` with a difference applied: all of it, or the changes at these places of its list.
#[wasm_bindgen]
#[allow(clippy::needless_pass_by_value, reason = "an array that may be absent crosses as a value")]
pub fn apply(
    old: &JsString,
    #[wasm_bindgen(unchecked_param_type = "Diff")] diff: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "ArrayLike<number> | null")] chosen: Option<Vec<usize>>,
) -> Result<String, JsError> {
    Ok(super::apply(&utf8(old), &argument("diff", &diff)?, chosen.as_deref())?)
}

/// What a restore does to one state, and the text that it would write.
#[wasm_bindgen(unchecked_return_type = "RestoredState")]
#[allow(clippy::needless_pass_by_value, reason = "a text that may be absent crosses as a value")]
pub fn plan(
    state_type: &str,
    now: Option<JsString>,
    target: Option<JsString>,
    #[wasm_bindgen(unchecked_param_type = "StateSelection | null | undefined")] selection: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Mode")] mode: &str,
) -> Result<JsValue, JsError> {
    let selection: Option<StateSelection> = argument("selection", &selection)?;
    let selection = selection.unwrap_or_default();
    let (now, target) = (now.as_ref().map(utf8), target.as_ref().map(utf8));
    plain_or_thrown(super::plan(state_type, now.as_deref(), target.as_deref(), &selection, mode))
}

/// The hash that binds a plan of the server with other ticks.
#[wasm_bindgen]
pub fn plan_hash(
    #[wasm_bindgen(unchecked_param_type = "Plan")] plan: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Selection")] selection: &JsValue,
) -> Result<String, JsError> {
    Ok(super::plan_hash(&argument("plan", plan)?, &argument("selection", selection)?))
}

/// Checks versions that follow each other in the log, oldest first.
#[wasm_bindgen(unchecked_return_type = "Verified")]
pub fn verify(events: &JsString, previous: &str) -> Result<JsValue, JsError> {
    plain_or_thrown(super::verify(&utf8(events), previous))
}

/// How a broker's list of positions stands to ours, and with `asked` what choices would write. A call that failed has no list.
#[wasm_bindgen(skip_typescript)]
pub fn reconcile(
    ours: &JsString,
    list: Option<JsString>,
    options: &JsValue,
    asked: &JsValue,
) -> Result<JsValue, JsError> {
    let options = argument("options", options)?;
    let asked: Option<AskedPlan> = argument("asked", asked)?;
    let (ours, list) = (utf8(ours), list.map(|list| utf8(&list)));
    match asked {
        None => plain_at_once(&super::reconcile(&ours, list.as_deref(), &options)?),
        Some(asked) => plain_at_once(&super::reconcile_plan(&ours, list.as_deref(), &options, &asked)?),
    }
}

/// What files of older programs hold, and what an import of them would write.
#[wasm_bindgen(unchecked_return_type = "FoundInFiles")]
#[allow(clippy::needless_pass_by_value, reason = "an array crosses as a value")]
pub fn import_preview(
    #[wasm_bindgen(unchecked_param_type = "FileBytes[]")] files: Vec<JsValue>,
    #[wasm_bindgen(unchecked_param_type = "ImportOptions | null | undefined")] options: &JsValue,
) -> Result<JsValue, JsError> {
    let options: Option<ImportOptions> = argument("options", options)?;
    let files: Option<Vec<(String, Vec<u8>)>> = files.iter().map(file).collect();
    let files = files.ok_or_else(|| {
        Misuse::Argument("files", "each has a name, and bytes that are a Uint8Array".to_owned())
    })?;
    plain_or_thrown(super::import_preview(&files, &options.unwrap_or_default()))
}

fn file(file: &JsValue) -> Option<(String, Vec<u8>)> {
    let member = |name: &str| Reflect::get(file, &name.into()).ok();
    let bytes = member("bytes")?.dyn_into::<Uint8Array>().ok()?;
    Some((member("name")?.as_string()?, bytes.to_vec()))
}
