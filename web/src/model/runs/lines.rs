//! The list of runs: days, runs, and crashes that follow each other at once, folded.

use std::collections::{BTreeSet, HashMap};

use stateloft_core::api::{RunRow, RunStatus, Session};
use stateloft_core::model::Timestamp;

use super::{Fresh, instance, lasted};
use crate::model::age;

/// A crash within so many seconds of the start belongs to a loop.
const LOOP_SECONDS: i64 = 180;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The day of what follows.
    Day(String),
    /// A run, and what of it is new against the run before.
    Run(Box<RunRow>, Fresh),
    /// Runs of an instance, the newest first, that each crashed soon after their start.
    Loop(Vec<RunRow>),
}

impl Line {
    /// What tells it from others.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Day(day) => day.clone(),
            Self::Run(row, _) => format!("{} {}", row.run.run_id, row.version.version),
            Self::Loop(rows) => {
                let ids: Vec<&str> = rows.iter().map(|row| row.run.run_id.as_str()).collect();
                ids.join(" ")
            }
        }
    }
}

/// `2 crashes`, `btc-grid in 3 min`: what a loop is in words.
#[must_use]
pub fn loop_words(rows: &[RunRow]) -> Option<(String, String)> {
    let (newest, oldest) = (&rows.first()?.run, &rows.last()?.run);
    let span = age::seconds_between(oldest.started_at, newest.ended_at?);
    Some((format!("{} crashes", rows.len()), format!("{} in {}", instance(newest), age::short(span))))
}

/// The lines of these runs, the last begun first. `open` names the newest runs of loops that are unfolded.
#[must_use]
pub fn lines(rows: &[RunRow], all: &[RunRow], open: &BTreeSet<String>, now: Timestamp) -> Vec<Line> {
    let by_id: HashMap<&str, &Session> = all.iter().map(|row| (row.run.run_id.as_str(), &row.run)).collect();
    let mut rows: Vec<&RunRow> = rows.iter().collect();
    rows.sort_by(|a, b| (b.run.started_at, &b.run.run_id).cmp(&(a.run.started_at, &a.run.run_id)));
    let loops = loops(&rows);
    let mut lines = Vec::with_capacity(rows.len());
    let mut day = None;
    for row in rows {
        let folded = loops.get(row.run.run_id.as_str());
        let line = match folded {
            Some((newest, _)) if !open.contains(*newest) && *newest != row.run.run_id => continue,
            Some((newest, members)) if !open.contains(*newest) => {
                Line::Loop(members.iter().map(|row| (*row).clone()).collect())
            }
            _ => {
                let before = row.run.previous.as_deref().and_then(|id| by_id.get(id)).copied();
                Line::Run(Box::new(row.clone()), Fresh::of(&row.run, before))
            }
        };
        let own = age::day(row.run.started_at, now);
        if day.as_ref() != Some(&own) {
            lines.push(Line::Day(own.clone()));
            day = Some(own);
        }
        lines.push(line);
    }
    lines
}

/// Of each run of a loop: the loop's newest run, and all of it.
fn loops<'a>(rows: &[&'a RunRow]) -> HashMap<&'a str, (&'a str, Vec<&'a RunRow>)> {
    let mut of: HashMap<String, Vec<&RunRow>> = HashMap::new();
    for row in rows {
        of.entry(instance(&row.run)).or_default().push(row);
    }
    let mut loops = HashMap::new();
    for runs in of.into_values() {
        let follows = |newer: &RunRow, older: &RunRow| {
            let at_once = newer.run.previous.as_deref() == Some(&older.run.run_id);
            at_once && fell_at_once(&newer.run) && fell_at_once(&older.run)
        };
        for members in runs.chunk_by(|newer, older| follows(newer, older)).filter(|members| members.len() > 1)
        {
            let newest = members[0].run.run_id.as_str();
            for row in members {
                loops.insert(row.run.run_id.as_str(), (newest, members.to_vec()));
            }
        }
    }
    loops
}

fn fell_at_once(run: &Session) -> bool {
    run.status == RunStatus::Crashed && lasted(run, run.started_at) < LOOP_SECONDS
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, ended, row};
    use super::*;

    fn crash(id: &str, from: &str, to: &str) -> RunRow {
        ended(row(id, from, Some(to)), RunStatus::Crashed)
    }

    fn said(lines: &[Line]) -> Vec<String> {
        let line = |line: &Line| match line {
            Line::Day(day) => day.clone(),
            Line::Run(row, _) => row.run.run_id.clone(),
            Line::Loop(rows) => {
                let (crashes, of) = loop_words(rows).unwrap();
                format!("{crashes} {of}")
            }
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn crashes_that_follow_each_other_at_once_are_folded_and_others_are_not() {
        let rows = [
            row("grid.main.4", "09:30:00", None),
            crash("grid.main.2", "09:10:00", "09:10:48"),
            row("eod.main.1", "09:11:00", Some("09:11:20")),
            crash("grid.main.3", "09:12:00", "09:13:00"),
            // It ran for long before it crashed.
            crash("grid.main.1", "08:00:00", "09:00:00"),
        ];
        let now = at("10:00:00");
        let folded = lines(&rows, &rows, &BTreeSet::new(), now);
        let today = "Today, 21 November";
        assert_eq!(
            said(&folded),
            [today, "grid.main.4", "2 crashes grid in 3 min", "eod.main.1", "grid.main.1"]
        );
        let open = BTreeSet::from(["grid.main.3".to_owned()]);
        assert_eq!(
            said(&lines(&rows, &rows, &open, now)),
            [today, "grid.main.4", "grid.main.3", "eod.main.1", "grid.main.2", "grid.main.1"]
        );
    }

    #[test]
    fn crashes_with_an_unknown_run_between_them_are_no_loop() {
        let rows =
            [crash("grid.main.3", "09:12:00", "09:13:00"), crash("grid.main.1", "09:10:00", "09:10:48")];
        let lines = lines(&rows, &rows, &BTreeSet::new(), at("10:00:00"));
        assert_eq!(said(&lines)[1..], ["grid.main.3", "grid.main.1"]);
    }

    #[test]
    fn a_run_that_is_filtered_out_still_says_what_is_new() {
        let (old, mut new) =
            (row("grid.main.1", "08:00:00", Some("09:00:00")), row("grid.main.2", "09:30:00", None));
        new.run.code = Some("b7702fe".into());
        let lines = lines(&[new.clone()], &[old, new], &BTreeSet::new(), at("10:00:00"));
        assert!(matches!(&lines[1], Line::Run(_, fresh) if fresh.code && !fresh.config), "{lines:?}");
    }
}
