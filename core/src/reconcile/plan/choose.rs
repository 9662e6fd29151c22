//! What may be chosen of a row, and what a choice writes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::create::{Created, NewLot};
use super::lot::Here;
use crate::api::{
    Agreement, Because, ChosenRow, CloseReason, ReconcileOptions, ReconcilePolicy, RowChoice, Share,
};
use crate::diff::Change;
use crate::json::Decimal;
use crate::json::number::{same_value, sum};
use crate::model::{StateId, StateKey, StateType};
use crate::reconcile::OurState;
use crate::reconcile::compare::{Row, total};

/// A choice that cannot be taken: which member of it is wrong, and what to do.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) member: &'static str,
    pub(super) code: &'static str,
    pub(super) text: String,
}

impl Refused {
    pub(super) fn needs(member: &'static str, text: impl Into<String>) -> Self {
        Self { member, code: "required", text: text.into() }
    }

    pub(super) fn wrong(member: &'static str, code: &'static str, text: impl Into<String>) -> Self {
        Self { member, code, text: text.into() }
    }
}

/// A row, and what it is chosen among.
#[derive(Clone, Copy)]
pub(super) struct Choosing<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) name: &'a str,
    pub(super) ours: &'a [OurState<'a>],
    pub(super) options: &'a ReconcileOptions,
}

/// What a choice changes of states that there are, by their places.
pub(super) type Changes = Vec<(usize, Vec<Change>)>;

impl<'a> Choosing<'a> {
    /// What may be chosen. Of what is unknown nothing may: no answer closes nothing, and adopts nothing.
    pub(super) fn offered(self) -> Vec<RowChoice> {
        let verdict = self.row.verdict;
        if matches!(verdict, Agreement::Unknown | Agreement::Matched) {
            return Vec::new();
        }
        let mut offered = Vec::new();
        let adopts = match verdict {
            Agreement::MissingThere => false,
            Agreement::MissingHere if !self.was_closed() => self.new_size().is_some(),
            _ => self.adopted().is_some(),
        };
        if adopts {
            offered.push(RowChoice::AdoptTheirs);
        }
        offered.push(RowChoice::KeepOurs);
        let closes = || self.close(CloseReason::Unknown, &nothing(self.name)).is_some();
        if verdict != Agreement::MissingHere && closes() {
            offered.push(RowChoice::Close);
        }
        if self.is_splittable() {
            offered.push(RowChoice::Split);
        }
        offered
    }

    /// What a policy chooses of what nobody has chosen of.
    pub(super) fn by_policy(self, policy: ReconcilePolicy, offered: &[RowChoice]) -> Option<ChosenRow> {
        if policy != ReconcilePolicy::Adopt {
            return None;
        }
        let of = |choice, reason| ChosenRow { choice, reason, ..nothing(self.name) };
        match self.row.verdict {
            Agreement::MissingThere if offered.contains(&RowChoice::Close) => {
                Some(of(RowChoice::Close, Some(CloseReason::RecoveredClosed)))
            }
            _ if offered.contains(&RowChoice::AdoptTheirs) => Some(of(RowChoice::AdoptTheirs, None)),
            _ => None,
        }
    }

    /// What a choice writes.
    pub(super) fn write(
        self,
        chosen: &'a ChosenRow,
        offered: &[RowChoice],
        created: &mut Created<'_>,
    ) -> Result<Changes, Refused> {
        if !offered.contains(&chosen.choice) {
            return Err(self.not_offered(chosen.choice));
        }
        check(chosen, self.is_new())?;
        let none = || self.not_offered(chosen.choice);
        match chosen.choice {
            RowChoice::KeepOurs => Ok(Vec::new()),
            RowChoice::Close => {
                let reason = chosen.reason.ok_or_else(|| Refused::needs("reason", "a close says why"))?;
                self.close(reason, chosen).ok_or_else(none)
            }
            RowChoice::AdoptTheirs if self.is_new() => {
                let size = self.new_size().ok_or_else(none)?;
                let held = self.row.theirs().next().ok_or_else(none)?;
                let id = chosen.id.clone().or_else(|| held.ids.first().map(str::to_owned));
                let lot = NewLot { held, size, id, chosen, row: self.name };
                Ok(created.add(&lot)?.map(|(state, change)| (state, vec![change])).into_iter().collect())
            }
            RowChoice::AdoptTheirs => self.adopted().ok_or_else(none),
            RowChoice::Split if self.is_new() => self.split_new(chosen, created),
            RowChoice::Split => self.split(chosen),
        }
    }

    fn not_offered(self, choice: RowChoice) -> Refused {
        let (code, text) = match (self.row.verdict, self.row.because) {
            (Agreement::Unknown, because) => (
                "unknown",
                format!(
                    "nothing may be chosen of a row that is unknown ({}): ask the broker again",
                    serde_json::to_string(&because).unwrap_or_default().trim_matches('"')
                ),
            ),
            (Agreement::Matched, _) => ("matched", "both sides agree: there is nothing to choose".to_owned()),
            _ => (
                "not_offered",
                format!(
                    "this row does not offer {}: its choices say what it does",
                    serde_json::to_string(&choice).unwrap_or_default()
                ),
            ),
        };
        Refused::wrong("choice", code, text)
    }

    /// The broker has it, and it never was here.
    fn is_new(self) -> bool {
        self.row.verdict == Agreement::MissingHere && !self.was_closed()
    }

    fn was_closed(self) -> bool {
        self.row.because == Some(Because::ClosedHere)
    }

    /// How much the broker has, with a sign; without one where only sizes are known.
    fn there(self) -> Option<String> {
        match &self.row.quantity {
            Some((_, theirs)) => Some(theirs.clone().into_owned()),
            None => total(self.row.theirs(), false).map(Cow::into_owned),
        }
    }

    /// The size of what becomes a lot: there must be one position of the broker's that says how much it is.
    fn new_size(self) -> Option<String> {
        self.row.their_one()?.signed().map(|size| size.trim_start_matches('-').to_owned())
    }

    fn here(self) -> impl Iterator<Item = Option<Here<'a>>> {
        self.row.ours().map(move |lot| {
            let data = self.ours.get(lot.state)?.data?;
            Some(Here { lot, data })
        })
    }

    fn adopted(self) -> Option<Changes> {
        let lot = self.row.our_one()?;
        let here = self.here().next()??;
        Some(vec![(lot.state, here.adopt(&self.there()?, self.row.their_one(), self.options)?)])
    }

    fn close(self, reason: CloseReason, chosen: &ChosenRow) -> Option<Changes> {
        self.here()
            .map(|here| here.and_then(|here| Some((here.lot.state, here.close(reason, chosen)?))))
            .collect()
    }

    fn is_splittable(self) -> bool {
        match self.row.verdict {
            Agreement::MissingHere => self.is_new() && self.new_size().is_some(),
            Agreement::QuantityMismatch => {
                let one_side = |size: &str| {
                    self.row.ours().all(|lot| {
                        let signed = lot.holding.signed().unwrap_or_default();
                        signed.starts_with('-') == size.starts_with('-')
                    })
                };
                self.row.ours().len() > 1
                    && self.here().all(|here| here.is_some())
                    && self.there().is_some_and(|there| one_side(&there))
            }
            _ => false,
        }
    }

    /// Shared over the lots of the row, each of which gets its part.
    fn split(self, chosen: &ChosenRow) -> Result<Changes, Refused> {
        let there = self.there().unwrap_or_default();
        adds_up(&chosen.shares, &there)?;
        let mut named: HashMap<Place<'_>, Vec<&Share>> = HashMap::new();
        for share in &chosen.shares {
            named.entry(place_of(share)).or_default().push(share);
        }
        let mut changes = Vec::new();
        for here in self.here().flatten() {
            let lot = here.lot;
            let StateKey { state_type, state_id } = lot.key;
            let place = (Some(state_type.as_str()), Some(state_id.as_str()), Some(&*lot.holding.pointer));
            let Some([share]) = named.get(&place).map(Vec::as_slice) else {
                return Err(Refused::wrong(
                    "shares",
                    "each_once",
                    format!(
                        "name each lot of the row once by state_type, state_id and pointer: {state_type}/{state_id} {:?} is not",
                        lot.holding.pointer
                    ),
                ));
            };
            let minus = if there.starts_with('-') { "-" } else { "" };
            let change = here.share(&format!("{minus}{}", share.quantity));
            changes.push((lot.state, change.ok_or_else(|| self.not_offered(RowChoice::Split))?));
        }
        if changes.len() != chosen.shares.len() {
            return Err(Refused::wrong("shares", "each_once", "a share names no lot of the row"));
        }
        Ok(changes)
    }

    /// Written as several lots that are new.
    fn split_new(self, chosen: &'a ChosenRow, created: &mut Created<'_>) -> Result<Changes, Refused> {
        adds_up(&chosen.shares, &self.there().unwrap_or_default())?;
        let held = self.row.theirs().next().ok_or_else(|| self.not_offered(RowChoice::Split))?;
        let mut ids: HashSet<&str> = HashSet::new();
        let mut changes = Vec::new();
        for share in &chosen.shares {
            let id = share.id.as_deref().filter(|id| !id.is_empty() && ids.insert(id));
            let id = id.ok_or_else(|| {
                Refused::wrong("shares", "id", "each share has an id of its own: what the lot is called here")
            })?;
            let lot = NewLot {
                held,
                size: share.quantity.clone(),
                id: Some(id.to_owned()),
                chosen,
                row: self.name,
            };
            changes.extend(created.add(&lot)?.map(|(state, change)| (state, vec![change])));
        }
        Ok(changes)
    }
}

/// Which lot a share is of: type, id and pointer.
type Place<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn place_of(share: &Share) -> Place<'_> {
    let state_type = share.state_type.as_ref().map(StateType::as_str);
    (state_type, share.state_id.as_ref().map(StateId::as_str), share.pointer.as_deref())
}

/// The numbers of a choice are numbers.
fn check(chosen: &ChosenRow, new: bool) -> Result<(), Refused> {
    for (member, number) in [("price", &chosen.price), ("pnl", &chosen.pnl)] {
        if number.as_deref().is_some_and(|number| Decimal::parse(number).is_none()) {
            return Err(Refused::wrong(member, "decimal", format!("{member} is no decimal, such as 1.0832")));
        }
    }
    let own_ids = chosen.shares.iter().map(|share| ("shares", share.id.as_deref()));
    for (member, id) in own_ids.chain([("id", chosen.id.as_deref())]) {
        if id.is_some_and(|id| id.trim().is_empty()) {
            let text = "a lot has an id that is not empty: say what it is called here, or leave it out";
            return Err(Refused::wrong(member, "id", text));
        }
    }
    let (closes, shares) = (chosen.choice == RowChoice::Close, chosen.choice == RowChoice::Split);
    let creates = new && matches!(chosen.choice, RowChoice::AdoptTheirs | RowChoice::Split);
    let of_new = |share: &Share| share.id.is_some();
    let of_old =
        |share: &Share| share.pointer.is_some() || share.state_id.is_some() || share.state_type.is_some();
    let misplaced = [
        ("price", chosen.price.is_some() && !closes),
        ("reason", chosen.reason.is_some() && !closes),
        ("pnl", chosen.pnl.is_some() && !closes),
        ("time", chosen.time.is_some() && !closes && !creates),
        ("id", chosen.id.is_some() && (shares || !creates)),
        ("state_id", chosen.state_id.is_some() && !creates),
        ("shares", !chosen.shares.is_empty() && !shares),
        ("shares", chosen.shares.iter().any(|share| if new { of_old(share) } else { of_new(share) })),
    ]
    .into_iter()
    .find(|(_, given)| *given);
    match misplaced {
        Some((member, _)) => Err(Refused::wrong(
            member,
            "unexpected",
            format!("{member} says nothing of this choice: leave it out"),
        )),
        None => Ok(()),
    }
}

/// All of the shares together are what the broker has.
fn adds_up(shares: &[Share], there: &str) -> Result<(), Refused> {
    if shares.len() < 2 {
        return Err(Refused::needs("shares", "a split has two shares or more"));
    }
    let mut all = "0".to_owned();
    for share in shares {
        let part = Decimal::parse(&share.quantity).filter(|part| !part.is_negative());
        let added = part.and_then(|part| sum(Decimal::parse(&all)?, part));
        all = added.ok_or_else(|| {
            Refused::wrong(
                "shares",
                "decimal",
                format!("{:?} is no decimal that is at least 0", share.quantity),
            )
        })?;
    }
    let there = there.trim_start_matches('-');
    if same_value(&all, there) {
        return Ok(());
    }
    Err(Refused::wrong("shares", "sum", format!("the shares are {all} together, and the broker has {there}")))
}

fn nothing(row: &str) -> ChosenRow {
    ChosenRow {
        row: row.to_owned(),
        choice: RowChoice::KeepOurs,
        price: None,
        time: None,
        reason: None,
        pnl: None,
        id: None,
        state_id: None,
        shares: Vec::new(),
    }
}
