//! What a run's portfolio was worth, version by version, and how far it fell from its peak. Figures are exact; only places on the
//! screen are not.

use std::collections::BTreeMap;

use stateloft_core::api::Event;
use stateloft_core::json::number::{delta, percent};
use stateloft_core::json::{Decimal, Kind};
use stateloft_core::model::Timestamp;
use stateloft_core::tagged::meant;

use crate::model::scale::{Canvas, extent, place};

/// The member that says what a portfolio is worth.
pub const MEMBER: &str = "total_value";

/// What the portfolio was worth at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When it was saved.
    pub time: Timestamp,
    /// What it was worth, as spelled.
    pub value: String,
}

/// A portfolio's worth during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equity {
    /// Which portfolio.
    pub state_id: String,
    /// Its worth, the oldest first; never empty.
    pub points: Vec<Point>,
    /// Where it was worth most.
    pub peak: usize,
    /// The deepest fall from the peak until then, if it ever fell.
    pub deepest: Option<Fall>,
}

/// A fall from a peak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fall {
    /// How far: `-131.60`.
    pub amount: String,
    /// The same of the peak, where that can be said.
    pub percent: Option<String>,
    /// The peak.
    pub from: usize,
    /// Where it was lowest.
    pub to: usize,
}

impl Equity {
    /// Reads versions of portfolios, in any order. Of several portfolios it is the one that was saved most; versions that do not say what
    /// they are worth are no points. `None` where none says so.
    #[must_use]
    pub fn of(events: &[Event]) -> Option<Self> {
        let mut of: BTreeMap<&str, Vec<(u64, Point)>> = BTreeMap::new();
        for event in events {
            let Some(node) = event.data.as_ref().and_then(|data| data.root().get(MEMBER)) else { continue };
            let (node, _) = meant(node);
            if node.kind() == Kind::Number {
                let point = Point { time: event.version.effective_at(), value: node.text().to_owned() };
                of.entry(event.version.state_id.as_str()).or_default().push((event.version.seq.0, point));
            }
        }
        let most = of.values().map(Vec::len).max()?;
        let (state_id, mut points) = of.into_iter().find(|(_, points)| points.len() == most)?;
        points.sort_by_key(|(seq, _)| *seq);
        let points: Vec<Point> = points.into_iter().map(|(_, point)| point).collect();
        let (peak, deepest) = falls(&points);
        Some(Self { state_id: state_id.to_owned(), points, peak, deepest })
    }

    /// From its first to its last point: `+148.40`.
    #[must_use]
    pub fn gain(&self) -> Option<String> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        delta(Decimal::parse(&first.value)?, Decimal::parse(&last.value)?)
    }

    /// The highest and the lowest worth, as spelled.
    #[must_use]
    pub fn range(&self) -> (&str, &str) {
        let worth =
            self.points.iter().filter_map(|point| Some((Decimal::parse(&point.value)?, &point.value)));
        let low = worth.min_by(|(a, _), (b, _)| a.cmp(b)).map_or("", |(_, value)| value.as_str());
        (self.points.get(self.peak).map_or("", |point| point.value.as_str()), low)
    }

    /// The step line of its worth, and that of its fall from the peak so far, in boxes of these sizes.
    #[must_use]
    pub fn lines(&self, worth: Canvas, fall: Canvas) -> (String, String) {
        let values: Vec<Option<f64>> = self.points.iter().map(|point| place(&point.value)).collect();
        let mut peak = f64::NEG_INFINITY;
        let falls: Vec<Option<f64>> = values
            .iter()
            .map(|value| {
                peak = value.map_or(peak, |value| peak.max(value));
                value.map(|value| value - peak)
            })
            .collect();
        let line = |canvas: Canvas, values: &[Option<f64>]| {
            let range = extent(values.iter().flatten().copied()).unwrap_or((0.0, 0.0));
            canvas.steps(values, range)
        };
        (line(worth, &values), line(fall, &falls))
    }
}

fn falls(points: &[Point]) -> (usize, Option<Fall>) {
    let mut peak = 0;
    let mut deepest: Option<Fall> = None;
    for (at, point) in points.iter().enumerate() {
        let (Some(top), Some(here)) = (Decimal::parse(&points[peak].value), Decimal::parse(&point.value))
        else {
            continue;
        };
        if here > top {
            peak = at;
            continue;
        }
        let Some(amount) = delta(top, here).filter(|_| here < top) else { continue };
        let deeper =
            deepest.as_ref().and_then(|fall| Decimal::parse(&fall.amount).zip(Decimal::parse(&amount)));
        if deeper.is_none_or(|(before, now)| now < before) {
            deepest = Some(Fall { percent: percent(top, here), amount, from: peak, to: at });
        }
    }
    (peak, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Sample;

    fn saved(seq: u64, id: &str, data: &str) -> Event {
        let time = format!("2026-11-21T09:{seq:02}:00Z");
        Event { version: Sample::at(seq, &time).of("portfolio", id).0, data: Some(data.parse().unwrap()) }
    }

    fn worth(values: &[&str]) -> Equity {
        let events: Vec<Event> = values
            .iter()
            .zip(1..)
            .map(|(value, seq)| saved(seq, "main", &format!(r#"{{"total_value":{value}}}"#)))
            .collect();
        Equity::of(&events).unwrap()
    }

    #[test]
    fn a_fall_is_exact_and_from_the_peak_until_then() {
        let equity =
            worth(&["100000.10", "100200.30", "100100.00", "100300.000000000001", "100068.70", "100250"]);
        let fall = equity.deepest.clone().unwrap();
        assert_eq!((fall.amount.as_str(), fall.from, fall.to), ("-231.300000000001", 3, 4));
        assert_eq!(fall.percent.as_deref(), Some("-0.23"));
        assert_eq!((equity.peak, equity.range()), (3, ("100300.000000000001", "100000.10")));
        assert_eq!(equity.gain().as_deref(), Some("+249.90"));
    }

    #[test]
    fn what_only_rises_never_fell_and_one_version_is_enough() {
        assert_eq!(worth(&["1", "2", "2", "3"]).deepest, None);
        let one = worth(&["0"]);
        assert_eq!((one.points.len(), one.deepest.clone(), one.range()), (1, None, ("0", "0")));
        // A negative worth is one like others.
        let below = worth(&["-5", "-7.5", "-6"]);
        assert_eq!(below.deepest.unwrap().amount, "-2.5");
    }

    #[test]
    fn versions_that_do_not_say_it_are_no_points_and_the_portfolio_saved_most_is_shown() {
        let events = [
            saved(3, "main", r#"{"total_value":"soon"}"#),
            saved(5, "other", r#"{"total_value":7}"#),
            saved(4, "main", r#"{"total_value":2.50}"#),
            saved(2, "main", r#"{"total_value":1.50,"n":1}"#),
            saved(1, "main", r#"{"balance":1}"#),
        ];
        let equity = Equity::of(&events).unwrap();
        let values: Vec<&str> = equity.points.iter().map(|point| point.value.as_str()).collect();
        assert_eq!((equity.state_id.as_str(), values.as_slice()), ("main", ["1.50", "2.50"].as_slice()));
        assert_eq!(Equity::of(&events[..1]), None);
        assert_eq!(Equity::of(&[]), None);
    }

    #[test]
    fn lines_are_steps_over_the_whole_width() {
        let box_ = Canvas { width: 100.0, height: 10.0 };
        let (line, fall) = worth(&["1", "3", "2"]).lines(box_, box_);
        assert_eq!(line, "M0.0 10.0L50.0 10.0L50.0 0.0L100.0 0.0L100.0 5.0");
        assert_eq!(fall, "M0.0 0.0L50.0 0.0L50.0 0.0L100.0 0.0L100.0 10.0");
    }
}
