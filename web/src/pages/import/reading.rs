//! Files as they were given, and reading them piece by piece, so that it shows how far it is and can be ended.

use std::cell::Cell;

use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::bundles::{BundleFile, is_named_bundle};
use super::importing::Importing;
use crate::model::import::{FILES_MAX, TOO_MUCH, pieces};
use crate::model::number;

/// Bytes that are read at once.
const PIECE: u64 = 1 << 20;

/// A file of this page.
#[derive(Clone)]
pub(super) struct Given {
    /// Tells it from others of the same name.
    pub(super) id: u32,
    /// What it is called, within its folder.
    pub(super) name: String,
    /// Bytes.
    pub(super) size: u64,
    /// It was pasted: no file has its name.
    pub(super) pasted: bool,
    /// How far it is read.
    pub(super) stage: Stage,
    source: Blob,
}

/// How far a file is read.
#[derive(Clone)]
pub(super) enum Stage {
    /// Others come first.
    Waiting,
    /// So many bytes are.
    Reading(u64),
    /// All of it is.
    Read(Uint8Array),
    /// It could not be.
    Failed,
}

impl Given {
    /// As it was before somebody began to read it.
    pub(super) fn unbegun(self) -> Self {
        match self.stage {
            Stage::Reading(_) => Self { stage: Stage::Waiting, ..self },
            _ => self,
        }
    }

    /// Its bytes, once they are read.
    pub(super) fn bytes(&self) -> Option<Uint8Array> {
        match &self.stage {
            Stage::Read(bytes) => Some(bytes.clone()),
            Stage::Waiting | Stage::Reading(_) | Stage::Failed => None,
        }
    }
}

thread_local! {
    static IDS: Cell<u32> = const { Cell::new(0) };
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size is a whole number below 2^53"
)]
fn size(blob: &Blob) -> u64 {
    blob.size() as u64
}

impl Importing {
    /// Takes files in, each with its name. All of them together may have no more than can be looked at here.
    pub(super) fn add(self, given: Vec<(String, Blob)>, pasted: bool) {
        self.refused.set(None);
        let (bundles, given): (Vec<_>, Vec<_>) =
            given.into_iter().partition(|(name, _)| is_named_bundle(name));
        self.set_aside(bundles.into_iter().map(|(name, file)| BundleFile { name, file, kind: None }));
        if given.is_empty() {
            return;
        }
        let here: u64 = self.files.with_untracked(|files| files.iter().map(|file| file.size).sum());
        let all = given.iter().fold(here, |all, (_, blob)| all + size(blob));
        if all > FILES_MAX {
            let most = number::bytes(FILES_MAX);
            self.refused.set(Some(format!(
                "{} are more than the {most} that are looked at here. {TOO_MUCH}",
                number::bytes(all)
            )));
            return;
        }
        self.files.update(|files| {
            for (name, source) in given {
                let id = IDS.replace(IDS.get() + 1);
                let name = free(&name, |name| files.iter().any(|file| file.name == name));
                files.push(Given { id, name, size: size(&source), pasted, stage: Stage::Waiting, source });
            }
        });
        self.read_waiting();
    }

    /// Reads every file that is not read yet, one after the other: the first are looked at while the next are read.
    pub(super) fn read_waiting(self) {
        let begin = |given: &mut Given| {
            let is_waiting = matches!(given.stage, Stage::Waiting);
            is_waiting.then(|| {
                given.stage = Stage::Reading(0);
                (given.id, given.source.clone(), given.size)
            })
        };
        let waiting: Option<Vec<_>> =
            self.files.try_update(|files| files.iter_mut().filter_map(begin).collect());
        let waiting = waiting.unwrap_or_default();
        spawn_local(async move {
            for (id, source, size) in waiting {
                let read = self.read_one(id, &source, size).await;
                let stage = match read {
                    Some(Ok(bytes)) if self.is_set_aside(id, &bytes, &source) => continue,
                    Some(Ok(bytes)) => Stage::Read(bytes),
                    Some(Err(())) => Stage::Failed,
                    // It was left out, or the page is gone.
                    None => continue,
                };
                self.set_stage(id, stage);
                self.drop_copies(id);
                self.work_on();
            }
        });
    }

    /// The bytes of a file; `None` if nobody wants them any more.
    async fn read_one(self, id: u32, source: &Blob, size: u64) -> Option<Result<Uint8Array, ()>> {
        let Ok(length) = u32::try_from(size) else { return Some(Err(())) };
        let bytes = Uint8Array::new_with_length(length);
        for (from, to) in pieces(size, PIECE) {
            if !self.set_stage(id, Stage::Reading(from)) {
                return None;
            }
            let Some(piece) = piece(source, from, to).await else { return Some(Err(())) };
            #[allow(clippy::cast_possible_truncation, reason = "less than the length, which fits")]
            bytes.set(&piece, from as u32);
        }
        Some(Ok(bytes))
    }

    /// Whether the file is still there.
    fn set_stage(self, id: u32, stage: Stage) -> bool {
        let set = self
            .files
            .try_update(|files| files.iter_mut().find(|file| file.id == id).map(|file| file.stage = stage));
        set.flatten().is_some()
    }

    /// The same file twice is one: of the same name but for its number, and byte for byte.
    fn drop_copies(self, id: u32) {
        self.files.try_update(|files| {
            let Some(at) = files.iter().position(|file| file.id == id) else { return };
            let this = &files[at];
            let Some(bytes) = this.bytes() else { return };
            let same = files.iter().any(|other| {
                other.id != id
                    && other.size == this.size
                    && unnumbered(&other.name) == unnumbered(&this.name)
                    && other.bytes().is_some_and(|other| equal(&other, &bytes))
            });
            if same {
                files.remove(at);
            }
        });
    }
}

#[allow(clippy::cast_precision_loss, reason = "no file is so large")]
async fn piece(source: &Blob, from: u64, to: u64) -> Option<Uint8Array> {
    let slice = source.slice_with_f64_and_f64(from as f64, to as f64).ok()?;
    let buffer = JsFuture::from(slice.array_buffer()).await.ok()?;
    let bytes = Uint8Array::new(&buffer);
    (u64::from(bytes.length()) == to - from).then_some(bytes)
}

fn equal(one: &Uint8Array, other: &Uint8Array) -> bool {
    one.length() == other.length() && one.to_vec() == other.to_vec()
}

/// A name that no file here has: `a.json`, `a.json (2)`.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let (mut free, mut nth) = (name.to_owned(), 1);
    while is_taken(&free) {
        nth += 1;
        free = format!("{name} ({nth})");
    }
    free
}

fn unnumbered(name: &str) -> &str {
    match name.rsplit_once(" (") {
        Some((stem, number)) if number.ends_with(')') => stem,
        _ => name,
    }
}
