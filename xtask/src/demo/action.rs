//! What the simulated programs ask of the server.

/// One state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) state_type: &'static str,
    pub(super) state_id: String,
}

impl Key {
    /// The state of that type and id.
    pub(super) fn new(state_type: &'static str, state_id: impl Into<String>) -> Self {
        Self { state_type, state_id: state_id.into() }
    }
}

/// What the writer demands of the state's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// Nothing.
    Any,
    /// That there is no live state.
    Absent,
    /// That this is the last version.
    Version(u64),
}

impl Expect {
    /// The version last seen, when one was seen.
    pub(super) fn seen(version: Option<u64>) -> Self {
        version.map_or(Self::Any, Self::Version)
    }
}

/// A request to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) author: String,
    pub(super) reason: String,
    pub(super) what: What,
}

/// The kinds of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Save one state; the data is JSON text.
    Save { key: Key, data: String, expect: Expect },
    /// Save several states in one commit.
    SaveAll(Vec<(Key, String)>),
    /// Delete a state.
    Delete(Key),
    /// Name this moment.
    Snapshot(String),
}

impl Action {
    /// A request with who and why.
    pub(super) fn new(author: impl Into<String>, reason: impl Into<String>, what: What) -> Self {
        Self { author: author.into(), reason: reason.into(), what }
    }
}
