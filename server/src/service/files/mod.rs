//! Files of older programs, taken in: what the core finds in them is held against the store, and what is chosen is written in
//! one commit.
//!
//! Nothing is kept between planning and writing: the same files give the same plan, and its name says what the store was when it
//! was looked at. A second run finds everything there, so it writes nothing.

mod place;
mod settle;
mod stand;
mod write;

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use stateloft_core::api::{
    AppliedImport, ApplyImport, HeldBy, ImportFile, ImportItem, ImportOptions, ImportPlan, ImportPreview,
    ImportRequest, ImportStanding, Standing,
};
use stateloft_core::import::{File, LookedAt, counts, plan};
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, Seq, StateKey};

use super::{Result, Service, ServiceError};
use crate::budget::{self, Class};
use crate::heavy;
use crate::service::handshakes::Touched;
use stand::Stood;

/// How often an import is worked out anew when a state that it writes moves between that and the commit.
const ATTEMPTS: usize = 5;
/// Versions that one import writes at most.
const VERSIONS_MAX: usize = 100_000;

/// Who imports, and what of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOrder {
    /// Who; `migration` when left out.
    pub user_id: Option<String>,
    /// Items that differ or are unordered and are written all the same, by their source.
    pub choose: Vec<String>,
    /// Items that differ and go into the history only: the head stays what it was.
    pub history_only: Vec<String>,
    /// Items that are not written.
    pub leave: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// Which start of a program writes, and what made it. What the versions belong to is the import.
    pub origin: Origin,
}

/// The files of an import, their bytes at hand.
#[derive(Debug, Clone)]
pub struct ImportFiles {
    /// Name and bytes of each.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is said of them.
    pub options: ImportOptions,
}

impl ImportFiles {
    /// Takes the files out of a request.
    fn of(files: Vec<ImportFile>, options: ImportOptions) -> Result<Self> {
        let mut taken: Vec<(String, Vec<u8>)> = Vec::with_capacity(files.len());
        for (nth, file) in files.into_iter().enumerate() {
            let wrong = |code: &str, message: String| {
                Err(ServiceError::body(&format!("/files/{nth}"), code, message))
            };
            let bytes = match (file.text, file.base64) {
                (Some(text), None) => text.into_bytes(),
                (None, Some(base64)) => match STANDARD.decode(base64) {
                    Ok(bytes) => bytes,
                    Err(error) => return wrong("base64", format!("{}: not Base64: {error}", file.name)),
                },
                _ => return wrong("required", format!("{}: either text or base64", file.name)),
            };
            if taken.iter().any(|(name, _)| *name == file.name) {
                return wrong("unique", format!("{} is there twice", file.name));
            }
            taken.push((file.name, bytes));
        }
        if taken.is_empty() {
            return Err(ServiceError::body("/files", "min_items", "an import needs at least one file"));
        }
        Ok(Self { files: taken, options })
    }

    /// What the files hold.
    async fn plan(&self) -> Result<ImportPlan> {
        // The documents with their indexes, and the items that are taken out of them.
        let weight: usize = self.files.iter().map(|(_, bytes)| Document::weight_of(bytes)).sum();
        budget::hold(Class::Work, 2 * weight).await?;
        let files: Vec<File<'_>> = self.files.iter().map(|(name, bytes)| File { name, bytes }).collect();
        let bytes = files.iter().map(|file| file.bytes.len()).sum();
        heavy::work(bytes, || plan(&files, &self.options)).map_err(|error| {
            ServiceError::body(&format!("/options/{}", error.option), "invalid", error.to_string())
        })
    }
}

impl Service {
    /// Says what an import would write: `POST /imports`. Writes nothing.
    pub async fn preview_import(&self, request: ImportRequest) -> Result<ImportPreview> {
        self.preview_files(&ImportFiles::of(request.files, request.options)?).await
    }

    /// The same of files that are at hand.
    pub async fn preview_files(&self, files: &ImportFiles) -> Result<ImportPreview> {
        let found = files.plan().await?;
        // Before the look: what is later may not have been seen.
        let seq = self.store.tip().await?.seq;
        let stood = Stood::look(self.store.as_ref(), &found).await?;
        let preview = ImportPreview {
            plan: LookedAt::new(&found.hash, &stood.standings, seq).to_string(),
            seq,
            counts: counts(&found, &stood.standings),
            held_by: self.who_holds(&found, &stood.standings).await?,
            standings: stood.standings,
            found,
        };
        Ok(preview)
    }

    /// The live runs that hold what would be written over.
    async fn who_holds(&self, found: &ImportPlan, standings: &[ImportStanding]) -> Result<Vec<HeldBy>> {
        let items = found.items.iter().zip(standings);
        let differing = items.filter(|(_, standing)| standing.status == Standing::Different);
        let key = |item: &ImportItem| StateKey {
            state_type: item.state_type.clone(),
            state_id: item.state_id.clone(),
        };
        let keys: Vec<StateKey> = differing.map(|(item, _)| key(item)).collect();
        self.held_by(&Touched::of(keys.iter().collect())).await
    }

    /// Writes what was looked at: `POST /imports/{plan}/apply`.
    pub async fn apply_import(&self, plan: &str, request: ApplyImport) -> Result<AppliedImport> {
        let ApplyImport {
            files,
            options,
            choose,
            history_only,
            leave,
            user_id,
            reason,
            run_id,
            causation_id,
        } = request;
        let origin = Origin { run_id, correlation_id: None, causation_id };
        let files = ImportFiles::of(files, options)?;
        let order = ImportOrder { user_id, choose, history_only, leave, reason, origin };
        self.import_files(Some(plan), &files, &order).await
    }

    /// Writes what the files hold, in one commit; with `plan` only if it is still what was looked at.
    pub async fn import_files(
        &self,
        looked_at: Option<&str>,
        files: &ImportFiles,
        order: &ImportOrder,
    ) -> Result<AppliedImport> {
        let found = files.plan().await?;
        check_sources(&found, order)?;
        let mut stood = Stood::look(self.store.as_ref(), &found).await?;
        let mut last = Vec::new();
        for _ in 0..ATTEMPTS {
            if let Some(plan) = looked_at {
                let tip = self.store.tip().await?.seq;
                still_so(plan, tip, &found, &stood, order)?;
            }
            match self.write_import(&found, &files.options, &stood, order).await {
                // What moved has another standing now, or none that matters. Only that is looked at again: beside a program that
                // saves, the whole would never stand still.
                Err(ServiceError::Conflict(moved)) => {
                    stood.look_again(self.store.as_ref(), &found, &moved).await?;
                    last = moved;
                }
                other => return other,
            }
        }
        Err(ServiceError::Conflict(last))
    }
}

/// Whether the plan is what was looked at: the files, which states there are at all, and what is chosen. What is left, or goes into
/// the history with its head behind it, may move.
fn still_so(plan: &str, tip: Seq, found: &ImportPlan, stood: &Stood, order: &ImportOrder) -> Result<()> {
    let looked_at = LookedAt::parse(plan)
        // What is behind the end was looked at in another store, or before this one was put back.
        .filter(|plan| plan.seq <= tip && plan.is_of(&found.hash, &stood.standings))
        .ok_or_else(|| ServiceError::ImportOutdated(Vec::new()))?;
    let moved = stood.moved_since(looked_at.seq, found, &order.choose);
    if moved.is_empty() { Ok(()) } else { Err(ServiceError::ImportOutdated(moved)) }
}

/// What is chosen or left must be there: a slip would otherwise leave something out in silence.
fn check_sources(found: &ImportPlan, order: &ImportOrder) -> Result<()> {
    let named = [("choose", &order.choose), ("history_only", &order.history_only), ("leave", &order.leave)];
    if named.iter().all(|(_, sources)| sources.is_empty()) {
        return Ok(());
    }
    let there: HashSet<String> = found.items.iter().map(|item| item.source.to_string()).collect();
    for (member, sources) in named {
        for (nth, source) in sources.iter().enumerate() {
            if !there.contains(source) {
                let message = format!("{source:?} is none of the items that the files hold");
                return Err(ServiceError::body(&format!("/{member}/{nth}"), "unknown_item", message));
            }
        }
    }
    Ok(())
}
