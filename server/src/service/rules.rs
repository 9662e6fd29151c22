//! How strictly states are validated, and what validation says.

use statehouse_core::diff::{Diff, diff};
use statehouse_core::json::{Document, JsonError};
use statehouse_core::model::{Mode, StateKey, Verdict, Version};
use statehouse_core::schema::path_rules;
use statehouse_core::validate::validate;

use super::{Result, Service, ServiceError};
use crate::heavy;

impl Service {
    /// What today's rules say of each document, in order.
    pub(super) fn verdicts(&self, states: &[(StateKey, Document)]) -> Vec<Verdict> {
        let bytes = states.iter().map(|(_, data)| data.len()).sum();
        heavy::work(bytes, || states.iter().map(|(key, data)| self.judge(key, data)).collect())
    }

    /// The verdict to store, or a refusal with every violation where the type is strict.
    pub(super) fn accept(&self, key: &StateKey, data: &Document) -> Result<Verdict> {
        match heavy::work(data.len(), || self.judge(key, data)) {
            Verdict::Invalid { violations } if self.is_strict(key) => {
                Err(ServiceError::Invalid(violations.into_iter().map(|v| (key.clone(), v)).collect()))
            }
            verdict => Ok(verdict),
        }
    }

    fn judge(&self, key: &StateKey, data: &Document) -> Verdict {
        validate(key.state_type.as_str(), data, self.settings.modes.mode(&key.state_type))
    }

    /// Whether invalid data is refused.
    pub(super) fn is_strict(&self, key: &StateKey) -> bool {
        self.settings.modes.mode(&key.state_type) == Mode::Strict
    }
}

/// What changed between two versions of a state. What is not there is compared as a document without members.
pub(super) fn difference(from: Option<&Version>, to: &Version) -> Result<Diff> {
    let rules = path_rules(to.key.state_type.as_str());
    let nothing: Document =
        "{}".parse().map_err(|error: JsonError| ServiceError::Internal(error.to_string()))?;
    let old = from.and_then(|from| from.data.as_ref()).unwrap_or(&nothing);
    let new = to.data.as_ref().unwrap_or(&nothing);
    Ok(heavy::work(old.len() + new.len(), || diff(old, new, rules)))
}
