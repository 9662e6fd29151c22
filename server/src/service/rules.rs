//! How strictly states are validated, and what validation says.

use stateloft_core::diff::{Diff, Effort, TooMuch, diff_within};
use stateloft_core::json::{Document, JsonError};
use stateloft_core::model::{Mode, StateKey, Verdict, Version};
use stateloft_core::schema::path_rules;
use stateloft_core::validate::{self, validate_within};

use super::{Result, Service, ServiceError};
use crate::budget::{self, Class};
use crate::heavy;

/// Documents of fewer bytes are compared without asking for room.
const UNCOUNTED: usize = 256 << 10;

impl Service {
    /// What today's rules say of each document, in order, whatever the modes make of it.
    pub(super) fn verdicts(&self, states: &[(StateKey, Document)]) -> Vec<Verdict> {
        let verdict = |(key, data): &(StateKey, Document)| self.judge(key, data).unwrap_or_default();
        heavy::work(weight(states), || states.iter().map(verdict).collect())
    }

    /// The same, or a refusal of one that cannot be checked where its type is strict.
    pub(super) fn verdicts_to_store(&self, states: &[(StateKey, Document)]) -> Result<Vec<Verdict>> {
        heavy::work(weight(states), || {
            states.iter().map(|(key, data)| self.judge_to_store(key, data)).collect()
        })
    }

    /// The verdict to store, or a refusal with every violation where the type is strict.
    pub(super) fn accept(&self, key: &StateKey, data: &Document) -> Result<Verdict> {
        match heavy::work(data.len(), || self.judge_to_store(key, data))? {
            Verdict::Invalid { violations } if self.is_strict(key) => {
                Err(ServiceError::Invalid(violations.into_iter().map(|v| (key.clone(), v)).collect()))
            }
            verdict => Ok(verdict),
        }
    }

    /// What has more in it than is checked is stored unchecked, and refused where the type is strict.
    fn judge_to_store(&self, key: &StateKey, data: &Document) -> Result<Verdict> {
        match self.judge(key, data) {
            Err(validate::TooMuch) if self.is_strict(key) => Err(ServiceError::TooLarge(format!(
                "the data of {key} has more in it than is checked against the rules of its type, and the type is strict: split \
                 it into several states, or set the type to warn, which stores it unchecked"
            ))),
            verdict => Ok(verdict.unwrap_or_default()),
        }
    }

    fn judge(&self, key: &StateKey, data: &Document) -> std::result::Result<Verdict, validate::TooMuch> {
        let mode = self.settings.modes.mode(&key.state_type);
        validate_within(key.state_type.as_str(), data, mode, self.settings.checking)
    }

    /// Whether invalid data is refused.
    pub(super) fn is_strict(&self, key: &StateKey) -> bool {
        self.settings.modes.mode(&key.state_type) == Mode::Strict
    }
}

fn weight(states: &[(StateKey, Document)]) -> usize {
    states.iter().map(|(_, data)| data.len()).sum()
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
