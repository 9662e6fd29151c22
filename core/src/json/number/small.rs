//! The same calculations in 64 bits, for two numbers of everyday size.
use super::Decimal;
use super::difference::spell_percent;

/// 10 to the power of the place.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Two numbers without exponents, in the same unit: both under 10^18, so that ten times either still fits.
pub(super) struct Pair {
    pub(super) old: i64,
    pub(super) new: i64,
    /// Decimal places.
    places: usize,
}

impl Pair {
    pub(super) fn of(old: Decimal<'_>, new: Decimal<'_>) -> Option<Self> {
        let places = old.fraction.len().max(new.fraction.len());
        Some(Self { old: scaled(old, places)?, new: scaled(new, places)?, places })
    }

    /// `new - old`, signed.
    pub(super) fn delta(&self) -> String {
        let difference = self.new - self.old;
        if difference == 0 {
            return "0".to_owned();
        }
        let mut out = String::with_capacity(24);
        out.push(if difference < 0 { '-' } else { '+' });
        push_decimal(&mut out, difference.unsigned_abs(), self.places);
        out
    }

    /// As [`percent`](super::percent): four digits of the quotient by long division.
    pub(super) fn percent(&self) -> Option<String> {
        let whole = self.old.unsigned_abs();
        if whole == 0 {
            return None;
        }
        let difference = self.new - self.old;
        let (whole_times, mut rest) = (difference.unsigned_abs() / whole, difference.unsigned_abs() % whole);
        let mut four = 0;
        for _ in 0..4 {
            four = four * 10 + rest * 10 / whole;
            rest = rest * 10 % whole;
        }
        let down = u128::from(whole_times) * 10_000 + u128::from(four);
        let up = rest * 2 > whole || (rest * 2 == whole && down % 2 == 1);
        let Ok(hundredths) = u64::try_from(down + u128::from(up)) else {
            return Some(spell_percent(difference < 0, down + u128::from(up)));
        };
        let mut out = String::with_capacity(12);
        if hundredths > 0 {
            out.push(if difference < 0 { '-' } else { '+' });
        }
        push_decimal(&mut out, hundredths, 2);
        Some(out)
    }
}

/// The number in units of 10 to the minus `places`.
fn scaled(number: Decimal<'_>, places: usize) -> Option<i64> {
    let zeros = places - number.fraction.len();
    if number.exponent != 0 || number.whole.len() + places > 18 {
        return None;
    }
    let value = number.digits().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    let value = value * POWERS.get(zeros)?;
    Some(if number.negative { -value } else { value })
}

fn push_decimal(out: &mut String, mut value: u64, places: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while value > 0 || digits.len() - start <= places {
        start -= 1;
        digits[start] = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
    let point = digits.len() - places;
    out.extend(digits[start..point].iter().map(|digit| char::from(*digit)));
    if places > 0 {
        out.push('.');
        out.extend(digits[point..].iter().map(|digit| char::from(*digit)));
    }
}
