//! Sums and products, exactly.
use super::Decimal;
use super::difference::{add_sizes, aligned, common_scale, spell, subtract};

/// `a + b`, exact: `0.30`, `-5`. It has as many decimal places as the more precise of the two. Nothing when it would need over 400
/// digits.
#[must_use]
pub fn sum(a: Decimal<'_>, b: Decimal<'_>) -> Option<String> {
    let scale = common_scale(a, b);
    let (negative, digits) =
        subtract(b.is_negative(), &aligned(b, scale)?, !a.is_negative(), &aligned(a, scale)?);
    Some(unsigned(spell(negative, digits, scale)))
}

/// `a * b`, exact. Nothing when either needs over 400 digits.
#[must_use]
pub fn product(a: Decimal<'_>, b: Decimal<'_>) -> Option<String> {
    let (long, short) = (aligned(a, a.scale())?, aligned(b, b.scale())?);
    let mut total: Vec<u8> = Vec::new();
    for digit in short {
        total.push(0);
        for _ in 0..digit {
            total = add_sizes(&total, &long);
        }
    }
    let total = super::difference::without_leading_zeros(total);
    let negative = a.is_negative() != b.is_negative();
    Some(unsigned(spell(negative, total, a.scale().checked_add(b.scale())?)))
}

/// Differences have a sign, also above zero.
fn unsigned(mut text: String) -> String {
    if text.starts_with('+') {
        text.remove(0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal<'_> {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn sums_and_products_are_exact() {
        for (a, b, total) in [
            ("0.10", "0.2", "0.30"),
            ("-1", "1", "0"),
            ("0", "-0.5", "-0.5"),
            ("-0.5", "0", "-0.5"),
            ("99999999999999999999.9", "0.1", "100000000000000000000.0"),
            ("-3", "1.25", "-1.75"),
        ] {
            assert_eq!(sum(of(a), of(b)).as_deref(), Some(total), "{a} + {b}");
        }
        for (a, b, total) in [
            ("12", "0.01", "0.12"),
            ("-2.5", "4", "-10.0"),
            ("0", "7", "0"),
            ("1e2", "3", "300"),
            ("123456789012345678", "1000000007", "123456789876543201086419746"),
        ] {
            let got = product(of(a), of(b)).unwrap();
            assert_eq!(of(&got), of(total), "{a} * {b} = {got}");
        }
    }
}
