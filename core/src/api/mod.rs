//! What crosses the wire: the requests and answers of the HTTP API and the messages of the WebSocket, shared by the
//! server and the console.

mod alarm;
mod ask;
mod ask_reconcile;
mod batch;
mod bundle;
mod checkpoint;
mod checkpoint_kept;
mod clock;
mod close_missing;
mod event;
mod given;
mod handshake;
mod import;
mod mirror;
mod notice;
mod of_state;
mod origin;
mod pause;
mod pending;
mod problem;
mod query;
mod reconcile;
mod reconcile_plan;
mod record;
mod resilience;
mod restore;
mod run;
mod run_request;
mod run_restore;
mod session;
mod snapshot;
mod state;
mod state_request;
mod status;
mod version_filter;
mod vitals;

pub use alarm::{Alarm, AlarmCode, Stops};
pub use ask::{Ask, AskKind, Heard, SayPaused, SayReloaded};
pub use ask_reconcile::{AskReconcile, ReconcileAnswer, ReconcileAsk};
pub use batch::{BatchItem, BatchOperation, BatchRequest, BatchResponse, BatchResult, FailedCheck};
pub use bundle::{BundleImported, BundleMerged, ConflictReason, LeftOut, MergeConflict, MergeSide, Named};
pub use checkpoint::{
    CheckpointList, CheckpointState, CheckpointStatistics, CheckpointTaken, CheckpointView, PinCheckpoint,
    TakeCheckpoint,
};
pub use checkpoint_kept::{CheckpointPins, CheckpointRecord};
pub use clock::{ClockStatus, ConfirmClock};
pub use close_missing::{CloseMissing, CloseScope};
pub use event::{ClientMessage, Event, EventPage, ServerMessage, StorePulse, Topic, TopicError, Unreadable};
pub use given::{ApplyGiven, GivenPlan, GivenPlanned, GivenRequest, GivenState, RestoredTo};
pub use handshake::{
    Handshake, HandshakeList, HandshakeOrder, HandshakeRun, HandshakeStatus, HandshakeTerms, HandshakeView,
    HeardBy, HeldBy, PauseRun, StopHandshake, WithoutWord,
};
pub use import::{
    AppliedImport, ApplyImport, FileError, FileSummary, ImportCounts, ImportFile, ImportFlag, ImportItem,
    ImportOptions, ImportPlan, ImportPreview, ImportRecord, ImportRequest, ImportSource, ImportStanding,
    QuarantineCode, Quarantined, RecordCode, SettleAs, SettleQuarantine, SettledQuarantine, Shape, Standing,
};
pub use mirror::{MirrorState, MirrorStatus};
pub use notice::{Notice, NoticeCode};
pub use of_state::OfState;
pub use origin::Originated;
pub use pause::{OperatorsPause, Pause, PauseStatus, UnreadRestore};
pub use pending::{ChangeKind, PendingFilter, PendingList, PendingState, StaleFilter, StateRow, StateRows};
pub use problem::{Code, FieldError, MovedHead, Problem};
pub use query::{DeletedFilter, Moment, MomentError, Sort, ValidityFilter};
pub use reconcile::{
    Agreement, AgreementCounts, Apart, Because, BrokerShape, Held, ReconcileOptions, ReconcileReport,
    ReconcileRequest, ReconcileRow, Tolerance, Unread,
};
pub use reconcile_plan::{
    Agreed, AppliedReconcile, ApplyReconcile, ChosenRow, CloseReason, Drift, DriftList, PlanReconcile,
    PlannedRow, PlannedWrite, ReconcileOutdated, ReconcilePlan, ReconcilePolicy, ResolvedHow, RowChoice,
    RowMoved, Share,
};
pub use resilience::{
    BreakerState, BreakerStatus, CacheStatus, ConflictSide, DamagedFile, FallbackConflict, FallbackConflicts,
    FallbackStatus, ForceBreaker, ForcedState, KeepSide, PendingWrite, SetAside, SettleConflict,
};
pub use restore::{
    AppliedRestore, ApplyRequest, Effect, PathMoved, Plan, PlanCounts, PlanRequest, PlannedState,
    RestoreList, RestoreRecord, Scope, Selection, StateMoved, StateSelection, UndoRequest, Within,
};
pub use run::{
    LeaseView, MarkedCrashed, RunComparison, RunDifference, RunHolder, RunLeft, RunList, RunRenewed, RunRow,
    RunStarted, RunState, RunStates, RunView,
};
pub use run_request::{EndRun, EndedAs, MarkAllCrashed, MarkCrashed, RenewRun, StartRun, TakeOver};
pub use run_restore::{RunRestore, RunRestores, TouchedRun};
pub use session::{RunOutcome, RunStatus, Session};
pub use snapshot::{CreateSnapshot, SnapshotList, SnapshotRestored, SnapshotView};
pub use state::{Deleted, DiffView, History, StateList, StateSummary, StateView, VersionView};
pub use state_request::{ClientOperation, PutRequest, SaveRequest, UndeleteRequest};
pub use status::{
    ActivityBucket, AuthorActivity, Health, LatencyStatus, Mark, MarkKind, MemoryClass, MemoryStatus,
    Overview, Quota, Quotas, Ready, Status, StoreStatus, TypeCount, VerifyReport,
};
pub use version_filter::VersionFilter;
pub use vitals::{
    BreakerTurn, Incident, ListenerStatus, PoolStatus, SessionCounts, SlowestRead, StatusDetails,
    StatusSeries, StoreSizes, Versions,
};
