//! The one commit of an import.

use std::collections::{HashMap, HashSet};

use stateloft_core::api::{ImportItem, ImportOptions, ImportPlan, Standing, VersionView};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::kept;
use stateloft_core::json::Document;
use stateloft_core::model::{Imported, Origin, StateKey, Timestamp, VersionNumber};

use super::stand::{self, Stood};
use super::{ImportOrder, VERSIONS_MAX};
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};

/// Who imports when nobody says it.
const AUTHOR: &str = "migration";

/// A version that an import writes.
struct Planned {
    key: StateKey,
    data: Document,
    description: String,
    expectation: Expectation,
    /// The place in the older system's history, where that can be kept.
    imported: Option<Imported>,
}

impl Service {
    /// Writes what is new or chosen, what is in quarantine, and the record, all or nothing. If all of it is there already,
    /// nothing is written, and the import has no id.
    pub(super) async fn write_import(
        &self,
        found: &ImportPlan,
        options: &ImportOptions,
        stood: &Stood,
        order: &ImportOrder,
    ) -> Result<(Option<String>, Vec<VersionView>)> {
        let mut planned = states(found, stood, order);
        self.add_kept(found, options, &mut planned).await?;
        if planned.is_empty() {
            return Ok((None, Vec::new()));
        }
        if planned.len() > VERSIONS_MAX {
            let text = format!(
                "an import writes at most {VERSIONS_MAX} versions at once, this one {}: import it in parts",
                planned.len()
            );
            return Err(ServiceError::TooLarge(text));
        }
        let place = |_| "/files".to_owned();
        self.accept_types(planned.iter().map(|planned| &planned.key), place).await?;
        let import_id = self.settings.ids.new_id(self.now());
        let writes = self.import_writes(planned, &import_id, order)?;
        let (outcomes, _) = self.commit(writes, None).await?;
        let versions = outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version);
        Ok((Some(import_id), versions.map(VersionView::of).collect()))
    }

    fn import_writes(
        &self,
        planned: Vec<Planned>,
        import_id: &str,
        order: &ImportOrder,
    ) -> Result<Vec<Write>> {
        let user_id = order.user_id.clone().unwrap_or_else(|| AUTHOR.to_owned());
        let reason = order.reason.as_deref().map(Signature::reason).transpose()?.flatten();
        let reason = reason.filter(|reason| !reason.trim().is_empty());
        let origin = Origin { correlation_id: Some(import_id.into()), ..Origin::default() };
        let mut who = Signature::new(Some(user_id), None)?.from(origin)?;
        let states: Vec<_> =
            planned.iter().map(|planned| (planned.key.clone(), planned.data.clone())).collect();
        let verdicts = self.verdicts(&states);
        let writes = planned.into_iter().zip(verdicts).map(|(planned, verdict)| {
            let Planned { key, data, description, expectation, imported } = planned;
            who.description = Some(match &reason {
                Some(reason) => format!("{}: {description}", reason.trim()).into(),
                None => description.into(),
            });
            let batch_id = imported.map_or_else(|| import_id.to_owned(), |imported| imported.batch_id());
            who.batch_id = Some(batch_id.into());
            who.write(key, Change::Record { data, restored: false }, expectation, verdict)
        });
        Ok(writes.collect())
    }

    /// Adds what is in quarantine and the record of the import, unless the store has, or had, just that. Something in
    /// quarantine that was settled stays settled.
    async fn add_kept(
        &self,
        found: &ImportPlan,
        options: &ImportOptions,
        planned: &mut Vec<Planned>,
    ) -> Result<()> {
        let internal = |error: serde_json::Error| ServiceError::Internal(error.to_string());
        let mut kept = Vec::with_capacity(found.quarantine.len() + 1);
        for held in &found.quarantine {
            let (key, data) = kept::quarantined(held).map_err(internal)?;
            kept.push((key, data, format!("Quarantined: {}", held.reason)));
        }
        let (key, data) = kept::record(found, options).map_err(internal)?;
        kept.push((key, data, format!("Import of {} files", found.files.len())));
        for (key, data, description) in kept {
            let hash = ContentHash::of(&data);
            let (known, _) = stand::one(self.store.as_ref(), &key, &HashSet::from([hash])).await?;
            if known.hash == Some(hash) || known.earlier.contains_key(&hash) {
                continue;
            }
            let expectation = Expectation::Version(known.head);
            planned.push(Planned { key, data, description, expectation, imported: None });
        }
        Ok(())
    }
}

/// The versions of states that are written: what is new and not left, and what is chosen.
fn states(found: &ImportPlan, stood: &Stood, order: &ImportOrder) -> Vec<Planned> {
    let chosen: HashSet<&str> = order.choose.iter().map(String::as_str).collect();
    let left: HashSet<&str> = order.leave.iter().map(String::as_str).collect();
    let mut places: HashMap<StateKey, Place> = HashMap::new();
    let mut planned = Vec::new();
    for (item, standing) in found.items.iter().zip(&stood.standings) {
        let source = item.source.to_string();
        let is_written = match standing.status {
            Standing::New => !left.contains(source.as_str()),
            Standing::Different | Standing::Unordered => chosen.contains(source.as_str()),
            Standing::Unchanged => false,
        };
        if is_written {
            let key = item.key();
            let place = places.entry(key.clone()).or_insert_with(|| Place::of(stood, &key));
            planned.push(place.plan(key, item));
        }
    }
    planned
}

/// How far the versions of one state are planned.
struct Place {
    head: VersionNumber,
    /// Whether something is planned of the state: within a batch the first write speaks for the others.
    begun: bool,
    last: Last,
}

/// What the last version of a state says of the older system's time.
#[derive(Clone, Copy)]
enum Last {
    /// There is none.
    Nothing,
    /// It was saved there then.
    Imported(Timestamp),
    /// It comes from elsewhere, or says no time: what is older must not come after it as if it had been there before.
    Other,
}

impl Place {
    fn of(stood: &Stood, key: &StateKey) -> Self {
        let head = stood.known.get(key).map_or(VersionNumber::ZERO, |known| known.head);
        let last = match stood.imported_until.get(key) {
            _ if head == VersionNumber::ZERO => Last::Nothing,
            Some(until) => Last::Imported(*until),
            None => Last::Other,
        };
        Self { head, begun: false, last }
    }

    fn plan(&mut self, key: StateKey, item: &ImportItem) -> Planned {
        let fits = |saved_at: &Timestamp| match self.last {
            Last::Nothing => true,
            Last::Imported(until) => until <= *saved_at,
            Last::Other => false,
        };
        let saved_at = item.saved_at.filter(fits);
        self.last = saved_at.map_or(Last::Other, Last::Imported);
        let version_id = || format!("file:{}", ContentHash::of(&item.data));
        let imported = saved_at.map(|saved_at| Imported { saved_at, version_id: version_id() });
        let expectation = if self.begun { Expectation::Any } else { Expectation::Version(self.head) };
        self.begun = true;
        Planned { key, data: item.data.clone(), description: described(item), expectation, imported }
    }
}

/// The words of the item, and where and when it was.
fn described(item: &ImportItem) -> String {
    let time = item.said_at.as_deref().map_or_else(String::new, |time| format!(", saved {time}"));
    format!("{} [{}{time}]", item.description, item.source)
}
