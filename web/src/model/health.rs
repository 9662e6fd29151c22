//! How the server is, in one sentence and in the words of its parts.

use stateloft_core::api::{BreakerState, BreakerStatus, FallbackStatus, LatencyStatus, Status, StatusSeries};

use super::contact::Contact;
use super::{age, number};

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should be.
    Good,
    /// Neither good nor bad.
    Plain,
    /// Somebody should look.
    Bad,
}

/// What the page says on top: the sentence, as long as the server is there to say it.
#[must_use]
pub fn verdict(status: Option<&Status>, contact: Contact) -> Option<(Mood, String)> {
    if !contact.is_away() {
        return status.map(sentence);
    }
    let since = contact.as_of().map(|at| format!(" since {}", age::clock(at))).unwrap_or_default();
    Some((Mood::Bad, format!("No data{since}: {}", contact.cause())))
}

/// The one sentence, and whether it is good news. The worst comes first.
#[must_use]
pub fn sentence(status: &Status) -> (Mood, String) {
    if let Some(alarm) = status.alarms.iter().max_by_key(|alarm| alarm.stops) {
        let more = match status.alarms.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        return (Mood::Bad, format!("{}{more}", alarm.code.title()));
    }
    if let Some(fault) = status.fallback.as_ref().and_then(|journal| journal.fault.as_ref()) {
        return (Mood::Bad, format!("The fallback journal accepts nothing: {fault}"));
    }
    if let Some(journal) = status.fallback.as_ref().filter(|journal| journal.active) {
        let waiting = number::counted(journal.pending, "write waits", "writes wait");
        return (Mood::Bad, format!("The store is away, {waiting} in the journal"));
    }
    match status.breaker.as_ref() {
        Some(breaker) if breaker.state != BreakerState::Closed => {
            return (Mood::Bad, format!("The circuit breaker is {}", breaker_word(breaker)));
        }
        Some(BreakerStatus { forced: true, .. }) => {
            return (Mood::Bad, "The circuit breaker is held closed by hand".to_owned());
        }
        _ => {}
    }
    if !status.store.up {
        return (Mood::Bad, "The store does not answer".to_owned());
    }
    if let Some(journal) = status.fallback.as_ref().filter(|journal| journal.conflicts > 0) {
        let conflicts = number::counted(journal.conflicts, "write waits", "writes wait");
        return (Mood::Bad, format!("{conflicts} for a decision"));
    }
    (Mood::Good, "Everything works".to_owned())
}

/// Saves a second, lately and in the best minute of the day: the step that runs and the one before it, and the step with
/// the most. `None` before anything can be said.
#[must_use]
pub fn saves_a_second(series: &StatusSeries) -> Option<(String, String)> {
    let steps = &series.saves;
    let before = steps.len().saturating_sub(2);
    let begun = series.since.micros() + micros(float(before as u64) * series.step_seconds);
    let passed = float(u64::try_from(series.now.micros() - begun).unwrap_or_default()) / 1e6;
    let lately: u64 = steps[before..].iter().flatten().sum();
    let most = steps.iter().flatten().copied().max()?;
    let words = |rate: f64| if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    Some((words(float(lately) / passed.max(1.0)), words(float(most) / series.step_seconds)))
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn float(number: u64) -> f64 {
    number as f64
}

#[allow(clippy::cast_possible_truncation, reason = "microseconds of a day")]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

/// `closed`, `open`, `half open`.
#[must_use]
pub fn breaker_word(breaker: &BreakerStatus) -> &'static str {
    match breaker.state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half open",
    }
}

/// What the journal is doing, as its chip says it.
#[must_use]
pub fn journal_word(journal: &FallbackStatus) -> (Mood, String) {
    match (journal.active, journal.pending, journal.conflicts) {
        _ if journal.fault.is_some() => (Mood::Bad, "accepts nothing".to_owned()),
        (true, ..) => (Mood::Bad, "takes the writes".to_owned()),
        (false, 0, 0) => (Mood::Good, "empty".to_owned()),
        (false, 0, conflicts) => (Mood::Bad, number::counted(conflicts, "conflict", "conflicts")),
        (false, pending, _) => (Mood::Plain, format!("{} to replay", number::count(pending))),
    }
}

/// `1.4 ms` (half were faster) and `3.8 ms` (99 of 100 were), or that nothing was measured.
#[must_use]
pub fn latency(latency: &LatencyStatus) -> (String, String) {
    match latency.count {
        0 => ("no data".to_owned(), "in 5 min".to_owned()),
        _ => (number::millis(latency.p50_ms), number::millis(latency.p99_ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(more: &str) -> Status {
        serde_json::from_str(&format!(
            r#"{{"version":"stateloft 0.1.0","started_at":"2026-11-21T09:00:00Z","now":"2026-11-21T09:10:00Z",
            "store":{{"kind":"sqlite","engine":"SQLite 3.51.3","up":true,"size_bytes":1,"pool":null,"promises":[]}},
            "seq":3,"states_live":1,"states_deleted":0,"states_invalid":0,"snapshots":0,"runs_live":0,
            "commit":{{"count":0,"p50_ms":0.0,"p99_ms":0.0,"max_ms":0.0}},
            "event_lag":{{"count":2,"p50_ms":1.0,"p99_ms":2.0,"max_ms":3.0}},
            "listeners":0,"verified_seq":3,"key_required":false{more}}}"#
        ))
        .unwrap()
    }

    const JOURNAL: &str =
        r#""size_bytes":0,"replayed":0,"torn_bytes":0,"oldest":null,"fault":null,"conflicts":"#;

    #[test]
    fn the_worst_is_said_first() {
        assert_eq!(sentence(&status("")), (Mood::Good, "Everything works".to_owned()));
        let conflict = format!(r#","fallback":{{"active":false,"pending":0,{JOURNAL}1}}"#);
        assert_eq!(sentence(&status(&conflict)), (Mood::Bad, "1 write waits for a decision".to_owned()));
        let away = format!(r#","fallback":{{"active":true,"pending":2,{JOURNAL}1}}"#);
        assert_eq!(sentence(&status(&away)).1, "The store is away, 2 writes wait in the journal");
        let alarm = r#"{"code":"chain_broken","stops":"part","since":"2026-11-21T09:00:00Z","detail":"","action":""}"#;
        let damaged = format!(r#"{away},"alarms":[{alarm}]"#);
        assert_eq!(sentence(&status(&damaged)).1, "Stored versions are damaged");
        let twice = format!(r#"{away},"alarms":[{alarm},{alarm}]"#);
        assert_eq!(sentence(&status(&twice)).1, "Stored versions are damaged, and 1 more");
    }

    #[test]
    fn nothing_works_that_is_not_heard() {
        use crate::model::contact::Why;
        let (status, since) =
            (status(""), Some(stateloft_core::model::Timestamp::from_micros(43_424_000_000)));
        assert_eq!(verdict(Some(&status), Contact::Fresh).unwrap().1, "Everything works");
        let lost = |since| verdict(Some(&status), Contact::Lost { since, why: Why::Silent }).unwrap();
        assert_eq!(lost(since), (Mood::Bad, "No data since 12:03:44: the server does not answer".to_owned()));
        assert_eq!(lost(None).1, "No data: the server does not answer");
        // Read by requests, which are answered.
        let no_feed = Contact::Lost { since, why: Why::NoFeed };
        assert_eq!(verdict(Some(&status), no_feed).unwrap().1, "Everything works");
        assert_eq!(verdict(None, Contact::Opening), None);
    }

    #[test]
    fn saves_are_counted_over_the_last_minute_and_a_bit() {
        let at = |text: &str| stateloft_core::model::Timestamp::parse(text).unwrap();
        let series = StatusSeries {
            since: at("2026-11-21T09:00:00Z"),
            now: at("2026-11-21T09:03:30Z"),
            step_seconds: 60.0,
            saves: vec![Some(2472), None, Some(30), Some(24)],
            ..StatusSeries::default()
        };
        assert_eq!(saves_a_second(&series), Some(("0.6".to_owned(), "41.2".to_owned())));
        let young = StatusSeries { now: at("2026-11-21T09:00:10Z"), saves: vec![Some(5)], ..series };
        assert_eq!(saves_a_second(&young), Some(("0.5".to_owned(), "0.1".to_owned())));
    }

    #[test]
    fn a_breaker_that_is_not_closed_is_named() {
        let breaker = r#","breaker":{"state":"half_open","forced":false,"failure_count":5.0,"failure_threshold":5,
            "recovery_timeout_seconds":60.0,"retry_after_seconds":null,"opened":1,"refused":7}"#;
        assert_eq!(sentence(&status(breaker)).1, "The circuit breaker is half open");
    }

    #[test]
    fn what_was_not_measured_has_no_figure() {
        let status = status("");
        assert_eq!(latency(&status.commit).0, "no data");
        assert_eq!(latency(&status.event_lag), ("1.0 ms".to_owned(), "2.0 ms".to_owned()));
    }
}
