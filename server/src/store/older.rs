//! What the stores of older systems hold, as it is read for an import: nothing is understood yet, nothing is left out.

use std::fmt;

use async_trait::async_trait;

use super::Result;

/// One row of an older store. What is absent there is absent here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OlderRow {
    /// What the older system named the version.
    pub version_id: Option<String>,
    /// Kind of the state.
    pub state_type: Option<String>,
    /// Name of the state.
    pub state_id: Option<String>,
    /// What it did there: `create`, `update`, `delete`, `snapshot`, `restore`.
    pub operation: Option<String>,
    /// When it was saved, in microseconds since 1970 (UTC); absent where that is no time of the years 1 to 9999.
    pub micros: Option<i64>,
    /// The same as the store spells it.
    pub time: Option<String>,
    /// Bytes of the data's text.
    pub size: u64,
    /// The data as JSON text; absent, too, where it is larger than any document may be.
    pub data: Option<String>,
    /// Who.
    pub author: Option<String>,
    /// Why.
    pub description: Option<String>,
}

/// How people find the row again.
impl fmt::Display for OlderRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |text: &Option<String>| {
            text.as_ref()
                .map_or("NULL".to_owned(), |text| format!("{:?}", text.chars().take(300).collect::<String>()))
        };
        write!(
            f,
            "version_id {} ({} {}, {} of {})",
            part(&self.version_id),
            self.state_type.as_deref().unwrap_or("NULL").escape_debug(),
            part(&self.state_id),
            self.operation.as_deref().unwrap_or("NULL").escape_debug(),
            self.time.as_deref().unwrap_or("NULL").escape_debug(),
        )
    }
}

/// The rows of an older store by time, those of one time by version id in the order of its bytes.
#[async_trait]
pub trait OlderRows: Send {
    /// How many rows there are, about.
    fn total(&self) -> u64;
    /// The next row; `None` after the last.
    async fn next(&mut self) -> Result<Option<OlderRow>>;
    /// Lets the older store go.
    async fn close(self: Box<Self>);
}
