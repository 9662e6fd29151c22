//! Bundles, sent as they are read to whoever takes them in.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use stateloft_core::api::{BundleImported, BundleMerged, Code, MergeConflict};
use stateloft_core::bundle::Fault;

use crate::cli::bundle::{Checking, Figures, Found, Input, Sending};
use crate::cli::client::{Answer, Client, Upload};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::files::Files;
use crate::cli::output::{Progress, counted, print_answer, print_json};
use crate::cli::reach::{Intent, ReachOrStore};
use crate::cli::say::answer;
use crate::cli::verify::verified_by;
use crate::cli::{Done, asking};

/// How often it is looked how far it is.
const PACE: Duration = Duration::from_millis(100);

/// Takes in bundles, one after the other, and checks the whole log then.
pub(super) async fn import(
    reach: ReachOrStore,
    given: Vec<Input>,
    asked: &Files,
    merge: bool,
    dry_run: bool,
) -> Done {
    if let Some(flag) = asked.not_for_bundles() {
        return Err(Failure::usage(format!(
            "{flag} is for files of older programs, and {} is a bundle; nothing was written",
            given.first().map_or_else(String::new, |bundle| bundle.name.clone())
        )));
    }
    if dry_run {
        given.into_iter().try_for_each(|bundle| look(bundle, asked.json))?;
        return Ok(Exit::Done.into());
    }
    asking(reach.server_or_store(Intent::Begin).await?, async |client| {
        let mut all = true;
        for bundle in given {
            all &= take_in(client, bundle, merge, asked.json).await?;
        }
        let whole = verified_by(client, asked.json).await?;
        Ok(if matches!(whole, Exit::Done) && !all { Exit::RowsLeft } else { whole })
    })
    .await
}

/// Says what became of it, and whether all of it is in.
async fn take_in(client: &Client, bundle: Input, merge: bool, json: bool) -> Result<bool, Failure> {
    let (name, size) = (bundle.name.clone(), bundle.size);
    let Sending { upload, read, mut ended } = bundle.send();
    let path = if merge { "/import/bundle?merge=true" } else { "/import/bundle" };
    let sent = watched(client, path, upload, &read, size).await;
    // Where reading failed, what was sent looks cut to whoever takes it in.
    let failed = ended.try_recv().ok().and_then(io::Result::err);
    match (sent, failed) {
        (Ok(said), None) => print(client, &name, &said, json),
        (Ok(_), Some(error)) => {
            Err(Failure::new(Exit::RowsLeft, format!("{name}: all of it is in, and then: {error}")))
        }
        (Err(failure), failed) => Err(told(&name, failure, failed)),
    }
}

/// Sends it, and says how far that is.
async fn watched(
    client: &Client,
    path: &str,
    upload: Upload,
    read: &AtomicU64,
    size: Option<u64>,
) -> Result<Answer, Failure> {
    let progress = Progress::of_bytes();
    let mut sent = std::pin::pin!(client.upload(path, upload));
    let mut pace = tokio::time::interval(PACE);
    loop {
        tokio::select! {
            answer = &mut sent => return answer,
            _ = pace.tick() => progress.bytes_are_at("sent", read.load(Ordering::Relaxed), size),
        }
    }
}

/// Why a bundle is not wholly in. Of one that was damaged or cut behind its first line the rest is.
fn told(name: &str, failure: Failure, reading: Option<io::Error>) -> Failure {
    let line = failure.problem.as_ref().and_then(|problem| problem.line);
    let exit = if failure.is(Code::BundleDamaged) && line > Some(1) { Exit::RowsLeft } else { failure.exit };
    let why = reading.map(|error| format!("{error}; so ")).unwrap_or_default();
    Failure { exit, message: format!("{name}: {why}{}", failure.message), ..failure }
}

fn print(client: &Client, name: &str, said: &Answer, json: bool) -> Result<bool, Failure> {
    let done: BundleImported = client.understood(said)?;
    let all = done.merged.as_ref().is_none_or(|merged| merged.conflicts == 0);
    if json {
        print_answer(said);
        return Ok(all);
    }
    answer!("Bundle          {name}");
    answer!(
        "Imported        {}, {}, {}",
        counted(done.versions, "version"),
        counted(done.snapshots, "snapshot"),
        counted(done.restores, "restore")
    );
    answer!("There already   {}", counted(done.passed_over, "version"));
    if let Some(merged) = &done.merged {
        print_merged(merged)?;
    }
    if let (Some(seq), Some(hash)) = (done.last_seq, done.chain_hash) {
        answer!("Ends with       seq {seq}, chain hash {hash}");
    }
    Ok(all)
}

/// What became of the states, and what was left alone.
fn print_merged(merged: &BundleMerged) -> Result<(), Failure> {
    let BundleMerged { new, continued, unchanged, conflicts, unlisted, .. } = merged;
    answer!(
        "States          {new} new, {continued} continued, {unchanged} unchanged, {conflicts} in conflict"
    );
    for conflict in &merged.conflicting {
        let MergeConflict { state_type, state_id, reason, .. } = conflict;
        answer!("    conflict    {state_type} {state_id}: {}", word(reason)?);
    }
    for left in &merged.left_out {
        let why = if left.name_taken { "its name is taken" } else { "its seq is of another log" };
        answer!("    left out    {} {}: {why}", word(&left.kind)?, left.id);
    }
    if *unlisted > 0 {
        answer!("    and {unlisted} more, not listed");
    }
    Ok(())
}

/// A word of the API.
fn word(word: &impl Serialize) -> Result<String, Failure> {
    let value = serde_json::to_value(word).map_err(|error| error.to_string())?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

/// What a bundle holds, for programs.
#[derive(Serialize)]
struct Looked<'a> {
    file: &'a str,
    #[serde(flatten)]
    figures: Figures,
}

/// Reads a bundle to its end, and says what is in it.
fn look(bundle: Input, json: bool) -> Result<(), Failure> {
    let (name, size) = (bundle.name.clone(), bundle.size);
    let found = read(bundle, size)
        .map_err(|why| Failure::new(Exit::Refused, format!("{name}: {why}; nothing was written")))?;
    if json {
        return print_json(&Looked { file: &name, figures: found.figures() });
    }
    let Found { header, trailer } = found;
    answer!("Bundle          {name}");
    answer!("Made            {}, by {}", header.made_at, header.made_by);
    answer!("Range           seq {} to {}", header.from, header.to);
    answer!(
        "Holds           {}, {}, {}",
        counted(trailer.versions, "version"),
        counted(trailer.snapshots, "snapshot"),
        counted(trailer.restores, "restore")
    );
    match trailer.damaged {
        0 => answer!("whole: every line is as it was written; nothing was imported"),
        damaged => {
            answer!("{damaged} versions were damaged in the store that it was made of; nothing was imported");
        }
    }
    Ok(())
}

fn read(bundle: Input, size: Option<u64>) -> Result<Found, String> {
    let (mut bytes, mut checking, progress) =
        (bundle.into_reader(), Checking::default(), Progress::of_bytes());
    let (mut piece, mut done) = (vec![0; 64 << 10], 0);
    loop {
        let count = bytes.read(&mut piece).map_err(|error| error.to_string())?;
        if count == 0 {
            return checking.finish().map_err(|fault: Fault| fault.to_string());
        }
        checking.feed(&piece[..count]).map_err(|fault| fault.to_string())?;
        done += count as u64;
        progress.bytes_are_at("read", done, size);
    }
}
