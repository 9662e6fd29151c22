//! What the server says that the choices would write, in words; what the button says; and what is still missing.

use std::collections::HashMap;

use stateloft_core::api::{
    Agreement, Because, ChosenRow, PlannedRow, PlannedWrite, ReconcilePlan, RowChoice,
};

use super::cells::{identity, sides};
use super::close::reason_words;
use crate::model::change::{Glyph, path_words};
use crate::model::number;

/// One value that changes.
type Step = (String, Option<String>, Option<String>);

/// What one choice writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its sign.
    pub glyph: Glyph,
    /// `38091207 EURUSD long`
    pub lead: String,
    /// What changes: the name, the old and the new text, as the server's plan has them.
    pub steps: Vec<Step>,
    /// What becomes of it, in words.
    pub tail: String,
}

/// The lines of a plan, one a choice, in its order.
#[must_use]
pub fn lines(plan: &ReconcilePlan) -> Vec<Line> {
    let rows: HashMap<&str, &PlannedRow> = plan.rows.iter().map(|row| (row.row.as_str(), row)).collect();
    let line = |chosen: &ChosenRow| Some(line(chosen, rows.get(chosen.row.as_str())?, &plan.writes));
    plan.choices.iter().filter_map(line).collect()
}

fn line(chosen: &ChosenRow, row: &PlannedRow, writes: &[PlannedWrite]) -> Line {
    let named = [identity(&row.said), row.said.symbol.clone().unwrap_or_default(), sides(&row.said)];
    let lead = named.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let with = |glyph, steps, tail: String| Line { glyph, lead: lead.clone(), steps, tail };
    let is_new = row.said.ours.is_empty();
    match chosen.choice {
        RowChoice::KeepOurs => with(Glyph::Equal, Vec::new(), "stays as it is here, looked at".to_owned()),
        RowChoice::Close => {
            let reason = chosen.reason.map_or("", |reason| reason_words(reason).0);
            let price = match &chosen.price {
                Some(price) => format!("closed at {price}"),
                None => "closed, no price is written".to_owned(),
            };
            let pnl = chosen.pnl.as_ref().map(|pnl| format!(", P&L {pnl}")).unwrap_or_default();
            with(Glyph::Removed, Vec::new(), format!("{price}, {reason}{pnl}"))
        }
        RowChoice::AdoptTheirs | RowChoice::Split if is_new => {
            let into = writes.iter().find(|write| write.rows.contains(&row.row));
            let into = into.map_or_else(String::new, |write| format!(", into {}", write.key.state_id));
            let held = row.said.theirs.first();
            let size =
                held.and_then(|held| held.quantity.as_deref()).unwrap_or_default().trim_start_matches('-');
            let price = held.and_then(|held| held.price.as_deref());
            let price = price.map_or_else(String::new, |price| format!(" at {price}"));
            let how = match chosen.choice {
                RowChoice::Split => format!(
                    "as {}: {}",
                    number::counted(chosen.shares.len() as u64, "lot", "lots"),
                    shares(chosen)
                ),
                _ => "adopted".to_owned(),
            };
            with(Glyph::Added, Vec::new(), format!("{size}{price}, {how}{into}"))
        }
        RowChoice::AdoptTheirs => with(Glyph::Changed, steps(row, writes), "theirs".to_owned()),
        RowChoice::Split => with(Glyph::Changed, steps(row, writes), "theirs, shared".to_owned()),
    }
}

fn shares(chosen: &ChosenRow) -> String {
    let share = |share: &stateloft_core::api::Share| {
        format!("{} {}", share.id.as_deref().unwrap_or_default(), share.quantity)
    };
    chosen.shares.iter().map(share).collect::<Vec<_>>().join(", ")
}

/// The changes of a plan that are within the lots of a row.
fn steps(row: &PlannedRow, writes: &[PlannedWrite]) -> Vec<Step> {
    let mut steps = Vec::new();
    for held in &row.said.ours {
        let is_its = |write: &&PlannedWrite| {
            Some(write.key.state_type.as_str()) == held.state_type.as_deref()
                && Some(write.key.state_id.as_str()) == held.state_id.as_deref()
        };
        let changes = writes.iter().find(is_its).map(|write| write.changes.as_slice()).unwrap_or_default();
        for change in changes {
            // A leg of a pair is named by its quantity: that very path.
            let rest = change.path.strip_prefix(held.pointer.as_str());
            let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) else { continue };
            let name = if rest.is_empty() { path_words(&change.path) } else { path_words(rest) };
            let text = |text: Option<&str>| text.map(bare);
            steps.push((name.to_owned(), text(change.old.as_deref()), text(change.new.as_deref())));
        }
    }
    steps
}

/// A JSON text without its quotation marks.
fn bare(text: &str) -> String {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

/// How many rows become what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    adjusted: u64,
    adopted: u64,
    reopened: u64,
    closed: u64,
    split: u64,
    kept: u64,
    unknown: u64,
}

impl Tally {
    /// Counts the choices of a plan, by the rows that they are of.
    #[must_use]
    pub fn of(plan: &ReconcilePlan) -> Self {
        let rows: HashMap<&str, &PlannedRow> = plan.rows.iter().map(|row| (row.row.as_str(), row)).collect();
        let mut tally = Self { unknown: plan.counts.unknown, ..Self::default() };
        for chosen in &plan.choices {
            let said = rows.get(chosen.row.as_str()).map(|row| (row.said.verdict, row.said.because));
            let count = match (chosen.choice, said) {
                (RowChoice::KeepOurs, _) => &mut tally.kept,
                (RowChoice::Close, _) => &mut tally.closed,
                (RowChoice::Split, _) => &mut tally.split,
                (RowChoice::AdoptTheirs, Some((_, Some(Because::ClosedHere)))) => &mut tally.reopened,
                (RowChoice::AdoptTheirs, Some((Agreement::MissingHere, _))) => &mut tally.adopted,
                (RowChoice::AdoptTheirs, _) => &mut tally.adjusted,
            };
            *count += 1;
        }
        tally
    }

    /// Rows that are written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.adjusted + self.adopted + self.reopened + self.closed + self.split
    }

    fn parts(&self) -> String {
        let parts = [
            (self.adjusted, "adjusted"),
            (self.adopted, "adopted"),
            (self.reopened, "opened again"),
            (self.closed, "closed"),
            (self.split, "split"),
            (self.kept, "kept as ours"),
        ];
        let said = parts.into_iter().filter(|(count, _)| *count > 0);
        said.map(|(count, word)| format!("{} {word}", number::count(count))).collect::<Vec<_>>().join(", ")
    }

    /// What the button says.
    #[must_use]
    pub fn button(&self) -> String {
        let left = match self.unknown {
            0 => String::new(),
            unknown => format!("; {} unknown left", number::count(unknown)),
        };
        match (self.written(), self.kept) {
            (0, 0) => format!("Nothing chosen{left}"),
            (0, _) => format!("Record {}{left}", self.parts()),
            (written, _) => {
                format!("Write {}: {}{left}", number::counted(written, "lot", "lots"), self.parts())
            }
        }
    }
}

/// What is still missing before the button may act; the first one is said.
#[must_use]
pub fn missing(plan: &ReconcilePlan, confirmed: bool, refused: Option<&str>, reason: &str) -> Option<String> {
    if plan.failure.is_some() || plan.list_hash.is_none() {
        return Some("There is no list of the broker's: nothing can be written.".to_owned());
    }
    if let Some(refused) = refused {
        return Some(refused.to_owned());
    }
    if !confirmed {
        return Some("The server works out what would be written.".to_owned());
    }
    if plan.choices.is_empty() {
        return Some("Choose what is done about a row.".to_owned());
    }
    reason.trim().is_empty().then(|| "Say why: the reason is kept with the commit.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconcile::samples::{missing_here, missing_there, plan, quantity, unknown};

    fn chosen() -> ReconcilePlan {
        let (one, two, three) = (quantity().row, missing_here().row, missing_there().row);
        let choices = format!(
            r#"[{{"row":"{one}","choice":"adopt_theirs"}},{{"row":"{two}","choice":"adopt_theirs"}},
            {{"row":"{three}","choice":"close","price":"0.5931","reason":"recovered_closed"}}]"#
        );
        let writes = format!(
            r#"[{{"state_type":"position","state_id":"pairs/EURUSD","version":58,"rows":["{one}"],"changes":[
              {{"kind":"changed","path":"/lots/0/quantity","display":"/lots/[38091207]/quantity","old":"0.40","new":"0.30"}},
              {{"kind":"changed","path":"/lots/01/quantity","display":"/lots/01/quantity","old":"1","new":"2"}}]}},
            {{"state_type":"position","state_id":"pairs/GBPUSD","rows":["{two}"],"data":{{"symbol":"GBPUSD"}}}}]"#
        );
        plan(vec![quantity(), missing_here(), missing_there(), unknown("no_answer")], &choices, &writes)
    }

    #[test]
    fn a_plan_is_said_with_the_servers_own_changes_and_no_other_lots() {
        let lines = lines(&chosen());
        let step = ("quantity".to_owned(), Some("0.40".to_owned()), Some("0.30".to_owned()));
        assert_eq!((lines[0].lead.as_str(), &lines[0].steps), ("38091207 EURUSD long", &vec![step]));
        assert_eq!(lines[1].tail, "0.50 at 1.2684, adopted, into pairs/GBPUSD");
        assert_eq!(lines[2].tail, "closed at 0.5931, recovered_closed");
        assert_eq!(lines[2].glyph, Glyph::Removed);
    }

    #[test]
    fn the_button_counts_lots_and_says_how_many_unknown_stay() {
        let mut plan = chosen();
        assert_eq!(
            Tally::of(&plan).button(),
            "Write 3 lots: 1 adjusted, 1 adopted, 1 closed; 1 unknown left"
        );
        plan.choices.truncate(1);
        plan.choices[0].choice = RowChoice::KeepOurs;
        assert_eq!(Tally::of(&plan).button(), "Record 1 kept as ours; 1 unknown left");
        plan.choices.clear();
        assert_eq!(Tally::of(&plan).button(), "Nothing chosen; 1 unknown left");
    }

    #[test]
    fn without_a_list_nothing_can_be_written_whatever_else_there_is() {
        let mut plan = chosen();
        assert!(missing(&plan, true, None, "why").unwrap().contains("no list"));
        plan.list_hash = Some("ab".into());
        assert_eq!(missing(&plan, true, None, "why"), None);
        assert!(missing(&plan, true, None, " ").unwrap().starts_with("Say why"));
        assert!(missing(&plan, false, None, "why").is_some());
        assert_eq!(missing(&plan, true, Some("row 1 is wrong"), "why").as_deref(), Some("row 1 is wrong"));
        plan.choices.clear();
        assert!(missing(&plan, true, None, "why").unwrap().starts_with("Choose"));
    }
}
