//! Which characters of two texts differ, for tinting them.
use std::ops::Range;

/// The part of each JSON text that is not in the other, in bytes on character boundaries. Two numbers are compared
/// from the front only: `0.80` and `1.20` share no digit that means the same. Values of other kinds differ whole.
#[must_use]
pub fn differing(old: &str, new: &str) -> (Range<usize>, Range<usize>) {
    let whole = (0..old.len(), 0..new.len());
    match (old.as_bytes().first(), new.as_bytes().first()) {
        (Some(b'"'), Some(b'"')) => {
            let head = common(old.chars(), new.chars());
            let tail = common(old[head..].chars().rev(), new[head..].chars().rev());
            (head..old.len() - tail, head..new.len() - tail)
        }
        (Some(a), Some(b)) if is_number(*a) && is_number(*b) => {
            let head = common(old.chars(), new.chars());
            (head..old.len(), head..new.len())
        }
        _ => whole,
    }
}

fn is_number(first: u8) -> bool {
    first == b'-' || first.is_ascii_digit()
}

/// Bytes of the characters that both start with.
fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::differing;

    #[test]
    fn only_the_differing_characters() {
        for (old, new, parts) in [
            ("1.0790", "1.0851", ("790", "851")),
            ("0.80", "1.20", ("0.80", "1.20")),
            ("38071120", "38084831", ("71120", "84831")),
            ("\"45\"", "\"46\"", ("5", "6")),
            ("\"é1x\"", "\"è1x\"", ("é", "è")),
            ("\"aa\"", "\"aaa\"", ("", "a")),
            ("null", "-8.64", ("null", "-8.64")),
            ("1", "12", ("", "2")),
            ("-1", "1", ("-1", "1")),
        ] {
            let (a, b) = differing(old, new);
            assert_eq!((&old[a], &new[b]), parts, "{old} {new}");
        }
    }
}
