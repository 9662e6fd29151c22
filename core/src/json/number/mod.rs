//! Exact decimal numbers, read from the text they were written with. Nothing here rounds, unless it says so.
mod difference;
mod small;
mod total;

pub use difference::{Difference, compare, delta, percent};
pub use total::{product, sum};

use std::cmp::Ordering;

/// A number as its text says it: a sign, digits and a power of ten. Comparison is by value: `1`, `1.0` and
/// `1e0` are equal, and so are `-0` and `0`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal<'a> {
    negative: bool,
    /// Digits before the point.
    whole: &'a str,
    /// Digits after the point.
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Reads a number spelled as JSON asks; nothing for any other text, or an exponent of over 18 digits.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let negative = text.starts_with('-');
        let whole_at = usize::from(negative);
        let whole_end = digits_end(text, whole_at);
        let whole = &text[whole_at..whole_end];
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let (mut fraction, mut end) = ("", whole_end);
        if text.as_bytes().get(whole_end) == Some(&b'.') {
            end = digits_end(text, whole_end + 1);
            fraction = &text[whole_end + 1..end];
            if fraction.is_empty() {
                return None;
            }
        }
        let exponent = match text.as_bytes().get(end) {
            None => 0,
            Some(b'e' | b'E') => parse_exponent(&text[end + 1..])?,
            Some(_) => return None,
        };
        Some(Self { negative, whole, fraction, exponent })
    }

    /// Whether the value is zero, of either sign.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.digits().all(|digit| digit == b'0')
    }

    /// Whether the value is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative && !self.is_zero()
    }

    /// Whether the value has no fraction: `5`, `5.0` and `1e3` are whole numbers.
    #[must_use]
    pub fn is_integer(self) -> bool {
        match self.digits().rev().position(|digit| digit != b'0') {
            None => true,
            Some(zeros) => self.scale().saturating_add(as_i64(zeros)) >= 0,
        }
    }

    /// The value as its sign, its digits without zeros around them (modulo 2^64), and the power of ten of the last one:
    /// equal for equal values.
    pub(crate) fn normal(self) -> (bool, u64, i64) {
        let (mut value, mut zeros) = (0_u64, 0_u32);
        for digit in self.digits() {
            if digit == b'0' {
                zeros += 1;
                continue;
            }
            if value != 0 {
                value = value.wrapping_mul(10_u64.wrapping_pow(zeros));
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            zeros = 0;
        }
        if value == 0 { (false, 0, 0) } else { (self.negative, value, self.scale() + i64::from(zeros)) }
    }

    /// The digits, most significant first, without the point.
    fn digits(self) -> impl DoubleEndedIterator<Item = u8> + Clone + 'a {
        self.whole.bytes().chain(self.fraction.bytes())
    }

    /// The power of ten of the last digit.
    fn scale(self) -> i64 {
        self.exponent - as_i64(self.fraction.len())
    }

    /// The digits from the first that is not 0, and the power of ten just above it; nothing for zero.
    fn significant(self) -> Option<(i64, impl Iterator<Item = u8> + 'a)> {
        let leading = self.digits().position(|digit| digit != b'0')?;
        let above = self.exponent + as_i64(self.whole.len()) - as_i64(leading);
        Some((above, self.digits().skip(leading)))
    }

    fn cmp_size(self, other: Decimal<'_>) -> Ordering {
        match (self.significant(), other.significant()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some((mine, my_digits)), Some((theirs, their_digits))) => {
                mine.cmp(&theirs).then_with(|| cmp_digits(my_digits, their_digits))
            }
        }
    }
}

/// Compares digits after a common point, as if both went on with zeros.
fn cmp_digits(mut a: impl Iterator<Item = u8>, mut b: impl Iterator<Item = u8>) -> Ordering {
    loop {
        let (left, right) = (a.next(), b.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        match left.unwrap_or(b'0').cmp(&right.unwrap_or(b'0')) {
            Ordering::Equal => {}
            decided => return decided,
        }
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some(pair) = small::Pair::of(*self, *other) {
            return pair.old.cmp(&pair.new);
        }
        match (self.is_negative(), other.is_negative()) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.cmp_size(*other),
            (true, true) => other.cmp_size(*self),
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

/// Whether two numbers' texts have the same value, such as `0.8` and `0.80`.
#[must_use]
pub fn same_value(a: &str, b: &str) -> bool {
    a == b || matches!((Decimal::parse(a), Decimal::parse(b)), (Some(a), Some(b)) if a == b)
}

fn digits_end(text: &str, start: usize) -> usize {
    let digits = text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_digit());
    start + digits.count()
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let significant = digits.trim_start_matches('0');
    if digits.is_empty() || significant.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size: i64 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    Some(if text.starts_with('-') { -size } else { size })
}

/// A length in memory, which always fits.
#[allow(clippy::cast_possible_wrap)]
fn as_i64(length: usize) -> i64 {
    length as i64
}
