//! The rules of Stateloft: what a state is, when it is valid, what changed between two versions and what a
//! restore would write.
//!
//! Everything here is pure: no input or output, no clock, no random numbers, no async. Times and ids are
//! arguments. The same code runs in the server and, as WebAssembly, in the browser, so the two cannot disagree.

pub mod api;
pub mod apply;
pub mod book;
pub mod bundle;
pub mod commit;
pub mod diff;
pub mod hash;
pub mod hidden;
pub mod import;
pub mod json;
pub mod model;
pub mod reconcile;
pub mod restore;
pub mod schema;
pub mod search;
pub mod tagged;
#[cfg(feature = "validate")]
pub mod validate;
#[cfg(feature = "validate")]
pub mod wasm;
