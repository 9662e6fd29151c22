//! The nouns: keys, versions, snapshots, verdicts, changes in brief.

mod accepted;
mod change;
mod entity_tag;
mod imported;
mod key;
mod numbers;
mod operation;
mod origin;
mod run;
mod snapshot;
mod time;
mod type_names;
mod verdict;
mod version;

pub use accepted::{accepted_at, fraction_of_milli};
pub use change::{ChangeSummary, FirstChange};
pub use entity_tag::entity_tag;
pub use imported::{Imported, effective_at, saved_at};
pub use key::{KeyError, STATE_ID_MAX_BYTES, StateId, StateKey, StateType};
pub use numbers::{Seq, VersionNumber, whole_number};
pub use operation::Operation;
pub use origin::{ORIGIN_MAX_BYTES, Origin, OriginError};
pub(crate) use run::pause_of;
pub use run::{RunId, RunIdError, RunName, is_kept_of_runs, is_session};
pub use snapshot::{Snapshot, SnapshotId, SnapshotKind};
pub use time::{Timestamp, TimestampError};
pub use type_names::{is_well_known, meant, well_known};
pub use verdict::{Mode, Verdict, Violation};
pub use version::{Version, VersionId};
