//! Files of an older program, taken in when the server starts: what is there already is not written again, so only the first
//! start does something, and one after the files have changed.

use stateloft_core::api::{AppliedImport, ImportOptions};

use super::collect::collect;
use crate::config::LegacyFiles;
use crate::service::{ImportFiles, ImportOrder, Service};

/// Who such an import is by.
const AUTHOR: &str = "system_migration";

/// Takes the files in, and says in the log what became of them. Whatever is wrong with them, the server starts, and they stay as
/// they are.
pub(in crate::cli) async fn at_the_start(service: &Service, legacy: &LegacyFiles) {
    let path = legacy.path.display();
    match take_in(service, legacy).await {
        Ok(done) => say(&path, &done),
        Err(error) => tracing::error!("legacy state {path}: not imported: {error}; the file is as it was"),
    }
}

async fn take_in(service: &Service, legacy: &LegacyFiles) -> Result<AppliedImport, String> {
    let collected = collect(std::slice::from_ref(&legacy.path))?;
    let options = ImportOptions { assume_tz: legacy.assume_tz.clone(), ..ImportOptions::default() };
    let files = ImportFiles { files: collected.read().await?, options };
    let order = ImportOrder { user_id: Some(AUTHOR.to_owned()), ..ImportOrder::default() };
    service.import_files(None, &files, &order).await.map_err(|error| error.to_string())
}

fn say(path: &std::path::Display<'_>, done: &AppliedImport) {
    let counts = &done.counts;
    for error in &done.errors {
        tracing::error!(
            "legacy state {path}: {} cannot be read: {}; it is as it was",
            error.file,
            error.message
        );
    }
    if counts.different + counts.unordered > 0 {
        tracing::warn!(
            "legacy state {path}: {} items are not what the store holds, and {} are of unknown order: none of them was written; \
             `stateloft import` shows them and lets you choose",
            counts.different,
            counts.unordered
        );
    }
    match &done.import_id {
        None => tracing::info!("legacy state {path}: everything is there already"),
        Some(import_id) => tracing::info!(
            "legacy state {path}: imported as {import_id}: {} new states, {} there already, {} in quarantine",
            counts.new,
            counts.unchanged,
            counts.quarantined
        ),
    }
}
