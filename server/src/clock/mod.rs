//! What time it is, for everything that is recorded. Nothing else in the program reads the machine's clock for that.

mod sources;
mod steady;

use stateloft_core::model::Timestamp;

pub use sources::{Machine, Sources};
pub use steady::{Doubt, Steady};

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The present time (UTC), to be recorded.
    fn now(&self) -> Timestamp;

    /// Why the machine's clock is not believed, if it is not.
    fn doubt(&self) -> Option<Doubt> {
        None
    }

    /// The log goes on from this time, or is empty. The first time that it is told, before anything is recorded, a clock that
    /// is far ahead of it is not believed; after that it changes nothing.
    fn compare(&self, _last: Option<Timestamp>) {}

    /// The log's last time is this.
    fn recorded(&self, _last: Timestamp) {}

    /// Somebody has looked: the machine's clock is right.
    fn confirm(&self) {}
}

/// The machine's clock, believed as far as it goes on steadily.
pub type SystemClock = Steady<Machine>;
