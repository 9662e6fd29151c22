//! What can go wrong with a request.

use statehouse_core::api::{Code, Problem};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ApiError {
    /// The server said what is wrong.
    Problem(Box<Problem>),
    /// Nothing answered at this address.
    Unreachable,
    /// Something answered, but not as the API does.
    Strange {
        /// The HTTP status.
        status: u16,
        /// What was wrong with the answer.
        reason: String,
    },
}

impl ApiError {
    /// The stable code, when the server gave one.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Unreachable | Self::Strange { .. } => None,
        }
    }

    /// The request needs a key, or another one.
    pub(crate) fn needs_key(&self) -> bool {
        self.code() == Some(Code::Unauthorized)
    }

    /// Worth trying again without anybody doing anything.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Problem(problem) => matches!(problem.status, 429 | 500..=599),
            Self::Unreachable => true,
            Self::Strange { status, .. } => *status >= 500,
        }
    }

    /// One sentence of what happened.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Problem(problem) => format!("{} ({}).", problem.title, problem.status),
            Self::Unreachable => "The server did not answer.".to_owned(),
            Self::Strange { status, .. } => {
                format!("The server gave an answer that cannot be read ({status}).")
            }
        }
    }

    /// What else is known; may be empty.
    pub(crate) fn detail(&self) -> &str {
        match self {
            Self::Problem(problem) => &problem.detail,
            Self::Unreachable => "",
            Self::Strange { reason, .. } => reason,
        }
    }
}
