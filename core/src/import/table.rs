//! Series and tables as Python programs write those of pandas, read into one model and written back as they were.

use std::borrow::Cow;

use crate::json::{Kind, Node};

/// Which writer's form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{"type":"series","index":[],"values":[],"name":…}`.
    Series,
    /// `{"index":[],"values":[]}`.
    UntypedSeries,
    /// `{"type":"dataframe","index":[],"values":[[]],"columns":[]}`.
    Frame,
    /// `{"type":"pandas_series","data":{},"index":[]}`.
    StoredSeries,
    /// `{"type":"pandas_dataframe","data":{"column":{}},"index":[]}`.
    StoredFrame,
}

/// A column of a table: texts of values, and, where the form has them, the keys that they stand under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// As spelled; `None` for the one column of a series.
    pub name: Option<String>,
    /// The values as spelled.
    pub values: Vec<String>,
    /// What each value stands under, as spelled.
    pub keys: Option<Vec<String>>,
}

/// A series or table: an index, and columns by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// How it was written.
    pub form: Form,
    /// The index as spelled.
    pub index: Vec<String>,
    /// One for a series.
    pub columns: Vec<Column>,
    /// Members in their order: what is in the model, and what else stands there as spelled.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Index,
    Values,
    Data,
    Columns,
    Other { key: String, text: String },
}

impl Table {
    /// Whether a value looks like a series or table: cheaper than reading it.
    #[must_use]
    pub fn is_like(node: Node<'_>) -> bool {
        form(node).is_some()
    }

    /// Reads a series or table; `None` if it is none, or not whole.
    #[must_use]
    pub fn read(node: Node<'_>) -> Option<Self> {
        let form = form(node)?;
        let index = node.get("index").filter(|index| index.kind() == Kind::Array)?;
        let index: Vec<String> = index.elements().map(|entry| entry.text().to_owned()).collect();
        let columns = match form {
            Form::Series | Form::UntypedSeries => vec![listed(node.get("values")?, None)?],
            Form::Frame => rows(node.get("columns")?, node.get("values")?)?,
            Form::StoredSeries => vec![keyed(node.get("data")?, None)?],
            Form::StoredFrame => {
                let data = node.get("data").filter(|data| data.kind() == Kind::Object)?;
                let columns =
                    data.members().map(|member| keyed(member.value, Some(member.key.text().to_owned())));
                columns.collect::<Option<_>>()?
            }
        };
        let parts =
            node.members().map(|member| part(form, &member.key.decoded(), member.key.text(), member.value));
        Some(Self { form, index, columns, parts: parts.collect() })
    }

    /// The text that it was read from.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| self.part_text(part)).collect();
        format!("{{{}}}", parts.join(","))
    }

    fn part_text(&self, part: &Part) -> String {
        match part {
            Part::Index => format!("\"index\":[{}]", self.index.join(",")),
            Part::Values => format!("\"values\":[{}]", self.values()),
            Part::Columns => format!("\"columns\":[{}]", self.names().join(",")),
            Part::Data => format!("\"data\":{}", self.data()),
            Part::Other { key, text } => format!("{key}:{text}"),
        }
    }

    fn values(&self) -> String {
        if self.form != Form::Frame {
            return self.columns.first().map(|column| column.values.join(",")).unwrap_or_default();
        }
        let height = self.columns.first().map_or(0, |column| column.values.len());
        let row = |at: usize| {
            let cells: Vec<&str> = self.columns.iter().map(|column| column.values[at].as_str()).collect();
            format!("[{}]", cells.join(","))
        };
        (0..height).map(row).collect::<Vec<_>>().join(",")
    }

    fn data(&self) -> String {
        let column = |column: &Column| {
            let keys = column.keys.iter().flatten();
            let pairs: Vec<String> =
                keys.zip(&column.values).map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", pairs.join(","))
        };
        match self.columns.first() {
            Some(first) if self.form == Form::StoredSeries => column(first),
            _ => {
                let columns = self.columns.iter().zip(self.names());
                let columns: Vec<String> = columns.map(|(c, name)| format!("{name}:{}", column(c))).collect();
                format!("{{{}}}", columns.join(","))
            }
        }
    }

    fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_deref().unwrap_or_default()).collect()
    }

    /// Values of the longest column.
    #[must_use]
    pub fn height(&self) -> usize {
        self.columns.iter().map(|column| column.values.len()).max().unwrap_or_default()
    }

    /// An entry that the index has twice.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        let mut sorted: Vec<&str> = self.index.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }
}

fn form(node: Node<'_>) -> Option<Form> {
    if node.kind() != Kind::Object {
        return None;
    }
    let said: Option<Cow<'_, str>> = node.get("type").and_then(Node::as_str);
    let has = |key: &str, kind: Kind| node.get(key).is_some_and(|value| value.kind() == kind);
    let listed = has("index", Kind::Array) && has("values", Kind::Array);
    match said.as_deref() {
        Some("series") if listed => Some(Form::Series),
        Some("dataframe") if listed && has("columns", Kind::Array) => Some(Form::Frame),
        Some("pandas_series") if has("data", Kind::Object) => Some(Form::StoredSeries),
        Some("pandas_dataframe") if has("data", Kind::Object) => Some(Form::StoredFrame),
        None if listed && node.len() == 2 => Some(Form::UntypedSeries),
        _ => None,
    }
}

fn part(form: Form, key: &str, spelled: &str, value: Node<'_>) -> Part {
    // A key with escapes is kept as spelled.
    let plain = spelled.len() == key.len() + 2;
    match (key, form) {
        ("index", _) if plain => Part::Index,
        ("values", Form::Series | Form::UntypedSeries | Form::Frame) if plain => Part::Values,
        ("columns", Form::Frame) if plain => Part::Columns,
        ("data", Form::StoredSeries | Form::StoredFrame) if plain => Part::Data,
        _ => Part::Other { key: spelled.to_owned(), text: value.text().to_owned() },
    }
}

fn listed(values: Node<'_>, name: Option<String>) -> Option<Column> {
    let all = values.elements().map(|value| value.text().to_owned()).collect();
    (values.kind() == Kind::Array).then_some(Column { name, values: all, keys: None })
}

fn keyed(data: Node<'_>, name: Option<String>) -> Option<Column> {
    let keys = data.members().map(|member| member.key.text().to_owned()).collect();
    let values = data.members().map(|member| member.value.text().to_owned()).collect();
    (data.kind() == Kind::Object).then_some(Column { name, values, keys: Some(keys) })
}

/// Columns of a list of rows; none if a row has not as many cells as there are columns.
fn rows(names: Node<'_>, rows: Node<'_>) -> Option<Vec<Column>> {
    let column =
        |name: Node<'_>| Column { name: Some(name.text().to_owned()), values: Vec::new(), keys: None };
    let mut columns: Vec<Column> = names.elements().map(column).collect();
    if columns.is_empty() && !rows.is_empty() {
        return None;
    }
    for row in rows.elements() {
        if row.kind() != Kind::Array || row.len() != columns.len() {
            return None;
        }
        for (column, cell) in columns.iter_mut().zip(row.elements()) {
            column.values.push(cell.text().to_owned());
        }
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn every_form_is_written_back_byte_for_byte() {
        for (form, text) in [
            (
                Form::Series,
                r#"{"type":"series","index":["2025-05-02T08:00:00+00:00","b"],"values":[7.10,-0.0],"name":null}"#,
            ),
            (Form::Series, r#"{"name":"é\u0041","values":[],"index":[],"type":"series","extra":[1.0]}"#),
            (Form::UntypedSeries, r#"{"index":["x","x"],"values":[1]}"#),
            (
                Form::Frame,
                r#"{"type":"dataframe","index":["r1","not-a-date"],"values":[[3.50,7],[4e2,null]],"columns":["open","n"]}"#,
            ),
            (Form::Frame, r#"{"type":"dataframe","index":[],"values":[],"columns":[]}"#),
            (
                Form::StoredSeries,
                r#"{"type":"pandas_series","data":{"2025-05-02 08:00:00+00:00":7.1,"k":8},"index":["2025-05-02 08:00:00+00:00","k"]}"#,
            ),
            (
                Form::StoredFrame,
                r#"{"type":"pandas_dataframe","data":{"open":{"0":3.5},"n":{"0":null}},"index":["0"]}"#,
            ),
        ] {
            let document: Document = text.parse().unwrap();
            let table = Table::read(document.root()).unwrap();
            assert_eq!((table.form, table.text().as_str()), (form, text));
        }
    }

    #[test]
    fn what_is_no_table_or_not_whole_is_not_read() {
        for text in [
            r#"{"index":[],"values":[],"more":1}"#,
            r#"{"type":"series","index":[1]}"#,
            r#"{"type":"dataframe","index":["a"],"values":[[1,2]],"columns":["x"]}"#,
            r#"{"type":"dataframe","index":["a"],"values":[[]],"columns":[]}"#,
            r#"{"type":"pandas_dataframe","data":{"x":1},"index":[]}"#,
            r#"{"type":"other","index":[],"values":[]}"#,
            "[]",
        ] {
            let document: Document = text.parse().unwrap();
            assert_eq!(Table::read(document.root()), None, "{text}");
        }
    }

    #[test]
    fn lengths_and_repeated_times_are_known() {
        let document: Document = r#"{"index":["a","b","a"],"values":[1]}"#.parse().unwrap();
        let table = Table::read(document.root()).unwrap();
        assert_eq!((table.index.len(), table.height(), table.repeated()), (3, 1, Some("\"a\"")));
    }
}
