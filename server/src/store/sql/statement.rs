//! A statement and its values.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use stateloft_core::model::StateKey;

use crate::store::PAGE_BYTES;

/// A statement with `$1`, `$2` and so on for its values. Only our own words are ever part of the text; whatever comes from
/// outside is a value.
#[derive(Debug, Clone)]
pub(in crate::store) struct Statement {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A value of a statement.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Text(String),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl Statement {
    /// A whole statement, or the beginning of one that is put together.
    pub(in crate::store) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Gives the next value of a whole statement.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Gives the next two values: which state.
    pub(super) fn bind_key(self, key: &StateKey) -> Self {
        self.bind(key.state_type.as_str()).bind(key.state_id.as_str())
    }

    /// Adds words.
    pub(super) fn push(&mut self, words: impl Display) -> &mut Self {
        // Writing to a text cannot fail.
        let _ = write!(self.text.to_mut(), "{words}");
        self
    }

    /// Adds a value.
    pub(super) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let place = self.values.len();
        self.push(format_args!("${place}"))
    }

    /// Adds a condition that a column has one of these values, if there are any.
    pub(super) fn push_one_of<'a>(&mut self, column: &str, values: impl Iterator<Item = &'a str>) {
        let mut separator = "(";
        for value in values {
            if separator == "(" {
                self.push(format_args!(" AND {column} IN "));
            }
            self.push(separator).push_bind(value);
            separator = ", ";
        }
        if separator != "(" {
            self.push(")");
        }
    }

    /// For a statement whose rows end with their data: one that says how many of its first rows fill a page with it, and how
    /// many rows there are. It looks at the column of the sizes and not at the data. Sizes that are damaged end a page
    /// early at worst: its first row is in it whatever they say.
    pub(super) fn weighed(&self) -> Option<Self> {
        const DATA: &str = ", v.data";
        if !self.text.contains(DATA) {
            return None;
        }
        let sizes = self.text.replace(DATA, "");
        let text = format!(
            "SELECT count(*) FILTER (WHERE coalesce(earlier, 0) <= {PAGE_BYTES}), count(*) FROM (SELECT total(size) OVER \
             (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier FROM ({sizes}) AS page) AS sums"
        );
        Some(Self { text: text.into(), values: self.values.clone() })
    }

    /// Only so many of its rows.
    pub(super) fn first_rows(mut self, rows: u64) -> Self {
        self.values.push(super::rows::sql(rows).into());
        let text = format!("SELECT * FROM ({}) AS page LIMIT ${}", self.text, self.values.len());
        Self { text: text.into(), ..self }
    }

    /// Text and values, for the engine.
    pub(in crate::store) fn into_parts(self) -> (SqlStr, Vec<Value>) {
        (AssertSqlSafe(self.text).into_sql_str(), self.values)
    }
}

/// Keys as one value, whatever their number: `[["type","id"],...]`.
pub(in crate::store) fn keys_json<'a>(keys: impl Iterator<Item = &'a StateKey>) -> String {
    let pairs: Vec<_> = keys.map(|key| [key.state_type.as_str(), key.state_id.as_str()]).collect();
    // Texts in arrays: writing them cannot fail.
    serde_json::to_string(&pairs).unwrap_or_default()
}
