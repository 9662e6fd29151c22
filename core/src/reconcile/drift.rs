//! What is kept of how a run and its broker stood: since when which rows differ, what became of them, and what both sides last agreed on.
//! A report writes none of it; whoever records one, or applies a plan, keeps what follows from it here.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::api::{Agreed, Agreement, Drift, PlannedRow, ResolvedHow, RowChoice};
use crate::model::Timestamp;

/// Rows of which ours was kept: the latest of them.
const KEPT: usize = 10_000;
/// Rows that differed once and do not any more: the latest of them.
const RESOLVED: usize = 200;

/// What is kept, as the document of a state of type `drift`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifts {
    /// When the broker was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// What differs.
    #[serde(default)]
    pub open: Vec<Drift>,
    /// What did, the latest first.
    #[serde(default)]
    pub resolved: Vec<Drift>,
    /// What differs, was looked at, and stays as it is while both sides say the same: the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Drift>,
    /// What both sides last agreed on.
    #[serde(default)]
    pub agreed: Vec<AgreedRow>,
}

/// A row that both sides agreed on once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedRow {
    /// The row, as they agreed.
    row: String,
    /// Its symbol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    /// Tickets, orders and trades.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    /// What they said, and when.
    #[serde(flatten)]
    agreed: Agreed,
}

/// A report as it is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its rows; what is chosen of them was done.
    pub rows: &'a [PlannedRow],
    /// When the broker was asked.
    pub as_of: Timestamp,
    /// The list is whole: a row that is not there is nowhere.
    pub whole: bool,
    /// Now.
    pub now: Timestamp,
}

impl Drifts {
    /// Says of each row what is kept of it.
    pub fn tell(&self, rows: &mut [PlannedRow]) {
        let (agreed, open) = (Index::of(self.agreed.iter(), rows), Index::of(self.open.iter(), rows));
        for row in rows {
            row.agreed = agreed.find(row).map(|at| self.agreed[at].agreed.clone());
            let differs = row.said.verdict != Agreement::Matched;
            row.since = open.find(row).filter(|_| differs).map(|at| self.open[at].since);
        }
    }

    /// What is kept once this is recorded. An older report than the last one says nothing new.
    #[must_use]
    pub fn after(self, seen: Seen<'_>) -> Self {
        if self.as_of.is_some_and(|last| last > seen.as_of) {
            return self;
        }
        let before = Index::of(self.open.iter(), seen.rows);
        // Somebody has looked at these; those that are still the same are no drift.
        let looked_at: HashSet<&str> = self.kept.iter().map(|kept| kept.row.as_str()).collect();
        let mut still: Vec<Option<Drift>> = self.open.iter().cloned().map(Some).collect();
        let (mut open, mut ended) = (Vec::new(), Vec::new());
        for row in seen.rows {
            let was = before.find(row).and_then(|at| still[at].take());
            let (drift, end) = of_row(row, was, looked_at.contains(row.row.as_str()), seen);
            open.extend(drift);
            ended.extend(end);
        }
        for was in still.into_iter().flatten() {
            // Where nobody can say that it is nowhere, it is still open.
            if seen.whole {
                ended.push(resolved(was, ResolvedHow::ByItself, seen.now));
            } else {
                open.push(was);
            }
        }
        let kept = kept(&ended, &self.kept, seen);
        ended.extend(self.resolved);
        ended.truncate(RESOLVED);
        Self { as_of: Some(seen.as_of), open, resolved: ended, kept, agreed: agreed(&self.agreed, seen) }
    }
}

/// What is open of a row, and what of it has ended.
fn of_row(
    row: &PlannedRow,
    was: Option<Drift>,
    kept: bool,
    seen: Seen<'_>,
) -> (Option<Drift>, Option<Drift>) {
    let verdict = row.said.verdict;
    let found = |since| Drift {
        row: row.row.clone(),
        verdict,
        symbol: row.said.symbol.clone(),
        ids: row.said.ids.clone(),
        since,
        until: None,
        resolved: None,
    };
    if let Some(how) = row.chosen.map(done) {
        let since = was.as_ref().map_or(seen.as_of, |was| was.since);
        return (None, Some(resolved(found(since), how, seen.now)));
    }
    match (was, verdict) {
        (None, Agreement::Matched) => (None, None),
        (None, _) if kept => (None, None),
        (None, _) => (Some(found(seen.as_of)), None),
        (Some(was), Agreement::Matched) => {
            let unknown = was.verdict == Agreement::Unknown;
            let how = if unknown { ResolvedHow::ListCame } else { ResolvedHow::ByItself };
            (None, Some(resolved(was, how, seen.now)))
        }
        // No answer is no news.
        (Some(was), Agreement::Unknown) => (Some(was), None),
        (Some(was), _) if was.verdict == Agreement::Unknown => {
            let open = (!kept).then(|| found(seen.as_of));
            (open, Some(resolved(was, ResolvedHow::ListCame, seen.now)))
        }
        (Some(was), _) => (Some(found(was.since)), None),
    }
}

fn done(choice: RowChoice) -> ResolvedHow {
    match choice {
        RowChoice::AdoptTheirs | RowChoice::Split => ResolvedHow::Adopted,
        RowChoice::KeepOurs => ResolvedHow::Kept,
        RowChoice::Close => ResolvedHow::Closed,
    }
}

fn resolved(drift: Drift, how: ResolvedHow, now: Timestamp) -> Drift {
    Drift { until: Some(now), resolved: Some(how), ..drift }
}

/// What is kept now, and of what was kept before that which is still the same, or of which nothing is known.
fn kept(ended: &[Drift], before: &[Drift], seen: Seen<'_>) -> Vec<Drift> {
    let index = Index::of(before.iter(), seen.rows);
    let (mut found, mut stays) = (vec![false; before.len()], vec![false; before.len()]);
    for row in seen.rows {
        let Some(at) = index.find(row) else { continue };
        found[at] = true;
        let same = before[at].row == row.row || row.said.verdict == Agreement::Unknown;
        stays[at] |= row.chosen.is_none() && same;
    }
    let now = ended.iter().filter(|drift| drift.resolved == Some(ResolvedHow::Kept)).cloned();
    let still = before.iter().enumerate().filter(|(at, _)| stays[*at] || (!found[*at] && !seen.whole));
    now.chain(still.map(|(_, kept)| kept.clone())).take(KEPT).collect()
}

/// What is agreed on now takes the place of what was; the rest stays, while it is somewhere.
fn agreed(before: &[AgreedRow], seen: Seen<'_>) -> Vec<AgreedRow> {
    let old = Index::of(before.iter(), seen.rows);
    let mut left: Vec<Option<AgreedRow>> = before.iter().cloned().map(Some).collect();
    let mut all = Vec::new();
    for row in seen.rows {
        let was = old.find(row).and_then(|at| left[at].take());
        let adopted = row.chosen == Some(RowChoice::AdoptTheirs);
        if row.said.verdict != Agreement::Matched && !adopted {
            all.extend(was);
            continue;
        }
        let side = row.said.theirs.first().or(row.said.ours.first());
        let numbers = (&row.said.quantity, &row.said.price);
        let quantity = numbers.0.as_ref().map(|both| if adopted { &both.theirs } else { &both.ours });
        let price = numbers.1.as_ref().map(|both| if adopted { &both.theirs } else { &both.ours });
        let agreed = Agreed {
            at: seen.as_of,
            quantity: quantity.or(side.and_then(|held| held.quantity.as_ref())).cloned(),
            price: price.or(side.and_then(|held| held.price.as_ref())).cloned(),
        };
        let (symbol, ids) = (row.said.symbol.clone(), row.said.ids.clone());
        all.push(AgreedRow { row: row.row.clone(), symbol, ids, agreed });
    }
    if !seen.whole {
        all.extend(left.into_iter().flatten());
    }
    all
}

/// What is kept of a row: its name, its symbol, its ids.
trait OfRow {
    fn names(&self) -> (&str, Option<&str>, &[String]);
}

impl OfRow for Drift {
    fn names(&self) -> (&str, Option<&str>, &[String]) {
        (&self.row, self.symbol.as_deref(), &self.ids)
    }
}

impl OfRow for AgreedRow {
    fn names(&self) -> (&str, Option<&str>, &[String]) {
        (&self.row, self.symbol.as_deref(), &self.ids)
    }
}

/// Rows by what they are called. What is missing on one side is called by the ids that the other has, so the name alone does not find
/// it again once it is there: then its ids do, or where there are none its symbol. What another row is called like is that row's.
struct Index<'a> {
    rows: HashMap<&'a str, usize>,
    ids: HashMap<&'a str, usize>,
    symbols: HashMap<&'a str, usize>,
}

impl<'a> Index<'a> {
    /// Of what is kept, for these rows to be found in.
    fn of<T: OfRow + 'a>(kept: impl Iterator<Item = &'a T>, rows: &[PlannedRow]) -> Self {
        let called: HashSet<&str> = rows.iter().map(|row| which(&row.row)).collect();
        let mut index = Self { rows: HashMap::new(), ids: HashMap::new(), symbols: HashMap::new() };
        for (at, kept) in kept.enumerate() {
            let (name, symbol, ids) = kept.names();
            index.rows.insert(which(name), at);
            if called.contains(which(name)) {
                continue;
            }
            for id in ids {
                index.ids.entry(id).or_insert(at);
            }
            if let (Some(symbol), true) = (symbol, ids.is_empty()) {
                index.symbols.entry(symbol).or_insert(at);
            }
        }
        index
    }

    fn find(&self, row: &PlannedRow) -> Option<usize> {
        let by_name = || self.rows.get(which(&row.row));
        let by_id = || row.said.ids.iter().find_map(|id| self.ids.get(id.as_str()));
        let by_symbol = || self.symbols.get(row.said.symbol.as_deref()?);
        by_name().or_else(by_id).or_else(by_symbol).copied()
    }
}

/// Which row a name is of, whatever both sides said of it.
fn which(name: &str) -> &str {
    name.split_once('.').map_or(name, |(which, _)| which)
}
