//! Imports of files: what was found in them, and what would be written.

mod aside;
mod plan;
mod result;
mod settle;

pub use aside::{FileError, ImportRecord, QuarantineCode, Quarantined, RecordCode};
pub use plan::{FileSummary, ImportFlag, ImportItem, ImportOptions, ImportPlan, ImportSource, Shape};
pub use result::{
    AppliedImport, ApplyImport, ImportCounts, ImportFile, ImportPreview, ImportRequest, ImportStanding,
    Standing,
};
pub use settle::{SettleAs, SettleQuarantine, SettledQuarantine};
