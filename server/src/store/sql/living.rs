//! The living states of which a batch closes those that it does not name.

use stateloft_core::commit::Closing;
use stateloft_core::model::{StateKey, StateType};

use super::list::starts_with;
use super::rows::{self, Row as _};
use super::{Connection, Statement};
use crate::store::closing::{Asked, Living, ToClose};
use crate::store::{Result, StoreError};

/// What is to be read for the closings of a group. Nobody else may write meanwhile.
pub(in crate::store) async fn to_close<C: Connection>(
    connection: &mut C,
    closings: &[Asked<'_>],
) -> Result<ToClose> {
    let mut reading = ToClose::default();
    for asked in closings {
        let mut found = Vec::new();
        for closing in asked.closings {
            found.extend(living(connection, closing, asked.limit()).await?);
        }
        reading.add(asked, found);
    }
    Ok(reading)
}

async fn living<C: Connection>(connection: &mut C, closing: &Closing, limit: usize) -> Result<Vec<Living>> {
    let mut builder = Statement::new("SELECT s.state_type, s.state_id, v.size FROM states AS s ");
    builder.push(C::DIALECT.join).push(" versions AS v ON v.seq = ").push(rows::head!());
    builder.push(" WHERE ").push(C::DIALECT.live);
    builder.push_one_of("s.state_type", closing.types.iter().map(StateType::as_str));
    if let Some(prefix) = &closing.prefix {
        starts_with(&mut builder, prefix.as_str());
    }
    builder.push(" ORDER BY s.state_type, s.state_id LIMIT ").push_bind(rows::sql(limit as u64));
    let found = connection.all(builder).await?;
    let living = found.iter().map(|row| {
        let name = [row.text(0)?.unwrap_or_default(), row.text(1)?.unwrap_or_default()];
        let key = StateKey::new(name[0], name[1])
            .map_err(|error| StoreError::Damaged(format!("a state is named {name:?}: {error}")))?;
        // Only to know when it is too much. What is damaged is found when the head is read.
        let size = row.integer(2)?.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        Ok(Living { key, size })
    });
    living.collect()
}
