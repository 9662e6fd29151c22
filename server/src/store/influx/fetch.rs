//! Reading versions by their seqs: few questions, each for stretches of the log.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use stateloft_core::api::{StateSummary, VersionView};
use stateloft_core::model::{Seq, StateKey, Version};

use super::client::Client;
use super::epoch::Epochs;
use super::index::Index;
use super::layout::{DATA, META, Records, query};
use super::row::{Row, fill};
use crate::store::proof::{mark, only_named};
use crate::store::{Result, StoreError, chain_hash};

/// Seqs of one question at most.
const SEQS: usize = 2_000;
/// Bytes of data of one question, as far as one version allows.
const BYTES: u64 = 8 << 20;
/// Stretches of one question at most.
const STRETCHES: usize = 100;
/// Versions that nobody asked for between two that somebody did: reading them costs as much as one more stretch.
const GAP: u64 = 256;
/// Their bytes, likewise.
const GAP_BYTES: u64 = 256 << 10;

/// Which versions to read, by seq, with the sizes of their data.
pub(super) type Wanted = Vec<(Seq, u64)>;

impl Index {
    /// These seqs, ready to be read. Sorted, each once.
    pub(super) fn wanted(&self, seqs: impl IntoIterator<Item = Seq>) -> Wanted {
        let size = |seq: Seq| self.entry(seq).map_or(0, |entry| u64::from(entry.size));
        let mut wanted: Wanted = seqs.into_iter().map(|seq| (seq, size(seq))).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// What lies between two seqs, both not counted.
    fn bytes_between(&self, from: Seq, to: Seq) -> u64 {
        let index = |seq: Seq| usize::try_from(seq.0).unwrap_or(usize::MAX).min(self.log.len());
        let between = self.log.get(index(from)..index(to).saturating_sub(1)).unwrap_or_default();
        between.iter().map(|entry| u64::from(entry.size)).sum()
    }
}

/// One question: the stretches of the log that it reads, and what of that is wanted.
#[derive(Debug, Default)]
struct Question {
    stretches: Vec<Range<u64>>,
    seqs: Vec<Seq>,
    bytes: u64,
}

impl Question {
    fn has_room(&self, size: u64) -> bool {
        self.seqs.is_empty()
            || (self.seqs.len() < SEQS && self.stretches.len() < STRETCHES && self.bytes + size <= BYTES)
    }

    fn add(&mut self, seq: Seq, size: u64, index: &Index) {
        self.seqs.push(seq);
        self.bytes += size;
        let near = |stretch: &&mut Range<u64>| {
            seq.0 - stretch.end <= GAP && index.bytes_between(Seq(stretch.end - 1), seq) <= GAP_BYTES
        };
        match self.stretches.last_mut().filter(near) {
            Some(stretch) => stretch.end = seq.0 + 1,
            None => self.stretches.push(seq.0..seq.0 + 1),
        }
    }
}

/// Cuts what is wanted into questions.
fn questions(wanted: &Wanted, index: &Index) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut question = Question::default();
    for (seq, size) in wanted {
        if !question.has_room(*size) {
            questions.push(std::mem::take(&mut question));
        }
        question.add(*seq, *size, index);
    }
    questions.push(question);
    questions.retain(|question| !question.seqs.is_empty());
    questions
}

/// Reads versions of a store whose index this is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fetch<'a> {
    pub(super) client: &'a Client,
    pub(super) index: &'a RwLock<Index>,
}

impl Fetch<'_> {
    /// Whole versions, by seq. Heads come from memory.
    pub(super) async fn versions(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
    ) -> Result<HashMap<Seq, Version>> {
        let mut found = HashMap::new();
        let (questions, epochs) = self.ask(seqs, true, |seq, head| found.insert(seq, head.clone()));
        for Question { stretches, seqs, .. } in questions {
            let (records, _) = Records::readable(self.client.read(&query(&[META, DATA], &stretches)).await?);
            for seq in seqs {
                let (mut version, size) = self.without_data(&records, &epochs, seq)?;
                if version.damaged.is_none() {
                    fill(&mut version, size, records.get(DATA, seq.0, epochs.of_seq(seq)));
                }
                found.insert(seq, version);
            }
        }
        self.follow(&mut found);
        Ok(found)
    }

    /// Versions without their data, by seq. Heads come from memory.
    pub(super) async fn views(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
    ) -> Result<HashMap<Seq, VersionView>> {
        self.described(seqs, VersionView::of, |version, size| {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            VersionView { size, ..VersionView::of(&version) }
        })
        .await
    }

    /// What versions are apart from their data, by seq. Heads come from memory, and have it.
    pub(super) async fn without_documents(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
    ) -> Result<HashMap<Seq, Version>> {
        self.described(seqs, Version::clone, |version, _| version).await
    }

    /// What is made of heads, and of versions without data and of its size. Data is not read.
    async fn described<T>(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
        head: impl Fn(&Version) -> T,
        read: impl Fn(Version, u64) -> T,
    ) -> Result<HashMap<Seq, T>> {
        let mut found = HashMap::new();
        let (questions, epochs) = self.ask(seqs, false, |seq, version| found.insert(seq, head(version)));
        for Question { stretches, seqs, .. } in questions {
            let (records, _) = Records::readable(self.client.read(&query(&[META], &stretches)).await?);
            for seq in seqs {
                let (version, size) = self.without_data(&records, &epochs, seq)?;
                found.insert(seq, read(version, size));
            }
        }
        Ok(found)
    }

    /// The questions about versions, and the epochs. Heads are not asked for: they are given to `keep`.
    fn ask<T>(
        &self,
        seqs: impl IntoIterator<Item = Seq>,
        with_data: bool,
        mut keep: impl FnMut(Seq, &Version) -> Option<T>,
    ) -> (Vec<Question>, Arc<Epochs>) {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut wanted = index.wanted(seqs);
        if !with_data {
            for (_, size) in &mut wanted {
                *size = 0;
            }
        }
        wanted.retain(|(seq, _)| match index.head_at(*seq) {
            Some(head) => {
                keep(*seq, head);
                false
            }
            None => true,
        });
        (questions(&wanted, &index), Arc::clone(&index.epochs))
    }

    /// A version without its data, and how long that is. It must be what the index says of it.
    fn without_data(&self, records: &Records, epochs: &Epochs, seq: Seq) -> Result<(Version, u64)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = || StoreError::no_version(seq, "it is missing");
        let entry = index.entry(seq).ok_or_else(unknown)?;
        let key = index.key_of(entry).ok_or_else(unknown)?;
        let number = index.number_at(key, seq).ok_or_else(unknown)?;
        let read = row(records, epochs, seq).and_then(|row| {
            let (author, size) = (row.author.clone(), row.size);
            Ok((row.version(seq)?, author, size))
        });
        let named =
            || Version { recorded_at: entry.recorded_at, ..only_named(seq, StateKey::clone(key), number) };
        let damaged = |what: &str| {
            let mut version = named();
            mark(&mut version, what);
            (version, 0)
        };
        let Ok((version, author, size)) = read else {
            return Ok(damaged("what it is cannot be read"));
        };
        let same = (&version.key, version.version, version.recorded_at)
            == (key.as_ref(), number, entry.recorded_at)
            && author.as_ref() == index.author_of(entry)
            && u32::try_from(size).unwrap_or(u32::MAX) == entry.size;
        Ok(if same { (version, size) } else { damaged("it is not what it was when the server started") })
    }

    /// Holds each version against the one before it, where that is at hand.
    fn follow(&self, found: &mut HashMap<Seq, Version>) {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let seqs: Vec<Seq> = found.keys().copied().collect();
        for seq in seqs {
            let before = Seq(seq.0.saturating_sub(1));
            let whole = |version: &&Version| version.damaged.is_none();
            let before = found.get(&before).or_else(|| index.head_at(before)).filter(whole);
            let Some(before) = before.map(|before| before.chain_hash) else { continue };
            if let Some(version) = found.get_mut(&seq).filter(|version| version.damaged.is_none())
                && chain_hash(&before, version) != version.chain_hash
            {
                mark(version, "its chain hash does not fit what is stored of it");
            }
        }
    }

    /// Rows of a list, in the order of the seqs.
    pub(super) async fn summaries(&self, seqs: &[Seq], with_data: bool) -> Result<Vec<StateSummary>> {
        let mut all: HashMap<Seq, StateSummary> = if with_data {
            let versions = self.versions(seqs.iter().copied()).await?;
            let summary =
                |version: Version| StateSummary { version: VersionView::of(&version), data: version.data };
            versions.into_iter().map(|(seq, version)| (seq, summary(version))).collect()
        } else {
            let views = self.views(seqs.iter().copied()).await?;
            views.into_iter().map(|(seq, version)| (seq, StateSummary { version, data: None })).collect()
        };
        Ok(seqs.iter().filter_map(|seq| all.remove(seq)).collect())
    }

    /// The stored data, by seq, of versions that have some but are not in the index yet; none where it is not whole.
    pub(super) async fn documents(&self, wanted: &Wanted, epochs: &Epochs) -> Result<HashMap<Seq, Vec<u8>>> {
        let mut found = HashMap::new();
        for Question { stretches, seqs, .. } in questions(wanted, &Index::default()) {
            let (records, _) = Records::readable(self.client.read(&query(&[DATA], &stretches)).await?);
            for seq in seqs {
                if let Ok(Some(bytes)) = records.get(DATA, seq.0, epochs.of_seq(seq)) {
                    found.insert(seq, bytes);
                }
            }
        }
        Ok(found)
    }
}

/// What a version is apart from its data.
pub(super) fn row(records: &Records, epochs: &Epochs, seq: Seq) -> Result<Row> {
    let bytes = records.get(META, seq.0, epochs.of_seq(seq))?;
    Row::read(seq, &bytes.ok_or_else(|| StoreError::Damaged(format!("seq {seq} is missing")))?)
}
