//! Why a text is not a document: a closed set of reasons, each with the byte where reading stopped.
use std::fmt;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonErrorKind {
    /// Nothing but white space.
    Empty,
    /// The text stops inside a value.
    UnexpectedEnd,
    /// A character that cannot stand here.
    UnexpectedCharacter,
    /// A comma with no value after it.
    TrailingComma,
    /// Something follows the document.
    TrailingText,
    /// A number not spelled as JSON asks: `01`, `1.`, `+1`, `.5`, `1e`.
    InvalidNumber,
    /// `NaN`, `Infinity` or `-Infinity`.
    NotFinite,
    /// An exponent of more than 18 digits.
    ExponentTooLarge,
    /// A backslash with something after it that JSON does not know.
    InvalidEscape,
    /// A control character inside a string that is not escaped.
    ControlCharacter,
    /// The character U+0000, raw or escaped; no backend stores it.
    Nul,
    /// Half of a surrogate pair (`\ud800`): not a character.
    LoneSurrogate,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// A byte order mark before the document.
    ByteOrderMark,
    /// An object names the same key twice.
    DuplicateKey,
    /// Arrays and objects nested deeper than the limit.
    TooDeep,
    /// More bytes than the limit.
    TooLarge,
}

impl JsonErrorKind {
    /// The stable name of this reason, for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnexpectedEnd => "unexpected_end",
            Self::UnexpectedCharacter => "unexpected_character",
            Self::TrailingComma => "trailing_comma",
            Self::TrailingText => "trailing_text",
            Self::InvalidNumber => "invalid_number",
            Self::NotFinite => "not_finite",
            Self::ExponentTooLarge => "exponent_too_large",
            Self::InvalidEscape => "invalid_escape",
            Self::ControlCharacter => "control_character",
            Self::Nul => "nul",
            Self::LoneSurrogate => "lone_surrogate",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::ByteOrderMark => "byte_order_mark",
            Self::DuplicateKey => "duplicate_key",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Empty => "the text is empty; a JSON value is expected",
            Self::UnexpectedEnd => "the text ends before the value does",
            Self::UnexpectedCharacter => "unexpected character",
            Self::TrailingComma => "a comma with nothing after it",
            Self::TrailingText => "text after the end of the document",
            Self::InvalidNumber => "a number not spelled as JSON asks",
            Self::NotFinite => "NaN and Infinity are not JSON numbers; use null or a text",
            Self::ExponentTooLarge => "a number with an exponent of more than 18 digits",
            Self::InvalidEscape => "an escape that JSON does not know",
            Self::ControlCharacter => "a control character in a string must be escaped",
            Self::Nul => "the character U+0000 is not accepted",
            Self::LoneSurrogate => "half of a surrogate pair is not a character",
            Self::InvalidUtf8 => "not valid UTF-8",
            Self::ByteOrderMark => "a byte order mark is not accepted",
            Self::DuplicateKey => "duplicate key",
            Self::TooDeep => "nested too deeply",
            Self::TooLarge => "too large",
        }
    }
}

/// A text was refused. A [`Diagnosis`](super::Diagnosis) says more of it, for whoever sent the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct JsonError {
    kind: JsonErrorKind,
    offset: usize,
    detail: Option<Box<str>>,
}

impl JsonError {
    pub(crate) fn new(kind: JsonErrorKind, offset: usize) -> Self {
        Self { kind, offset, detail: None }
    }

    pub(super) fn with_detail(kind: JsonErrorKind, offset: usize, detail: impl Into<Box<str>>) -> Self {
        Self { kind, offset, detail: Some(detail.into()) }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> JsonErrorKind {
        self.kind
    }

    /// The stable name of what is wrong, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where, in bytes from the start of the text as it was given.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl JsonError {
    /// The same, of a text in which it stands elsewhere.
    #[cfg(feature = "validate")]
    #[must_use]
    pub(crate) fn moved_to(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    /// What is wrong, in words, without where.
    pub(super) fn words(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} {detail}", self.kind.words()),
            None => self.kind.words().to_owned(),
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.words(), self.offset)
    }
}
