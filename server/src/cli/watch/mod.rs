//! `stateloft watch`: versions as they are written, each once and in order, across restarts of the server.

mod events;
mod follow;

use clap::Args;
use stateloft_core::api::Topic;
use stateloft_core::model::{Seq, StateId, StateKey};

use super::failure::Failure;
use super::named::{state_id, state_type};
use super::reach::Reach;
use super::{Done, asking};
use follow::Follow;

/// Follow what is written: every version once and in order, until it is interrupted. When the server goes away it waits for it
/// and goes on where it was.
#[derive(Debug, Args)]
pub(super) struct Watch {
    #[command(flatten)]
    reach: Reach,
    /// Only a type, or one state: TYPE, TYPE/ID, or TYPE ID. Without it everything.
    #[arg(value_name = "TYPE[/ID]")]
    what: Option<String>,
    /// The state's name, where it does not stand behind the type already.
    #[arg(value_name = "ID", value_parser = state_id)]
    id: Option<StateId>,
    /// Everything after this seq first; without it only what is written from now on.
    #[arg(long, value_name = "SEQ")]
    after: Option<u64>,
    /// End after so many versions.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// End when everything is printed that was written by now.
    #[arg(long)]
    once: bool,
    /// With their data; only with --json.
    #[arg(long, requires = "json")]
    data: bool,
    /// Print a line of JSON for each version.
    #[arg(long)]
    json: bool,
}

/// What is followed.
#[derive(Debug, Clone)]
struct Followed {
    topic: Topic,
    /// Of an id the topic knows every type.
    state: Option<StateKey>,
}

impl Watch {
    pub(super) async fn run(self) -> Done {
        let Self { reach, what, id, after, count, once, data, json } = self;
        let followed = followed(what.as_deref(), id)?;
        asking(reach.client()?, async |client| {
            Follow::new(client, followed, after.map(Seq), (data, json)).until(count, once).await
        })
        .await
    }
}

fn followed(what: Option<&str>, id: Option<StateId>) -> Result<Followed, Failure> {
    let Some(what) = what else { return Ok(Followed { topic: Topic::All, state: None }) };
    let (name, id) = match (what.split_once('/'), id) {
        (None, id) => (what, id),
        (Some((name, id)), None) => (name, Some(state_id(id).map_err(Failure::usage)?)),
        (Some(_), Some(_)) => return Err(Failure::usage("name the state once: TYPE/ID, or TYPE ID")),
    };
    let state_type = state_type(name).map_err(Failure::usage)?;
    Ok(match id {
        None => Followed { topic: Topic::Type(state_type), state: None },
        Some(state_id) => {
            let topic = Topic::Id(state_id.clone());
            Followed { topic, state: Some(StateKey { state_type, state_id }) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_named_in_one_word_or_in_two() {
        let topic = |what: &str, id: Option<&str>| {
            followed(Some(what), id.map(|id| StateId::new(id).unwrap()))
                .map(|found| found.topic.to_string())
                .ok()
        };
        assert_eq!(topic("position", None).as_deref(), Some("states:position"));
        assert_eq!(topic("position/EURUSD/GBPUSD", None).as_deref(), Some("state:EURUSD/GBPUSD"));
        assert_eq!(topic("position", Some("a/b")).as_deref(), Some("state:a/b"));
        assert_eq!(topic("position/a", Some("b")), None);
        assert_eq!(topic("Position", None), None);
        assert_eq!(topic("position/", None), None);
    }
}
