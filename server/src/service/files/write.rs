//! The one commit of an import.

use std::collections::HashSet;

use stateloft_core::api::{ImportOptions, ImportPlan, VersionView};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::kept;
use stateloft_core::model::Origin;

use super::place::Planned;
use super::stand::{Stood, There};
use super::{ImportOrder, VERSIONS_MAX};
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};

/// Who imports when nobody says it.
const AUTHOR: &str = "migration";

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
        let mut planned = Self::plan_states(found, stood, order)?;
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
        let origin = Origin { correlation_id: Some(import_id.into()), ..order.origin.clone() };
        let mut who = Signature::new(Some(user_id), None)?.from(origin)?;
        let with_data = |planned: &Planned| Some((planned.key.clone(), planned.change.data()?.clone()));
        let states: Vec<_> = planned.iter().filter_map(with_data).collect();
        let mut verdicts = self.verdicts(&states).into_iter();
        let writes = planned.into_iter().map(|planned| {
            // A tombstone has no data and no verdict.
            let verdict = planned.change.data().and_then(|_| verdicts.next()).unwrap_or_default();
            let Planned { key, change, description, expectation, imported } = planned;
            who.description = Some(match &reason {
                Some(reason) => format!("{}: {description}", reason.trim()).into(),
                None => description.into(),
            });
            let batch_id = imported.map_or_else(|| import_id.to_owned(), |imported| imported.batch_id());
            who.batch_id = Some(batch_id.into());
            who.write(key, change, expectation, verdict)
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
            let There { known, .. } = There::of(self.store.as_ref(), &key, &HashSet::from([hash])).await?;
            if known.hash == Some(hash) || known.earlier.contains_key(&hash) {
                continue;
            }
            let expectation = Expectation::Version(known.head);
            let change = Change::Record { data, restored: false };
            planned.push(Planned { key, change, description, expectation, imported: None });
        }
        Ok(())
    }
}
