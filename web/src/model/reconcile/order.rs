//! Which rows are shown, and in which order: what moved on top, then the worst first, as the server says them.

use std::collections::BTreeMap;

use stateloft_core::api::{Agreement, AgreementCounts, PlannedRow, ReconcilePlan};

use super::chosen::which;

/// What a list is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Show(pub Agreement);

impl Show {
    /// Every kind, in the order of the chips.
    pub const ALL: [Agreement; 6] = [
        Agreement::Matched,
        Agreement::QuantityMismatch,
        Agreement::PriceMismatch,
        Agreement::MissingHere,
        Agreement::MissingThere,
        Agreement::Unknown,
    ];

    /// The word of an address.
    #[must_use]
    pub fn word(verdict: Agreement) -> &'static str {
        match verdict {
            Agreement::Matched => "matched",
            Agreement::QuantityMismatch => "quantity",
            Agreement::PriceMismatch => "price",
            Agreement::MissingHere => "missing_here",
            Agreement::MissingThere => "missing_there",
            Agreement::Unknown => "unknown",
        }
    }

    /// What an address says.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| Self::word(*verdict) == word).map(Self)
    }

    /// How many rows there are of a kind.
    #[must_use]
    pub fn count(counts: &AgreementCounts, verdict: Agreement) -> u64 {
        match verdict {
            Agreement::Matched => counts.matched,
            Agreement::QuantityMismatch => counts.quantity_mismatch,
            Agreement::PriceMismatch => counts.price_mismatch,
            Agreement::MissingHere => counts.missing_here,
            Agreement::MissingThere => counts.missing_there,
            Agreement::Unknown => counts.unknown,
        }
    }
}

/// Rows that moved, as they were when they were looked at; a row that is not there any more is among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moved(BTreeMap<String, PlannedRow>);

impl Moved {
    /// Remembers how rows were that moved. `shown` is the plan that was looked at.
    pub fn add<'a>(&mut self, names: impl Iterator<Item = &'a str>, shown: &ReconcilePlan) {
        for name in names {
            let was = shown.rows.iter().find(|row| row.row == name);
            if let Some(was) = was {
                self.0.entry(which(name).to_owned()).or_insert_with(|| was.clone());
            }
        }
    }

    /// How a row was.
    #[must_use]
    pub fn was(&self, row: &str) -> Option<&PlannedRow> {
        self.0.get(which(row))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Somebody has looked at it again.
    pub fn looked_at(&mut self, row: &str) {
        self.0.remove(which(row));
    }

    /// Those that are not in a plan any more.
    #[must_use]
    pub fn gone(&self, plan: &ReconcilePlan) -> Vec<PlannedRow> {
        let is_gone = |name: &str| !plan.rows.iter().any(|row| which(&row.row) == name);
        self.0.iter().filter(|(name, _)| is_gone(name)).map(|(_, row)| row.clone()).collect()
    }
}

/// The places of the rows that are shown.
#[must_use]
pub fn ordered(plan: &ReconcilePlan, show: Option<Show>, moved: &Moved) -> Vec<usize> {
    let shown = |row: &PlannedRow| {
        moved.was(&row.row).is_some() || show.is_none_or(|show| show.0 == row.said.verdict)
    };
    let mut places: Vec<usize> = (0..plan.rows.len()).filter(|at| shown(&plan.rows[*at])).collect();
    // Stable: within each part the server's order stays.
    places.sort_by_key(|at| moved.was(&plan.rows[*at].row).is_none());
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconcile::samples::{missing_here, missing_there, plan, quantity, unknown};

    #[test]
    fn what_moved_stands_on_top_whatever_is_filtered() {
        let rows = vec![quantity(), missing_here(), missing_there(), unknown("no_answer")];
        let shown = plan(rows, "[]", "[]");
        let mut moved = Moved::default();
        assert_eq!(ordered(&shown, None, &moved), [0, 1, 2, 3]);
        let only = Show::parse("missing_here");
        assert_eq!(ordered(&shown, only, &moved), [1]);
        moved.add([unknown("no_answer").row.as_str()].into_iter(), &shown);
        assert_eq!(ordered(&shown, None, &moved), [3, 0, 1, 2]);
        assert_eq!(ordered(&shown, only, &moved), [3, 1]);
        moved.looked_at(&unknown("no_answer").row);
        assert_eq!(ordered(&shown, only, &moved), [1]);
    }

    #[test]
    fn a_row_that_is_gone_is_remembered_as_it_was() {
        let shown = plan(vec![quantity(), missing_here()], "[]", "[]");
        let mut moved = Moved::default();
        moved.add([quantity().row.as_str()].into_iter(), &shown);
        let now = plan(vec![missing_here()], "[]", "[]");
        assert_eq!(moved.gone(&now), [quantity()]);
        assert_eq!(moved.gone(&shown), []);
    }

    #[test]
    fn each_kind_has_a_word_of_its_own() {
        for verdict in Show::ALL {
            assert_eq!(Show::parse(Show::word(verdict)), Some(Show(verdict)));
        }
        assert_eq!(Show::parse("bad"), None);
    }
}
