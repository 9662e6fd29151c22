//! Sharing one position of the broker's over lots of ours: what is typed, and whether it adds up exactly.

use stateloft_core::api::{ChosenRow, PlannedRow, ReconcileRow, RowChoice, Share};
use stateloft_core::json::Decimal;
use stateloft_core::json::number::{delta, same_value, sum};
use stateloft_core::model::{StateId, StateType};

use super::chosen::plain;
use crate::model::number::signed;

/// A part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Of a lot that there is: its place, in words. Of a new one what it is called.
    pub name: String,
    /// How much, as typed.
    pub quantity: String,
    /// Where a lot stands that there is: type, id and pointer.
    place: Option<(StateType, StateId, String)>,
}

/// A split as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Splitting {
    /// What the broker has, without a sign.
    pub whole: String,
    /// Lots that are new may be more or fewer.
    pub new: bool,
    /// The parts.
    pub parts: Vec<Part>,
}

impl Splitting {
    /// Begins with the lots of ours, or with two new ones; `chosen` says what was typed before.
    #[must_use]
    pub fn of(row: &PlannedRow, chosen: Option<&ChosenRow>) -> Self {
        let whole = whole(&row.said);
        let before = chosen.filter(|chosen| chosen.choice == RowChoice::Split).map(|chosen| &chosen.shares);
        if row.said.ours.is_empty() {
            let parts = before.map(|shares| {
                let part = |share: &Share| Part {
                    name: share.id.clone().unwrap_or_default(),
                    quantity: share.quantity.clone(),
                    place: None,
                };
                shares.iter().map(part).collect()
            });
            let id = row.said.ids.first();
            let named = |nth: u32| Part {
                name: id.map_or_else(|| nth.to_string(), |id| format!("{id}-{nth}")),
                ..Part::default()
            };
            return Self { whole, new: true, parts: parts.unwrap_or_else(|| vec![named(1), named(2)]) };
        }
        let parts = row.said.ours.iter().filter_map(|held| {
            let state_type = StateType::new(held.state_type.as_deref()?).ok()?;
            let state_id = StateId::new(held.state_id.as_deref()?).ok()?;
            let share = before.and_then(|shares| {
                shares.iter().find(|share| {
                    share.pointer.as_deref() == Some(held.pointer.as_str())
                        && share.state_id.as_ref() == Some(&state_id)
                })
            });
            let kept = || held.quantity.as_deref().unwrap_or_default().trim_start_matches('-').to_owned();
            Some(Part {
                name: format!("{state_id}{}", held.pointer),
                quantity: share.map_or_else(kept, |share| share.quantity.clone()),
                place: Some((state_type, state_id, held.pointer.clone())),
            })
        });
        Self { whole, new: false, parts: parts.collect() }
    }

    /// One more new lot.
    pub fn more(&mut self) {
        self.parts.push(Part::default());
    }

    /// What all parts are together, and how far that is from the whole: `0.3 of 0.5, −0.2`; what is wrong with a part where one is.
    ///
    /// # Errors
    /// Which part is no decimal.
    pub fn together(&self) -> Result<String, String> {
        let mut all = "0".to_owned();
        for part in &self.parts {
            let text = part.quantity.trim();
            let added = Decimal::parse(text)
                .filter(|part| !part.is_negative())
                .and_then(|part| sum(Decimal::parse(&all)?, part));
            all =
                added.ok_or_else(|| format!("{}: {text:?} is no decimal that is at least 0.", part.name))?;
        }
        let apart =
            Decimal::parse(&self.whole).zip(Decimal::parse(&all)).and_then(|(whole, all)| delta(whole, all));
        if same_value(&all, &self.whole) {
            return Ok(format!("{all} of {}", self.whole));
        }
        Ok(format!(
            "{all} of {}, {}",
            self.whole,
            apart.map_or_else(|| "another".to_owned(), |apart| signed(&apart))
        ))
    }

    /// The choice.
    ///
    /// # Errors
    /// What does not add up.
    pub fn choice(&self, row: &str) -> Result<ChosenRow, String> {
        let together = self.together()?;
        if self.parts.len() < 2 {
            return Err("A split has two lots or more.".to_owned());
        }
        if together.contains(',') {
            return Err(format!("The parts are {together}: they must add up exactly."));
        }
        let shares = self.parts.iter().map(|part| {
            let quantity = part.quantity.trim().to_owned();
            match &part.place {
                Some((state_type, state_id, pointer)) => Share {
                    quantity,
                    state_type: Some(state_type.clone()),
                    state_id: Some(state_id.clone()),
                    pointer: Some(pointer.clone()),
                    id: None,
                },
                None => Share {
                    quantity,
                    state_type: None,
                    state_id: None,
                    pointer: None,
                    id: Some(part.name.trim().to_owned()),
                },
            }
        });
        let shares: Vec<Share> = shares.collect();
        if self.new {
            let ids: Vec<_> = shares.iter().filter_map(|share| share.id.as_deref()).collect();
            let repeated = ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id));
            if repeated || ids.iter().any(|id| id.is_empty()) {
                return Err("Each new lot has a name of its own.".to_owned());
            }
        }
        Ok(ChosenRow { shares, ..plain(row, RowChoice::Split) })
    }
}

/// What the broker has of a row.
fn whole(row: &ReconcileRow) -> String {
    let quantity = row.quantity.as_ref().map(|both| both.theirs.clone());
    let quantity = quantity.or_else(|| row.theirs.first().and_then(|held| held.quantity.clone()));
    quantity.unwrap_or_default().trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconcile::samples::{missing_here, row};

    #[test]
    fn a_new_split_adds_up_exactly_or_is_no_choice() {
        let row = missing_here();
        let mut splitting = Splitting::of(&row, None);
        assert_eq!((splitting.whole.as_str(), splitting.new, splitting.parts.len()), ("0.50", true, 2));
        splitting.parts[0].quantity = "0.1".into();
        assert!(splitting.choice(&row.row).is_err(), "a part is empty");
        splitting.parts[1].quantity = "0.30".into();
        assert_eq!(splitting.together().unwrap(), "0.40 of 0.50, \u{2212}0.10");
        assert!(splitting.choice(&row.row).unwrap_err().contains("add up"));
        splitting.more();
        splitting.parts[2] = Part { name: "third".into(), quantity: "0.10".into(), place: None };
        let chosen = splitting.choice(&row.row).unwrap();
        let ids: Vec<_> = chosen.shares.iter().filter_map(|share| share.id.as_deref()).collect();
        assert_eq!(ids, ["38092655-1", "38092655-2", "third"]);
        assert_eq!(Splitting::of(&row, Some(&chosen)), splitting);
        splitting.parts[2].name = "38092655-1".into();
        assert!(splitting.choice(&row.row).unwrap_err().contains("name of its own"));
    }

    #[test]
    fn lots_that_there_are_keep_their_places() {
        let row = row(r#"{"row":"a.b","verdict":"quantity_mismatch","symbol":"BTC","ids":[],
            "ours":[{"state_type":"position","state_id":"s","version":1,"pointer":"/lots/0","quantity":"-0.1"},
                    {"state_type":"position","state_id":"s","version":1,"pointer":"/lots/1","quantity":"-0.2"}],
            "theirs":[{"pointer":"/0","quantity":"-0.5"}],"quantity":{"ours":"-0.3","theirs":"-0.5","delta":"-0.2"},"choices":["split"]}"#);
        let mut splitting = Splitting::of(&row, None);
        assert_eq!(splitting.together().unwrap(), "0.3 of 0.5, \u{2212}0.2");
        splitting.parts[1].quantity = "0.4".into();
        let chosen = splitting.choice("a.b").unwrap();
        let share = &chosen.shares[1];
        assert_eq!(
            (share.pointer.as_deref(), share.quantity.as_str(), share.id.as_deref()),
            (Some("/lots/1"), "0.4", None)
        );
    }
}
