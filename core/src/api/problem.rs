//! Errors as RFC 9457 problem documents, each with a stable code.

use serde::{Deserialize, Serialize};

use super::{FailedCheck, PendingState, Plan, ReconcileOutdated, RunHolder, StateMoved, VersionView};
use crate::json::Diagnosis;
use crate::model::StateKey;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $title:literal;)*) => {
        /// The catalogue of errors. A code, once published, keeps its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// A short title, the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON by the strict rules.
    InvalidJson = "invalid_json", 400, "The body is not valid JSON";
    /// A query parameter or header cannot be read.
    InvalidParameter = "invalid_parameter", 400, "A parameter is wrong";
    /// The request needs a key and has none, or a wrong one.
    Unauthorized = "unauthorized", 401, "A valid API key is needed";
    /// The request comes from a page of another origin.
    ForbiddenOrigin = "forbidden_origin", 403, "Requests from this origin are not allowed";
    /// There is no such route.
    RouteNotFound = "route_not_found", 404, "No such address";
    /// There is no such state.
    StateNotFound = "state_not_found", 404, "No such state";
    /// The state has no such version.
    VersionNotFound = "version_not_found", 404, "No such version";
    /// There is no such snapshot.
    SnapshotNotFound = "snapshot_not_found", 404, "No such snapshot";
    /// There is no such restore.
    RestoreNotFound = "restore_not_found", 404, "No such restore";
    /// There is no such run.
    RunNotFound = "run_not_found", 404, "No such run";
    /// The run took no checkpoint of that number.
    CheckpointNotFound = "checkpoint_not_found", 404, "No such checkpoint";
    /// There is no such handshake.
    HandshakeNotFound = "handshake_not_found", 404, "No such handshake";
    /// What a handshake's runs were asked for is not remembered.
    OrderNotKept = "order_not_kept", 404, "What was asked for is not remembered";
    /// There is no such conflict of the fallback journal.
    ConflictNotFound = "conflict_not_found", 404, "No such conflict";
    /// This server runs without what was asked for.
    NotConfigured = "not_configured", 404, "This server runs without that";
    /// The route exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not know this method";
    /// The state is deleted; its history remains.
    StateDeleted = "state_deleted", 410, "The state is deleted";
    /// Events after that seq cannot be sent: the store's log does not go that far.
    CannotReplay = "cannot_replay", 410, "These events are not in the log";
    /// The state exists although it must not.
    StateExists = "state_exists", 409, "The state exists already";
    /// The head is not the version the client expected.
    VersionConflict = "version_conflict", 409, "The state has moved on";
    /// A check of a batch does not hold; every one that does not is named. Nothing was written.
    CheckFailed = "check_failed", 409, "A check of the batch does not hold";
    /// There are more or fewer of what is to be written than whoever asks for it says. Nothing was written.
    CountDiffers = "count_differs", 409, "There are more or fewer than was said";
    /// The run that writes does not hold its lease any more: it has ended, or another has taken its place. Nothing was written.
    LeaseLost = "lease_lost", 409, "The run does not hold its lease any more";
    /// Only a live run can be asked, and this one is not. Nothing was written.
    RunNotLive = "run_not_live", 409, "The run is not live";
    /// The run that writes makes way for a restore, and has not said yet that it has read it. Nothing was written.
    RunPaused = "run_paused", 409, "The run is paused";
    /// A live run that holds what the restore writes gave no word in time. Nothing was written.
    NoWord = "no_word", 409, "A live run gave no word";
    /// Another restore asks one of the same runs. Nothing was written.
    HandshakeOpen = "handshake_open", 409, "The run is asked to pause already";
    /// An operator stopped the handshake, or the server that led it was away too long. Nothing was written.
    HandshakeStopped = "handshake_stopped", 409, "The handshake was stopped";
    /// The handshake is not where what is said of it belongs: it is over, or another one has begun.
    HandshakeOver = "handshake_over", 409, "The handshake is not at that step";
    /// Another run of the same instance holds its lease.
    RunHeld = "run_held", 409, "Another run of this instance is live";
    /// A snapshot of that name exists.
    SnapshotExists = "snapshot_exists", 409, "A snapshot of that name exists";
    /// There are as many as there may be; the detail says what to do.
    QuotaReached = "quota_reached", 409, "There are as many as there may be";
    /// The state is not deleted, so it cannot be undeleted.
    NotDeleted = "not_deleted", 409, "The state is not deleted";
    /// A write to the state waits in the fallback journal, so that its version cannot be named yet.
    StatePending = "state_pending", 409, "A write to the state waits to be replayed";
    /// A bundle cannot be taken in as it is: the store has versions of its own, or the bundle does not follow them.
    BundleConflict = "bundle_conflict", 409, "The store has other versions than the bundle";
    /// `If-Match` or `If-None-Match` does not hold.
    PreconditionFailed = "precondition_failed", 412, "A precondition does not hold";
    /// A head in the plan has moved; a fresh plan is enclosed.
    PlanOutdated = "plan_outdated", 412, "The plan is out of date";
    /// The restore has been undone already: every path that it wrote is as it was before.
    AlreadyUndone = "already_undone", 409, "The restore has been undone already";
    /// The body is larger than allowed.
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    /// The body is not said to be JSON.
    UnsupportedMediaType = "unsupported_media_type", 415, "The body must be application/json";
    /// The body is compressed in a way that the server does not know.
    UnsupportedEncoding = "unsupported_encoding", 415, "The body is encoded in an unknown way";
    /// The address speaks WebSocket, and the request does not ask for that.
    UpgradeRequired = "upgrade_required", 426, "This address speaks WebSocket";
    /// The body is JSON but not of the shape this address wants.
    InvalidBody = "invalid_body", 422, "The body has the wrong shape";
    /// The body is no bundle, or one of a newer program.
    NotABundle = "not_a_bundle", 422, "This is not a bundle that the server knows";
    /// The bundle was damaged or cut. What was whole before that is in the store.
    BundleDamaged = "bundle_damaged", 422, "The bundle is not whole";
    /// The data breaks rules of a type in mode strict.
    ValidationFailed = "validation_failed", 422, "The data breaks the rules of its type";
    /// The plan writes states that break rules, and the request does not accept that.
    ViolationsNotAccepted = "violations_not_accepted", 422, "The result breaks rules";
    /// Another request has the same `Idempotency-Key`.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "The Idempotency-Key was used for another request";
    /// The plan would write nothing.
    NothingToRestore = "nothing_to_restore", 422, "Nothing would be written";
    /// One answer would be too large, or too much work. The detail says what to ask for instead.
    TooLarge = "too_large", 422, "This is too much for one answer";
    /// What was imported and what was written here do not meet at one place of the log at this time.
    MixedMoment = "mixed_moment", 422, "No place of the log is what there was at this time";
    /// Too many connections or subscriptions.
    TooManyRequests = "too_many_requests", 429, "Too many at once";
    /// The server failed in a way it should not.
    Internal = "internal", 500, "The server failed";
    /// What is stored is not what was written. Nothing of it is served; other states are.
    Damaged = "damaged", 500, "Stored data is damaged";
    /// The store did not answer, or is full.
    StoreUnavailable = "store_unavailable", 503, "The store did not answer";
    /// An alarm stops writes: `GET /status` has it, with what to do. Nothing was written.
    WritesStopped = "writes_stopped", 503, "The server takes no writes";
    /// The store did not answer while it wrote: it may be written or not.
    OutcomeUnknown = "outcome_unknown", 503, "It is not known whether it was written";
    /// The server holds as much in memory as it may. Nothing was written; it is worth trying again in a moment.
    Overloaded = "overloaded", 503, "The server has more to do than it can do now";
    /// The server is stopping.
    ShuttingDown = "shutting_down", 503, "The server is stopping";
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// RFC 6901 pointer into the request body; for validation, into `data`.
    pub pointer: String,
    /// Which rule.
    pub code: String,
    /// For people.
    pub message: String,
    /// What to do, where it is known what people mean who send that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl FieldError {
    /// An error with nothing but words.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), message: message.into(), hint: None }
    }
}

/// A head that was not where the client expected it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MovedHead {
    /// Which state.
    #[serde(flatten)]
    pub key: StateKey,
    /// The version expected; absent if the expectation was about existence.
    pub expected_version: Option<u64>,
    /// The head as it is; absent if the state never existed.
    pub head: Option<VersionView>,
}

/// An error, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:stateloft:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short title of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable word.
    pub code: Code,
    /// What happened this time and what to do.
    pub detail: String,
    /// Where the body stops being JSON, in bytes from its start, as it is unpacked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// The same as a line, from 1 on; of a bundle the line that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The same as a column of the line, in characters, from 1 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// RFC 6901 pointer to the value or member that was being read there, or was read last: in a batch it names the item.
    /// Absent where nothing had been read, or where the pointer would be longer than 1 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The words around that place, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// What to do, where it is known what people mean who send that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Each broken rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Every head that moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<MovedHead>,
    /// Every check of a batch that does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<FailedCheck>,
    /// A fresh plan in place of the outdated one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub plan: Option<Box<Plan>>,
    /// What has moved between the outdated plan and the fresh one, where the request said when it was made (`seq`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<StateMoved>,
    /// What a plan that does something about a broker's list would be now, in place of the outdated one, and which rows moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile: Option<Box<ReconcileOutdated>>,
    /// The write that waits in the fallback journal, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Box<PendingState>>,
    /// The run that holds the lease, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Box<RunHolder>>,
    /// The handshake of a restore, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<String>,
}

impl Problem {
    /// A body that is not JSON.
    #[must_use]
    pub fn of_json(diagnosis: Diagnosis) -> Self {
        let detail = diagnosis.to_string();
        Self {
            offset: Some(diagnosis.error().offset()),
            line: Some(diagnosis.line),
            column: Some(diagnosis.column),
            pointer: diagnosis.pointer,
            near: Some(diagnosis.near),
            hint: diagnosis.hint.map(str::to_owned),
            ..Self::new(Code::InvalidJson, detail)
        }
    }

    /// A problem with nothing but words.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:stateloft:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            offset: None,
            line: None,
            column: None,
            pointer: None,
            near: None,
            hint: None,
            errors: Vec::new(),
            conflicts: Vec::new(),
            checks: Vec::new(),
            plan: None,
            moved: Vec::new(),
            reconcile: None,
            pending: None,
            holder: None,
            handshake: None,
        }
    }
}
