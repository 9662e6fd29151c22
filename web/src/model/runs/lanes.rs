//! Lanes: an instance of a program a lane, a run a bar, and what lay between two runs of which the first crashed.

use std::collections::{BTreeMap, HashMap};

use stateloft_core::api::{RunRow, RunStatus, Session};
use stateloft_core::model::Timestamp;

use super::lease::Lease;
use super::window::{Window, moment};
use super::{Fresh, code, config, instance, lasted, word};
use crate::model::age;

/// A lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Whose: `btc-grid`, `btc-grid.eu`.
    pub name: String,
    /// How its last run is.
    pub last: Kind,
    /// The same in words: `live, renewed 3 s ago`, `crashed 20:39:05`.
    pub words: String,
    /// Its runs, the oldest first.
    pub bars: Vec<Bar>,
    /// The times after a crash in which nobody ran, the oldest first.
    pub gaps: Vec<Gap>,
}

/// How a run is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It holds its lease.
    Live,
    /// Its lease is late.
    Late,
    /// Whether its lease is held is not known.
    Unknown,
    /// It has done what it was to do.
    Completed,
    /// It was stopped.
    Stopped,
    /// It has crashed.
    Crashed,
    /// Another one has taken its place.
    Replaced,
}

/// A run on its lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Which.
    pub run_id: String,
    /// Where it begins and ends: 0 is the start of what is shown, 1 its end.
    pub from: f64,
    /// See `from`.
    pub to: f64,
    /// It had begun before what is shown.
    pub began_before: bool,
    /// How it is drawn.
    pub kind: Kind,
    /// It took the place of a live run.
    pub took_over: bool,
    /// Its code, shortly.
    pub code: Option<String>,
    /// Its settings, shortly.
    pub config: Option<String>,
    /// What of that is new.
    pub fresh: Fresh,
    /// All of it, for who points at it.
    pub tip: String,
}

/// After a crash, until the next run or the end of what is shown: nobody knows what was there.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The run that crashed.
    pub left: String,
    /// The run after it, if there is one.
    pub found: Option<String>,
    /// Where it begins and ends.
    pub from: f64,
    /// See `from`.
    pub to: f64,
    /// How long it was, or has been so far.
    pub seconds: i64,
}

impl Gap {
    /// `1 h 42 m`, or `no run for 13 h 07 m` where it goes on.
    #[must_use]
    pub fn words(&self) -> String {
        let long = age::long(self.seconds);
        if self.found.is_some() { long } else { format!("no run for {long}") }
    }
}

impl Kind {
    /// How a run is drawn.
    #[must_use]
    pub fn of(row: &RunRow, lease: Option<Lease>) -> Self {
        match row.run.status {
            RunStatus::Active => match lease {
                Some(Lease::Held { .. }) if row.live => Self::Live,
                Some(Lease::Late { .. }) if row.live => Self::Late,
                _ => Self::Unknown,
            },
            RunStatus::Completed => Self::Completed,
            RunStatus::Stopped => Self::Stopped,
            RunStatus::Crashed => Self::Crashed,
            RunStatus::Replaced => Self::Replaced,
        }
    }

    /// Whether somebody may be writing.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Live | Self::Late | Self::Unknown)
    }

    /// The CSS class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Live => "is-live",
            Self::Late => "is-late",
            Self::Unknown => "is-unknown",
            Self::Completed => "is-completed",
            Self::Stopped => "is-stopped",
            Self::Crashed => "is-crashed",
            Self::Replaced => "is-replaced",
        }
    }
}

/// The lanes of these runs within a stretch of time. `lease` says how a live run holds its lease.
#[must_use]
pub fn lanes(
    rows: &[RunRow],
    window: Window,
    now: Timestamp,
    lease: impl Fn(&RunRow) -> Option<Lease>,
) -> Vec<Lane> {
    let mut of: BTreeMap<String, Vec<&RunRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.run.started_at < window.to) {
        of.entry(instance(&row.run)).or_default().push(row);
    }
    let mut lanes: Vec<Lane> = of
        .into_iter()
        .map(|(name, mut runs)| {
            runs.sort_by_key(|row| row.run.epoch);
            lane(name, &runs, window, now, &lease)
        })
        .collect();
    // What runs, or ought to, stands above what has done its work; the order is stable, so that no lane jumps.
    lanes.sort_by_key(|lane| matches!(lane.last, Kind::Completed | Kind::Stopped));
    lanes
}

fn lane(
    name: String,
    runs: &[&RunRow],
    window: Window,
    now: Timestamp,
    lease: &impl Fn(&RunRow) -> Option<Lease>,
) -> Lane {
    let by_id: HashMap<&str, &Session> = runs.iter().map(|row| (row.run.run_id.as_str(), &row.run)).collect();
    let before = |run: &Session| run.previous.as_deref().and_then(|id| by_id.get(id)).copied();
    let bars = runs.iter().map(|row| bar(row, before(&row.run), window, now, lease(row))).collect();
    let gaps = runs.iter().enumerate().filter_map(|(at, row)| gap(row, runs.get(at + 1), window, now));
    let gaps = gaps.collect();
    let last = runs.last().map(|row| (Kind::of(row, lease(row)), standing(row, lease(row), now)));
    let (last, words) = last.unwrap_or((Kind::Unknown, String::new()));
    Lane { name, last, words, bars, gaps }
}

/// How an instance is, by its last run.
fn standing(row: &RunRow, lease: Option<Lease>, now: Timestamp) -> String {
    match row.run.ended_at {
        Some(ended) => format!("{} {}", row.run.status.as_str(), when(ended, now)),
        None if row.live => lease.unwrap_or(Lease::Unknown).words(),
        None => word(&row.run, row.live).to_owned(),
    }
}

/// `20:39:05`, with its day where that was another one.
fn when(time: Timestamp, now: Timestamp) -> String {
    if age::day_number(time) == age::day_number(now) { age::clock(time) } else { moment(time) }
}

fn bar(row: &RunRow, before: Option<&Session>, window: Window, now: Timestamp, lease: Option<Lease>) -> Bar {
    let run = &row.run;
    let (code, config) = (code(run), config(run));
    let long = age::long(lasted(run, now));
    let of = [("code", code.as_deref()), ("config", config.as_deref())];
    let of = of.into_iter().filter_map(|(name, text)| Some(format!("{name} {}", text?)));
    let lines = [
        format!("{}: {} for {long}", run.run_id, word(run, row.live)),
        age::to_second(run.started_at),
        of.collect::<Vec<_>>().join(", "),
    ];
    Bar {
        run_id: run.run_id.clone(),
        from: window.place(run.started_at),
        to: window.place(run.ended_at.unwrap_or(now)),
        began_before: run.started_at < window.from,
        kind: Kind::of(row, lease),
        took_over: before.is_some_and(|before| before.replaced_by.as_deref() == Some(&run.run_id)),
        fresh: Fresh::of(run, before),
        code,
        config,
        tip: lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"),
    }
}

fn gap(row: &RunRow, next: Option<&&RunRow>, window: Window, now: Timestamp) -> Option<Gap> {
    let ended = row.run.ended_at.filter(|_| row.run.status == RunStatus::Crashed)?;
    // Runs that were deleted in between leave no word of when they were.
    let next = next.filter(|next| next.run.previous.as_deref() == Some(&row.run.run_id));
    let until = next.map_or(now, |next| next.run.started_at);
    let (from, to) = (window.place(ended), window.place(until));
    (to > from).then(|| Gap {
        left: row.run.run_id.clone(),
        found: next.map(|next| next.run.run_id.clone()),
        from,
        to,
        seconds: age::seconds_between(ended, until),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, ended, row, with_config};
    use super::*;

    fn hour() -> Window {
        Window { from: at("09:00:00"), to: at("10:00:00") }
    }

    fn drawn(rows: &[RunRow]) -> Vec<Lane> {
        lanes(rows, hour(), at("10:00:00"), |row| {
            row.live.then_some(Lease::Held { renewed: Some(3), ends: 27 })
        })
    }

    #[test]
    fn a_crash_leaves_a_gap_and_a_planned_end_does_not() {
        let lanes = drawn(&[
            row("grid.main.3", "09:45:00", None),
            row("grid.main.2", "09:20:00", Some("09:40:00")),
            ended(row("grid.main.1", "08:00:00", Some("09:15:00")), RunStatus::Crashed),
        ]);
        assert_eq!(lanes.len(), 1);
        let [gap] = lanes[0].gaps.as_slice() else { panic!("{:?}", lanes[0].gaps) };
        assert_eq!((gap.left.as_str(), gap.found.as_deref()), ("grid.main.1", Some("grid.main.2")));
        assert_eq!((gap.from, gap.seconds, gap.words().as_str()), (0.25, 300, "5 m"));
        let bars: Vec<_> = lanes[0].bars.iter().map(|bar| (bar.kind, bar.began_before)).collect();
        assert_eq!(bars, [(Kind::Crashed, true), (Kind::Completed, false), (Kind::Live, false)]);
        assert_eq!((lanes[0].bars[2].from, lanes[0].bars[2].to), (0.75, 1.0));
        assert_eq!(lanes[0].words, "live, renewed 3 s ago");
    }

    #[test]
    fn a_gap_without_a_next_run_goes_on_until_now() {
        let crashed = ended(row("grid.eu.7", "08:00:00", Some("09:30:00")), RunStatus::Crashed);
        let lanes = drawn(&[crashed]);
        assert_eq!((lanes[0].name.as_str(), lanes[0].words.as_str()), ("grid.eu", "crashed 09:30:00"));
        assert_eq!(lanes[0].gaps[0].words(), "no run for 30 m");
        assert_eq!((lanes[0].gaps[0].to, lanes[0].gaps[0].found.as_deref()), (1.0, None));
    }

    #[test]
    fn a_gap_is_not_ended_by_a_run_that_does_not_follow() {
        let crashed = ended(row("grid.main.1", "08:00:00", Some("09:10:00")), RunStatus::Crashed);
        let lanes = drawn(&[row("grid.main.3", "09:50:00", None), crashed]);
        assert_eq!(lanes[0].gaps[0].found, None, "number 2 is not known, and ran meanwhile or did not");
    }

    #[test]
    fn only_what_is_known_to_differ_is_new() {
        let one = with_config(row("grid.main.1", "09:00:00", Some("09:10:00")), r#"{"step":1}"#);
        let mut two = with_config(row("grid.main.2", "09:20:00", Some("09:30:00")), r#"{"step":2}"#);
        let mut three = with_config(row("grid.main.3", "09:40:00", None), r#"{"step":2}"#);
        three.run.code = Some("b7702fe01".into());
        let fresh = |rows: &[RunRow]| drawn(rows)[0].bars.iter().map(|bar| bar.fresh).collect::<Vec<_>>();
        let new = |code, config| Fresh { code, config };
        let all = [one.clone(), two.clone(), three.clone()];
        assert_eq!(fresh(&all), [new(false, false), new(false, true), new(true, false)]);
        assert_eq!(drawn(&all)[0].bars[2].code.as_deref(), Some("b7702fe"));
        // The run before is not among those that were read, or did not say.
        assert_eq!(fresh(&[three.clone()]), [new(false, false)]);
        two.run.code = None;
        assert_eq!(fresh(&[one, two, three]), [new(false, false), new(false, true), new(false, false)]);
    }

    #[test]
    fn who_took_over_is_marked_and_whose_lease_is_late_or_unknown_too() {
        let mut first = ended(row("grid.main.1", "09:00:00", Some("09:30:00")), RunStatus::Replaced);
        first.run.replaced_by = Some("grid.main.2".into());
        let rows = [row("grid.main.2", "09:30:00", None), first];
        let lanes_with = |lease| lanes(&rows, hour(), at("10:00:00"), |row| row.live.then_some(lease));
        let late = lanes_with(Lease::Late { silent: 48, ends: 12 });
        assert_eq!(late[0].bars.iter().map(|bar| bar.took_over).collect::<Vec<_>>(), [false, true]);
        assert!(late[0].gaps.is_empty(), "one that is replaced leaves no gap");
        assert_eq!((late[0].last, late[0].words.as_str()), (Kind::Late, "lease late: 48 s, ends in 12 s"));
        let unknown = lanes_with(Lease::Unknown);
        assert_eq!((unknown[0].last, unknown[0].words.as_str()), (Kind::Unknown, "lease unknown"));
    }

    #[test]
    fn what_ran_and_is_done_stands_below_what_runs_or_ought_to() {
        let rows = [
            row("eod.main.1", "09:00:00", Some("09:01:00")),
            ended(row("zeta.main.1", "09:00:00", Some("09:01:00")), RunStatus::Crashed),
            row("alpha.main.1", "09:50:00", None),
            // It begins after what is shown.
            row("late.main.1", "10:30:00", None),
        ];
        let names: Vec<_> = drawn(&rows).into_iter().map(|lane| lane.name).collect();
        assert_eq!(names, ["alpha", "zeta", "eod"]);
    }
}
