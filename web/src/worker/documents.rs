//! Texts of versions, as the browser's own strings: fetched once, handed to the worker as they came.
//!
//! A version never changes, so what was fetched stays true. The texts never enter this program's memory.

use std::cell::RefCell;
use std::collections::VecDeque;

use stateloft_core::api::VersionView;
use stateloft_core::model::StateKey;
use wasm_bindgen::JsValue;

use crate::api::{self, ApiError};

/// Characters kept; the text used longest ago goes first.
const KEPT: usize = 48 << 20;

struct Kept {
    version_id: String,
    size: usize,
    text: JsValue,
}

thread_local! {
    static TEXTS: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
}

/// The exact text of a version's data; `{}` for a tombstone, which has none, so that everything reads as removed.
pub(crate) async fn text_of(key: &StateKey, version: &VersionView) -> Result<JsValue, ApiError> {
    if version.content_hash.is_none() {
        return Ok(JsValue::from_str("{}"));
    }
    if let Some(text) = kept(&version.version_id) {
        return Ok(text);
    }
    let text = api::raw_of(key, version).await?;
    keep(Kept { version_id: version.version_id.clone(), size: version.size, text: text.clone() });
    Ok(text)
}

fn kept(version_id: &str) -> Option<JsValue> {
    TEXTS.with_borrow_mut(|texts| {
        let at = texts.iter().position(|kept| kept.version_id == version_id)?;
        let found = texts.remove(at)?;
        let text = found.text.clone();
        texts.push_back(found);
        Some(text)
    })
}

fn keep(text: Kept) {
    TEXTS.with_borrow_mut(|texts| {
        texts.push_back(text);
        let mut size: usize = texts.iter().map(|kept| kept.size).sum();
        while size > KEPT && texts.len() > 2 {
            size -= texts.pop_front().map_or(0, |gone| gone.size);
        }
    });
}
