//! A report that stays here: a class, since of ten thousand rows a page shows fifty, and handing over all of them takes longer
//! than making the report.

use js_sys::JsString;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::Misuse;
use super::exports::{argument, plain, plain_at_once, utf8};
use crate::api::{AgreementCounts, BrokerShape, ReconcileReport, Unread};
use crate::model::Timestamp;

/// Parts of a list that cannot be read, that are told of.
const TOLD: usize = 200;

/// A report without its rows.
#[derive(Serialize)]
struct Summary<'a> {
    hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<BrokerShape>,
    as_of: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    counts: &'a AgreementCounts,
    rows: usize,
    unread: usize,
    first_unread: &'a [Unread],
}

/// How a broker's list of positions stands to ours.
#[wasm_bindgen]
pub struct Reconciliation(ReconcileReport);

#[wasm_bindgen]
impl Reconciliation {
    /// Makes the report, as `reconcile` does.
    #[wasm_bindgen(constructor)]
    pub fn new(
        ours: &JsString,
        #[wasm_bindgen(unchecked_param_type = "string | null | undefined")] list: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "ReconcileOptions")] options: &JsValue,
    ) -> Result<Self, JsError> {
        let options = argument("options", options)?;
        let list = match list.dyn_ref::<JsString>() {
            Some(text) => Some(utf8(text)),
            None if list.is_null() || list.is_undefined() => None,
            None => return Err(Misuse::Argument("list", "it must be a text, or null".to_owned()).into()),
        };
        Ok(Self(super::reconcile(&utf8(ours), list.as_deref(), &options)?))
    }

    /// All but the rows.
    #[wasm_bindgen(unchecked_return_type = "ReconcileSummary")]
    pub fn summary(&self) -> Result<JsValue, JsError> {
        let ReconcileReport { hash, shape, as_of, failure, counts, rows, unread } = &self.0;
        plain(&Summary {
            hash,
            shape: *shape,
            as_of: *as_of,
            failure: failure.as_deref(),
            counts,
            rows: rows.len(),
            unread: unread.len(),
            first_unread: &unread[..unread.len().min(TOLD)],
        })
    }

    /// So many rows from a place on, the worst first.
    #[wasm_bindgen(unchecked_return_type = "ReconcileRow[]")]
    pub fn rows(&self, from: usize, limit: usize) -> Result<JsValue, JsError> {
        let rows = &self.0.rows;
        let from = from.min(rows.len());
        plain_at_once(&&rows[from..from.saturating_add(limit).min(rows.len())])
    }
}
