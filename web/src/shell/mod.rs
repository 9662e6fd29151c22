//! The frame around every page: addresses, clock, theme, keys, top and side, and what the whole console knows.

mod app;
mod clock;
mod desk;
mod help;
mod keys;
mod misreadings;
mod router;
mod session;
mod side;
mod strip;
mod theme;
mod tip;
mod toasts;
mod top;

pub(crate) use app::App;
pub(crate) use clock::{Clock, clock};
pub(crate) use desk::{Desk, desk};
pub(crate) use help::Help;
pub(crate) use keys::{Keys, keys};
pub(crate) use misreadings::Misreadings;
pub(crate) use router::{Router, router};
pub(crate) use session::{Session, session};
pub(crate) use side::engine_name;
pub(crate) use theme::narrow;
pub(crate) use toasts::{Toasts, toasts};
