//! Writing what was planned onto a state that has moved since: only where it holds the same.

use super::Edited;
use crate::apply::apply;
use crate::book::Holding;
use crate::commit::{Change, Onto, Rebase};
use crate::json::Document;
use crate::model::{Mode, Version};
use crate::reconcile::ours::holdings;
use crate::validate::validate;

/// What was planned for a state, and how its data is validated.
#[derive(Debug, Clone, PartialEq)]
pub struct OntoLots {
    /// The changes.
    pub edited: Edited,
    /// How its data is validated.
    pub mode: Mode,
}

impl Rebase for OntoLots {
    fn onto(&self, head: &Version) -> Onto {
        let Some(data) = head.data.as_ref().filter(|data| holds(data, &self.edited.held)) else {
            return Onto::Moved;
        };
        match apply(data, &self.edited.changes) {
            Ok(data) => {
                let verdict = validate(head.key.state_type.as_str(), &data, self.mode);
                Onto::Write(Change::Save(data), verdict)
            }
            Err(_) => Onto::Moved,
        }
    }
}

/// Whether a document holds these and nothing else, where they stood and as they were.
fn holds(data: &Document, held: &[(Holding<'static>, bool)]) -> bool {
    let now = holdings(data.root());
    let same = |(now, was): (&(Holding<'_>, bool), &(Holding<'_>, bool))| {
        now.0.pointer == was.0.pointer && now.0.says_as(&was.0) && now.1 == was.1
    };
    now.len() == held.len() && now.iter().zip(held).all(same)
}
