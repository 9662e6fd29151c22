//! What changed between two documents: one structural difference, shown in several ways.
//!
//! Members are matched by key, elements of an array by the identity that the schema names (`x-identity`), else by a
//! member that tells them apart, else by what the two arrays have in common in the same order, so that a sliding window is
//! one removal and one addition. Where only the place speaks for it that two elements belong together, a change says so.
//! [`apply`](crate::apply::apply) of `diff(a, b)` to `a` gives `b`, byte for byte.

mod counts;
mod duration;
mod effort;
mod excerpt;
mod matching;
mod pairing;
mod patch;
mod paths;
mod record;
mod same;
mod scalar;
mod sequence;
mod series;
mod side_by_side;
mod summary;
mod tint;
mod types;
mod walk;

pub use counts::Counts;
pub use effort::{Effort, TooMuch};
pub use excerpt::excerpts;
pub use patch::json_patch;
pub use same::same_value;
pub use side_by_side::{Fold, Line, Part, Row, RowKind, side_by_side};
pub use summary::{summarise, summary};
pub use tint::differing;
pub use types::{Change, ChangeKind, Diff, Place, SeriesChange, SpliceCounts};

use crate::json::Document;
use crate::schema::PathRules;

/// What is different in `new`. `rules` say which arrays have identities, and which paths are noise, protected or
/// identifiers; [`path_rules`](crate::schema::path_rules) has those of each state type.
#[must_use]
pub fn diff(old: &Document, new: &Document, rules: &PathRules) -> Diff {
    let mut walk = walk::Walk::default();
    walk.value(old.root(), new.root(), rules.root());
    walk.found.into_diff(new)
}

/// As [`diff`], as long as it costs no more than this.
///
/// # Errors
/// It would cost more.
pub fn diff_within(
    old: &Document,
    new: &Document,
    rules: &PathRules,
    effort: Effort,
) -> Result<Diff, TooMuch> {
    let mut walk = walk::Walk::within(effort);
    walk.value(old.root(), new.root(), rules.root());
    if walk.found.is_spent() { Err(TooMuch) } else { Ok(walk.found.into_diff(new)) }
}
