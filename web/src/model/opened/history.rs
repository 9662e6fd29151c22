//! The history of a state of a file.

use std::sync::Arc;

use stateloft_core::api::VersionView;
use stateloft_core::model::Seq;

use crate::model::address::Query;
use crate::model::age;

/// One row of a state's history.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryRow {
    /// A day (in UTC) begins: that of this version.
    Day(Arc<VersionView>),
    /// A version.
    Version(Arc<VersionView>),
}

/// The rows of a history, newest first.
#[must_use]
pub fn history_rows(versions: &[Arc<VersionView>]) -> Vec<HistoryRow> {
    let mut rows = Vec::with_capacity(versions.len() + 8);
    let mut day = None;
    for version in versions {
        let this = age::day_number(version.effective_at());
        if day != Some(this) {
            rows.push(HistoryRow::Day(Arc::clone(version)));
            day = Some(this);
        }
        rows.push(HistoryRow::Version(Arc::clone(version)));
    }
    rows
}

/// The address of a state in the file, as of the moment that is shown.
#[must_use]
pub fn state_address(version: &VersionView, moment: Option<Seq>) -> String {
    let query = Query::default()
        .with("type", Some(version.state_type.as_str()))
        .with("id", Some(version.state_id.as_str()))
        .with("seq", moment.map(|seq| seq.to_string()).as_deref());
    format!("/view/opened{query}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Sample;

    #[test]
    fn each_day_of_a_history_has_one_head() {
        let at = |time: &str| Sample::at(1, time).of("position", "a/b é").event();
        let versions = [at("2026-11-30T09:00:00Z"), at("2026-11-30T00:00:00Z"), at("2026-11-29T23:59:59Z")];
        let rows = history_rows(&versions);
        let days: Vec<bool> = rows.iter().map(|row| matches!(row, HistoryRow::Day(_))).collect();
        assert_eq!(days, [true, false, false, true, false]);
        assert_eq!(state_address(&versions[0], None), "/view/opened?type=position&id=a/b%20%C3%A9");
        assert_eq!(
            state_address(&versions[0], Some(Seq(3))),
            "/view/opened?type=position&id=a/b%20%C3%A9&seq=3"
        );
    }
}
