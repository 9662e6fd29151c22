//! Taking in a version that another store made, exactly as it is: the same seq, time and hashes.

use super::{Misfit, Refusal, Tip};
use crate::hash::ContentHash;
use crate::model::{Version, VersionNumber};

/// The version, if it is the one that follows the end of the log and this head.
pub(super) fn adopted(version: &Version, head: Option<&Version>, tip: &Tip) -> Result<Version, Refusal> {
    match misfit(version, head, tip) {
        None => Ok(version.clone()),
        Some(why) => Err(Refusal::DoesNotFollow { seq: version.seq, why }),
    }
}

fn misfit(version: &Version, head: Option<&Version>, tip: &Tip) -> Option<Misfit> {
    let number = head.map_or(VersionNumber::ZERO, |head| head.version);
    let live = head.is_some_and(|head| !head.is_deleted());
    if version.damaged.is_some() {
        return Some(Misfit::Damaged);
    }
    if version.seq != tip.seq.next() {
        return Some(Misfit::Seq { end: tip.seq });
    }
    if version.data.as_ref().map(ContentHash::of) != version.content_hash {
        return Some(Misfit::ContentHash);
    }
    if tip.chain_hash.followed_by(&version.link()) != version.chain_hash {
        return Some(Misfit::ChainHash);
    }
    // What follows holds in every log that this program wrote: the hashes prove where a version stands, and these that it may.
    if version.version != number.next() {
        return Some(Misfit::Number { head: number });
    }
    if !version.operation.fits(Some(live), version.data.is_some()) {
        return Some(Misfit::Operation);
    }
    (version.recorded_at <= tip.recorded_at).then_some(Misfit::Time)
}
