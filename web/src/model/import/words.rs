//! What the page says of choices and of what will happen.

use stateloft_core::api::{Standing, VersionView};
use stateloft_core::model::Timestamp;

use super::choice::{Choices, Reason};
use super::found::Item;
use super::tally::Tally;
use crate::model::hidden::told;
use crate::model::{age, number};

/// Why an item is not ticked by itself: the sentence, and what there is to know. `head` is what the store holds.
#[must_use]
pub fn not_ticked(
    item: &Item,
    reason: Reason,
    head: Option<&VersionView>,
    now: Timestamp,
) -> (&'static str, String) {
    let of = match (item.saved_at, &item.said_at) {
        (Some(at), _) => format!("The file is of {}", age::to_second(at)),
        (None, Some(text)) => format!("The file is of {}, no zone", told(text)),
        (None, None) => "The file does not say when it was saved".to_owned(),
    };
    let rest = match head {
        Some(head) => {
            let by = head.user_id.as_deref().map_or_else(String::new, |name| format!(" by {}", told(name)));
            format!("{of}, the head v{} of {}{by}.", head.version, age::ago(head.effective_at(), now))
        }
        None => format!("{of}."),
    };
    let sentence = match reason {
        Reason::Older => "Not ticked: it is older than what the store holds.",
        Reason::Unknown => "Not ticked: nothing says whether it is newer than what the store holds.",
        Reason::Unordered => "Not ticked: the files hold several, and nothing says which is the newest.",
    };
    (sentence, rest)
}

/// A type's name for some of it: `pair states`, `strategies`, `market data`.
#[must_use]
pub(super) fn type_words(state_type: &str, count: u64) -> String {
    let words = state_type.replace('_', " ");
    match words.strip_suffix('y') {
        _ if count == 1 || words.ends_with("data") || words.ends_with('s') => words,
        Some(stem) => format!("{stem}ies"),
        None => format!("{words}s"),
    }
}

/// The button: `Write 46 states: 46 new, 0 changed; 2 to quarantine`. `None` where there is nothing to write.
#[must_use]
pub fn button(tally: &Tally) -> Option<String> {
    if !tally.writes() {
        return None;
    }
    if tally.versions == 0 {
        return Some(format!("Put {} in quarantine", number::counted(tally.to_quarantine, "part", "parts")));
    }
    let states = number::counted(tally.states(), "state", "states");
    let what = if tally.versions > tally.states() {
        format!("{} of {states}", number::counted(tally.versions, "version", "versions"))
    } else {
        states
    };
    let counts = format!("{} new, {} changed", number::count(tally.made), number::count(tally.moved));
    let quarantine = match tally.to_quarantine {
        0 => String::new(),
        count => format!("; {} to quarantine", number::count(count)),
    };
    let history = match tally.kept {
        0 => String::new(),
        count => format!(", {} in history only", number::count(count)),
    };
    Some(format!("Write {what}: {counts}{history}{quarantine}"))
}

/// What is still missing before the button may act.
#[must_use]
pub fn missing(tally: &Tally, accept: bool, compared: bool) -> Option<String> {
    if !compared {
        return Some("Comparing with the store.".to_owned());
    }
    (tally.accepted > 0 && !accept)
        .then(|| format!("Accept the {} invalid, or untick them.", number::count(tally.accepted)))
}

/// The same for a terminal. What was pasted has no file there.
#[must_use]
pub fn command(files: &[String], zone: Option<&str>, choices: &Choices, user_id: Option<&str>) -> String {
    let mut words = vec!["stateloft import".to_owned()];
    words.extend(files.iter().map(|file| quoted(file)));
    words.extend(zone.map(|zone| format!("--assume-tz {zone}")));
    words.extend(choices.choose.iter().map(|name| format!("--choose {}", quoted(name))));
    words.extend(choices.history_only.iter().map(|name| format!("--history-only {}", quoted(name))));
    words.extend(user_id.map(|name| format!("--user-id {}", quoted(name))));
    words.join(" ")
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Sign, word and colour of how an item stands.
#[must_use]
pub const fn standing_words(standing: Standing) -> (&'static str, &'static str, &'static str) {
    match standing {
        Standing::New | Standing::Unordered => ("+", "new", "add"),
        Standing::Different => ("~", "changed", "chg"),
        Standing::Unchanged => ("=", "unchanged", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{item, version};
    use super::*;

    #[test]
    fn why_something_is_not_ticked_is_said_with_both_times() {
        let head = version("A", 1204, 9, "2026-01-01T00:00:00Z");
        let now = Timestamp::parse("2026-01-01T00:00:08Z").unwrap();
        let item = Item { said_at: Some("2025-07-14T18:41:58".into()), ..item("A", 1) };
        let (sentence, rest) = not_ticked(&item, Reason::Older, Some(&head), now);
        assert_eq!(sentence, "Not ticked: it is older than what the store holds.");
        assert_eq!(
            rest,
            "The file is of 2025-07-14T18:41:58, no zone, the head v1204 of 8 s ago by pairs-fx-1."
        );
    }

    #[test]
    fn the_button_counts_and_says_what_it_does() {
        let tally = Tally { made: 46, versions: 46, to_quarantine: 2, ..Tally::default() };
        assert_eq!(button(&tally).as_deref(), Some("Write 46 states: 46 new, 0 changed; 2 to quarantine"));
        let tally = Tally { made: 1, moved: 1, versions: 5, ..Tally::default() };
        assert_eq!(button(&tally).as_deref(), Some("Write 5 versions of 2 states: 1 new, 1 changed"));
        let tally = Tally { made: 1, kept: 1, versions: 3, ..Tally::default() };
        assert_eq!(
            button(&tally).as_deref(),
            Some("Write 3 versions of 2 states: 1 new, 0 changed, 1 in history only")
        );
        let tally = Tally { to_quarantine: 1, ..Tally::default() };
        assert_eq!(button(&tally).as_deref(), Some("Put 1 part in quarantine"));
        assert_eq!(button(&Tally { unchanged: 7, ..Tally::default() }), None, "a second drop writes nothing");
    }

    #[test]
    fn the_button_waits_for_what_is_missing() {
        let tally = Tally { accepted: 38, ..Tally::default() };
        assert_eq!(missing(&tally, true, false).as_deref(), Some("Comparing with the store."));
        assert_eq!(missing(&tally, false, true).as_deref(), Some("Accept the 38 invalid, or untick them."));
        assert_eq!(missing(&tally, true, true), None);
    }

    #[test]
    fn kinds_are_said_in_words() {
        for (name, words) in
            [("pair_state", "pair states"), ("strategy", "strategies"), ("market_data", "market data")]
        {
            assert_eq!(type_words(name, 2), words);
        }
        assert_eq!(type_words("pair_state", 1), "pair state");
    }

    #[test]
    fn the_command_is_safe_to_paste() {
        let files = ["a.json".to_owned(), "it's here/b c.json".to_owned()];
        let (choose, history_only) = (vec!["a.json#/x y".to_owned()], vec!["a.json#/z".to_owned()]);
        let choices = Choices { choose, history_only, ..Choices::default() };
        assert_eq!(
            command(&files, Some("+03:00"), &choices, Some("ops")),
            r"stateloft import a.json 'it'\''s here/b c.json' --assume-tz +03:00 --choose 'a.json#/x y' --history-only 'a.json#/z' --user-id ops"
        );
    }
}
