//! The last incident, the breaker's day and who listens, in words.

use stateloft_core::api::{BreakerState, BreakerTurn, Incident, ListenerStatus};
use stateloft_core::model::Timestamp;

use super::{age, number};

/// What happened, in a bold sentence, and how it ended.
#[must_use]
pub fn sentences(incident: &Incident, now: Timestamp) -> (String, String) {
    (head(incident, now), outcome(incident))
}

fn head(incident: &Incident, now: Timestamp) -> String {
    let engine = incident.engine.split_once(' ').map_or(incident.engine.as_str(), |(name, _)| name);
    let engine = if engine.is_empty() { "the store" } else { engine };
    let day = match age::day_number(now) - age::day_number(incident.began_at) {
        0 => String::new(),
        1 => "Yesterday, ".to_owned(),
        _ => format!("{}, ", age::day(incident.began_at, now)),
    };
    let from = age::clock(incident.began_at);
    match (incident.answered_at.or(incident.ended_at), incident.by_hand, incident.opened) {
        (None, true, _) => format!("Since {day}{from} the circuit breaker is held open by hand."),
        (None, false, 0) => format!("Since {day}{from} {engine} takes no writes."),
        (None, false, _) => format!("Since {day}{from} {engine} does not answer."),
        (Some(until), by_hand, opened) => {
            let what = match (by_hand, opened) {
                (true, _) => "the circuit breaker was held open by hand".to_owned(),
                (false, 0) => format!("{engine} took no writes"),
                (false, _) => format!("{engine} did not answer"),
            };
            let day = if day.is_empty() { "Today, ".to_owned() } else { day };
            format!("{day}{from} to {}: {what}.", age::clock(until))
        }
    }
}

fn outcome(incident: &Incident) -> String {
    let mut said = Vec::new();
    match incident.opened {
        0 => {}
        1 => said.push("The breaker opened.".to_owned()),
        times => said.push(format!("The breaker opened {} times.", number::count(times))),
    }
    if incident.journaled > 0 {
        said.push(journal(incident));
    }
    if incident.refused > 0 {
        said.push(format!("{} refused.", number::counted(incident.refused, "write was", "writes were")));
    }
    if incident.unknown > 0 {
        let writes = number::counted(incident.unknown, "write", "writes");
        said.push(format!("Of {writes} it is not known whether they were stored."));
    }
    if said.is_empty() {
        said.push("No write came in that time.".to_owned());
    }
    said.join(" ")
}

fn journal(incident: &Incident) -> String {
    let writes = number::counted(incident.journaled, "write", "writes");
    let went = format!("{writes} went to the local journal");
    let Some(lost) = incident.lost else {
        let left = incident.journaled.saturating_sub(incident.replayed + incident.conflicts);
        return format!("{went}, {} to be replayed.", number::counted(left, "waits", "wait"));
    };
    let until = incident.ended_at.map(|time| format!(" by {}", age::clock(time))).unwrap_or_default();
    let conflicts = number::counted(incident.conflicts, "conflict", "conflicts");
    let replayed = match (incident.replayed == incident.journaled, incident.journaled) {
        (true, 1) => format!("{went} and was replayed{until}."),
        (true, _) => format!("{went} and were replayed in order{until}."),
        (false, _) => format!("{went}, {} replayed in order{until}.", number::count(incident.replayed)),
    };
    format!("{replayed} {conflicts}, {} lost.", number::count(lost))
}

/// A stretch of the breaker's day, as a share of the whole in percent.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// What it was.
    pub state: BreakerState,
    /// By hand.
    pub forced: bool,
    /// Its width.
    pub percent: f64,
}

/// The breaker from `since` to `now`.
#[must_use]
pub fn stretches(turns: &[BreakerTurn], since: Timestamp, now: Timestamp) -> Vec<Stretch> {
    let all = micros(since, now);
    let ends = turns.iter().skip(1).map(|turn| turn.at).chain([now]);
    let stretch = |(turn, end): (&BreakerTurn, Timestamp)| Stretch {
        state: turn.state,
        forced: turn.forced,
        percent: if all > 0.0 { micros(turn.at.max(since), end) / all * 100.0 } else { 100.0 },
    };
    turns.iter().zip(ends).map(stretch).collect()
}

/// How often it opened in that time, the last time it did, and for how long it was not closed then; `None` for the length
/// while it is not closed yet.
#[must_use]
pub fn openings(turns: &[BreakerTurn]) -> (u64, Option<(Timestamp, Option<i64>)>) {
    let opens =
        |pair: &[BreakerTurn]| pair[0].state == BreakerState::Closed && pair[1].state != BreakerState::Closed;
    let opened: Vec<usize> = (1..turns.len()).filter(|at| opens(&turns[at - 1..=*at])).collect();
    let last = opened.last().map(|at| {
        let closed = turns[*at..].iter().find(|turn| turn.state == BreakerState::Closed);
        (turns[*at].at, closed.map(|turn| age::seconds_between(turns[*at].at, turn.at)))
    });
    (opened.len() as u64, last)
}

#[allow(clippy::cast_precision_loss, reason = "a width on the screen")]
fn micros(from: Timestamp, to: Timestamp) -> f64 {
    (to.micros() - from.micros()).max(0) as f64
}

/// A length in words with seconds: `44 s`, `13 m 44 s`, `7 h 21 m`.
#[must_use]
pub fn length(seconds: i64) -> String {
    match seconds {
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => age::long(seconds),
    }
}

/// What a listener is called, and whether that is a name it gave itself.
#[must_use]
pub fn called(listener: &ListenerStatus) -> (String, bool) {
    match (&listener.client, &listener.address) {
        (Some(name), _) => (name.clone(), true),
        (None, Some(address)) => (format!("not named, {address}"), false),
        (None, None) => ("not named".to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn incident(more: &str) -> Incident {
        let mut whole: serde_json::Value = serde_json::from_str(
            r#"{"began_at":"2026-11-21T02:11:20Z","answered_at":"2026-11-21T02:25:04Z","ended_at":"2026-11-21T02:25:19Z",
            "engine":"PostgreSQL 17.2","by_hand":false,"opened":1,"journaled":212,"replayed":212,"conflicts":0,"lost":0,
            "refused":0,"unknown":0,"first_seq":1,"last_seq":212}"#,
        )
        .unwrap();
        let more: serde_json::Value = serde_json::from_str(more).unwrap();
        for (name, value) in more.as_object().unwrap() {
            whole[name] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn said(more: &str) -> String {
        let (head, rest) = sentences(&incident(more), at("2026-11-21T09:46:00Z"));
        format!("{head} {rest}")
    }

    #[test]
    fn an_incident_says_what_happened_and_how_it_ended() {
        assert_eq!(
            said("{}"),
            "Today, 02:11:20 to 02:25:04: PostgreSQL did not answer. The breaker opened. 212 writes went to the local \
             journal and were replayed in order by 02:25:19. 0 conflicts, 0 lost."
        );
        assert_eq!(
            said(r#"{"opened":0,"journaled":3,"replayed":2,"conflicts":1}"#),
            "Today, 02:11:20 to 02:25:04: PostgreSQL took no writes. 3 writes went to the local journal, 2 replayed in \
             order by 02:25:19. 1 conflict, 0 lost."
        );
        assert_eq!(
            said(
                r#"{"journaled":0,"replayed":0,"refused":14,"unknown":1,"opened":2,"began_at":"2026-11-20T23:59:00Z"}"#
            ),
            "Yesterday, 23:59:00 to 02:25:04: PostgreSQL did not answer. The breaker opened 2 times. 14 writes were \
             refused. Of 1 write it is not known whether they were stored."
        );
    }

    #[test]
    fn one_that_goes_on_says_what_waits() {
        assert_eq!(
            said(r#"{"answered_at":null,"ended_at":null,"journaled":1,"replayed":0,"lost":null}"#),
            "Since 02:11:20 PostgreSQL does not answer. The breaker opened. 1 write went to the local journal, 1 waits to \
             be replayed."
        );
        assert_eq!(
            said(r#"{"by_hand":true,"answered_at":null,"ended_at":null,"journaled":0,"replayed":0}"#),
            "Since 02:11:20 the circuit breaker is held open by hand. The breaker opened."
        );
    }

    fn turn(time: &str, state: BreakerState) -> BreakerTurn {
        BreakerTurn { at: at(time), state, forced: false }
    }

    #[test]
    fn the_breakers_day_is_whole() {
        let turns = [
            turn("2026-11-21T00:00:00Z", BreakerState::Closed),
            turn("2026-11-21T02:00:00Z", BreakerState::Open),
            turn("2026-11-21T03:00:00Z", BreakerState::HalfOpen),
            turn("2026-11-21T04:00:00Z", BreakerState::Closed),
        ];
        let parts = stretches(&turns, at("2026-11-21T00:00:00Z"), at("2026-11-21T10:00:00Z"));
        let percents: Vec<f64> = parts.iter().map(|part| part.percent).collect();
        assert_eq!(percents, [20.0, 10.0, 10.0, 60.0]);
        assert_eq!(openings(&turns), (1, Some((at("2026-11-21T02:00:00Z"), Some(7200)))));
        assert_eq!(openings(&turns[..2]), (1, Some((at("2026-11-21T02:00:00Z"), None))));
        assert_eq!(openings(&turns[..1]), (0, None));
        assert_eq!([44, 824, 26_460].map(length), ["44 s", "13 m 44 s", "7 h 21 m"]);
    }
}
