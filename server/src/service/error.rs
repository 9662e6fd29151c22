//! Why the service refused, each with what a client needs to go on.

use stateloft_core::api::{
    Code, FieldError, MovedHead, PendingState, PendingWrite, Problem, ReconcileOutdated, RunHolder,
    VersionView,
};
use stateloft_core::bundle::{Fault, Wrong};
use stateloft_core::commit::{CheckFailed, Expectation, HeadMoved};
use stateloft_core::model::{Seq, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, Violation};

use super::checks;
use super::restores::Outdated;
use super::runs::LeaseLost;
use crate::budget::Overloaded;
use crate::store::{Imports, StoreError};

/// What every method of the service answers with.
pub type Result<T> = std::result::Result<T, ServiceError>;

/// A refusal or a failure.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServiceError {
    /// There is no such state.
    #[error("there is no state {0}")]
    StateNotFound(StateKey),
    /// There was no such state at a time, as far as recorded times say, which are ahead of the clock.
    #[error(
        "there is no version of {key} that was recorded by {time}; recorded times are ahead of the clock, up to {last}: ask \
         for moments since then by seq (at=seq:N)"
    )]
    NotRecordedThen {
        /// The state.
        key: StateKey,
        /// The time asked for.
        time: Timestamp,
        /// The last recorded time.
        last: Timestamp,
    },
    /// Versions that are older than a time were imported among, or behind, others that are later.
    #[error(
        "{} of what an older system had saved by {time} was imported only later, up to seq {}, and not everything up to there \
         is as old: no place of the log is what there was then. One state can be read by its time all the same \
         (GET /api/v1/states/ID?at=TIME); for more at once say which place you mean: seq:{recorded} is what this store held \
         then, seq:{} has what was imported", .imports.count, .imports.last, .imports.last
    )]
    MixedMoment {
        /// The time asked for.
        time: Timestamp,
        /// The last seq recorded by then.
        recorded: Seq,
        /// What was imported later.
        imports: Imports,
    },
    /// There is no state of this id, whatever its type.
    #[error("there is no state with the id {0}")]
    IdNotFound(StateId),
    /// The id exists under several types, and none was named.
    #[error("the id {id} exists under several types ({}); say which with state_type", names(types))]
    SeveralTypes {
        /// The id.
        id: StateId,
        /// Its types.
        types: Vec<StateType>,
    },
    /// The state is deleted; the tombstone is given.
    #[error("the state {} is deleted since version {}; its history remains", .0.key, .0.version)]
    StateDeleted(Box<Version>),
    /// The last write that waits in the fallback journal deletes the state.
    #[error(
        "the state {}/{} is deleted by a write that waits in the fallback journal as {}; it has no version yet",
        .0.state_type, .0.state_id, .0.pending_id
    )]
    PendingDelete(Box<PendingState>),
    /// The state has no version, but a write to it waits.
    #[error(
        "the state {0} has no version yet: a write to it waits in the fallback journal, and is read without version, version_id, from and to"
    )]
    NoVersionYet(StateKey),
    /// The state is not deleted, so it cannot be undeleted; the head is given.
    #[error("the state {} is not deleted", .0.key)]
    NotDeleted(Box<Version>),
    /// The state has no such version.
    #[error("the state {key} has no version {wanted}")]
    VersionNotFound {
        /// The state.
        key: StateKey,
        /// What was asked for.
        wanted: String,
    },
    /// There is no such snapshot.
    #[error("there is no snapshot {0}")]
    SnapshotNotFound(SnapshotId),
    /// A snapshot of that name exists.
    #[error("a snapshot {0} exists already")]
    SnapshotExists(SnapshotId),
    /// There are as many snapshots as there may be.
    #[error(
        "there are {0} snapshots, as many as there may be: delete some that nobody needs (DELETE /api/v1/snapshots/NAME; \
             what they name stays), or set TRADING_STATE_SNAPSHOT_LIMIT"
    )]
    TooManySnapshots(u64),
    /// There is no such restore.
    #[error("there is no restore {0}")]
    RestoreNotFound(String),
    /// These heads are not where the writer expected them. Nothing was written.
    #[error("{}", conflict_text(.0))]
    Conflict(Vec<HeadMoved>),
    /// These checks of a batch do not hold. Nothing was written.
    #[error("{}; nothing was written", checks::text(.0))]
    ChecksFailed(Vec<CheckFailed>),
    /// `If-Match` or `If-None-Match` does not hold; the head is given if there is one.
    #[error("the precondition does not hold for {key}: {}", head_text(head.as_deref()))]
    PreconditionFailed {
        /// The state.
        key: StateKey,
        /// Its head.
        head: Option<Box<Version>>,
    },
    /// The data breaks rules of types in mode strict. Nothing was written.
    #[error("{} of the type's rules {} broken", .0.len(), if .0.len() == 1 { "is" } else { "are" })]
    Invalid(Vec<(StateKey, Violation)>),
    /// The body has the wrong shape.
    #[error("{}", .0.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join("; "))]
    Body(Vec<FieldError>),
    /// A parameter is wrong.
    #[error("{0}")]
    Parameter(String),
    /// Events after a seq that is not in the log.
    #[error(
        "seq {after} is not in the log, which ends at {last}: what was written after that was lost with a server, or was never written here"
    )]
    CannotReplay {
        /// The seq asked for.
        after: Seq,
        /// The last there is.
        last: Seq,
    },
    /// What the plan binds has moved; a fresh plan is given.
    #[error(
        "the plan is out of date: something that it writes, or replaces, has changed since it was looked at; nothing was written, \
         and here is what it would be now"
    )]
    PlanOutdated(Box<Outdated>),
    /// The files, or the states that they are about, are not what was looked at.
    #[error(
        "the import is out of date: {}; nothing was written: ask again what it would write (POST /api/v1/imports)",
        outdated(.0)
    )]
    ImportOutdated(Vec<StateKey>),
    /// The documents, or the states that they are about, are not what was looked at.
    #[error(
        "the plan is out of date: something that it writes, or replaces, has changed since it was looked at, or other documents \
         are given; nothing was written: ask again what it would write (POST /api/v1/restores/documents)"
    )]
    DocumentsOutdated,
    /// What both sides say of chosen rows, or what would be written, is not what was looked at; what it is now is given.
    #[error(
        "the plan is out of date: {}; nothing was written, and here is what it would be now",
        reconcile_outdated(.0)
    )]
    ReconcileOutdated(Box<ReconcileOutdated>),
    /// Every path that the restore wrote is as it was before.
    #[error("restore {0} has been undone already: everything that it wrote is as it was before")]
    AlreadyUndone(String),
    /// The plan writes states that break rules, and that was not accepted. The states are given.
    #[error("{0} of the states would break rules; look at the plan and accept that with accept_violations")]
    ViolationsNotAccepted(u64),
    /// The plan would write nothing.
    #[error(
        "every state in the scope is already as it was at the target, or is left out: nothing would be written"
    )]
    NothingToRestore,
    /// The store failed. Never an empty answer.
    #[error("{}", outage_text(.0))]
    Store(#[from] StoreError),
    /// The store is away, and this kind of write cannot wait in the fallback journal.
    #[error(
        "the store is away, and only saves, deletes and batches are kept in the fallback journal; nothing was written"
    )]
    NeedsStore,
    /// The store is away, or writes wait in the fallback journal, and a batch on terms cannot wait there.
    #[error(
        "the store is away, or writes wait in the fallback journal to be replayed: a batch with checks or close_missing is about \
         what is stored at one moment and cannot wait there; nothing was written: send it again when the store is back"
    )]
    TermsNeedStore,
    /// The store failed while it wrote.
    #[error(
        "the store did not answer while it wrote: the write may be stored or not; read the state before you write it again"
    )]
    OutcomeUnknown,
    /// The store is away. The write is safe in the fallback journal, but has no version yet: no failure, and not what was
    /// asked for either.
    #[error("the store is away; the write is kept in the fallback journal as {}", .0.pending_id)]
    Deferred(PendingWrite),
    /// An earlier request with the same key is kept in the fallback journal.
    #[error("an earlier request with this key is kept in the fallback journal as {}", .0.pending_id)]
    DeferredBefore(PendingWrite),
    /// An earlier request with the same key did it, and what it did could not be read.
    #[error(
        "an earlier request with this key was written, but what it was answered could not be read: ask again"
    )]
    WrittenBefore,
    /// Another request has the same key.
    #[error(
        "an earlier request had this Idempotency-Key and another method, address or body; nothing was written: give each request a \
         key of its own, and the same one only when you send it again unchanged"
    )]
    KeyTaken,
    /// The store is away, and a write that waits in the journal moves the state first.
    #[error(
        "the store is away and an earlier write to {0} waits in the fallback journal, so that its version is not known yet; nothing was written"
    )]
    StatePending(StateKey),
    /// There is no such run.
    #[error("there is no run {0}")]
    RunNotFound(String),
    /// The run has no such checkpoint.
    #[error("{0} has no checkpoint {1}")]
    CheckpointNotFound(String, u64),
    /// Another run of the instance is live.
    #[error("{}", held_text(.0))]
    RunHeld(Box<RunHolder>),
    /// There are not as many active runs as was said.
    #[error(
        "{there} runs are active, not {said}; nothing was written: look which they are (GET /api/v1/runs?status=active)"
    )]
    CountDiffers {
        /// How many there are.
        there: u64,
        /// How many were said.
        said: u64,
    },
    /// The run does not hold its lease any more. Nothing was written.
    #[error("{}", .0)]
    LeaseLost(Box<LeaseLost>),
    /// Only a live run can be asked to ask its broker. Nothing was written.
    #[error("{}", not_live_text(.0))]
    RunNotLive(Box<LeaseLost>),
    /// The run that writes is paused, for what is to be written, or by an operator. Nothing was written.
    #[error("{}", paused_text(run_id, handshake.as_deref(), *why))]
    RunPaused {
        /// Which run.
        run_id: String,
        /// The handshake.
        handshake: Option<String>,
        /// What for.
        why: PausedFor,
    },
    /// There is no such handshake.
    #[error("there is no handshake {0}")]
    HandshakeNotFound(String),
    /// The request for which a handshake's runs were asked is not remembered.
    #[error(
        "what the runs were asked for in handshake {0} is not remembered here: another server was asked, or this one was started anew since, \
         or it is larger than 4 MiB, or nothing was to be written: plan it again, and apply that plan"
    )]
    OrderNotKept(String),
    /// Live runs that hold what is to be written gave no word in time. Nothing was written.
    #[error(
        "no word of {} in time; nothing was written, and who had paused is told to go on: ask again, end the run, or say with \
         handshake.without_word why it may be written all the same", runs.join(", ")
    )]
    NoWord {
        /// The handshake.
        handshake: String,
        /// Who.
        runs: Vec<String>,
    },
    /// Something else that is to be written, or an operator, asks one of the same runs, or has paused it. Nothing was written.
    #[error(
        "{run_id} is asked to pause already, or paused, for something else that is to be written or by an operator: wait for the end of \
         handshake {handshake}, or stop it (POST /api/v1/handshakes/{handshake}/stop); nothing was written"
    )]
    HandshakeOpen {
        /// The other's handshake.
        handshake: String,
        /// The run.
        run_id: String,
    },
    /// A handshake has ended before that was written which it was for.
    #[error("the handshake has ended: {because}; nothing was written")]
    HandshakeStopped {
        /// The handshake.
        handshake: String,
        /// Why.
        because: String,
    },
    /// What is said of a handshake does not belong to where it is.
    #[error("handshake {handshake}: {text}")]
    HandshakeOver {
        /// The handshake.
        handshake: String,
        /// Why not.
        text: String,
    },
    /// There is no such conflict of the fallback journal.
    #[error("there is no conflict {0} that waits for a decision")]
    ConflictNotFound(String),
    /// The server runs without a part that was asked for.
    #[error("this server runs without {0}")]
    NotConfigured(&'static str),
    /// The server is stopping.
    #[error("the server is stopping; nothing was written")]
    Stopping,
    /// The server holds as much in memory as it may. Nothing was written.
    #[error("{0}; nothing was written")]
    Overloaded(#[from] Overloaded),
    /// A bundle is not whole, or none. What was whole is in.
    #[error(
        "{0}. What is whole is in the store; send the bundle again when it is mended, and that is passed over"
    )]
    Bundle(#[from] Fault),
    /// A bundle cannot be taken in as it is.
    #[error("line {line}: {text}. {}", so_far(*written))]
    BundleConflict {
        /// The line of the bundle.
        line: u64,
        /// Why.
        text: String,
        /// How many versions of it were written before.
        written: u64,
    },
    /// One answer would be too large. The text says what to ask for instead.
    #[error("{0}")]
    TooLarge(String),
    /// A fault of the program's own; the text is for the log.
    #[error("the server failed")]
    Internal(String),
}

impl ServiceError {
    /// One field of the body that is wrong.
    #[must_use]
    pub fn body(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Body(vec![FieldError::new(pointer, code, message)])
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::StateNotFound(_) | Self::NotRecordedThen { .. } | Self::IdNotFound(_) => {
                Code::StateNotFound
            }
            Self::SeveralTypes { .. } | Self::Parameter(_) | Self::Store(StoreError::BadCursor) => {
                Code::InvalidParameter
            }
            Self::StateDeleted(_) | Self::PendingDelete(_) => Code::StateDeleted,
            Self::NotDeleted(_) => Code::NotDeleted,
            Self::VersionNotFound { .. } => Code::VersionNotFound,
            Self::SnapshotNotFound(_) => Code::SnapshotNotFound,
            Self::SnapshotExists(_) => Code::SnapshotExists,
            Self::TooManySnapshots(_) => Code::QuotaReached,
            Self::RestoreNotFound(_) => Code::RestoreNotFound,
            Self::Conflict(moved) if moved.iter().all(|m| m.expected == Expectation::Absent) => {
                Code::StateExists
            }
            Self::Conflict(_) => Code::VersionConflict,
            Self::ChecksFailed(_) => Code::CheckFailed,
            Self::CannotReplay { .. } => Code::CannotReplay,
            Self::PreconditionFailed { .. } => Code::PreconditionFailed,
            Self::Invalid(_) => Code::ValidationFailed,
            Self::Body(_) => Code::InvalidBody,
            Self::PlanOutdated(_)
            | Self::ImportOutdated(_)
            | Self::DocumentsOutdated
            | Self::ReconcileOutdated(_) => Code::PlanOutdated,
            Self::AlreadyUndone(_) => Code::AlreadyUndone,
            Self::ViolationsNotAccepted(_) => Code::ViolationsNotAccepted,
            Self::NothingToRestore => Code::NothingToRestore,
            Self::Store(StoreError::Damaged(_) | StoreError::DamagedVersion(_)) => Code::Damaged,
            Self::Store(StoreError::Stopped(_)) => Code::WritesStopped,
            Self::Store(StoreError::Busy(_)) | Self::Overloaded(_) => Code::Overloaded,
            // Deferred writes are answered with 202, not with a problem, wherever a client asked for them.
            Self::Store(_)
            | Self::NeedsStore
            | Self::TermsNeedStore
            | Self::Deferred(_)
            | Self::DeferredBefore(_) => Code::StoreUnavailable,
            Self::OutcomeUnknown | Self::WrittenBefore => Code::OutcomeUnknown,
            Self::KeyTaken => Code::IdempotencyKeyReused,
            Self::StatePending(_) | Self::NoVersionYet(_) => Code::StatePending,
            Self::ConflictNotFound(_) => Code::ConflictNotFound,
            Self::RunNotFound(_) => Code::RunNotFound,
            Self::CheckpointNotFound(..) => Code::CheckpointNotFound,
            Self::RunHeld(_) => Code::RunHeld,
            Self::LeaseLost(_) => Code::LeaseLost,
            Self::RunNotLive(_) => Code::RunNotLive,
            Self::CountDiffers { .. } => Code::CountDiffers,
            Self::RunPaused { .. } => Code::RunPaused,
            Self::HandshakeNotFound(_) => Code::HandshakeNotFound,
            Self::OrderNotKept(_) => Code::OrderNotKept,
            Self::NoWord { .. } => Code::NoWord,
            Self::HandshakeOpen { .. } => Code::HandshakeOpen,
            Self::HandshakeStopped { .. } => Code::HandshakeStopped,
            Self::HandshakeOver { .. } => Code::HandshakeOver,
            Self::NotConfigured(_) => Code::NotConfigured,
            Self::Stopping => Code::ShuttingDown,
            Self::Bundle(Fault { wrong: Wrong::NotABundle | Wrong::Format(_), .. }) => Code::NotABundle,
            Self::Bundle(_) => Code::BundleDamaged,
            Self::BundleConflict { .. } => Code::BundleConflict,
            Self::TooLarge(_) => Code::TooLarge,
            Self::MixedMoment { .. } => Code::MixedMoment,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The problem document for clients. What is for the log only is not in it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let detail = match self {
            Self::Store(StoreError::BadCursor) => StoreError::BadCursor.to_string(),
            other => other.to_string(),
        };
        let mut problem = Problem::new(self.code(), detail);
        match self {
            Self::Conflict(moved) => problem.conflicts = moved.iter().map(moved_head).collect(),
            Self::ChecksFailed(failed) => problem.checks = failed.iter().map(checks::described).collect(),
            Self::PreconditionFailed { key, head } => {
                problem.conflicts = vec![MovedHead {
                    key: key.clone(),
                    expected_version: None,
                    head: head.as_deref().map(VersionView::of),
                }];
            }
            Self::Invalid(broken) => problem.errors = broken.iter().map(|(_, v)| field_error(v)).collect(),
            Self::Body(errors) => {
                problem.errors.clone_from(errors);
                problem.hint = errors.iter().find_map(|error| error.hint.clone());
            }
            Self::Bundle(Fault { line, .. }) | Self::BundleConflict { line, .. } => {
                problem.line = usize::try_from(*line).ok();
            }
            Self::RunHeld(holder) => problem.holder = Some(holder.clone()),
            Self::LeaseLost(lost) | Self::RunNotLive(lost) => {
                problem.holder = lost.holder.clone().map(Box::new);
            }
            Self::RunPaused { handshake, .. } => problem.handshake.clone_from(handshake),
            Self::NoWord { handshake, .. }
            | Self::HandshakeOpen { handshake, .. }
            | Self::HandshakeStopped { handshake, .. }
            | Self::HandshakeOver { handshake, .. } => problem.handshake = Some(handshake.clone()),
            Self::PendingDelete(pending) => problem.pending = Some(pending.clone()),
            Self::PlanOutdated(outdated) => {
                problem.plan = Some(Box::new(outdated.plan.clone()));
                problem.moved.clone_from(&outdated.moved);
            }
            Self::ReconcileOutdated(outdated) => problem.reconcile = Some(outdated.clone()),
            _ => {}
        }
        problem
    }
}

/// Why a run is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PausedFor {
    /// It makes way for what is about to be written.
    MakesWay,
    /// Something is written that it has not read.
    Unread,
    /// An operator has paused it.
    Operator,
}

fn paused_text(run_id: &str, handshake: Option<&str>, why: PausedFor) -> String {
    let handshake = handshake.unwrap_or("HANDSHAKE");
    let what = match why {
        PausedFor::Unread => {
            "something has been written that it has not read yet: read the states again, and say so"
        }
        PausedFor::MakesWay => {
            "it makes way for what is about to be written: wait until it is told to reload or to go on"
        }
        PausedFor::Operator => "an operator has it paused: wait until it is told to go on",
    };
    format!(
        "{run_id} is paused, as {what} (POST /api/v1/runs/{run_id}/handshakes/{handshake}/reloaded after a reload; what it is asked is in \
         the answer to a renewal); nothing was written"
    )
}

fn reconcile_outdated(outdated: &ReconcileOutdated) -> String {
    match outdated.moved.len() {
        0 => "the list, how it is read, the choices, or what would be written in place of what, is not what was looked at".into(),
        1 => "a row that something was chosen of is not what was looked at".into(),
        moved => format!("{moved} rows that something was chosen of are not what was looked at"),
    }
}

fn held_text(holder: &RunHolder) -> String {
    let place = match (&holder.host, holder.pid) {
        (Some(host), Some(pid)) => format!(" on {host}, process {pid},"),
        (Some(host), None) => format!(" on {host}"),
        (None, Some(pid)) => format!(" in process {pid}"),
        (None, None) => String::new(),
    };
    let until = holder
        .until
        .map_or_else(String::new, |until| format!(", and holds its lease until {until} unless it renews"));
    format!(
        "{} is live{place} since {}{until}: wait until it has ended, end it, or say with take_over why it may be replaced; nothing \
         was begun",
        holder.run_id, holder.since
    )
}

/// What clients are told; the error's own text is for the log. That nothing was written is said only where it is certain.
fn outage_text(error: &StoreError) -> String {
    let text = match error {
        StoreError::DamagedVersion(damaged) => {
            return format!(
                "{damaged}. Nothing of it is served. Every other version can be read, and the state can be written anew, or \
                 restored to a version that is whole"
            );
        }
        StoreError::NotReached(_) => {
            "the store has not been reached since this server started, which keeps looking for it: nothing was read, and nothing was written"
        }
        StoreError::Damaged(_) => {
            "the store holds damaged data, so that this cannot be read; other states can. The server's log says where: \
             compare with a backup"
        }
        StoreError::Stopped(_) => {
            "an alarm stops writes, and GET /api/v1/status says what to do; nothing was written"
        }
        StoreError::Busy(_) => {
            "the server is busy with other requests, or this one takes too long: ask for less, or again in a moment; nothing \
             was written"
        }
        StoreError::NoRoom(_) => "the store has no room; nothing was written",
        certain if certain.nothing_was_written() => "the store did not answer; nothing was written",
        _ => "the store did not answer",
    };
    text.to_owned()
}

fn moved_head(moved: &HeadMoved) -> MovedHead {
    let expected_version = match moved.expected {
        Expectation::Version(version) => Some(version.0),
        Expectation::Any | Expectation::Absent | Expectation::Present => None,
    };
    MovedHead { key: moved.key.clone(), expected_version, head: moved.head.as_ref().map(VersionView::of) }
}

fn field_error(violation: &Violation) -> FieldError {
    FieldError::new(&violation.pointer, &violation.code, &violation.message)
}

/// What of an import is not what was looked at.
fn outdated(moved: &[StateKey]) -> String {
    const NAMED: usize = 5;
    if moved.is_empty() {
        return "the files are others, or states that they are about came to be since it was looked at"
            .to_owned();
    }
    let named: Vec<_> = moved.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match moved.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("what was chosen to be written over has moved since it was looked at: {}{more}", named.join(", "))
}

fn conflict_text(moved: &[HeadMoved]) -> String {
    let one = |m: &HeadMoved| {
        let expected = match m.expected {
            Expectation::Version(version) => format!("version {version} was expected"),
            Expectation::Absent => "it must not exist".to_owned(),
            Expectation::Present => "it must exist".to_owned(),
            Expectation::Any => "anything was expected".to_owned(),
        };
        format!("{}: {expected}, but {}", m.key, head_text(m.head.as_ref()))
    };
    moved.iter().map(one).collect::<Vec<_>>().join("; ")
}

pub(super) fn head_text(head: Option<&Version>) -> String {
    match head {
        None => "it does not exist".to_owned(),
        Some(head) if head.is_deleted() => format!("it is deleted, at version {}", head.version),
        Some(head) => format!("it is at version {}", head.version),
    }
}

fn not_live_text(lost: &LeaseLost) -> String {
    let instead = if lost.holder.is_some() { "ask that one" } else { "start its program" };
    format!(
        "{}; nothing was written: only a live run can ask its broker, so {instead}, or hold a list against the store by hand (POST \
         /api/v1/runs/{}/reconcile)",
        lost.stands(),
        lost.run_id
    )
}

fn so_far(written: u64) -> String {
    match written {
        0 => "Nothing was written".to_owned(),
        1 => "The version before it was written".to_owned(),
        _ => format!("{written} versions before it were written"),
    }
}

fn names(types: &[StateType]) -> String {
    types.iter().map(StateType::as_str).collect::<Vec<_>>().join(", ")
}
