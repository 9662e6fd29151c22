//! The keys of the list.

use leptos::prelude::*;

use super::importing::Importing;
use super::lines::Line;
use super::rows::turn_boxes;
use crate::model::import::Row;
use crate::shell::keys;

impl Importing {
    /// Listens to `j k`, to `x`, which ticks, and to `Enter`, which unfolds, or opens a difference.
    pub(super) fn walk(self, rows: Memo<Vec<Line>>) {
        let here = move || {
            let cursor = self.cursor.get_untracked()?;
            rows.with_untracked(|rows| rows.iter().find(|line| line.name() == cursor).cloned())
        };
        keys().on_key(move |key| match key {
            "j" | "k" => {
                self.step(rows, key == "j");
                true
            }
            "x" => here().is_some_and(|line| {
                turn_boxes(self, &line);
                true
            }),
            "Enter" => here().is_some_and(|line| {
                self.enter(&line);
                true
            }),
            _ => false,
        });
    }

    fn step(self, rows: Memo<Vec<Line>>, on: bool) {
        let cursor = self.cursor.get_untracked();
        let next = rows.with_untracked(|rows| {
            let stops: Vec<String> = rows.iter().filter(|line| line.is_stop()).map(Line::name).collect();
            let at = stops.iter().position(|name| Some(name) == cursor.as_ref());
            let next = match at {
                None => 0,
                Some(at) if on => (at + 1).min(stops.len().saturating_sub(1)),
                Some(at) => at.saturating_sub(1),
            };
            stops.get(next).cloned()
        });
        if next.is_some() {
            self.cursor.set(next);
        }
    }

    /// Opens or closes what is below a line.
    pub(super) fn enter(self, line: &Line) {
        let Line::Row { shown, row } = line else { return };
        match row {
            Row::File { at, .. } => self.turn(&shown.found.files[*at].name),
            Row::Fold(fold) => self.turn(&fold.id),
            Row::Item { at } => self.unfold(shown, *at),
            Row::Note { .. }
            | Row::Held { .. }
            | Row::Same { .. }
            | Row::Beside { .. }
            | Row::Damage { .. } => {}
        }
    }
}
