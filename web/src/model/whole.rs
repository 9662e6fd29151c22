//! Values that are too long for a row, whole: what they are on each side.

use stateloft_core::diff::Change;

/// A cell shows about so many characters of a value; of a longer one there is more than can be seen.
const CELL: usize = 24;
/// The same for a line of a text or of the tree.
const LINE: usize = 40;
/// Characters of a value that are drawn; Copy gives all of it.
const DRAWN: usize = 300_000;

/// A value, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// What it is the value of.
    pub title: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

impl Whole {
    /// Both values of a change, where a cell cannot show one of them. A series is drawn, and opens as the document does.
    #[must_use]
    pub fn of_change(change: &Change) -> Option<Self> {
        let is_long = |text: &Option<String>| text.as_deref().is_some_and(|text| exceeds(text, CELL));
        (is_long(&change.old) || is_long(&change.new)).then(|| Self::of_both(change))
    }

    /// Both values of a change, however long.
    #[must_use]
    pub fn of_both(change: &Change) -> Self {
        let title = if change.display.is_empty() { "whole document" } else { &change.display };
        Self { title: title.to_owned(), old: change.old.clone(), new: change.new.clone() }
    }
}

/// Whether a line cannot show all of a text.
#[must_use]
pub fn is_long_line(text: &str) -> bool {
    exceeds(text.trim(), LINE)
}

fn exceeds(text: &str, most: usize) -> bool {
    text.char_indices().nth(most).is_some()
}

/// What is drawn of a value, and whether that is all of it.
#[must_use]
pub fn drawn(text: &str) -> (&str, bool) {
    match text.char_indices().nth(DRAWN) {
        Some((at, _)) => (&text[..at], false),
        None => (text, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(old: Option<&str>, new: Option<&str>) -> Change {
        let mut change: Change = serde_json::from_str(
            r#"{"kind":"changed","path":"/note","display":"/note","old":null,"new":null}"#,
        )
        .unwrap();
        (change.old, change.new) = (old.map(str::to_owned), new.map(str::to_owned));
        change
    }

    #[test]
    fn what_a_cell_cannot_show_can_be_opened_on_both_sides() {
        let long = format!("\"{} and at its end 1.0832\"", "a".repeat(60));
        let whole = Whole::of_change(&change(Some("1"), Some(&long))).unwrap();
        assert_eq!(
            (whole.old.as_deref(), whole.new.as_deref()),
            (Some("1"), Some(long.as_str())),
            "nothing is cut"
        );
        assert!(Whole::of_change(&change(Some(&long), None)).is_some(), "what is gone, too");
        assert!(Whole::of_change(&change(Some("1.0832"), Some("1.0851"))).is_none());
        assert!(Whole::of_change(&change(None, Some(&"9".repeat(77)))).is_some(), "a long number");
    }

    #[test]
    fn characters_count_and_not_bytes() {
        assert!(!is_long_line(&"é".repeat(40)));
        assert!(is_long_line(&"é".repeat(41)));
        assert!(!is_long_line(&format!("{}\"short\"", " ".repeat(80))), "indentation is no value");
    }

    #[test]
    fn of_a_huge_value_the_beginning_is_drawn_and_said_to_be_it() {
        assert_eq!(drawn("short"), ("short", true));
        let huge = "数".repeat(DRAWN + 1);
        let (text, all) = drawn(&huge);
        assert_eq!((text.chars().count(), all), (DRAWN, false));
    }
}
