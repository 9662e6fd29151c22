//! Both texts side by side, line by line: folds that open, places of what changed.

use std::collections::BTreeSet;

use stateloft_core::diff::{Row, RowKind};

use super::change::Glyph;

/// Height of a line in pixels.
pub const LINE: u32 = 25;

/// Which half of a row a line of the inline view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Half {
    /// Both sides beside each other, or what they share.
    Both,
    /// The older side.
    Old,
    /// The newer side.
    New,
}

/// A line on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// A row, or a half of it.
    Row {
        /// Place among the rows.
        at: usize,
        /// Which half.
        half: Half,
    },
    /// The head of folded lines.
    Fold {
        /// Place among the rows.
        at: usize,
        /// Whether its lines are shown below.
        open: bool,
    },
    /// A line that was folded.
    Inside {
        /// Place of its fold among the rows.
        at: usize,
        /// Which line of the fold, from 0.
        line: u32,
    },
}

impl Item {
    /// Place of its row.
    #[must_use]
    pub fn at(self) -> usize {
        match self {
            Self::Row { at, .. } | Self::Fold { at, .. } | Self::Inside { at, .. } => at,
        }
    }
}

/// The lines, with the folds in `open` unfolded. Inline, a changed line is shown as the old one above the new one.
#[must_use]
pub fn items(rows: &[Row], open: &BTreeSet<usize>, inline: bool) -> Vec<Item> {
    let mut items = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        match (row.kind, &row.fold) {
            (RowKind::Fold, Some(fold)) => {
                let is_open = open.contains(&at);
                items.push(Item::Fold { at, open: is_open });
                if is_open {
                    items.extend((0..fold.lines).map(|line| Item::Inside { at, line }));
                }
            }
            (RowKind::Changed, _) if inline => {
                items.extend([Half::Old, Half::New].map(|half| Item::Row { at, half }));
            }
            (RowKind::Removed, _) if inline => items.push(Item::Row { at, half: Half::Old }),
            (RowKind::Added, _) if inline => items.push(Item::Row { at, half: Half::New }),
            _ => items.push(Item::Row { at, half: Half::Both }),
        }
    }
    items
}

/// The sign of a row; `None` for what is equal.
#[must_use]
pub fn glyph(kind: RowKind) -> Option<Glyph> {
    match kind {
        RowKind::Changed => Some(Glyph::Changed),
        RowKind::Added => Some(Glyph::Added),
        RowKind::Removed => Some(Glyph::Removed),
        RowKind::Equal | RowKind::Fold => None,
    }
}

/// Whether a row is about a changed path: it is that path, or lies in what was added or removed there.
#[must_use]
pub fn is_about(row: &Row, path: &str) -> bool {
    glyph(row.kind).is_some()
        && row.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first line about a path.
#[must_use]
pub fn first_about(rows: &[Row], items: &[Item], path: &str) -> Option<usize> {
    items.iter().position(|item| rows.get(item.at()).is_some_and(|row| is_about(row, path)))
}

/// Stretches of changed lines of one kind, for the minimap: the first line, how many, and the sign.
#[must_use]
pub fn marks(rows: &[Row], items: &[Item]) -> Vec<(usize, usize, Glyph)> {
    let mut marks: Vec<(usize, usize, Glyph)> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let Some(sign) = rows.get(item.at()).and_then(|row| glyph(row.kind)) else { continue };
        match marks.last_mut() {
            Some((start, length, last)) if *last == sign && *start + *length == place => *length += 1,
            _ => marks.push((place, 1, sign)),
        }
    }
    marks
}

/// `/symbol1 … /entry_price`, or one path where both ends are the same.
#[must_use]
pub fn fold_words(first: &str, last: &str) -> String {
    match (first, last) {
        ("", last) => last.to_owned(),
        (first, last) if first == last || last.is_empty() => first.to_owned(),
        (first, last) => format!("{first} … {last}"),
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::diff::side_by_side;
    use stateloft_core::json::Document;
    use stateloft_core::schema::path_rules;

    use super::*;

    fn rows() -> Vec<Row> {
        let read = |text: &str| text.parse::<Document>().unwrap();
        let old = read(r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"gone":{"x":1},"z":0}"#);
        let new = read(r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":7,"z":0,"more":[1]}"#);
        side_by_side(&old, &new, path_rules("x"), Some(1))
    }

    #[test]
    fn folds_open_and_close() {
        let rows = rows();
        let closed = items(&rows, &BTreeSet::new(), false);
        let fold = closed.iter().find_map(|item| match item {
            Item::Fold { at, open: false } => Some(*at),
            _ => None,
        });
        let fold = fold.expect("the lines before the change are folded");
        let open = items(&rows, &BTreeSet::from([fold]), false);
        let lines = rows[fold].fold.as_ref().map_or(0, |fold| fold.lines as usize);
        assert_eq!(open.len(), closed.len() + lines);
        assert_eq!(rows[fold].fold.as_ref().map(|f| f.text.lines().count()), Some(lines));
    }

    #[test]
    fn inline_shows_a_changed_line_twice() {
        let rows = rows();
        let both = items(&rows, &BTreeSet::new(), false);
        let inline = items(&rows, &BTreeSet::new(), true);
        let changed = rows.iter().filter(|row| row.kind == RowKind::Changed).count();
        assert!(changed > 0);
        assert_eq!(inline.len(), both.len() + changed);
    }

    #[test]
    fn a_path_is_found_with_all_its_lines() {
        let rows = rows();
        let items = items(&rows, &BTreeSet::new(), false);
        let gone = first_about(&rows, &items, "/gone").expect("it was removed");
        assert_eq!(rows[items[gone].at()].kind, RowKind::Removed);
        assert!(first_about(&rows, &items, "/a").is_none(), "it did not change");
        let lines = rows.iter().filter(|row| is_about(row, "/gone")).count();
        assert_eq!(lines, 3, "its braces and what was inside");
        assert!(marks(&rows, &items).contains(&(gone, 3, Glyph::Removed)));
    }

    #[test]
    fn a_fold_names_its_ends() {
        assert_eq!(fold_words("/a", "/c"), "/a … /c");
        assert_eq!(fold_words("/a", "/a"), "/a");
        assert_eq!(fold_words("", "/c"), "/c");
    }
}
