//! A report that stays here: a class, since of ten thousand rows a page shows fifty, and handing over all of them takes longer
//! than making the report.

use js_sys::JsString;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::Misuse;
use super::exports::{argument, plain, plain_at_once, utf8};
use super::ours::{self, Ours};
use super::reconcile::misuse;
use crate::api::{AgreementCounts, BrokerShape, ReconcileOptions, Unread};
use crate::json::Document;
use crate::model::Timestamp;
use crate::reconcile::{OurState, Paged};

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
pub struct Reconciliation {
    ours: Document,
    list: Option<Document>,
    options: ReconcileOptions,
    paged: Paged,
}

#[wasm_bindgen]
impl Reconciliation {
    /// Compares, as `reconcile` does.
    #[wasm_bindgen(constructor)]
    pub fn new(
        ours: &JsString,
        #[wasm_bindgen(unchecked_param_type = "string | null | undefined")] list: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "ReconcileOptions")] options: &JsValue,
    ) -> Result<Self, JsError> {
        let options = argument("options", options)?;
        let list = match list.dyn_ref::<JsString>() {
            Some(text) => Some(ours::read("list", &utf8(text))?),
            None if list.is_null() || list.is_undefined() => None,
            None => return Err(Misuse::Argument("list", "it must be a text, or null".to_owned()).into()),
        };
        let ours = ours::read("ours", &utf8(ours))?;
        let paged = compared(&ours, |states| Paged::of(states, list.as_ref(), &options))?;
        Ok(Self { ours, list, options, paged })
    }

    /// All but the rows.
    #[wasm_bindgen(unchecked_return_type = "ReconcileSummary")]
    pub fn summary(&self) -> Result<JsValue, JsError> {
        let Paged { hash, shape, counts, unread, .. } = &self.paged;
        plain(&Summary {
            hash,
            shape: *shape,
            as_of: self.options.as_of,
            failure: self.options.failure.as_deref(),
            counts,
            rows: self.paged.len(),
            unread: unread.len(),
            first_unread: &unread[..unread.len().min(TOLD)],
        })
    }

    /// So many rows from a place on, the worst first.
    #[wasm_bindgen(unchecked_return_type = "ReconcileRow[]")]
    pub fn rows(&self, from: usize, limit: usize) -> Result<JsValue, JsError> {
        let which = from..from.saturating_add(limit);
        plain_at_once(&compared(&self.ours, |states| {
            self.paged.rows(states, self.list.as_ref(), &self.options, which)
        })?)
    }
}

fn compared<T>(
    ours: &Document,
    compare: impl FnOnce(&[OurState<'_>]) -> Result<T, crate::reconcile::ReconcileError>,
) -> Result<T, Misuse> {
    let ours = ours::all(ours)?;
    let states: Vec<OurState<'_>> = ours.iter().map(Ours::state).collect();
    compare(&states).map_err(|error| misuse(&error))
}
