//! Reading strings: eight bytes at a time up to the next byte that needs a look.
use super::super::decode::hex4;
use super::super::error::JsonErrorKind;
use super::{Fault, Scanner, Step};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// What a byte means inside a string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Quote,
    Backslash,
    Control,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    let mut byte = 0;
    while byte < 0x20 {
        classes[byte] = Class::Control;
        byte += 1;
    }
    classes[b'"' as usize] = Class::Quote;
    classes[b'\\' as usize] = Class::Backslash;
    classes
};

impl Scanner<'_> {
    pub(super) fn string(&mut self) -> Step {
        let start = self.at;
        let escaped = self.characters()?;
        self.push(start, u32::from(escaped));
        Ok(())
    }

    pub(super) fn key(&mut self) -> Step {
        if self.peek() != b'"' {
            return Err(self.unexpected());
        }
        let start = self.at;
        let escaped = self.characters()?;
        self.push(start, u32::from(escaped));
        self.note_key(start, escaped);
        Ok(())
    }

    /// Reads from the opening quote past the closing one; true if there are escapes.
    fn characters(&mut self) -> Result<bool, Fault> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.skip_plain();
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(self.fault(JsonErrorKind::UnexpectedEnd));
            };
            match CLASSES[byte as usize] {
                Class::Quote => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Class::Backslash => {
                    escaped = true;
                    self.escape()?;
                }
                Class::Control if byte == 0 => return Err(self.fault(JsonErrorKind::Nul)),
                Class::Control => return Err(self.fault(JsonErrorKind::ControlCharacter)),
                Class::Plain => self.at += 1,
            }
        }
    }

    /// Skips bytes that are neither a quote, a backslash nor a control character; may stop early near the end.
    #[inline]
    fn skip_plain(&mut self) {
        while let Some(chunk) = self.bytes.get(self.at..self.at + 8).and_then(|bytes| bytes.try_into().ok()) {
            let special = special_bytes(u64::from_le_bytes(chunk));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
    }

    fn escape(&mut self) -> Step {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => self.unicode_escape(),
            Some(_) => Err(self.fault(JsonErrorKind::InvalidEscape)),
            None => self.end_of_text(),
        }
    }

    fn unicode_escape(&mut self) -> Step {
        match self.code_unit(self.at)? {
            0 => Err(self.fault(JsonErrorKind::Nul)),
            0xdc00..=0xdfff => Err(self.fault(JsonErrorKind::LoneSurrogate)),
            0xd800..=0xdbff => {
                let low = self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u")
                    && matches!(self.code_unit(self.at + 6)?, 0xdc00..=0xdfff);
                if !low {
                    return Err(self.fault(JsonErrorKind::LoneSurrogate));
                }
                self.at += 12;
                Ok(())
            }
            _ => {
                self.at += 6;
                Ok(())
            }
        }
    }

    /// The value of the `\uXXXX` that stands at `at`.
    fn code_unit(&mut self, at: usize) -> Result<u32, Fault> {
        let digits = self.bytes.get(at + 2..).unwrap_or_default();
        let digits = digits.get(..4).unwrap_or(digits);
        if let Some(unit) = hex4(digits) {
            return Ok(unit);
        }
        self.at = at;
        if digits.len() < 4 && digits.iter().all(u8::is_ascii_hexdigit) {
            self.end_of_text()?;
        }
        Err(self.fault(JsonErrorKind::InvalidEscape))
    }

    fn end_of_text(&mut self) -> Step {
        self.at = self.bytes.len();
        Err(self.fault(JsonErrorKind::UnexpectedEnd))
    }
}

/// Marks the first byte of eight (the lowest is the first) that is under 0x20, a quote or a backslash.
/// Bytes after the first may be marked wrongly, by a borrow.
#[inline]
fn special_bytes(eight: u64) -> u64 {
    let control = eight.wrapping_sub(ONES * 0x20) & !eight;
    let quote = (eight ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES) & !(eight ^ (ONES * u64::from(b'"')));
    let backslash =
        (eight ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES) & !(eight ^ (ONES * u64::from(b'\\')));
    (control | quote | backslash) & HIGH
}
