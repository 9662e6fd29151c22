//! What is said of a backup.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use stateloft_core::model::Seq;

use super::Copied;
use super::bundle::Made;
use crate::cli::bundle::{Figures, Found, Written};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{counted_are, print_json};
use crate::cli::say::answer;

/// A bundle, for programs.
#[derive(Serialize)]
struct Bundle<'a> {
    file: String,
    #[serde(flatten)]
    figures: Figures,
    /// Where the next backup begins that only has what is new.
    next_from: Seq,
    positions: u64,
    bytes: u64,
    sha256: &'a str,
    encrypted: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a str>,
}

/// A copy of a database, for programs.
#[derive(Serialize)]
struct Database<'a> {
    file: String,
    seq: Seq,
    versions: u64,
    bytes: u64,
    sha256: &'a str,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a str>,
}

/// Says what was made, and how it ended.
pub(super) fn made(file: &Path, made: &Made, took: Duration, json: bool) -> Result<Exit, Failure> {
    let Made { found, written, encrypted, positions, missing } = made;
    let (Found { header, trailer }, Written { bytes, sha256 }) = (found, written);
    let (next_from, seconds) = (header.to.next(), took.as_secs_f64());
    if json {
        print_json(&Bundle {
            file: place(file),
            figures: found.figures(),
            next_from,
            positions: *positions,
            bytes: *bytes,
            sha256,
            encrypted: *encrypted,
            seconds,
            missing: missing.as_deref(),
        })?;
    } else {
        let whole = if trailer.whole { ", all of them as they were written" } else { "" };
        print_place(file);
        answer!("Positions       {positions}");
        answer!("Versions        {}{whole}", trailer.versions);
        answer!("Seq             {} (from {})", header.to, header.from);
        answer!("Snapshots       {}", trailer.snapshots);
        answer!("Restores        {}", trailer.restores);
        answer!("Bytes           {bytes}");
        answer!("SHA-256         {sha256}");
        if *encrypted {
            answer!("Encrypted       yes: only with a key of --encrypt-to it is read again");
        }
        answer!("Took            {seconds:.1} s");
        answer!("Next            --from {next_from} has only what is new then");
        if !trailer.whole {
            answer!(
                "BUT             {} damaged in the store; the backup says so in their place",
                counted_are(trailer.damaged, "version")
            );
        }
    }
    Ok(match (trailer.whole, conclude(missing.as_deref(), json)) {
        (false, Exit::Done) => Exit::Damaged,
        (_, exit) => exit,
    })
}

/// The same of a copy of a database.
pub(super) fn copied(file: &Path, copied: &Copied, took: Duration, json: bool) -> Result<Exit, Failure> {
    let Copied { seq, bytes, sha256, missing } = copied;
    let seconds = took.as_secs_f64();
    if json {
        let (file, missing) = (place(file), missing.as_deref());
        print_json(&Database { file, seq: *seq, versions: seq.0, bytes: *bytes, sha256, seconds, missing })?;
    } else {
        print_place(file);
        answer!("Versions        {seq}, all of them as they were written");
        answer!("Seq             {seq}");
        answer!("Bytes           {bytes}");
        answer!("SHA-256         {sha256}");
        answer!("Took            {seconds:.1} s");
    }
    Ok(conclude(missing.as_deref(), json))
}

fn print_place(file: &Path) {
    let name = file.file_name().unwrap_or(file.as_os_str());
    answer!("Backup created: {}", name.display());
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    answer!("Location        {}", whole.parent().unwrap_or(&whole).display());
}

/// The file's whole name, whoever reads it wherever.
fn place(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}

/// What a store had lost is lost to its backup.
fn conclude(missing: Option<&str>, json: bool) -> Exit {
    let Some(detail) = missing else { return Exit::Done };
    if !json {
        answer!("BUT             {detail}");
    }
    Exit::Failed
}
