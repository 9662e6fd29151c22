//! What can go wrong in a store. Never mistaken for "there is nothing".

/// A store's failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The engine did not answer, or refused (disk full, locked, connection lost). The text is for the log, not for clients.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored cannot be what was written. The text names the place.
    #[error("the store holds damaged data: {0}")]
    Damaged(String),
    /// The file or database was made by a newer program.
    #[error("the store has schema {found}, newer than this program's {known}; use a newer statehouse")]
    TooNew {
        /// The schema found.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Another server has the file open.
    #[error("{0} is in use by another statehouse server; stop that one, or give this one a file of its own")]
    InUse(String),
    /// A cursor that this store did not give out.
    #[error("the cursor is not one that this list gave out")]
    BadCursor,
}
