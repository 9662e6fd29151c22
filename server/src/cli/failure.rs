//! Why a command could not do what it was asked to, for people and as an exit code.

use std::fmt::Write as _;

use stateloft_core::api::{Code, MovedHead, PathMoved, Problem, StateMoved};

use super::exit::Exit;

/// Why a command failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// For people; further lines are indented.
    pub(super) message: String,
    /// What the server said, if it was the server that refused.
    pub(super) problem: Option<Box<Problem>>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), problem: None }
    }

    /// Whether the server refused with this code.
    pub(super) fn is(&self, code: Code) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.code == code)
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(Exit::Failed, message)
    }
}

/// The problem's words, with every broken rule and every head that moved.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let mut message = problem.detail.clone();
        if let Some(hint) = &problem.hint {
            let _ = write!(message, "\n  {hint}");
        }
        for error in &problem.errors {
            let _ = write!(message, "\n  {}: {}", error.pointer, error.message);
        }
        for MovedHead { key, expected_version, head } in &problem.conflicts {
            let is = head.as_ref().map_or("does not exist".to_owned(), |head| {
                let author = head.user_id.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
                format!("is at version {}{author}, {}", head.version, head.timestamp)
            });
            let expected = expected_version.map(|number| format!(", expected {number}")).unwrap_or_default();
            let _ = write!(message, "\n  {key} {is}{expected}");
        }
        for StateMoved { key, now, paths, .. } in problem.moved.iter().filter(|moved| moved.counts) {
            let author = now.user_id.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
            let _ = write!(message, "\n  {key} is at version {}{author}, {}", now.version, now.timestamp);
            for PathMoved { display, was, now, .. } in paths.iter().filter(|path| path.selected) {
                let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
                let _ = write!(message, "\n    {display}: {} is {} now", value(was), value(now));
            }
        }
        Self { exit: Exit::of(problem.code), message, problem: Some(Box::new(problem)) }
    }
}
