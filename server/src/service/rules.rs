//! How strictly states are validated, and what validation says.

use statehouse_core::diff::Diff;
use statehouse_core::json::Document;
use statehouse_core::model::{Mode, StateKey, Verdict, Version};

use super::{Result, Service, ServiceError};

impl Service {
    /// What today's rules say of data for a state.
    pub(super) fn verdict(&self, key: &StateKey, data: &Document) -> Verdict {
        let _ = (self.settings.modes.mode(&key.state_type), data);
        Verdict::NotChecked
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
pub(super) fn difference(from: Option<&Version>, to: &Version) -> Diff {
    let _ = (from, to);
    Diff::default()
}
