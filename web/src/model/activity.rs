//! The activity page's log: which versions have been read, which of them match, and the lines they make.

use statehouse_core::api::{EventPage, VersionView};
use statehouse_core::model::{Operation, Timestamp};

use super::address::Query;
use super::age;
use super::feed::{self, Row};
use super::inbox::Event;
use super::strip::Strip;

/// What the feed is limited to. Words of one kind are alternatives, kinds must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Parts of the first changed path.
    pub paths: Vec<String>,
    /// Authors.
    pub authors: Vec<String>,
    /// Types.
    pub types: Vec<String>,
    /// `create`, `update`, `delete`, `restore`.
    pub kinds: Vec<String>,
    /// Parts of the id or the reason.
    pub texts: Vec<String>,
    /// Only what breaks a rule.
    pub invalid: bool,
}

impl Words {
    /// Reads an address: the chips' parameters, and `path:`, `author:`, `type:` and plain words in `q`.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        let list = |name: &str| -> Vec<String> {
            let text = query.get(name).unwrap_or_default();
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let mut words = Self {
            authors: list("author"),
            types: list("type"),
            kinds: list("kind"),
            invalid: query.get("invalid").is_some(),
            ..Self::default()
        };
        for word in query.get("q").unwrap_or_default().split_whitespace() {
            match word.split_once(':') {
                Some(("path", rest)) if !rest.is_empty() => words.paths.push(rest.to_lowercase()),
                Some(("author", rest)) if !rest.is_empty() => words.authors.push(rest.to_owned()),
                Some(("type", rest)) if !rest.is_empty() => words.types.push(rest.to_owned()),
                Some(("path" | "author" | "type", _)) => {}
                _ => words.texts.push(word.to_lowercase()),
            }
        }
        words
    }

    /// Whether anything is limited.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// The one type asked for, if it is one: the store can then leave out the others.
    #[must_use]
    pub fn only_type(&self) -> Option<&str> {
        match self.types.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Whether a version matches.
    #[must_use]
    pub fn match_version(&self, version: &VersionView) -> bool {
        let any = |words: &[String], holds: &dyn Fn(&str) -> bool| {
            words.is_empty() || words.iter().any(|word| holds(word))
        };
        any(&self.types, &|word| word == version.state_type.as_str())
            && any(&self.authors, &|word| version.user_id.as_deref() == Some(word))
            && any(&self.kinds, &|word| word == version.operation.as_str())
            && any(&self.paths, &|word| {
                version.change.first.as_ref().is_some_and(|first| first.path.to_lowercase().contains(word))
            })
            && (!self.invalid || version.verdict.is_invalid())
            && self.texts.iter().all(|word| {
                let reason = version.description.as_deref().unwrap_or_default();
                version.state_id.as_str().to_lowercase().contains(word)
                    || reason.to_lowercase().contains(word)
            })
    }
}

/// The versions read so far, newest first, without a gap between the first and the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The versions.
    pub events: Vec<Event>,
    /// The next page lies before this seq.
    pub before: u64,
    /// True as of this seq; for a log that starts in the past, everything newer is left out.
    pub seq: u64,
    /// The log starts in the past.
    pub anchored: bool,
}

impl Log {
    /// From the first page.
    #[must_use]
    pub fn of(page: EventPage, anchored: bool) -> Self {
        Self {
            before: page.next_after.0,
            seq: if anchored { u64::MAX } else { page.seq.0 },
            events: page.events.into_iter().map(|event| Event::new(event.version)).collect(),
            anchored,
        }
    }

    /// Puts an older page behind.
    pub fn extend(&mut self, page: EventPage) {
        self.before = page.next_after.0;
        self.events.extend(page.events.into_iter().map(|event| Event::new(event.version)));
    }

    /// Puts new versions (oldest first) in front.
    pub fn take(&mut self, events: &[Event]) {
        self.seq = events.last().map_or(self.seq, |event| event.seq.0);
        self.events.splice(0..0, events.iter().rev().cloned());
    }

    /// Whether everything back to the first version has been read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.before <= 1
    }

    /// Whether everything back to this time has been read.
    #[must_use]
    pub fn reaches(&self, time: Timestamp) -> bool {
        self.is_whole() || self.events.last().is_some_and(|event| event.timestamp < time)
    }

    /// Whether this version is in the log.
    #[must_use]
    pub fn has(&self, seq: u64) -> bool {
        self.events.binary_search_by(|event| seq.cmp(&event.seq.0)).is_ok()
    }

    /// The matching versions as bars over the stretch of `frame`.
    #[must_use]
    pub fn matches_over(&self, words: &Words, frame: &Strip) -> Strip {
        let mut strip = frame.clone();
        strip.bars.fill(super::strip::Bar::default());
        let end = strip.start_of(strip.bars.len());
        for event in self.events.iter().filter(|event| event.timestamp < end && words.match_version(event)) {
            strip.add(event);
        }
        strip
    }
}

/// One line of the feed.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The head of a day.
    Day(String),
    /// A version or a burst.
    Row(Row),
}

impl Line {
    /// Its identity.
    #[must_use]
    pub fn key(&self) -> (u64, u64, String) {
        match self {
            Self::Day(words) => (0, 0, words.clone()),
            Self::Row(row) => (row.newest.seq.0, row.count, String::new()),
        }
    }
}

/// The matching versions as lines, with a head for each day.
#[must_use]
pub fn lines(events: &[Event], words: &Words, folded: bool, now: Timestamp) -> Vec<Line> {
    let matching: Vec<Event> = events.iter().filter(|event| words.match_version(event)).cloned().collect();
    let rows = if folded { feed::fold(&matching) } else { matching.iter().map(feed::single).collect() };
    let mut lines = Vec::with_capacity(rows.len() + 8);
    let mut day = None;
    for row in rows {
        let own = age::day_number(row.newest.timestamp);
        if day.replace(own) != Some(own) {
            lines.push(Line::Day(age::day(row.newest.timestamp, now)));
        }
        lines.push(Line::Row(row));
    }
    lines
}

/// The operations, in the order of menus.
pub const KINDS: [Operation; 4] =
    [Operation::Create, Operation::Update, Operation::Delete, Operation::Restore];

#[cfg(test)]
mod tests {
    use statehouse_core::api::Event as ApiEvent;
    use statehouse_core::model::Seq;

    use super::super::sample::Sample;
    use super::*;

    fn at(seq: u64, time: &str) -> Sample {
        Sample::at(seq, time).changing("/stop_loss", "1", "2")
    }

    fn page(seqs: &[u64], next: u64) -> EventPage {
        let event = |seq: &u64| ApiEvent { version: at(*seq, "2026-11-21T09:00:00Z").0, data: None };
        EventPage {
            events: seqs.iter().map(event).collect(),
            unreadable: Vec::new(),
            next_after: Seq(next),
            seq: Seq(50),
        }
    }

    #[test]
    fn words_and_chips_limit_alike() {
        let words = Words::of(&Query::parse(
            "?q=path:/stop%20author:a%20eur&author=b,c&type=position&invalid=1&kind=update",
        ));
        assert_eq!(
            (words.paths.as_slice(), words.texts.as_slice()),
            (&["/stop".to_owned()][..], &["eur".to_owned()][..])
        );
        assert_eq!(words.authors, ["b", "c", "a"]);
        assert_eq!(words.only_type(), Some("position"));
        let fits = |sample: Sample| words.match_version(&sample.0);
        let version = || at(1, "2026-11-21T09:00:00Z").of("position", "EURUSD").by("a");
        assert!(fits(version().invalid()));
        assert!(!fits(version()), "valid");
        assert!(!fits(version().invalid().by("d")));
        assert!(!fits(version().invalid().of("portfolio", "EURUSD")));
        assert!(!fits(version().invalid().of("position", "GBP")));
        assert!(!fits(version().invalid().changing("/quantity", "1", "2")));
        assert!(
            !Words::of(&Query::parse("?sel=12&q=path:")).is_any(),
            "a word without its value limits nothing"
        );
    }

    #[test]
    fn pages_join_without_gap_and_new_versions_come_in_front() {
        let mut log = Log::of(page(&[50, 49], 49), false);
        log.extend(page(&[48, 47], 47));
        log.take(&[at(51, "2026-11-21T09:10:00Z").event(), at(52, "2026-11-21T09:10:01Z").event()]);
        let seqs: Vec<u64> = log.events.iter().map(|event| event.seq.0).collect();
        assert_eq!(seqs, [52, 51, 50, 49, 48, 47]);
        assert!(log.has(48) && !log.has(46) && !log.is_whole());
        log.extend(page(&[], 1));
        assert!(log.is_whole());
    }

    #[test]
    fn a_log_from_the_past_takes_nothing_new() {
        assert_eq!(Log::of(page(&[20], 20), true).seq, u64::MAX);
    }

    #[test]
    fn every_day_has_a_head() {
        let now = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        let events = [
            at(3, "2026-11-21T09:00:00Z").event(),
            at(2, "2026-11-20T23:00:00Z").event(),
            at(1, "2026-11-20T22:00:00Z").of("portfolio", "P").event(),
        ];
        let heads = |lines: Vec<Line>| -> Vec<String> {
            lines
                .into_iter()
                .map(|line| match line {
                    Line::Day(words) => words,
                    Line::Row(row) => row.newest.seq.to_string(),
                })
                .collect()
        };
        let all = heads(lines(&events, &Words::default(), true, now));
        assert_eq!(all, ["Today, 21 November", "3", "Yesterday, 20 November", "2", "1"]);
        let words = Words { types: vec!["portfolio".into()], ..Words::default() };
        assert_eq!(heads(lines(&events, &words, true, now)), ["Yesterday, 20 November", "1"]);
    }

    #[test]
    fn matches_lie_on_the_same_stretch_as_the_whole() {
        let frame = Strip {
            since: Timestamp::parse("2026-11-21T00:00:00Z").unwrap().micros(),
            step: 3_600_000_000,
            bars: vec![super::super::strip::Bar::default(); 10],
        };
        let log = Log {
            events: vec![
                at(3, "2026-11-21T12:00:00Z").event(),
                at(2, "2026-11-21T09:00:00Z").event(),
                at(1, "2026-11-20T09:00:00Z").event(),
            ],
            before: 1,
            seq: 3,
            anchored: false,
        };
        let strip = log.matches_over(&Words::default(), &frame);
        assert_eq!((strip.since, strip.total(), strip.bars[9].count), (frame.since, 1, 1));
        assert!(log.reaches(Timestamp::parse("2026-11-19T00:00:00Z").unwrap()));
    }
}
