//! A database of sessions: its tables as one file, which the import knows as such rows in a file.

use std::path::Path;

use stateloft_core::json::{Document, Kind, Limits};

use super::super::watch_files::{begin_member, value};
use crate::store::postgres::{self, PostgresSettings};
use crate::store::sqlite::{Cell, ForeignDatabase, ForeignRow, Unreadable};

/// The beginning of every SQLite database.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The tables that hold states.
const TABLES: [&str; 4] = ["trading_sessions", "positions", "position_checkpoints", "order_journal"];
/// Columns of JSON, which are kept as texts there.
const JSON: [&str; 3] = ["positions_snapshot", "account_snapshot", "legs"];
/// Rows that are read at a time.
const PAGE: u32 = 500;

/// Whether a file is a database.
pub(super) fn is_database(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The tables of a database, as they are at one moment: an object with a list for each, every column as it stands. Its program may
/// go on working.
///
/// # Errors
/// It cannot be read now, has none of the tables, or more in them than `most` bytes.
pub(super) async fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let wrong = |error: Unreadable| format!("{}: {error}; nothing was written", path.display());
    let mut database = ForeignDatabase::open(path).await.map_err(wrong)?;
    let found = tables(&mut database, most).await;
    database.close().await;
    let text = found.map_err(wrong)?;
    text.map(String::into_bytes).ok_or_else(|| {
        format!("{}: it has none of the tables {}; nothing was written", path.display(), TABLES.join(", "))
    })
}

/// The same of a PostgreSQL database.
///
/// # Errors
/// No server answers and lets us in, it has none of the tables or others of their names, or more in them than `most` bytes.
pub(super) async fn read_postgres(database: &PostgresSettings, most: u64) -> Result<Vec<u8>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{database}: {error}; nothing was written");
    let tables = postgres::session_tables(database, most).await.map_err(|error| wrong(&error))?;
    if tables.is_empty() {
        return Err(wrong(&format_args!("it has none of the tables {}", TABLES.join(", "))));
    }
    let mut text = String::from("{");
    for (table, rows) in tables {
        begin_member(table, &mut text);
        let rows: Result<Vec<String>, String> = rows.iter().map(|row| with_documents(row)).collect();
        text.push('[');
        text.push_str(&rows.map_err(|error| wrong(&error))?.join(","));
        text.push(']');
    }
    text.push('}');
    Ok(text.into_bytes())
}

/// A row in which columns of JSON that are kept as texts are documents.
fn with_documents(row: &str) -> Result<String, String> {
    let row = Document::parse(row, &Limits::default()).map_err(|error| error.to_string())?;
    let mut text = String::from("{");
    for member in row.root().members() {
        let name = member.key.decoded();
        begin_member(&name, &mut text);
        let words = if member.value.kind() == Kind::String && JSON.contains(&&*name) {
            member.value.as_str()
        } else {
            None
        };
        match words.and_then(|words| Document::parse(&words, &Limits::default()).ok()) {
            Some(document) => text.push_str(document.text()),
            // Such as one with NaN: it stays the text that it is.
            None => text.push_str(member.value.text()),
        }
    }
    text.push('}');
    Ok(text)
}

async fn tables(database: &mut ForeignDatabase, most: u64) -> Result<Option<String>, Unreadable> {
    database.begin().await?;
    let mut text = String::from("{");
    for table in TABLES {
        let mut last = None;
        let mut is_there = false;
        while let Some(rows) = database.rows_behind(table, last, PAGE).await? {
            if !is_there {
                begin_member(table, &mut text);
                text.push('[');
                is_there = true;
            }
            for (_, row) in &rows {
                write(row, &mut text);
            }
            if text.len() as u64 > most {
                return Err(Unreadable("more is in it than one import takes".to_owned()));
            }
            last = rows.last().map(|(place, _)| *place);
            if rows.len() < PAGE as usize {
                break;
            }
        }
        if is_there {
            text.push(']');
        }
    }
    database.end().await?;
    text.push('}');
    Ok((text.len() > 2).then_some(text))
}

fn write(row: &ForeignRow, text: &mut String) {
    text.push_str(if text.ends_with('[') { "{" } else { ",{" });
    for (name, cell) in row {
        begin_member(name, text);
        match cell {
            Cell::Text(words) if JSON.contains(&&**name) => {
                match Document::parse(words, &Limits::default()) {
                    Ok(document) => text.push_str(document.text()),
                    // Such as one with NaN: it stays the text that it is.
                    Err(_) => value(cell, text),
                }
            }
            cell => value(cell, text),
        }
    }
    text.push('}');
}
