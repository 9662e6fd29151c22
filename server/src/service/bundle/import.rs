//! A bundle taken in: the very same versions, in chunks that are one commit each.
//!
//! Every version must be the one that follows, so the store is at any time a beginning of the bundle's log and nothing else.
//! Whoever is interrupted sends the bundle again: what is there is passed over.

use stateloft_core::api::{BundleImported, RestoreRecord};
use stateloft_core::bundle::{DamagedLine, Fault, Header, Line, Reader, Trailer, Whole, Wrong};
use stateloft_core::commit::{Refusal, Write};
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, Snapshot, Version};

use super::Unpacked;
use crate::heavy;
use crate::service::{Result, Service, ServiceError};
use crate::store::{StoreError, WriteRefusal, WriteRequest, Written};

/// Bytes of one commit, or one version that has more.
pub const CHUNK: usize = 2 << 20;
/// What a version takes besides its data, about.
const AROUND: usize = 512;

/// A bundle on its way in.
pub struct BundleImport<'s> {
    service: &'s Service,
    unpacked: Unpacked,
    plain: Vec<u8>,
    reader: Reader,
    /// Where the log ended when the bundle's first line was read.
    end: Seq,
    /// The first seq of the bundle.
    from: Seq,
    /// What waits to be written, and its bytes.
    chunk: Vec<Write>,
    bytes: usize,
    /// The number of the line that is looked at, and the last version in the lines before it.
    line: u64,
    last_seq: Option<Seq>,
    done: BundleImported,
}

impl Service {
    /// Begins to take in a bundle.
    #[must_use]
    pub fn import_bundle(&self) -> BundleImport<'_> {
        BundleImport {
            service: self,
            unpacked: Unpacked::default(),
            plain: Vec::new(),
            reader: Reader::default(),
            end: Seq::ZERO,
            from: Seq::ZERO,
            chunk: Vec::new(),
            bytes: 0,
            line: 0,
            last_seq: None,
            done: BundleImported::default(),
        }
    }
}

impl BundleImport<'_> {
    /// Bytes that it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        // A line is held, read, and becomes a document.
        self.plain.capacity() + 3 * self.reader.held() + 2 * self.bytes
    }

    /// Takes in the next bytes, as they are in the file.
    ///
    /// # Errors
    /// The bundle is not whole, or not one that this store can take in. What was whole before that is in.
    pub async fn feed(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let taken = self.unpacked.next(bytes, &mut self.plain);
            self.read().await?;
            match taken {
                Ok(taken) => bytes = &bytes[taken..],
                Err(error) => return Err(self.reader.fault(Wrong::Packed(error.to_string())).into()),
            }
        }
        Ok(())
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// As of [`feed`](Self::feed).
    pub async fn finish(mut self) -> Result<BundleImported> {
        let unpacked = self.unpacked.finish(&mut self.plain);
        self.read().await?;
        let trailer = self.reader.finish();
        self.write().await?;
        trailer?;
        // Where the pack goes wrong behind the last line, everything is in, and still this is not what was made.
        unpacked.map_err(|error| self.reader.fault(Wrong::Packed(error.to_string())))?;
        Ok(self.done)
    }

    /// Takes in what is unpacked.
    async fn read(&mut self) -> Result<()> {
        let plain = std::mem::take(&mut self.plain);
        let mut lines = Vec::new();
        // The work is where a line ends.
        let work = if plain.contains(&b'\n') { self.reader.held() } else { 0 };
        let read = heavy::work(work + plain.len(), || self.reader.feed(&plain, &mut lines));
        self.plain = plain;
        self.plain.clear();
        for line in lines {
            self.line += 1;
            self.take(line).await?;
        }
        if let Err(fault) = read {
            self.write().await?;
            return Err(fault.into());
        }
        Ok(())
    }

    async fn take(&mut self, line: Line) -> Result<()> {
        match line {
            Line::Header(header) => self.begin(&header).await,
            Line::Version(version) => self.version(*version).await,
            Line::Damaged(damaged) => self.not_given(damaged).await,
            Line::Snapshot(snapshot) => self.snapshot(snapshot).await,
            Line::Restore(record) => self.restore(record).await,
            Line::Trailer(trailer) => self.end(&trailer).await,
        }
    }

    async fn begin(&mut self, header: &Header) -> Result<()> {
        if !header.is_complete() {
            return Err(self.conflict(
                "the bundle has only some states, or only the last version of each: it is no log that a store can go on with. \
                 Export without types, prefix and history=false",
            ));
        }
        let tip = self.service.store.tip().await?;
        (self.end, self.from) = (tip.seq, header.from);
        if tip.seq.next() < header.from {
            let (from, end) = (header.from, tip.seq);
            return Err(self.conflict(format!(
                "the bundle begins with seq {from}, and this store's log ends at {end}: import what is before it first"
            )));
        }
        if tip.seq.next() == header.from
            && header.chain_hash_before.is_some_and(|hash| hash != tip.chain_hash)
        {
            return Err(self.another_log(tip.seq));
        }
        Ok(())
    }

    async fn version(&mut self, version: Version) -> Result<()> {
        let seq = version.seq;
        if seq > self.end {
            self.bytes += version.size() + AROUND;
            self.chunk.push(Write::adopting(lean(version)));
            if self.bytes >= CHUNK {
                self.write().await?;
            }
        } else {
            // A chain hash is of everything up to it: where the first and the last are equal, so is what is between.
            if seq == self.from || seq == self.end {
                self.must_be(seq, &version.chain_hash).await?;
            }
            self.done.passed_over += 1;
        }
        self.last_seq = Some(seq);
        Ok(())
    }

    /// Refuses a bundle unless the store's version with this seq has this chain hash.
    async fn must_be(&self, seq: Seq, hash: &ChainHash) -> Result<()> {
        match self.service.store.by_seq(seq).await? {
            Some(version) if StoreError::unless_damaged(version.clone())?.chain_hash == *hash => Ok(()),
            _ => Err(self.another_log(seq)),
        }
    }

    async fn not_given(&mut self, DamagedLine { seq, reason }: DamagedLine) -> Result<()> {
        self.write().await?;
        Err(self.fault(Wrong::NotGiven { seq, reason }).into())
    }

    async fn snapshot(&mut self, snapshot: Snapshot) -> Result<()> {
        self.write().await?;
        match self.service.writer.write(WriteRequest::AdoptSnapshot(snapshot.clone())).await? {
            Ok(_) => self.done.snapshots += 1,
            Err(WriteRefusal::SnapshotExists(there)) if there == snapshot => {}
            Err(WriteRefusal::SnapshotExists(_)) => {
                let name = snapshot.id;
                return Err(self.conflict(format!("the store has another snapshot with the name {name}")));
            }
            Err(refusal) => return Err(self.refused(refusal)),
        }
        Ok(())
    }

    async fn restore(&mut self, record: Box<RestoreRecord>) -> Result<()> {
        self.write().await?;
        match self.service.store.restore(&record.restore_id).await? {
            Some(there) if there.record == *record => return Ok(()),
            Some(_) => {
                let id = record.restore_id;
                return Err(self.conflict(format!("the store has another restore with the id {id}")));
            }
            None => {}
        }
        match self.service.writer.write(WriteRequest::AdoptRestore(record)).await? {
            Ok(_) => self.done.restores += 1,
            Err(refusal) => return Err(self.refused(refusal)),
        }
        Ok(())
    }

    async fn end(&mut self, trailer: &Trailer) -> Result<()> {
        self.write().await?;
        if let (Some(seq), Some(hash)) = (trailer.last_seq, &trailer.last_chain_hash) {
            self.must_be(seq, hash).await?;
        }
        (self.done.last_seq, self.done.chain_hash) = (trailer.last_seq, trailer.last_chain_hash);
        Ok(())
    }

    /// Writes what waits.
    async fn write(&mut self) -> Result<()> {
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
            Ok(other) => Err(ServiceError::Internal(format!("a bundle was answered with {other:?}"))),
            Err(refusal) => Err(self.refused(refusal)),
        }
    }

    fn refused(&self, refusal: WriteRefusal) -> ServiceError {
        match refusal {
            WriteRefusal::Batch(Refusal::DoesNotFollow { seq, why }) => self.conflict(format!(
                "the version with seq {seq} does not follow what the store has: {why}. Nobody else may write while a bundle is \
                 taken in"
            )),
            WriteRefusal::NeedsStore => ServiceError::NeedsStore,
            WriteRefusal::OutcomeUnknown => ServiceError::OutcomeUnknown,
            other => ServiceError::Internal(format!("a bundle was answered with {other:?}")),
        }
    }

    fn another_log(&self, seq: Seq) -> ServiceError {
        self.conflict(format!(
            "the store has versions of its own: up to seq {seq} its log is not the bundle's. Import into an empty store"
        ))
    }

    fn conflict(&self, text: impl Into<String>) -> ServiceError {
        ServiceError::BundleConflict { line: self.line, text: text.into(), written: self.done.versions }
    }

    fn fault(&self, wrong: Wrong) -> Fault {
        let versions = self.done.versions + self.done.passed_over;
        let whole = Whole { lines: self.line - 1, versions, last_seq: self.last_seq };
        Fault { line: self.line, wrong, whole }
    }
}

/// What is only written needs no index.
fn lean(version: Version) -> Version {
    Version { data: version.data.map(stateloft_core::json::Document::without_index), ..version }
}
