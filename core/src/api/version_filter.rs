//! What a page of versions is limited to: the same rule in the server, which looks through the log, and in the console,
//! which judges the versions that arrive.

use super::{ValidityFilter, VersionView};
use crate::model::{Operation, StateType};
use crate::search::Needle;

/// Values of one kind are alternatives, kinds must all hold; all words of the text must.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionFilter {
    /// Of these types.
    pub types: Vec<StateType>,
    /// By these authors.
    pub authors: Vec<String>,
    /// Written by this run of a program.
    pub run: Option<String>,
    /// Of this correlation.
    pub correlation: Option<String>,
    /// Written by these operations.
    pub operations: Vec<Operation>,
    /// Of this verdict.
    pub validity: Option<ValidityFilter>,
    /// Parts of the first changed path.
    pub paths: Vec<Needle>,
    /// Parts of the id or the reason.
    pub words: Vec<Needle>,
}

impl VersionFilter {
    /// Whether anything is limited.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// Whether a version matches.
    #[must_use]
    pub fn matches(&self, version: &VersionView) -> bool {
        fn any<T>(wanted: &[T], holds: impl FnMut(&T) -> bool) -> bool {
            wanted.is_empty() || wanted.iter().any(holds)
        }
        any(&self.types, |name| *name == version.state_type)
            && any(&self.authors, |name| version.user_id.as_deref() == Some(name))
            && self.run.as_deref().is_none_or(|run| version.run_id.as_deref() == Some(run))
            && self.correlation.as_deref().is_none_or(|id| version.correlation_id.as_deref() == Some(id))
            && any(&self.operations, |operation| *operation == version.operation)
            && self.validity.is_none_or(|validity| validity == ValidityFilter::of(&version.verdict))
            && any(&self.paths, |part| {
                version.change.first.as_ref().is_some_and(|first| part.is_in(&first.path))
            })
            && self.words.iter().all(|word| {
                let reason = version.description.as_deref().unwrap_or_default();
                word.is_in(version.state_id.as_str()) || word.is_in(reason)
            })
    }
}
