//! Which versions a page compares, as its address says it.

use std::fmt;

use stateloft_core::api::Moment;

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The last version, whichever it is.
    Head,
    /// A version by its number.
    Version(u64),
    /// What was the last version at a time, a seq or a snapshot.
    At(Moment),
}

impl Pick {
    /// Reads `head`, `57`, or a moment (`seq:9`, `snapshot:NAME`, a time); `None` if it is none of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "head" {
            return Some(Self::Head);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().filter(|number| *number > 0).map(Self::Version);
        }
        match text.parse().ok()? {
            Moment::Now => Some(Self::Head),
            moment => Some(Self::At(moment)),
        }
    }

    /// For people: `head`, `v57`, `snapshot eod`, `seq 9`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Head => "head".to_owned(),
            Self::Version(number) => format!("v{number}"),
            Self::At(Moment::Snapshot(name)) => format!("snapshot {name}"),
            Self::At(Moment::Seq(seq)) => format!("seq {seq}"),
            Self::At(moment) => moment.to_string(),
        }
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str("head"),
            Self::Version(number) => number.fmt(f),
            Self::At(moment) => moment.fmt(f),
        }
    }
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// A row for each change.
    #[default]
    Changes,
    /// The document as a folded tree.
    Tree,
    /// Both texts.
    Text,
    /// RFC 6902.
    Patch,
}

impl Tab {
    /// In the order of the keys `1` to `4`.
    pub const ALL: [Self; 4] = [Self::Changes, Self::Tree, Self::Text, Self::Patch];

    /// The word in an address.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Tree => "tree",
            Self::Text => "text",
            Self::Patch => "patch",
        }
    }

    /// The label; the short one where there is little room.
    #[must_use]
    pub fn label(self, short: bool) -> &'static str {
        match (self, short) {
            (Self::Changes, _) => "Changes",
            (Self::Tree, _) => "Tree",
            (Self::Text, false) => "Side by side",
            (Self::Text, true) => "Text",
            (Self::Patch, false) => "JSON Patch",
            (Self::Patch, true) => "Patch",
        }
    }

    /// The tab of that word; the first one if there is none.
    #[must_use]
    pub fn parse(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|tab| Some(tab.word()) == word).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_read_as_it_is_written() {
        for text in ["head", "57", "seq:9", "snapshot:eod/1", "2026-11-21T09:46:11.000000Z"] {
            assert_eq!(Pick::parse(text).map(|pick| pick.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Pick::parse("now"), Some(Pick::Head));
        for text in ["", "0", "v57", "-1", "yesterday", "99999999999999999999999"] {
            assert_eq!(Pick::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_unknown_tab_is_the_first() {
        assert_eq!(Tab::parse(Some("text")), Tab::Text);
        assert_eq!(Tab::parse(Some("nothing")), Tab::Changes);
        assert_eq!(Tab::parse(None), Tab::Changes);
    }
}
