//! What is kept of how an instance and its broker stood before, in a few lines.

use stateloft_core::api::{Drift, DriftList, ResolvedHow};
use stateloft_core::model::Timestamp;

use super::cells::verdict;
use crate::model::age;
use crate::model::number;

/// Rows of one kind that ended together, or are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftLine {
    /// When they ended; of what is open since when it differs.
    pub at: Timestamp,
    /// `1 missing there, 40 s`
    pub words: String,
    /// What became of them.
    pub how: &'static str,
    /// They still differ.
    pub open: bool,
}

/// The lines: what is open first, then the latest.
#[must_use]
pub fn drift_lines(list: &DriftList) -> Vec<DriftLine> {
    grouped(&list.open).chain(grouped(&list.resolved)).collect()
}

fn grouped(drifts: &[Drift]) -> impl Iterator<Item = DriftLine> {
    let is_same = |a: &Drift, b: &Drift| {
        (a.verdict, a.until, a.resolved) == (b.verdict, b.until, b.resolved)
            && (a.until.is_some() || a.since == b.since)
    };
    drifts.chunk_by(is_same).filter_map(line)
}

fn line(group: &[Drift]) -> Option<DriftLine> {
    let first = group.first()?;
    let since = group.iter().map(|drift| drift.since).min()?;
    let what = format!("{} {}", number::count(group.len() as u64), verdict(first.verdict).1);
    let words = match first.until {
        Some(until) => format!("{what}, {}", age::long(age::seconds_between(since, until))),
        None => what,
    };
    Some(DriftLine {
        at: first.until.unwrap_or(since),
        words,
        how: how(first.resolved),
        open: first.until.is_none(),
    })
}

fn how(resolved: Option<ResolvedHow>) -> &'static str {
    match resolved {
        Some(ResolvedHow::Adopted) => "adopted",
        Some(ResolvedHow::Closed) => "closed",
        Some(ResolvedHow::Kept) => "kept",
        Some(ResolvedHow::ByItself) => "by itself",
        Some(ResolvedHow::ListCame) => "list came",
        None => "open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_together_is_one_line_and_what_is_open_comes_first() {
        let list: DriftList = serde_json::from_str(
            r#"{"run_id":"a.main.1","open":[{"row":"a.b","verdict":"unknown","since":"2026-11-29T09:45:58Z"}],
            "resolved":[
              {"row":"c.d","verdict":"missing_there","since":"2026-11-29T08:44:17Z","until":"2026-11-29T08:44:57Z","resolved":"closed"},
              {"row":"e.f","verdict":"missing_there","since":"2026-11-29T08:44:00Z","until":"2026-11-29T08:44:57Z","resolved":"closed"},
              {"row":"g.h","verdict":"quantity_mismatch","since":"2026-11-29T08:00:00Z","until":"2026-11-29T08:00:40Z","resolved":"by_itself"}]}"#,
        )
        .unwrap();
        let lines = drift_lines(&list);
        let said: Vec<_> = lines.iter().map(|line| (line.words.as_str(), line.how, line.open)).collect();
        assert_eq!(
            said,
            [
                ("1 unknown", "open", true),
                ("2 missing there, 57 s", "closed", false),
                ("1 quantity, 40 s", "by itself", false)
            ]
        );
    }
}
