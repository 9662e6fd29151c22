//! What a restore would write: worked out the same way by the server and in the browser.
//!
//! A plan is a pure function of the target, the scope, the selection and the states that have moved since the target.
//! It is not kept: whoever applies it works it out again, and its hash says whether it is still the one that was
//! looked at. States that have not moved are equal and need not be known here, only counted.

mod choice;
mod hash;
mod plan;
mod state;

pub use choice::{Choice, chosen, selection_key};
pub use hash::{Bound, plan_hash};
pub use plan::{Asked, PlanError, Planned, Rules, plan};
pub use state::{Side, StatePlan, Writing, plan_state};
