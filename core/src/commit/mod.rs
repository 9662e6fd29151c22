//! What a write does: one pure decision that every store uses, so that all of them keep the same promises.

mod decide;
mod expectation;
mod foreseen;
#[cfg(test)]
mod tests;

pub use decide::{Change, Onto, Outcome, Rebase, Rebasing, Refusal, Summarise, Tip, Write, decide};
pub use expectation::{Expectation, HeadMoved};
pub use foreseen::Foreseen;
