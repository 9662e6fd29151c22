//! The store of an older system, in memory, and its import.

use std::collections::VecDeque;

use async_trait::async_trait;
use stateloft_server::service::{ImportCounts, ImportWitness, Service};
use stateloft_server::store::{OlderRow, OlderRows, Result};

struct Rows(VecDeque<OlderRow>);

#[async_trait]
impl OlderRows for Rows {
    fn total(&self) -> u64 {
        self.0.len() as u64
    }
    async fn next(&mut self) -> Result<Option<OlderRow>> {
        Ok(self.0.pop_front())
    }
    async fn close(self: Box<Self>) {}
}

/// Keeps why rows were left.
#[derive(Default)]
struct Heard(Vec<String>);

impl ImportWitness for Heard {
    fn row_left(&mut self, _row: &str, why: &str) {
        self.0.push(why.to_owned());
    }
    fn progress(&mut self, _counts: &ImportCounts, _total: u64) {}
}

/// A row of a state of type `bot_memory`.
#[must_use]
pub fn row(id: &str, operation: &str, micros: i64, data: Option<&str>) -> OlderRow {
    OlderRow {
        version_id: Some(format!("{id}_{operation}_{micros}")),
        state_type: Some("bot_memory".into()),
        state_id: Some(id.into()),
        operation: Some(operation.into()),
        micros: Some(micros),
        size: data.map_or(0, |data| data.len() as u64),
        data: data.map(str::to_owned),
        ..OlderRow::default()
    }
}

/// A row that saves `{"n":n}`.
#[must_use]
pub fn update(id: &str, micros: i64, n: i64) -> OlderRow {
    row(id, "update", micros, Some(&format!(r#"{{"n":{n}}}"#)))
}

/// The row by which an older system says that it took a snapshot.
#[must_use]
pub fn marker(name: &str, micros: i64, data: Option<&str>) -> OlderRow {
    OlderRow {
        version_id: Some(name.into()),
        state_type: Some("configuration".into()),
        ..row("SNAPSHOT", "snapshot", micros, data)
    }
}

/// Imports rows, which must be in the order of their times, and says why some were left.
pub async fn import(service: &Service, rows: Vec<OlderRow>) -> (ImportCounts, Vec<String>) {
    let mut heard = Heard::default();
    let counts = service.import(&mut Rows(rows.into()), false, &mut heard).await.expect("an import");
    (counts, heard.0)
}
