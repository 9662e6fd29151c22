//! `stateloft show`: one version, and what it changed.

use clap::Args;
use stateloft_core::api::{DiffView, Event, EventPage, VersionView};
use stateloft_core::model::{Seq, StateKey, VersionId, whole_number};

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::output::style::{HEAD, WARNED, styled, theirs};
use super::output::{Sides, print_json, verdict_words};
use super::reach::{Intent, ReachOrStore};
use super::say::answer;
use super::{Done, asking};

/// Show one version of any state: who wrote it, when and why, its hashes, and what it changed.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    reach: ReachOrStore,
    /// Its id, such as 17-af1099c3, or its seq: 17 or seq:17.
    #[arg(value_name = "VERSION", value_parser = wanted)]
    version: Wanted,
    /// Show changes of what is noise by its schema, too.
    #[arg(long)]
    all: bool,
    /// Print the version with its data as JSON.
    #[arg(long)]
    json: bool,
}

/// A version by its place in the log.
#[derive(Debug, Clone)]
struct Wanted {
    seq: Seq,
    /// The whole id, if that was said.
    id: Option<String>,
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let digits = text.strip_prefix("seq:").unwrap_or(text);
    let found = match (whole_number(digits), VersionId::seq_of(text)) {
        (Some(seq), _) => Some(Wanted { seq: Seq(seq), id: None }),
        (None, Some(seq)) => Some(Wanted { seq, id: Some(text.to_owned()) }),
        (None, None) => None,
    };
    found.filter(|wanted| wanted.seq > Seq::ZERO).ok_or_else(|| {
        "a version is named by its id, such as 17-af1099c3, or by its seq, from 1 on".to_owned()
    })
}

impl Show {
    pub(super) async fn run(self) -> Done {
        let Self { reach, version: wanted, all, json } = self;
        asking(reach.client(Intent::Read).await?, async |client| {
            let event = find(client, &wanted).await?;
            if json {
                print_json(&event)?;
                return Ok(Exit::Done);
            }
            let version = &event.version;
            print(version);
            if version.damaged {
                return Err(Failure::new(
                    Exit::Damaged,
                    "what is stored of this version is not what was written",
                ));
            }
            let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
            let query = Query::of(&key).with("to", version.version);
            let (_, view) = client.read_of::<DiffView>(&key, "/states/-/diff", &query).await?;
            answer!("");
            Sides::of(view.from.as_ref(), &view.to).print_changes(&view.diff, all);
            Ok(Exit::Done)
        })
        .await
    }
}

async fn find(client: &Client, wanted: &Wanted) -> Result<Event, Failure> {
    let Wanted { seq, id } = wanted;
    let none = || {
        let name = id.clone().unwrap_or_else(|| format!("seq {seq}"));
        Failure::new(Exit::NotFound, format!("{} has no version {name}", client.place()))
    };
    let query = Query::default().with("after", seq.0 - 1).with("limit", 1);
    let page: EventPage = match client.read("/events", &query).await {
        Err(failure) if failure.is(stateloft_core::api::Code::CannotReplay) => return Err(none()),
        other => other?,
    };
    if let Some(unreadable) = page.unreadable.iter().find(|unreadable| unreadable.seq == *seq) {
        return Err(Failure::new(Exit::Damaged, format!("seq {seq} cannot be read: {}", unreadable.reason)));
    }
    let event = page.events.into_iter().find(|event| event.version.seq == *seq).ok_or_else(none)?;
    match id {
        Some(id) if event.version.version_id != *id && !event.version.damaged => Err(none()),
        _ => Ok(event),
    }
}

fn print(version: &VersionView) {
    answer!("{}", styled(HEAD, &format!("version {}", version.version_id)));
    answer!("State           {} {}", version.state_type, theirs(version.state_id.as_str()));
    answer!("Version         {}, {}", version.version, version.operation);
    answer!("Seq             {}", version.seq);
    answer!("Recorded        {}", version.timestamp);
    for (title, time) in [("Accepted", version.accepted_at), ("Saved", version.saved_at)] {
        if let Some(time) = time {
            answer!("{title:<16}{time}");
        }
    }
    let texts = [
        ("Author", &version.user_id),
        ("Reason", &version.description),
        ("Run", &version.run_id),
        ("Correlation", &version.correlation_id),
        ("Cause", &version.causation_id),
        ("Batch", &version.batch_id),
    ];
    for (title, text) in texts {
        if let Some(text) = text {
            answer!("{title:<16}{}", theirs(text));
        }
    }
    answer!("Size            {} bytes", version.size);
    if let Some(hash) = &version.content_hash {
        answer!("Content hash    {hash}");
    }
    answer!("Chain hash      {}", version.chain_hash);
    answer!("Rules           {}", verdict_words(&version.verdict));
    for violation in version.verdict.violations() {
        let line = format!("{}: {}", theirs(&violation.pointer), theirs(&violation.message));
        answer!("                {}", styled(WARNED, &line));
    }
}
