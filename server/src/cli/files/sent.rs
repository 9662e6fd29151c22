//! Files taken in by a running server.

use std::collections::HashSet;

use hyper::Method;
use stateloft_core::api::{AppliedImport, ApplyImport, ImportPreview};

use super::parts::{Part, parts};
use super::{Files, Taken, agreed, show};
use crate::cli::client::{Client, Written};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Progress, print_json};
use crate::service::ImportFiles;

/// Says what would be written, asks, and has it written, a part at a time.
pub(super) async fn import(
    server: &Client,
    files: &ImportFiles,
    asked: &Files,
    dry_run: bool,
) -> Result<Taken, Failure> {
    let parts = parts(files)?;
    let previews = looked_at(server, &parts).await?;
    all_known(&previews, &asked.named())?;
    let preview = joined(&previews);
    if !asked.json || !dry_run {
        show::preview(&preview, &asked.named());
    }
    if dry_run {
        if asked.json {
            previews.iter().try_for_each(print_json)?;
        }
        return Ok((preview, Vec::new()));
    }
    if !asked.yes && !agreed()? {
        return Err("nothing was written".to_owned().into());
    }
    let applied = applied(server, &parts, &previews, asked).await?;
    if asked.json {
        applied.iter().try_for_each(print_json)?;
    }
    Ok((preview, applied))
}

async fn looked_at(server: &Client, parts: &[Part]) -> Result<Vec<ImportPreview>, Failure> {
    let (mut previews, mut told) = (Vec::with_capacity(parts.len()), Told::of(parts));
    for part in parts {
        previews.push(server.ask("/imports", &part.request()).await?);
        told.one_more("looked at", part);
    }
    Ok(previews)
}

async fn applied(
    server: &Client,
    parts: &[Part],
    previews: &[ImportPreview],
    asked: &Files,
) -> Result<Vec<AppliedImport>, Failure> {
    let (mut applied, mut told) = (Vec::with_capacity(parts.len()), Told::of(parts));
    for (part, preview) in parts.iter().zip(previews) {
        let there = sources(preview);
        let of_this =
            |named: &[String]| named.iter().filter(|source| there.contains(*source)).cloned().collect();
        let request = ApplyImport {
            files: part.files.clone(),
            options: part.options.clone(),
            choose: of_this(&asked.choose),
            history_only: of_this(&asked.history_only),
            leave: Vec::new(),
            user_id: asked.user_id.clone(),
            reason: None,
            run_id: None,
            causation_id: None,
        };
        let done = apply_part(server, &preview.plan, &request).await;
        applied.push(done.map_err(|failure| part_of(failure, applied.len(), parts.len()))?);
        told.one_more("imported", part);
    }
    Ok(applied)
}

/// Sends one part, which is taken in once, whatever becomes of the answer.
async fn apply_part(server: &Client, plan: &str, request: &ApplyImport) -> Result<AppliedImport, Failure> {
    match server.write(Method::POST, &format!("/imports/{plan}/apply"), Some(request)).await? {
        Written::Stored(answer) => server.understood(&answer),
        Written::Waits(_) => Err("the server says that an import waits, which none does".to_owned().into()),
    }
}

/// How far an import was that failed. Where no answer came, nobody knows of the last part.
fn part_of(failure: Failure, written: usize, parts: usize) -> Failure {
    let unknown = failure.problem.is_none() && matches!(failure.exit, Exit::Unavailable | Exit::Unknown);
    let so = match (unknown, written) {
        (false, 0) => return failure,
        (true, _) => "it is not known whether what was sent last is in".to_owned(),
        (false, _) => format!("{written} of {parts} parts are in"),
    };
    let exit = if unknown { Exit::Unknown } else { failure.exit };
    let message =
        format!("{}; {so}: import again to go on, what is there is not written again", failure.message);
    Failure { exit, message, ..failure }
}

/// What is chosen must be there: a slip would otherwise leave something out in silence.
fn all_known(previews: &[ImportPreview], choose: &[String]) -> Result<(), Failure> {
    let there: HashSet<String> = previews.iter().flat_map(sources).collect();
    match choose.iter().find(|source| !there.contains(*source)) {
        None => Ok(()),
        Some(unknown) => Err(Failure::new(
            Exit::Refused,
            format!("{unknown:?} is none of the items that the files hold; nothing was written"),
        )),
    }
}

fn sources(preview: &ImportPreview) -> HashSet<String> {
    preview.found.items.iter().map(|item| item.source.to_string()).collect()
}

/// All parts as one, for people and for the exit code.
fn joined(previews: &[ImportPreview]) -> ImportPreview {
    let mut previews = previews.iter().cloned();
    let mut all = previews.next().unwrap_or_default();
    for ImportPreview { found, standings, counts, held_by, .. } in previews {
        all.found.files.extend(found.files);
        all.found.items.extend(found.items);
        all.found.quarantine.extend(found.quarantine);
        all.found.records.extend(found.records);
        all.found.errors.extend(found.errors);
        all.standings.extend(standings);
        all.counts = all.counts.and(counts);
        all.held_by.extend(held_by);
    }
    all
}

/// Says how far it is.
struct Told {
    progress: Progress,
    done: u64,
    of: u64,
}

impl Told {
    fn of(parts: &[Part]) -> Self {
        Self { progress: Progress::new(), done: 0, of: parts.iter().map(|part| part.bytes).sum() }
    }

    fn one_more(&mut self, doing: &'static str, part: &Part) {
        self.done += part.bytes;
        self.progress.is_at(doing, self.done, self.of, "bytes");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stateloft_core::api::ImportOptions;
    use stateloft_core::model::StateType;

    use super::super::parts::within;
    use super::*;
    use crate::cli::client::Transport;
    use crate::service::{Service, Settings};
    use crate::store::memory::MemoryStore;

    fn asked(choose: &[&str]) -> Files {
        Files {
            paths: Vec::new(),
            state_type: None,
            each: None,
            id_from: None,
            assume_tz: None,
            choose: choose.iter().map(|source| (*source).to_owned()).collect(),
            history_only: Vec::new(),
            user_id: Some("desk".into()),
            yes: true,
            json: false,
            archive: None,
        }
    }

    fn files(texts: &[(&str, &str)]) -> ImportFiles {
        let options =
            ImportOptions { state_type: StateType::new("bot_memory").ok(), ..ImportOptions::default() };
        let files = texts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        ImportFiles { files: files.collect(), options }
    }

    #[tokio::test]
    async fn each_part_is_written_and_found_again_and_what_differs_is_chosen_where_it_is() {
        let service = Service::start(Arc::new(MemoryStore::new()), Settings::default()).await.unwrap();
        let server = Client::new(Transport::over(Arc::clone(&service), "a store".into()));
        let (one, other) = (r#"{"n":1}"#, r#"{"n":2}"#);
        let given = files(&[("a.json", one), ("b.json", one), ("c.json", one)]);
        let parts = within(&given, 60).unwrap();
        assert_eq!(parts.len(), 3);
        let previews = looked_at(&server, &parts).await.unwrap();
        assert_eq!(joined(&previews).counts.new, 3);
        let done = applied(&server, &parts, &previews, &asked(&[])).await.unwrap();
        assert!(done.iter().all(|done| done.import_id.is_some()));
        let again = looked_at(&server, &parts).await.unwrap();
        assert_eq!((joined(&again).counts.unchanged, joined(&again).counts.new), (3, 0));
        // One of them has changed: it is written because it is chosen, in the part in which it is.
        let changed = within(&files(&[("a.json", one), ("b.json", other), ("c.json", one)]), 60).unwrap();
        let previews = looked_at(&server, &changed).await.unwrap();
        assert!(all_known(&previews, &["d.json#".to_owned()]).is_err());
        let choice = asked(&["b.json#"]);
        all_known(&previews, &choice.choose).unwrap();
        applied(&server, &changed, &previews, &choice).await.unwrap();
        let heads = looked_at(&server, &changed).await.unwrap();
        assert_eq!(joined(&heads).counts.unchanged, 3);
        // A plan that is not the one that was looked at says how much is in.
        let stale = applied(&server, &changed, &previews, &choice).await.unwrap_err();
        assert!(stale.message.contains("1 of 3 parts are in"), "{}", stale.message);
        server.close().await;
    }
}
