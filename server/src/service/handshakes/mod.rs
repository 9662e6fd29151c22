//! Restores and reconciles that ask live runs first, and operators who ask one to pause.
//!
//! What is written into a state that a live run holds in its memory would be written over by the run's next save. So those runs are asked to
//! pause, their word is waited for, it is written, and they are told to read again. All of that is kept in two kinds of states: `handshake` (its id is
//! that of the restore, or of the batch), which says how far it is, and `pause` (its id is the run's), which says what the run is asked, and by which a
//! commit refuses what a paused run saves ([`stateloft_core::commit::Fence`]). So it does not matter which server applies the
//! plan, and to which one a run speaks.
//!
//! Each step is a commit that expects the one before it, and the last one writes the plan, handshake and pauses at once: there is no
//! moment at which a run could write on top of what it has not read, and whoever stops a handshake has stopped the plan.
//!
//! The server that waits keeps a lease ([`crate::store::Leases`]) while it does. Any server that finds it over, by the rules of leases,
//! ends the handshake and lets the runs go on, so that no run stays paused for a server that is gone.
//!
//! A pause that an operator asks for is a handshake of one run without a restore. Nobody leads it: its lease is as long as the run's
//! word is waited for, and from that word on one look after the other whether the run is still live.

mod ask;
mod holders;
mod holdings;
mod keeper;
mod kept;
mod list;
mod orders;
mod over;
mod pause;
mod shake;
mod words;

pub(super) use holdings::Holdings;
pub(super) use keeper::handshake_of_lease;
pub(super) use kept::{ATTEMPTS, Kept, never, step, was_later};
pub use list::HandshakesRequest;
pub(super) use orders::{Orders, Sent};
pub(super) use over::Ended;
pub(super) use shake::{About, Agreement, Purpose, Shake, Touched, carry_on};
