//! That a run is asked to ask its broker: how that stands, whether what it answered is newer than what is held against ours, and the words.

use stateloft_core::api::{HeardBy, ReconcileAnswer, ReconcileAsk};
use stateloft_core::model::Timestamp;

use crate::model::{age, number};

/// After so many seconds without an answer it is said why there may never be one.
const LONG: i64 = 20;

/// What is held against ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldAgainst {
    /// When the broker was asked; absent where there is no list.
    pub as_of: Option<Timestamp>,
    /// Rows of which nothing is known.
    pub unknown: u64,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// Something is unknown, and the run can be asked.
    Can(HeldAgainst),
    /// Something is unknown, and nobody can be asked: it does not run. It may have been asked before.
    NotLive(Option<ReconcileAsk>),
    /// It is asked, and has not answered yet.
    Waits(ReconcileAsk),
    /// It has answered with a list that is newer, kept with this version of its record.
    Newer(ReconcileAsk, ReconcileAnswer, u64),
    /// It has answered, with a list that is larger than what is kept.
    TooLarge(ReconcileAnswer),
    /// It has answered that the broker has not.
    Failed(ReconcileAsk, ReconcileAnswer, String),
}

impl Asking {
    /// How it stands; nothing where everything is known.
    #[must_use]
    pub fn of(ask: Option<&ReconcileAsk>, live: bool, held: HeldAgainst) -> Option<Self> {
        let unsure = held.as_of.is_none() || held.unknown > 0;
        let is_newer = |answer: &ReconcileAnswer| held.as_of.is_none_or(|as_of| answer.as_of > as_of);
        let ask = ask.cloned();
        let answer = ask.as_ref().and_then(|ask| ask.answer.clone()).filter(is_newer);
        match (ask, answer) {
            (Some(ask), None) if ask.is_open() && live => Some(Self::Waits(ask)),
            (Some(ask), Some(answer)) => match (answer.kept, answer.failure.clone()) {
                (Some(version), _) => Some(Self::Newer(ask, answer, version)),
                (None, Some(failure)) => unsure.then_some(Self::Failed(ask, answer, failure)),
                (None, None) => unsure.then_some(Self::TooLarge(answer)),
            },
            (ask, None) if unsure && !live => Some(Self::NotLive(ask.filter(ReconcileAsk::is_open))),
            _ => unsure.then_some(Self::Can(held)),
        }
    }

    /// Whether the run can be asked now.
    #[must_use]
    pub fn can_ask(&self, live: bool) -> bool {
        live && matches!(self, Self::Can(_) | Self::Failed(..) | Self::TooLarge(_))
    }

    /// What is said of it, of a run of this id on this machine: what is so, and what that means. Texts of others are in both.
    #[must_use]
    pub fn words(&self, run: &str, host: Option<&str>, now: Timestamp) -> (String, String) {
        let who = host.map_or_else(|| run.to_owned(), |host| format!("{run} on {host}"));
        match self {
            Self::Can(held) => {
                let what = match held.as_of {
                    None => "There is no list of the broker\u{2019}s".to_owned(),
                    Some(_) => number::counted(held.unknown, "row is unknown", "rows are unknown"),
                };
                (format!("{what}."), format!("Only the program can ask its broker again: {who}."))
            }
            Self::NotLive(ask) => {
                let before = ask.as_ref().map(|ask| {
                    format!(
                        "It was asked at {} and ended without an answer. ",
                        age::moment(ask.asked_at, now)
                    )
                });
                let rest = "Only a live program can ask its broker: start it, or give the list by hand.";
                (format!("{run} does not run."), format!("{}{rest}", before.unwrap_or_default()))
            }
            Self::Waits(ask) => waits(&who, ask, now),
            Self::Newer(_, answer, _) => (
                format!("A newer list is here, of {}.", age::clock(answer.as_of)),
                format!("{who} was asked and gave it: {}. What you have chosen stays.", counts(answer)),
            ),
            Self::TooLarge(answer) => (
                format!("{run} has answered at {}.", age::moment(answer.at, now)),
                format!("Its list is larger than what is kept: {}. Give it by hand.", counts(answer)),
            ),
            Self::Failed(_, answer, failure) => (
                format!("The broker has not answered at {} ({failure}).", age::clock(answer.as_of)),
                format!("{who} asked it. No answer closes nothing."),
            ),
        }
    }
}

fn waits(who: &str, ask: &ReconcileAsk, now: Timestamp) -> (String, String) {
    let by = ask.user_id.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let why = ask.reason.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let asked = format!("{who} is asked{by}{why}, since {}.", age::clock(ask.asked_at));
    let waited = age::seconds_between(ask.asked_at, now);
    let heard = match (ask.heard_at, ask.heard_by) {
        (None, _) => "It has not heard that yet: it does with its next renewal".to_owned(),
        (Some(at), by) => format!("It heard that at {}{}", age::clock(at), by.map_or("", how)),
    };
    let never = if ask.heard_at.is_some() && waited >= LONG {
        " Nobody takes it where the program has no on_reconcile: then it is answered by its next own report."
    } else {
        ""
    };
    (asked, format!("{heard}. No list for {}.{never}", age::long(waited)))
}

fn how(by: HeardBy) -> &'static str {
    match by {
        HeardBy::Socket => ", on its socket",
        HeardBy::Events => ", on its stream",
        HeardBy::Renewal => ", with its renewal",
    }
}

/// `3 matched, 1 differs, 0 unknown`.
fn counts(answer: &ReconcileAnswer) -> String {
    let counts = &answer.counts;
    let differs =
        counts.quantity_mismatch + counts.price_mismatch + counts.missing_here + counts.missing_there;
    let word = if differs == 1 { "differs" } else { "differ" };
    format!("{} matched, {} {word}, {} unknown", counts.matched, differs, counts.unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: u32) -> Timestamp {
        Timestamp::parse(&format!("2026-11-29T09:41:{second:02}Z")).unwrap()
    }

    fn ask(more: &str) -> ReconcileAsk {
        serde_json::from_str(&format!(
            r#"{{"ask":"a","run_id":"pairs-fx.main.1","asked_at":"2026-11-29T09:41:02Z","user_id":"ann"{more}}}"#
        ))
        .unwrap()
    }

    fn answer(more: &str) -> ReconcileAsk {
        ask(&format!(
            r#","answer":{{"at":"2026-11-29T09:41:13Z","as_of":"2026-11-29T09:41:12Z","counts":{{"matched":3,"quantity_mismatch":1,
            "price_mismatch":0,"missing_here":0,"missing_there":0,"unknown":0}}{more}}}"#
        ))
    }

    fn held(second: Option<u32>, unknown: u64) -> HeldAgainst {
        HeldAgainst { as_of: second.map(time), unknown }
    }

    fn said(ask: Option<&ReconcileAsk>, live: bool, held: HeldAgainst, now: u32) -> Option<String> {
        let (first, rest) = Asking::of(ask, live, held)?.words("pairs-fx.main.1", Some("box-7"), time(now));
        Some(format!("{first} {rest}"))
    }

    #[test]
    fn a_live_run_can_be_asked_where_something_is_unknown_and_no_other_one() {
        for (live, held, can) in [
            (true, held(None, 0), true),
            (true, held(Some(1), 2), true),
            (true, held(Some(1), 0), false),
            (false, held(Some(1), 2), false),
        ] {
            let asking = Asking::of(None, live, held);
            assert_eq!(asking.is_some_and(|asking| asking.can_ask(live)), can, "{live} {held:?}");
        }
        assert_eq!(Asking::of(None, false, held(Some(1), 0)), None);
        assert!(
            said(None, true, held(Some(1), 2), 9)
                .unwrap()
                .starts_with("2 rows are unknown. Only the program")
        );
        assert!(said(None, false, held(None, 0), 9).unwrap().contains("does not run. Only a live program"));
        let ended = said(Some(&ask("")), false, held(Some(1), 2), 50).unwrap();
        assert!(ended.contains("asked at 09:41 and ended without an answer"), "{ended}");
    }

    #[test]
    fn who_is_asked_is_waited_for_with_its_age_and_what_silence_means() {
        let not_heard = said(Some(&ask("")), true, held(Some(1), 2), 50).unwrap();
        assert_eq!(
            not_heard,
            "pairs-fx.main.1 on box-7 is asked by ann, since 09:41:02. It has not heard that yet: it does with its next renewal. \
             No list for 48 s."
        );
        let heard = ask(r#","heard_at":"2026-11-29T09:41:04Z","heard_by":"renewal""#);
        let soon = said(Some(&heard), true, held(Some(1), 2), 10).unwrap();
        assert!(soon.ends_with("It heard that at 09:41:04, with its renewal. No list for 8 s."), "{soon}");
        assert!(said(Some(&heard), true, held(Some(1), 0), 50).unwrap().contains("no on_reconcile"));
        let asking = Asking::of(Some(&heard), true, held(Some(1), 2)).unwrap();
        assert!(!asking.can_ask(true), "it is asked already");
    }

    #[test]
    fn an_answer_is_offered_only_while_it_is_newer_than_what_is_held() {
        let listed = answer(r#","kept":4"#);
        for (second, offered) in [(None, true), (Some(11), true), (Some(12), false), (Some(13), false)] {
            let found = Asking::of(Some(&listed), true, held(second, 0));
            assert_eq!(matches!(found, Some(Asking::Newer(_, _, 4))), offered, "{second:?}");
        }
        let words = said(Some(&listed), false, held(Some(1), 0), 20).unwrap();
        assert!(words.starts_with("A newer list is here, of 09:41:12."), "{words}");
        assert!(words.contains("3 matched, 1 differs, 0 unknown. What you have chosen stays"), "{words}");
        // What is held is that list, and something of it is unknown: it can be asked again.
        assert!(matches!(Asking::of(Some(&listed), true, held(Some(12), 1)), Some(Asking::Can(_))));
        let failed = answer(r#","failure":"timed out""#);
        let words = said(Some(&failed), true, held(Some(1), 2), 20).unwrap();
        assert!(words.starts_with("The broker has not answered at 09:41:12 (timed out)."), "{words}");
        assert!(Asking::of(Some(&failed), true, held(Some(1), 2)).unwrap().can_ask(true));
        assert!(
            said(Some(&answer("")), true, held(None, 0), 20).unwrap().contains("larger than what is kept")
        );
    }
}
