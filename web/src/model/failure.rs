//! Why a request has no answer, and what is said of it: one way for reads, one for writes. Of a write that failed it is
//! said what is known: that nothing was written only where that is certain.

use serde::Deserialize;
use stateloft_core::api::{Code, FieldError, PendingWrite, Plan, Problem, ReconcileOutdated, StateMoved};

use super::{age, number};

/// What the server said is wrong: the members of a problem document that every page needs. What else there is in it is
/// read by who wants it, so that the code for that comes with its page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Refusal {
    /// Short title of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable word.
    pub code: Code,
    /// What happened this time.
    pub detail: String,
    /// What to do about it, where that is known.
    #[serde(default)]
    pub hint: Option<String>,
    /// The whole document.
    #[serde(skip)]
    text: String,
}

impl Refusal {
    /// Reads a problem document; `None` if it is none.
    #[must_use]
    pub fn read(text: String) -> Option<Self> {
        let read: Self = serde_json::from_str(&text).ok()?;
        Some(Self { text, ..read })
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiError {
    /// The server said what is wrong.
    Problem(Box<Refusal>),
    /// Nothing answered: no connection, a connection that broke, or silence for too long.
    Unreachable,
    /// The device has no network, so that nothing was sent.
    NotSent,
    /// Something answered, but not as the API does.
    Strange {
        /// The HTTP status; 0 where the request could not even be made.
        status: u16,
        /// What was wrong with the answer.
        reason: String,
    },
    /// An answer came, but of something else than what was asked for: what stands before the server bends addresses.
    Another {
        /// What was asked for: type and id.
        asked: String,
        /// What was answered of, where the answer says so.
        answered: Option<String>,
    },
    /// The write is safe in the server's journal (202), and there is no version of it yet. The answer's text, a
    /// [`PendingWrite`].
    Accepted(String),
}

/// What is known of a write that was not answered with what it wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing of it is stored, nor will be.
    NotWritten,
    /// It waits in the server's journal.
    Accepted,
    /// It may be stored or not.
    NotKnown,
}

impl ApiError {
    /// The stable code, when the server gave one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// The fresh plan that comes with the refusal of an outdated one, and what has moved.
    #[must_use]
    pub fn fresh_plan(&self) -> Option<(Plan, Vec<StateMoved>)> {
        match self {
            Self::Problem(refusal) if refusal.code == Code::PlanOutdated => {
                let problem: Problem = serde_json::from_str(&refusal.text).ok()?;
                Some((*problem.plan?, problem.moved))
            }
            _ => None,
        }
    }

    /// The handshake that was why, where one was.
    #[must_use]
    pub fn handshake(&self) -> Option<String> {
        match self {
            Self::Problem(refusal) => serde_json::from_str::<Problem>(&refusal.text).ok()?.handshake,
            _ => None,
        }
    }

    /// What a plan about a broker's list would be now, and which rows moved, where that is why.
    #[must_use]
    pub fn moved_rows(&self) -> Option<ReconcileOutdated> {
        match self {
            Self::Problem(refusal) if refusal.code == Code::PlanOutdated => {
                let problem: Problem = serde_json::from_str(&refusal.text).ok()?;
                Some(*problem.reconcile?)
            }
            _ => None,
        }
    }

    /// What is wrong in the request, and where.
    #[must_use]
    pub fn wrong_fields(&self) -> Vec<FieldError> {
        match self {
            Self::Problem(refusal) => serde_json::from_str::<Problem>(&refusal.text)
                .map(|problem| problem.errors)
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The request needs a key, or another one.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.code() == Some(Code::Unauthorized)
    }

    /// Worth trying again without anybody doing anything.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Problem(problem) => matches!(problem.status, 429 | 500..=599),
            Self::Unreachable | Self::NotSent => true,
            Self::Strange { status, .. } => *status >= 500,
            Self::Accepted(_) | Self::Another { .. } => false,
        }
    }

    /// Whether the store is why the server could not answer.
    #[must_use]
    pub fn is_of_store(&self) -> bool {
        matches!(self.code(), Some(Code::StoreUnavailable | Code::OutcomeUnknown))
    }

    /// Whether the server itself has answered, and not something before it.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Problem(_) | Self::Accepted(_))
    }

    /// Whether this refusal may come of the write itself: browsers send a request again by themselves when a connection
    /// that had worked before breaks, and the second one finds what the first one wrote.
    #[must_use]
    pub fn may_be_echo(&self) -> bool {
        matches!(
            self.code(),
            Some(
                Code::VersionConflict
                    | Code::StateDeleted
                    | Code::NotDeleted
                    | Code::PlanOutdated
                    | Code::NothingToRestore
                    | Code::SnapshotExists
                    | Code::SnapshotNotFound
                    | Code::ConflictNotFound
                    | Code::StatePending
            )
        )
    }

    /// What is known of a write that failed so, if it was sent once.
    #[must_use]
    pub fn known(&self) -> Known {
        let certain = match self {
            Self::Accepted(_) => return Known::Accepted,
            Self::NotSent => true,
            Self::Problem(problem) => {
                (400..500).contains(&problem.status)
                    || matches!(
                        problem.code,
                        Code::StoreUnavailable | Code::WritesStopped | Code::Overloaded | Code::ShuttingDown
                    )
            }
            // Of what stands before the server only a refusal is certain; it may have passed on what it says timed out.
            Self::Unreachable | Self::Strange { status: 408 | 499, .. } | Self::Another { .. } => false,
            Self::Strange { status, .. } => matches!(status, 0 | 400..=498),
        };
        if certain { Known::NotWritten } else { Known::NotKnown }
    }

    /// Why there is no answer, in one sentence that is true of reads and of writes.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Problem(problem) => format!("{} ({}).", problem.title, problem.status),
            Self::Unreachable => "The server did not answer.".to_owned(),
            Self::NotSent => "This device is offline, nothing was sent.".to_owned(),
            Self::Strange { status: 0, .. } => "The request could not be made.".to_owned(),
            Self::Strange { status: status @ 500..=599, .. } => {
                format!("What stands before the server answered {status}.")
            }
            Self::Strange { status, .. } => format!("The answer cannot be read ({status})."),
            Self::Another { asked, answered } => {
                let answered = answered.as_deref().unwrap_or("something that has no name");
                format!("Asked for {asked}, the answer is of {answered}.")
            }
            Self::Accepted(_) => "Accepted into the journal.".to_owned(),
        }
    }

    /// What else is known; may be empty.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Problem(problem) => match &problem.hint {
                Some(hint) => format!("{}; {hint}", problem.detail),
                None => problem.detail.clone(),
            },
            Self::Strange { reason, .. } => reason.clone(),
            Self::Another { .. } => {
                "What stands between this page and the server changes addresses. Nothing of the answer is shown or used."
                    .to_owned()
            }
            Self::Unreachable | Self::NotSent | Self::Accepted(_) => String::new(),
        }
    }

    /// What is known of a write in the journal.
    fn waits(&self) -> String {
        let Self::Accepted(text) = self else { return self.cause() };
        let Ok(pending) = serde_json::from_str::<PendingWrite>(text) else { return self.cause() };
        let ahead = match pending.ahead {
            0 => String::new(),
            ahead => format!(" {} before it.", number::counted(ahead, "write is", "writes are")),
        };
        let time = age::clock(pending.accepted_at);
        format!("Accepted into the journal at {time}, and written when the store is back.{ahead}")
    }

    /// A read that failed: what happened, and what else is known. Never a word of writing.
    #[must_use]
    pub fn of_read(&self) -> (String, String) {
        let cause = match self.code() {
            Some(Code::StoreUnavailable | Code::OutcomeUnknown) => {
                "The store did not answer (503).".to_owned()
            }
            _ => self.cause(),
        };
        // What the server says of these is about writes as well.
        let detail = match self.code() {
            Some(
                Code::StoreUnavailable
                | Code::OutcomeUnknown
                | Code::WritesStopped
                | Code::Overloaded
                | Code::ShuttingDown,
            ) => String::new(),
            _ => self.detail(),
        };
        (format!("Could not be read. {cause}"), detail)
    }

    /// A write that failed: what is known of it and why, and what else there is to say. `done` is what was to be:
    /// `written`.
    #[must_use]
    pub fn of_write(&self, done: &str) -> (String, String) {
        match self.known() {
            Known::NotWritten => (format!("Nothing was {done}. {}", self.cause()), self.detail()),
            Known::Accepted => (format!("Not {done} yet."), self.waits()),
            Known::NotKnown => {
                (not_known(done), format!("{} The page looks as soon as the server answers.", self.cause()))
            }
        }
    }
}

/// What is said of a write until more is known.
#[must_use]
pub fn not_known(done: &str) -> String {
    format!("It is not known whether it was {done}.")
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::Timestamp;

    use super::*;

    fn problem(code: Code) -> ApiError {
        let problem = Problem::new(code, "the store did not answer; nothing was written");
        ApiError::Problem(Box::new(Refusal::read(serde_json::to_string(&problem).unwrap()).unwrap()))
    }

    fn strange(status: u16) -> ApiError {
        ApiError::Strange { status, reason: "<html>".to_owned() }
    }

    fn accepted() -> ApiError {
        let pending = PendingWrite {
            pending_id: "p".to_owned(),
            durable: "fallback".to_owned(),
            accepted_at: Timestamp::from_micros(100_000_000),
            ahead: 1,
        };
        ApiError::Accepted(serde_json::to_string(&pending).unwrap())
    }

    #[test]
    fn the_fresh_plan_of_a_refusal_is_read_by_who_asks_for_it() {
        assert_eq!(problem(Code::PlanOutdated).fresh_plan(), None, "none was enclosed");
        let plan = r#"{"plan":"ab","target":"seq:1","target_seq":1,"target_time":null,"scope":{},"selection":{},"seq":2,
            "counts":{"changed":0,"recreated":0,"deleted":0,"equal":0,"invalid":0},"states":[],"equal_listed":0,
            "snapshot_before":"before"}"#;
        let plan: Option<Plan> = serde_json::from_str(plan).ok();
        let mut enclosing = Problem::new(Code::PlanOutdated, "moved");
        enclosing.plan = plan.clone().map(Box::new);
        let refusal = Refusal::read(serde_json::to_string(&enclosing).unwrap()).unwrap();
        assert!(plan.is_some());
        assert_eq!(ApiError::Problem(Box::new(refusal)).fresh_plan(), plan.map(|plan| (plan, Vec::new())));
        assert_eq!(Refusal::read("{}".to_owned()), None, "it is no problem document");
    }

    #[test]
    fn nothing_was_written_is_said_only_where_it_is_certain() {
        for &code in Code::ALL {
            let certain = code.status() < 500
                || matches!(
                    code,
                    Code::StoreUnavailable | Code::WritesStopped | Code::Overloaded | Code::ShuttingDown
                );
            let known = if certain { Known::NotWritten } else { Known::NotKnown };
            assert_eq!(problem(code).known(), known, "{}", code.as_str());
            let says = problem(code).of_write("written").0.starts_with("Nothing was written.");
            assert_eq!(says, certain, "{}", code.as_str());
        }
        for (error, known) in [
            (ApiError::Unreachable, Known::NotKnown),
            (ApiError::NotSent, Known::NotWritten),
            (accepted(), Known::Accepted),
            // A proxy's own refusals, and what it says when it waited in vain.
            (strange(413), Known::NotWritten),
            (strange(429), Known::NotWritten),
            (strange(408), Known::NotKnown),
            (strange(499), Known::NotKnown),
            (strange(502), Known::NotKnown),
            (strange(504), Known::NotKnown),
            // An answer that was cut short, or of a page that asks to sign in.
            (strange(200), Known::NotKnown),
            (strange(0), Known::NotWritten),
        ] {
            assert_eq!(error.known(), known, "{error:?}");
            let (head, rest) = error.of_write("written");
            assert_eq!(head.contains("Nothing was written"), known == Known::NotWritten, "{head} {rest}");
            assert!(known == Known::NotWritten || !rest.contains("othing was written"), "{head} {rest}");
        }
    }

    #[test]
    fn a_second_copy_of_a_write_is_refused_because_of_the_first() {
        for code in [Code::VersionConflict, Code::PlanOutdated, Code::SnapshotExists, Code::StateDeleted] {
            assert!(problem(code).may_be_echo(), "{}", code.as_str());
        }
        for code in [Code::Unauthorized, Code::InvalidBody, Code::StoreUnavailable, Code::ValidationFailed] {
            assert!(!problem(code).may_be_echo(), "{}", code.as_str());
        }
    }

    #[test]
    fn a_failed_read_speaks_of_reading() {
        let mut errors: Vec<ApiError> = Code::ALL.iter().map(|code| problem(*code)).collect();
        errors.extend([ApiError::Unreachable, strange(502), strange(200)]);
        for error in errors.iter().filter(|error| error.passes()) {
            let (head, rest) = error.of_read();
            assert!(head.starts_with("Could not be read."), "{head}");
            let about_store = error.is_of_store() || error.code().is_none();
            assert!(!about_store || !format!("{head} {rest}").contains("writ"), "{head} {rest}");
        }
        assert_eq!(
            problem(Code::StoreUnavailable).of_read().0,
            "Could not be read. The store did not answer (503)."
        );
        assert_eq!(problem(Code::StoreUnavailable).of_read().1, "");
        assert_eq!(
            problem(Code::OutcomeUnknown).of_read().0,
            "Could not be read. The store did not answer (503)."
        );
    }

    #[test]
    fn the_journal_is_no_failure() {
        let (head, rest) = accepted().of_write("written");
        assert_eq!(head, "Not written yet.");
        assert_eq!(
            rest,
            "Accepted into the journal at 00:01:40, and written when the store is back. 1 write is before it."
        );
    }

    #[test]
    fn what_stands_before_the_server_is_not_the_server() {
        assert!(problem(Code::StateNotFound).is_answer());
        assert!(!strange(502).is_answer() && !ApiError::Unreachable.is_answer());
        assert_eq!(strange(504).cause(), "What stands before the server answered 504.");
    }
}
