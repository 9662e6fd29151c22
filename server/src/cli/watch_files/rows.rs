//! Rows of freqtrade's tables as documents: the columns that there are, each value as it stands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stateloft_core::json::{Document, Limits};
use stateloft_core::tagged::NotFinite;

use crate::store::sqlite::{Cell, ForeignRow};

/// The value of a column, if there is one.
pub(super) fn column<'r>(row: &'r ForeignRow, name: &str) -> Option<&'r Cell> {
    row.iter().find(|(column, _)| **column == *name).map(|(_, cell)| cell)
}

/// A whole number of a row.
pub(super) fn integer(row: &ForeignRow, name: &str) -> Option<i64> {
    match column(row, name) {
        Some(Cell::Integer(number)) => Some(*number),
        Some(Cell::Bool(is)) => Some(i64::from(*is)),
        _ => None,
    }
}

/// A row with rows of other tables that belong to it, each list under its name.
///
/// # Errors
/// It is larger than a state may be.
pub(super) fn document(row: &ForeignRow, lists: &[(&str, Vec<&ForeignRow>)]) -> Result<Document, String> {
    let mut text = String::from("{");
    members(row, &mut text);
    for (name, rows) in lists {
        begin_member(name, &mut text);
        text.push('[');
        for (place, row) in rows.iter().enumerate() {
            text.push_str(if place > 0 { ",{" } else { "{" });
            members(row, &mut text);
            text.push('}');
        }
        text.push(']');
    }
    text.push('}');
    Document::parse(&text, &Limits::default()).map_err(|error| error.to_string())
}

fn members(row: &ForeignRow, text: &mut String) {
    for (name, cell) in row {
        begin_member(name, text);
        value(cell, text);
    }
}

/// Begins a member of an object.
pub(in crate::cli) fn begin_member(name: &str, text: &mut String) {
    if !text.ends_with('{') {
        text.push(',');
    }
    string(name, text);
    text.push(':');
}

/// Writes a value as it stands in a table.
pub(in crate::cli) fn value(cell: &Cell, text: &mut String) {
    match cell {
        Cell::Null => text.push_str("null"),
        Cell::Bool(is) => text.push_str(if *is { "true" } else { "false" }),
        Cell::Integer(number) => text.push_str(&number.to_string()),
        Cell::Real(number) if number.is_finite() => {
            // The shortest text that is this double and no other.
            text.push_str(&serde_json::Value::from(*number).to_string());
        }
        Cell::Real(number) if number.is_nan() => text.push_str(NotFinite::NaN.tagged()),
        Cell::Real(number) if *number > 0.0 => text.push_str(NotFinite::Infinity.tagged()),
        Cell::Real(_) => text.push_str(NotFinite::NegativeInfinity.tagged()),
        Cell::Text(words) => string(words, text),
        Cell::Bytes(bytes) => {
            text.push_str(r#"{"$stateloft":"bytes","value":"#);
            string(&STANDARD.encode(bytes), text);
            text.push('}');
        }
    }
}

fn string(words: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(words).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_the_document_as_they_do_in_the_table() {
        let cells = [
            ("id", Cell::Integer(9_007_199_254_740_993)),
            ("a", Cell::Real(0.1)),
            ("b", Cell::Real(5.000_000_000_000_001)),
            ("c", Cell::Real(1e22)),
            ("d", Cell::Real(1e-7)),
            ("e", Cell::Real(100.0)),
            ("f", Cell::Real(-0.0)),
            ("g", Cell::Real(f64::INFINITY)),
            ("h", Cell::Text("0.10\n\"é\"".to_owned())),
            ("i", Cell::Null),
            ("j", Cell::Bool(true)),
            ("k", Cell::Bytes(vec![0xff, 0])),
        ];
        let row: ForeignRow = cells.into_iter().map(|(name, cell)| (name.into(), cell)).collect();
        let order: ForeignRow = vec![("order_id".into(), Cell::Text("x".to_owned()))];
        let document = document(&row, &[("orders", vec![&order, &order]), ("custom_data", vec![])]).unwrap();
        assert_eq!(
            document.text(),
            r#"{"id":9007199254740993,"a":0.1,"b":5.000000000000001,"c":1e+22,"d":1e-7,"e":100.0,"f":-0.0,"g":{"$stateloft":"float","value":"Infinity"},"h":"0.10\n\"é\"","i":null,"j":true,"k":{"$stateloft":"bytes","value":"/wA="},"orders":[{"order_id":"x"},{"order_id":"x"}],"custom_data":[]}"#
        );
        assert_eq!(
            (integer(&row, "id"), integer(&row, "h"), integer(&row, "z")),
            (Some(9_007_199_254_740_993), None, None)
        );
    }
}
