//! Which characters of a new value differ from the old one.

/// A text cut into what both share at the start, what differs, and what both share at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tinted {
    /// Same as in the other text.
    pub head: String,
    /// Differs.
    pub differs: String,
    /// Same as in the other text.
    pub tail: String,
}

/// Cuts `new` by what it shares with `old`. Nothing is tinted when both are equal; the whole text is when a shorter
/// `new` is contained in `old` (there would be nothing to point at).
#[must_use]
pub fn tint(old: &str, new: &str) -> Tinted {
    let head: usize =
        old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    // Equal last digits of two numbers mean nothing: of numbers only a common beginning counts.
    let numbers = is_number(old) && is_number(new);
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(a, b)| !numbers && a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let cut = new.len() - tail;
    if head == cut && old != new {
        return Tinted { head: String::new(), differs: new.to_owned(), tail: String::new() };
    }
    Tinted { head: new[..head].to_owned(), differs: new[head..cut].to_owned(), tail: new[cut..].to_owned() }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && !text.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(old: &str, new: &str) -> (String, String, String) {
        let Tinted { head, differs, tail } = tint(old, new);
        (head, differs, tail)
    }

    #[test]
    fn only_the_differing_characters_are_tinted() {
        let cases = [
            ("1.0832", "1.0851", ("1.08", "51", "")),
            ("1486.32", "1501.07", ("1", "501.07", "")),
            ("3", "0", ("", "0", "")),
            ("1.20", "0.80", ("", "0.80", "")),
            ("-1.4217", "-2.1386", ("-", "2.1386", "")),
            ("null", "-8.64", ("", "-8.64", "")),
            ("0.8", "0.80", ("0.8", "0", "")),
            ("\"none\"", "\"long\"", ("\"", "long", "\"")),
            ("09:15:00+00:00", "09:30:00+00:00", ("09:", "30", ":00+00:00")),
            ("9007199254740992", "9007199254740993", ("900719925474099", "3", "")),
            ("é1é", "é2é", ("é", "2", "é")),
            ("a", "a", ("a", "", "")),
        ];
        for (old, new, (head, differs, tail)) in cases {
            assert_eq!(parts(old, new), (head.into(), differs.into(), tail.into()), "{old} -> {new}");
        }
    }

    #[test]
    fn a_value_that_only_lost_characters_is_tinted_whole() {
        assert_eq!(parts("0.80", "0.8"), (String::new(), "0.8".into(), String::new()));
        assert_eq!(parts("11", "1"), (String::new(), "1".into(), String::new()));
    }
}
