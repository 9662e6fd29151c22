//! The live connection as the indicator says it.

use stateloft_core::model::Timestamp;

use super::contact::{Contact, Why};
use super::{age, number};

/// How the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// No connection yet since the page was opened.
    #[default]
    Connecting,
    /// Connected and replaying.
    CatchingUp {
        /// Versions still to come.
        behind: u64,
    },
    /// Connected; each event arrives as it is written.
    Live,
    /// The connection is lost.
    Reconnecting {
        /// When the next attempt starts.
        next_try: Timestamp,
    },
}

impl Link {
    /// Whether there is no connection.
    #[must_use]
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Connecting | Self::Reconnecting { .. })
    }
}

/// The form of the indicator's dot; each state differs in form, not only in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dot {
    /// Live.
    Full,
    /// Catching up.
    Half,
    /// Not connected, or nothing behind the connection.
    Open,
    /// Paused.
    Bars,
}

/// What the indicator shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Its form.
    pub dot: Dot,
    /// The state's name.
    pub name: &'static str,
    /// The figure beside it.
    pub figure: String,
}

/// What was last heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// An event.
    Event(Timestamp),
    /// Something, but no event since the page was opened.
    Contact(Timestamp),
    /// Nothing.
    Nothing,
}

impl Last {
    /// From the times of the last event and of the last contact.
    #[must_use]
    pub fn of(event: Option<Timestamp>, contact: Option<Timestamp>) -> Self {
        event.map(Self::Event).or(contact.map(Self::Contact)).unwrap_or(Self::Nothing)
    }
}

/// The words for a connection and what is heard over it. `held` counts the events kept back while paused (`None` if not
/// paused).
#[must_use]
pub fn words(contact: Contact, link: Link, held: Option<u64>, seq: u64, last: Last, now: Timestamp) -> Words {
    let heard = || match last {
        Last::Event(time) => format!("last event {}", age::ago(time, now)),
        Last::Contact(time) => format!("last contact {}", age::ago(time, now)),
        Last::Nothing => "no contact yet".to_owned(),
    };
    let open = |name, figure| Words { dot: Dot::Open, name, figure };
    match (contact, link) {
        (Contact::Lost { why: Why::Offline, .. }, _) => return open("Offline", heard()),
        (Contact::Lost { since, .. }, Link::Live | Link::CatchingUp { .. }) => {
            let silent = since.map_or_else(heard, |at| format!("last contact {}", age::ago(at, now)));
            return open("No answer", silent);
        }
        (Contact::NoStore { since, journal }, _) => {
            let long = since.map(|at| age::short(age::seconds_between(at, now)));
            let figure = match (long, journal) {
                (None, _) => "not reached yet".to_owned(),
                (Some(long), false) => format!("for {long}"),
                (Some(long), true) => format!("for {long}, journal on"),
            };
            return open("Store away", figure);
        }
        _ => {}
    }
    match (link, held) {
        (Link::Reconnecting { .. }, _) => open("Reconnecting", heard()),
        (Link::Connecting, _) => open("Connecting", String::new()),
        (_, Some(held)) => {
            Words { dot: Dot::Bars, name: "Paused", figure: format!("{} new", number::count(held)) }
        }
        (Link::CatchingUp { behind }, None) => {
            Words { dot: Dot::Half, name: "Catching up", figure: format!("{} behind", number::count(behind)) }
        }
        (Link::Live, None) => {
            Words { dot: Dot::Full, name: "Live", figure: format!("seq {}", number::count(seq)) }
        }
    }
}

/// How long to wait before attempt `attempt` (from 0), in milliseconds: doubling from 0.5 s to 15 s, spread by
/// `jitter` (0 to 1) over the upper half so that many consoles do not come back at once.
#[must_use]
pub fn backoff_ms(attempt: u32, jitter: f64) -> u32 {
    let full = 500_u32.saturating_mul(1 << attempt.min(8)).min(15_000);
    let spread = f64::from(full / 2) * jitter.clamp(0.0, 1.0);
    // At most 7,500: fits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above")]
    let spread = spread as u32;
    full / 2 + spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_states_four_forms() {
        let now = Timestamp::from_micros(20_000_000);
        let then = Last::of(Some(Timestamp::from_micros(6_000_000)), Some(now));
        let said = |link, held| {
            let Words { dot, name, figure } = words(Contact::Fresh, link, held, 18_231, then, now);
            (dot, format!("{name} {figure}"))
        };
        assert_eq!(said(Link::Live, None), (Dot::Full, "Live seq 18,231".into()));
        assert_eq!(
            said(Link::CatchingUp { behind: 412 }, None),
            (Dot::Half, "Catching up 412 behind".into())
        );
        assert_eq!(said(Link::Live, Some(37)), (Dot::Bars, "Paused 37 new".into()));
        let lost = Link::Reconnecting { next_try: now };
        assert_eq!(said(lost, None), (Dot::Open, "Reconnecting last event 14 s ago".into()));
        let silent = words(
            Contact::Fresh,
            lost,
            None,
            0,
            Last::of(None, Some(Timestamp::from_micros(6_000_000))),
            now,
        );
        assert_eq!(silent.figure, "last contact 14 s ago");
        assert_eq!(said(lost, Some(37)).0, Dot::Open, "a lost connection matters more than a pause");
    }

    #[test]
    fn an_open_connection_that_nothing_comes_over_is_not_live() {
        let (now, since) = (Timestamp::from_micros(20_000_000), Some(Timestamp::from_micros(6_000_000)));
        let said = |contact, link, held| {
            let Words { dot, name, figure } = words(contact, link, held, 18_231, Last::Nothing, now);
            assert_eq!(dot, Dot::Open);
            format!("{name}, {figure}")
        };
        let silent = Contact::Lost { since, why: Why::Silent };
        assert_eq!(said(silent, Link::Live, None), "No answer, last contact 14 s ago");
        assert_eq!(said(silent, Link::Live, Some(3)), "No answer, last contact 14 s ago");
        assert_eq!(said(silent, Link::Reconnecting { next_try: now }, None), "Reconnecting, no contact yet");
        let offline = Contact::Lost { since, why: Why::Offline };
        assert_eq!(said(offline, Link::Live, None), "Offline, no contact yet");
        let away = |since, journal| said(Contact::NoStore { since, journal }, Link::Live, None);
        assert_eq!(away(since, false), "Store away, for 14 s");
        assert_eq!(away(since, true), "Store away, for 14 s, journal on");
        assert_eq!(away(None, false), "Store away, not reached yet");
    }

    #[test]
    fn attempts_spread_and_stay_under_a_limit() {
        assert_eq!(backoff_ms(0, 0.0), 250);
        assert_eq!(backoff_ms(0, 1.0), 500);
        assert_eq!(backoff_ms(3, 0.0), 2_000);
        assert_eq!(backoff_ms(30, 1.0), 15_000);
        assert_eq!(backoff_ms(30, 0.0), 7_500);
    }
}
