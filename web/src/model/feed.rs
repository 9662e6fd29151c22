//! The feed: newest first, bursts folded.

use std::sync::Arc;

use stateloft_core::api::VersionView;
use stateloft_core::json::number;
use stateloft_core::model::{FirstChange, Operation};

use super::age;
use super::inbox::Event;

/// Versions of one state by one author, one right after the other, within this many seconds of each other fold.
const BURST_SECONDS: i64 = 60;
/// Fewer than this stay apart.
const BURST_LEAST: usize = 3;

/// One row of a feed: a version, or a burst of versions of one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The newest version of the row.
    pub newest: Event,
    /// The oldest version of the row; the same as the newest for a single one.
    pub oldest: Event,
    /// How many versions.
    pub count: u64,
}

impl Row {
    /// Its identity: a burst that grows is another row.
    #[must_use]
    pub fn key(&self) -> (u64, u64) {
        (self.newest.seq.0, self.count)
    }

    /// Whether it stands for several versions.
    #[must_use]
    pub fn is_burst(&self) -> bool {
        self.count > 1
    }

    /// `v57`, or `v31…56` for a burst.
    #[must_use]
    pub fn versions(&self) -> String {
        if self.is_burst() {
            format!("v{}\u{2026}{}", self.oldest.version, self.newest.version)
        } else {
            format!("v{}", self.newest.version)
        }
    }

    /// `26 in 9 s`
    #[must_use]
    pub fn burst_words(&self) -> String {
        let seconds = age::seconds_between(self.oldest.effective_at(), self.newest.effective_at());
        format!("{} in {}", self.count, age::short(seconds))
    }

    /// The version to tell of: the newest, with the net change of the burst.
    #[must_use]
    pub fn story(&self) -> VersionView {
        let mut version = VersionView::clone(&self.newest);
        if let (true, Some(new), Some(old)) =
            (self.is_burst(), &self.newest.change.first, &self.oldest.change.first)
            && new.path == old.path
            && new.note.is_none()
        {
            version.change.first = Some(Arc::new(net(old, new)));
        }
        version
    }
}

/// From the old value of the burst's first version to the new value of its last.
fn net(first: &FirstChange, last: &FirstChange) -> FirstChange {
    let exact = || {
        let old = stateloft_core::json::Decimal::parse(first.old.as_deref()?)?;
        let new = stateloft_core::json::Decimal::parse(last.new.as_deref()?)?;
        number::delta(old, new)
    };
    FirstChange {
        path: last.path.clone(),
        old: first.old.clone(),
        new: last.new.clone(),
        delta: exact(),
        note: None,
    }
}

/// Folds versions, newest first.
#[must_use]
pub fn fold(events: &[Event]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(events.len());
    let mut from = 0;
    while from < events.len() {
        let mut to = from + 1;
        while to < events.len() && belongs(&events[to - 1], &events[to]) {
            to += 1;
        }
        if to - from >= BURST_LEAST {
            let (newest, oldest) = (events[from].clone(), events[to - 1].clone());
            rows.push(Row { newest, oldest, count: (to - from) as u64 });
        } else {
            rows.extend(events[from..to].iter().map(single));
        }
        from = to;
    }
    rows
}

/// One version as a row.
#[must_use]
pub fn single(event: &Event) -> Row {
    Row { newest: event.clone(), oldest: event.clone(), count: 1 }
}

fn belongs(newer: &VersionView, older: &VersionView) -> bool {
    newer.state_id == older.state_id
        && newer.state_type == older.state_type
        && newer.user_id == older.user_id
        && newer.run_id == older.run_id
        && newer.operation == Operation::Update
        && older.operation == Operation::Update
        && newer.verdict.is_invalid() == older.verdict.is_invalid()
        && age::seconds_between(older.effective_at(), newer.effective_at()) < BURST_SECONDS
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn at(seq: u64, second: u64, old: &str, new: &str) -> Sample {
        Sample::at(seq, &format!("2026-11-21T09:12:{second:02}Z")).version(seq).changing(
            "/stop_loss",
            old,
            new,
        )
    }

    #[test]
    fn a_burst_folds_with_its_net_change() {
        let events = [
            at(13, 40, "1.0800", "1.0828").event(),
            at(12, 35, "1.0795", "1.0800").event(),
            at(11, 31, "1.0790", "1.0795").event(),
            at(10, 20, "1.5", "1.6").of("position", "B").event(),
        ];
        let rows = fold(&events);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].versions(), rows[0].burst_words()), ("v11\u{2026}13".into(), "3 in 9 s".into()));
        let change = rows[0].story().change.first.unwrap();
        assert_eq!((change.old.as_deref(), change.new.as_deref()), (Some("1.0790"), Some("1.0828")));
        assert_eq!(change.delta.as_deref(), Some("+0.0038"));
        assert!(!rows[1].is_burst());
    }

    #[test]
    fn what_is_worth_its_own_row_keeps_it() {
        let two = [at(2, 5, "1", "2").event(), at(1, 1, "1", "2").event()];
        assert_eq!(fold(&two).len(), 2, "two are no burst");
        let mixed = [
            at(4, 9, "1", "2").event(),
            at(3, 8, "1", "2").doing("delete").event(),
            at(2, 7, "1", "2").event(),
            at(1, 6, "1", "2").by("ops.desk").event(),
        ];
        assert_eq!(fold(&mixed).len(), 4);
        let broken =
            [at(3, 3, "1", "2").event(), at(2, 2, "1", "2").invalid().event(), at(1, 1, "1", "2").event()];
        assert_eq!(fold(&broken).len(), 3, "a broken rule is never folded away");
    }
}
