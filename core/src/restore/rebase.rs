//! Writing what was planned onto a head that has moved since the plan was worked out.

use super::plan::{Rules, Worked};
use super::{Choice, Side, Writing};
use crate::api::StateSelection;
use crate::commit::{Change, Onto, Rebase};
use crate::json::Document;
use crate::model::{Mode, StateKey, StateType, Verdict, Version};
use crate::schema::path_rules;
use crate::validate::validate;

/// What was planned for one state.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedState {
    /// What it was at the target; absent if it did not exist then.
    pub target: Option<Side>,
    /// What of it was ticked.
    pub ticks: StateSelection,
    /// Whether all of it was, whatever the ticks say.
    pub everything: bool,
    /// What the plan binds of it. Absent where nobody looked at the plan: then it may be written onto anything.
    pub bound: Option<String>,
    /// How its data is validated.
    pub mode: Mode,
}

impl Rebase for PlannedState {
    fn onto(&self, head: &Version) -> Onto {
        let rules = Rules {
            paths: &|state_type: &StateType| path_rules(state_type.as_str()),
            validate: &|key: &StateKey, data: &Document| -> Verdict {
                validate(key.state_type.as_str(), data, self.mode)
            },
        };
        let choice = Choice::among(&self.ticks, self.everything);
        match Worked::out(&head.key, &Side::of(head), self.target.as_ref(), choice, false, rules) {
            Ok(worked) if self.bound.is_none() || worked.bound == self.bound => {
                match worked.planned.writing {
                    Writing::Nothing => Onto::Nothing,
                    Writing::Data(data) => Onto::Write(Change::Restore(data), worked.verdict),
                    Writing::Tombstone => Onto::Write(Change::Delete, worked.verdict),
                }
            }
            _ => Onto::Moved,
        }
    }
}
