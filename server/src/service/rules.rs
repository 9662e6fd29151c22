//! How strictly states are validated, and what validation says.

use statehouse_core::diff::{Diff, diff};
use statehouse_core::json::{Document, JsonError};
use statehouse_core::model::{Mode, StateKey, Verdict, Version};
use statehouse_core::schema::path_rules;
use statehouse_core::validate::validate;

use super::{Result, Service, ServiceError};

/// Bytes of documents from which work on them takes long enough to be done on a thread that serves nobody else.
const HEAVY: usize = 256 << 10;

impl Service {
    /// What today's rules say of each document, in order.
    pub(super) async fn verdicts(&self, states: Vec<(StateKey, Document)>) -> Result<Vec<Verdict>> {
        let bytes = states.iter().map(|(_, data)| data.len()).sum();
        let with_mode = |(key, data): (StateKey, Document)| {
            let mode = self.settings.modes.mode(&key.state_type);
            (key, data, mode)
        };
        let states: Vec<_> = states.into_iter().map(with_mode).collect();
        work(bytes, move || {
            let verdict =
                |(key, data, mode): &(StateKey, Document, _)| validate(key.state_type.as_str(), data, *mode);
            states.iter().map(verdict).collect()
        })
        .await
    }

    /// The verdict to store, or a refusal with every violation where the type is strict.
    pub(super) async fn accept(&self, key: &StateKey, data: &Document) -> Result<Verdict> {
        let verdict = self.verdicts(vec![(key.clone(), data.clone())]).await?.pop().unwrap_or_default();
        match verdict {
            Verdict::Invalid { violations } if self.is_strict(key) => {
                Err(ServiceError::Invalid(violations.into_iter().map(|v| (key.clone(), v)).collect()))
            }
            verdict => Ok(verdict),
        }
    }

    /// Whether invalid data is refused.
    pub(super) fn is_strict(&self, key: &StateKey) -> bool {
        self.settings.modes.mode(&key.state_type) == Mode::Strict
    }
}

/// Works on documents of so many bytes without keeping the requests of others waiting.
async fn work<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    if bytes < HEAVY {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| ServiceError::Internal(error.to_string()))
}

/// What changed between two versions of a state. What is not there is compared as a document without members.
pub(super) async fn difference(from: Option<&Version>, to: &Version) -> Result<Diff> {
    let rules = path_rules(to.key.state_type.as_str());
    let nothing: Document =
        "{}".parse().map_err(|error: JsonError| ServiceError::Internal(error.to_string()))?;
    let old = from.and_then(|from| from.data.as_ref()).unwrap_or(&nothing).clone();
    let new = to.data.as_ref().unwrap_or(&nothing).clone();
    work(old.len() + new.len(), move || diff(&old, &new, rules)).await
}
