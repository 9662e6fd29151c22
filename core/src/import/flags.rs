//! What is worth knowing of an item although it is taken as it is.

use crate::api::ImportFlag;
use crate::json::{Document, Node, Pointer};
use crate::model::StateKey;
use crate::schema::{TimeText, notices, schema_text};
use crate::tagged::NotFinite;

use super::said::Said;
use super::table::Table;

/// The stable words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagCode {
    /// A time in the data has no zone.
    NaiveTime,
    /// When it was saved is told without a zone.
    SavedAtZoneUnknown,
    /// Another position of the document has the same ticket.
    DuplicateTicket,
    /// A series or table was saved as it is printed.
    PrintedSeries,
    /// Values that an older program put where it knew none.
    PlaceholderValues,
    /// The two series of a pair are not equally long.
    UnevenSeries,
    /// A series has more times than values, or fewer.
    LengthMismatch,
    /// A series names a time twice.
    DuplicateIndex,
    /// A series or table that is not as any known program writes it.
    UnknownTable,
    /// Numbers that are not finite, kept as tagged values.
    NotFinite,
    /// A position whose pair has no state in the same document.
    PositionWithoutPair,
    /// A pair state that does not name its symbols.
    PairWithoutSymbols,
    /// A peak of a pair that holds no position.
    PeakWithoutPosition,
    /// The direction is empty.
    DirectionEmpty,
    /// It says that an error happened when it was made.
    ErrorInside,
    /// A count does not fit what is listed.
    CountMismatch,
    /// Only the summary of a pair state.
    SummaryOnly,
    /// A portfolio that holds an earlier one inside.
    NestedPortfolio,
    /// The id of a snapshot had got into the data.
    SnapshotIdLifted,
}

impl FlagCode {
    const fn word(self) -> &'static str {
        match self {
            Self::NaiveTime => "naive_time",
            Self::SavedAtZoneUnknown => "saved_at_zone_unknown",
            Self::DuplicateTicket => "duplicate_ticket",
            Self::PrintedSeries => "printed_series",
            Self::PlaceholderValues => "placeholder_values",
            Self::UnevenSeries => "uneven_series",
            Self::LengthMismatch => "length_mismatch",
            Self::DuplicateIndex => "duplicate_index",
            Self::UnknownTable => "unknown_table",
            Self::NotFinite => "not_finite",
            Self::PositionWithoutPair => "position_without_pair",
            Self::PairWithoutSymbols => "pair_without_symbols",
            Self::PeakWithoutPosition => "peak_without_position",
            Self::DirectionEmpty => "direction_empty",
            Self::ErrorInside => "error_inside",
            Self::CountMismatch => "count_mismatch",
            Self::SummaryOnly => "summary_only",
            Self::NestedPortfolio => "nested_portfolio",
            Self::SnapshotIdLifted => "snapshot_id_lifted",
        }
    }
}

/// What is known of an item so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Flags(Vec<ImportFlag>);

/// More of one item are not listed.
const MOST: usize = 100;

impl Flags {
    pub(super) fn add(&mut self, code: FlagCode, pointer: &Pointer, message: impl Into<String>) {
        if self.0.len() < MOST {
            let (code, pointer) = (code.word().to_owned(), pointer.as_str().to_owned());
            self.0.push(ImportFlag { code, pointer, message: message.into() });
        }
    }

    /// One of a member at the top.
    pub(super) fn member(&mut self, code: FlagCode, key: &str, message: impl Into<String>) {
        self.add(code, &Pointer::root().join(key), message);
    }
}

/// One flag more for an item that is done.
pub(super) fn flag(code: FlagCode, key: &str, message: String) -> ImportFlag {
    ImportFlag { code: code.word().to_owned(), pointer: Pointer::root().join(key).into(), message }
}

/// Adds what can be said of any item, and what the schema of its type notes.
pub(super) fn all(mut flags: Flags, data: &Document, key: &StateKey, said: &Said) -> Vec<ImportFlag> {
    let root = data.root();
    if let (true, Some(text)) = (said.lacks_zone(), &said.text) {
        let message = format!("saved at {text}, in no known zone: name one to have it in the history");
        flags.add(FlagCode::SavedAtZoneUnknown, &Pointer::root(), message);
    }
    for member in root.members() {
        value(&mut flags, &member.key.decoded(), member.value);
    }
    not_finite(&mut flags, data);
    let state_type = key.state_type.as_str();
    if schema_text(state_type).is_none() {
        naive_times(&mut flags, root);
    }
    let noted = notices(state_type, data).into_iter();
    let noted = noted.filter(|notice| notice.code != "rule:distinct_index").take(MOST);
    flags.0.extend(noted.map(|n| ImportFlag { code: n.code, pointer: n.pointer, message: n.message }));
    flags.0
}

/// What a member at the top is, whatever the item.
fn value(flags: &mut Flags, key: &str, value: Node<'_>) {
    if Table::is_like(value) {
        table(flags, key, value);
    } else if let Some(text) = value.as_str() {
        if is_printed(&text) {
            let message = "saved as it is printed: values that the print leaves out or rounds are lost";
            flags.member(FlagCode::PrintedSeries, key, message);
        } else if key == "error" && !text.is_empty() {
            flags.member(FlagCode::ErrorInside, key, format!("an error when it was made: {text}"));
        }
    }
}

/// As pandas prints a series (`Name: AAA, dtype: float64`) or a table (`[2 rows x 3 columns]`).
fn is_printed(text: &str) -> bool {
    let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
    text.contains('\n') && (last.contains("dtype: ") || last.starts_with('[') && last.ends_with(" columns]"))
}

fn table(flags: &mut Flags, key: &str, node: Node<'_>) {
    let Some(table) = Table::read(node).filter(|table| table.text() == node.text()) else {
        return flags.member(FlagCode::UnknownTable, key, "a series or table that is not whole");
    };
    let (times, values) = (table.index.len(), table.height());
    if times != values && !table.columns.is_empty() {
        let message = format!("{times} entries in the index and {values} values: they are not matched");
        flags.member(FlagCode::LengthMismatch, key, message);
    }
    if let Some(twice) = table.repeated() {
        flags.member(FlagCode::DuplicateIndex, key, format!("{twice} stands in the index more than once"));
    }
}

fn not_finite(flags: &mut Flags, data: &Document) {
    if !data.text().contains(crate::tagged::KEY) {
        return;
    }
    let mut found = Vec::new();
    find_not_finite(data.root(), &mut Pointer::root(), &mut found);
    if let Some((pointer, number)) = found.first() {
        let word = number.word();
        let message = match found.len() {
            1 => format!("{word} is no JSON number: kept as a tagged value"),
            count => format!("{word} and {} others are no JSON numbers: kept as tagged values", count - 1),
        };
        flags.add(FlagCode::NotFinite, pointer, message);
    }
}

fn find_not_finite(node: Node<'_>, at: &mut Pointer, found: &mut Vec<(Pointer, NotFinite)>) {
    if let Some(number) = NotFinite::of(node) {
        found.push((at.clone(), number));
        return;
    }
    for member in node.members() {
        at.push(&member.key.decoded());
        find_not_finite(member.value, at, found);
        at.pop();
    }
    for (index, element) in node.elements().enumerate() {
        at.push_index(index);
        find_not_finite(element, at, found);
        at.pop();
    }
}

/// Times without a zone at the top of what has no schema that would note them.
fn naive_times(flags: &mut Flags, root: Node<'_>) {
    for member in root.members() {
        let key = member.key.decoded();
        let is_time = key.ends_with("_time") || key.ends_with("_at") || key.ends_with("timestamp");
        let naive = |text: &str| TimeText::of(text) == Some(TimeText::Naive);
        if is_time && member.value.as_str().is_some_and(|text| naive(&text)) {
            flags.member(
                FlagCode::NaiveTime,
                &key,
                "a time without a zone: which instant it is cannot be known",
            );
        }
    }
}
