//! What a write does: one pure decision that every store uses, so that all of them keep the same promises.

mod adopt;
mod check;
mod decide;
mod expectation;
mod fence;
mod foreseen;
mod refusal;
mod terms;
#[cfg(test)]
mod tests;

pub use check::{Check, CheckFailed, Condition};
pub use decide::{Change, Onto, Outcome, Rebase, Rebasing, Summarise, Tip, Write, decide, decide_on_terms};
pub use expectation::{Expectation, HeadMoved};
pub use fence::Fence;
pub use foreseen::Foreseen;
pub use refusal::{Misfit, Refusal};
pub use terms::{CHECKED_BYTES, CLOSED_BYTES, CLOSED_MAX, Closing, Signed, Terms, TooMuch};
