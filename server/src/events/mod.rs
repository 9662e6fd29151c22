//! The log of versions as a stream: recent events kept ready, older ones read from the store.
//!
//! Nothing is ever lost here, because nothing is ever sent here: a session keeps its own cursor, hears by the doorbell
//! that the log has grown, and reads on from its cursor. A slow session therefore holds up nobody.

mod listeners;
mod log;
mod page;
mod ring;

pub use listeners::{Introduction, Listener, Listeners, SessionTotals, SessionView};
pub use log::EventLog;
pub(crate) use page::{EventsHeld, Pages};
pub use ring::LoggedEvent;
