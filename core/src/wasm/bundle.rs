//! A bundle that is opened: a class, since it is read piece by piece and asked again and again.

use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::Misuse;
use super::exports::{argument, plain};
use crate::api::VersionView;
use crate::bundle::{AskedState, AskedStates, DamagedLine, End, Header, Opened, StateThen, Unpacked};
use crate::model::{Seq, Snapshot};

/// Lines that could not be given, and snapshots, that are told of.
const TOLD: usize = 200;

/// What a bundle is, and whether it is whole.
#[derive(Serialize)]
struct Summary<'a> {
    header: Option<&'a Header>,
    versions: usize,
    states: usize,
    types: Vec<&'a str>,
    restores: u64,
    snapshots: usize,
    last_snapshots: Vec<Named<'a>>,
    damaged: usize,
    first_damaged: &'a [DamagedLine],
    moments: Option<(Seq, Seq)>,
    last_chain_hash: Option<String>,
    end: &'static str,
    line: Option<u64>,
    wrong: Option<String>,
}

/// A snapshot: a name for a moment.
#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    seq: Seq,
}

/// So many of a list, from a place on.
#[derive(Serialize)]
struct Page<T> {
    total: usize,
    items: Vec<T>,
}

/// A bundle: fed with the bytes of a file, then asked.
#[wasm_bindgen]
#[derive(Default)]
pub struct Bundle {
    unpacked: Unpacked,
    plain: Vec<u8>,
    opened: Opened,
    /// The states that were asked for last, so that the next page of them is there at once.
    found: Option<(AskedStates, Vec<usize>)>,
}

#[wasm_bindgen]
impl Bundle {
    /// An empty one.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next bytes of the file, packed with gzip or not, and says whether more are wanted.
    pub fn feed(&mut self, bytes: &Uint8Array) -> bool {
        let bytes = bytes.to_vec();
        let mut rest = &bytes[..];
        while !rest.is_empty() && self.opened.end().is_none() {
            let unpacked = self.unpacked.next(rest, &mut self.plain);
            self.opened.feed(&self.plain);
            self.plain.clear();
            match unpacked {
                Ok(taken) => rest = &rest[taken..],
                Err(error) => self.opened.break_off(error.to_string()),
            }
        }
        self.opened.end().is_none()
    }

    /// Nothing more comes.
    pub fn finish(&mut self) {
        if self.opened.end().is_some() {
            return;
        }
        let left = self.unpacked.finish(&mut self.plain);
        self.opened.feed(&self.plain);
        self.plain = Vec::new();
        // Where gzip was cut, so was what it holds: that says in which line.
        self.opened.finish();
        if let Err(error) = left {
            self.opened.break_off(error.to_string());
        }
    }

    /// How many versions were read so far.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn versions(&self) -> usize {
        self.opened.versions().len()
    }

    /// What the bundle is, and whether it is whole.
    #[wasm_bindgen(unchecked_return_type = "BundleSummary")]
    pub fn summary(&self) -> Result<JsValue, JsError> {
        let opened = &self.opened;
        let (end, line, wrong) = match opened.end() {
            None => ("open", None, None),
            Some(End::Whole(_)) => ("whole", None, None),
            Some(End::Faulty(fault)) => ("faulty", Some(fault.line), Some(fault.wrong.to_string())),
            Some(End::TooLarge) => ("too_large", None, None),
        };
        let snapshots = opened.snapshots();
        plain(&Summary {
            header: opened.header(),
            versions: opened.versions().len(),
            states: opened.states(),
            types: opened.types(),
            restores: opened.restores(),
            snapshots: snapshots.len(),
            last_snapshots: snapshots[snapshots.len().saturating_sub(TOLD)..].iter().map(named).collect(),
            damaged: opened.damaged().len(),
            first_damaged: &opened.damaged()[..opened.damaged().len().min(TOLD)],
            moments: opened.moments(),
            last_chain_hash: opened.versions().last().map(|last| last.chain_hash.to_string()),
            end,
            line,
            wrong,
        })
    }

    /// Some of the states that are asked for, with their last versions then.
    #[wasm_bindgen(unchecked_return_type = "BundlePage<StateThen>")]
    pub fn states(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "AskedStates")] asked: &JsValue,
        offset: usize,
        limit: usize,
    ) -> Result<JsValue, JsError> {
        let asked: AskedStates = argument("asked", asked)?;
        if self.found.as_ref().is_none_or(|(of, _)| *of != asked) {
            let found = self.opened.find(&asked).map_err(misuse)?;
            self.found = Some((asked, found));
        }
        let places = self.found.as_ref().map(|(_, places)| &places[..]).unwrap_or_default();
        let items: Vec<StateThen> = self.opened.at_places(page(places, offset, limit)).collect();
        plain(&Page { total: places.len(), items })
    }

    /// Some of a state's versions, newest first.
    #[wasm_bindgen(unchecked_return_type = "BundlePage<VersionView>")]
    pub fn history(
        &self,
        #[wasm_bindgen(unchecked_param_type = "AskedState")] asked: &JsValue,
        offset: usize,
        limit: usize,
    ) -> Result<JsValue, JsError> {
        let places = self.opened.history(&argument("asked", asked)?).map_err(misuse)?;
        let versions = self.opened.versions();
        let items = page(&places, offset, limit).iter().map(|place| VersionView::of(&versions[*place]));
        plain(&Page { total: places.len(), items: items.collect::<Vec<_>>() })
    }

    /// One version; null if the bundle has none such.
    #[wasm_bindgen(unchecked_return_type = "VersionView | null")]
    pub fn version(
        &self,
        #[wasm_bindgen(unchecked_param_type = "AskedState")] asked: &JsValue,
    ) -> Result<JsValue, JsError> {
        let asked: AskedState = argument("asked", asked)?;
        plain(&self.opened.version(&asked).map_err(misuse)?.map(VersionView::of))
    }

    /// The exact text of a version's data; undefined for a tombstone, or where the bundle has no version with this seq.
    #[must_use]
    pub fn text(&self, seq: f64) -> Option<String> {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a seq, or there is none such"
        )]
        let version = self.opened.at_seq(Seq(seq as u64))?;
        version.data.as_ref().map(|data| data.text().to_owned())
    }
}

fn named(snapshot: &Snapshot) -> Named<'_> {
    Named { id: snapshot.id.as_str(), seq: snapshot.seq }
}

fn page<T>(all: &[T], offset: usize, limit: usize) -> &[T] {
    let from = offset.min(all.len());
    &all[from..from.saturating_add(limit).min(all.len())]
}

#[allow(clippy::needless_pass_by_value, reason = "given to map_err")]
fn misuse(error: crate::bundle::OutOfReach) -> Misuse {
    Misuse::Argument("at", error.to_string())
}
