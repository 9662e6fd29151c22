//! Bundles as files: what is one, how they come from a server and go to one, and how they get their names.

mod checking;
mod given;
#[cfg(feature = "encryption")]
mod keys;
mod kind;
mod new_file;
mod receive;
#[cfg_attr(feature = "encryption", expect(dead_code, reason = "the program of a first start has it"))]
mod without_keys;

pub(super) use checking::{Checking, Figures, Found};
pub(super) use given::{Given, Input, Sending};
#[cfg(feature = "encryption")]
use keys::Sealing;
#[cfg(feature = "encryption")]
pub(super) use keys::{Identities, Recipients};
pub(super) use kind::kind_of;
pub(super) use new_file::{NewFile, Written};
pub(super) use receive::receive;
#[cfg(not(feature = "encryption"))]
use without_keys::Sealing;
#[cfg(not(feature = "encryption"))]
pub(super) use without_keys::{Identities, Recipients};
