//! Numbers as people read them. Saved values never come here: they are shown as spelled.

/// A count with commas: `18231` is `18,231`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 state`, `3 states`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Bytes: `812 B`, `16.4 KB`, `3.1 MB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if number < 1000 {
        return format!("{number} B");
    }
    // Tenths of the unit, in whole numbers: exact for any size.
    let mut tenths = number / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", count(tenths / 10), tenths % 10, UNITS[unit])
}

/// A signed number as spelled by the core, with a real minus sign.
#[must_use]
pub fn signed(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("\u{2212}{rest}"),
        None => text.to_owned(),
    }
}

/// Milliseconds: `0.42 ms`, `3.8 ms`, `11 ms`, `1.2 s`.
#[must_use]
pub fn millis(value: f64) -> String {
    if value < 1.0 {
        format!("{value:.2} ms")
    } else if value < 10.0 {
        format!("{value:.1} ms")
    } else if value < 1000.0 {
        format!("{value:.0} ms")
    } else {
        format!("{:.1} s", value / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_get_commas() {
        assert_eq!([0, 999, 1000, 18231, 1_234_567].map(count), ["0", "999", "1,000", "18,231", "1,234,567"]);
        assert_eq!(counted(1, "state", "states"), "1 state");
        assert_eq!(counted(0, "state", "states"), "0 states");
    }

    #[test]
    fn bytes_have_one_decimal_over_a_thousand() {
        let cases =
            [(0, "0 B"), (812, "812 B"), (1000, "1.0 KB"), (16_412, "16.4 KB"), (3_100_000, "3.1 MB")];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
        assert_eq!(bytes(u64::MAX), "18,446,744.0 TB");
    }

    #[test]
    fn deltas_have_a_real_minus() {
        assert_eq!(signed("-0.7169"), "−0.7169");
        assert_eq!(signed("+14.75"), "+14.75");
    }

    #[test]
    fn milliseconds_keep_two_digits_worth_reading() {
        assert_eq!([0.42, 3.84, 11.3, 1234.0].map(millis), ["0.42 ms", "3.8 ms", "11 ms", "1.2 s"]);
    }
}
