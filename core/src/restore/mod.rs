//! What a restore would write: worked out the same way by the server and in the browser.
//!
//! A plan is a pure function of the target, the scope, the selection and the states that have moved since the target.
//! It is not kept: whoever applies it works it out again, and its hash says whether it is still the one that was
//! looked at. The hash binds what would be written and what it would replace, not whole heads: a program that goes on saving
//! other paths does not make a plan stale, and what was planned is written onto the head that there is then. States that have
//! not moved are equal and need not be known here, only counted.

mod choice;
mod given;
mod hash;
mod moved;
mod plan;
#[cfg(feature = "validate")]
mod rebase;
mod state;
mod undo;

pub use choice::{Choice, Unclear, named, selection_key};
pub use given::{GivenAsked, GivenNow, plan_given};
pub use hash::{bound_hash, plan_hash};
pub use moved::{Looked, state_moved};
pub use plan::{Asked, PlanError, Planned, Rules, plan, records_stay, stays};
#[cfg(feature = "validate")]
pub use rebase::PlannedState;
pub use state::{Side, StateError, StatePlan, Writing, plan_state};
pub use undo::{Undo, undo_state};
