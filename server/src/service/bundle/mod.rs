//! Bundles: the store, or a part of it, out as a file and back in.

mod export;
mod import;
mod points;
mod unpack;

pub use export::{Export, ExportRequest, Packed, Start};
pub use import::{BundleImport, BundleInto, CHUNK};
pub use unpack::Unpacked;
