//! What an engine's error means.

use stateloft_core::hash::ChainHash;
use stateloft_core::model::Seq;

use super::refusals::{nothing_was_written, refusal};
use crate::store::deadline::Sending;
use crate::store::decide::Decided;
use crate::store::refusing::Refusal;
use crate::store::{StoreError, WriteRefusal, Written};

/// What an engine's error means for the store.
#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Damaged(text),
        // Class XX is damage: XX001 to data, XX002 to an index.
        sqlx::Error::Database(found) if found.code().is_some_and(|code| code.starts_with("XX00")) => {
            match found.code().as_deref() {
                Some("XX001" | "XX002") => StoreError::Damaged(text),
                _ => StoreError::Unavailable(text),
            }
        }
        // It answered, and waiting changes nothing: who we are (28), which database (3D), what we may do and what is
        // there (42).
        sqlx::Error::Database(found)
            if found
                .code()
                .is_some_and(|code| ["28", "3D", "42"].iter().any(|class| code.starts_with(class))) =>
        {
            StoreError::Refused(text)
        }
        sqlx::Error::Configuration(_) => StoreError::Refused(text),
        sqlx::Error::Tls(why) if !is_cut(why.as_ref()) => StoreError::Refused(text),
        _ => StoreError::Unavailable(text),
    }
}

/// Whether a connection ended while it was being protected, rather than that its certificate is wrong.
fn is_cut(error: &(dyn std::error::Error + 'static)) -> bool {
    let cause = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    cause.is_some_and(|kind| kind != std::io::ErrorKind::InvalidData)
}

/// Whether another connection, perhaps to another server, might do what this one could not.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions; the server shuts down, crashed or starts; it is a standby now; two writers collided.
        sqlx::Error::Database(found) => found.code().is_some_and(|code| {
            code.starts_with("08")
                || matches!(&*code, "57P01" | "57P02" | "57P03" | "25006" | "40001" | "40P01")
        }),
        _ => false,
    }
}

/// One answer a request of a group.
pub(super) type Answers = Vec<std::result::Result<Written, WriteRefusal>>;

/// A group that may have been written, or not: the connection was lost before the answer came.
#[derive(Debug)]
pub(super) struct Uncertain {
    pub(super) answers: Answers,
    pub(super) last: Seq,
    pub(super) chain_hash: ChainHash,
}

/// What is not known of a group while it is written: whether an earlier attempt was written after all, and whether one is
/// on its way now.
#[derive(Debug)]
pub(super) struct Doubt<'a> {
    pub(super) earlier: Option<Uncertain>,
    sending: &'a Sending,
}

impl<'a> Doubt<'a> {
    pub(super) fn none(sending: &'a Sending) -> Self {
        Self { earlier: None, sending }
    }

    /// What commits is sent now.
    pub(super) fn sending(&self) {
        self.sending.begin();
    }

    /// It was not written.
    pub(super) fn refused(&self) {
        if self.earlier.is_none() {
            self.sending.refused();
        }
    }

    /// What was sent to commit a group has failed. A refusal leaves no doubt that was not there before; a lost connection
    /// says nothing, and what could not be found again is not tried again.
    pub(super) fn failed(&mut self, error: sqlx::Error, decided: Decided) -> Failure {
        if nothing_was_written(&error) {
            self.refused();
            return Failure::from(error);
        }
        self.earlier = Uncertain::of(decided);
        let failure = Failure::from(error);
        Failure { lost: failure.lost && self.earlier.is_some(), unknown: true, ..failure }
    }
}

/// Why a group was not written, as far as is known.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    /// Another connection might do better.
    pub(super) lost: bool,
    /// It may have been written all the same.
    pub(super) unknown: bool,
    /// It would be the same with any other group.
    pub(super) refusal: Option<Refusal>,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, lost: false, unknown: false, refusal: None }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self { lost: is_lost(&error), refusal: refusal(&error), error: failed(error), unknown: false }
    }
}

/// What was tried on a connection.
pub(super) type Tried<T> = std::result::Result<T, Failure>;

impl Uncertain {
    /// Without a version there is no hash to find a group again by.
    fn of(decided: Decided) -> Option<Self> {
        let (last, chain_hash) = decided.versions.last().map(|last| (last.seq, last.chain_hash))?;
        Some(Self { answers: decided.answers, last, chain_hash })
    }
}
