//! The component: core as a package for browsers and Node.
//!
//! Each function takes texts and gives plain data; results that say "no" are data too, and only a call that cannot
//! mean anything is an error. The functions themselves are plain Rust, so that the same vectors run natively and in
//! the browser; [`exports`] hands them to JavaScript.
//!
//! A document is given as its JSON text, or by the handle that [`outline`] gave for one of the last documents
//! that were given as text, so that a large one is sent and read only once.

#[cfg(feature = "wasm")]
pub mod bundle;
mod compare;
mod documents;
#[cfg(feature = "wasm")]
pub mod exports;
mod import;
mod inspect;
mod ours;
mod reconcile;
#[cfg(feature = "wasm")]
pub mod reconciliation;
mod restore;
mod verify;

pub use compare::{apply, diff, json_patch, side_by_side};
pub use documents::Misuse;
pub use import::{FoundInFiles, FoundItem, FoundRecord, import_preview};
pub use inspect::{Checked, Child, Outline, TextError, Validated, check, outline, validate};
pub use reconcile::{
    AskedPlan, PlanOrNot, RefusedChoice, ShownPlan, WrittenState, reconcile, reconcile_plan,
};
pub use restore::{RestoredState, plan, plan_hash};
pub use verify::{Verified, verify};
