//! Who writes and why.

use std::sync::Arc;

use stateloft_core::commit::{Change, Expectation, Fence, Write};
use stateloft_core::model::{Origin, RunId, StateKey, Verdict};

use super::{Result, ServiceError};

/// The longest `user_id`, in bytes.
const AUTHOR_MAX_BYTES: usize = 256;
/// The longest `description`, in bytes.
const DESCRIPTION_MAX_BYTES: usize = 8 << 10;

/// Who writes and why, checked.
#[derive(Debug, Clone, Default)]
pub(super) struct Signature {
    pub(super) author: Option<Arc<str>>,
    pub(super) description: Option<Arc<str>>,
    pub(super) batch_id: Option<Arc<str>>,
    pub(super) origin: Option<Arc<Origin>>,
    /// The run that writes, where it must still hold its lease.
    pub(super) fence: Option<Fence>,
}

impl Signature {
    pub(super) fn new(author: Option<String>, description: Option<String>) -> Result<Self> {
        let author = checked_text("/user_id", author, AUTHOR_MAX_BYTES)?;
        let description = checked_text("/description", description, DESCRIPTION_MAX_BYTES)?;
        Ok(Self { author, description, batch_id: None, origin: None, fence: None })
    }

    /// With where the writes come from.
    pub(super) fn from(self, origin: Origin) -> Result<Self> {
        let origin = origin.checked().map_err(|error| {
            ServiceError::body(&format!("/{}", error.member()), error.code(), error.to_string())
        })?;
        Ok(Self { origin: origin.shared(), ..self })
    }

    /// Only while the run that the origin names holds its lease, if its number is said.
    pub(super) fn within(self, epoch: Option<u64>) -> Result<Self> {
        let Some(epoch) = epoch else { return Ok(self) };
        let wrong = |code, message: String| Err(ServiceError::body("/epoch", code, message));
        let Some(run_id) = self.origin.as_deref().and_then(|origin| origin.run_id.as_deref()) else {
            return wrong("run_id", "epoch is the number of a run: say which with run_id".into());
        };
        match run_id.parse::<RunId>() {
            Err(error) => {
                wrong("run_id", format!("{error}: only a run that POST /api/v1/runs began has an epoch"))
            }
            Ok(run) if run.epoch() != epoch => {
                wrong("epoch", format!("{run_id} has the epoch {}, not {epoch}", run.epoch()))
            }
            Ok(run) => Ok(Self { fence: Some(Fence::of(&run)), ..self }),
        }
    }

    /// A reason, checked as a description is.
    pub(super) fn reason(text: &str) -> Result<Option<Arc<str>>> {
        checked_text("/reason", Some(text.to_owned()), DESCRIPTION_MAX_BYTES)
    }

    pub(super) fn write(
        &self,
        key: StateKey,
        change: Change,
        expectation: Expectation,
        verdict: Verdict,
    ) -> Write {
        Write {
            key,
            change,
            expectation,
            verdict,
            author: self.author.clone(),
            description: self.description.clone(),
            batch_id: self.batch_id.clone(),
            origin: self.origin.clone(),
            foreseen: None,
            rebase: None,
        }
    }
}

fn checked_text(pointer: &str, text: Option<String>, max: usize) -> Result<Option<Arc<str>>> {
    let name = &pointer[1..];
    match text {
        Some(text) if text.len() > max => Err(ServiceError::body(
            pointer,
            "max_length",
            format!("{name} is {} bytes long, more than {max}", text.len()),
        )),
        Some(text) if text.contains('\0') => {
            Err(ServiceError::body(pointer, "nul", format!("{name} holds the character U+0000")))
        }
        text => Ok(text.map(Into::into)),
    }
}
