//! What the page says of files and of what is in them.

use stateloft_core::api::{FileError, FileSummary, ImportSource, Shape};

use super::found::{Found, Item};
use crate::model::hidden::told;
use crate::model::number;

/// A shape in words.
#[must_use]
pub const fn shape_words(shape: Shape) -> &'static str {
    match shape {
        Shape::TypedState => "trading state, typed series",
        Shape::UntypedState => "trading state, untyped series",
        Shape::FlatState => "trading state, totals at the top",
        Shape::Backup => "backup",
        Shape::PositionFallback => "position fallback",
        Shape::BrokerSummary => "broker summary",
        Shape::Tables => "series and tables",
        Shape::Sessions => "sessions and checkpoints",
        Shape::StateloftFile => "file of the Python client",
        Shape::Chosen => "as chosen",
        Shape::Empty => "empty",
        Shape::Unknown => "of no known shape",
    }
}

/// `trading state, typed series · 41 items · 1.2 MB · saved 2025-07-14T18:41:58, no zone`
#[must_use]
pub fn about_file(found: &Found, file: &FileSummary) -> String {
    let mut words: Vec<String> = file.shapes.iter().map(|shape| shape_words(*shape).to_owned()).collect();
    let items = file.items + found.duplicates(&file.name).count() as u64;
    words.push(number::counted(items, "item", "items"));
    words.push(number::bytes(file.bytes));
    let mut said = found.items.iter().filter(|item| item.source.file == file.name).filter_map(Item::said);
    if let Some(first) = said.next()
        && said.all(|other| other == first)
    {
        let zone = if first.1 { "" } else { ", no zone" };
        words.push(format!("saved {}{zone}", told(first.0)));
    }
    words.join(" \u{b7} ")
}

/// `damaged at line 212, column 19, byte 9,871: the text ends inside a string`
#[must_use]
pub fn damage(error: &FileError) -> String {
    let what = error.message.split(" at line ").next().unwrap_or(&error.message);
    let (line, column, byte) =
        (number::count(error.line), number::count(error.column), number::count(error.byte));
    format!("at line {line}, column {column}, byte {byte}: {}", told(what))
}

/// How long the place of an item is shown.
const PLACE: usize = 20;

/// Where in its file something stands: `…positions/EURUSD-GBPUSD`, `the other 6 keys`, `line 12`.
#[must_use]
pub fn place(source: &ImportSource) -> String {
    let line = source.line.map(|line| format!("line {}", number::count(line)));
    let within = match (source.members.len(), source.pointer.as_str()) {
        (0, "") if line.is_some() => String::new(),
        (0, "") => "/".to_owned(),
        (0, pointer) => ending(pointer),
        (1, _) => "the other key".to_owned(),
        (members, _) => format!("the other {} keys", number::count(members as u64)),
    };
    [line.unwrap_or_default(), within]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn ending(pointer: &str) -> String {
    let count = pointer.chars().count();
    if count <= PLACE {
        return pointer.to_owned();
    }
    let rest: String = pointer.chars().skip(count + 1 - PLACE).collect();
    format!("\u{2026}{rest}")
}

/// What there is to an item: `18 paths, a ticket twice`. `differing` says in how many paths it differs from the store, once
/// that was looked at.
#[must_use]
pub fn what(item: &Item, differing: Option<u64>) -> String {
    let paths = match differing {
        Some(count) => number::counted(count, "path differs", "paths differ"),
        None => number::counted(u64::from(item.paths), "path", "paths"),
    };
    let noted = noted(item);
    if noted.is_empty() { paths } else { format!("{paths}, {noted}") }
}

/// The flag that matters most, in few words. Times have a panel of their own.
fn noted(item: &Item) -> String {
    let many = |code: &str| item.flags.iter().filter(|flag| flag.code == code).count() as u64;
    let words: [(&str, &str); 13] = [
        ("error_inside", "made after an error"),
        ("duplicate_ticket", "a ticket twice"),
        ("count_mismatch", "a count that does not fit"),
        ("length_mismatch", "times and values differ in number"),
        ("uneven_series", "series of two lengths"),
        ("duplicate_index", "a time twice"),
        ("printed_series", "a series as printed"),
        ("unknown_table", "a table of an unknown kind"),
        ("summary_only", "only a summary"),
        ("nested_portfolio", "an earlier one inside"),
        ("placeholder_values", "placeholders"),
        ("direction_empty", "no direction"),
        ("position_without_pair", "no pair state"),
    ];
    match many("not_finite") {
        0 => {}
        count => return format!("{} not finite, kept tagged", number::count(count)),
    }
    let found = words.into_iter().find(|(code, _)| many(code) > 0);
    found.map_or_else(String::new, |(_, words)| words.to_owned())
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::ImportFlag;

    use super::super::samples::{file, found, item};
    use super::*;

    #[test]
    fn a_file_says_what_it_is_and_when_it_was_saved_if_it_says_one_time() {
        let saved = |text: &str| Item { said_at: Some(text.to_owned()), ..item("A", 1) };
        let one = found(vec![saved("2025-07-14T18:41:58"), saved("2025-07-14T18:41:58")]);
        assert_eq!(
            about_file(&one, &one.files[0]),
            "trading state, typed series · 2 items · 1.2 KB · saved 2025-07-14T18:41:58, no zone"
        );
        let two = found(vec![saved("2025-07-14T18:41:58"), saved("2025-07-15T18:41:58")]);
        assert_eq!(about_file(&two, &file("a.json", 2)), "trading state, typed series · 2 items · 1.2 KB");
    }

    #[test]
    fn a_damaged_file_says_line_column_and_byte() {
        let error = FileError {
            file: "a.json".into(),
            line: 212,
            column: 19,
            byte: 9_871,
            pointer: None,
            code: "unexpected_end".into(),
            message: "the text ends inside a string at line 212, column 19 (byte 9871)".into(),
            near: String::new(),
            hint: None,
        };
        assert_eq!(damage(&error), "at line 212, column 19, byte 9,871: the text ends inside a string");
    }

    #[test]
    fn a_place_keeps_its_end() {
        let of = |line, pointer: &str, members: &[&str]| {
            place(&ImportSource {
                file: "a".into(),
                line,
                pointer: pointer.into(),
                members: members.iter().map(|m| (*m).to_owned()).collect(),
            })
        };
        assert_eq!(of(None, "/active_positions/EURUSD-GBPUSD", &[]), "…tions/EURUSD-GBPUSD");
        assert_eq!(of(None, "/positions/2", &[]), "/positions/2");
        assert_eq!((of(None, "", &[]), of(Some(1_200), "", &[])), ("/".into(), "line 1,200".into()));
        assert_eq!(
            (of(None, "", &["a"]), of(None, "", &["a", "b"])),
            ("the other key".into(), "the other 2 keys".into())
        );
        assert_eq!(of(Some(3), "/a", &[]), "line 3 /a");
    }

    #[test]
    fn an_item_says_what_is_odd_about_it() {
        let flag =
            |code: &str| ImportFlag { code: code.into(), pointer: "/x".into(), message: String::new() };
        let with =
            |codes: &[&str]| Item { flags: codes.iter().map(|code| flag(code)).collect(), ..item("A", 1) };
        assert_eq!(what(&with(&["naive_time"]), None), "18 paths");
        assert_eq!(
            what(&with(&["placeholder_values", "duplicate_ticket"]), None),
            "18 paths, a ticket twice"
        );
        let tagged = with(&["not_finite", "not_finite", "duplicate_ticket"]);
        assert_eq!(what(&tagged, Some(1)), "1 path differs, 2 not finite, kept tagged");
    }
}
