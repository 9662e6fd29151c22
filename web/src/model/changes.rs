//! How one difference is written in a row: path, values, what of them differs, delta and percent.

use stateloft_core::diff::{Change, ChangeKind, Counts, Diff, Part};

use super::change::{Glyph, split_path};
use super::counts::kinds;
use super::number;
use super::tint;

/// Longest value text that a row draws; the rest is behind an ellipsis.
const VALUE_CHARS: usize = 240;
/// A value with the part that differs from the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// There is no value on this side.
    Absent,
    /// A value; on the old side nothing of it is tinted unless it is gone.
    Value(Vec<Part>),
}

impl Side {
    fn plain(text: &str) -> Self {
        Self::Value(vec![Part { text: text.to_owned(), changed: false }])
    }

    fn tinted(text: &str) -> Self {
        Self::Value(vec![Part { text: shorten(text), changed: true }])
    }

    /// The text without its parts.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Absent => "absent".to_owned(),
            Self::Value(parts) => tint::text(parts),
        }
    }
}

/// A change as a row shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// Added, changed or removed.
    pub mark: Glyph,
    /// The path without its last part, with the slash that follows.
    pub parents: String,
    /// The last part of the path.
    pub leaf: String,
    /// The value in A.
    pub old: Side,
    /// The value in B.
    pub new: Side,
    /// Exact difference, or a word in its place such as `spelling`.
    pub delta: String,
    /// Percent with its sign, or `from 0`.
    pub percent: String,
    /// The row has a sparkline.
    pub series: bool,
    /// The difference is between what stands at the same place of an array, which may be two things.
    pub by_place: bool,
}

/// Makes the row of a change.
#[must_use]
pub fn change_row(change: &Change) -> ChangeRow {
    let (parents, leaf) = split_path(&change.display);
    let (old, new) = sides(change);
    ChangeRow {
        mark: Glyph::of_change(change),
        parents: parents.to_owned(),
        leaf: if leaf.is_empty() && parents.is_empty() {
            "whole document".to_owned()
        } else {
            leaf.to_owned()
        },
        old,
        new,
        delta: delta_text(change),
        percent: percent_text(change),
        series: change.series.is_some(),
        by_place: change.by_place && change.delta.is_some(),
    }
}

/// The changes that the chips let through, as places in the diff: those of values first, then what only looks different.
/// Volatile ones only when asked for.
#[must_use]
pub fn shown(diff: &Diff, volatile: bool, only: Option<Glyph>) -> Vec<usize> {
    let let_through =
        |change: &Change| (volatile || !change.volatile) && only.is_none_or(|mark| counts_as(change, mark));
    let (mut values, mut texts) = (Vec::new(), Vec::new());
    for (place, change) in diff.changes.iter().enumerate().filter(|(_, change)| let_through(change)) {
        let of_text = matches!(change.kind, ChangeKind::Spelling | ChangeKind::Reordered);
        if of_text { &mut texts } else { &mut values }.push(place);
    }
    values.append(&mut texts);
    values
}

/// Whether a change is among those that the chip of `mark` counts: elements that went and came are counted by two.
fn counts_as(change: &Change, mark: Glyph) -> bool {
    let counts = Counts::of([&Change { volatile: false, ..change.clone() }]);
    kinds(&counts).iter().any(|(glyph, count)| *glyph == mark && *count > 0)
}

fn delta_text(change: &Change) -> String {
    match (change.kind, &change.delta) {
        (ChangeKind::Spelling, _) => "spelling".to_owned(),
        (ChangeKind::Reordered, _) => "order".to_owned(),
        (_, Some(delta)) => number::signed(delta),
        (_, None) => String::new(),
    }
}

fn percent_text(change: &Change) -> String {
    match (&change.percent, &change.delta, &change.old) {
        (Some(percent), _, _) => format!("{} %", number::signed(percent)),
        (None, Some(delta), Some(old)) if is_zero(old) && !delta.contains(' ') => "from 0".to_owned(),
        _ => String::new(),
    }
}

fn is_zero(text: &str) -> bool {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    digits.contains('0') && digits.chars().all(|c| matches!(c, '0' | '.' | '-'))
}

fn sides(change: &Change) -> (Side, Side) {
    match (change.old.as_deref(), change.new.as_deref()) {
        (Some(old), Some(new)) => {
            let (old, new) = without_common_date(old, new);
            let (old, new) = tint::tint(old, new);
            (Side::plain(&tint::text(&old)), Side::Value(new))
        }
        (Some(old), None) => (Side::tinted(old), Side::Absent),
        (None, Some(new)) => (Side::Absent, Side::tinted(new)),
        (None, None) => (Side::Absent, Side::Absent),
    }
}

/// Two times of the same day: their clock parts.
fn without_common_date<'a>(old: &'a str, new: &'a str) -> (&'a str, &'a str) {
    let clock = |text: &'a str| {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        let (date, clock) = inner.split_once(['T', ' '])?;
        let dated = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        (dated && clock.starts_with(|c: char| c.is_ascii_digit())).then_some((date, clock))
    };
    match (clock(old), clock(new)) {
        (Some((day, old_clock)), Some((new_day, new_clock))) if day == new_day => (old_clock, new_clock),
        _ => (old, new),
    }
}

/// The beginning of a text that is too long for a row.
#[must_use]
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: ChangeKind, old: Option<&str>, new: Option<&str>) -> Change {
        Change {
            kind,
            path: "/a".into(),
            display: "/legs/[EURUSD]/volume".into(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
            delta: None,
            percent: None,
            unit: None,
            volatile: false,
            protected: None,
            by_place: false,
            splice: None,
            series: None,
            place: stateloft_core::diff::Place::default(),
        }
    }

    #[test]
    fn times_of_one_day_leave_the_date_out() {
        let row = change_row(&change(
            ChangeKind::Changed,
            Some("\"2026-11-21T09:15:00+00:00\""),
            Some("\"2026-11-21T09:30:00+00:00\""),
        ));
        assert_eq!(row.old.text(), "09:15:00+00:00");
        let part = |text: &str, changed| Part { text: text.into(), changed };
        assert_eq!(
            row.new,
            Side::Value(vec![part("09:", false), part("30", true), part(":00+00:00", false)])
        );
    }

    #[test]
    fn percent_says_from_zero() {
        let mut fee = change(ChangeKind::Changed, Some("0.00"), Some("1e22"));
        fee.delta = Some("+1e22".into());
        assert_eq!(change_row(&fee).percent, "from 0");
        fee.percent = Some("-0.72".into());
        assert_eq!(change_row(&fee).percent, "−0.72 %");
    }

    #[test]
    fn a_missing_side_is_absent_and_the_other_is_tinted() {
        let row = change_row(&change(ChangeKind::Removed, Some("\"x\""), None));
        assert_eq!((row.mark, row.new, row.old), (Glyph::Removed, Side::Absent, Side::tinted("\"x\"")));
    }

    #[test]
    fn a_long_value_is_cut_around_its_difference() {
        let old = format!("\"{}a{}\"", "x".repeat(5000), "y".repeat(5000));
        let new = format!("\"{}b{}\"", "x".repeat(5000), "y".repeat(5000));
        let row = change_row(&change(ChangeKind::Changed, Some(&old), Some(&new)));
        assert_eq!(row.old.text(), "…xxxxxxxxxxayyyyyyyyyy…");
        assert_eq!(row.new.text(), "…xxxxxxxxxxbyyyyyyyyyy…");
    }

    #[test]
    fn a_difference_at_the_end_of_a_long_number_is_in_sight() {
        let (old, new) =
            ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456788");
        let row = change_row(&change(ChangeKind::Changed, Some(old), Some(new)));
        assert_eq!((row.old.text(), row.new.text()), ("…0.123456789".to_owned(), "…0.123456788".to_owned()));
    }

    #[test]
    fn chips_filter_and_volatile_rows_hide() {
        let mut noise = change(ChangeKind::Changed, Some("1"), Some("2"));
        noise.volatile = true;
        let diff = Diff {
            changes: vec![
                change(ChangeKind::Added, None, Some("1")),
                noise,
                change(ChangeKind::Spelling, Some("1"), Some("1.0")),
            ],
            ..Diff::default()
        };
        assert_eq!(shown(&diff, false, None), [0, 2]);
        assert_eq!(shown(&diff, true, Some(Glyph::Changed)), [1]);
        assert_eq!(shown(&diff, true, Some(Glyph::Spelled)), [2]);
        assert_eq!(shown(&diff, false, Some(Glyph::Added)), [0]);
    }

    #[test]
    fn values_come_before_what_only_looks_different_and_elements_are_counted_where_they_went() {
        let splice = |removed, added| Change {
            splice: Some(stateloft_core::diff::SpliceCounts { removed, added }),
            ..change(ChangeKind::Splice, Some("[]"), Some("[]"))
        };
        let spelled = change(ChangeKind::Spelling, Some("1"), Some("1.0"));
        let order = change(ChangeKind::Reordered, Some("[1]"), Some("[1]"));
        let diff = Diff { changes: vec![spelled, order, splice(6, 0), splice(1, 2)], ..Diff::default() };
        assert_eq!(shown(&diff, false, None), [2, 3, 0, 1]);
        assert_eq!(shown(&diff, false, Some(Glyph::Removed)), [2, 3]);
        assert_eq!(shown(&diff, false, Some(Glyph::Added)), [3]);
        assert_eq!(shown(&diff, false, Some(Glyph::Ordered)), [1]);
        let marks: Vec<Glyph> = diff.changes.iter().map(|change| change_row(change).mark).collect();
        assert_eq!(marks, [Glyph::Spelled, Glyph::Ordered, Glyph::Removed, Glyph::Changed]);
    }
}
