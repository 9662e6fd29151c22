//! A bundle taken in, a line at a time: into a store that becomes the very same ([`adopt`]), or that has versions of its own
//! ([`merge`]). What is whole is written as it comes, so whoever is interrupted sends the bundle again.

mod adopt;
mod merge;

use stateloft_core::api::BundleImported;
use stateloft_core::bundle::{DamagedLine, Fault, Header, Line, Reader, Trailer, Unpacked, Whole, Wrong};
use stateloft_core::commit::Tip;
use stateloft_core::hash::ChainHash;
use stateloft_core::json::Document;
use stateloft_core::model::{Seq, Version};

use self::adopt::Adoption;
use self::merge::Merge;
use crate::heavy;
use crate::service::{Result, Service, ServiceError};
use crate::store::StoreError;

/// Bytes of one commit, or one version that has more.
pub const CHUNK: usize = 2 << 20;
/// What a version takes besides its data, about.
const AROUND: usize = 512;

/// What a store that takes in a bundle may become.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BundleInto {
    /// The very same as the one that the bundle was made of.
    #[default]
    Same,
    /// That, or if it has versions of its own, what it is with what the bundle has besides.
    Merged,
}

/// A bundle on its way in.
pub struct BundleImport<'s> {
    service: &'s Service,
    into: BundleInto,
    unpacked: Unpacked,
    plain: Vec<u8>,
    reader: Reader,
    way: Way<'s>,
    /// The number of the line that is looked at, and the versions in the lines before it.
    line: u64,
    versions: u64,
    last_seq: Option<Seq>,
    trailer: Option<Trailer>,
}

/// How it is taken in.
enum Way<'s> {
    /// The first line has not come.
    Unknown,
    Adopt(Box<Adoption<'s>>),
    Merge(Box<Merge<'s>>),
}

impl Service {
    /// Begins to take in a bundle.
    #[must_use]
    pub fn import_bundle(&self, into: BundleInto) -> BundleImport<'_> {
        BundleImport {
            service: self,
            into,
            unpacked: Unpacked::default(),
            plain: Vec::new(),
            reader: Reader::default(),
            way: Way::Unknown,
            line: 0,
            versions: 0,
            last_seq: None,
            trailer: None,
        }
    }
}

impl BundleImport<'_> {
    /// Bytes that it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let waiting = match &self.way {
            Way::Unknown => 0,
            Way::Adopt(adoption) => adoption.weight(),
            Way::Merge(merge) => merge.weight(),
        };
        // A line is held, read, and becomes a document.
        self.plain.capacity() + 3 * self.reader.held() + waiting
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
        let done = match self.way {
            Way::Unknown => BundleImported::default(),
            Way::Adopt(adoption) => adoption.done,
            Way::Merge(merge) => merge.finish().await?,
        };
        let last = self.trailer.map(|trailer| (trailer.last_seq, trailer.last_chain_hash));
        let (last_seq, chain_hash) = last.unwrap_or_default();
        Ok(BundleImported { last_seq, chain_hash, ..done })
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
        let taken = match (line, &mut self.way) {
            (Line::Header(header), _) => self.begin(*header).await,
            (Line::Version(version), _) => self.version(*version).await,
            (Line::Damaged(damaged), _) => self.not_given(damaged).await,
            (Line::Snapshot(snapshot), Way::Adopt(adoption)) => adoption.snapshot(snapshot).await,
            (Line::Snapshot(snapshot), Way::Merge(merge)) => merge.snapshot(snapshot).await,
            (Line::Restore(record), Way::Adopt(adoption)) => adoption.restore(record).await,
            (Line::Restore(record), Way::Merge(merge)) => merge.restore(record).await,
            (Line::Trailer(trailer), way) => {
                self.trailer = Some(trailer.clone());
                match way {
                    Way::Adopt(adoption) => adoption.end(&trailer).await,
                    Way::Merge(_) | Way::Unknown => Ok(()),
                }
            }
            // A bundle begins with its header.
            (Line::Snapshot(_) | Line::Restore(_), Way::Unknown) => Ok(()),
        };
        taken.map_err(|why| self.refused(why))
    }

    async fn begin(&mut self, header: Header) -> Taken {
        let tip = self.service.store.tip().await?;
        self.way = match self.into {
            BundleInto::Merged if !goes_on_from(&header, &tip) => {
                Way::Merge(Box::new(Merge::begin(self.service, &header, &tip)))
            }
            BundleInto::Merged | BundleInto::Same => {
                Way::Adopt(Box::new(Adoption::begin(self.service, &header, &tip)?))
            }
        };
        Ok(())
    }

    async fn version(&mut self, version: Version) -> Taken {
        let seq = version.seq;
        if let Way::Merge(merge) = &self.way
            && merge.ends_at(seq)
            && self.is_here(seq, &version.chain_hash).await?
        {
            // Up to here both logs are one, and this store's ends here: what follows makes it the very same.
            self.way = Way::Adopt(Box::new(merge.to_adopt()));
        }
        match &mut self.way {
            Way::Unknown => {}
            Way::Adopt(adoption) => adoption.version(lean(version)).await?,
            Way::Merge(merge) => merge.version(version).await?,
        }
        self.versions += 1;
        self.last_seq = Some(seq);
        Ok(())
    }

    /// Whether the store has that version at that place. One that is damaged here is not known to be it.
    async fn is_here(&self, seq: Seq, hash: &ChainHash) -> Result<bool> {
        match self.service.has(seq, hash).await {
            Err(ServiceError::Store(StoreError::DamagedVersion(_))) => Ok(false),
            other => other,
        }
    }

    async fn not_given(&mut self, DamagedLine { seq, reason }: DamagedLine) -> Taken {
        self.write_waiting().await?;
        let whole = Whole { lines: self.line - 1, versions: self.versions, last_seq: self.last_seq };
        let fault = Fault { line: self.line, wrong: Wrong::NotGiven { seq, reason }, whole };
        Err(ServiceError::from(fault).into())
    }

    /// Writes what waits.
    async fn write(&mut self) -> Result<()> {
        let written = self.write_waiting().await;
        written.map_err(|why| self.refused(why))
    }

    async fn write_waiting(&mut self) -> Taken {
        match &mut self.way {
            Way::Unknown => Ok(()),
            Way::Adopt(adoption) => adoption.write().await,
            Way::Merge(merge) => merge.write().await,
        }
    }

    fn refused(&self, why: Refused) -> ServiceError {
        let written = match &self.way {
            Way::Unknown => 0,
            Way::Adopt(adoption) => adoption.done.versions,
            Way::Merge(merge) => merge.done.versions,
        };
        match why {
            Refused::Conflict(text) => ServiceError::BundleConflict { line: self.line, text, written },
            Refused::Failed(error) => error,
        }
    }
}

/// Why something of a bundle is not taken in.
enum Refused {
    /// The store is another one than it would have to be.
    Conflict(String),
    Failed(ServiceError),
}

/// What became of a line.
type Taken<T = ()> = std::result::Result<T, Refused>;

impl<E: Into<ServiceError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Service {
    /// Whether the store's version with this seq has this chain hash: then both logs are one up to there.
    async fn has(&self, seq: Seq, hash: &ChainHash) -> Result<bool> {
        match self.store.by_seq(seq).await? {
            Some(ours) => Ok(StoreError::unless_damaged(ours)?.chain_hash == *hash),
            None => Ok(false),
        }
    }
}

/// Whether a bundle is a log that goes on where this one ends.
fn goes_on_from(header: &Header, tip: &Tip) -> bool {
    header.is_complete() && header.from == tip.seq.next() && header.chain_hash_before == Some(tip.chain_hash)
}

/// What is only written needs no index.
fn lean(version: Version) -> Version {
    Version { data: version.data.map(Document::without_index), ..version }
}
