//! What is chosen of the rows, and what may be.

use std::collections::BTreeMap;

use stateloft_core::api::{Agreement, ChosenRow, PlannedRow, ReconcileOutdated, ReconcilePlan, RowChoice};

/// Which row a name is of, whatever both sides said of it: the part before the point.
#[must_use]
pub fn which(name: &str) -> &str {
    name.split_once('.').map_or(name, |(which, _)| which)
}

/// What may be chosen of a row, in the order of the keys `1 2 3`: theirs first, and where the broker has nothing the close.
#[must_use]
pub fn offered(row: &PlannedRow) -> Vec<RowChoice> {
    let mut offered = row.choices.clone();
    if row.said.verdict == Agreement::MissingThere {
        offered.sort_by_key(|choice| *choice != RowChoice::Close);
    }
    offered
}

/// The words on a choice; dots where it asks for more.
#[must_use]
pub fn label(choice: RowChoice) -> &'static str {
    match choice {
        RowChoice::AdoptTheirs => "Theirs",
        RowChoice::KeepOurs => "Ours",
        RowChoice::Close => "Close\u{2026}",
        RowChoice::Split => "Split\u{2026}",
    }
}

/// What is chosen, by row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen(BTreeMap<String, ChosenRow>);

impl From<Vec<ChosenRow>> for Chosen {
    fn from(choices: Vec<ChosenRow>) -> Self {
        Self(choices.into_iter().map(|chosen| (which(&chosen.row).to_owned(), chosen)).collect())
    }
}

impl Chosen {
    /// What a plan has chosen: by the request, or by its policy.
    #[must_use]
    pub fn of(plan: &ReconcilePlan) -> Self {
        Self::from(plan.choices.clone())
    }

    /// What is chosen of a row.
    #[must_use]
    pub fn get(&self, row: &str) -> Option<&ChosenRow> {
        self.0.get(which(row))
    }

    /// Whether nothing is chosen of any row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Chooses.
    pub fn set(&mut self, chosen: ChosenRow) {
        self.0.insert(which(&chosen.row).to_owned(), chosen);
    }

    /// Chooses this of a row, or takes the choice back where it is chosen already.
    pub fn turn(&mut self, row: &str, choice: RowChoice) {
        if self.get(row).is_some_and(|chosen| chosen.choice == choice) {
            self.clear(row);
        } else {
            self.set(plain(row, choice));
        }
    }

    /// Takes a choice back.
    pub fn clear(&mut self, row: &str) {
        self.0.remove(which(row));
    }

    /// As a request says it.
    #[must_use]
    pub fn list(&self) -> Vec<ChosenRow> {
        self.0.values().cloned().collect()
    }

    /// Drops what was chosen of rows that moved; everything else stays.
    pub fn without_moved(&mut self, outdated: &ReconcileOutdated) {
        for moved in &outdated.moved {
            self.clear(&moved.row);
        }
    }
}

/// A choice that says nothing more.
#[must_use]
pub(super) fn plain(row: &str, choice: RowChoice) -> ChosenRow {
    ChosenRow {
        row: row.to_owned(),
        choice,
        price: None,
        time: None,
        reason: None,
        pnl: None,
        id: None,
        state_id: None,
        shares: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::RowMoved;

    use super::*;
    use crate::model::reconcile::samples::{missing_there, quantity, unknown};

    #[test]
    fn keys_name_the_choices_in_one_order_and_an_unknown_row_has_none() {
        assert_eq!(offered(&quantity()), [RowChoice::AdoptTheirs, RowChoice::KeepOurs, RowChoice::Close]);
        assert_eq!(offered(&missing_there()), [RowChoice::Close, RowChoice::KeepOurs]);
        assert_eq!(offered(&unknown("no_answer")), []);
    }

    #[test]
    fn a_second_press_takes_a_choice_back_and_another_one_replaces_it() {
        let (mut chosen, row) = (Chosen::default(), quantity().row);
        chosen.turn(&row, RowChoice::AdoptTheirs);
        chosen.turn(&row, RowChoice::KeepOurs);
        assert_eq!(chosen.get(&row).map(|chosen| chosen.choice), Some(RowChoice::KeepOurs));
        chosen.turn(&row, RowChoice::KeepOurs);
        assert!(chosen.is_empty());
    }

    #[test]
    fn only_rows_that_moved_lose_their_choice() {
        let mut chosen = Chosen::default();
        let (one, two) = (quantity().row, missing_there().row);
        chosen.turn(&one, RowChoice::AdoptTheirs);
        chosen.turn(&two, RowChoice::KeepOurs);
        let moved = vec![RowMoved { row: one.clone(), now: None }];
        chosen.without_moved(&ReconcileOutdated { plan: "p".into(), choices: Vec::new(), moved });
        assert_eq!((chosen.get(&one), chosen.list().len()), (None, 1));
    }
}
