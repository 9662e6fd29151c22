//! What a version is and did, in a few words.

use stateloft_core::api::VersionView;
use stateloft_core::model::{ChangeSummary, Verdict};

/// `1 version`, `2 versions`; of words that take an s.
pub(in crate::cli) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// As [`counted`], or that the number is not known.
pub(in crate::cli) fn counted_if_known(count: Option<u64>, what: &str) -> String {
    count.map_or_else(|| format!("an unknown number of {what}s"), |count| counted(count, what))
}

/// `1 version is`, `2 versions are`.
pub(in crate::cli) fn counted_are(count: u64, what: &str) -> String {
    format!("{} {}", counted(count, what), if count == 1 { "is" } else { "are" })
}

/// A verdict, with how many rules are broken.
pub(in crate::cli) fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::NotChecked => "not checked".to_owned(),
        Verdict::Valid => "valid".to_owned(),
        Verdict::Invalid { violations } => format!("invalid ({})", violations.len()),
    }
}

/// How many paths changed: `+1 ~2 -3`.
pub(in crate::cli) fn effect_of_change(change: &ChangeSummary) -> String {
    let counts = [("+", change.added), ("~", change.changed), ("-", change.removed)];
    let said = counts.iter().filter(|(_, count)| *count > 0).map(|(sign, count)| format!("{sign}{count}"));
    said.collect::<Vec<_>>().join(" ")
}

/// A version in a line: which, when, by whom and why.
pub(in crate::cli) fn described(version: &VersionView) -> String {
    let mut line = format!(
        "{} {} version {}  seq {}  {}",
        version.state_type, version.state_id, version.version, version.seq, version.timestamp
    );
    for part in [&version.user_id, &version.description].into_iter().flatten() {
        line.push_str("  ");
        line.push_str(part);
    }
    line
}
