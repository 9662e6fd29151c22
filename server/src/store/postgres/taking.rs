//! Whether PostgreSQL takes writes: known from the writes that it refuses, and from a look once a second.

use sqlx::Connection as _;

use super::failure::failed;
use super::find::NoServer;
use super::link::Link;
use crate::store::Result;
use crate::store::lanes::Lane;
use crate::store::refusing::{Actions, Refusal};

pub(super) const REFUSING: Actions = Actions {
    full: "Make room on the disk of PostgreSQL; a trial once a second notices it, and writing goes on by itself",
    refused: "Look at PostgreSQL: whether it is read-only (default_transaction_read_only) or a standby, and at its log, its \
              disk and the rights of the server's role; a trial once a second notices when it takes writes again, and \
              writing goes on by itself",
};

/// A trial after a refusal: what needs the right to write, and room for so many pages, all of it rolled back. The rows are
/// temporary, so that nothing of them goes to the log or to a standby.
const MAY_WRITE: [&str; 2] = [
    "INSERT INTO versions SELECT * FROM versions WHERE false",
    "INSERT INTO states SELECT * FROM states WHERE false",
];
const MAKE_ROOM: [&str; 4] = [
    "SET LOCAL temp_tablespaces = ''",
    "CREATE TEMP TABLE stateloft_trial (data bytea) ON COMMIT DROP",
    "ALTER TABLE pg_temp.stateloft_trial ALTER data SET STORAGE PLAIN",
    "INSERT INTO pg_temp.stateloft_trial SELECT decode(repeat('5a', 8000), 'hex') FROM generate_series(1, 128)",
];
/// A role that may make no temporary tables cannot try whether there is room.
const NO_RIGHT: &str = "42501";

impl Link {
    /// Notes what a look found: whether the server that is read accepts writes.
    pub(super) async fn see(&self, accepts_writes: bool) {
        if !accepts_writes {
            match self.find_again().await {
                // Another server does.
                Ok(connection) => {
                    self.distrust();
                    // It was only to see.
                    let _ = connection.close().await;
                }
                Err(NoServer { error, accepts_no_writes: true, .. }) => {
                    self.refusing
                        .refused(Refusal::Refused, &format!("PostgreSQL takes no writes: {}", error.text()));
                }
                Err(NoServer { error, .. }) => tracing::debug!(%error, "no server accepts writes"),
            }
        } else if self.refusing.now().is_some() {
            match self.within(self.try_to_write()).await {
                Ok(()) => self.refusing.took(),
                Err(error) => tracing::debug!(%error, "a trial to write failed"),
            }
        }
    }

    /// Writes and takes it back.
    async fn try_to_write(&self) -> Result<()> {
        let mut reader = self.reader(Lane::Short).await?;
        let mut trial = reader.begin().await.map_err(failed)?;
        for statement in MAY_WRITE {
            sqlx::query(statement).execute(&mut *trial).await.map_err(failed)?;
        }
        for statement in MAKE_ROOM {
            match sqlx::query(statement).execute(&mut *trial).await {
                Ok(_) => {}
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NO_RIGHT) => break,
                Err(error) => return Err(failed(error)),
            }
        }
        trial.rollback().await.map_err(failed)
    }
}
