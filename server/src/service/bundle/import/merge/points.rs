//! Snapshots and restores of a bundle that is merged. They name places of a log, so they come along as far as both logs are one.

use stateloft_core::api::{LeftOut, Named, RestoreRecord};
use stateloft_core::model::Snapshot;

use super::Merge;
use crate::service::bundle::import::Taken;
use crate::service::bundle::import::adopt::refused;
use crate::store::{WriteRefusal, WriteRequest};

impl Merge<'_> {
    pub(in crate::service::bundle::import) async fn snapshot(&mut self, snapshot: Snapshot) -> Taken {
        self.write().await?;
        let (id, seq) = (snapshot.id.to_string(), snapshot.seq);
        let left = |name_taken| LeftOut { kind: Named::Snapshot, id, seq, name_taken };
        match self.service.store.snapshot(&snapshot.id).await? {
            Some(there) if there == snapshot => {}
            Some(_) => self.listed.leave_out(left(true)),
            // Where both logs are one, it names the same here.
            None if seq <= self.common => {
                match self.service.writer.write(WriteRequest::AdoptSnapshot(snapshot)).await? {
                    Ok(_) => self.done.snapshots += 1,
                    Err(WriteRefusal::SnapshotExists(_)) => self.listed.leave_out(left(true)),
                    Err(refusal) => return Err(refused(refusal)),
                }
            }
            None => self.listed.leave_out(left(false)),
        }
        Ok(())
    }

    pub(in crate::service::bundle::import) async fn restore(&mut self, record: Box<RestoreRecord>) -> Taken {
        self.write().await?;
        let left = |name_taken| LeftOut {
            kind: Named::Restore,
            id: record.restore_id.clone(),
            seq: record.last_seq,
            name_taken,
        };
        match self.service.store.restore(&record.restore_id).await? {
            Some(there) if there.record == *record => {}
            Some(_) => self.listed.leave_out(left(true)),
            None if record.last_seq <= self.common => {
                match self.service.writer.write(WriteRequest::AdoptRestore(record)).await? {
                    Ok(_) => self.done.restores += 1,
                    Err(refusal) => return Err(refused(refusal)),
                }
            }
            None => self.listed.leave_out(left(false)),
        }
        Ok(())
    }
}
