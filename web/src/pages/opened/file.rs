//! The file that is open: there is one, until it is closed or the tab is.

use std::sync::Arc;

use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::bundle::Kind;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::model::opened::Summary;
use crate::worker::{Opening, WorkerError};

/// Bytes that say what a file is.
const START: f64 = 128.0;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// What it is called.
    pub(super) name: String,
    /// Bytes.
    pub(super) size: u64,
}

/// A file that was read.
#[derive(Debug, PartialEq)]
pub(crate) struct Book {
    /// Which.
    pub(super) file: Named,
    /// What is in it.
    pub(super) summary: Summary,
}

/// How far it is.
#[derive(Clone, Default)]
pub(crate) enum Stage {
    /// There is none.
    #[default]
    None,
    /// So many bytes are read, and so many versions were in them.
    Reading(Named, u64, u64),
    /// It can be looked at.
    Open(Arc<Book>),
    /// It cannot: what happened, and what to do.
    Failed(Named, String, String),
}

thread_local! {
    /// Not of a page: who looks at the store meanwhile finds the file as it was.
    static STAGE: ArcRwSignal<Stage> = ArcRwSignal::new(Stage::None);
}

/// How far the file is.
pub(crate) fn stage() -> ArcRwSignal<Stage> {
    STAGE.with(Clone::clone)
}

/// Opens a file in place of the one before. Nothing of it leaves the browser.
pub(crate) fn open_file(name: String, file: Blob) {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size is a whole number below 2^53"
    )]
    let named = Named { name, size: file.size() as u64 };
    let stage = stage();
    stage.set(Stage::Reading(named.clone(), 0, 0));
    let (of, told) = (named.clone(), stage.clone());
    let opening = Opening::begin(move |far| told.set(Stage::Reading(of.clone(), far.bytes, far.versions)));
    spawn_local(async move {
        let read = match opening {
            Ok(opening) => {
                let read = read(&opening, &named, &file).await;
                // It was closed meanwhile, or another one is read: what came of this one is nobody's concern.
                if opening.is_present() { read } else { Err(None) }
            }
            Err(error) => Err(Some((error.words(), String::new()))),
        };
        match read {
            Ok(summary) => stage.set(Stage::Open(Arc::new(Book { file: named, summary }))),
            Err(Some((head, rest))) => {
                Opening::close();
                stage.set(Stage::Failed(named, head, rest));
            }
            Err(None) => {}
        }
    });
}

/// Forgets the file.
pub(crate) fn close() {
    Opening::close();
    stage().set(Stage::None);
}

/// What cannot be looked at: what happened, and what to do. Nothing where it was stopped.
type Refusal = Option<(String, String)>;

async fn read(opening: &Opening, named: &Named, file: &Blob) -> Result<Summary, Refusal> {
    let unreadable = || {
        let head = format!("{} could not be read.", named.name);
        Some((head, "It may have been moved or changed since it was chosen: choose it again.".to_owned()))
    };
    let start = file.slice_with_f64_and_f64(0.0, START).map_err(|_| unreadable())?;
    let start = JsFuture::from(start.array_buffer()).await.map_err(|_| unreadable())?;
    let kind = Kind::begins(&Uint8Array::new(&start).to_vec());
    if matches!(kind, Kind::Encrypted | Kind::Armored) {
        return Err(Some((
            format!("{} is encrypted, and keys have no business in a browser.", named.name),
            "Decrypt it first: age -d -i KEY.txt FILE > book.stateloft. Or take it into a store: stateloft import --identity KEY.txt FILE."
                .to_owned(),
        )));
    }
    let summary: Summary = opening.read(file).await.map_err(|error| match error {
        WorkerError::Cancelled => None,
        WorkerError::Refused(_) => unreadable(),
        error => Some((format!("{} could not be opened.", named.name), error.words())),
    })?;
    if summary.header.is_none() {
        let found = summary.found();
        return Err(Some((format!("{} is no bundle that can be opened.", named.name), found.head)));
    }
    Ok(summary)
}
