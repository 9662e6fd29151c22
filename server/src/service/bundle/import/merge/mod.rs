//! A bundle brought into a store that has versions of its own.
//!
//! State by state: what the store never had comes in with its history, what the bundle continues is continued, what is there stays
//! as it is, and what went on differently is a conflict, of which nothing is written. A version that is brought gets a place in
//! this log and says which one it was (`bundle::brought_as`): by that and by what it holds it is known when the bundle comes again.
//!
//! Of each state some fifty bytes are remembered, and of the bundle no more than one commit. Others go on saving meanwhile: a
//! version is only written behind the one that was looked at.

mod listed;
mod points;
mod state;

use std::collections::{HashMap, HashSet};

use stateloft_core::api::{BundleImported, BundleMerged, ConflictReason};
use stateloft_core::bundle::{Header, brought_as, holds_the_same};
use stateloft_core::commit::{Change, Expectation, HeadMoved, Tip, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Operation, Seq, StateKey, StateType, Verdict, Version, VersionNumber};

use self::listed::Listed;
use self::state::{Name, State, Step};
use super::adopt::Adoption;
use super::{AROUND, CHUNK, Taken};
use crate::service::{Result, Service, ServiceError};
use crate::store::StoreError;

/// A merge under way.
pub(super) struct Merge<'s> {
    service: &'s Service,
    /// The first seq of the bundle.
    from: Seq,
    /// Where the log ended when the merge began.
    before: Seq,
    /// Whether the bundle is a log, which this store's could be the beginning of.
    is_log: bool,
    /// Up to here both logs are one.
    common: Seq,
    states: HashMap<Name, State>,
    waiting: Vec<Waiting>,
    bytes: usize,
    /// Types that may be written.
    types: HashSet<StateType>,
    listed: Listed,
    pub(super) done: BundleImported,
}

/// A version that is to be written, behind one of the store.
struct Waiting {
    name: Name,
    behind: VersionNumber,
    version: Version,
}

impl<'s> Merge<'s> {
    pub(super) fn begin(service: &'s Service, header: &Header, tip: &Tip) -> Self {
        Self {
            service,
            from: header.from,
            before: tip.seq,
            is_log: header.is_complete(),
            common: Seq::ZERO,
            states: HashMap::new(),
            waiting: Vec::new(),
            bytes: 0,
            types: HashSet::new(),
            listed: Listed::default(),
            done: BundleImported::default(),
        }
    }

    /// Bytes that it holds.
    pub(super) fn weight(&self) -> usize {
        let state = size_of::<(Name, State)>() + 1;
        let document = |waiting: &Waiting| waiting.version.data.as_ref().map_or(0, Document::weight);
        let waiting: usize = self.waiting.iter().map(|waiting| document(waiting) + AROUND).sum();
        2 * waiting + self.states.capacity() * state + self.listed.weight()
    }

    /// Whether the store's log ended right at this seq of the bundle's.
    pub(super) fn ends_at(&self, seq: Seq) -> bool {
        self.is_log && seq == self.before
    }

    /// Goes on as a copy, where everything so far was passed over.
    pub(super) fn to_adopt(&self) -> Adoption<'s> {
        Adoption::behind(self.service, self.from, self.before, self.done.passed_over)
    }

    pub(super) async fn version(&mut self, version: Version) -> Taken {
        self.place(version).await?;
        if self.bytes >= CHUNK { self.write().await } else { Ok(()) }
    }

    /// Finds out what is to be done with a version.
    async fn place(&mut self, theirs: Version) -> Result<()> {
        let name = Name::of(&theirs.key);
        let mut state = self.states.get(&name).copied().unwrap_or(State::NEW);
        let mut step = state.walk(self.service.store.as_ref(), &theirs).await?;
        if matches!(step, Step::Write(VersionNumber::ZERO)) && !self.accepts(&theirs.key).await? {
            step = state.apart(ConflictReason::UnknownType);
        }
        match step {
            Step::Apart(reason) => {
                let here = self.head(&theirs.key).await?;
                state.ends_alike = here.as_ref().is_some_and(|here| holds_the_same(here, &theirs));
                self.listed.conflict(name, reason, here.as_ref(), &theirs);
            }
            _ => self.listed.no_conflict(name),
        }
        match step {
            Step::There { one_log } => {
                self.done.passed_over += 1;
                self.common = if one_log { self.common.max(theirs.seq) } else { self.common };
            }
            Step::Write(behind) => {
                self.bytes += theirs.size() + AROUND;
                self.waiting.push(Waiting { name, behind, version: theirs });
            }
            Step::Nothing | Step::Apart(_) => {}
        }
        self.states.insert(name, state);
        Ok(())
    }

    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        match self.service.store.head(key).await {
            Ok(head) => Ok(head.filter(|head| head.damaged.is_none())),
            Err(StoreError::DamagedVersion(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether states of this type may be begun.
    async fn accepts(&mut self, key: &StateKey) -> Result<bool> {
        if self.types.contains(&key.state_type) {
            return Ok(true);
        }
        match self.service.accept_types(std::iter::once(key), |_| String::new()).await {
            Ok(()) => Ok(self.types.insert(key.state_type.clone())),
            Err(ServiceError::Body(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes what waits. Where somebody has saved a state of it meanwhile, that one is looked at again: what he saved differs, or
    /// is what was to be written; either way the rest waits no longer than that.
    pub(super) async fn write(&mut self) -> Taken {
        while !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            self.bytes = 0;
            match self.service.commit(self.writes(&waiting), None).await {
                Ok(_) => self.wrote(&waiting),
                Err(ServiceError::Conflict(moved)) => self.place_again(waiting, &moved).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn writes(&self, waiting: &[Waiting]) -> Vec<Write> {
        let with_data = waiting
            .iter()
            .filter_map(|Waiting { version, .. }| Some((version.key.clone(), version.data.clone()?)));
        let mut verdicts = self.service.verdicts(&with_data.collect::<Vec<_>>()).into_iter();
        let mut begun = HashSet::new();
        let write = |Waiting { name, behind, version }: &Waiting| {
            let (change, verdict) = match &version.data {
                Some(data) => {
                    let restored = version.operation == Operation::Restore;
                    (Change::Record { data: data.clone(), restored }, verdicts.next().unwrap_or_default())
                }
                None => (Change::Delete, Verdict::NotChecked),
            };
            // Within a batch the first write of a state speaks for the others.
            let first = begun.insert(*name);
            Write {
                key: version.key.clone(),
                change,
                expectation: if first { Expectation::Version(*behind) } else { Expectation::Any },
                verdict,
                author: version.author.clone(),
                description: version.description.clone(),
                batch_id: Some(brought_as(version)),
                origin: version.origin.clone(),
                foreseen: None,
                rebase: None,
            }
        };
        waiting.iter().map(write).collect()
    }

    fn wrote(&mut self, waiting: &[Waiting]) {
        self.done.versions += waiting.len() as u64;
        for Waiting { name, .. } in waiting {
            if let Some(state) = self.states.get_mut(name) {
                state.wrote = true;
            }
        }
    }

    /// What somebody has saved meanwhile is looked at again; the others wait as they did.
    async fn place_again(&mut self, waiting: Vec<Waiting>, moved: &[HeadMoved]) -> Result<()> {
        let moved: HashSet<Name> = moved.iter().map(|moved| Name::of(&moved.key)).collect();
        let (again, others): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|waiting| moved.contains(&waiting.name));
        self.bytes = others.iter().map(|waiting| waiting.version.size() + AROUND).sum();
        self.waiting = others;
        let mut begun = HashSet::new();
        for Waiting { name, behind, version } in again {
            if begun.insert(name)
                && let Some(state) = self.states.get_mut(&name)
            {
                state.look_again_behind(behind);
            }
            self.place(version).await?;
        }
        Ok(())
    }

    /// Says what became of everything.
    pub(super) async fn finish(self) -> Result<BundleImported> {
        let Self { service, before, states, mut listed, done, .. } = self;
        let mut merged =
            BundleMerged { before, seq: service.store.tip().await?.seq, ..BundleMerged::default() };
        for (name, state) in &states {
            let count = match (state.is_apart() && !state.ends_alike, state.wrote, state.fresh) {
                (true, ..) => &mut merged.conflicts,
                (false, true, true) => &mut merged.new,
                (false, true, false) => &mut merged.continued,
                (false, false, _) => &mut merged.unchanged,
            };
            *count += 1;
            if state.ends_alike {
                listed.no_conflict(*name);
            }
        }
        let is_partly = |name| states.get(&name).is_some_and(|state| state.wrote);
        (merged.conflicting, merged.left_out, merged.unlisted) = listed.finish(merged.conflicts, is_partly);
        Ok(BundleImported { merged: Some(merged), ..done })
    }
}
