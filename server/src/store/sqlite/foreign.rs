//! A database of another program, which goes on writing it: read in short looks, so that this program never waits for us and
//! finds nothing of ours beside its file.
//!
//! To read a database in WAL mode SQLite makes files beside it, which would then belong to us. So the shared memory that its
//! program has is only read, never made. Where there is no log, or no WAL mode, all of it is in the file unless somebody is
//! writing just then: no lock is taken and no file made, and what was read counts only if the file is the same afterwards.

use std::io::{self, Read as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, TypeInfo as _, ValueRef as _};

use super::beside;

/// How long a look waits for the program, which may hold its file: then it is looked at again later.
const BUSY: Duration = Duration::from_millis(250);
/// The beginning of every database.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// As much of its header as says how it is written, and how often it was.
const HEADER: usize = 28;

/// Why it cannot be read now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// A value as it stands there.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// `NULL`.
    Null,
    /// 0 or 1 in a column that is declared `BOOLEAN`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A double.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A row: each column's name and value, in the order of the table.
pub type ForeignRow = Vec<(Arc<str>, Cell)>;

/// Another program's database, opened for one look.
#[derive(Debug)]
pub struct ForeignDatabase {
    connection: SqliteConnection,
    /// The file as it was, where nobody was writing it.
    at_rest: Option<(PathBuf, Rest)>,
}

/// What a file is as long as nobody writes it: each commit counts up a number in its header.
#[derive(Debug, PartialEq, Eq)]
struct Rest {
    bytes: u64,
    modified: SystemTime,
    commits: [u8; 4],
}

impl ForeignDatabase {
    /// Opens it to be read.
    ///
    /// # Errors
    /// It is not there, it is no database, or its program keeps it.
    pub async fn open(path: &Path) -> Result<Self, Unreadable> {
        let at_rest = rest_of(path)?;
        let options = match &at_rest {
            Some(_) => SqliteConnectOptions::new().filename(path).immutable(true),
            None => SqliteConnectOptions::new().filename(without_making_files(path)),
        };
        let options = options.read_only(true).foreign_keys(false).busy_timeout(BUSY);
        let connection = options.disable_statement_logging().connect().await.map_err(unreadable)?;
        Ok(Self { connection, at_rest: at_rest.map(|rest| (path.to_owned(), rest)) })
    }

    /// Rows of a table whose `key` lies in a range, in its order, so many at most; nothing if there is no such table or it has no
    /// such column.
    ///
    /// # Errors
    /// Its program keeps it, or it is damaged.
    pub async fn rows(
        &mut self,
        table: &str,
        key: &str,
        range: RangeInclusive<i64>,
        most: u32,
    ) -> Result<Option<Vec<ForeignRow>>, Unreadable> {
        let columns = self.columns(table).await?;
        if !columns.iter().any(|column| &*column.name == key) {
            return Ok(None);
        }
        let (table, key, names) = (quoted(table), quoted(key), names(&columns));
        let sql = format!(
            "SELECT {names} FROM {table} WHERE {key} BETWEEN ? AND ? ORDER BY {key}, rowid LIMIT {most}"
        );
        let found = sqlx::query(AssertSqlSafe(sql)).bind(*range.start()).bind(*range.end());
        let found = found.fetch_all(&mut self.connection).await.map_err(unreadable)?;
        found.iter().map(|row| understood(&columns, row)).collect::<Result<_, _>>().map(Some)
    }

    /// All rows of a table, whatever their keys are, in the order in which they lie there: so many at most behind the place of the last
    /// one of before, each with its place. Nothing if there is no such table.
    ///
    /// # Errors
    /// Its program keeps it, it is damaged, or its rows have no places (`WITHOUT ROWID`).
    pub async fn rows_behind(
        &mut self,
        table: &str,
        last: Option<i64>,
        most: u32,
    ) -> Result<Option<Vec<(i64, ForeignRow)>>, Unreadable> {
        let columns = self.columns(table).await?;
        if columns.is_empty() {
            return Ok(None);
        }
        let (table, names) = (quoted(table), names(&columns));
        let behind = if last.is_some() { "WHERE rowid > ?" } else { "" };
        let sql = format!("SELECT {names}, rowid FROM {table} {behind} ORDER BY rowid LIMIT {most}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        if let Some(last) = last {
            query = query.bind(last);
        }
        let found = query.fetch_all(&mut self.connection).await.map_err(unreadable)?;
        let row = |row: &SqliteRow| {
            let place = row.try_get::<i64, _>(columns.len()).map_err(unreadable)?;
            Ok((place, understood(&columns, row)?))
        };
        found.iter().map(row).collect::<Result<_, _>>().map(Some)
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, Unreadable> {
        let columns: Vec<(String, String)> = sqlx::query_as("SELECT name, type FROM pragma_table_info(?)")
            .bind(table)
            .fetch_all(&mut self.connection)
            .await
            .map_err(unreadable)?;
        Ok(columns.into_iter().map(Column::of).collect())
    }

    /// What is read until [`Self::end`] is of one moment. It is to be short: its program cannot shorten its log meanwhile.
    ///
    /// # Errors
    /// Its program keeps it.
    pub async fn begin(&mut self) -> Result<(), Unreadable> {
        self.execute("BEGIN").await
    }

    /// Ends what [`Self::begin`] began.
    ///
    /// # Errors
    /// What was read was not of one moment: its program has begun to write meanwhile.
    pub async fn end(&mut self) -> Result<(), Unreadable> {
        self.execute("COMMIT").await?;
        match &self.at_rest {
            Some((path, rest)) if rest_of(path)?.as_ref() != Some(rest) => {
                Err(Unreadable("it was written while it was read".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Lets go of the file.
    pub async fn close(self) {
        // It only read: how the connection ends does not matter.
        let _ = self.connection.close().await;
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), Unreadable> {
        sqlx::raw_sql(sql).execute(&mut self.connection).await.map(|_| ()).map_err(unreadable)
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

struct Column {
    name: Arc<str>,
    is_bool: bool,
}

impl Column {
    fn of((name, declared): (String, String)) -> Self {
        Self { name: name.into(), is_bool: declared.eq_ignore_ascii_case("boolean") }
    }
}

fn understood(columns: &[Column], row: &SqliteRow) -> Result<ForeignRow, Unreadable> {
    let cells = columns.iter().enumerate().map(|(place, column)| {
        Ok((Arc::clone(&column.name), cell(row, place, column.is_bool).map_err(unreadable)?))
    });
    cells.collect()
}

fn cell(row: &SqliteRow, place: usize, is_bool: bool) -> Result<Cell, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => match row.try_get_unchecked::<i64, _>(place)? {
            number @ (0 | 1) if is_bool => Cell::Bool(number == 1),
            number => Cell::Integer(number),
        },
        "REAL" => Cell::Real(row.try_get_unchecked(place)?),
        "BLOB" => Cell::Bytes(row.try_get_unchecked(place)?),
        _ => Cell::Text(row.try_get_unchecked(place)?),
    })
}

/// The file as it is, if all of the database is in it; nothing if a part may be in its log.
fn rest_of(path: &Path) -> Result<Option<Rest>, Unreadable> {
    let told = |error: io::Error| Unreadable(error.to_string());
    let header = beginning::<HEADER>(path).map_err(told)?;
    let header = header.filter(|header| header.starts_with(MAGIC));
    let header = header.ok_or_else(|| Unreadable("it is no SQLite database".to_owned()))?;
    if header[18] == 2 || header[19] == 2 {
        if beside(path, "-wal").exists() {
            return Ok(None);
        }
    } else if beginning::<1>(&beside(path, "-journal"))
        .is_ok_and(|first| first.is_some_and(|[byte]| byte != 0))
    {
        // What it holds is undone by whoever comes next, unless its program is still at work.
        return Err(Unreadable("its program is writing it, or was ended while it did".to_owned()));
    }
    let about = std::fs::metadata(path).map_err(told)?;
    let commits = [header[24], header[25], header[26], header[27]];
    Ok(Some(Rest { bytes: about.len(), modified: about.modified().map_err(told)?, commits }))
}

/// The first bytes of a file; nothing if it is shorter.
fn beginning<const N: usize>(path: &Path) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match std::fs::File::open(path)?.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name under which SQLite only reads the shared memory that is there.
#[cfg(unix)]
fn without_making_files(path: &Path) -> String {
    let name = path.to_string_lossy();
    format!("file:{}?readonly_shm=1", utf8_percent_encode(&name, NON_ALPHANUMERIC))
}

#[cfg(not(unix))]
fn without_making_files(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
fn unreadable(error: sqlx::Error) -> Unreadable {
    Unreadable(match error {
        sqlx::Error::Database(found) => found.message().to_owned(),
        other => other.to_string(),
    })
}
