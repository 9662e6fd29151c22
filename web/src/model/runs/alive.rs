//! Who is alive, whose lease is late, and what has crashed since somebody looked.

use std::collections::HashSet;

use stateloft_core::api::RunRow;
use stateloft_core::model::Timestamp;

use super::instance;
use super::lanes::Kind;
use super::lease::Lease;
use super::looked::crashed_since;
use crate::model::age;

/// One instance of a program, or one crash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The run.
    pub run_id: String,
    /// Its instance.
    pub name: String,
    /// Its machine.
    pub host: Option<String>,
    /// How it is.
    pub kind: Kind,
    /// The same in words.
    pub words: String,
}

impl Row {
    /// Whether somebody should look.
    #[must_use]
    pub fn needs_a_look(&self) -> bool {
        matches!(self.kind, Kind::Late | Kind::Crashed)
    }
}

/// The rows: late leases first, then crashes that nobody has looked at, then who is alive. `live` are the runs that are live,
/// `recent` those that had not ended before `since`.
#[must_use]
pub fn rows(
    live: &[RunRow],
    recent: &[RunRow],
    since: Timestamp,
    lease: impl Fn(&RunRow) -> Lease,
) -> Vec<Row> {
    let running: HashSet<_> = live.iter().filter(|row| row.live).map(|row| instance(&row.run)).collect();
    let crash = |row: &RunRow| {
        let name = instance(&row.run);
        let at = row.run.ended_at.map(age::clock).unwrap_or_default();
        // Whether it came back is the first question.
        let words = if running.contains(&name) {
            format!("crashed {at}, runs again")
        } else {
            format!("crashed {at}")
        };
        row_of(row, Kind::Crashed, words)
    };
    let crashes = crashed_since(recent, since).into_iter().map(crash);
    let alive = live.iter().filter(|row| row.live).map(|row| {
        let lease = lease(row);
        row_of(row, Kind::of(row, Some(lease)), lease.words())
    });
    let mut alive: Vec<Row> = alive.collect();
    alive.sort_by(|a, b| a.name.cmp(&b.name));
    let (late, well): (Vec<Row>, Vec<Row>) = alive.into_iter().partition(|row| row.kind == Kind::Late);
    late.into_iter().chain(crashes).chain(well).collect()
}

fn row_of(row: &RunRow, kind: Kind, words: String) -> Row {
    Row { run_id: row.run.run_id.clone(), name: instance(&row.run), host: row.run.host.clone(), kind, words }
}

/// `5 live, 1 late, 2 crashed`.
#[must_use]
pub fn summary(rows: &[Row]) -> String {
    let count = |wanted: fn(Kind) -> bool| rows.iter().filter(|row| wanted(row.kind)).count();
    let (live, late) = (count(Kind::is_active), count(|kind| kind == Kind::Late));
    let crashed = count(|kind| kind == Kind::Crashed);
    let parts = [
        Some(format!("{live} live")),
        (late > 0).then(|| format!("{late} late")),
        (crashed > 0).then(|| format!("{crashed} crashed")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::RunStatus;

    use super::super::sample::{at, ended, row};
    use super::*;

    #[test]
    fn what_needs_a_look_stands_first_and_a_crash_says_whether_it_runs_again() {
        let live = [row("grid.main.2", "09:00:00", None), row("slow.main.1", "09:00:00", None)];
        let recent = [
            ended(row("grid.main.1", "08:00:00", Some("08:50:00")), RunStatus::Crashed),
            ended(row("eq.main.1", "08:00:00", Some("08:40:00")), RunStatus::Crashed),
            ended(row("old.main.1", "06:00:00", Some("07:00:00")), RunStatus::Crashed),
            row("eod.main.1", "08:00:00", Some("08:10:00")),
        ];
        let lease = |row: &RunRow| match row.run.run_id.as_str() {
            "slow.main.1" => Lease::Late { silent: 48, ends: 12 },
            _ => Lease::Held { renewed: Some(3), ends: 27 },
        };
        let rows = rows(&live, &recent, at("07:30:00"), lease);
        let said: Vec<_> = rows.iter().map(|row| format!("{} {}", row.name, row.words)).collect();
        assert_eq!(
            said,
            [
                "slow lease late: 48 s, ends in 12 s",
                "grid crashed 08:50:00, runs again",
                "eq crashed 08:40:00",
                "grid live, renewed 3 s ago",
            ]
        );
        assert_eq!(summary(&rows), "2 live, 1 late, 2 crashed");
        assert_eq!(rows.iter().filter(|row| row.needs_a_look()).count(), 3);
    }

    #[test]
    fn whose_session_was_written_by_hand_is_not_alive() {
        let mut taken = row("grid.main.1", "09:00:00", None);
        taken.live = false;
        assert_eq!(rows(&[taken], &[], at("07:30:00"), |_| Lease::Unknown), []);
    }
}
