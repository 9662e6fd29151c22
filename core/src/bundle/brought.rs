//! A version that is brought into a store with a log of its own: it gets a place there, and says which one it was.

use std::sync::Arc;

use crate::model::{Imported, Version};

/// How a version that was brought begins what it says of its store.
const MARK: &str = "bundle:";

/// What a version has for a batch id in every store that it is brought to.
///
/// It is [`Imported`]'s: when its store recorded it, exactly, and in place of a version id `bundle:<seq>:<chain hash>` there, with
/// `:<batch id>` behind it if it had one. The chain hash names that store's log up to the version, as no other log has it. A
/// version that says already what it was elsewhere goes on saying that: what it was first is what counts, and it is the same
/// wherever it is brought to next.
#[must_use]
pub fn brought_as(version: &Version) -> Arc<str> {
    if let Some(said) = version.batch_id.as_ref().filter(|said| Imported::of(said).is_some()) {
        return Arc::clone(said);
    }
    let (seq, hash) = (version.seq, version.chain_hash);
    let batch = version.batch_id.as_deref().map_or_else(String::new, |batch| format!(":{batch}"));
    let version_id = format!("{MARK}{seq}:{hash}{batch}");
    Imported { saved_at: version.recorded_at, version_id }.batch_id().into()
}

/// Whether two versions hold the same: equal data, or both none. Of a damaged one nobody knows.
#[must_use]
pub fn holds_the_same(one: &Version, other: &Version) -> bool {
    let whole = one.damaged.is_none() && other.damaged.is_none();
    whole && one.content_hash == other.content_hash && one.is_deleted() == other.is_deleted()
}

/// Whether one version is the other, or was brought from where the other is, or both from the same place.
#[must_use]
pub fn is_the_same(one: &Version, other: &Version) -> bool {
    holds_the_same(one, other) && brought_as(one) == brought_as(other)
}
