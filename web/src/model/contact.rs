//! How fresh what is shown is: what was last heard of the server and of its store, and what follows from it.

use stateloft_core::api::StorePulse;
use stateloft_core::model::Timestamp;

use super::age;

/// Seconds without a word after which nothing that is shown counts as being so now.
pub const QUIET: i64 = 5;

/// What has been heard so far. Times are the server's; none of them is ever the time at which something arrived, as that
/// may have waited for long in a tab that slept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// When the page was opened.
    pub opened: Timestamp,
    /// When the last heartbeat was sent that came over the live connection.
    pub beat: Option<Timestamp>,
    /// When the last request was sent that the server answered.
    pub answer: Option<Timestamp>,
    /// How its store is, as the server said last.
    pub pulse: StorePulse,
    /// When the store was certainly there.
    pub store: Option<Timestamp>,
    /// The browser says that this device has no network.
    pub offline: bool,
}

/// What that means for what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The page was opened just now, and nothing has come yet.
    Opening,
    /// What is shown is so now, as far as the live connection has brought it.
    Fresh,
    /// The server answers, its store does not since then (`None`: never since the server started).
    NoStore {
        /// When it was there last.
        since: Option<Timestamp>,
        /// Writes are kept in the server's journal.
        journal: bool,
    },
    /// Nothing comes any more. What is shown is of that moment (`None`: nothing ever came).
    Lost {
        /// When it was so.
        since: Option<Timestamp>,
        /// Why, as far as it is known here.
        why: Why,
    },
}

/// Why nothing comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The server does not answer.
    Silent,
    /// This device has no network.
    Offline,
    /// Requests are answered, but the live connection brings nothing.
    NoFeed,
}

impl Heard {
    /// Nothing has been heard yet.
    #[must_use]
    pub fn nothing(opened: Timestamp) -> Self {
        Self { opened, beat: None, answer: None, pulse: StorePulse::Up, store: None, offline: false }
    }

    /// A heartbeat has come. One that says a later time than it can be was not sent later than now.
    pub fn beat(&mut self, sent: Timestamp, pulse: StorePulse, now: Timestamp) {
        let sent = sent.min(now);
        self.beat = self.beat.max(Some(sent));
        self.says(pulse, sent);
    }

    /// The server has answered a request that was sent at that time.
    pub fn answered(&mut self, sent: Timestamp) {
        self.answer = self.answer.max(Some(sent));
    }

    /// The server has said this of its store at that time.
    pub fn says(&mut self, pulse: StorePulse, at: Timestamp) {
        self.pulse = pulse;
        if pulse == StorePulse::Up {
            self.store = self.store.max(Some(at));
        }
    }

    /// What was timed by this machine's clock was so much later than that said.
    pub fn shift(&mut self, micros: i64) {
        for at in std::iter::once(&mut self.opened).chain(&mut self.answer) {
            *at = Timestamp::from_micros(at.micros() + micros);
        }
    }

    /// What follows from it.
    #[must_use]
    pub fn contact(&self, now: Timestamp) -> Contact {
        let recent = |at: Option<Timestamp>| at.is_some_and(|at| age::seconds_between(at, now) < QUIET);
        if recent(self.beat) {
            return match self.pulse {
                StorePulse::Up => Contact::Fresh,
                pulse => Contact::NoStore { since: self.store, journal: pulse == StorePulse::Journal },
            };
        }
        let why = if recent(self.answer) {
            Why::NoFeed
        } else if self.offline {
            Why::Offline
        } else {
            Why::Silent
        };
        // Before the first heartbeat the first answers are as good as one: they are what is shown.
        let heard = self.beat.or(self.answer);
        // A store that was away before the server went has told nothing since then.
        let since = if self.pulse == StorePulse::Up { heard } else { self.store };
        let opening = age::seconds_between(self.opened, now) < QUIET && why != Why::Offline;
        match self.beat {
            None if opening => Contact::Opening,
            _ => Contact::Lost { since, why },
        }
    }
}

impl Contact {
    /// The moment of what is shown; `None` where that is the present, or nothing ever came.
    #[must_use]
    pub fn as_of(self) -> Option<Timestamp> {
        match self {
            Self::Opening | Self::Fresh => None,
            Self::NoStore { since, .. } | Self::Lost { since, .. } => since,
        }
    }

    /// Whether what is shown may not be so any more.
    #[must_use]
    pub fn is_stale(self) -> bool {
        matches!(self, Self::NoStore { .. } | Self::Lost { .. })
    }

    /// Whether the server itself is not heard.
    #[must_use]
    pub fn is_away(self) -> bool {
        matches!(self, Self::Lost { why: Why::Silent | Why::Offline, .. })
    }

    /// What is the matter, in a few words.
    #[must_use]
    pub fn cause(self) -> &'static str {
        match self {
            Self::Opening | Self::Fresh => "",
            Self::NoStore { since: None, .. } => "the server answers, but has not reached its store yet",
            Self::NoStore { journal: true, .. } => {
                "the server answers, its store does not; writes are kept in its journal"
            }
            Self::NoStore { .. } => "the server answers, its store does not; writes are refused",
            Self::Lost { why: Why::Silent, .. } => "the server does not answer",
            Self::Lost { why: Why::Offline, .. } => "this device is offline",
            Self::Lost { why: Why::NoFeed, .. } => "the server answers, but its live connection is broken",
        }
    }

    /// `As of 12:03:44, 35 s old`, or that there is no data; `None` where nothing needs to be said.
    #[must_use]
    pub fn head(self, now: Timestamp) -> Option<String> {
        match (self.is_stale(), self.as_of()) {
            (false, _) => None,
            (true, None) => Some("No data".to_owned()),
            (true, Some(at)) => {
                let old = age::short(age::seconds_between(at, now));
                Some(format!("As of {}, {old} old", age::clock(at)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn heard(beat: i64) -> Heard {
        let mut heard = Heard::nothing(at(0));
        heard.beat(at(beat), StorePulse::Up, at(beat));
        heard
    }

    fn lost(since: i64, why: Why) -> Contact {
        Contact::Lost { since: Some(at(since)), why }
    }

    #[test]
    fn what_is_shown_is_fresh_until_a_heartbeat_is_missed() {
        let heard = heard(100);
        assert_eq!(heard.contact(at(104)), Contact::Fresh);
        assert_eq!(heard.contact(at(105)), lost(100, Why::Silent));
        let contact = heard.contact(at(135));
        assert_eq!(contact.head(at(135)).as_deref(), Some("As of 00:01:40, 35 s old"));
        assert_eq!(contact.cause(), "the server does not answer");
    }

    #[test]
    fn a_heartbeat_counts_from_when_it_was_sent_not_from_when_it_was_read() {
        let mut heard = heard(100);
        // A tab that slept for an hour wakes and finds in its queue what came before the server went.
        heard.beat(at(102), StorePulse::Up, at(3702));
        assert_eq!(heard.contact(at(3702)), lost(102, Why::Silent));
        heard.beat(at(3702), StorePulse::Up, at(3703));
        assert_eq!(heard.contact(at(3703)), Contact::Fresh);
    }

    #[test]
    fn a_heartbeat_from_the_future_is_not_fresh_for_longer() {
        let mut heard = Heard::nothing(at(0));
        heard.beat(at(500), StorePulse::Up, at(100));
        assert_eq!(heard.contact(at(104)), Contact::Fresh);
        assert_eq!(heard.contact(at(106)), lost(100, Why::Silent));
    }

    #[test]
    fn nothing_is_claimed_before_anything_was_heard() {
        let mut heard = Heard::nothing(at(100));
        assert_eq!(heard.contact(at(101)), Contact::Opening);
        let never = heard.contact(at(105));
        assert_eq!(never, Contact::Lost { since: None, why: Why::Silent });
        assert_eq!(never.head(at(105)).as_deref(), Some("No data"));
        heard.offline = true;
        assert_eq!(heard.contact(at(101)), Contact::Lost { since: None, why: Why::Offline });
    }

    #[test]
    fn answers_without_heartbeats_are_a_broken_live_connection() {
        let mut heard = heard(100);
        heard.answered(at(120));
        assert_eq!(heard.contact(at(121)), lost(100, Why::NoFeed), "lists have stood still since");
        assert!(!heard.contact(at(121)).is_away());
        assert!(heard.contact(at(126)).is_away());
        let mut opened = Heard::nothing(at(100));
        opened.answered(at(101));
        assert_eq!(opened.contact(at(104)), Contact::Opening);
        assert_eq!(opened.contact(at(106)), lost(101, Why::Silent));
    }

    #[test]
    fn offline_explains_a_silence_and_is_none() {
        let mut heard = heard(100);
        heard.offline = true;
        assert_eq!(heard.contact(at(104)), Contact::Fresh, "a server on this device needs no network");
        assert_eq!(heard.contact(at(110)), lost(100, Why::Offline));
        assert_eq!(heard.contact(at(110)).cause(), "this device is offline");
    }

    #[test]
    fn a_store_that_is_away_is_told_from_a_server_that_is_away() {
        let mut heard = heard(100);
        heard.beat(at(110), StorePulse::Away, at(110));
        let away = heard.contact(at(112));
        assert_eq!(away, Contact::NoStore { since: Some(at(100)), journal: false });
        assert_eq!(away.cause(), "the server answers, its store does not; writes are refused");
        heard.beat(at(112), StorePulse::Journal, at(112));
        let journal = heard.contact(at(112));
        assert_eq!(journal.as_of(), Some(at(100)));
        assert_eq!(journal.cause(), "the server answers, its store does not; writes are kept in its journal");
        assert_eq!(heard.contact(at(120)), lost(100, Why::Silent), "what is shown is older than the silence");
        let mut never = Heard::nothing(at(100));
        never.beat(at(101), StorePulse::Away, at(101));
        assert_eq!(never.contact(at(102)).head(at(102)).as_deref(), Some("No data"));
        assert_eq!(never.contact(at(102)).cause(), "the server answers, but has not reached its store yet");
    }

    #[test]
    fn a_clock_that_is_set_makes_nothing_younger_or_older() {
        let mut heard = Heard::nothing(at(5000));
        heard.answered(at(5001));
        heard.shift(-4900 * 1_000_000);
        assert_eq!((heard.opened, heard.answer), (at(100), Some(at(101))));
        assert_eq!(heard.contact(at(102)), Contact::Opening);
    }

    #[test]
    fn what_comes_late_takes_nothing_back() {
        let mut heard = heard(100);
        heard.beat(at(98), StorePulse::Up, at(101));
        heard.answered(at(90));
        heard.answered(at(80));
        assert_eq!((heard.beat, heard.answer), (Some(at(100)), Some(at(90))));
    }
}
