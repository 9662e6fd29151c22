//! What a run found otherwise than another had left it.

use std::collections::HashMap;

use stateloft_core::api::{RunComparison, RunDifference, VersionView};
use stateloft_core::diff::{Effort, diff_within};
use stateloft_core::model::{Seq, StateKey, VersionNumber};
use stateloft_core::schema::path_rules;

use super::super::{Result, Service, ServiceError};
use super::known::{Known, run_id};
use crate::heavy;
use crate::store::StoreError;

/// States of the first run that are compared at most, and those of them that may differ.
const STATES_MAX: usize = 10_000;
const DIFFERENT_MAX: usize = 1_000;

impl Service {
    /// Compares two runs: `GET /runs/compare`.
    pub async fn compare_runs(&self, a: &str, b: &str) -> Result<RunComparison> {
        let (a, b) = (self.run(&run_id(a)?).await?, self.run(&run_id(b)?).await?);
        let (since, begun) = (self.begun_at(a.id.session()).await?, self.begun_at(b.id.session()).await?);
        // What there was right before the second began.
        let found_at = Seq(begun.0.saturating_sub(1));
        let wrote = self.store.written_by(a.id.as_str(), since, None, STATES_MAX + 1).await?;
        if wrote.len() > STATES_MAX {
            return Err(too_large(&format!("{} wrote more than {STATES_MAX} states", a.id)));
        }
        let keys: Vec<StateKey> = wrote.iter().map(|wrote| wrote.key.clone()).collect();
        let standing: HashMap<_, (VersionNumber, bool)> = self.store.standing(&keys, found_at).await?;
        let mut found_different = Vec::new();
        for wrote in &wrote {
            let Some((number, _)) = standing.get(&wrote.key).filter(|(number, _)| *number != wrote.version)
            else {
                continue;
            };
            let left = self.side_of(&wrote.key, wrote.version).await?;
            let found = self.side_of(&wrote.key, *number).await?;
            // Where it was changed and changed back, the second found what the first had left.
            if left.content_hash == found.content_hash {
                continue;
            }
            if found_different.len() == DIFFERENT_MAX {
                return Err(too_large(&format!("more than {DIFFERENT_MAX} states differ")));
            }
            let (state_type, state_id) = (wrote.key.state_type.clone(), wrote.key.state_id.clone());
            found_different.push(RunDifference { state_type, state_id, left, found });
        }
        Ok(RunComparison {
            same_code: a.session.code.as_ref().zip(b.session.code.as_ref()).map(|(a, b)| a == b),
            config: config_difference(&a, &b)?,
            found_different,
            states: wrote.len() as u64,
            a: a.session,
            b: b.session,
        })
    }

    async fn side_of(&self, key: &StateKey, number: VersionNumber) -> Result<VersionView> {
        let version = self.store.version(key, number).await?.map(StoreError::unless_damaged).transpose()?;
        let missing = || ServiceError::Internal(format!("{key} has no version {number}"));
        version.as_ref().map(VersionView::of).ok_or_else(missing)
    }
}

fn too_large(what: &str) -> ServiceError {
    ServiceError::TooLarge(format!("{what}: read GET /api/v1/runs/RUN/states page by page instead"))
}

fn config_difference(a: &Known, b: &Known) -> Result<Option<stateloft_core::diff::Diff>> {
    let (Some(old), Some(new)) = (&a.session.config, &b.session.config) else { return Ok(None) };
    let compared = heavy::work(old.len() + new.len(), || {
        diff_within(old, new, path_rules("configuration"), Effort::ORDINARY)
    });
    compared.map(Some).map_err(|_| too_large("the settings differ in too much"))
}
