//! What a text hides: characters that show nothing or turn others round, and letters of one script that look like another's.
//!
//! Ids, keys and values are other people's texts. What is shown of them must not look like something else: an invisible
//! character is shown as its number, and a word of two alphabets says that it is one.

/// A stretch of a text as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// As it is.
    Plain(String),
    /// A character that shows nothing, or turns others round.
    Hidden(char),
}

/// A text as it is shown; one run where nothing is hidden.
#[must_use]
pub fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut from = 0;
    let mut before = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if is_hidden(c) && !(is_joiner(c) && joins(before, next)) {
            if from < at {
                runs.push(Run::Plain(text[from..at].to_owned()));
            }
            runs.push(Run::Hidden(c));
            from = at + c.len_utf8();
        }
        before = Some(c);
    }
    if from < text.len() || runs.is_empty() {
        runs.push(Run::Plain(text[from..].to_owned()));
    }
    runs
}

/// Whether a text is shown as it is.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    matches!(runs(text).as_slice(), [Run::Plain(_)]) && mixed(text).is_none()
}

/// A text as it stands in a sentence, a label or a title, where there are only characters: isolated, what it hides written as its
/// number, and a look-alike marked.
#[must_use]
pub fn told(text: &str) -> String {
    const ISOLATE: char = '\u{2068}';
    const END: char = '\u{2069}';
    if text.is_ascii() && is_plain(text) {
        return text.to_owned();
    }
    let mut told = String::from(ISOLATE);
    for run in runs(text) {
        match run {
            Run::Plain(text) => told.push_str(&text),
            Run::Hidden(c) => told.extend(["[", &number(c), "]"]),
        }
    }
    told.push(END);
    if mixed(text).is_some() {
        told.push('\u{2260}');
    }
    told
}

/// The number of a character, as it is written of it: `U+202E`.
#[must_use]
pub fn number(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// What a hidden character does, in words.
#[must_use]
pub fn name(c: char) -> &'static str {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            "turns the direction of the text"
        }
        _ => "shows nothing",
    }
}

fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// Joiners belong to some scripts and to pictures made of several.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn joins(before: Option<char>, next: Option<char>) -> bool {
    let joined = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_hidden(c) && script(c).is_none());
    joined(before) && joined(next)
}

/// Alphabets with letters that look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
    /// Letters in a coat: full width, bold, in circles.
    Dressed,
}

impl Script {
    fn words(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Cherokee => "Cherokee",
            Self::Dressed => "styled",
        }
    }
}

fn script(c: char) -> Option<Script> {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' if c.is_alphabetic() => Some(Script::Latin),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' if c.is_alphabetic() => Some(Script::Greek),
        '\u{400}'..='\u{52f}' => Some(Script::Cyrillic),
        '\u{530}'..='\u{58f}' => Some(Script::Armenian),
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Some(Script::Cherokee),
        '\u{ff10}'..='\u{ff19}'
        | '\u{ff21}'..='\u{ff3a}'
        | '\u{ff41}'..='\u{ff5a}'
        | '\u{1d400}'..='\u{1d7ff}'
        | '\u{24b6}'..='\u{24e9}' => Some(Script::Dressed),
        _ => None,
    }
}

/// What is to be said of a text with letters of two alphabets in one word; `None` if there is no such word.
#[must_use]
pub fn mixed(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    text.split(|c: char| !c.is_alphanumeric() && !is_hidden(c)).find_map(|word| {
        let mut found = None;
        for script in word.chars().filter_map(script) {
            match found {
                None if script == Script::Dressed => {
                    return Some("with letters that look like others".to_owned());
                }
                None => found = Some(script),
                Some(first) if first != script => {
                    return Some(format!(
                        "with {} and {} letters in one word",
                        first.words(),
                        script.words()
                    ));
                }
                Some(_) => {}
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let run = |run: Run| match run {
            Run::Plain(text) => text,
            Run::Hidden(c) => format!("[{}]", number(c)),
        };
        runs(text).into_iter().map(run).collect()
    }

    #[test]
    fn what_shows_nothing_or_turns_the_text_is_shown_by_its_number() {
        for (text, expected) in [
            ("EURUSD", "EURUSD"),
            ("", ""),
            ("stop\u{202e}0581.1", "stop[U+202E]0581.1"),
            ("BTC\u{200b}USDT", "BTC[U+200B]USDT"),
            ("\u{feff}AAA", "[U+FEFF]AAA"),
            ("a\u{2066}b\u{2069}", "a[U+2066]b[U+2069]"),
            ("tag\u{e0041}", "tag[U+E0041]"),
            ("soft\u{ad}hyphen", "soft[U+00AD]hyphen"),
            ("bell\u{7}", "bell[U+0007]"),
            ("line\nbreak", "line\nbreak"),
            ("BTC\u{200d}USDT", "BTC[U+200D]USDT"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_told_in_a_sentence_cannot_turn_it_round_nor_hide_in_it() {
        for (text, expected) in [
            ("EURUSD/GBPUSD", "EURUSD/GBPUSD"),
            ("", ""),
            ("stop\u{202e}0581.1", "\u{2068}stop[U+202E]0581.1\u{2069}"),
            ("BTC\u{200b}USDT", "\u{2068}BTC[U+200B]USDT\u{2069}"),
            ("a\u{2069}b", "\u{2068}a[U+2069]b\u{2069}"),
            ("bell\u{7}", "\u{2068}bell[U+0007]\u{2069}"),
            ("مفتاح", "\u{2068}مفتاح\u{2069}"),
            ("p\u{43e}sition", "\u{2068}p\u{43e}sition\u{2069}\u{2260}"),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
    }

    #[test]
    fn scripts_and_pictures_that_need_joiners_keep_them() {
        for text in ["👩\u{200d}🚀", "می\u{200c}خواهم", "क्\u{200d}ष", "名前", "Größe", "مفتاح"]
        {
            assert_eq!(shown(text), text, "{text:?}");
            assert!(is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn a_word_of_two_alphabets_says_so() {
        // The second letter of each is not what it looks like.
        for text in ["p\u{43e}sition", "B\u{422}C", "\u{421}OIN", "\u{391}AVE", "ＢTC", "𝐁𝐓𝐂"] {
            assert!(mixed(text).is_some(), "{text:?}");
            assert!(!is_plain(text), "{text:?}");
        }
        for text in ["BTC", "позиция", "Größe", "αβγ", "BTC позиция", "beta-β", "Δ", "名前A", "x²"]
        {
            assert_eq!(mixed(text), None, "{text:?}");
        }
        assert_eq!(mixed("p\u{43e}sition").unwrap(), "with Latin and Cyrillic letters in one word");
    }
}
