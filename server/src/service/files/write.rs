//! The one commit of an import.

use std::collections::HashSet;

use async_trait::async_trait;
use stateloft_core::api::{AppliedImport, ImportOptions, ImportPlan, VersionView};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::hash::ContentHash;
use stateloft_core::import::{counts, kept};
use stateloft_core::model::{Origin, Seq};

use super::place::Planned;
use super::stand::{Stood, There};
use super::{ImportOrder, VERSIONS_MAX};
use crate::service::once::{self, Repeatable};
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::{Did, ImportSaid, StoreError};

/// Who imports when nobody says it.
const AUTHOR: &str = "migration";
/// Versions that are read at a time for an answer that is given again.
const PAGE: usize = 1_000;

fn applied(said: ImportSaid, before: Seq, seq: Seq, versions: Vec<VersionView>) -> AppliedImport {
    let ImportSaid { import_id, counts, files, errors } = said;
    AppliedImport { import_id, before, seq, versions, counts, files, errors }
}

#[async_trait]
impl Repeatable for AppliedImport {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let Did::Import { before, seq, said } = did else {
            return Err(ServiceError::Internal(format!("a receipt says {did:?}")));
        };
        let mut versions: Vec<VersionView> = Vec::new();
        loop {
            let behind = versions.last().map_or(before, |last| last.seq);
            if behind >= seq {
                return Ok(applied(*said, before, seq, versions));
            }
            let page = service.store.after(behind, PAGE).await?;
            if page.is_empty() {
                let message = format!("a receipt names seq {seq}, and the log ends at {behind}");
                return Err(ServiceError::Internal(message));
            }
            for version in page.into_iter().take_while(|version| version.seq <= seq) {
                versions.push(VersionView::of(&StoreError::unless_damaged(version)?));
            }
        }
    }
}

impl Service {
    /// Writes what is new or chosen, what is in quarantine, and the record, all or nothing. If all of it is there already,
    /// nothing is written but the receipt of a request with a key, and the import has no id.
    pub(super) async fn write_import(
        &self,
        found: &ImportPlan,
        options: &ImportOptions,
        stood: &Stood,
        order: &ImportOrder,
    ) -> Result<AppliedImport> {
        let mut planned = Self::plan_states(found, stood, order)?;
        self.add_kept(found, options, &mut planned).await?;
        let mut said = ImportSaid {
            import_id: None,
            counts: counts(found, &stood.standings),
            files: found.files.clone(),
            errors: found.errors.clone(),
        };
        if planned.is_empty() && !once::is_keyed() {
            let seq = self.store.tip().await?.seq;
            return Ok(applied(said, seq, seq, Vec::new()));
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
        said.import_id = (!planned.is_empty()).then(|| import_id.clone());
        let writes = self.import_writes(planned, &import_id, order)?;
        let outcomes = self.commit_import(writes, said.clone()).await?;
        let versions = outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version);
        let versions: Vec<VersionView> = versions.map(VersionView::of).collect();
        // One commit: its versions follow one another.
        let (before, seq) = match (versions.first(), versions.last()) {
            (Some(first), Some(last)) => (Seq(first.seq.0.saturating_sub(1)), last.seq),
            _ => match self.receipt_of_this().await?.map(|receipt| receipt.did) {
                // Where the log ended only the commit knows, beside others that write.
                Some(did) => return AppliedImport::again(self, did).await,
                None => self.store.tip().await.map(|tip| (tip.seq, tip.seq))?,
            },
        };
        Ok(applied(said, before, seq, versions))
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
