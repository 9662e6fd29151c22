//! Reading numbers and the three words.
use super::super::error::JsonErrorKind;
use super::{Scanner, Step};

/// Exponents up to this many digits (leading zeros apart) can be calculated with exactly.
const MAX_EXPONENT_DIGITS: usize = 18;

impl Scanner<'_> {
    pub(super) fn number(&mut self) -> Step {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            b'I' if self.bytes[self.at..].starts_with(b"Infinity") => {
                self.at = start;
                return Err(self.fault(JsonErrorKind::NotFinite));
            }
            _ => return Err(self.fault(JsonErrorKind::InvalidNumber)),
        }
        let mut next = self.peek();
        if next == b'.' {
            self.at += 1;
            self.some_digits()?;
            next = self.peek();
        }
        if next | 0x20 == b'e' {
            self.exponent()?;
            next = self.peek();
        }
        // `01`, `1.2.3`, `0x1`, `1a`: said here, where it is clear that a number was meant.
        if next.is_ascii_alphanumeric() || matches!(next, b'.' | b'+' | b'-') {
            return Err(self.fault(JsonErrorKind::InvalidNumber));
        }
        self.push(start, 0);
        Ok(())
    }

    fn exponent(&mut self) -> Step {
        self.at += 1;
        if matches!(self.peek(), b'+' | b'-') {
            self.at += 1;
        }
        let start = self.at;
        self.some_digits()?;
        let significant = self.text[start..self.at].trim_start_matches('0').len();
        if significant > MAX_EXPONENT_DIGITS {
            self.at = start;
            return Err(self.fault(JsonErrorKind::ExponentTooLarge));
        }
        Ok(())
    }

    fn some_digits(&mut self) -> Step {
        if !self.peek().is_ascii_digit() {
            return Err(self.fault(JsonErrorKind::InvalidNumber));
        }
        self.digits();
        Ok(())
    }

    #[inline]
    fn digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
    }

    pub(super) fn literal(&mut self, word: &[u8]) -> Step {
        let start = self.at;
        for &expected in word {
            if self.peek() != expected {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        self.push(start, 0);
        Ok(())
    }
}
