//! What a write does: one pure decision that every store uses, so that all of them keep the same promises.

mod adopt;
mod decide;
mod expectation;
mod foreseen;
mod refusal;
#[cfg(test)]
mod tests;

pub use decide::{Change, Onto, Outcome, Rebase, Rebasing, Summarise, Tip, Write, decide};
pub use expectation::{Expectation, HeadMoved};
pub use foreseen::Foreseen;
pub use refusal::{Misfit, Refusal};
