//! How a command ended, as a number that scripts can tell apart.

use std::process::ExitCode;

use stateloft_core::api::Code;

macro_rules! exits {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        /// How a command ended. A number, once published, keeps its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Exit {
            $($(#[$doc])* $name = $code,)*
        }

        /// What `--help` says of all of them.
        pub(super) const EXITS: &str = concat!(
            "Exit codes:\n",
            $("  ", stringify!($code), "  ", $words, "\n",)*
            "  141  nobody reads what is printed any more"
        );
    };
}

exits! {
    /// What was asked for was done.
    Done = 0, "done";
    /// It was not, for a reason that has no number of its own.
    Failed = 1, "failed: the configuration is wrong, the chain is broken, a file cannot be read";
    /// The command line is wrong.
    Usage = 2, "the command line is wrong";
    /// Everything works, but live states break rules (`check`).
    InvalidStates = 3, "live states break rules (check)";
    /// Everything else was imported or sent, but some of it could not be (`import`, `watch-files`).
    RowsLeft = 4, "some could not be imported or sent, the rest is in (import, watch-files)";
    /// An end that was never acknowledged, or a cache, cannot be read (`journal check`).
    Torn = 5, "an unfinished end of the journal cannot be read (journal check)";
    /// What was acknowledged is not what was written.
    Damaged = 6, "what was acknowledged cannot be read";
    /// The machine's clock has jumped and is not believed (`clock`).
    NotBelieved = 7, "the machine's clock is not believed (clock)";
    /// There is no such state, version, snapshot or moment, or it is deleted.
    NotFound = 8, "not found: there is no such state, version, snapshot or file, or it is deleted";
    /// Somebody else has moved what was to be written; nothing was.
    Conflict = 9, "conflict: somebody else was there first; nothing was written";
    /// Nobody answers, or who answers cannot do it now; nothing was written.
    Unavailable = 10, "unavailable: no server, or no store behind it; nothing was written";
    /// The request is refused, whenever it is sent.
    Refused = 11, "refused: the data, a parameter or the key is wrong; nothing was written";
    /// A write may have happened.
    Unknown = 12, "not known: it may have been written or not; read before you write again";
    /// Whoever was asked did not say yes.
    NotConfirmed = 13, "not confirmed: nothing was written";
    /// What a broker and a run say differs.
    Differs = 14, "what both sides say differs (runs reconcile)";
    /// Nothing that can be compared differs, and not everything can be.
    NotCompared = 15, "of some of it nobody knows, and the rest agrees (runs reconcile)";
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// What an error of the API ends a command with.
    pub(super) fn of(code: Code) -> Self {
        match code {
            Code::StateNotFound
            | Code::VersionNotFound
            | Code::SnapshotNotFound
            | Code::RestoreNotFound
            | Code::RunNotFound
            | Code::CheckpointNotFound
            | Code::HandshakeNotFound
            | Code::OrderNotKept
            | Code::ConflictNotFound
            | Code::StateDeleted
            | Code::CannotReplay => Self::NotFound,
            Code::StateExists
            | Code::VersionConflict
            | Code::CheckFailed
            | Code::RunHeld
            | Code::LeaseLost
            | Code::RunNotLive
            | Code::CountDiffers
            | Code::RunPaused
            | Code::NoWord
            | Code::HandshakeOpen
            | Code::HandshakeStopped
            | Code::HandshakeOver
            | Code::SnapshotExists
            | Code::NotDeleted
            | Code::StatePending
            | Code::PreconditionFailed
            | Code::PlanOutdated
            | Code::BundleConflict
            | Code::AlreadyUndone => Self::Conflict,
            Code::TooManyRequests
            | Code::StoreUnavailable
            | Code::WritesStopped
            | Code::Overloaded
            | Code::ShuttingDown => Self::Unavailable,
            Code::InvalidJson
            | Code::InvalidParameter
            | Code::Unauthorized
            | Code::ForbiddenOrigin
            | Code::QuotaReached
            | Code::BodyTooLarge
            | Code::UnsupportedMediaType
            | Code::UnsupportedEncoding
            | Code::InvalidBody
            | Code::ValidationFailed
            | Code::ViolationsNotAccepted
            | Code::IdempotencyKeyReused
            | Code::NothingToRestore
            | Code::TooLarge
            | Code::NotABundle
            | Code::BundleDamaged
            | Code::MixedMoment => Self::Refused,
            Code::OutcomeUnknown => Self::Unknown,
            Code::Damaged => Self::Damaged,
            Code::RouteNotFound
            | Code::NotConfigured
            | Code::MethodNotAllowed
            | Code::UpgradeRequired
            | Code::Internal => Self::Failed,
        }
    }
}
