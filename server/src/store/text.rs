//! Comparing texts as every backend compares them.

/// Whether `text` contains `part`, with ASCII letters of either case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// The pattern of SQL's `LIKE` (with `ESCAPE '\'`) that finds a part anywhere.
pub(super) fn like_anywhere(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 8);
    pattern.push('%');
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The first text after every text that starts with `prefix`, in the order of bytes; `None` if there is no such text.
pub(super) fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Skips the surrogates, which are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parts_in_either_case() {
        assert!(contains("position_EURUSD", "eurusd"));
        assert!(contains("É", "É"));
        assert!(!contains("É", "é"));
        assert!(!contains("a", "ab"));
    }

    #[test]
    fn patterns_escape_what_like_would_read() {
        assert_eq!(like_anywhere("50%_\\x"), "%50\\%\\_\\\\x%");
    }

    #[test]
    fn the_end_of_a_prefix_is_past_everything_that_starts_with_it() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
