//! What a client may demand of a head before it writes.

use stateloft_core::commit::{Expectation, HeadMoved};
use stateloft_core::model::{StateKey, Version, VersionNumber};

use super::{Result, Service, ServiceError};

/// The `If-Match` and `If-None-Match` of a request. Entity tags are without quotes, as [`Version::etag`] gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Neither was sent.
    #[default]
    None,
    /// `If-Match: *`: there is a live state.
    Exists,
    /// `If-Match` with tags: the head has one of them.
    Matches(Vec<String>),
    /// `If-None-Match: *`: there is no live state.
    Absent,
    /// `If-None-Match` with tags: the head has none of them.
    MatchesNot(Vec<String>),
}

impl Precondition {
    fn holds(&self, head: Option<&Version>) -> bool {
        let live = head.is_some_and(|head| !head.is_deleted());
        let tagged = |tags: &[String]| head.is_some_and(|head| tags.contains(&head.etag()));
        match self {
            Self::None => true,
            Self::Exists => live,
            Self::Matches(tags) => tagged(tags),
            Self::Absent => !live,
            Self::MatchesNot(tags) => !tagged(tags),
        }
    }
}

/// Everything a request demands of the head of the state it writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    /// From the body: the version last seen.
    pub(super) expected_version: Option<u64>,
    /// From the body: the client says `create`.
    pub(super) must_not_exist: bool,
    /// From the headers.
    pub(super) precondition: &'a Precondition,
}

impl Service {
    /// One expectation that stands for the whole demand. Where it takes a look at the head to say so, the expectation
    /// is that head's version: if it moves before the commit, the commit is refused.
    pub(super) async fn expectation(&self, key: &StateKey, demand: Demand<'_>) -> Result<Expectation> {
        let version = demand.expected_version.map(VersionNumber);
        match (version, demand.must_not_exist, demand.precondition) {
            (None, false, Precondition::None) => return Ok(Expectation::Any),
            (Some(version), false, Precondition::None) => return Ok(Expectation::Version(version)),
            (None, true, Precondition::None) | (None, _, Precondition::Absent) => {
                return Ok(Expectation::Absent);
            }
            (None, false, Precondition::Exists) => return Ok(Expectation::Present),
            _ => {}
        }
        let head = self.head_for_demand(key).await?;
        // Headers are looked at last (RFC 9110 13.2.1): what is refused without them is refused for the same reason with them.
        let expectations =
            [demand.must_not_exist.then_some(Expectation::Absent), version.map(Expectation::Version)];
        if let Some(expected) =
            expectations.into_iter().flatten().find(|expected| !expected.holds(head.as_ref()))
        {
            return Err(ServiceError::Conflict(vec![HeadMoved { key: key.clone(), expected, head }]));
        }
        if !demand.precondition.holds(head.as_ref()) {
            return Err(ServiceError::PreconditionFailed { key: key.clone(), head: head.map(Box::new) });
        }
        Ok(Expectation::Version(head.map_or(VersionNumber::ZERO, |head| head.version)))
    }
}
