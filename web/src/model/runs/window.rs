//! Which stretch of time the lanes show.

use stateloft_core::api::RunRow;
use stateloft_core::model::Timestamp;

use crate::model::address::Query;
use crate::model::age;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// The stretches that are offered, in minutes, with their words.
pub const STRETCHES: [(i64, &str); 6] = [
    (15, "Last 15 min"),
    (60, "Last hour"),
    (480, "Last 8 h"),
    (1_440, "Last 24 h"),
    (10_080, "Last 7 days"),
    (43_200, "Last 30 days"),
];
/// A young store's lanes are not shown shorter than this.
const SHORTEST: i64 = 60 * SECOND;
/// A stretch that ended so shortly ago ends now: lanes are not drawn anew every second.
const NOW: i64 = 10 * SECOND;
/// Steps between marks of the axis, in seconds, and how many marks there are at most.
const STEPS: [i64; 13] = [10, 30, 60, 120, 300, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 86_400, 432_000];
const MARKS: i64 = 8;

/// What an address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The usual stretch, which begins later where nothing ran before.
    Usual(i64),
    /// The last so many minutes.
    Last(i64),
    /// From here to there.
    Between(Timestamp, Timestamp),
}

impl Asked {
    /// Reads it; on narrow screens the usual stretch is shorter.
    #[must_use]
    pub fn of(query: &Query, narrow: bool) -> Self {
        let time = |name| query.get(name).and_then(|text| Timestamp::parse(text).ok());
        if let Some((from, to)) = time("from").zip(time("to")).filter(|(from, to)| from < to) {
            return Self::Between(from, to);
        }
        let minutes = query.get("last").and_then(|text| text.parse().ok());
        match minutes.filter(|minutes| STRETCHES.iter().any(|(known, _)| known == minutes)) {
            Some(minutes) => Self::Last(minutes),
            None => Self::Usual(if narrow { 480 } else { 1_440 }),
        }
    }

    /// The words of the menu.
    #[must_use]
    pub fn words(self) -> &'static str {
        let (Self::Usual(minutes) | Self::Last(minutes)) = self else { return "From, to" };
        STRETCHES.iter().find(|(known, _)| *known == minutes).map_or("", |(_, words)| words)
    }

    /// The whole stretch, now.
    #[must_use]
    pub fn stretch(self, now: Timestamp) -> Window {
        match self {
            Self::Between(from, to) => Window { from, to },
            Self::Usual(minutes) | Self::Last(minutes) => {
                let from = now.micros().saturating_sub(minutes.saturating_mul(60 * SECOND));
                Window { from: Timestamp::from_micros(from), to: now }
            }
        }
    }

    /// What is shown of it: lanes in which nothing ran for most of the usual stretch begin with the first run.
    #[must_use]
    pub fn shown(self, now: Timestamp, runs: &[RunRow]) -> Window {
        let window = self.stretch(now);
        let first = runs.iter().map(|row| row.run.started_at.micros()).min();
        match (self, first) {
            (Self::Usual(_), Some(first)) => {
                let margin = (now.micros() - first).max(SHORTEST) / 20;
                let from = (first - margin).min(now.micros() - SHORTEST).max(window.from.micros());
                Window { from: Timestamp::from_micros(from), to: now }
            }
            _ => window,
        }
    }
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Window {
    /// Where a moment lies: 0 is the start, 1 the end; outside it is held at the ends.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
    pub fn place(self, time: Timestamp) -> f64 {
        let span = (self.to.micros() - self.from.micros()).max(1) as f64;
        ((time.micros() - self.from.micros()) as f64 / span).clamp(0.0, 1.0)
    }

    /// The moment at a place, to the second.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a place on the screen")]
    pub fn moment(self, place: f64) -> Timestamp {
        let span = (self.to.micros() - self.from.micros()) as f64;
        let micros = self.from.micros() + (span * place.clamp(0.0, 1.0)) as i64;
        Timestamp::from_micros(micros.div_euclid(SECOND) * SECOND)
    }

    /// Marks of the axis: where, what is written there, and whether a day begins.
    #[must_use]
    pub fn marks(self) -> Vec<(f64, String, bool)> {
        let span = (self.to.micros() - self.from.micros()).max(SECOND);
        let step = STEPS.into_iter().map(|step| step * SECOND).find(|step| span / step <= MARKS);
        let step = step.unwrap_or(span / MARKS);
        let mut at = self.from.micros().div_euclid(step) * step + step;
        let mut marks = Vec::new();
        while at < self.to.micros() {
            let time = Timestamp::from_micros(at);
            let midnight = at.rem_euclid(24 * HOUR) == 0;
            let words = match (midnight, step < 60 * SECOND) {
                (true, _) => date(time),
                (false, true) => age::clock(time),
                (false, false) => age::minute(time),
            };
            marks.push((self.place(time), words, midnight));
            at += step;
        }
        marks
    }

    /// `20 Nov 09:46 to now`.
    #[must_use]
    pub fn words(self, now: Timestamp) -> String {
        let end = if self.to.micros() + NOW >= now.micros() { "now".to_owned() } else { moment(self.to) };
        format!("{} to {end}", moment(self.from))
    }
}

/// `20 Nov 09:46`.
#[must_use]
pub fn moment(time: Timestamp) -> String {
    format!("{} {}", date(time), age::minute(time))
}

/// `20 Nov`.
fn date(time: Timestamp) -> String {
    let day = age::day(time, time);
    // `Today, 20 November`
    let mut words = day.rsplit(", ").next().unwrap_or_default().split(' ');
    let (number, month) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{number} {}", month.get(..3).unwrap_or(month))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, row};
    use super::*;

    #[test]
    fn an_address_says_which_stretch_is_shown() {
        let asked = |query: &str| Asked::of(&Query::parse(query), false);
        assert_eq!(asked(""), Asked::Usual(1_440));
        assert_eq!(Asked::of(&Query::default(), true), Asked::Usual(480));
        assert_eq!(asked("last=60").words(), "Last hour");
        // What is not offered is not shown.
        assert_eq!(asked("last=7"), Asked::Usual(1_440));
        let between = asked("from=2026-11-21T09:00:00Z&to=2026-11-21T10:00:00Z");
        assert_eq!(between, Asked::Between(at("09:00:00"), at("10:00:00")));
        assert_eq!(asked("from=2026-11-21T09:00:00Z&to=2026-11-21T08:00:00Z"), Asked::Usual(1_440));
    }

    #[test]
    fn young_lanes_begin_with_their_first_run_and_others_do_not() {
        let now = at("10:00:00");
        let young = [row("grid.main.2", "09:40:00", None), row("grid.main.1", "09:20:00", Some("09:30:00"))];
        assert_eq!(Asked::Usual(1_440).shown(now, &young).from, at("09:18:00"));
        assert_eq!(Asked::Last(1_440).shown(now, &young), Asked::Last(1_440).stretch(now));
        let just_now = [row("grid.main.1", "09:59:58", None)];
        assert_eq!(Asked::Usual(1_440).shown(now, &just_now).from, at("09:59:00"));
        assert_eq!(Asked::Usual(1_440).shown(now, &[]), Asked::Usual(1_440).stretch(now));
        let mut old = row("grid.main.1", "09:00:00", None);
        old.run.started_at = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
        assert_eq!(Asked::Usual(1_440).shown(now, &[old]), Asked::Usual(1_440).stretch(now));
    }

    #[test]
    fn the_axis_has_round_times_and_names_the_day_that_begins() {
        let words =
            |window: Window| window.marks().into_iter().map(|(_, words, _)| words).collect::<Vec<_>>();
        let day = Asked::Last(1_440).stretch(at("09:46:12"));
        assert_eq!(words(day), ["12:00", "15:00", "18:00", "21:00", "21 Nov", "03:00", "06:00", "09:00"]);
        assert_eq!(day.words(at("09:46:12")), "20 Nov 09:46 to now");
        assert_eq!(day.words(at("09:46:17")), "20 Nov 09:46 to now");
        let short = Window { from: at("09:45:45"), to: at("09:46:22") };
        assert_eq!(words(short), ["09:45:50", "09:46:00", "09:46:10", "09:46:20"]);
        assert_eq!(short.words(at("10:00:00")), "21 Nov 09:45 to 21 Nov 09:46");
        for (minutes, _) in STRETCHES {
            assert!(!words(Asked::Last(minutes).stretch(at("09:46:12"))).is_empty(), "{minutes}");
        }
    }

    #[test]
    fn a_place_is_a_moment() {
        let window = Window { from: at("09:00:00"), to: at("10:00:00") };
        assert!((window.place(at("09:15:00")) - 0.25).abs() < 1e-9);
        assert_eq!(window.moment(0.25), at("09:15:00"));
        assert!(
            (window.place(at("08:00:00"))).abs() < 1e-9 && (window.place(at("11:00:00")) - 1.0).abs() < 1e-9
        );
    }
}
