//! `stateloft import`: bundles, files of older programs, and the history that an older system kept in a database.

mod bundles;
mod older;

use std::path::PathBuf;

use clap::Args;

use super::bundle::{Given, Identities};
use super::failure::Failure;
use super::reach::ReachOrStore;
use super::{Done, files};
use older::Older;
pub(super) use older::database_at;

/// Take in bundles, files of older programs, or the history that an older system kept in a database. Which kind a file is shows in
/// it. What is there is not written again, so it can be interrupted and repeated. Bundles go to the server that is named, or into
/// the configured store; everything else into that store, while nobody serves it. Exit code 0: everything is in; 1: something
/// failed; 4: a bundle or a file is damaged or was cut, some rows could not be imported, or an item waits for a choice; the others are in.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(flatten)]
    files: Box<files::Files>,
    #[command(flatten)]
    from: Box<Older>,
    /// The file with the key that a bundle is encrypted for (age, X25519). It can be said several times.
    #[arg(long, value_name = "FILE", requires = "paths")]
    identity: Vec<PathBuf>,
    /// Into a store that has versions of its own: states that it never had come in, those that a bundle goes on with are gone on
    /// with, those that differ are listed and left alone.
    #[arg(long, requires = "paths")]
    merge: bool,
    /// Only say what would be written, or of a bundle what is in it.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) async fn run(self) -> Done {
        let Self { reach, files, from, identity, merge, dry_run } = self;
        if files.paths.is_empty() {
            refuse_server(&reach, "the history of an older system is")?;
            return older::import(reach.configured_store()?, &from, dry_run).await;
        }
        let (addresses, paths): (Vec<PathBuf>, Vec<PathBuf>) =
            files.paths.iter().cloned().partition(|path| files::address(path).is_some());
        match Given::of(&paths, &Identities::of(&identity)?)? {
            Given::Bundles(_) if !addresses.is_empty() => Err(Failure::usage(
                "a bundle and a database are named: import one after the other; nothing was written",
            )),
            Given::Bundles(_) if merge && dry_run => Err(Failure::usage(
                "what a merge would write is only known as it writes: --dry-run looks at a bundle without --merge",
            )),
            Given::Bundles(given) => bundles::import(reach, given, &files, merge, dry_run).await,
            Given::Others if merge || !identity.is_empty() => Err(Failure::usage(format!(
                "{} is for bundles, and what is named is none; nothing was written",
                if merge { "--merge" } else { "--identity" }
            ))),
            Given::Others => files::import(reach, &files, dry_run).await,
        }
    }
}

/// What is only taken into a store must not seem to go to a server.
fn refuse_server(reach: &ReachOrStore, what: &str) -> Result<(), Failure> {
    match reach.server()? {
        None => Ok(()),
        Some(server) => Err(Failure::usage(format!(
            "{what} taken into a store that nobody serves, and {} is named: say --store or --db in its place \
             (--store configured: the one of the configuration); nothing was written",
            server.place()
        ))),
    }
}
