//! How far apart two numbers are, exactly.
use std::cmp::Ordering;

use super::small::Pair;
use super::{Decimal, as_i64};

/// A difference that needs more digits than this is not written out.
const MAX_DIGITS: usize = 400;
/// A difference is written without an exponent while it needs no more digits than this.
const MAX_PLAIN: i64 = 40;
/// Two numbers that need at most this many digits together can be divided in 128 bits, times 10,000.
const MAX_PERCENT_DIGITS: usize = 34;

/// How a number differs from another of another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// As [`delta`].
    pub delta: Option<String>,
    /// As [`percent`].
    pub percent: Option<String>,
}

/// How `new` differs from `old`; nothing if their values are equal.
#[must_use]
pub fn compare(old: Decimal<'_>, new: Decimal<'_>) -> Option<Difference> {
    match Pair::of(old, new) {
        Some(pair) if pair.old == pair.new => None,
        Some(pair) => Some(Difference { delta: Some(pair.delta()), percent: pair.percent() }),
        None if old == new => None,
        None => Some(Difference { delta: delta(old, new), percent: percent(old, new) }),
    }
}

/// `new - old`, exact and signed: `+0.0019`, `-0.40`, `0`. It has as many decimal places as the more precise
/// of the two, and an exponent only where both have one above zero or plain digits would fill a line.
/// Nothing when it would need over 400 digits.
#[must_use]
pub fn delta(old: Decimal<'_>, new: Decimal<'_>) -> Option<String> {
    if let Some(pair) = Pair::of(old, new) {
        return Some(pair.delta());
    }
    let scale = common_scale(old, new);
    let (a, b) = (aligned(old, scale)?, aligned(new, scale)?);
    let (negative, digits) = subtract(new.is_negative(), &b, old.is_negative(), &a);
    Some(spell(negative, digits, scale))
}

/// `(new - old) / |old|` in percent, signed and rounded half to even to two places: `+50.00`, `-0.57`.
/// Nothing when `old` is zero, or when both numbers written out under each other need over 34 digits.
#[must_use]
pub fn percent(old: Decimal<'_>, new: Decimal<'_>) -> Option<String> {
    if let Some(pair) = Pair::of(old, new) {
        return pair.percent();
    }
    if old.is_zero() {
        return None;
    }
    let scale = common_scale(old, new);
    let (a, b) = (aligned(old, scale)?, aligned(new, scale)?);
    let (negative, digits) = subtract(new.is_negative(), &b, old.is_negative(), &a);
    let (part, whole) = (as_u128(&digits)?.checked_mul(10_000)?, as_u128(&a)?);
    let (down, rest) = (part / whole, part % whole);
    let up = match (rest * 2).cmp(&whole) {
        Ordering::Less => false,
        Ordering::Equal => down % 2 == 1,
        Ordering::Greater => true,
    };
    Some(spell_percent(negative, down + u128::from(up)))
}

/// Hundredths of a percent, as a signed percentage; 0 has no sign.
pub(super) fn spell_percent(negative: bool, hundredths: u128) -> String {
    let sign = match (hundredths, negative) {
        (0, _) => "",
        (_, true) => "-",
        (_, false) => "+",
    };
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The power of ten in which both are whole numbers. Of a zero only its decimal places count, within reason.
pub(super) fn common_scale(a: Decimal<'_>, b: Decimal<'_>) -> i64 {
    let of_zero = |zero: Decimal<'_>, other: i64| match zero.scale() {
        places @ ..0 => places.max(-MAX_PLAIN / 2).min(other),
        _ => other,
    };
    match (a.is_zero(), b.is_zero()) {
        (true, false) => of_zero(a, b.scale()),
        (false, true) => of_zero(b, a.scale()),
        _ => a.scale().min(b.scale()),
    }
}

/// The size of `number` in units of ten to the `scale`, as digits without leading zeros.
pub(super) fn aligned(number: Decimal<'_>, scale: i64) -> Option<Vec<u8>> {
    let Some((above, digits)) = number.significant() else { return Some(Vec::new()) };
    let length = usize::try_from(above - scale).ok().filter(|length| *length <= MAX_DIGITS)?;
    let mut out: Vec<u8> = digits.map(|digit| digit - b'0').collect();
    out.resize(length, 0);
    Some(out)
}

/// `(b_negative, b) - (a_negative, a)` as a sign and digits without leading zeros.
pub(super) fn subtract(b_negative: bool, b: &[u8], a_negative: bool, a: &[u8]) -> (bool, Vec<u8>) {
    if b_negative != a_negative {
        return (b_negative, add_sizes(a, b));
    }
    match b.len().cmp(&a.len()).then_with(|| b.cmp(a)) {
        Ordering::Less => (!b_negative, subtract_sizes(a, b)),
        _ => (b_negative, subtract_sizes(b, a)),
    }
}

pub(super) fn add_sizes(a: &[u8], b: &[u8]) -> Vec<u8> {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut out = vec![0];
    out.extend_from_slice(long);
    let mut carry = 0;
    for (at, digit) in out.iter_mut().rev().enumerate() {
        let sum = *digit + short.len().checked_sub(at + 1).map_or(0, |place| short[place]) + carry;
        *digit = sum % 10;
        carry = sum / 10;
    }
    without_leading_zeros(out)
}

fn subtract_sizes(large: &[u8], small: &[u8]) -> Vec<u8> {
    let mut out = large.to_vec();
    let mut borrow = 0;
    for (at, digit) in out.iter_mut().rev().enumerate() {
        let taken = small.len().checked_sub(at + 1).map_or(0, |place| small[place]) + borrow;
        borrow = u8::from(*digit < taken);
        *digit = *digit + 10 * borrow - taken;
    }
    without_leading_zeros(out)
}

pub(super) fn without_leading_zeros(mut digits: Vec<u8>) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..zeros);
    digits
}

fn as_u128(digits: &[u8]) -> Option<u128> {
    if digits.len() > MAX_PERCENT_DIGITS {
        return None;
    }
    Some(digits.iter().fold(0, |value, digit| value * 10 + u128::from(*digit)))
}

/// Writes `digits` times ten to the `scale`.
pub(super) fn spell(negative: bool, mut digits: Vec<u8>, scale: i64) -> String {
    if digits.is_empty() {
        return "0".to_owned();
    }
    let sign = if negative { '-' } else { '+' };
    let length = as_i64(digits.len());
    if scale > 0 || length.max(-scale) > MAX_PLAIN {
        let exponent = scale + length - 1;
        let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count();
        digits.truncate(digits.len() - zeros);
        let (first, rest) = (text(&digits[..1]), text(&digits[1..]));
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}e{exponent}");
    }
    let places = usize::try_from(-scale).unwrap_or(0);
    let missing = (places + 1).saturating_sub(digits.len());
    digits.splice(..0, std::iter::repeat_n(0, missing));
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{}", text(whole), text(fraction))
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}
