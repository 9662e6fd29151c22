//! One version's change in a few words, as lists and feeds show it.

use stateloft_core::api::VersionView;
use stateloft_core::diff::{Change, ChangeKind, Counts};
use stateloft_core::model::{FirstChange, Operation};

use super::number;

/// The sign that stands for a change; a word says the same for screen readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// `+`
    Added,
    /// `~`
    Changed,
    /// `−`
    Removed,
    /// `=`
    Equal,
    /// `↺`
    Restored,
    /// `≈`
    Spelled,
    /// `⇅`
    Ordered,
}

impl Glyph {
    /// The sign of a version.
    #[must_use]
    pub fn of(operation: Operation) -> Self {
        match operation {
            Operation::Create => Self::Added,
            Operation::Update => Self::Changed,
            Operation::Delete => Self::Removed,
            Operation::Restore => Self::Restored,
        }
    }

    /// The sign of a difference: of elements that went or came, whether they went, or came, or both.
    #[must_use]
    pub fn of_change(change: &Change) -> Self {
        match change.kind {
            ChangeKind::Added => Self::Added,
            ChangeKind::Removed => Self::Removed,
            ChangeKind::Changed => Self::Changed,
            ChangeKind::Spelling => Self::Spelled,
            ChangeKind::Reordered => Self::Ordered,
            ChangeKind::Splice => match change.moved() {
                (0, _) => Self::Added,
                (_, 0) => Self::Removed,
                _ => Self::Changed,
            },
        }
    }

    /// The character.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Changed => "~",
            Self::Removed => "\u{2212}",
            Self::Equal => "=",
            Self::Restored => "\u{21ba}",
            Self::Spelled => "\u{2248}",
            Self::Ordered => "\u{21c5}",
        }
    }

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Equal => "equal",
            Self::Restored => "restored",
            Self::Spelled => "spelling",
            Self::Ordered => "order",
        }
    }

    /// The CSS class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Added => "add",
            Self::Changed => "chg",
            Self::Removed => "del",
            Self::Equal | Self::Spelled | Self::Ordered => "eq",
            Self::Restored => "res",
        }
    }
}

/// A path as rows show it: `/stop_loss` is `stop_loss`; a deeper path keeps its slashes.
#[must_use]
pub fn path_words(path: &str) -> &str {
    match path.strip_prefix('/') {
        Some(rest) if !rest.contains('/') && !rest.is_empty() => rest,
        _ => path,
    }
}

/// A path as its parents and its last part: `/signal/` and `id`. A slash inside `[...]` belongs to an element's name.
#[must_use]
pub fn split_path(path: &str) -> (&str, &str) {
    let slash = if path.ends_with(']') { path.rfind("/[") } else { path.rfind('/') };
    slash.map_or(("", path), |at| path.split_at(at + 1))
}

/// What a version did, for a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Story {
    /// A path went from one value to another.
    Moved {
        /// The path.
        path: String,
        /// Old value's text.
        old: String,
        /// New value's text.
        new: String,
        /// Exact difference, signed.
        delta: Option<String>,
    },
    /// Anything else: a lead in ink2 and the point of it in ink.
    Said {
        /// `created, 14 paths: `
        lead: String,
        /// `stop_loss 0.8312`
        point: String,
    },
}

impl Story {
    /// What this version did, in full.
    #[must_use]
    pub fn of(version: &VersionView) -> Self {
        let change = &version.change;
        let counts = Counts::from(change);
        let paths = u64::from(counts.values());
        let said = |lead: String, point: String| Self::Said { lead, point };
        match (version.operation, change.first.as_deref()) {
            (Operation::Delete, _) => {
                let point = version.description.as_deref().unwrap_or_default();
                said(if point.is_empty() { "deleted".into() } else { "deleted: ".into() }, point.to_owned())
            }
            (Operation::Create, first) => {
                let again = if version.version.0 > 1 { "created again" } else { "created" };
                let lead = format!("{again}, {}", number::counted(paths, "path", "paths"));
                match first.map(FirstWords::of) {
                    Some(words) => said(format!("{lead}: "), words.0),
                    None => said(lead, String::new()),
                }
            }
            (Operation::Restore, first) => {
                let words = first.map_or(String::new(), |first| FirstWords::of(first).0);
                said(format!("restored, {}: ", number::counted(paths, "path", "paths")), words)
            }
            (
                Operation::Update,
                Some(FirstChange { path, old: Some(old), new: Some(new), delta, note: None }),
            ) => Self::Moved {
                path: path_words(path).to_owned(),
                old: old.clone(),
                new: new.clone(),
                delta: delta.as_deref().map(number::signed),
            },
            (Operation::Update, Some(first)) => said(FirstWords::path(first), FirstWords::after_path(first)),
            (Operation::Update, None) => said(muted(&counts), String::new()),
        }
    }

    /// The same in a few words for a table: `stop_loss +0.0019, 3 more`.
    #[must_use]
    pub fn brief(version: &VersionView) -> String {
        let change = &version.change;
        let counts = Counts::from(change);
        let paths = counts.values();
        match version.operation {
            Operation::Create => if version.version.0 > 1 { "created again" } else { "created" }.to_owned(),
            Operation::Delete => match version.description.as_deref() {
                Some(why) if !why.is_empty() => format!("deleted: {why}"),
                _ => "deleted".to_owned(),
            },
            Operation::Restore => match version.description.as_deref() {
                Some(why) if !why.is_empty() => format!("restored: {why}"),
                _ => format!("restored, {}", number::counted(paths.into(), "path", "paths")),
            },
            Operation::Update => {
                let Some(first) = &change.first else { return muted(&counts) };
                let lead = FirstWords::of(first).0;
                // Where values changed the first is of one; those that only look different are not "more" of that.
                let alike = if paths > 0 { paths } else { counts.texts() };
                if alike > 1 { format!("{lead}, {} more", alike - 1) } else { lead }
            }
        }
    }
}

/// Of an update of which no change is worth reading.
fn muted(counts: &Counts) -> String {
    // Versions from before noise was counted by itself have it among the others.
    let noise = u64::from(counts.volatile) + u64::from(counts.values());
    if noise == 0 {
        return "no path differs".to_owned();
    }
    format!("only {} moved", number::counted(noise, "volatile path", "volatile paths"))
}

struct FirstWords(String);

impl FirstWords {
    fn of(first: &FirstChange) -> Self {
        Self(format!("{}{}", Self::path(first), Self::after_path(first)))
    }

    /// The path with a space after it; nothing where the whole document is meant.
    fn path(first: &FirstChange) -> String {
        let words = path_words(&first.path);
        if words.is_empty() { String::new() } else { format!("{words} ") }
    }

    fn after_path(first: &FirstChange) -> String {
        match (first.note.as_deref(), first.delta.as_deref(), first.old.as_deref(), first.new.as_deref()) {
            (Some(note), ..) => note.to_owned(),
            (None, Some(delta), ..) => number::signed(delta),
            (None, None, Some(old), Some(new)) => format!("{old} \u{2192} {new}"),
            (None, None, None, Some(new)) => new.to_owned(),
            (None, None, Some(_), None) => "removed".to_owned(),
            (None, None, None, None) => "changed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(operation: &str, number: u64, description: Option<&str>, change: &str) -> VersionView {
        let description = description.map_or("null".to_owned(), |text| format!("\"{text}\""));
        serde_json::from_str(&format!(
            r#"{{"state_id":"A/B","state_type":"position","seq":9,"version":{number},"version_id":"9-00000000",
            "operation":"{operation}","timestamp":"2026-11-21T09:46:11Z","user_id":"bot","description":{description},
            "content_hash":null,"chain_hash":"{}","verdict":{{"status":"valid"}},"change":{change},"size":2}}"#,
            "0".repeat(64)
        ))
        .unwrap()
    }

    const STOP: &str = r#"{"added":0,"changed":4,"removed":0,
        "first":{"path":"/stop_loss","old":"1.0832","new":"1.0851","delta":"+0.0019"}}"#;

    #[test]
    fn an_update_says_its_first_path_and_how_many_more() {
        let update = version("update", 58, None, STOP);
        assert_eq!(Story::brief(&update), "stop_loss +0.0019, 3 more");
        let moved = Story::Moved {
            path: "stop_loss".into(),
            old: "1.0832".into(),
            new: "1.0851".into(),
            delta: Some("+0.0019".into()),
        };
        assert_eq!(Story::of(&update), moved);
    }

    #[test]
    fn a_delete_says_why() {
        let deleted =
            version("delete", 24, Some("take_profit reached"), r#"{"added":0,"changed":0,"removed":14}"#);
        assert_eq!(Story::brief(&deleted), "deleted: take_profit reached");
        let silent = version("delete", 24, None, r#"{"added":0,"changed":0,"removed":14}"#);
        assert_eq!(Story::brief(&silent), "deleted");
    }

    #[test]
    fn a_series_says_its_note_and_a_first_version_its_size() {
        let series = r#"{"added":0,"changed":1,"removed":0,"first":{"path":"/bars","note":"200 points: -1 head, +1 tail"}}"#;
        assert_eq!(Story::brief(&version("update", 2, None, series)), "bars 200 points: -1 head, +1 tail");
        let created = r#"{"added":14,"changed":0,"removed":0,"first":{"path":"/stop_loss","new":"0.8312"}}"#;
        let told = Story::of(&version("create", 1, None, created));
        assert_eq!(
            told,
            Story::Said { lead: "created, 14 paths: ".into(), point: "stop_loss 0.8312".into() }
        );
        let again = version("create", 9, None, created);
        assert_eq!(Story::brief(&again), "created again");
    }

    #[test]
    fn an_update_of_nothing_worth_reading_says_so_and_not_that_nothing_moved() {
        let told = |change: &str| {
            let update = version("update", 3, None, change);
            assert_eq!(Story::of(&update), Story::Said { lead: Story::brief(&update), point: String::new() });
            Story::brief(&update)
        };
        assert_eq!(told(r#"{"added":0,"changed":2,"removed":0}"#), "only 2 volatile paths moved");
        assert_eq!(told(r#"{"added":0,"changed":1,"removed":0}"#), "only 1 volatile path moved");
        assert_eq!(told(r#"{"added":0,"changed":0,"removed":0}"#), "no path differs");
        assert_eq!(
            told(r#"{"added":0,"changed":0,"removed":0,"volatile":3}"#),
            "only 3 volatile paths moved"
        );
    }

    #[test]
    fn an_update_that_only_looks_different_says_so_and_does_not_hide_one_that_does_not() {
        let told = |counts: &str, first: &str| {
            Story::brief(&version("update", 3, None, &format!(r#"{{{counts},"first":{first}}}"#)))
        };
        let spelled = r#"{"path":"/size","note":"other spelling"}"#;
        assert_eq!(
            told(r#""added":0,"changed":0,"removed":0,"spelling":15"#, spelled),
            "size other spelling, 14 more"
        );
        let stop = r#"{"path":"/stop_loss","old":"1","new":"2","delta":"+1"}"#;
        assert_eq!(told(r#""added":0,"changed":2,"removed":0,"spelling":15"#, stop), "stop_loss +1, 1 more");
        let rows = r#"{"path":"/rows/0","note":"−6 removed"}"#;
        assert_eq!(told(r#""added":0,"changed":0,"removed":6"#, rows), "/rows/0 −6 removed, 5 more");
    }

    #[test]
    fn paths_keep_their_depth() {
        assert_eq!(path_words("/stop_loss"), "stop_loss");
        assert_eq!(path_words("/legs/[EURUSD]/volume"), "/legs/[EURUSD]/volume");
        assert_eq!(path_words("/"), "/");
        assert_eq!(split_path("/signal/id"), ("/signal/", "id"));
        assert_eq!(split_path("/legs/[EUR/USD]"), ("/legs/", "[EUR/USD]"));
        assert_eq!(split_path(""), ("", ""));
    }
}
