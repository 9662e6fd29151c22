//! The console within the program.

use rust_embed::RustEmbed;

use super::Stored;

#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Files;

/// A file of the console, if it is there.
pub(super) fn stored(path: &str) -> Option<Stored> {
    let file = Files::get(path)?;
    Some(Stored { hash: file.metadata.sha256_hash(), data: file.data })
}
