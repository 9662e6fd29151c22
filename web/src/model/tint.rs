//! Which characters of a new value differ from the old one.

use stateloft_core::diff::{Part, excerpts};

/// About as much as a cell shows without cutting it off.
const CELL: usize = 28;

/// Both values, of long ones a window around each difference; what differs is marked. A new value that only lost
/// characters is marked whole (there would be nothing to point at).
#[must_use]
pub fn tint(old: &str, new: &str) -> (Vec<Part>, Vec<Part>) {
    let (old_parts, mut new_parts) = excerpts(old, new, CELL);
    if old != new && new_parts.iter().all(|part| !part.changed) {
        for part in &mut new_parts {
            part.changed = true;
        }
    }
    (old_parts, new_parts)
}

/// The text of some parts.
#[must_use]
pub fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The new value, what differs in brackets.
    fn shown(old: &str, new: &str) -> String {
        let mark = |part: &Part| if part.changed { format!("[{}]", part.text) } else { part.text.clone() };
        tint(old, new).1.iter().map(mark).collect()
    }

    #[test]
    fn only_the_differing_characters_are_tinted() {
        for (old, new) in [
            ("1.0832", "1.08[51]"),
            ("1486.32", "1[501.07]"),
            ("3", "[0]"),
            ("1.20", "[0.80]"),
            ("-1.4217", "-[2.1386]"),
            ("null", "[-8.64]"),
            ("0.8", "0.8[0]"),
            ("\"none\"", "\"[long]\""),
            ("09:15:00+00:00", "09:[30]:00+00:00"),
            ("9007199254740992", "900719925474099[3]"),
            ("\"é1é\"", "\"é[2]é\""),
            ("\"a\"", "\"a\""),
        ] {
            assert_eq!(shown(old, &new.replace(['[', ']'], "")), new, "{old}");
        }
    }

    #[test]
    fn a_value_that_only_lost_characters_is_tinted_whole() {
        assert_eq!(shown("0.80", "0.8"), "[0.8]");
        assert_eq!(shown("11", "1"), "[1]");
    }
}
