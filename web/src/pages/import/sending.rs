//! The one request that writes: the files as they are, what is chosen of them, and the plan that was looked at.

use std::sync::Arc;

use gloo_net::http::Method;
use js_sys::{Array, JSON, JsString, Object, Reflect, Uint8Array};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use stateloft_core::api::{Code, ImportOptions, StateView};
use stateloft_core::model::Seq;
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use super::importing::{Importing, Shown};
use crate::api::{self, ApiError};
use crate::live::live;
use crate::model::address::Query;
use crate::model::found::{Found, Hand};
use crate::model::import::{BODY_MAX, Choices, Probe, TOO_MUCH};
use crate::model::number;
use crate::parts::or_none;
use crate::shell::Router;

#[wasm_bindgen]
extern "C" {
    type TextDecoder;
    #[wasm_bindgen(constructor)]
    fn new(label: &str, options: &JsValue) -> TextDecoder;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, bytes: &Uint8Array) -> Result<JsString, JsValue>;
}

/// What goes with the files.
#[derive(Serialize)]
struct Order {
    options: ImportOptions,
    choose: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history_only: Vec<String>,
    leave: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What is read of the answer: the versions are asked for by the page that shows them.
#[derive(Deserialize)]
struct Applied {
    #[serde(default)]
    import_id: Option<String>,
    before: Seq,
}

impl Importing {
    /// Writes what is ticked, and goes to what became of it.
    pub(super) fn write(self, user_id: Option<String>, router: Router) {
        let Some(shown) = self.shown.get_untracked() else { return };
        let ticks = self.ticks.get_untracked();
        let Choices { choose, history_only, leave } = ticks.order(&shown.found, &shown.stood);
        let reason = Some(self.reason.get_untracked().trim().to_owned()).filter(|reason| !reason.is_empty());
        let options = ImportOptions { assume_tz: self.zone.get_untracked(), ..ImportOptions::default() };
        let order = Order { options, choose, history_only, leave, user_id: user_id.clone(), reason };
        let wanted = Probe::of(&shown.found, &shown.look, (&shown.stood, &shown.quarantine), &ticks);
        let Some(probe) = wanted else { return };
        let files = self.files_of(&shown);
        let body = match body(&files, &order) {
            Ok(body) => body,
            Err(words) => return self.refused.set(Some(words)),
        };
        self.refused.set(None);
        let path = format!("/imports/{}/apply", shown.look.plan(&shown.found));
        let before = live().seq.get_untracked();
        let show = move |id: &str, after: u64| {
            self.written(&shown);
            let query = Query::default().with("done", Some(id)).with("after", Some(&after.to_string()));
            router.go(&format!("/view/import{query}"));
        };
        let go = show.clone();
        let send = async move {
            let applied: Applied = api::send_as_it_is(Method::POST, &path, body.into()).await?;
            match applied.import_id {
                Some(id) => go(&id, applied.before.0),
                // Somebody else has written all of it meanwhile.
                None => self.work_on(),
            }
            Ok(())
        };
        let there = StoredValue::new(None::<String>);
        let look = move |hand: Hand| Box::pin(look_for(probe.clone(), hand, there)) as _;
        let found = move || {
            if let Some(id) = there.try_get_value().flatten() {
                show(&id, before);
            }
        };
        self.writing.run_or(
            (user_id.or_else(|| Some("migration".to_owned())), None),
            send,
            look,
            found,
            move |error| {
                if error.code() == Some(Code::PlanOutdated) {
                    // What moved is shown; ticks and reason stay.
                    self.work_on();
                }
                Err(error)
            },
        );
    }

    /// The files that were looked at, with their bytes.
    fn files_of(self, shown: &Shown) -> Vec<(String, Uint8Array)> {
        let is_shown = |name: &str| shown.found.files.iter().any(|file| file.name == name);
        let read = self.read().into_iter();
        read.filter(|(_, name, _)| is_shown(name)).map(|(_, name, bytes)| (name, bytes)).collect()
    }

    /// What was written is not on the page any more; what is still read stays.
    fn written(self, shown: &Arc<Shown>) {
        let was_shown = |name: &str| shown.found.files.iter().any(|file| file.name == name);
        self.files.try_update(|files| {
            files.retain(|file| file.bytes().is_none() || !was_shown(&file.name));
        });
        self.ticks.try_set(crate::model::import::Ticks::default());
        self.reason.try_set(String::new());
        self.accept.try_set(false);
        self.work_anew();
    }
}

/// Looks whether the version that was to be written first is there, and which import wrote it.
async fn look_for(probe: Probe, hand: Hand, there: StoredValue<Option<String>>) -> Result<Found, ApiError> {
    let query = Query::default().with("version", Some(&(probe.base + 1).to_string()));
    let behind: Option<StateView> = or_none(api::state(&probe.key, &query).await)?;
    let behind = behind.map(|view| view.version);
    let found = probe.next(hand).judge(behind.as_ref());
    let import = behind.and_then(|version| version.correlation_id).map(|id| id.to_string());
    if matches!(found, Found::There(_)) {
        there.try_set_value(import);
    }
    Ok(found)
}

/// The body, as the browser holds it; what is wrong with it in words.
fn body(files: &[(String, Uint8Array)], order: &Order) -> Result<Blob, String> {
    let wrong = || "The request could not be put together. Nothing was sent.".to_owned();
    let parts = Array::new();
    let quoted = |text: &JsString| JSON::stringify(text).map(JsValue::from).map_err(|_| wrong());
    for (nth, (name, bytes)) in files.iter().enumerate() {
        parts.push(&(if nth == 0 { "{\"files\":[" } else { "," }).into());
        parts.push(&"{\"name\":".into());
        parts.push(&quoted(&JsString::from(name.as_str()))?);
        if let Some(text) = text_of(bytes) {
            parts.push(&",\"text\":".into());
            parts.push(&quoted(&text)?);
        } else {
            parts.push(&",\"base64\":\"".into());
            parts.push(&base64_of(bytes).ok_or_else(wrong)?.into());
            parts.push(&"\"".into());
        }
        parts.push(&"}".into());
    }
    let rest = serde_json::to_string(order).map_err(|_| wrong())?;
    parts.push(&"],".into());
    parts.push(&rest[1..].into());
    let blob = Blob::new_with_str_sequence(&parts).map_err(|_| wrong())?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size is a whole number below 2^53"
    )]
    let size = blob.size() as u64;
    if size > BODY_MAX {
        let (size, most) = (number::bytes(size), number::bytes(BODY_MAX));
        return Err(format!("Of {size} only {most} can be sent from here. {TOO_MUCH}"));
    }
    Ok(blob)
}

/// Bytes as a text, exactly; `None` if they are none that JSON here may hold.
fn text_of(bytes: &Uint8Array) -> Option<JsString> {
    let options = Object::new();
    for name in ["fatal", "ignoreBOM"] {
        Reflect::set(&options, &name.into(), &JsValue::TRUE).ok()?;
    }
    let text = TextDecoder::new("utf-8", &options).decode(bytes).ok()?;
    (!text.includes("\0", 0)).then_some(text)
}

/// Bytes in Base64, in pieces of whole groups.
fn base64_of(bytes: &Uint8Array) -> Option<String> {
    const PIECE: u32 = 3 << 14;
    let mut text = String::new();
    let mut at = 0;
    while at < bytes.length() {
        let end = bytes.length().min(at + PIECE);
        let binary: String = bytes.subarray(at, end).to_vec().into_iter().map(char::from).collect();
        text.push_str(&window().btoa(&binary).ok()?);
        at = end;
    }
    Some(text)
}
