//! How strictly states are validated, and what validation says.

use statehouse_core::diff::{Diff, Effort, TooMuch, diff_within};
use statehouse_core::json::{Document, JsonError};
use statehouse_core::model::{Mode, StateKey, Verdict, Version};
use statehouse_core::schema::path_rules;
use statehouse_core::validate::validate;

use super::{Result, Service, ServiceError};
use crate::budget::{self, Class};
use crate::heavy;

/// Documents of fewer bytes are compared without asking for room.
const UNCOUNTED: usize = 256 << 10;

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
pub(super) async fn difference(from: Option<&Version>, to: &Version) -> Result<Diff> {
    let rules = path_rules(to.key.state_type.as_str());
    let nothing: Document =
        "{}".parse().map_err(|error: JsonError| ServiceError::Internal(error.to_string()))?;
    let old = from.and_then(|from| from.data.as_ref()).unwrap_or(&nothing);
    let new = to.data.as_ref().unwrap_or(&nothing);
    let bytes = old.len() + new.len();
    if bytes > UNCOUNTED {
        // Both with their indexes, what is compared, and the changes with their texts.
        budget::hold(Class::Work, 2 * (old.weight_at_most() + new.weight_at_most())).await?;
    }
    heavy::work(bytes, || diff_within(old, new, rules, Effort::ORDINARY)).map_err(|TooMuch| {
        let key = &to.key;
        ServiceError::TooLarge(format!(
            "the two versions of {key} differ in too much to list every change; read both with \
             /states/{{state_id}}/raw?version= and compare them where they are needed"
        ))
    })
}
