//! The steps of a handshake with one run. Only what the record says is a step that happened; what may still come is said as that,
//! and what cannot come any more, too.

use stateloft_core::api::{Handshake, HandshakeRun, HandshakeStatus, HeardBy};
use stateloft_core::model::Timestamp;

use super::super::{age, number};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The run was asked to pause.
    Asked,
    /// It was handed that.
    Heard,
    /// It gave its word.
    Paused,
    /// The restore was written: one for all runs.
    Written,
    /// It was told to read again.
    Told,
    /// It has read, and says up to where.
    Reloaded,
    /// A pause without a restore has ended.
    LetGo,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 6] =
        [Self::Asked, Self::Heard, Self::Paused, Self::Written, Self::Told, Self::Reloaded];

    /// Those of a pause without a restore.
    pub const OF_PAUSE: [Self; 4] = [Self::Asked, Self::Heard, Self::Paused, Self::LetGo];

    /// The steps of a handshake.
    #[must_use]
    pub fn of(handshake: &Handshake) -> &'static [Self] {
        if handshake.is_only_a_pause() { &Self::OF_PAUSE } else { &Self::ALL }
    }

    /// Its name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::LetGo => "Let go on",
            Self::Asked => "Asked to pause",
            Self::Heard => "Heard",
            Self::Paused => "Paused",
            Self::Written => "Written",
            Self::Told => "Told to reload",
            Self::Reloaded => "Reloaded, with its seq",
        }
    }
}

/// How a step stands with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// It happened then; with what else is known of it.
    Done(Timestamp, String),
    /// It is waited for, until then at the longest, where that is known.
    Waits(Option<Timestamp>, String),
    /// It may still come.
    Then(&'static str),
    /// It did not happen, and will not any more.
    Never(String),
    /// The run was found to have ended then.
    Ended(Timestamp),
}

impl Cell {
    /// Whether there is nothing more to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(..) | Self::Ended(_))
    }
}

/// How a step stands with a run.
#[must_use]
pub fn cell(handshake: &Handshake, run: &HandshakeRun, step: Step) -> Cell {
    match step {
        Step::Asked => Cell::Done(run.asked_at, format!("on run:{}, and with its next renewal", run.run_id)),
        Step::Heard => heard(handshake, run),
        Step::Paused => paused(handshake, run),
        Step::Written => written(handshake),
        Step::Told => told(handshake, run),
        Step::Reloaded => reloaded(handshake, run),
        Step::LetGo => let_go(handshake, run),
    }
}

/// How a run hears what it is asked, as far as it has shown that.
#[must_use]
pub fn hears(run: &HandshakeRun) -> &'static str {
    match run.heard_by {
        Some(HeardBy::Socket) => "hears by socket",
        Some(HeardBy::Events) => "hears by its stream of events",
        Some(HeardBy::Renewal) => "hears by its renewals",
        None => "has not heard yet",
    }
}

fn heard(handshake: &Handshake, run: &HandshakeRun) -> Cell {
    let how = match run.heard_by {
        Some(HeardBy::Socket) => "its socket took it",
        Some(HeardBy::Events) => "its stream of events took it",
        Some(HeardBy::Renewal) => "in the answer to its renewal",
        None => "it answered",
    };
    match (run.heard_at, run.ended_at, run.paused_at) {
        (Some(time), ..) => Cell::Done(time, how.to_owned()),
        (None, Some(time), _) => Cell::Ended(time),
        (None, None, Some(_)) => Cell::Never("need not: it stood still already".to_owned()),
        (None, None, None) if handshake.status == HandshakeStatus::Asking => {
            Cell::Then("not yet: no socket took it, and no renewal came")
        }
        (None, None, None) => Cell::Never("it was never handed to it".to_owned()),
    }
}

fn paused(handshake: &Handshake, run: &HandshakeRun) -> Cell {
    if let Some(time) = run.paused_at {
        let said = run.note.as_deref().filter(|note| !note.trim().is_empty());
        return Cell::Done(
            time,
            said.map_or_else(|| "without a word more".to_owned(), super::super::hidden::told),
        );
    }
    match (run.ended_at, handshake.status) {
        (Some(time), _) => Cell::Ended(time),
        (None, HandshakeStatus::Asking) => Cell::Waits(Some(handshake.until), "no word yet".to_owned()),
        (None, HandshakeStatus::Written) => Cell::Never("no word: it was written without it".to_owned()),
        (None, HandshakeStatus::NoWord) => {
            Cell::Never(format!("no word until {}", age::clock(handshake.until)))
        }
        (None, _) => Cell::Never("is not waited for any more".to_owned()),
    }
}

fn written(handshake: &Handshake) -> Cell {
    let states = number::counted(handshake.writes, "state", "states");
    match (handshake.status, handshake.ended_at) {
        (HandshakeStatus::Written, Some(time)) => Cell::Done(time, format!("{states} in one commit")),
        (HandshakeStatus::Asking, _) => Cell::Then(
            "Then the plan is checked once more, a snapshot taken, and all is written in one commit.",
        ),
        _ => Cell::Never(match &handshake.because {
            Some(because) => format!("Nothing was written: {}", super::super::hidden::told(because)),
            None => "Nothing was written.".to_owned(),
        }),
    }
}

fn told(handshake: &Handshake, run: &HandshakeRun) -> Cell {
    match (run.told_at, run.ended_at, handshake.status) {
        (Some(time), ..) => {
            Cell::Done(time, "in the same commit; until it has read, what it saves is refused".to_owned())
        }
        (None, Some(time), _) => Cell::Ended(time),
        (None, None, HandshakeStatus::Asking) => Cell::Then("it stays paused until it has read"),
        (None, None, _) => match handshake.ended_at {
            Some(time) => Cell::Done(time, "told to go on: there is nothing to read".to_owned()),
            None => Cell::Never("there is nothing to read".to_owned()),
        },
    }
}

fn let_go(handshake: &Handshake, run: &HandshakeRun) -> Cell {
    match (run.ended_at, handshake.status, handshake.ended_at) {
        (Some(time), ..) | (None, HandshakeStatus::RunEnded, Some(time)) => Cell::Ended(time),
        (None, HandshakeStatus::Asking, _) => Cell::Then("once it has made way"),
        (None, HandshakeStatus::Paused, _) => {
            Cell::Then("it stands still until somebody lets it go on; what it saves is refused")
        }
        (None, _, Some(time)) => Cell::Done(time, "told to go on".to_owned()),
        (None, _, None) => Cell::Never("it is not known when".to_owned()),
    }
}

fn reloaded(handshake: &Handshake, run: &HandshakeRun) -> Cell {
    match (run.reloaded_at, run.ended_at, handshake.status) {
        (Some(time), _, _) => Cell::Done(
            time,
            run.seq.map_or_else(
                || "it did not say up to where".to_owned(),
                |seq| format!("it has read up to seq {}", number::count(seq.0)),
            ),
        ),
        (None, Some(time), _) => Cell::Ended(time),
        (None, None, HandshakeStatus::Asking) => Cell::Then("shown with the seq that it says it has"),
        (None, None, HandshakeStatus::Written) => {
            Cell::Waits(None, "it has not said that it read it".to_owned())
        }
        (None, None, _) => Cell::Never("there is nothing to read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{
        asking, at, ended, pause, paused as paused_at, reloaded as reloaded_at, written as written_at,
    };
    use super::*;

    fn cells(handshake: &Handshake, run: usize) -> Vec<Cell> {
        Step::ALL.iter().map(|step| cell(handshake, &handshake.runs[run], *step)).collect()
    }

    #[test]
    fn while_one_is_waited_for_what_comes_after_is_no_step_yet() {
        let open = paused_at(asking(&["a.main.1", "b.main.2"]), 0, "09:47:12.388");
        let first = cells(&open, 0);
        assert!(first[..3].iter().all(Cell::is_done), "{first:?}");
        assert_eq!(first[1], Cell::Done(at("09:47:12.058"), "its socket took it".to_owned()));
        assert_eq!(first[2], Cell::Done(at("09:47:12.388"), "0 orders in flight".to_owned()));
        let second = cells(&open, 1);
        assert_eq!(second[2], Cell::Waits(Some(at("09:47:42.041")), "no word yet".to_owned()));
        assert!(
            matches!(second[1], Cell::Then(_))
                && matches!(second[3..], [Cell::Then(_), Cell::Then(_), Cell::Then(_)])
        );
    }

    #[test]
    fn who_was_written_over_without_a_word_owes_that_it_has_read() {
        let mut done =
            written_at(paused_at(asking(&["a.main.1", "b.main.2"]), 0, "09:47:12.388"), "09:47:43.000");
        done = reloaded_at(done, 0, "09:47:43.400", 18_242);
        assert_eq!(
            cells(&done, 0)[5],
            Cell::Done(at("09:47:43.400"), "it has read up to seq 18,242".to_owned())
        );
        let silent = cells(&done, 1);
        assert_eq!(silent[1], Cell::Never("it was never handed to it".to_owned()));
        assert_eq!(silent[2], Cell::Never("no word: it was written without it".to_owned()));
        assert_eq!(silent[5], Cell::Waits(None, "it has not said that it read it".to_owned()));
    }

    #[test]
    fn a_dead_run_ends_its_column_and_nothing_is_waited_for() {
        let mut dying = asking(&["a.main.1"]);
        dying.runs[0].ended_at = Some(at("09:47:20.000"));
        let all = cells(&written_at(dying, "09:47:20.100"), 0);
        for (at_step, cell) in all.iter().enumerate().filter(|(at_step, _)| ![0, 3].contains(at_step)) {
            assert_eq!(*cell, Cell::Ended(at("09:47:20.000")), "step {at_step}");
        }
        assert_eq!(all[3], Cell::Done(at("09:47:20.100"), "3 states in one commit".to_owned()));
    }

    #[test]
    fn a_pause_of_an_operator_has_nothing_that_is_written() {
        let mut paused = paused_at(pause("a.main.1"), 0, "09:47:12.388");
        paused.status = HandshakeStatus::Paused;
        assert!(Step::of(&paused).iter().all(|step| *step != Step::Written));
        let last = |handshake: &Handshake| cell(handshake, &handshake.runs[0], Step::LetGo);
        assert!(matches!(last(&paused), Cell::Then(_)));
        let gone_on = ended(paused, HandshakeStatus::Stopped, "09:48:00.000");
        assert_eq!(last(&gone_on), Cell::Done(at("09:48:00.000"), "told to go on".to_owned()));
    }

    #[test]
    fn a_handshake_without_a_restore_says_that_nothing_was_written_and_who_was_told_to_go_on() {
        let open = paused_at(asking(&["a.main.1", "b.main.2"]), 0, "09:47:12.388");
        let over = ended(open, HandshakeStatus::NoWord, "09:47:42.041");
        assert_eq!(cells(&over, 0)[3], Cell::Never("Nothing was written: some gave no word".to_owned()));
        assert_eq!(
            cells(&over, 0)[4],
            Cell::Done(at("09:47:42.041"), "told to go on: there is nothing to read".to_owned())
        );
        assert_eq!(cells(&over, 1)[2], Cell::Never("no word until 09:47:42".to_owned()));
        assert_eq!(cells(&over, 1)[5], Cell::Never("there is nothing to read".to_owned()));
    }
}
