//! Handshakes: restores that ask live runs first. How far one is with each run, what was said, what is open of them, and what
//! can be sent once more.

pub mod open;
pub mod order;
pub mod request;
pub mod said;
pub mod steps;

#[cfg(test)]
mod sample;

use stateloft_core::api::{Handshake, HandshakeRun, HandshakeStatus, HandshakeView};
use stateloft_core::model::{StateKey, Timestamp};

use super::age;
use super::number;

/// `a.main.1`, `a.main.1 and b.main.2`, `a.main.1 and 3 more`.
#[must_use]
pub fn names(runs: &[String]) -> String {
    match runs {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// The runs that have made way and wait for what comes.
#[must_use]
pub fn standing(handshake: &Handshake) -> Vec<&HandshakeRun> {
    let stands = |run: &&HandshakeRun| {
        run.ended_at.is_none()
            && match handshake.status {
                HandshakeStatus::Asking | HandshakeStatus::Paused => run.paused_at.is_some(),
                HandshakeStatus::Written => run.reloaded_at.is_none(),
                _ => false,
            }
    };
    handshake.runs.iter().filter(stands).collect()
}

/// What a handshake is about, in one line beside the title: `waiting for a · nothing is written yet`.
#[must_use]
pub fn about(view: &HandshakeView) -> String {
    let waits = names(&view.waits_for);
    if view.handshake.is_only_a_pause() {
        return match view.handshake.status {
            HandshakeStatus::Asking => format!("waiting for {waits}"),
            HandshakeStatus::Paused => "paused until somebody lets it go on".to_owned(),
            _ => outcome(&view.handshake),
        };
    }
    match view.handshake.status {
        HandshakeStatus::Asking if waits.is_empty() => {
            "all have made way · nothing is written yet".to_owned()
        }
        HandshakeStatus::Asking => format!("waiting for {waits} · nothing is written yet"),
        HandshakeStatus::Written if waits.is_empty() => "written, and read by all who hold it".to_owned(),
        HandshakeStatus::Written => format!(
            "written · {waits} {} not said that {} read it",
            has(&view.waits_for),
            it(&view.waits_for)
        ),
        _ => format!("{} · nothing was written", outcome(&view.handshake)),
    }
}

fn has(runs: &[String]) -> &'static str {
    if runs.len() == 1 { "has" } else { "have" }
}

fn it(runs: &[String]) -> &'static str {
    if runs.len() == 1 { "it has" } else { "they have" }
}

/// How it ended, in a word or two: `no word`, `stopped`, `reloaded, seq 18,218`.
#[must_use]
pub fn outcome(handshake: &Handshake) -> String {
    match handshake.status {
        HandshakeStatus::Asking => "asking".to_owned(),
        HandshakeStatus::NoWord => "no word".to_owned(),
        HandshakeStatus::Stopped if handshake.is_only_a_pause() => "let go on".to_owned(),
        HandshakeStatus::Stopped => "stopped".to_owned(),
        HandshakeStatus::Paused => "paused".to_owned(),
        HandshakeStatus::RunEnded => "its run has ended".to_owned(),
        HandshakeStatus::Refused => "refused".to_owned(),
        HandshakeStatus::Abandoned => "abandoned".to_owned(),
        HandshakeStatus::Written => {
            let last = handshake.runs.iter().filter_map(|run| run.seq).max();
            match last.filter(|_| handshake.waits_for().is_empty()) {
                Some(seq) => format!("reloaded, seq {}", number::count(seq.0)),
                None if handshake.waits_for().is_empty() => "written".to_owned(),
                None => "written, not read by all".to_owned(),
            }
        }
    }
}

/// What of it a run holds: `2 states of 3`, `EURUSD/EURCHF`.
#[must_use]
pub fn holds(run: &HandshakeRun, writes: u64) -> String {
    let count = run.states.len() as u64 + run.more;
    match run.states.as_slice() {
        [StateKey { state_id, .. }] if run.more == 0 => super::hidden::told(state_id.as_str()),
        _ => format!("{count} states of {writes}"),
    }
}

/// The time of day to the millisecond: `09:47:12.041`.
#[must_use]
pub fn clock(time: Timestamp) -> String {
    time.to_string().get(11..23).unwrap_or_default().to_owned()
}

/// How long after it was asked: `+17 ms`, `+2.269 s`, `+1 m`.
#[must_use]
pub fn after(asked: Timestamp, time: Timestamp) -> String {
    let millis = (time.micros() - asked.micros()).max(0) / 1_000;
    match millis {
        ..1_000 => format!("+{millis} ms"),
        1_000..60_000 => format!("+{}.{:03} s", millis / 1_000, millis % 1_000),
        _ => format!("+{}", age::long(millis / 1_000)),
    }
}

/// When all had made way, after they were asked; nothing where some never did.
#[must_use]
pub fn all_paused(handshake: &Handshake) -> Option<Timestamp> {
    let each = handshake.runs.iter().map(|run| run.paused_at.or(run.ended_at));
    each.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// How long the first that made way stood still: until the last of them had read, or nothing was written. In microseconds; nothing
/// where nobody did, or it is not over.
#[must_use]
pub fn stood_still(handshake: &Handshake) -> Option<i64> {
    let from = handshake.runs.iter().filter_map(|run| run.paused_at).min()?;
    let paused = handshake.runs.iter().filter(|run| run.paused_at.is_some());
    let until = match handshake.status {
        HandshakeStatus::Asking | HandshakeStatus::Paused => None,
        HandshakeStatus::Written => {
            paused.map(|run| run.reloaded_at.or(run.ended_at)).collect::<Option<Vec<_>>>()?.into_iter().max()
        }
        _ => handshake.ended_at,
    };
    until.map(|until| (until.micros() - from.micros()).max(0))
}

#[cfg(test)]
mod tests {
    use super::sample::{asking, at, ended, paused, reloaded, written};
    use super::*;

    #[test]
    fn what_is_waited_for_and_how_it_ended_is_said_in_few_words() {
        let view = |handshake: Handshake| HandshakeView::from(handshake);
        assert_eq!(
            about(&view(asking(&["a.main.1", "b.main.2"]))),
            "waiting for a.main.1 and b.main.2 · nothing is written yet"
        );
        let one = paused(asking(&["a.main.1", "b.main.2", "c.main.1"]), 0, "09:47:12.388");
        assert_eq!(about(&view(one)), "waiting for b.main.2 and c.main.1 · nothing is written yet");
        let done = written(paused(asking(&["a.main.1"]), 0, "09:47:12.388"), "09:47:13.000");
        assert_eq!(about(&view(done.clone())), "written · a.main.1 has not said that it has read it");
        assert_eq!(outcome(&done), "written, not read by all");
        let read = reloaded(done, 0, "09:47:13.500", 18_218);
        assert_eq!(
            (about(&view(read.clone())).as_str(), outcome(&read).as_str()),
            ("written, and read by all who hold it", "reloaded, seq 18,218")
        );
        let silent = ended(asking(&["a.main.1"]), HandshakeStatus::NoWord, "09:47:42.000");
        assert_eq!(about(&view(silent)), "no word · nothing was written");
    }

    #[test]
    fn how_long_it_took_and_who_stood_still_is_known_only_where_it_is_over() {
        let open = paused(asking(&["a.main.1", "b.main.2"]), 0, "09:47:12.388");
        assert_eq!((all_paused(&open), stood_still(&open)), (None, None));
        assert_eq!(standing(&open).len(), 1);
        let silent = ended(open, HandshakeStatus::NoWord, "09:47:42.388");
        assert_eq!((all_paused(&silent), stood_still(&silent)), (None, Some(30_000_000)));
        assert!(standing(&silent).is_empty(), "they were told to go on");
        let done = written(paused(asking(&["a.main.1"]), 0, "09:47:12.388"), "09:47:13.000");
        assert_eq!((all_paused(&done), stood_still(&done)), (Some(at("09:47:12.388")), None));
        let read = reloaded(done, 0, "09:47:13.288", 9);
        assert_eq!(stood_still(&read), Some(900_000));
    }

    #[test]
    fn times_are_said_to_the_millisecond_and_from_the_asking() {
        assert_eq!(clock(at("09:47:12.041")), "09:47:12.041");
        assert_eq!(after(at("09:47:12.041"), at("09:47:12.058")), "+17 ms");
        assert_eq!(after(at("09:47:12.041"), at("09:47:14.310")), "+2.269 s");
        assert_eq!(after(at("09:47:12.041"), at("09:48:42.041")), "+1 m");
        assert_eq!(after(at("09:47:12.041"), at("09:47:12.000")), "+0 ms", "two servers may differ a little");
    }

    #[test]
    fn one_state_is_named_and_more_are_counted() {
        let mut run = asking(&["a.main.1"]).runs.remove(0);
        assert_eq!(holds(&run, 3), "EURUSD/EURCHF");
        run.more = 4;
        assert_eq!(holds(&run, 9), "5 states of 9");
    }
}
