//! Looking for a text in states, by the rule of [`stateloft_core::search`].
//!
//! SQL cannot decode JSON's escapes, nor does every engine fold letters alike. So it finds what may match and never less:
//! `LIKE` over ASCII letters, with any one character in place of a letter beyond ASCII that has cases; and whatever has a
//! backslash. What it cannot be certain of is read and looked at here, once for a page.

use stateloft_core::search::{Needle, has_cases};

use super::list::conditions;
use super::rows::{self, sql};
use super::source::{Source, from};
use super::{Connection, Dialect, Statement};
use crate::heavy;
use crate::store::{ListQuery, Result};

/// Versions looked at in one statement.
const LOOKED_AT: usize = 500;

/// A search that has been done: what matches can be told in SQL.
#[derive(Debug)]
pub(super) struct Search {
    /// The pattern for `LIKE`, over letters in lower case.
    pattern: String,
    /// SQL is certain of texts that match the pattern.
    exact: bool,
    /// The seqs of what was looked at and matches: `[[7],[9]]`.
    looked_at: String,
    /// How many states match.
    pub(super) total: u64,
}

impl Search {
    /// Searches the states of a list.
    pub(super) async fn run<C: Connection>(
        connection: &mut C,
        query: &ListQuery,
        sources: &[Source],
        needle: &Needle,
    ) -> Result<Self> {
        let exact = !needle.as_str().chars().any(|c| !c.is_ascii() && has_cases(c));
        let mut search = Self { pattern: pattern(needle), exact, looked_at: String::new(), total: 0 };
        let (mut found, mut doubtful) = (0, Vec::new());
        for source in sources {
            let Some(row) = connection.first(search.gather(&C::DIALECT, query, *source)).await? else {
                continue;
            };
            found += rows::number(&row, 0)?;
            let seqs: Option<Vec<u64>> =
                rows::optional_text(&row, 1)?.and_then(|text| serde_json::from_str(&text).ok());
            doubtful.extend(seqs.unwrap_or_default());
        }
        let matching = look(connection, &doubtful, needle).await?;
        search.total = found - doubtful.len() as u64 + matching.len() as u64;
        search.looked_at = json(&matching);
        Ok(search)
    }

    /// How many states of a source may match, and the seqs of those that must be looked at.
    fn gather(&self, dialect: &Dialect, query: &ListQuery, source: Source) -> Statement {
        let [seqs, behind_seqs] = dialect.seqs;
        let mut builder = Statement::new("SELECT count(*), ");
        builder.push(seqs).push(" FILTER (WHERE ");
        if self.exact {
            // What has no escape may match only because it does.
            builder.push(dialect.escaped).push(" AND NOT (");
            self.named(&mut builder, dialect);
            builder.push(")");
        } else {
            builder.push("true");
        }
        builder.push(")").push(behind_seqs);
        from(&mut builder, dialect, source, true);
        conditions(&mut builder, dialect, query, source, None);
        builder.push(" AND (");
        self.named(&mut builder, dialect);
        let [before, behind] = dialect.may_hold;
        builder.push(" OR ").push(before).push_bind(self.pattern.as_str()).push(behind).push(")");
        builder
    }

    /// The condition that a row matches.
    pub(super) fn matches(&self, builder: &mut Statement, dialect: &Dialect) {
        builder.push(" AND (");
        self.certain(builder, dialect);
        if self.looked_at != json(&[]) {
            let [before, behind] = dialect.json_table;
            builder.push(" OR v.seq IN (SELECT CAST(wanted.value ->> 0 AS bigint) FROM ").push(before);
            builder.push_bind(self.looked_at.as_str()).push(behind).push(")");
        }
        builder.push(")");
    }

    /// The condition that a row matches whatever its escapes say.
    fn certain(&self, builder: &mut Statement, dialect: &Dialect) {
        if !self.exact {
            builder.push("false");
            return;
        }
        builder.push("(");
        self.named(builder, dialect);
        builder.push(" OR coalesce(");
        self.like(builder, dialect, "v.data");
        builder.push(" AND NOT ").push(dialect.escaped).push(", false))");
    }

    fn named(&self, builder: &mut Statement, dialect: &Dialect) {
        self.like(builder, dialect, "s.state_id");
        builder.push(" OR ");
        self.like(builder, dialect, "s.state_type");
    }

    fn like(&self, builder: &mut Statement, dialect: &Dialect, column: &str) {
        let [before, between, behind] = dialect.like;
        builder.push(before).push(column).push(between).push_bind(self.pattern.as_str()).push(behind);
    }
}

/// The pattern (with `\` as its escape) of every text that may hold the needle.
fn pattern(needle: &Needle) -> String {
    let mut pattern = String::with_capacity(needle.as_str().len() + 8);
    pattern.push('%');
    for c in needle.as_str().chars() {
        match c {
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            c if !c.is_ascii() && has_cases(c) => pattern.push('_'),
            c => pattern.push(c),
        }
    }
    pattern.push('%');
    pattern
}

/// Those of these versions in which the needle is.
async fn look<C: Connection>(connection: &mut C, seqs: &[u64], needle: &Needle) -> Result<Vec<u64>> {
    let mut matching = Vec::new();
    let mut rest = seqs;
    while !rest.is_empty() {
        let few = &rest[..rest.len().min(LOOKED_AT)];
        let [before, behind] = C::DIALECT.json_table;
        let mut builder = Statement::new("SELECT v.seq, s.state_id, s.state_type, v.size, v.data FROM ");
        builder.push(before).push_bind(json(few)).push(behind);
        builder.push(format_args!(
            " {0} versions AS v ON v.seq = CAST(wanted.value ->> 0 AS bigint) {0} states AS s ON s.state_pk = v.state_pk \
             ORDER BY wanted.key",
            C::DIALECT.join
        ));
        let read = |row: &C::Row| {
            let data = row_text(row, 4);
            let found = needle.is_in(rows::text(row, 1)?)
                || needle.is_in(rows::text(row, 2)?)
                || heavy::work(data.len(), || needle.is_in_document(data));
            Ok((found.then(|| rows::number(row, 0)).transpose()?, data.len()))
        };
        let (page, _) = connection.page(builder, few.len(), read).await?;
        rest = &rest[page.len().clamp(1, few.len())..];
        matching.extend(page.into_iter().flatten());
    }
    Ok(matching)
}

/// A text; nothing where there is none, as of a tombstone, or none that can be read.
fn row_text(row: &impl super::Row, index: usize) -> &str {
    row.text(index).ok().flatten().unwrap_or_default()
}

fn json(seqs: &[u64]) -> String {
    let each: Vec<String> = seqs.iter().map(|seq| format!("[{}]", sql(*seq))).collect();
    format!("[{}]", each.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_escapes_what_like_would_read_and_leaves_open_what_case_a_letter_has() {
        let pattern = |part: &str| pattern(&Needle::new(part));
        assert_eq!(pattern("50%_\\X"), "%50\\%\\_\\\\x%");
        assert_eq!(pattern("Ärger 财"), "%_rger 财%");
        assert_eq!(pattern(""), "%%");
    }
}
