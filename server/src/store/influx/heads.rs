//! Reading the present, which is in memory, and lists of the past, which are partly read.

use std::cmp::Reverse;
use std::ops::Bound;

use async_trait::async_trait;
use stateloft_core::api::{Sort, StateSummary};
use stateloft_core::commit::Tip;
use stateloft_core::model::{Seq, StateId, StateKey, StateType, Version};

use super::InfluxStore;
use super::index::Index;
use crate::store::cursor::{Mark, Place, next};
use crate::store::memory::read::{matches, summary};
use crate::store::{Heads, ListQuery, Page, Result, StoreError, TypeTotals};

/// States of the past that are read and filtered at a time.
const PAST: usize = 1_000;

#[async_trait]
impl Heads for InfluxStore {
    async fn tip(&self) -> Result<Tip> {
        Ok(self.index()?.tip)
    }

    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        Ok(self.index()?.head(key).cloned())
    }

    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
        let index = self.index()?;
        let key = |name: &StateType| StateKey { state_type: name.clone(), state_id: id.clone() };
        Ok(index.totals.keys().filter(|name| index.head(&key(name)).is_some()).cloned().collect())
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
        let mark = query.cursor.as_ref().map(Mark::read).transpose()?;
        {
            let index = self.index()?;
            let tip = index.tip.seq;
            if query.at.is_none_or(|at| at >= tip) {
                return match query.sort {
                    Sort::Changed => page(index.heads_by_change(), query, mark.as_ref(), tip),
                    Sort::Id => {
                        page(index.states.values().map(|state| &state.head), query, mark.as_ref(), tip)
                    }
                };
            }
        }
        let at = query.at.unwrap_or_default();
        let past = self.past(query, at).await?;
        let mut page = page(past.iter(), query, mark.as_ref(), at)?;
        if query.text.is_none() {
            let seqs: Vec<Seq> = page.rows.iter().map(|row| row.version.seq).collect();
            page.rows = self.fetch().summaries(&seqs, query.with_data).await?;
        }
        Ok(page)
    }

    async fn totals(&self) -> Result<Vec<TypeTotals>> {
        Ok(self.index()?.totals.values().cloned().collect())
    }
}

impl InfluxStore {
    /// The states that matched a query at a seq, in its order. Their data is read only where a text is looked for in it.
    async fn past(&self, query: &ListQuery, at: Seq) -> Result<Vec<Version>> {
        let candidates: Vec<Seq> = {
            let index = self.index()?;
            let of_key = |key: &StateKey| {
                (query.types.is_empty() || query.types.contains(&key.state_type))
                    && query.prefix.as_ref().is_none_or(|p| key.state_id.as_str().starts_with(p.as_str()))
            };
            let states = index.states.iter().filter(|(key, _)| of_key(key));
            let seqs = states.filter_map(|(_, state)| state.as_of(at));
            seqs.filter(|seq| query.changed_since.is_none_or(|since| *seq > since)).collect()
        };
        let mut found = Vec::new();
        for seqs in candidates.chunks(PAST) {
            let seqs = seqs.iter().copied();
            let versions = match query.text {
                Some(_) => self.fetch().versions(seqs).await?,
                None => self.fetch().without_documents(seqs).await?,
            };
            found.extend(versions.into_values().filter(|version| matches(version, query)));
        }
        match query.sort {
            Sort::Changed => found.sort_by_key(|version| Reverse(version.seq)),
            Sort::Id => found.sort_by(|a, b| a.key.cmp(&b.key)),
        }
        Ok(found)
    }
}

/// One page of states that come in the order of the query.
fn page<'a>(
    states: impl Iterator<Item = &'a Version>,
    query: &ListQuery,
    mark: Option<&Mark>,
    at: Seq,
) -> Result<Page<StateSummary>> {
    let after = |version: &Version| match mark.map(|mark| &mark.place) {
        Some(Place::Changed(seq)) => version.seq < *seq,
        Some(Place::Id(key)) => version.key > *key,
        _ => true,
    };
    let place = |version: &&Version| match query.sort {
        Sort::Changed => Place::Changed(version.seq),
        Sort::Id => Place::Id(version.key.clone()),
    };
    match (mark, query.sort) {
        (None, _)
        | (Some(Mark { place: Place::Changed(_), .. }), Sort::Changed)
        | (Some(Mark { place: Place::Id(_), .. }), Sort::Id) => {}
        _ => return Err(StoreError::BadCursor),
    }
    let (mut rows, mut counted, mut more) = (Vec::new(), 0, false);
    for version in states.filter(|version| matches(version, query)) {
        counted += 1;
        if !after(version) {
            continue;
        }
        if rows.len() < query.limit {
            rows.push(version);
        } else {
            more = true;
            // The first page counted already.
            if mark.is_some() {
                break;
            }
        }
    }
    let total = mark.map_or(counted, |mark| mark.total);
    let next = next(&rows, more, total, place);
    let rows = rows.into_iter().map(|version| summary(version, query.with_data)).collect();
    Ok(Page { rows, total, next, seq: at })
}

impl Index {
    /// The states of a scope behind one of them.
    pub(super) fn in_scope<'a>(
        &'a self,
        scope: &'a stateloft_core::api::Scope,
        after: Option<&StateKey>,
    ) -> impl Iterator<Item = &'a Version> {
        let within = scope.within();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let states = self.states.range::<StateKey, _>((from, Bound::Unbounded));
        states.filter_map(move |(key, state)| within.has(key).then_some(&state.head))
    }
}
