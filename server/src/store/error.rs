//! What can go wrong in a store. Never mistaken for "there is nothing".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::model::{Seq, StateKey, Version, VersionNumber};

/// A version that is stored and is not what was written, or not there where one must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedVersion {
    /// Its place in the store.
    pub seq: Seq,
    /// Which state, and which of its versions, where that can be read.
    pub of: Option<(StateKey, VersionNumber)>,
    /// What is wrong with it.
    pub what: Arc<str>,
}

impl fmt::Display for DamagedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Some((key, version)) => write!(f, "{key} version {version} (seq {})", self.seq)?,
            None => write!(f, "the version with seq {}", self.seq)?,
        }
        write!(f, " is damaged: {}", self.what)
    }
}

impl StoreError {
    /// What is said in a program that is built without an engine.
    #[cfg(not(feature = "network"))]
    pub(crate) fn absent(engine: &str) -> Self {
        Self::Refused(format!(
            "this program was built for a first start and has no {engine}. Build the whole one, with \
             `cargo xtask run --whole` to run it or with `cargo xtask build` to keep it"
        ))
    }
}

/// A store's failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The engine did not answer, or refused (disk full, locked, connection lost). The text is for the log, not for clients.
    /// From a commit it means that it is not known whether the group was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The engine did not answer, or refused, before anything of a group can have been written. The text is for the log.
    #[error("the store is unavailable, and nothing was written: {0}")]
    NotWritten(String),
    /// There is no room for it: nothing was written, and reading goes on. The text is for the log.
    #[error("there is no room for it, and nothing was written: {0}")]
    NoRoom(String),
    /// The store takes no writes until somebody acts or what its alarm says has passed. Nothing was written; reading goes on.
    #[error("the store takes no writes: {0}")]
    Stopped(String),
    /// The store has not been reached since this server started: nothing was asked of it. The text is for the log.
    #[error("the store has not been reached yet: {0}")]
    NotReached(String),
    /// The engine answered and does not let us work, for a reason that does not go away by waiting: a wrong password, a
    /// database that does not exist, a right that is missing.
    #[error("{0}")]
    Refused(String),
    /// The circuit breaker is open: the store was not even asked.
    #[error("the store has failed too often and is not asked for another {} s", retry_after.as_secs_f32())]
    NotAsked {
        /// How long it takes until the store is tried again.
        retry_after: Duration,
    },
    /// The server keeps what it needs for this busy itself, or it took too long while the store answered others: no failure
    /// of the store. Nothing was written. The text is for the log.
    #[error("the server is busy: {0}")]
    Busy(String),
    /// What is stored cannot be what was written. The text names the place.
    #[error("the store holds damaged data: {0}")]
    Damaged(String),
    /// One version is not what was written, and nothing more can be said of it. All others can be read.
    #[error("{0}")]
    DamagedVersion(Box<DamagedVersion>),
    /// The fallback journal cannot be used as it is: what was acknowledged would be lost. The text names the place and the
    /// way on.
    #[error("{0}")]
    JournalDamaged(String),
    /// The file or database was made by a newer program.
    #[error("the store has schema {found}, newer than this program's {known}; use a newer stateloft")]
    TooNew {
        /// The schema found.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Another server has the file open.
    #[error("{0} is in use by another stateloft server; stop that one, or give this one a file of its own")]
    InUse(String),
    /// A cursor that this store did not give out.
    #[error("the cursor is not one that this list gave out")]
    BadCursor,
}

impl StoreError {
    /// A version of which not even the name can be read, or which is missing.
    #[must_use]
    pub fn no_version(seq: Seq, what: impl Into<Arc<str>>) -> Self {
        Self::DamagedVersion(Box::new(DamagedVersion { seq, of: None, what: what.into() }))
    }

    /// The version if it is whole.
    ///
    /// # Errors
    /// [`StoreError::DamagedVersion`] when it is not.
    pub fn unless_damaged(version: Version) -> Result<Version, Self> {
        match version.damaged {
            None => Ok(version),
            Some(what) => {
                let of = Some((version.key, version.version));
                Err(Self::DamagedVersion(Box::new(DamagedVersion { seq: version.seq, of, what })))
            }
        }
    }

    /// What the engine said, without our words around it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Unavailable(text)
            | Self::NotWritten(text)
            | Self::NoRoom(text)
            | Self::NotReached(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Whether the engine failed, rather than what was asked of it.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::NotWritten(_)
            | Self::NoRoom(_)
            | Self::Stopped(_)
            | Self::NotReached(_)
            | Self::Refused(_)
            | Self::NotAsked { .. } => true,
            Self::Busy(_)
            | Self::Damaged(_)
            | Self::DamagedVersion(_)
            | Self::JournalDamaged(_)
            | Self::TooNew { .. }
            | Self::InUse(_)
            | Self::BadCursor => false,
        }
    }

    /// Whether the store may be there later without anybody changing a setting: nobody answers, or who answers starts,
    /// stops, or has no room for one more.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Busy(_)) || (self.is_outage() && !matches!(self, Self::Refused(_)))
    }

    /// The same failure where the commit itself was not begun, so that nothing can have been written.
    #[must_use]
    pub fn before_commit(self) -> Self {
        match self {
            Self::Unavailable(text) | Self::Refused(text) => Self::NotWritten(text),
            other => other,
        }
    }

    /// The same failure of a write that was not taken: what waiting does not mend stays so.
    #[must_use]
    pub fn before_write(self) -> Self {
        match self {
            Self::Unavailable(text) => Self::NotWritten(text),
            other => other,
        }
    }

    /// Whether a commit that failed so has certainly written nothing. What a commit reads it reads before it writes.
    #[must_use]
    pub fn nothing_was_written(&self) -> bool {
        matches!(
            self,
            Self::NotWritten(_)
                | Self::NoRoom(_)
                | Self::Stopped(_)
                | Self::NotReached(_)
                | Self::NotAsked { .. }
                | Self::Busy(_)
                | Self::DamagedVersion(_)
        )
    }
}
