//! `stateloft export`.

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::Args;

use super::bundle::{Found, NewFile, Recipients, receive};
use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{counted, counted_are};
use super::reach::{Intent, ReachOrStore};
use super::say::{remark, write_bytes};
use super::{Done, asking};

/// Write the store, or a part of it, as a bundle: a file of which `stateloft import` makes a store again, and which `zcat FILE |
/// jq` shows. It goes to standard output, or to a file that has its name only once it is whole. Every line is held against its
/// hashes on the way. Exit code 6: the store has damaged versions, and the bundle says so in their place; 10: it broke off.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(flatten)]
    part: Part,
    /// The file to make; it must not exist. Without it standard output, which must not be a terminal.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Encrypt it with age for this recipient (age1...), or for those in this file, one a line. It can be said several times.
    #[arg(long, value_name = "RECIPIENT|FILE")]
    encrypt_to: Vec<String>,
}

/// Which part of a store.
#[derive(Debug, Args)]
struct Part {
    /// Only states of these types, separated by commas.
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// Only ids that start with this.
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// From this seq on, or from this time on.
    #[arg(long, value_name = "SEQ|TIME")]
    from: Option<String>,
    /// Up to this seq, time, seq:N or snapshot:NAME.
    #[arg(long, value_name = "SEQ|MOMENT")]
    to: Option<String>,
    /// Of each state only the last version in that range.
    #[arg(long)]
    without_history: bool,
}

impl Part {
    fn query(&self) -> Query {
        Query::default()
            .and("types", self.types.as_deref())
            .and("prefix", self.prefix.as_deref())
            .and("from", self.from.as_deref())
            .and("to", self.to.as_deref())
            .and("history", self.without_history.then_some(false))
    }
}

impl Export {
    pub(super) async fn run(self) -> Done {
        let Self { reach, part, out, encrypt_to } = self;
        if out.is_none() && io::stdout().is_terminal() {
            return Err(Failure::usage("a bundle is not for a terminal: say > FILE or --out FILE"));
        }
        let to = Recipients::of(&encrypt_to)?;
        // Before anybody is asked: a name that is taken is known at once.
        let file = out.as_deref().map(NewFile::begin).transpose()?;
        asking(reach.client(Intent::Read).await?, async |client| {
            let found = export(client, &part.query(), file, to.as_ref()).await?;
            Ok(told(&found))
        })
        .await
    }
}

async fn export(
    client: &Client,
    query: &Query,
    file: Option<NewFile>,
    to: Option<&Recipients>,
) -> Result<Found, Failure> {
    let Some(file) = file else { return Ok(receive(client, query, Stdout, to).await?.0) };
    let (found, file) = receive(client, query, file, to).await?;
    file.finish()?;
    Ok(found)
}

/// Says on standard error what is in it: standard output may be the bundle.
fn told(Found { header, trailer }: &Found) -> Exit {
    let (from, to) = (header.from, header.to);
    remark!(
        "{}, {} and {}, of seq {from} to {to}",
        counted(trailer.versions, "version"),
        counted(trailer.snapshots, "snapshot"),
        counted(trailer.restores, "restore")
    );
    if trailer.whole {
        return Exit::Done;
    }
    let damaged = counted_are(trailer.damaged, "version");
    remark!("stateloft: {damaged} damaged in the store; the bundle says so in their place");
    Exit::Damaged
}

/// Standard output. Who reads it may go away, which ends the command as it ends every other.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
