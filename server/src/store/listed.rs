//! When states take their places in the lists by change. A state that is saved again and again moves there once in so
//! many versions, not with each.

use statehouse_core::model::Seq;

/// Versions at the end of the log whose states are not worth moving yet.
const LAG: u64 = 2_000;
/// Versions looked at in one go at most, so that after a large restore no save waits long.
const STEP: u64 = 10_000;

/// Up to which seq states should be put where they belong now, if it is time.
pub(super) fn due(tip: Seq, listed: Seq) -> Option<Seq> {
    let behind = tip.0.saturating_sub(listed.0);
    (behind >= 2 * LAG).then(|| Seq(listed.0 + (behind - LAG).min(STEP)))
}
