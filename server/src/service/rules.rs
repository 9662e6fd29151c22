//! How strictly states are validated, and what validation says.

use statehouse_core::diff::{Diff, diff};
use statehouse_core::json::{Document, JsonError};
use statehouse_core::model::{Mode, StateKey, Verdict, Version};
use statehouse_core::schema::path_rules;
use statehouse_core::validate::validate;

use super::{Result, Service, ServiceError};

impl Service {
    /// What today's rules say of data for a state.
    pub(super) fn verdict(&self, key: &StateKey, data: &Document) -> Verdict {
        validate(key.state_type.as_str(), data, self.settings.modes.mode(&key.state_type))
    }

    /// The verdict to store, or a refusal with every violation where the type is strict.
    pub(super) fn accept(&self, key: &StateKey, data: &Document) -> Result<Verdict> {
        match self.verdict(key, data) {
            Verdict::Invalid { violations } if self.settings.modes.mode(&key.state_type) == Mode::Strict => {
                Err(ServiceError::Invalid(violations.into_iter().map(|v| (key.clone(), v)).collect()))
            }
            verdict => Ok(verdict),
        }
    }
}

/// What changed between two versions of a state.
pub(super) fn difference(from: Option<&Version>, to: &Version) -> Result<Diff> {
    let rules = path_rules(to.key.state_type.as_str());
    // What is not there is compared as a document without members.
    let nothing: Document =
        "{}".parse().map_err(|error: JsonError| ServiceError::Internal(error.to_string()))?;
    let old = from.and_then(|from| from.data.as_ref()).unwrap_or(&nothing);
    Ok(diff(old, to.data.as_ref().unwrap_or(&nothing), rules))
}
