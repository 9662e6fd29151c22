//! Colours, where they are seen, and other people's texts, which must not steer a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Color, Style};
use stateloft_core::hidden::{Run, runs};

/// What went.
pub(in crate::cli) const REMOVED: Style = coloured(AnsiColor::Red);
/// What came.
pub(in crate::cli) const ADDED: Style = coloured(AnsiColor::Green);
/// Where a change is.
pub(in crate::cli) const PLACE: Style = coloured(AnsiColor::Cyan);
/// What is not as it should be.
pub(in crate::cli) const WARNED: Style = coloured(AnsiColor::Yellow);
/// What something is about.
pub(in crate::cli) const HEAD: Style = Style::new().bold();

const fn coloured(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

/// Whether somebody looks at what is printed.
pub(in crate::cli) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether what is printed may have colours: on a terminal, unless `NO_COLOR` or the terminal says no.
fn has_colours() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never)
}

/// A text in a style, where colours are seen.
pub(in crate::cli) fn styled(style: Style, text: &str) -> Cow<'_, str> {
    if has_colours() { Cow::Owned(format!("{style}{text}{style:#}")) } else { Cow::Borrowed(text) }
}

/// Somebody else's text in a line of ours: what would steer a terminal, break the line or hide is shown as an escape.
pub(in crate::cli) fn theirs(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for run in runs(text) {
        match run {
            Run::Hidden(c) => escaped(&mut shown, c),
            Run::Plain(plain) => plain.chars().for_each(|c| match c {
                '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
                c => shown.push(c),
            }),
        }
    }
    shown
}

/// JSON as it is shown on a terminal: the same value, with what would hide or steer written as JSON's own escapes. Only texts
/// can have such characters.
pub(in crate::cli) fn seen_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for run in runs(text) {
        match run {
            Run::Plain(plain) => shown.push_str(&plain),
            Run::Hidden(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a text cannot fail.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
        }
    }
    shown
}

fn escaped(shown: &mut String, c: char) {
    // Writing to a text cannot fail.
    let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_steers_a_terminal_or_breaks_a_line() {
        for (text, shown) in [
            ("EURUSD/GBPUSD é 名前", "EURUSD/GBPUSD é 名前"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("csi\u{9b}31m", "csi\\u{9b}31m"),
            ("stop\u{202e}1.0", "stop\\u{202e}1.0"),
        ] {
            assert_eq!(theirs(text), shown);
        }
    }

    #[test]
    fn json_that_is_looked_at_is_the_same_value() {
        assert_eq!(
            seen_json("{\"a\":\"\u{9b}31m\u{e0041}\",\n \"b\": 1.50}"),
            "{\"a\":\"\\u009b31m\\udb40\\udc41\",\n \"b\": 1.50}"
        );
    }
}
