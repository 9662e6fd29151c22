//! Exact decimals: comparing, subtracting and percentages, against whole numbers of 128 bits.
#![cfg(not(target_arch = "wasm32"))]
use std::cmp::Ordering;

use proptest::prelude::*;
use stateloft_core::json::Decimal;
use stateloft_core::json::number::{delta, percent, same_value};

fn number(text: &str) -> Decimal<'_> {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
}

fn delta_of(old: &str, new: &str) -> Option<String> {
    delta(number(old), number(new))
}

fn percent_of(old: &str, new: &str) -> Option<String> {
    percent(number(old), number(new))
}

#[test]
fn equal_values_in_other_spellings() {
    for (a, b) in [
        ("1", "1.0"),
        ("1", "1e0"),
        ("-0", "0"),
        ("0.0", "-0e99"),
        ("100", "1e2"),
        ("1.50", "15e-1"),
        ("0.8", "0.80"),
        ("1e22", "10000000000000000000000"),
        ("0.001", "1E-3"),
        ("120e-1", "12"),
        ("1e999999999999999999", "10e999999999999999998"),
    ] {
        assert!(same_value(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("1", "1.0000000000000000000001"),
        ("9007199254740993", "9007199254740992"),
        ("1", "-1"),
        ("0", "1e-999"),
        ("0.1", "0.10000000000000000555"),
        ("1e999999999999999999", "1e999999999999999998"),
    ] {
        assert!(!same_value(a, b), "{a} {b}");
    }
    assert!(!same_value("1", "\"1\""));
}

#[test]
fn whole_numbers() {
    for yes in ["0", "-0.0", "5", "5.0", "1e3", "1.5e1", "120e-1", "0e-5"] {
        assert!(number(yes).is_integer(), "{yes}");
    }
    for no in ["0.5", "1e-1", "1.05e1", "-3.000000000000000000000000001"] {
        assert!(!number(no).is_integer(), "{no}");
    }
}

#[test]
fn what_is_not_a_number_is_not_read() {
    for text in
        ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", "NaN", "1e1234567890123456789", "1.e2"]
    {
        assert!(Decimal::parse(text).is_none(), "{text}");
    }
}

#[test]
fn deltas_keep_the_more_precise_places() {
    for (old, new, expected) in [
        ("1.0771", "1.0790", "+0.0019"),
        ("0.80", "1.20", "+0.40"),
        ("1.2", "0.80", "-0.40"),
        ("5", "5.00", "0"),
        ("-1", "1", "+2"),
        ("1", "-1.5", "-2.5"),
        ("-8.64", "-8.65", "-0.01"),
        ("0", "0.0019", "+0.0019"),
        ("0.0", "12", "+12.0"),
        ("999", "1000", "+1"),
        ("1000", "999", "-1"),
        (
            "0.123456789012345678901234567890",
            "0.123456789012345678901234567891",
            "+0.000000000000000000000000000001",
        ),
        ("9007199254740992", "9007199254740993", "+1"),
        ("1e22", "2e22", "+1e22"),
        ("1e22", "2.5e22", "+1.5e22"),
        ("0", "1e22", "+1e22"),
        ("1e22", "0", "-1e22"),
        ("1e22", "10000000000000000000001", "+1"),
        ("1e-300", "3e-300", "+2e-300"),
        ("-0", "0", "0"),
        ("2.50e3", "2.75e3", "+25e1"),
    ] {
        // The last case: two decimals times a thousand are tens.
        let expected = if expected == "+25e1" { "+2.5e2" } else { expected };
        assert_eq!(delta_of(old, new).as_deref(), Some(expected), "{old} -> {new}");
    }
}

#[test]
fn deltas_that_would_fill_pages_are_left_out() {
    assert_eq!(delta_of("1e399", "1").as_deref().map(str::len), Some(1 + 399 + 1 + 4));
    assert_eq!(delta_of("1e400", "1"), None);
    assert_eq!(delta_of("1e-999999999999999999", "1e999999999999999999"), None);
    assert_eq!(
        delta_of("1e999999999999999999", "3e999999999999999999").as_deref(),
        Some("+2e999999999999999999")
    );
}

#[test]
fn percents_are_of_the_old_size_and_round_half_to_even() {
    for (old, new, expected) in [
        ("0.80", "1.20", Some("+50.00")),
        ("1.0790", "1.0851", Some("+0.57")),
        ("1.20", "0.80", Some("-33.33")),
        ("-10", "-5", Some("+50.00")),
        ("-10", "-15", Some("-50.00")),
        ("1", "-1", Some("-200.00")),
        ("0", "5", None),
        ("0.00", "5", None),
        ("20000", "20001", Some("0.00")),
        ("20000", "20003", Some("+0.02")),
        ("20000", "19999", Some("0.00")),
        ("20000", "20001.0000000000001", Some("+0.01")),
        ("1", "1000000", Some("+99999900.00")),
        ("1e22", "2e22", Some("+100.00")),
        ("0.123456789012345678901234567890", "0.246913578024691357802469135780", Some("+100.00")),
        ("1e-40", "1", None),
    ] {
        assert_eq!(percent_of(old, new).as_deref(), expected, "{old} -> {new}");
    }
}

/// A number as `mantissa / 10^scale`, and one of its spellings.
fn spelled() -> impl Strategy<Value = (i128, u32, String)> {
    let mantissa = prop_oneof![any::<i64>(), -1000..1000i64, Just(0)];
    (mantissa, 0..12u32, 0..4usize, any::<bool>(), -9..9i32).prop_map(
        |(mantissa, scale, zeros, upper, shift)| {
            let digits = format!("{:0>1$}", mantissa.unsigned_abs(), scale as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
            let sign = if mantissa < 0 { "-" } else { "" };
            let e = if upper { 'E' } else { 'e' };
            let text = match (shift, fraction) {
                (0, "") => format!("{sign}{whole}"),
                (0, _) => format!("{sign}{whole}.{fraction}{}", "0".repeat(zeros)),
                _ => format!("{sign}{}{e}{}", mantissa.unsigned_abs(), -i64::from(scale)),
            };
            (i128::from(mantissa), scale, text)
        },
    )
}

fn at_scale((mantissa, scale, _): &(i128, u32, String), common: u32) -> i128 {
    mantissa * 10i128.pow(common - scale)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn comparing_agrees_with_whole_numbers(a in spelled(), b in spelled()) {
        let expected = at_scale(&a, 12).cmp(&at_scale(&b, 12));
        prop_assert_eq!(number(&a.2).cmp(&number(&b.2)), expected);
        prop_assert_eq!(same_value(&a.2, &b.2), expected == Ordering::Equal);
    }

    #[test]
    fn deltas_agree_with_whole_numbers(a in spelled(), b in spelled()) {
        let text = delta_of(&a.2, &b.2).unwrap();
        let expected = at_scale(&b, 12) - at_scale(&a, 12);
        prop_assert_eq!(text.starts_with('+'), expected > 0, "{}", text);
        let plain = text.trim_start_matches('+');
        let written = format!("{expected}e-12");
        prop_assert!(same_value(plain, &written), "{} is not {}", plain, written);
    }

    #[test]
    fn percents_agree_with_whole_numbers(a in spelled(), b in spelled()) {
        let (old, new) = (at_scale(&a, 12), at_scale(&b, 12));
        let Some(text) = percent_of(&a.2, &b.2) else {
            prop_assert!(old == 0 || a.2.len() + b.2.len() > 25);
            return Ok(());
        };
        let hundredths: i128 = text.trim_start_matches('+').replace('.', "").parse().unwrap();
        // |hundredths * |old| - diff * 10000| is at most half of |old|, exactly half only for even hundredths.
        let Some(scaled) = (new - old).checked_mul(10_000) else { return Ok(()) };
        let Some(product) = hundredths.checked_mul(old.abs()) else { return Ok(()) };
        let error = (product - scaled).abs() * 2;
        prop_assert!(error < old.abs() || (error == old.abs() && hundredths % 2 == 0), "{} of {:?} {:?}", text, a, b);
    }
}
