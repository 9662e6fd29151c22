//! The component that compares and validates, in a worker of its own: a large document never freezes the page.
//!
//! It is loaded when first needed. Documents go to it as the text they came as; results come back as plain objects and
//! become core's types.

mod bundle;
mod client;
mod documents;
mod files;
mod outline;
mod port;

pub(crate) use bundle::{Ask, Opening, Source, file_text};
pub(crate) use client::{Job, JobId, WorkerError, call, read, start};
pub(crate) use documents::text_of;
pub(crate) use files::{Judged, import_preview};
pub(crate) use outline::{outline, whole};
