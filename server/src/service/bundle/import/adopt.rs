//! A store that becomes the very same: every version must be the one that follows, so it is at any time a beginning of the
//! bundle's log and nothing else. What is there is passed over.

use stateloft_core::api::{BundleImported, RestoreRecord};
use stateloft_core::bundle::{Header, Trailer};
use stateloft_core::commit::{Refusal, Tip, Write};
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, Snapshot, Version};

use super::{AROUND, CHUNK, Refused, Taken};
use crate::service::{Service, ServiceError};
use crate::store::{WriteRefusal, WriteRequest, Written};

/// What to do with a bundle of which the store cannot become a copy.
const MERGE: &str = "To bring in what the store does not have, merge it (merge=true)";

/// A bundle taken in exactly as it is.
pub(super) struct Adoption<'s> {
    service: &'s Service,
    /// Where the log ended when the bundle's first line was read.
    end: Seq,
    /// The first seq of the bundle.
    from: Seq,
    /// What waits to be written, and its bytes.
    chunk: Vec<Write>,
    bytes: usize,
    pub(super) done: BundleImported,
}

impl<'s> Adoption<'s> {
    pub(super) fn begin(service: &'s Service, header: &Header, tip: &Tip) -> Taken<Self> {
        if !header.is_complete() {
            return Err(Refused::Conflict(format!(
                "the bundle has only some states, or only the last version of each: it is no log that a store can go on with. \
                 Export without types, prefix and history=false. {MERGE}"
            )));
        }
        if tip.seq.next() < header.from {
            let (from, end) = (header.from, tip.seq);
            return Err(Refused::Conflict(format!(
                "the bundle begins with seq {from}, and this store's log ends at {end}: import what is before it first. {MERGE}"
            )));
        }
        if tip.seq.next() == header.from
            && header.chain_hash_before.is_some_and(|hash| hash != tip.chain_hash)
        {
            return Err(another_log(tip.seq));
        }
        Ok(Self::behind(service, header.from, tip.seq, 0))
    }

    /// Goes on with a bundle of which so much was passed over.
    pub(super) fn behind(service: &'s Service, from: Seq, end: Seq, passed_over: u64) -> Self {
        let done = BundleImported { passed_over, ..BundleImported::default() };
        Self { service, end, from, chunk: Vec::new(), bytes: 0, done }
    }

    /// Bytes that it holds.
    pub(super) fn weight(&self) -> usize {
        2 * self.bytes
    }

    pub(super) async fn version(&mut self, version: Version) -> Taken {
        let seq = version.seq;
        if seq > self.end {
            self.bytes += version.size() + AROUND;
            self.chunk.push(Write::adopting(version));
            if self.bytes >= CHUNK {
                self.write().await?;
            }
        } else {
            // A chain hash is of everything up to it: where the first and the last are equal, so is what is between.
            if seq == self.from || seq == self.end {
                self.must_have(seq, &version.chain_hash).await?;
            }
            self.done.passed_over += 1;
        }
        Ok(())
    }

    async fn must_have(&self, seq: Seq, hash: &ChainHash) -> Taken {
        if self.service.has(seq, hash).await? { Ok(()) } else { Err(another_log(seq)) }
    }

    pub(super) async fn snapshot(&mut self, snapshot: Snapshot) -> Taken {
        self.write().await?;
        match self.service.writer.write(WriteRequest::AdoptSnapshot(snapshot.clone())).await? {
            Ok(_) => self.done.snapshots += 1,
            Err(WriteRefusal::SnapshotExists(there)) if there == snapshot => {}
            Err(WriteRefusal::SnapshotExists(_)) => {
                let name = snapshot.id;
                return Err(Refused::Conflict(format!(
                    "the store has another snapshot with the name {name}"
                )));
            }
            Err(refusal) => return Err(refused(refusal)),
        }
        Ok(())
    }

    pub(super) async fn restore(&mut self, record: Box<RestoreRecord>) -> Taken {
        self.write().await?;
        match self.service.store.restore(&record.restore_id).await? {
            Some(there) if there.record == *record => return Ok(()),
            Some(_) => {
                let id = record.restore_id;
                return Err(Refused::Conflict(format!("the store has another restore with the id {id}")));
            }
            None => {}
        }
        match self.service.writer.write(WriteRequest::AdoptRestore(record)).await? {
            Ok(_) => self.done.restores += 1,
            Err(refusal) => return Err(refused(refusal)),
        }
        Ok(())
    }

    pub(super) async fn end(&mut self, trailer: &Trailer) -> Taken {
        self.write().await?;
        if let (Some(seq), Some(hash)) = (trailer.last_seq, &trailer.last_chain_hash) {
            self.must_have(seq, hash).await?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) async fn write(&mut self) -> Taken {
        let writes = std::mem::take(&mut self.chunk);
        self.bytes = 0;
        if writes.is_empty() {
            return Ok(());
        }
        match self.service.writer.write(WriteRequest::Batch { writes, restore: None }).await? {
            Ok(Written::Batch { outcomes, .. }) => {
                self.done.versions += outcomes.len() as u64;
                Ok(())
            }
            Ok(other) => Err(ServiceError::Internal(format!("a bundle was answered with {other:?}")).into()),
            Err(refusal) => Err(refused(refusal)),
        }
    }
}

/// Why the writer did not take something of another store.
pub(super) fn refused(refusal: WriteRefusal) -> Refused {
    match refusal {
        WriteRefusal::Batch(Refusal::DoesNotFollow { seq, why }) => Refused::Conflict(format!(
            "the version with seq {seq} does not follow what the store has: {why}. Nobody else may write while a bundle is \
             taken in. {MERGE}"
        )),
        WriteRefusal::NeedsStore => ServiceError::NeedsStore.into(),
        WriteRefusal::OutcomeUnknown => ServiceError::OutcomeUnknown.into(),
        other => ServiceError::Internal(format!("a bundle was answered with {other:?}")).into(),
    }
}

fn another_log(seq: Seq) -> Refused {
    Refused::Conflict(format!(
        "the store has versions of its own: up to seq {seq} its log is not the bundle's. Import into an empty store. {MERGE}"
    ))
}
