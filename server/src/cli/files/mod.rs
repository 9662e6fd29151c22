//! `stateloft import PATH...`: files of older programs.

mod archive;
mod collect;
mod parts;
mod sent;
mod show;
mod start;
mod tables;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use stateloft_core::api::{AppliedImport, ImportOptions, ImportPreview};
use stateloft_core::model::StateType;

use super::exit::Exit;
use super::reach::ReachOrStore;
use super::say::{answer, remark};
use super::{Done, logging, open};
use crate::clock::SystemClock;
use crate::config::{Config, Loaded};
use crate::service::{ImportFiles, ImportOrder, Service, ServiceError};
use crate::store::Resilience;
use collect::collect;
pub(super) use collect::{address, has_ending, slashed, walk};
pub(super) use start::at_the_start;

/// Files and folders, and what is said of them.
#[derive(Args)]
pub(super) struct Files {
    /// Bundles (`-` reads one from standard input); or files with states, and folders in which those are looked for (.json,
    /// .jsonl, .ndjson); or a SQLite database with tables of sessions, or the address of a PostgreSQL one
    /// (postgresql://USER@HOST:PORT/DATABASE?sslmode=MODE; the password may be in PGPASSWORD). They are only read.
    #[arg(value_name = "PATH", required_unless_present_any = ["from_postgres", "from_influx"],
        conflicts_with_all = ["from_postgres", "from_influx"])]
    pub(super) paths: Vec<PathBuf>,
    /// States of this type are made of each file, or of what --each leads to; without it the shapes of older programs are looked
    /// for.
    #[arg(long = "type", value_name = "TYPE", requires = "paths")]
    state_type: Option<String>,
    /// A pointer such as /positions to an object or array whose members become a state each.
    #[arg(long, value_name = "POINTER", requires = "state_type")]
    each: Option<String>,
    /// Where a state's id stands: key (the member's name), or a pointer within it such as /symbol.
    #[arg(long, value_name = "key|POINTER", requires = "state_type")]
    id_from: Option<String>,
    /// The zone of times without one: UTC or an offset such as +03:00. Without it they are kept and no instant is guessed.
    #[arg(long, value_name = "ZONE", requires = "paths")]
    assume_tz: Option<String>,
    /// Write this item although the store holds something else, or nothing says which is newer; by its source as it is shown.
    #[arg(long, value_name = "SOURCE", requires = "paths")]
    choose: Vec<String>,
    /// Put this item, of which the store holds something else, into the history only: the state stays as it is. By its source.
    #[arg(long, value_name = "SOURCE", requires = "paths")]
    history_only: Vec<String>,
    /// Who imports; migration when left out.
    #[arg(long, value_name = "NAME", requires = "paths")]
    user_id: Option<String>,
    /// Write without asking.
    #[arg(long, requires = "paths")]
    yes: bool,
    /// Print what was found, or written, as JSON.
    #[arg(long, requires = "paths")]
    pub(super) json: bool,
    /// Move files that are wholly in the store into this folder.
    #[arg(long, value_name = "DIR", requires = "paths")]
    archive: Option<PathBuf>,
}

/// An address may hold a password.
impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Files(..)")
    }
}

impl Files {
    /// A flag that was given and means nothing for a bundle, which says all of that itself.
    pub(super) fn not_for_bundles(&self) -> Option<&'static str> {
        let given = [
            ("--type", self.state_type.is_some()),
            ("--each", self.each.is_some()),
            ("--id-from", self.id_from.is_some()),
            ("--assume-tz", self.assume_tz.is_some()),
            ("--choose", !self.choose.is_empty()),
            ("--history-only", !self.history_only.is_empty()),
            ("--user-id", self.user_id.is_some()),
            ("--archive", self.archive.is_some()),
        ];
        given.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    fn options(&self) -> Result<ImportOptions, String> {
        let named = self.state_type.as_deref().map(StateType::new).transpose();
        let state_type = named.map_err(|error| format!("--type: {error}"))?;
        let (each, id_from, assume_tz) = (self.each.clone(), self.id_from.clone(), self.assume_tz.clone());
        Ok(ImportOptions { assume_tz, state_type, each, id_from })
    }

    fn order(&self) -> ImportOrder {
        ImportOrder {
            user_id: self.user_id.clone(),
            choose: self.choose.clone(),
            history_only: self.history_only.clone(),
            ..ImportOrder::default()
        }
    }

    /// The items that are written although they are not by themselves.
    fn named(&self) -> Vec<String> {
        [self.choose.as_slice(), &self.history_only].concat()
    }
}

/// Takes in the files: through the server that is named, else into the configured store.
pub(super) async fn import(reach: ReachOrStore, asked: &Files, dry_run: bool) -> Done {
    let server = reach.server()?;
    let collected = collect(&asked.paths)?;
    let files = ImportFiles { files: collected.read().await?, options: asked.options()? };
    let (preview, applied) = match server {
        Some(server) => {
            let done = sent::import(&server, &files, asked, dry_run).await;
            server.close().await;
            done?
        }
        None => into_store(reach.configured_store()?, &files, asked, dry_run).await?,
    };
    if applied.is_empty() {
        return Ok(code(&preview, &[]));
    }
    if let Some(folder) = &asked.archive {
        archive::archive(folder, &collected, &files, &archive::whole(&preview, &asked.named()))?;
    }
    if !asked.json {
        applied.iter().for_each(show::applied);
    }
    Ok(code(&preview, &asked.named()))
}

/// What was found, and what was written of it; nothing with a dry run.
type Taken = (ImportPreview, Vec<AppliedImport>);

async fn into_store(
    loaded: Loaded,
    files: &ImportFiles,
    asked: &Files,
    dry_run: bool,
) -> Result<Taken, String> {
    let Loaded { config, warnings } = loaded;
    logging::start(config.log);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let service = open_service(&config, dry_run).await?;
    let done = run(&service, files, asked, dry_run).await;
    service.shutdown().await;
    let (preview, applied) = done?;
    Ok((preview, applied.into_iter().collect()))
}

async fn open_service(config: &Config, dry_run: bool) -> Result<Arc<Service>, String> {
    let store = if dry_run { open::store_to_try(config).await? } else { open::bare_store(config).await? };
    open::service(config, store, Resilience::default(), None, Arc::new(SystemClock::default())).await
}

/// Says what would be written, asks, and writes it.
async fn run(
    service: &Service,
    files: &ImportFiles,
    asked: &Files,
    dry_run: bool,
) -> Result<(ImportPreview, Option<AppliedImport>), String> {
    let preview = service.preview_files(files).await.map_err(|error| told(&error))?;
    if !asked.json || !dry_run {
        show::preview(&preview, &asked.named());
    }
    if dry_run {
        if asked.json {
            answer!("{}", serde_json::to_string(&preview).map_err(|error| error.to_string())?);
        }
        return Ok((preview, None));
    }
    if !asked.yes && !agreed()? {
        return Err("nothing was written".to_owned());
    }
    let applied = service.import_files(Some(&preview.plan), files, &asked.order()).await;
    let applied = applied.map_err(|error| told(&error))?;
    if asked.json {
        answer!("{}", serde_json::to_string(&applied).map_err(|error| error.to_string())?);
    }
    Ok((preview, Some(applied)))
}

/// Asks on a terminal; who cannot be asked must have said so before.
fn agreed() -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err(
            "say --yes to write this, or --dry-run to only look at it; nothing was written".to_owned()
        );
    }
    remark!("Write this? [y/N]");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// The service's words for a store's failure are for clients, and do not say which store.
fn told(error: &ServiceError) -> String {
    match error {
        ServiceError::Store(cause) => format!("{cause}; nothing was written"),
        other => other.to_string(),
    }
}

/// Whether everything that the files hold is in the store.
fn code(preview: &ImportPreview, chosen: &[String]) -> ExitCode {
    let left = show::left(preview, chosen).count();
    if preview.found.errors.is_empty() && left == 0 { ExitCode::SUCCESS } else { Exit::RowsLeft.into() }
}
