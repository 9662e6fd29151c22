//! What is wrong with a server and stays so until somebody acts or it passes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// What an alarm stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Stops {
    /// Nothing: somebody should look.
    Nothing,
    /// What is named in the alarm is not served; everything else is.
    Part,
    /// No write is taken, and `readyz` is 503.
    Writes,
}

macro_rules! alarms {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $stops:ident, $title:literal;)*) => {
        /// The kinds of alarms. A word, once published, keeps its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum AlarmCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl AlarmCode {
            /// The stable word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it stops.
            #[must_use]
            pub fn stops(self) -> Stops {
                match self { $(Self::$name => Stops::$stops,)* }
            }

            /// A short title for people, the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

alarms! {
    /// The chain of versions does not verify.
    ChainBroken = "chain_broken", Part, "Stored versions are damaged";
    /// Versions were read that are not what was written. They are not served.
    DamagedVersions = "damaged_versions", Part, "Versions that are damaged are not served";
    /// The machine's clock has jumped, and is not believed yet.
    ClockJumped = "clock_jumped", Nothing, "The machine's clock has jumped";
    /// The last recorded time is ahead of the clock.
    ClockBehindLog = "clock_behind_log", Nothing, "Recorded times are ahead of the clock";
    /// The clock is not that of the database.
    ClockDiffers = "clock_differs", Nothing, "The clock is not the database's";
    /// The database's files are not the ones that were opened: removed, replaced, cut, or on a disk that is gone.
    FileReplaced = "file_replaced", Writes, "The database file was removed or replaced";
    /// Versions that were acknowledged are not in the log.
    VersionsMissing = "versions_missing", Writes, "Acknowledged versions are missing";
    /// There is no room for writes.
    DiskFull = "disk_full", Writes, "The disk is full";
    /// The last write failed, and so does every trial since.
    CannotWrite = "cannot_write", Writes, "The database cannot be written";
    /// The file beside the database that says where the log ends is not what was written.
    SealDamaged = "seal_damaged", Nothing, "The seal of the log is damaged";
    /// The file beside the database that says where the log ends cannot be written.
    SealNotKept = "seal_not_kept", Nothing, "The seal of the log cannot be written";
    /// There is little room left.
    DiskLow = "disk_low", Nothing, "The disk is nearly full";
    /// Writes that were acknowledged were lost from the fallback journal; what is left of them was set aside.
    JournalLost = "journal_lost", Part, "Acknowledged writes of the fallback journal were damaged";
    /// A conflict of the fallback journal cannot be read.
    ConflictDamaged = "conflict_damaged", Part, "A conflict of the fallback journal cannot be read";
    /// The last known heads were damaged, and are not known any more.
    KnownHeadsDamaged = "known_heads_damaged", Nothing, "The last known heads were damaged and are forgotten";
    /// The fallback journal accepts nothing.
    JournalStopped = "journal_stopped", Part, "The fallback journal keeps no writes";
    /// Acknowledged writes wait in a fallback journal that this server does not use.
    JournalOff = "journal_off", Part, "Writes wait in a fallback journal that is switched off";
    /// The system gives the server no more file handles: new connections wait.
    HandlesExhausted = "handles_exhausted", Part, "New connections cannot be taken";
}

impl fmt::Display for AlarmCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that is wrong now. Listed in `GET /status`, in the answer of `GET /readyz`, on the console's Health page, by
/// the command line, and in the log when it begins and ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alarm {
    /// Which kind.
    pub code: AlarmCode,
    /// What it stops.
    pub stops: Stops,
    /// Since when it is known.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// What is wrong, with places and figures.
    pub detail: String,
    /// What to do about it.
    pub action: String,
}
