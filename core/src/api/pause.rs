//! How a run stands to what it was asked last, and what becomes of that.

use serde::{Deserialize, Serialize};

use super::ask::is_zero;
use super::{Ask, AskKind};
use crate::model::{Seq, StateKey, Timestamp};

/// How a run stands to the last handshake that it was asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseStatus {
    /// It is asked to pause. It may still write.
    Asked,
    /// It has given its word, and writes nothing.
    Paused,
    /// The restore is written; it writes nothing before it has read that.
    Written,
    /// It has read what was written.
    Reloaded,
    /// Nothing was written; it may write.
    GoneOn,
}

/// What a run is asked, as it is kept: the data of a state of type `pause` whose id is the run's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The handshake.
    pub handshake: String,
    /// How the run stands to it.
    pub status: PauseStatus,
    /// What it holds, at most 1,000.
    pub states: Vec<StateKey>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Until when its word is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// An operator has it paused, or asks it to: whatever becomes of a restore meanwhile, it goes on only when that is let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<OperatorsPause>,
    /// An earlier restore that was written, and that it has not read yet, while it is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<UnreadRestore>,
}

/// A pause that an operator asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorsPause {
    /// Its handshake.
    pub handshake: String,
    /// Why.
    pub reason: String,
}

/// A restore that was written and that a run has not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRestore {
    /// Its handshake.
    pub handshake: String,
    /// What must have been read.
    pub seq: Seq,
}

impl Pause {
    /// What the run is asked, where this is written at a seq.
    #[must_use]
    pub fn ask(&self, at: Seq) -> Option<Ask> {
        let ask = |kind| Ask {
            handshake: self.handshake.clone(),
            kind,
            states: self.states.clone(),
            more: self.more,
            until: None,
            seq: None,
            reason: self.reason.clone(),
        };
        match self.status {
            PauseStatus::Asked => Some(Ask { until: self.until, ..ask(AskKind::Pause) }),
            PauseStatus::Written => Some(match &self.unread {
                Some(unread) => {
                    Ask { handshake: unread.handshake.clone(), seq: Some(unread.seq), ..ask(AskKind::Reload) }
                }
                None => Ask { seq: Some(at), ..ask(AskKind::Reload) },
            }),
            PauseStatus::GoneOn => Some(ask(AskKind::GoOn)),
            PauseStatus::Paused | PauseStatus::Reloaded => None,
        }
    }

    /// A run that stands like this is asked to pause by an operator. One that has still to read a restore writes nothing anyway: it is
    /// paused without a word.
    #[must_use]
    pub fn by_operator(before: Option<&Self>, asked: OperatorsPause, until: Timestamp) -> Self {
        match before {
            Some(before) if before.has_to_read() => {
                Self { status: PauseStatus::Written, until: None, held: Some(asked), ..before.clone() }
            }
            _ => Self { status: PauseStatus::Asked, until: Some(until), ..Self::paused_by(asked) },
        }
    }

    /// Whether it is an operator who has it pause, and no restore asks meanwhile.
    #[must_use]
    pub fn is_the_operators(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.handshake == self.handshake)
    }

    /// Whether a restore is written that the run has not read.
    #[must_use]
    pub fn has_to_read(&self) -> bool {
        self.status == PauseStatus::Written || self.unread.is_some()
    }

    /// How the run stands when a handshake ends without a restore, or an operator lets it go; nothing where that is nothing to it.
    /// One that has not read an earlier restore still has to, and one that an operator has paused stays paused.
    #[must_use]
    pub fn let_go(&self, handshake: &str) -> Option<Self> {
        let held = self.held.clone().filter(|held| held.handshake != handshake);
        let asks = matches!(self.status, PauseStatus::Asked | PauseStatus::Paused);
        if self.handshake != handshake || !asks {
            return (held != self.held).then(|| Self { held, ..self.clone() });
        }
        Some(match (&self.unread, held) {
            (Some(_), held) => Self { status: PauseStatus::Written, until: None, held, ..self.clone() },
            (None, Some(held)) => Self::paused_by(held),
            (None, None) => Self { status: PauseStatus::GoneOn, until: None, held: None, ..self.clone() },
        })
    }

    /// How the run stands when it has read what the restore of a handshake wrote, or has been told that it goes on.
    #[must_use]
    pub fn has_read(&self, handshake: &str) -> Self {
        // It is asked again meanwhile.
        if self.status == PauseStatus::Paused {
            return Self { unread: None, ..self.clone() };
        }
        match self.held.clone() {
            Some(held) => Self::paused_by(held),
            None => Self {
                handshake: handshake.to_owned(),
                status: PauseStatus::Reloaded,
                // They are in the version before, and nobody asks for them again.
                states: Vec::new(),
                more: 0,
                unread: None,
                ..self.clone()
            },
        }
    }

    fn paused_by(held: OperatorsPause) -> Self {
        Self {
            handshake: held.handshake.clone(),
            status: PauseStatus::Paused,
            states: Vec::new(),
            more: 0,
            until: None,
            reason: Some(held.reason.clone()),
            held: Some(held),
            unread: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators() -> OperatorsPause {
        OperatorsPause { handshake: "mine".into(), reason: "news".into() }
    }

    fn restore(status: PauseStatus, held: Option<OperatorsPause>) -> Pause {
        let key = StateKey::new("position", "a").unwrap();
        let reason = Some("bad deploy".into());
        Pause {
            handshake: "r".into(),
            status,
            states: vec![key],
            more: 3,
            until: None,
            reason,
            held,
            unread: None,
        }
    }

    fn kind(pause: &Pause) -> Option<AskKind> {
        pause.ask(Seq(9)).map(|ask| ask.kind)
    }

    #[test]
    fn what_an_operator_pauses_goes_on_when_it_is_let_go_and_not_before() {
        let asked = Pause::by_operator(None, operators(), Timestamp::from_micros(1));
        assert_eq!((asked.status, kind(&asked)), (PauseStatus::Asked, Some(AskKind::Pause)));
        let paused = Pause { status: PauseStatus::Paused, ..asked };
        assert_eq!(paused.let_go("another"), None);
        let gone_on = paused.let_go("mine").unwrap();
        assert_eq!((gone_on.held.as_ref(), kind(&gone_on)), (None, Some(AskKind::GoOn)));
        assert_eq!(gone_on.let_go("mine"), None, "it is let go once");
        assert_eq!(gone_on.has_read("mine").status, PauseStatus::Reloaded);
        // A restore that is not written gives it back, and one that was written and read, too.
        let back = restore(PauseStatus::Paused, Some(operators())).let_go("r").unwrap();
        let read = restore(PauseStatus::Written, Some(operators())).has_read("r");
        for pause in [back, read] {
            assert_eq!((pause.handshake.as_str(), pause.status), ("mine", PauseStatus::Paused));
            assert_eq!(
                (pause.reason.as_deref(), kind(&pause.let_go("mine").unwrap())),
                (Some("news"), Some(AskKind::GoOn))
            );
        }
    }

    #[test]
    fn who_is_let_go_in_the_midst_of_a_restore_goes_on_with_that() {
        for (status, next) in [(PauseStatus::Paused, AskKind::GoOn), (PauseStatus::Written, AskKind::Reload)]
        {
            let let_go = restore(status, Some(operators())).let_go("mine").unwrap();
            assert_eq!((let_go.handshake.as_str(), let_go.status, &let_go.held), ("r", status, &None));
            let ended = let_go.let_go("r").unwrap_or(let_go);
            assert_eq!(kind(&ended), Some(next));
        }
    }

    #[test]
    fn who_has_still_to_read_a_restore_is_paused_without_a_word_and_still_has_to_read_it() {
        let unread = restore(PauseStatus::Written, None);
        let paused = Pause::by_operator(Some(&unread), operators(), Timestamp::from_micros(1));
        assert_eq!((paused.status, kind(&paused)), (PauseStatus::Written, Some(AskKind::Reload)));
        assert_eq!(kind(&paused.let_go("mine").unwrap()), Some(AskKind::Reload));
        assert_eq!(paused.has_read("r").status, PauseStatus::Paused);
        // The same where another restore asks in between.
        let earlier = UnreadRestore { handshake: "r".into(), seq: Seq(4) };
        let again = Pause {
            handshake: "s".into(),
            unread: Some(earlier),
            ..restore(PauseStatus::Paused, Some(operators()))
        };
        assert_eq!(
            (again.has_read("r").status, again.has_read("r").handshake),
            (PauseStatus::Paused, "s".into())
        );
        let ended = again.let_go("s").unwrap();
        assert_eq!((ended.ask(Seq(9)).unwrap().seq, ended.held), (Some(Seq(4)), Some(operators())));
    }
}
