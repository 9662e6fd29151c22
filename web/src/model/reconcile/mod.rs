//! The reconcile board: what a broker's list says beside ours, what is chosen of each row, and what the server says that would write.
//!
//! Verdicts, offers, differences and plans are the server's. Here they only get their words.

mod asked;
mod cells;
mod chosen;
mod close;
mod drift;
mod list;
mod order;
mod planned;
#[cfg(test)]
mod samples;
mod since;
mod split;

pub use asked::{Asking, HeldAgainst};
pub use cells::{Amount, Here, There, agreed, because_words, here, identity, note, sides, there, verdict};
pub use chosen::{Chosen, label, offered, which};
pub use close::{Adopting, Closing, REASONS, reason_words};
pub use drift::{DriftLine, drift_lines};
pub use list::{Asked, LIST_MAX, ListForm, Look, SHAPES, Source, Was, kept, look, read_list, shape_words};
pub use order::{Moved, Show, ordered};
pub use planned::{Line, Tally, lines, missing};
pub use since::{Act, acts};
pub use split::{Part, Splitting};
