//! When somebody looked at the runs last, in this browser.

use stateloft_core::api::{RunRow, RunStatus};
use stateloft_core::model::Timestamp;

/// Looks that are not further apart than this are one look, such as a page that is loaded again (microseconds).
const ONE_LOOK: i64 = 10 * 60 * 1_000_000;

/// What a browser keeps of its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// The end of the look before this one; absent for the first.
    pub before: Option<Timestamp>,
    /// The last moment of this one.
    pub last: Timestamp,
}

impl Looked {
    /// Somebody looks now.
    #[must_use]
    pub fn again(kept: Option<Self>, now: Timestamp) -> Self {
        let before = match kept {
            Some(kept) if now.micros() - kept.last.micros() < ONE_LOOK => kept.before,
            Some(kept) => Some(kept.last),
            None => None,
        };
        Self { before, last: now }
    }

    /// As it is kept.
    #[must_use]
    pub fn text(self) -> String {
        let before = self.before.map(|before| before.micros().to_string()).unwrap_or_default();
        format!("{before},{}", self.last.micros())
    }

    /// Reads what was kept.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (before, last) = text.split_once(',')?;
        let time = |text: &str| text.parse().ok().map(Timestamp::from_micros);
        Some(Self { before: time(before), last: time(last)? })
    }
}

/// Which runs have crashed since then, the last one first.
#[must_use]
pub fn crashed_since(rows: &[RunRow], since: Timestamp) -> Vec<&RunRow> {
    let crashed = |row: &&RunRow| {
        row.run.status == RunStatus::Crashed && row.run.ended_at.is_some_and(|ended| ended > since)
    };
    let mut rows: Vec<&RunRow> = rows.iter().filter(crashed).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.run.ended_at));
    rows
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, ended, row};
    use super::*;

    #[test]
    fn a_page_that_is_loaded_again_is_the_same_look() {
        let first = Looked::again(None, at("08:00:00"));
        assert_eq!(first.before, None);
        let same = Looked::again(Some(first), at("08:09:59"));
        assert_eq!(same, Looked { before: None, last: at("08:09:59") });
        let next = Looked::again(Some(same), at("08:20:00"));
        assert_eq!(next, Looked { before: Some(at("08:09:59")), last: at("08:20:00") });
        assert_eq!(Looked::again(Some(next), at("08:21:00")).before, next.before);
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        for looked in [
            Looked::again(None, at("08:00:00")),
            Looked { before: Some(at("07:00:00")), last: at("08:00:00") },
        ] {
            assert_eq!(Looked::read(&looked.text()), Some(looked));
        }
        for text in ["", "1", "x,", "1,x"] {
            assert_eq!(Looked::read(text), None, "{text}");
        }
    }

    #[test]
    fn only_crashes_after_the_look_count() {
        let rows = [
            ended(row("a.main.1", "07:00:00", Some("08:00:00")), RunStatus::Crashed),
            ended(row("b.main.1", "07:00:00", Some("08:00:01")), RunStatus::Crashed),
            ended(row("c.main.1", "07:00:00", Some("09:00:00")), RunStatus::Crashed),
            row("d.main.1", "07:00:00", Some("09:00:00")),
            row("e.main.1", "07:00:00", None),
        ];
        let ids: Vec<_> =
            crashed_since(&rows, at("08:00:00")).iter().map(|row| row.run.run_id.as_str()).collect();
        assert_eq!(ids, ["c.main.1", "b.main.1"]);
    }
}
