//! What runs have written after a seq, and which have begun.

use stateloft_core::model::{Seq, StateKey};

use super::rows::{self, Row, sql};
use super::{Connection, Statement};
use crate::store::newcomers::{LOOKED_THROUGH, Passed};
use crate::store::{Result, StoreError};

/// That, or nothing where it is more than is looked through.
pub(in crate::store) async fn passed(
    connection: &mut impl Connection,
    after: Option<Seq>,
) -> Result<Option<Vec<Passed>>> {
    const SQL: &str = "SELECT s.state_type, s.state_id, v.seq, v.version, o.run_id FROM versions AS v \
                       JOIN states AS s ON s.state_pk = v.state_pk LEFT JOIN origins AS o ON o.seq = v.seq \
                       WHERE v.seq > $1 AND (o.run_id IS NOT NULL OR s.state_type = 'session') ORDER BY v.seq LIMIT $2";
    let Some(after) = after else { return Ok(Some(Vec::new())) };
    let statement = Statement::new(SQL).bind(sql(after.0)).bind(sql(LOOKED_THROUGH as u64 + 1));
    let rows = connection.all(statement).await?;
    if rows.len() > LOOKED_THROUGH {
        return Ok(None);
    }
    rows.iter().map(read).collect::<Result<Vec<Passed>>>().map(Some)
}

fn read(row: &impl Row) -> Result<Passed> {
    let key = StateKey::new(rows::text(row, 0)?, rows::text(row, 1)?)
        .map_err(|error| StoreError::Damaged(format!("a state's name: {error}")))?;
    let run_id = rows::optional_text(row, 4)?.map(|run_id| run_id.to_string());
    Ok(Passed { seq: Seq(rows::number(row, 2)?), first: rows::number(row, 3)? == 1, key, run_id })
}
