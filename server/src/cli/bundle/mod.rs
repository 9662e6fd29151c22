//! Bundles as files: what is one, how they come from a server and go to one, and how they get their names.

mod checking;
mod given;
mod keys;
mod kind;
mod new_file;
mod receive;

pub(super) use checking::{Checking, Figures, Found};
pub(super) use given::{Given, Input, Sending};
pub(super) use keys::{Identities, Recipients};
pub(super) use kind::Kind;
pub(super) use new_file::{NewFile, Written};
pub(super) use receive::receive;
