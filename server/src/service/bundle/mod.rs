//! Bundles: the store, or a part of it, out as a file and back in.

mod export;
mod import;
mod points;

pub use export::{Export, ExportRequest, Packed, Start};
pub use import::{BundleImport, BundleInto, CHUNK};
