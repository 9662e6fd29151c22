//! Which of the runs are shown, and how many there are of each kind.

use stateloft_core::api::{RunRow, RunStatus};

use super::instance;
use crate::model::address::Query;

/// The kinds that can be asked for, with the words of their chips.
pub const KINDS: [&str; 5] = ["live", "crashed", "completed", "stopped", "replaced"];

/// What an address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of [`KINDS`].
    pub kind: Option<String>,
    /// Only this program.
    pub program: Option<String>,
    /// A word that stands in the run's id, its code, its settings' hash or its machine; in lower case.
    pub word: String,
}

impl Filter {
    /// Reads it.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        Self {
            kind: query.get("show").filter(|kind| KINDS.contains(kind)).map(str::to_owned),
            program: query.get("program").map(str::to_owned),
            word: query.get("q").unwrap_or_default().trim().to_lowercase(),
        }
    }

    /// Whether a run has the program and the word that are asked for, of whatever kind it is.
    #[must_use]
    pub fn names(&self, row: &RunRow) -> bool {
        let run = &row.run;
        let has = |text: &str| text.to_lowercase().contains(&self.word);
        let hash = run.config_hash.map(|hash| hash.to_string());
        self.program.as_ref().is_none_or(|program| run.program.as_str() == program)
            && (self.word.is_empty()
                || has(&run.run_id)
                || has(&instance(run))
                || [run.code.as_deref(), run.host.as_deref(), hash.as_deref()].into_iter().flatten().any(has))
    }

    /// Whether a run is shown.
    #[must_use]
    pub fn has(&self, row: &RunRow) -> bool {
        self.names(row) && self.kind.as_deref().is_none_or(|kind| kind_of(row) == kind)
    }

    /// Whether it limits anything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

/// The kind of a run; one that is not ended but was written by hand is none that can be asked for.
#[must_use]
pub fn kind_of(row: &RunRow) -> &'static str {
    match row.run.status {
        RunStatus::Active if row.live => "live",
        RunStatus::Active => "",
        other => other.as_str(),
    }
}

/// How many there are of each of [`KINDS`].
#[must_use]
pub fn counts<'a>(rows: &(impl Iterator<Item = &'a RunRow> + Clone)) -> [u64; KINDS.len()] {
    KINDS.map(|kind| rows.clone().filter(|row| kind_of(row) == kind).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ended, row, with_config};
    use super::*;

    #[test]
    fn runs_are_found_by_kind_program_and_word() {
        let mut rows = [
            row("grid.main.2", "09:20:00", None),
            ended(row("grid.main.1", "09:00:00", Some("09:10:00")), RunStatus::Crashed),
            with_config(row("pairs.eu.1", "09:00:00", Some("09:10:00")), r#"{"a":1}"#),
        ];
        rows[0].run.host = Some("Box-7".into());
        let found = |query: &str| {
            let filter = Filter::of(&Query::parse(query));
            rows.iter().filter(|row| filter.has(row)).map(|row| row.run.run_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(found("").len(), 3);
        assert_eq!(found("show=crashed"), ["grid.main.1"]);
        assert_eq!(found("show=live&program=grid"), ["grid.main.2"]);
        assert_eq!(found("program=gri"), Vec::<String>::new());
        assert_eq!(found("q=EU"), ["pairs.eu.1"]);
        assert_eq!(found("q=box-7"), ["grid.main.2"]);
        assert_eq!(found("q=8e41c0d"), ["grid.main.2", "grid.main.1", "pairs.eu.1"]);
        let hash = rows[2].run.config_hash.unwrap().to_string();
        assert_eq!(found(&format!("q={}", &hash[..6])), ["pairs.eu.1"]);
        assert_eq!(counts(&rows.iter()), [1, 1, 1, 0, 0]);
        assert!(Filter::of(&Query::parse("show=dead")) == Filter::default());
    }

    #[test]
    fn a_run_whose_session_was_written_by_hand_is_not_live() {
        let mut taken = row("grid.main.1", "09:00:00", None);
        taken.live = false;
        assert_eq!(counts(&[taken].iter()), [0; 5]);
    }
}
