//! The index, as it grows by what others wrote, or this server before it was started.

use std::collections::HashMap;
use std::sync::Arc;

use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, StateKey};

use super::index::{Index, Noted};
use super::row::{Row, fill};
use crate::store::Result;

/// Versions that are read one after the other, to be added when all are there.
#[derive(Debug, Default)]
pub(super) struct Growth {
    entries: Vec<(Noted, u32)>,
    numbers: HashMap<Arc<StateKey>, u32>,
    states: Vec<(Arc<StateKey>, Vec<Seq>, Row)>,
    /// The chain hash of the last.
    pub(super) chain_hash: Option<ChainHash>,
}

impl Growth {
    pub(super) fn push(&mut self, seq: Seq, row: Row) -> Result<()> {
        let key = Arc::new(row.key()?);
        let next = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(Arc::clone(&key)).or_insert(next);
        self.entries.push((row.noted(), number));
        self.chain_hash = Some(row.chain_hash);
        match self.states.get_mut(number as usize) {
            Some((_, seqs, head)) => {
                seqs.push(seq);
                *head = row;
            }
            None => self.states.push((key, vec![seq], row)),
        }
        Ok(())
    }

    /// The seqs and sizes of the heads that are to be set and have data, by seq.
    pub(super) fn heads(&self) -> Vec<(Seq, u64)> {
        let heads = self.states.iter().filter(|(_, _, row)| row.has_data());
        let mut heads: Vec<(Seq, u64)> =
            heads.filter_map(|(_, seqs, row)| Some((*seqs.last()?, row.size))).collect();
        heads.sort_unstable();
        heads
    }

    /// Adds everything. `data` has the documents of [`Growth::heads`].
    pub(super) fn add_to(self, index: &mut Index, data: &mut HashMap<Seq, Vec<u8>>) -> Result<()> {
        let mut states = Vec::with_capacity(self.states.len());
        for (key, seqs, row) in self.states {
            let Some(last) = seqs.last().copied() else { continue };
            let size = row.size;
            let mut head = row.version(last)?;
            if head.damaged.is_none() {
                fill(&mut head, size, Ok(data.remove(&last)));
            }
            states.push((key, seqs, head));
        }
        let mut numbers = Vec::with_capacity(states.len());
        for (key, seqs, head) in states {
            let number = index.number(&key);
            numbers.push(number);
            index.set_head(&key, number, seqs, head);
        }
        for (noted, state) in self.entries {
            let number = numbers.get(state as usize).copied().unwrap_or(u32::MAX);
            index.note(noted, number);
        }
        Ok(())
    }
}
