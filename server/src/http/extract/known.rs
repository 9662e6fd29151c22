//! What to do with members of a body that nobody knows.
//!
//! Clients of the older systems may send members of their own, which were always ignored, so their routes go on ignoring
//! them. But a member that is nearly a known one (`expected_versoin`, `userId`) was meant to be that: it is refused, for
//! otherwise a demand would be dropped in silence. Routes without such a past refuse every unknown member.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use stateloft_core::api::{
    ApplyGiven, ApplyImport, ApplyReconcile, ApplyRequest, AskReconcile, BatchRequest, ClientOperation,
    ConfirmClock, CreateSnapshot, EndRun, ForceBreaker, GivenRequest, ImportRequest, MarkAllCrashed,
    MarkCrashed, Originated, PauseRun, PinCheckpoint, PlanReconcile, PlanRequest, PutRequest,
    ReconcileRequest, RenewRun, SaveRequest, SayPaused, SayReloaded, SettleConflict, SettleQuarantine,
    StartRun, StopHandshake, TakeCheckpoint, UndeleteRequest, UndoRequest,
};
use stateloft_core::json::Node;
use stateloft_core::model::{Origin, StateId, StateType};

use crate::http::failure::{Answer, Failure};
use crate::http::options::{BODY_MAX, IMPORT_MAX};

/// What a route does with unknown members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// They are ignored, unless one is nearly the name of a known one.
    Ignored,
    /// The type itself refuses them.
    Refused,
}

/// A body of a request.
pub(crate) trait Body: DeserializeOwned + Send {
    /// Its members.
    const MEMBERS: &'static [&'static str] = &[];
    /// What happens to others.
    const UNKNOWN: Unknown = Unknown::Refused;
    /// How many arrays and objects stand around a document in it: those do not count against the document's depth.
    const DEPTH: usize = 1;
    /// Its bytes at most, unpacked.
    const MAX: usize = BODY_MAX;

    /// The body, if everything in it is as it should be; `None` leaves it to serde, which says what is not. For bodies
    /// whose document would else be read a second and a third time.
    fn read(_: Node<'_>) -> Option<Self> {
        None
    }

    /// Takes from a `traceparent` what it does not say itself of where its writes come from. What writes no versions comes
    /// from nowhere.
    fn trace(&mut self, _: Origin) {}
}

/// What a body that writes versions takes from a trace.
fn trace(body: &mut impl Originated, trace: Origin) {
    body.set_origin(body.origin().or(trace));
}

/// A member that may be absent or null.
#[allow(
    clippy::option_option,
    reason = "a member that is absent and one that is not as it should be are two things"
)]
fn optional<T>(body: Node<'_>, name: &str, read: impl FnOnce(Node<'_>) -> Option<T>) -> Option<Option<T>> {
    match body.get(name) {
        None => Some(None),
        Some(value) if value.is_null() => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn text(value: Node<'_>) -> Option<String> {
    value.as_str().map(Cow::into_owned)
}

fn shared(value: Node<'_>) -> Option<Arc<str>> {
    value.as_str().map(Into::into)
}

fn counter(value: Node<'_>) -> Option<u64> {
    value.text().parse().ok()
}

impl Body for SaveRequest {
    const MEMBERS: &'static [&'static str] = &[
        "state_id",
        "state_type",
        "data",
        "operation",
        "user_id",
        "description",
        "expected_version",
        "epoch",
        "run_id",
        "correlation_id",
        "causation_id",
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn trace(&mut self, origin: Origin) {
        trace(self, origin);
    }

    fn read(body: Node<'_>) -> Option<Self> {
        let operation = match body.get("operation") {
            None => ClientOperation::default(),
            Some(value) => match &*value.as_str()? {
                "create" => ClientOperation::Create,
                "update" => ClientOperation::Update,
                _ => return None,
            },
        };
        Some(Self {
            state_id: StateId::new(&body.get("state_id")?.as_str()?).ok()?,
            state_type: StateType::new(&body.get("state_type")?.as_str()?).ok()?,
            data: body.get("data")?.to_document(),
            operation,
            user_id: optional(body, "user_id", text)?,
            description: optional(body, "description", text)?,
            expected_version: optional(body, "expected_version", counter)?,
            epoch: optional(body, "epoch", counter)?,
            run_id: optional(body, "run_id", shared)?,
            correlation_id: optional(body, "correlation_id", shared)?,
            causation_id: optional(body, "causation_id", shared)?,
        })
    }
}

impl Body for PutRequest {
    const MEMBERS: &'static [&'static str] = &[
        "data",
        "user_id",
        "description",
        "expected_version",
        "epoch",
        "run_id",
        "correlation_id",
        "causation_id",
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn trace(&mut self, origin: Origin) {
        trace(self, origin);
    }

    fn read(body: Node<'_>) -> Option<Self> {
        Some(Self {
            data: body.get("data")?.to_document(),
            user_id: optional(body, "user_id", text)?,
            description: optional(body, "description", text)?,
            expected_version: optional(body, "expected_version", counter)?,
            epoch: optional(body, "epoch", counter)?,
            run_id: optional(body, "run_id", shared)?,
            correlation_id: optional(body, "correlation_id", shared)?,
            causation_id: optional(body, "causation_id", shared)?,
        })
    }
}

impl Body for CreateSnapshot {
    const MEMBERS: &'static [&'static str] = &["snapshot_id", "description", "user_id", "seq"];
    const UNKNOWN: Unknown = Unknown::Ignored;
}

impl Body for BatchRequest {
    const DEPTH: usize = 3;

    fn trace(&mut self, origin: Origin) {
        trace(self, origin);
    }
}
/// The states stand in a list. The run stands in the address.
impl Body for TakeCheckpoint {
    const DEPTH: usize = 3;

    fn trace(&mut self, origin: Origin) {
        self.correlation_id = self.correlation_id.take().or(origin.correlation_id);
        self.causation_id = self.causation_id.take().or(origin.causation_id);
    }
}
impl Body for ImportRequest {
    const MAX: usize = IMPORT_MAX;
}
impl Body for ApplyImport {
    const MAX: usize = IMPORT_MAX;

    fn trace(&mut self, origin: Origin) {
        self.causation_id = self.causation_id.take().or(origin.causation_id);
    }
}
/// Documents that are given stand in a list of states.
impl Body for GivenRequest {
    const MAX: usize = IMPORT_MAX;
    const DEPTH: usize = 3;
}
impl Body for ApplyGiven {
    const MAX: usize = IMPORT_MAX;
    const DEPTH: usize = 3;

    fn trace(&mut self, origin: Origin) {
        trace(self, origin);
    }
}
impl Body for ReconcileRequest {}
impl Body for PlanReconcile {}
impl Body for ApplyReconcile {}
impl Body for StartRun {
    const DEPTH: usize = 2;
}
impl Body for RenewRun {}
impl Body for SayPaused {}
impl Body for SayReloaded {}
impl Body for PauseRun {}
impl Body for AskReconcile {}
impl Body for StopHandshake {}
impl Body for EndRun {}
impl Body for MarkCrashed {}
impl Body for MarkAllCrashed {}
impl Body for PinCheckpoint {}
impl Body for ConfirmClock {}
impl Body for ForceBreaker {}
impl Body for PlanRequest {}
impl Body for SettleConflict {}

macro_rules! traced {
    ($($request:ty),*) => {
        $(impl Body for $request {
            fn trace(&mut self, origin: Origin) {
                trace(self, origin);
            }
        })*
    };
}
traced!(ApplyRequest, SettleQuarantine, UndeleteRequest, UndoRequest);

/// Refuses a member that is nearly a known one.
pub(super) fn check<T: Body>(root: Node<'_>) -> Answer<()> {
    if T::UNKNOWN == Unknown::Refused {
        return Ok(());
    }
    for member in root.members() {
        let name = member.key.decoded();
        if T::MEMBERS.contains(&&*name) {
            continue;
        }
        if let Some(meant) = nearly(&name, T::MEMBERS) {
            let mut pointer = String::from("/");
            stateloft_core::json::pointer::escape_into(&mut pointer, &name);
            let message = format!("{name:?} is not a member of this body; did you mean {meant:?}?");
            return Err(Failure::body(&pointer, "unknown_member", message));
        }
    }
    Ok(())
}

fn nearly<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let name = plain(name);
    known.iter().copied().find(|known| {
        let known = plain(known);
        strsim::damerau_levenshtein(&name, &known) <= known.len() / 4
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        for slip in [
            "expected_versoin",
            "expectedVersion",
            "Expected-Version",
            "user_Id",
            "userid",
            "dat",
            "descripton",
        ] {
            assert!(nearly(slip, SaveRequest::MEMBERS).is_some(), "{slip}");
        }
        for other in
            ["source", "timestamp", "version_id", "tags", "extra", "strategy", "meta", "checksum", ""]
        {
            assert_eq!(nearly(other, SaveRequest::MEMBERS), None, "{other}");
        }
    }
}
