//! The words that programs and brokers have for the side of a position.

/// The words, in lower case; they are written in either case.
pub(crate) const DIRECTIONS: [&str; 10] =
    ["long", "short", "up", "down", "buy", "sell", "both", "net", "flat", "none"];

/// Whether a text is such a word.
pub(crate) fn is_direction(text: &str) -> bool {
    DIRECTIONS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
