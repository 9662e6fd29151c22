//! The rail of a state's versions, newest first: day heads, quiet stretches, bursts folded into one row.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use stateloft_core::api::VersionView;
use stateloft_core::diff::Counts;
use stateloft_core::model::{Operation, Timestamp};

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;
/// A longer silence is drawn as a row of its own.
const QUIET: i64 = 30 * 60 * MICROS;
/// Versions of one author within this time fold into one row.
const BURST: i64 = 60 * MICROS;
/// Fewer versions than this are not worth folding.
const BURST_LEAST: usize = 3;

/// What the rail keeps of a version: far less than the API sends, since there may be very many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailVersion {
    /// Place in the state.
    pub version: u64,
    /// Place in the store.
    pub seq: u64,
    /// When it was there first, in microseconds since the epoch.
    pub at: i64,
    /// When it was imported, where it was.
    pub imported: Option<Timestamp>,
    /// What it did.
    pub operation: Operation,
    /// It breaks a rule.
    pub invalid: bool,
    /// How much of it differs.
    pub counts: Counts,
    /// Who.
    pub author: Option<Arc<str>>,
    /// Why.
    pub reason: Option<Arc<str>>,
    /// Which start of a program.
    pub run: Option<Arc<str>>,
}

impl RailVersion {
    /// What the rail keeps of `view`.
    #[must_use]
    pub fn of(view: &VersionView) -> Self {
        Self {
            version: view.version.0,
            seq: view.seq.0,
            at: view.effective_at().micros(),
            imported: view.saved_at.map(|_| view.timestamp),
            operation: view.operation,
            invalid: view.verdict.is_invalid(),
            counts: Counts::from(&view.change),
            author: view.user_id.clone(),
            reason: view.description.clone(),
            run: view.run_id.clone(),
        }
    }
}

/// One row of the rail. Positions are places in the list of versions, 0 the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RailRow {
    /// A day begins (in UTC): that of the version at this place.
    Day(usize),
    /// One version.
    Version {
        /// Which.
        at: usize,
        /// It belongs to the open burst above.
        inside: bool,
    },
    /// A run of the program begins with the version at this place.
    Run(usize),
    /// Nothing was written between the version at this place and the next newer one, for this many seconds.
    Quiet(usize, i64),
    /// Several versions in a short time, newest to oldest.
    Burst {
        /// Places of the versions.
        versions: Range<usize>,
        /// Whether they are listed below.
        open: bool,
    },
}

impl RailRow {
    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        match self {
            Self::Day(_) | Self::Run(_) | Self::Quiet(..) => 22,
            Self::Version { .. } | Self::Burst { .. } => 55,
        }
    }
}

/// Lays out the rail. `open` holds the version number of the oldest version of each burst that is unfolded.
#[must_use]
pub fn rail_rows(versions: &[RailVersion], open: &BTreeSet<u64>) -> Vec<RailRow> {
    let mut rows = Vec::with_capacity(versions.len() / 2 + 16);
    let mut run = 0..0;
    let mut at = 0;
    while at < versions.len() {
        if at >= run.end {
            run = at..run_end(versions, at);
        }
        let end = piece_end(versions, &run, at);
        between(versions, at, &mut rows);
        if end - at < BURST_LEAST {
            rows.push(RailRow::Version { at, inside: false });
            at += 1;
            continue;
        }
        let unfolded = open.contains(&versions[end - 1].version);
        rows.push(RailRow::Burst { versions: at..end, open: unfolded });
        if unfolded {
            for inside in at..end {
                if inside > at {
                    between(versions, inside, &mut rows);
                }
                rows.push(RailRow::Version { at: inside, inside: true });
            }
        }
        at = end;
    }
    rows
}

/// The day head and the quiet row that stand above the version at `at`.
fn between(versions: &[RailVersion], at: usize, rows: &mut Vec<RailRow>) {
    let this = &versions[at];
    let newer = at.checked_sub(1).map(|above| &versions[above]);
    let day = this.at.div_euclid(DAY);
    let quiet = newer.map(|newer| newer.at - this.at).filter(|gap| *gap > QUIET);
    if let Some((place, _)) =
        at.checked_sub(1).zip(newer.filter(|newer| newer.run.is_some() && newer.run != this.run))
    {
        rows.push(RailRow::Run(place));
    }
    if newer.is_none_or(|newer| newer.at.div_euclid(DAY) != day) {
        rows.push(RailRow::Day(at));
    }
    if let Some(gap) = quiet {
        rows.push(RailRow::Quiet(at, gap / MICROS));
    }
}

/// Where the run of one author's updates, each soon after the one before, ends.
fn run_end(versions: &[RailVersion], start: usize) -> usize {
    let joins = |newer: &RailVersion, older: &RailVersion| {
        folds(newer)
            && folds(older)
            && newer.author == older.author
            && newer.run == older.run
            && newer.at - older.at <= BURST
    };
    // The head is always a row of its own: it is what people look for first.
    if start == 0 {
        return 1;
    }
    let joined = versions[start..].windows(2).take_while(|pair| joins(&pair[0], &pair[1])).count();
    start + joined + 1
}

/// Where the burst that starts at `at` ends. A run that as a whole is short is one burst; a longer one is cut at each
/// full minute, so that its folds stay where they are when versions arrive at either end.
fn piece_end(versions: &[RailVersion], run: &Range<usize>, at: usize) -> usize {
    if versions[run.start].at - versions[run.end - 1].at <= BURST {
        return run.end;
    }
    let minute = versions[at].at.div_euclid(BURST);
    let same = versions[at..run.end].iter().take_while(|version| version.at.div_euclid(BURST) == minute);
    at + same.count()
}

/// Only plain updates fold; a create, delete or restore is an event worth its row.
fn folds(version: &RailVersion) -> bool {
    version.operation == Operation::Update
}

#[cfg(test)]
mod tests {
    use super::RailRow::{Day, Quiet};
    use super::*;

    fn version(number: u64, seconds: i64, author: &str) -> RailVersion {
        RailVersion {
            version: number,
            seq: number,
            at: seconds * MICROS,
            imported: None,
            operation: Operation::Update,
            invalid: false,
            counts: Counts { changed: 1, ..Counts::default() },
            author: Some(author.into()),
            reason: None,
            run: None,
        }
    }

    #[test]
    fn where_a_run_of_the_program_begins_is_a_row_and_no_burst_goes_over_it() {
        let of = |number, seconds, run: Option<&str>| RailVersion {
            run: run.map(Into::into),
            ..version(number, seconds, "bot")
        };
        let versions = [
            of(5, 104, Some("r2")),
            of(4, 103, Some("r2")),
            of(3, 102, Some("r1")),
            of(2, 101, Some("r1")),
            of(1, 100, None),
        ];
        let rows = rail_rows(&versions, &BTreeSet::new());
        let begins: Vec<_> = rows.iter().filter(|row| matches!(row, RailRow::Run(_))).collect();
        assert_eq!(begins, [&RailRow::Run(1), &RailRow::Run(3)]);
        assert!(!rows.iter().any(|row| matches!(row, RailRow::Burst { .. })), "{rows:?}");
    }

    fn alone(at: usize) -> RailRow {
        RailRow::Version { at, inside: false }
    }

    fn newest_first(list: &[(i64, &str)]) -> Vec<RailVersion> {
        let mut versions: Vec<_> =
            list.iter().zip(1..).map(|((at, author), number)| version(number, *at, author)).collect();
        versions.reverse();
        versions
    }

    #[test]
    fn days_and_silences_stand_between_versions() {
        let day = 86_400;
        let versions = newest_first(&[(0, "a"), (day, "a"), (day + 1801, "a"), (day + 3601, "b")]);
        let rows = rail_rows(&versions, &BTreeSet::new());
        assert_eq!(
            rows,
            [Day(0), alone(0), alone(1), Quiet(2, 1801), alone(2), Day(3), Quiet(3, day), alone(3)]
        );
    }

    #[test]
    fn a_burst_of_one_author_folds_and_unfolds() {
        let mut list: Vec<(i64, &str)> = (0..10).map(|n| (1000 + n, "bot")).collect();
        list.push((1400, "ops"));
        list.insert(0, (900, "bot"));
        let versions = newest_first(&list);
        let rows = rail_rows(&versions, &BTreeSet::new());
        assert_eq!(rows[1..], [alone(0), RailRow::Burst { versions: 1..11, open: false }, alone(11)]);
        let open = rail_rows(&versions, &BTreeSet::from([versions[10].version]));
        assert_eq!(open.len(), rows.len() + 10);
        assert_eq!(open[2], RailRow::Burst { versions: 1..11, open: true });
    }

    #[test]
    fn two_versions_or_two_authors_do_not_fold() {
        let versions =
            newest_first(&[(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "a"), (6, "b"), (7, "a"), (500, "a")]);
        let rows = rail_rows(&versions, &BTreeSet::new());
        assert!(rows.iter().all(|row| !matches!(row, RailRow::Burst { .. })), "{rows:?}");
    }

    #[test]
    fn a_restore_inside_a_burst_keeps_its_row() {
        let mut versions =
            newest_first(&[(1, "a"), (2, "a"), (3, "a"), (4, "a"), (5, "a"), (6, "a"), (7, "a"), (900, "a")]);
        versions[4].operation = Operation::Restore;
        let rows = rail_rows(&versions, &BTreeSet::new());
        assert!(rows.contains(&alone(4)));
        assert!(rows.contains(&RailRow::Burst { versions: 1..4, open: false }));
        assert!(rows.contains(&RailRow::Burst { versions: 5..8, open: false }));
    }

    #[test]
    fn folds_of_a_steady_stream_stay_when_versions_arrive_at_either_end() {
        let stream: Vec<(i64, &str)> = (0..400).map(|n| (n * 5, "bot")).collect();
        let all = newest_first(&stream);
        let folds = |versions: &[RailVersion]| -> BTreeSet<(u64, u64)> {
            rail_rows(versions, &BTreeSet::new())
                .into_iter()
                .filter_map(|row| match row {
                    RailRow::Burst { versions: range, .. } => {
                        Some((versions[range.start].version, versions[range.end - 1].version))
                    }
                    _ => None,
                })
                .collect()
        };
        let whole = folds(&all);
        let middle = folds(&all[100..300]);
        // All but the two folds at the ends of the shorter list are folds of the longer one.
        assert!(middle.len() > 10);
        assert!(
            middle.difference(&whole).count() <= 2,
            "{:?}",
            middle.difference(&whole).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_million_versions_are_laid_out_fast() {
        let stream: Vec<(i64, &str)> = (0..1_000_000).map(|n| (n * 2, "bot")).collect();
        let versions = newest_first(&stream);
        let rows = rail_rows(&versions, &BTreeSet::new());
        let covered: usize = rows
            .iter()
            .map(|row| match row {
                RailRow::Version { .. } => 1,
                RailRow::Burst { versions, .. } => versions.len(),
                RailRow::Day(_) | RailRow::Run(_) | RailRow::Quiet(..) => 0,
            })
            .sum();
        assert_eq!(covered, 1_000_000);
    }
}
