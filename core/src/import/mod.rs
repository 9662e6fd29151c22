//! Files of older programs, understood: bytes in, a plan out.
//!
//! A plan says which states the files hold (`items`), what cannot be placed and why (`quarantine`), what carries no state
//! (`records`) and which files cannot be read (`errors`): whatever was in a readable file is in one of the first three. Data is
//! kept as it stands, and nothing is made up: times without a zone stay texts unless the request names one.
//!
//! What a document is shows in it and not in its name; one file under `shapes/` for each kind. The command line, the server and the
//! browser plan with this code, so the same files give the same plan everywhere. How a plan stands to a store, and what is kept of it
//! there, needs no rules of types: a page that does not judge files itself has that much, too.

#[cfg(feature = "validate")]
mod draft;
#[cfg(feature = "validate")]
mod flags;
#[cfg(feature = "validate")]
mod held;
pub mod kept;
#[cfg(feature = "validate")]
mod order;
#[cfg(feature = "validate")]
mod packed;
#[cfg(feature = "validate")]
mod plan;
#[cfg(feature = "validate")]
mod python;
#[cfg(feature = "validate")]
mod report;
#[cfg(feature = "validate")]
mod rules;
#[cfg(feature = "validate")]
mod said;
#[cfg(feature = "validate")]
mod shapes;
mod standing;
#[cfg(feature = "validate")]
mod table;

#[cfg(feature = "validate")]
pub use held::{NoState, document_of};
#[cfg(feature = "validate")]
pub use plan::{FILE_MAX_BYTES, File, plan};
#[cfg(feature = "validate")]
pub use python::written_back;
#[cfg(feature = "validate")]
pub use rules::{OptionError, check_zone};
pub use standing::{Known, LookedAt, counts, standings};
#[cfg(feature = "validate")]
pub use table::{Form, Table};
