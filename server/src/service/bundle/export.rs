//! The store as a bundle, made as it is sent: a stretch of the log at a time, so that any size takes the same memory.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use stateloft_core::api::{Moment, Scope};
use stateloft_core::bundle::{Header, Writer};
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};

use super::points::Points;
use crate::budget::{Budget, Class, Held};
use crate::heavy;
use crate::service::{Result, Service, ServiceError};
use crate::store::{StateStore, StoreError};

/// Versions looked at in one step at most.
const STEP: usize = 1_000;
/// Bytes of data of one step, or one version that has more.
const STEP_BYTES: usize = 1 << 20;
/// What each byte of data takes while it is sent: the document, its line, and the packed line.
const COPIES: usize = 3;

/// Where a bundle begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With this seq.
    Seq(Seq),
    /// With the first version that was recorded then or later.
    Time(Timestamp),
}

/// What a bundle is to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// Which states.
    pub scope: Scope,
    /// From where.
    pub from: Start,
    /// Up to where.
    pub to: Moment,
    /// Every version in the range, or of each state only the last.
    pub history: bool,
}

/// The next bytes of a bundle, with the room that they take.
#[derive(Debug)]
pub struct Packed {
    /// Packed with gzip.
    pub bytes: Vec<u8>,
    /// Given back with them.
    pub held: Option<Held>,
}

enum Stage {
    Versions,
    Points(Points),
    End,
    Done,
}

/// A bundle in the making. Who drops it ends it.
pub struct Export {
    store: Arc<dyn StateStore>,
    budget: Arc<Budget>,
    header: Header,
    writer: Option<Writer>,
    /// Lines that are not packed yet.
    lines: Vec<u8>,
    packer: GzEncoder<Vec<u8>>,
    /// The last version that was looked at.
    at: Seq,
    stage: Stage,
}

impl Service {
    /// Begins a bundle of everything up to a seq that is fixed now.
    pub async fn export(&self, request: &ExportRequest) -> Result<Export> {
        let to = self.seq_of(&request.to).await?;
        let from = match request.from {
            Start::Seq(Seq::ZERO) => return Err(ServiceError::Parameter("from is 1 or more".into())),
            Start::Seq(seq) => seq,
            Start::Time(time) => {
                self.store.seq_at(Timestamp::from_micros(time.micros().saturating_sub(1))).await?.next()
            }
        };
        if from > to.next() {
            let text = format!(
                "there is nothing from seq {from} on: the log, or what was asked for of it, ends at {to}"
            );
            return Err(ServiceError::Parameter(text));
        }
        let before = hash_before(self.store.as_ref(), from).await?;
        let mut header = Header {
            made_at: self.now(),
            made_by: self.settings.version.clone(),
            from,
            to,
            scope: request.scope.clone(),
            history: request.history,
            chain_hash_before: None,
        };
        header.chain_hash_before = before.filter(|_| header.is_complete());
        Ok(Export::begin(Arc::clone(&self.store), Arc::clone(self.budget()), header, before))
    }
}

/// The chain hash right before a seq, if the store can say it.
async fn hash_before(store: &dyn StateStore, from: Seq) -> Result<Option<ChainHash>> {
    let last = Seq(from.0 - 1);
    if last == Seq::ZERO {
        return Ok(Some(ChainHash::START));
    }
    match store.by_seq(last).await {
        Ok(found) => Ok(found.filter(|version| version.damaged.is_none()).map(|version| version.chain_hash)),
        Err(StoreError::DamagedVersion(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Export {
    fn begin(
        store: Arc<dyn StateStore>,
        budget: Arc<Budget>,
        header: Header,
        before: Option<ChainHash>,
    ) -> Self {
        let mut lines = Vec::new();
        let writer = Some(Writer::begin(&header, before, &mut lines));
        let packer = GzEncoder::new(Vec::new(), Compression::default());
        let at = Seq(header.from.0 - 1);
        Self { store, budget, header, writer, lines, packer, at, stage: Stage::Versions }
    }

    /// What the bundle is.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next bytes; `None` after the last of them.
    ///
    /// # Errors
    /// The store failed. The bundle ends without its last line, so that nobody takes it for a whole one.
    pub async fn next(&mut self) -> Result<Option<Packed>> {
        while !matches!(self.stage, Stage::Done) {
            let held = self.step().await?;
            let bytes = heavy::work(self.lines.len(), || self.pack())?;
            if !bytes.is_empty() {
                return Ok(Some(Packed { bytes, held }));
            }
        }
        Ok(None)
    }

    /// Makes some more lines.
    async fn step(&mut self) -> Result<Option<Held>> {
        match &mut self.stage {
            Stage::Versions if self.at < self.header.to => return self.versions().await,
            Stage::Versions => self.stage = Stage::Points(Points::new(&self.header)),
            Stage::Points(points) => {
                let Some(writer) = &mut self.writer else { return Ok(None) };
                if !points.step(self.store.as_ref(), writer, &mut self.lines).await? {
                    self.stage = Stage::End;
                }
            }
            Stage::End | Stage::Done => {
                if let Some(writer) = self.writer.take() {
                    writer.end(&mut self.lines);
                }
                self.stage = Stage::Done;
            }
        }
        Ok(None)
    }

    /// Makes the lines of the next versions, once there is room for them.
    async fn versions(&mut self) -> Result<Option<Held>> {
        let views = match self.store.views_after(self.at, STEP).await {
            Err(StoreError::DamagedVersion(damaged)) => {
                self.damaged(damaged.seq, &damaged.what);
                return Ok(None);
            }
            other => other?,
        };
        let mut bytes = 0;
        let fit = views.iter().take_while(|view| {
            let before = bytes;
            bytes += view.size;
            view.seq <= self.header.to && (before == 0 || bytes <= STEP_BYTES)
        });
        let count = fit.count();
        let room: usize = views[..count].iter().map(|view| view.size).sum();
        let held = self.budget.take_in_turn(Class::Streams, COPIES * room).await;
        let versions = match self.store.after(self.at, count).await {
            Err(StoreError::DamagedVersion(damaged)) => {
                self.damaged(damaged.seq, &damaged.what);
                return Ok(None);
            }
            other => other?,
        };
        if versions.is_empty() {
            let text = format!("the log went to seq {} and now ends at {}", self.header.to, self.at);
            return Err(StoreError::Damaged(text).into());
        }
        let last = self.last_of(&versions).await?;
        heavy::work(room, || versions.iter().for_each(|version| self.put(version, last.as_ref())));
        Ok(Some(held))
    }

    /// A version of which not even the name can be read.
    fn damaged(&mut self, seq: Seq, what: &str) {
        self.at = seq;
        if let Some(writer) = self.writer.as_mut().filter(|_| seq <= self.header.to) {
            writer.damaged(seq, what, &mut self.lines);
        }
    }

    /// Where only the last version of each state belongs into the bundle: which that is.
    async fn last_of(
        &self,
        versions: &[Version],
    ) -> Result<Option<HashMap<StateKey, (VersionNumber, bool)>>> {
        if self.header.history {
            return Ok(None);
        }
        let mut keys: Vec<_> = versions.iter().map(|version| version.key.clone()).collect();
        keys.retain(|key| self.header.scope.has(key));
        keys.sort();
        keys.dedup();
        Ok(Some(self.store.standing(&keys, self.header.to).await?))
    }

    fn put(&mut self, version: &Version, last: Option<&HashMap<StateKey, (VersionNumber, bool)>>) {
        let Some(writer) = &mut self.writer else { return };
        let is_last =
            last.is_none_or(|last| last.get(&version.key).is_some_and(|(n, _)| *n == version.version));
        // Of a damaged one the name is not certain.
        if version.damaged.is_some() || (self.header.scope.has(&version.key) && is_last) {
            writer.version(version, &mut self.lines);
        } else {
            writer.pass(version);
        }
        self.at = version.seq;
    }

    fn pack(&mut self) -> Result<Vec<u8>> {
        let failed = |error: std::io::Error| ServiceError::Internal(format!("packing failed: {error}"));
        self.packer.write_all(&self.lines).map_err(failed)?;
        self.lines.clear();
        if matches!(self.stage, Stage::Done) {
            self.packer.try_finish().map_err(failed)?;
        }
        Ok(std::mem::take(self.packer.get_mut()))
    }
}
