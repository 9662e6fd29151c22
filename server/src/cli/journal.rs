//! `stateloft journal`: looks at the folder of a fallback journal, and mends it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use stateloft_core::api::AlarmCode;
use stateloft_core::json::Document;

use super::exit::Exit;
use super::figures::bytes;
use super::say::answer;
use super::{Done, journal_lines};
use crate::service::Service;
use crate::store::fallback::{Examined, Part, Standing, WaitingWrite, examine, salvage};

/// What to do with the journal.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum What {
    /// List the writes that wait to be replayed, and what can be made out of those that were set aside. Exit code 0: listed;
    /// 1: the folder cannot be read.
    List {
        /// Print the data of each, too.
        #[arg(long)]
        data: bool,
        /// Print a line of JSON for each write.
        #[arg(long)]
        json: bool,
    },
    /// Look whether everything in the folder is as it was written. Exit code 0: whole; 1: the folder cannot be read; 5: an end
    /// that was never acknowledged, or what is only a cache, cannot be read; 6: acknowledged writes cannot be read. Beside a
    /// running server, what it writes just now may look like 5.
    Check {
        /// Print a line of JSON for each file.
        #[arg(long)]
        json: bool,
    },
    /// Set aside what cannot be read of the journal, in files named damaged-1 and so on, and keep everything else, which the
    /// next start replays. The server must be stopped. Later writes to a state of which an earlier one was lost are not
    /// written over what is there, but become conflicts. Exit code 0: the journal is whole now; 1: something failed, nothing
    /// is lost.
    Salvage,
}

pub(super) fn journal(folder: &Path, what: &What) -> Done {
    if !folder.is_dir() {
        let folder = folder.display();
        return Err(format!(
            "there is no journal: no folder {folder} (TRADING_STATE_FALLBACK_DIR says where)"
        )
        .into());
    }
    match what {
        What::List { data, json: true } => {
            journal_lines::list(&look(folder)?, *data)?;
            Ok(ExitCode::SUCCESS)
        }
        What::List { data, json: false } => list(folder, *data),
        What::Check { json } => check(folder, *json),
        What::Salvage => mend(folder),
    }
}

/// Raises an alarm where writes wait in the folder of a journal that the server does not use: they were acknowledged when it
/// did.
pub(super) async fn say_what_is_left(service: &Service, folder: PathBuf) {
    if !folder.join("journal").is_file() {
        return;
    }
    let place = folder.display().to_string();
    let found = tokio::task::spawn_blocking(move || examine(&folder)).await;
    let left = match found.map_err(|error| error.to_string()) {
        Ok(Ok(found)) => {
            let damaged = found.parts.iter().any(|part| part.standing == Standing::Damaged);
            match (found.waiting.is_empty(), damaged) {
                (true, false) => return,
                (_, true) => format!("{}, and what is damaged", counted(&found.waiting)),
                (false, false) => counted(&found.waiting),
            }
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error,
    };
    service.raise(
        AlarmCode::JournalOff,
        format!("{left} in {place}"),
        "Switch the fallback journal on (TRADING_STATE_ENABLE_FILE_FALLBACK=true) and restart: then they are written to the store.",
    );
}

fn look(folder: &Path) -> Result<Examined, String> {
    examine(folder).map_err(|error| format!("there is no journal to look at: {error}"))
}

fn list(folder: &Path, with_data: bool) -> Done {
    let found = look(folder)?;
    answer!("{} in {}", counted(&found.waiting), folder.display());
    for write in &found.waiting {
        print(write, with_data);
    }
    for (part, made_out) in &found.set_aside {
        answer!("{}: {}", part.file, part.lines.join("; "));
        if !made_out.is_empty() {
            answer!("    can be made out, without a checksum that vouches for it:");
        }
        for write in made_out {
            print(write, with_data);
        }
    }
    for part in found.parts.iter().filter(|part| part.standing == Standing::Damaged) {
        answer!("{}: DAMAGED; `stateloft journal check` says where", part.file);
    }
    Ok(ExitCode::SUCCESS)
}

fn counted(waiting: &[WaitingWrite]) -> String {
    match waiting.len() {
        0 => "nothing waits".to_owned(),
        1 => "1 write waits".to_owned(),
        writes => format!("{writes} writes wait"),
    }
}

fn print(write: &WaitingWrite, with_data: bool) {
    let WaitingWrite { pending_id, accepted_at, change, key, author, data } = write;
    let author = author.as_ref().map(|author| format!(" by {author}")).unwrap_or_default();
    let size = data.as_ref().map(|data| format!(", {}", bytes(data.text().len() as u64))).unwrap_or_default();
    answer!("    {pending_id}  {accepted_at}  {change} {key}{author}{size}");
    if with_data && let Some(text) = data.as_ref().map(Document::text) {
        answer!("        {text}");
    }
}

fn check(folder: &Path, json: bool) -> Done {
    let found = look(folder)?;
    let worst = found.parts.iter().map(|part| part.standing).max().unwrap_or(Standing::Whole);
    if json {
        journal_lines::check(&found)?;
    } else {
        print_check(&found, worst);
    }
    Ok(match worst {
        Standing::Whole => ExitCode::SUCCESS,
        Standing::Torn => Exit::Torn.into(),
        Standing::Damaged => Exit::Damaged.into(),
    })
}

fn print_check(found: &Examined, worst: Standing) {
    found.parts.iter().for_each(say);
    // What was set aside is a fact of the past, and is said; it does not make the journal less whole.
    found
        .set_aside
        .iter()
        .for_each(|(part, _)| answer!("{}: set aside; {}", part.file, part.lines.join("; ")));
    answer!("{}", counted(&found.waiting));
    if worst == Standing::Damaged {
        answer!(
            "`stateloft journal salvage` sets what cannot be read of the journal aside and keeps the rest"
        );
    }
}

fn say(part: &Part) {
    let word = match part.standing {
        Standing::Whole => "whole",
        Standing::Torn => "torn",
        Standing::Damaged => "DAMAGED",
    };
    answer!("{}: {word}", part.file);
    part.lines.iter().for_each(|line| answer!("    {line}"));
}

fn mend(folder: &Path) -> Done {
    let files = salvage(folder).map_err(|error| error.to_string())?;
    if files.is_empty() {
        answer!("there is nothing to set aside: the journal is whole");
    }
    for file in &files {
        let name = |path: &PathBuf| path.display().to_string();
        answer!("set aside: {}", name(file));
    }
    answer!("{}; the next start replays that", counted(&look(folder)?.waiting));
    Ok(ExitCode::SUCCESS)
}
