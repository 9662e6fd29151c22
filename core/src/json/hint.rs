//! What people really send in place of JSON, and what to do about it.
use super::error::JsonErrorKind as Kind;
use super::node::Node;
use super::place::Place;
use super::tape;

/// A text that holds JSON stands where JSON itself belongs.
pub const ENCODED_TWICE: &str = "this is a text that holds JSON: it was encoded twice (as by json.dumps or JSON.stringify on what the client encodes by itself). Send the object, not the text";

const COMMENT: &str = "JSON has no comments: take them out, or keep them in a member such as \"note\"";
const QUOTES: &str =
    "texts and keys stand in double quotes: \"like this\". In Python send json.dumps(data), not str(data)";
const CURLY: &str =
    "these are typographic quotes, as word processors make them: write plain double quotes (\")";
const INVISIBLE: &str =
    "this character is no white space in JSON, though it looks like it or like nothing: take it out";
const PYTHON: &str =
    "this is how Python writes it: send json.dumps(data), not str(data). JSON knows null, true and false";
const UNDEFINED: &str = "JSON has no undefined: leave the member out, or send null";
const WORDS: &str = "only null, true and false, in lower case, stand without quotes";
const NOT_FINITE: &str = "JSON has no NaN and no Infinity: send null, or a text such as \"NaN\"";
const FORM: &str =
    "this is a form or a query string: send a JSON object, with Content-Type: application/json";
const MARKUP: &str = "this is HTML or XML: send JSON";
const CALL: &str =
    "this is code, not its result: send the number, or the text in double quotes; a list stands in [ ]";
const KEY: &str = "keys stand in double quotes: {\"key\": 1}";
const PAIRS: &str = "an object holds pairs, {\"key\": value}, with a colon between; a list stands in [ ]";
const COMMA: &str = "a comma is missing before this";
const QUOTE_INSIDE: &str = "a double quote inside a text is written \\\"";
const NO_VALUE: &str = "a value is missing before this";
const SEVERAL: &str =
    "this is more than one document (as in NDJSON): send each by itself, or several in one batch";
const BRACKETS: &str = "the brackets do not fit: what [ opened ] closes, and { }";
const UTF_16: &str = "this looks like UTF-16: send the text in UTF-8";
const IN_QUOTES: &str = "dates, times and ids are texts: put them in double quotes";

/// What to do about an error between `before` and `rest`.
pub(super) fn hint(
    kind: Kind,
    before: &[u8],
    rest: &[u8],
    place: Option<&Place<'_>>,
) -> Option<&'static str> {
    Some(match kind {
        Kind::Empty => {
            "send a JSON object; what is empty often comes from a variable that is not set, or a file that is not there"
        }
        Kind::UnexpectedEnd => {
            "a bracket or a quote is not closed: send the whole text (Content-Length counts bytes, not characters)"
        }
        Kind::UnexpectedCharacter | Kind::TrailingText => return unexpected(before, rest, place?),
        Kind::TrailingComma => "take this comma out: after the last one JSON has none",
        Kind::InvalidNumber => number(before, rest),
        Kind::NotFinite => NOT_FINITE,
        Kind::ExponentTooLarge => "send it as a text, in double quotes",
        Kind::InvalidEscape => escape(rest),
        Kind::ControlCharacter => control(rest),
        Kind::Nul if place.is_some_and(|place| place.in_text) => {
            "leave the character out; bytes are sent as Base64"
        }
        Kind::Nul => UTF_16,
        Kind::LoneSurrogate => "a character was cut in two: shorten texts by characters, not by UTF-16 units",
        Kind::InvalidUtf8 => encoding(before, rest),
        Kind::ByteOrderMark => {
            "write the text in UTF-8 without a mark (Python: encoding=\"utf-8\", .NET: new UTF8Encoding(false))"
        }
        Kind::DuplicateKey => "name each key once, however it is spelled",
        Kind::TooDeep => "does something hold itself? Else keep the inner parts as states of their own",
        Kind::TooLarge => "keep the parts as states of their own",
    })
}

fn unexpected(before: &[u8], rest: &[u8], place: &Place<'_>) -> Option<&'static str> {
    if let Some(found) = anywhere(before, rest) {
        return Some(found);
    }
    let next = *rest.first()?;
    if before.iter().all(u8::is_ascii_whitespace) {
        return at_the_start(rest);
    }
    match next {
        b'(' => return Some(CALL),
        b']' | b'}' if place.after_value || !place.is_inside() => return Some(BRACKETS),
        b',' | b']' | b'}' if !place.wants_key() && !place.wants_colon() => return Some(NO_VALUE),
        b';' | b')' => return Some("only the value itself: no ; and no ) after it"),
        _ => {}
    }
    if !place.is_inside() {
        return matches!(next, b'{' | b'[' | b'"').then_some(SEVERAL);
    }
    if place.wants_key() {
        return word_starts(rest).then_some(KEY);
    }
    if place.wants_colon() {
        return Some(PAIRS);
    }
    if place.after_value {
        let in_a_word = before.ends_with(b"\"") && (word_starts(rest) || !next.is_ascii());
        let value = matches!(next, b'"' | b'{' | b'[' | b'-') || next.is_ascii_alphanumeric();
        return if in_a_word { Some(QUOTE_INSIDE) } else { value.then_some(COMMA) };
    }
    None
}

/// What is wrong wherever it stands.
fn anywhere(before: &[u8], rest: &[u8]) -> Option<&'static str> {
    if rest.starts_with(b"//") || rest.starts_with(b"/*") || rest.starts_with(b"#") {
        return Some(COMMENT);
    }
    if rest.starts_with(b"'") || rest.starts_with(b"`") {
        return Some(QUOTES);
    }
    let character = String::from_utf8_lossy(&rest[..rest.len().min(4)]).chars().next()?;
    match character {
        '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}' | '«' | '»' => return Some(CURLY),
        '\u{a0}'
        | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{2060}'
        | '\u{3000}'
        | '\u{feff}' => {
            return Some(INVISIBLE);
        }
        _ => {}
    }
    let (word, behind) = word(before, rest);
    match word.as_slice() {
        b"None" | b"True" | b"False" => Some(PYTHON),
        b"undefined" => Some(UNDEFINED),
        b"nan" | b"inf" | b"Inf" | b"INF" | b"infinity" | b"NAN" => Some(NOT_FINITE),
        other if [&b"null"[..], b"true", b"false", b"nil"].iter().any(|w| w.eq_ignore_ascii_case(other)) => {
            Some(WORDS)
        }
        other if !other.is_empty() && behind.starts_with(b"(") => Some(CALL),
        _ => None,
    }
}

fn at_the_start(rest: &[u8]) -> Option<&'static str> {
    let (word, behind) = word(b"", rest);
    match rest.first()? {
        0x1f if rest.starts_with(b"\x1f\x8b") => Some("this is compressed: say Content-Encoding: gzip"),
        b'<' => Some(MARKUP),
        b'%' => Some(FORM),
        b'(' => Some(CALL),
        b']' | b'}' => Some(BRACKETS),
        _ if !word.is_empty() && behind.starts_with(b"=") => Some(FORM),
        _ if !word.is_empty() && behind.starts_with(b":") => Some(KEY),
        _ => None,
    }
}

fn number(before: &[u8], rest: &[u8]) -> &'static str {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_');
    let token = token(before, rest, part);
    let text = String::from_utf8_lossy(&token).to_ascii_lowercase();
    let unsigned = text.trim_start_matches(['+', '-']);
    let zero_then = |after: &[char]| unsigned.strip_prefix('0').is_some_and(|rest| rest.starts_with(after));
    if unsigned.starts_with("nan") || unsigned.starts_with("inf") {
        return NOT_FINITE;
    }
    if text.starts_with("--") && before.len() <= 2 {
        return FORM;
    }
    if unsigned.len() > 2 && unsigned.trim_matches('.').contains(['-', '+']) && !unsigned.contains('e') {
        return IN_QUOTES;
    }
    match text.as_bytes() {
        [b'+', ..] => "a number has no + in front: write 1, not +1",
        [b'.', ..] | [b'-', b'.', ..] => "a digit stands before the point: write 0.5, not .5",
        _ if zero_then(&['x', 'b', 'o']) => "write the number in decimal digits, or as a text: \"0x1F\"",
        _ if zero_then(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) => {
            "a number has no zero in front: write 7, not 07; what is a code is a text: \"07\""
        }
        [.., b'.'] => "digits stand after the point: write 1.0 or 1, not 1.",
        _ if text.contains(".e") => "digits stand after the point: write 1.0e5, not 1.e5",
        [.., b'n' | b'l' | b'f' | b'd' | b'm'] => "a number has no letter behind it: write 1, not 1n or 1.0f",
        _ => "a number is written like -12.5 or 1e-7; anything else is a text, in double quotes",
    }
}

fn escape(rest: &[u8]) -> &'static str {
    match rest.get(1) {
        Some(b'\'') => "' needs no backslash: write it as it is",
        Some(b'x' | b'u' | b'U') => {
            "a character is written \\u and four digits: \\u00e9, \\ud83d\\ude00; a backslash is \\\\"
        }
        _ => "a backslash is written \\\\: \"C:\\\\data\"",
    }
}

fn control(rest: &[u8]) -> &'static str {
    match rest.first() {
        Some(b'\n' | b'\r') => {
            "a line break in a text is written \\n (or the text's closing quote is missing)"
        }
        Some(b'\t') => "a tab in a text is written \\t",
        _ => "control characters in a text are written \\u and four digits, as every JSON library does",
    }
}

fn encoding(before: &[u8], rest: &[u8]) -> &'static str {
    let starts = |mark: &[u8]| before.is_empty() && rest.starts_with(mark);
    if starts(b"\xff\xfe") || starts(b"\xfe\xff") {
        return UTF_16;
    }
    "send the text in UTF-8; this looks like Latin-1, Windows-1252, or bytes that are no text"
}

fn word_starts(rest: &[u8]) -> bool {
    rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
}

/// The word around the place, and what is behind it.
fn word<'a>(before: &[u8], rest: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    let length = rest.iter().take_while(|byte| part(byte)).count();
    (token(before, rest, part), &rest[length..])
}

/// The stretch of such bytes around the place.
fn token(before: &[u8], rest: &[u8], part: impl Fn(&u8) -> bool) -> Vec<u8> {
    /// More than any number or word that has a hint.
    const MOST: usize = 40;
    let start = before.iter().rev().take(MOST).take_while(|byte| part(byte)).count();
    let end = rest.iter().take(MOST).take_while(|byte| part(byte)).count();
    [&before[before.len() - start..], &rest[..end]].concat()
}

/// Whether a value is a text that holds an object or an array as JSON, encoded once more or several times.
#[must_use]
pub fn is_encoded_twice(value: Node<'_>) -> bool {
    /// JSON in JSON in JSON: nobody goes further.
    const LAYERS: usize = 3;
    let Some(text) = value.as_str() else { return false };
    let mut text = text.into_owned();
    for _ in 0..LAYERS {
        if !matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[' | b'"')) {
            return false;
        }
        let Ok(document) = text.parse::<super::Document>() else { return false };
        match document.root().kind() {
            tape::Kind::Object | tape::Kind::Array => return true,
            _ => match document.root().as_str() {
                Some(inner) => text = inner.into_owned(),
                None => return false,
            },
        }
    }
    false
}
