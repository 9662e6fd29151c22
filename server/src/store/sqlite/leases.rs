//! Leases of runs: counted in memory, and written down for whoever opens the file next, about once a second.

use async_trait::async_trait;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use stateloft_core::model::Timestamp;

use super::{SqliteStore, failed};
use crate::store::leases::{KeptLease, OwnLeases};
use crate::store::{LeaseLook, LeaseTerm, Leases, Result, StoreError};

/// What an earlier server has written down.
pub(super) async fn read(connection: &mut SqliteConnection) -> Result<OwnLeases> {
    const SQL: &str = "SELECT run_id, term, renewed_at, ended FROM run_leases";
    let rows: Vec<(String, i64, Option<i64>, bool)> =
        sqlx::query_as(SQL).fetch_all(connection).await.map_err(failed)?;
    let kept = |(run_id, term, renewed_at, ended): (String, i64, Option<i64>, bool)| KeptLease {
        run_id,
        term_micros: u64::try_from(term).unwrap_or_default(),
        renewed_at: renewed_at.map(Timestamp::from_micros),
        ended,
    };
    Ok(OwnLeases::with(rows.into_iter().map(kept).collect()))
}

/// Writes down what has changed.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    kept: &[KeptLease],
    gone: &[String],
) -> Result<()> {
    const KEEP: &str = "INSERT INTO run_leases (run_id, term, renewed_at, ended) VALUES ($1, $2, $3, $4) \
                        ON CONFLICT (run_id) DO UPDATE SET term = excluded.term, renewed_at = excluded.renewed_at, \
                        ended = excluded.ended";
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    for lease in kept {
        let query = sqlx::query(KEEP)
            .bind(&lease.run_id)
            .bind(i64::try_from(lease.term_micros).unwrap_or(i64::MAX))
            .bind(lease.renewed_at.map(Timestamp::micros))
            .bind(lease.ended);
        query.execute(&mut *transaction).await.map_err(failed)?;
    }
    for run_id in gone {
        let query = sqlx::query("DELETE FROM run_leases WHERE run_id = $1").bind(run_id);
        query.execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

#[async_trait]
impl Leases for SqliteStore {
    async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>> {
        Ok(self.leases()?.renew(leases, now))
    }

    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
        self.leases()?.expect(leases);
        Ok(())
    }

    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
        let looks = self.leases()?.look();
        self.keep_leases().await;
        Ok(looks)
    }

    async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
        self.leases()?.forget(run_ids);
        Ok(())
    }
}

impl SqliteStore {
    fn leases(&self) -> Result<&OwnLeases> {
        let own = self.own.as_ref().map(|own| &own.leases);
        own.ok_or_else(|| StoreError::NotWritten("the store is open for reading only".into()))
    }

    /// Writes down what has changed. What cannot be written is written later: only the time of a last renewal is older than it
    /// might be, should the server end before that.
    pub(super) async fn keep_leases(&self) {
        let Some(own) = &self.own else { return };
        let (kept, gone) = own.leases.changes();
        if kept.is_empty() && gone.is_empty() {
            return;
        }
        let written = async {
            let mut writer = own.writer.lock().await;
            own.ground.may_write().await?;
            // Where there is no connection the next commit opens one.
            let Some(mut taken) = writer.take() else {
                return Err(StoreError::NotWritten("no connection".into()));
            };
            taken.keep_leases(&kept, &gone).await?;
            *writer = Some(taken);
            Ok(())
        };
        if let Err(error) = written.await {
            tracing::debug!(%error, "renewals of leases are written down later");
            own.leases.not_kept(kept.into_iter().map(|lease| lease.run_id).chain(gone));
        }
    }
}
