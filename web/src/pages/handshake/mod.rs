//! A handshake: how far it is with each run that is asked, what each silence leads to, and what can be done meanwhile.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "what the parts share is a bundle of handles, made to be copied"
)]

mod act;
mod aside;
mod bar;
mod earlier;
mod grid;
mod order;
mod page;
mod reading;
mod said;

pub(crate) use bar::OpenHandshakes;
pub(crate) use page::{Handshake, Handshakes};
pub(crate) use reading::{is_handshake, last};
