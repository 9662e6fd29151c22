//! Which characters of two texts differ, for tinting them.
use std::ops::Range;

use super::sequence::{Budget, Gap, gaps};

/// Fewer equal characters than this between two differences are chance,
const LEAST_TEXT: usize = 3;
/// and so are fewer equal digits of two numbers, behind the first that differs.
const LEAST_DIGITS: usize = 4;
/// Texts that differ over more characters than this are not looked into.
const LOOKED_INTO: usize = 2000;
/// How much looking for what two texts have in common may cost.
const STEPS: u32 = 200_000;

/// The stretches of two JSON texts that differ, in bytes on character boundaries; of one side a stretch may be empty.
/// Two numbers are compared digit by digit of the same worth: `0.80` and `1.20` share none that means the same. Values of
/// different kinds differ whole.
#[must_use]
pub fn differing(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    if old == new {
        return Vec::new();
    }
    let (a, b): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let found = match (kind(old), kind(new)) {
        (Kind::Number, Kind::Number) => joined(digits(&a, &b), a.len(), LEAST_DIGITS),
        (Kind::Text, Kind::Text) => joined(characters(&a, &b), usize::MAX, LEAST_TEXT),
        _ => vec![Gap { old: 0..a.len(), new: 0..b.len() }],
    };
    let (old_bytes, new_bytes) = (places(&a), places(&b));
    let bytes = |places: &[usize], range: Range<usize>| places[range.start]..places[range.end];
    found.into_iter().map(|gap| (bytes(&old_bytes, gap.old), bytes(&new_bytes, gap.new))).collect()
}

#[derive(PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Word,
}

fn kind(text: &str) -> Kind {
    let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    match text.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') if text.bytes().all(number) => Kind::Number,
        Some(b't' | b'f' | b'n') | None => Kind::Word,
        Some(_) => Kind::Text,
    }
}

/// Byte offsets of all characters, and of the end.
fn places(text: &[char]) -> Vec<usize> {
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    places.push(at);
    for character in text {
        at += character.len_utf8();
        places.push(at);
    }
    places
}

/// Where digits of the same worth differ; where they cannot be told to be, all from the first that differs.
fn digits(old: &[char], new: &[char]) -> Vec<Gap> {
    let whole = |digits: &[char]| digits.iter().take_while(|c| c.is_ascii_digit() || **c == '-').count();
    let same = |at: usize| old.get(at) == new.get(at);
    let shorter = old.len().min(new.len());
    let negative = |digits: &[char]| digits.first() == Some(&'-');
    let aligned = whole(old) == whole(new) && negative(old) == negative(new);
    if !aligned {
        let head = (0..shorter).take_while(|at| same(*at)).count();
        return vec![Gap { old: head..old.len(), new: head..new.len() }];
    }
    let mut gaps: Vec<Gap> =
        (0..shorter).filter(|at| !same(*at)).map(|at| Gap { old: at..at + 1, new: at..at + 1 }).collect();
    if old.len() != new.len() {
        gaps.push(Gap { old: shorter..old.len(), new: shorter..new.len() });
    }
    gaps
}

fn characters(old: &[char], new: &[char]) -> Vec<Gap> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..], &new[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    if a.len().max(b.len()) > LOOKED_INTO {
        return vec![Gap { old: head..head + a.len(), new: head..head + b.len() }];
    }
    let moved = |range: Range<usize>| range.start + head..range.end + head;
    let found = gaps(a, b, &mut Budget::of(STEPS));
    found.into_iter().map(|gap| Gap { old: moved(gap.old), new: moved(gap.new) }).collect()
}

/// Differences with only a few equal characters between them, or between the last one and the end, made one.
fn joined(gaps: Vec<Gap>, end: usize, fewest: usize) -> Vec<Gap> {
    let mut joined: Vec<Gap> = Vec::with_capacity(gaps.len());
    for gap in gaps {
        match joined.last_mut() {
            Some(last) if gap.old.start - last.old.end < fewest => {
                last.old.end = gap.old.end;
                last.new.end = gap.new.end;
            }
            _ => joined.push(gap),
        }
    }
    if let Some(last) = joined.last_mut()
        && end - last.old.end < fewest
    {
        last.new.end += end - last.old.end;
        last.old.end = end;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::differing;

    fn parts<'a>(old: &'a str, new: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
        differing(old, new).into_iter().map(|(a, b)| (&old[a], &new[b])).unzip()
    }

    #[test]
    fn only_the_differing_characters() {
        for (old, new, a, b) in [
            ("1.0790", "1.0851", "790", "851"),
            ("0.80", "1.20", "0.80", "1.20"),
            ("38071120", "38084831", "71120", "84831"),
            ("\"45\"", "\"46\"", "5", "6"),
            ("\"é1x\"", "\"è1x\"", "é", "è"),
            ("\"aa\"", "\"aaa\"", "", "a"),
            ("null", "-8.64", "null", "-8.64"),
            ("1", "12", "", "2"),
            ("-1", "1", "-1", "1"),
            ("\"none\"", "\"long\"", "none", "long"),
            ("1486.32", "1501.07", "486.32", "501.07"),
        ] {
            assert_eq!(parts(old, new), (vec![a], vec![b]), "{old} {new}");
        }
        assert_eq!(parts("1", "1"), (vec![], vec![]));
    }

    #[test]
    fn each_difference_of_a_text_or_a_long_number_is_one() {
        let long =
            |a: char, b: char| format!("1{}{a}{}{b}{}", "0".repeat(20), "7".repeat(40), "3".repeat(14));
        assert_eq!(parts(&long('4', '5'), &long('6', '9')), (vec!["4", "5"], vec!["6", "9"]));
        let note = |a: &str, b: &str| format!("\"opened by {a} at the open, closed by {b} at noon\"");
        assert_eq!(parts(&note("bot", "ann"), &note("bob", "Jim")), (vec!["t", "ann"], vec!["b", "Jim"]));
        assert_eq!(
            parts("\"one two three four\"", "\"one three four five\""),
            (vec!["wo t", ""], vec!["", " five"])
        );
    }
}
