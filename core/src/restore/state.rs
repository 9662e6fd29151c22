//! What a restore does to one state.
use super::choice::{Between, Choice, Unclear, exist, only_skips};
use crate::api::Effect;
use crate::apply::{ApplyError, apply_selected};
use crate::diff::{Diff, Effort, diff_within};
use crate::hash::ContentHash;
use crate::json::Document;
use crate::model::{Version, VersionNumber};
use crate::schema::PathRules;

/// A state at one moment: its last version, without data if that is a tombstone.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Place in the state.
    pub version: VersionNumber,
    /// SHA-256 of the data's text.
    pub content_hash: Option<ContentHash>,
    /// The data.
    pub data: Option<Document>,
    /// What the data is, is not known: what is stored of it is damaged.
    pub damaged: bool,
}

impl Side {
    /// Of a state that there never was.
    pub const NOWHERE: Self =
        Self { version: VersionNumber::ZERO, content_hash: None, data: None, damaged: false };

    /// As a document has it that is no version of the state.
    #[must_use]
    pub fn given(data: Document) -> Self {
        Self { content_hash: Some(ContentHash::of(&data)), data: Some(data), ..Self::NOWHERE }
    }

    /// As a version left it.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        Self {
            version: version.version,
            content_hash: version.content_hash,
            data: version.data.clone(),
            damaged: version.damaged.is_some(),
        }
    }
}

/// What is written to a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Writing {
    /// Nothing.
    Nothing,
    /// A version with this data.
    Data(Document),
    /// A tombstone.
    Tombstone,
}

impl Writing {
    /// The hash of the data that is written, if some is.
    #[must_use]
    pub fn content_hash(&self) -> Option<ContentHash> {
        match self {
            Self::Data(data) => Some(ContentHash::of(data)),
            Self::Nothing | Self::Tombstone => None,
        }
    }
}

/// What a restore does to one state, and what it would do if everything were ticked.
#[derive(Debug, Clone, PartialEq)]
pub struct StatePlan {
    /// What happens to it.
    pub effect: Effect,
    /// Whether it is as it was at the target, whatever is ticked.
    pub same: bool,
    /// What is written.
    pub writing: Writing,
    /// From now to the target, where both have data.
    pub diff: Option<Diff>,
    /// For each change of `diff` whether it is written.
    pub chosen: Vec<bool>,
    /// How many paths differ: changes, or the outermost members of what comes back or goes.
    pub paths: u32,
    /// How many of them are written.
    pub selected: u32,
}

/// There is no plan for a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The selection names something that is not there, or that means two things.
    #[error(transparent)]
    Selection(#[from] Unclear),
    /// The chosen changes make a document that is too large: what was added since stays, what was removed comes back. Or
    /// there are too many changes to choose among.
    #[error(transparent)]
    Result(#[from] ApplyError),
}

/// Works out what a restore does to a state. `target` is `None` if the state did not exist then.
///
/// # Errors
/// See [`StateError`].
pub fn plan_state(
    now: &Side,
    target: Option<&Side>,
    choice: Choice<'_>,
    rules: &PathRules,
) -> Result<StatePlan, StateError> {
    if target.is_some_and(|target| target.damaged) {
        return Ok(StatePlan { same: false, ..StatePlan::same(Effect::Damaged) });
    }
    let target = target.and_then(|target| target.data.as_ref());
    if now.damaged {
        only_skips(choice, false)?;
        return Ok(instead(target, choice));
    }
    match (&now.data, target) {
        (None, None) => {}
        (Some(now), Some(target)) if now == target => exist(now, choice, rules)?,
        (Some(now), Some(target)) => return changed(now, target, choice, rules),
        (now, target) => {
            only_skips(choice, false)?;
            return Ok(match (now, target) {
                (_, Some(target)) => whole(Effect::Recreated, Writing::Data(target.clone()), target, choice),
                (Some(now), None) => whole(Effect::Deleted, Writing::Tombstone, now, choice),
                (None, None) => StatePlan::same(Effect::Equal),
            });
        }
    }
    Ok(StatePlan::same(Effect::Equal))
}

impl StatePlan {
    fn same(effect: Effect) -> Self {
        Self {
            effect,
            same: true,
            writing: Writing::Nothing,
            diff: None,
            chosen: Vec::new(),
            paths: 0,
            selected: 0,
        }
    }
}

/// What a state gets that is damaged now: the target as a whole, as nobody knows what differs.
fn instead(target: Option<&Document>, choice: Choice<'_>) -> StatePlan {
    match target {
        Some(target) => whole(Effect::Changed, Writing::Data(target.clone()), target, choice),
        None => one_piece(Effect::Deleted, Writing::Tombstone, 1, choice),
    }
}

/// A whole document comes back or goes; it is written or skipped as one.
fn whole(effect: Effect, writing: Writing, document: &Document, choice: Choice<'_>) -> StatePlan {
    one_piece(effect, writing, count(document.root().len().max(1)), choice)
}

fn one_piece(effect: Effect, writing: Writing, paths: u32, choice: Choice<'_>) -> StatePlan {
    let plan = StatePlan { effect, same: false, writing, paths, selected: paths, ..StatePlan::same(effect) };
    match choice {
        Choice::Ticked(selection) if selection.skip => {
            StatePlan { effect: Effect::Equal, writing: Writing::Nothing, selected: 0, ..plan }
        }
        _ => plan,
    }
}

fn changed(
    now: &Document,
    target: &Document,
    choice: Choice<'_>,
    rules: &PathRules,
) -> Result<StatePlan, StateError> {
    let diff = match diff_within(now, target, rules, Effort::ORDINARY) {
        Ok(diff) => diff,
        Err(error) => return uncounted(target, choice).ok_or(ApplyError::from(error).into()),
    };
    let chosen = Between { now, target, diff: &diff, rules }.chosen(choice)?;
    let mut ticks = chosen.iter();
    let result = if chosen.iter().all(|chosen| *chosen) {
        target.clone()
    } else {
        apply_selected(now, &diff, |_| ticks.next() == Some(&true))?
    };
    let written = result != *now;
    Ok(StatePlan {
        effect: if written { Effect::Changed } else { Effect::Equal },
        same: false,
        writing: if written { Writing::Data(result) } else { Writing::Nothing },
        paths: count(diff.changes.len()),
        selected: count(chosen.iter().filter(|chosen| **chosen).count()),
        diff: Some(diff),
        chosen,
    })
}

/// The plan where there are too many changes to list: all of it, or nothing.
fn uncounted(target: &Document, choice: Choice<'_>) -> Option<StatePlan> {
    let plan = StatePlan { same: false, paths: 1, ..StatePlan::same(Effect::Equal) };
    match choice {
        Choice::Everything => {
            let writing = Writing::Data(target.clone());
            Some(StatePlan { effect: Effect::Changed, writing, selected: 1, ..plan })
        }
        Choice::Ticked(selection) if selection.skip => Some(plan),
        Choice::Ticked(_) => None,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
