//! The activity page's log: which versions have been read, which of them match, and the lines they make.

use stateloft_core::api::{EventPage, Overview, ValidityFilter, VersionFilter, VersionView};
use stateloft_core::model::{Operation, StateType, Timestamp};
use stateloft_core::search::Needle;

use super::address::Query;
use super::age;
use super::feed::{self, Row};
use super::inbox::Event;
use super::number;
use super::strip::Strip;

/// What the feed is limited to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What the versions must be.
    pub filter: VersionFilter,
    /// A name in the address that is no name at all: nothing can match.
    pub misfit: Option<String>,
}

impl Words {
    /// Reads an address: the chips' parameters, and `path:`, `author:`, `type:`, `run:`, `correlation:` and plain words in `q`.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        let mut words = Self::default();
        for (name, kind) in [("type", "type"), ("author", "author"), ("kind", "kind")] {
            words.add(kind, query.get(name).unwrap_or_default());
        }
        // What a program made up may hold commas.
        words.filter.run = query.get("run").map(str::to_owned);
        words.filter.correlation = query.get("correlation").map(str::to_owned);
        words.filter.validity = query.get("invalid").map(|_| ValidityFilter::Invalid);
        for word in query.get("q").unwrap_or_default().split_whitespace() {
            match word.split_once(':') {
                Some((kind @ ("path" | "author" | "type" | "run" | "correlation"), rest)) => {
                    words.add(kind, rest);
                }
                _ => words.filter.words.push(word.into()),
            }
        }
        words
    }

    /// Adds alternatives of a kind, separated by commas.
    fn add(&mut self, kind: &str, list: &str) {
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let misfit = |what: &str| Some(format!("\u{201c}{name}\u{201d} is not {what}"));
            match kind {
                "type" => match StateType::new(name) {
                    Ok(state_type) => self.filter.types.push(state_type),
                    Err(_) => self.misfit = misfit("the name of a type"),
                },
                "kind" => match Operation::from_name(name) {
                    Some(operation) => self.filter.operations.push(operation),
                    None => self.misfit = misfit("create, update, delete or restore"),
                },
                "author" => self.filter.authors.push(name.to_owned()),
                "run" => self.filter.run = Some(name.to_owned()),
                "correlation" => self.filter.correlation = Some(name.to_owned()),
                _ => self.filter.paths.push(name.into()),
            }
        }
    }

    /// Whether anything is limited.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// Whether a version matches.
    #[must_use]
    pub fn match_version(&self, version: &VersionView) -> bool {
        self.misfit.is_none() && self.filter.matches(version)
    }
}

/// The query of `GET /events` for versions like these.
#[must_use]
pub fn to_api(filter: &VersionFilter) -> Query {
    let list = |names: Vec<&str>| names.join(",");
    let types = list(filter.types.iter().map(StateType::as_str).collect());
    let authors = list(filter.authors.iter().map(String::as_str).collect());
    let operations = list(filter.operations.iter().map(|operation| operation.as_str()).collect());
    let paths = list(filter.paths.iter().map(Needle::as_str).collect());
    Query::default()
        .with("state_type", Some(&types))
        .with("author", Some(&authors))
        .with("run_id", filter.run.as_deref())
        .with("correlation_id", filter.correlation.as_deref())
        .with("operation", Some(&operations))
        .with("validity", filter.validity.map(|_| "invalid"))
        .with("path", Some(&paths))
        .with("q", Some(&filter.words.iter().map(Needle::as_str).collect::<Vec<_>>().join(" ")))
}

/// The versions read so far, newest first: of the stretch that was looked at, all that match.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The versions.
    pub events: Vec<Event>,
    /// The next page lies before this seq; everything from here to `top` was looked at.
    pub before: u64,
    /// Where the first page began.
    pub top: u64,
    /// True as of this seq; for a log that starts in the past, everything newer is left out.
    pub seq: u64,
    /// The log starts in the past.
    pub anchored: bool,
}

impl Log {
    /// From the first page, which began before this seq; 0 for the newest.
    #[must_use]
    pub fn of(page: EventPage, before: u64) -> Self {
        let anchored = before > 0;
        Self {
            before: page.next_after.0,
            top: if anchored { page.seq.0.min(before - 1) } else { page.seq.0 },
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

    /// Whether everything from this seq on has been looked at.
    #[must_use]
    pub fn reaches(&self, seq: u64) -> bool {
        self.before <= seq.max(1)
    }

    /// How much of what lies before the first page has been looked at, from 0 to 1.
    #[must_use]
    pub fn share_searched(&self) -> f64 {
        if self.is_whole() {
            return 1.0;
        }
        #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
        let share = self.top.saturating_sub(self.before) as f64 / self.top.max(1) as f64;
        share
    }

    /// What has been looked at: `all 18,231 versions searched`, `seq 18,231 to 9,120 searched`.
    #[must_use]
    pub fn searched(&self) -> String {
        let to = self.top.max(self.events.first().map_or(0, |event| event.seq.0));
        match (self.is_whole(), self.anchored) {
            (true, false) => format!("all {} searched", number::counted(to, "version", "versions")),
            (true, true) => format!("everything up to seq {} searched", number::count(to)),
            (false, _) => format!("seq {} to {} searched", number::count(to), number::count(self.before)),
        }
    }

    /// The versions that were saved together with this one, newest first and itself among them; none unless there are others, and
    /// unless everything back to before their first was looked at. Those that the filter hides are not among them.
    #[must_use]
    pub fn saved_with(&self, version: &VersionView) -> Vec<Event> {
        let Some(batch) = &version.batch_id else { return Vec::new() };
        let together = self.events.iter().filter(|event| event.batch_id.as_ref() == Some(batch));
        let together: Vec<Event> = together.cloned().collect();
        let all = together.last().is_some_and(|first| self.is_whole() || self.before < first.seq.0);
        if all && together.len() > 1 { together } else { Vec::new() }
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
    /// The head of a day, and how often that day stood above already.
    Day(String, usize),
    /// A version or a burst.
    Row(Row),
}

impl Line {
    /// Its identity.
    #[must_use]
    pub fn key(&self) -> (u64, u64, String) {
        match self {
            Self::Day(words, before) => (0, *before as u64, words.clone()),
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
    // What was imported lies among the days on which it was, so a day may come twice.
    let (mut day, mut days) = (None, Vec::new());
    for row in rows {
        let time = row.newest.effective_at();
        let own = age::day_number(time);
        if day.replace(own) != Some(own) {
            let words = age::day(time, now);
            let before = days.iter().filter(|day| **day == words).count();
            days.push(words.clone());
            lines.push(Line::Day(words, before));
        }
        lines.push(Line::Row(row));
    }
    lines
}

/// The first seq of the day that an overview tells of: seqs have no gaps.
#[must_use]
pub fn first_seq(day: &Overview) -> u64 {
    let counted: u64 = day.buckets.iter().map(|bucket| bucket.count).sum();
    (day.seq.0 + 1).saturating_sub(counted)
}

/// The operations, in the order of menus.
pub const KINDS: [Operation; 4] =
    [Operation::Create, Operation::Update, Operation::Delete, Operation::Restore];

#[cfg(test)]
mod tests {
    use stateloft_core::api::Event as ApiEvent;
    use stateloft_core::model::Seq;

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
            "?q=path:/Stop%20author:a%20eur&author=b,c&type=position&invalid=1&kind=update",
        ));
        assert_eq!(
            (words.filter.paths.as_slice(), words.filter.words.as_slice()),
            (&[Needle::new("/stop")][..], &[Needle::new("eur")][..])
        );
        assert_eq!(words.filter.authors, ["b", "c", "a"]);
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
    fn the_server_is_asked_for_everything_that_limits() {
        let asked = |address: &str| to_api(&Words::of(&Query::parse(address)).filter).to_string();
        assert_eq!(
            asked("?author=deploy-46&type=position,portfolio"),
            "?state_type=position,portfolio&author=deploy-46"
        );
        assert_eq!(asked("?kind=delete,restore&invalid=1"), "?operation=delete,restore&validity=invalid");
        assert_eq!(asked("?q=path:/stop_loss%20EUR%20author:a"), "?author=a&path=/stop_loss&q=eur");
        assert_eq!(asked("?sel=3"), "");
    }

    #[test]
    fn a_name_that_is_none_is_said_and_matches_nothing() {
        for address in ["?type=Position", "?kind=created", "?q=type:P%20author:a", "?type=position,1x"] {
            let words = Words::of(&Query::parse(address));
            assert!(words.misfit.is_some(), "{address}: {words:?}");
            assert!(
                !words.match_version(&at(1, "2026-11-21T09:00:00Z").of("position", "A").by("a").0),
                "{address}"
            );
        }
    }

    #[test]
    fn what_was_searched_is_said_and_none_only_when_it_is_all() {
        let mut log = Log::of(page(&[], 41), 0);
        assert_eq!((log.searched(), log.is_whole()), ("seq 50 to 41 searched".into(), false));
        assert!(log.share_searched() > 0.17 && log.share_searched() < 0.19);
        log.extend(page(&[7], 7));
        assert_eq!(log.searched(), "seq 50 to 7 searched");
        assert!(log.reaches(7) && !log.reaches(6));
        log.extend(page(&[], 1));
        assert_eq!((log.searched(), log.is_whole()), ("all 50 versions searched".into(), true));
        assert!((log.share_searched() - 1.0).abs() < f64::EPSILON);
        let mut past = Log::of(page(&[20], 20), 21);
        past.extend(page(&[], 1));
        assert_eq!(past.searched(), "everything up to seq 20 searched");
    }

    #[test]
    fn what_was_saved_together_is_known_once_all_of_it_was_looked_at() {
        let of = |seq: u64, batch: Option<&str>| {
            let mut version = at(seq, "2026-11-21T09:00:00Z").0;
            version.batch_id = batch.map(Into::into);
            ApiEvent { version, data: None }
        };
        let events =
            vec![of(9, None), of(8, Some("b")), of(7, Some("b")), of(5, Some("b")), of(4, Some("a"))];
        let seqs = |log: &Log, at: usize| -> Vec<u64> {
            log.saved_with(&log.events[at]).iter().map(|event| event.seq.0).collect()
        };
        let log = |next: u64| {
            let (unreadable, seq) = (Vec::new(), Seq(9));
            Log::of(EventPage { events: events.clone(), unreadable, next_after: Seq(next), seq }, 0)
        };
        assert_eq!(seqs(&log(4), 2), [8, 7, 5]);
        assert_eq!(seqs(&log(5), 2), [0_u64; 0], "there may be more before");
        assert_eq!(seqs(&log(1), 1), [8, 7, 5], "everything was looked at");
        assert_eq!((seqs(&log(1), 0), seqs(&log(1), 4)), (vec![], vec![]), "saved alone");
    }

    #[test]
    fn pages_join_without_gap_and_new_versions_come_in_front() {
        let mut log = Log::of(page(&[50, 49], 49), 0);
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
        assert_eq!(Log::of(page(&[20], 20), 21).seq, u64::MAX);
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
                    Line::Day(words, _) => words,
                    Line::Row(row) => row.newest.seq.to_string(),
                })
                .collect()
        };
        let all = heads(lines(&events, &Words::default(), true, now));
        assert_eq!(all, ["Today, 21 November", "3", "Yesterday, 20 November", "2", "1"]);
        let words = Words::of(&Query::parse("?type=portfolio"));
        assert_eq!(heads(lines(&events, &words, true, now)), ["Yesterday, 20 November", "1"]);
    }

    #[test]
    fn what_was_imported_lies_on_the_day_it_was_saved_and_a_day_may_come_twice() {
        let now = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        let events = [
            at(5, "2026-11-21T09:00:03Z").event(),
            at(4, "2026-11-21T09:00:02Z").of("portfolio", "P").saved("2024-03-06T00:00:00Z").event(),
            at(3, "2026-11-21T09:00:02Z").saved("2024-03-05T23:59:59Z").event(),
            at(2, "2026-11-21T09:00:02Z").saved("2024-03-05T06:07:08Z").event(),
            at(1, "2026-11-21T08:00:00Z").event(),
        ];
        let lines = lines(&events, &Words::default(), true, now);
        let told: Vec<String> = lines
            .iter()
            .map(|line| match line {
                Line::Day(words, before) => format!("{words} {before}"),
                Line::Row(row) => row.newest.seq.to_string(),
            })
            .collect();
        let today = ["Today, 21 November 0", "Today, 21 November 1"];
        let then = ["6 March 2024 0", "5 March 2024 0"];
        assert_eq!(told, [today[0], "5", then[0], "4", then[1], "3", "2", today[1], "1"]);
        let keys: std::collections::BTreeSet<_> = lines.iter().map(Line::key).collect();
        assert_eq!(keys.len(), lines.len(), "each line has a key of its own");
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
            top: 3,
            seq: 3,
            anchored: false,
        };
        let strip = log.matches_over(&Words::default(), &frame);
        assert_eq!((strip.since, strip.total(), strip.bars[9].count), (frame.since, 1, 1));
        assert!(log.reaches(1));
    }
}
