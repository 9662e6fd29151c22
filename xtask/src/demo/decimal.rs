//! Numbers with a fixed count of digits after the point, as brokers write them: `1.20`, not `1.2`.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal number; written with exactly its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    units: i64,
    digits: u8,
}

impl Decimal {
    /// The nearest number with that many digits.
    #[allow(clippy::cast_possible_truncation, reason = "prices and amounts are far below 2^53 units")]
    pub(super) fn round(value: f64, digits: u8) -> Self {
        Self { units: (value * 10_f64.powi(i32::from(digits))).round() as i64, digits }
    }

    /// For computing; close enough for a simulation.
    #[allow(clippy::cast_precision_loss, reason = "prices and amounts are far below 2^53 units")]
    pub(super) fn value(self) -> f64 {
        self.units as f64 / 10_f64.powi(i32::from(self.digits))
    }

    /// This number moved by `by`, with the same digits.
    pub(super) fn plus(self, by: f64) -> Self {
        Self::round(self.value() + by, self.digits)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let (digits, size) = (usize::from(self.digits), 10_u64.pow(u32::from(self.digits)));
        let units = self.units.unsigned_abs();
        match digits {
            0 => write!(f, "{sign}{units}"),
            _ => write!(f, "{sign}{}.{:0digits$}", units / size, units % size),
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Raw, because a float would lose the zeros at the end.
        RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn digits_are_kept_to_the_last_zero() {
        let text = |value, digits| serde_json::to_string(&Decimal::round(value, digits)).unwrap();
        assert_eq!(text(1.2, 2), "1.20");
        assert_eq!(text(-0.05, 2), "-0.05");
        assert_eq!(text(-8.639, 2), "-8.64");
        assert_eq!(text(94_310.46, 1), "94310.5");
        assert_eq!(text(3.0, 0), "3");
    }

    #[test]
    fn moving_keeps_the_digits() {
        assert_eq!(Decimal::round(1.0832, 5).plus(0.0019).to_string(), "1.08510");
    }
}
