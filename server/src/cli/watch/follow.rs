//! Following the log from a place in it, across connections.

use std::time::Duration;

use http_body_util::BodyExt as _;
use serde::Deserialize;
use stateloft_core::api::{Event, Unreadable};
use stateloft_core::model::Seq;

use super::Followed;
use super::events::{Events, Sent, Strange};
use crate::cli::client::{Body, Client, Query, Streaming};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Column, Table, effect_of_change, shown_change};
use crate::cli::say::{answer, remark};

/// The server says something this often at least, events or not.
const SILENCE: Duration = Duration::from_mins(1);
/// The pause before the first attempt to connect again, doubled with each, and at most.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MOST: Duration = Duration::from_secs(5);

const COLUMNS: [Column; 8] = [
    Column::figure("SEQ"),
    Column::text("TIME"),
    Column::text("STATE"),
    Column::figure("VERSION"),
    Column::text("WHAT"),
    Column::text("AUTHOR"),
    Column::text("CHANGE"),
    Column::text("REASON"),
];

/// A place in the log, and what is printed from there on.
pub(super) struct Follow<'a> {
    client: &'a Client,
    followed: Followed,
    /// Everything up to here was printed, or is not wanted. Nothing as long as the server has not said where now is.
    after: Option<Seq>,
    with_data: bool,
    json: bool,
    /// Versions that are still wanted; without it all.
    left: Option<u64>,
    once: bool,
    table: Table,
}

/// Why a stream is not read on.
enum Ended {
    /// Everything that was wanted was printed.
    Enough,
    /// The connection is over: connect again.
    Broken(String),
}

/// Where a place in the log is meant.
#[derive(Deserialize)]
struct Place {
    seq: Seq,
}

impl<'a> Follow<'a> {
    pub(super) fn new(
        client: &'a Client,
        followed: Followed,
        after: Option<Seq>,
        (with_data, json): (bool, bool),
    ) -> Self {
        let table = Table::new(&COLUMNS);
        Self { client, followed, after, with_data, json, left: None, once: false, table }
    }

    /// Follows until so many versions were printed, or, where that is wanted, everything that there was.
    pub(super) async fn until(mut self, count: Option<u64>, once: bool) -> Result<Exit, Failure> {
        (self.left, self.once) = (count, once);
        if count == Some(0) {
            return Ok(Exit::Done);
        }
        let mut pause = PAUSE;
        let mut connected = false;
        loop {
            let why = match self.client.stream("/events", &self.query()).await {
                Ok(body) => {
                    (connected, pause) = (true, PAUSE);
                    match self.read(body).await? {
                        Ended::Enough => return Ok(Exit::Done),
                        Ended::Broken(why) => why,
                    }
                }
                Err(Streaming::Refused(failure)) => return Err(failure),
                Err(Streaming::Away(why)) if !connected => {
                    let message = format!("{} cannot be asked: {why}", self.client.place());
                    return Err(Failure::new(Exit::Unavailable, message));
                }
                Err(Streaming::Away(why)) => why,
            };
            let from = self.after.map_or("from then on".to_owned(), |seq| format!("after seq {seq}"));
            if pause == PAUSE {
                remark!(
                    "stateloft: {} is away ({why}); going on {from} when it is back",
                    self.client.place()
                );
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MOST);
        }
    }

    fn query(&self) -> Query {
        Query::default()
            .with("topic", &self.followed.topic)
            .and("after", self.after)
            .with("data", self.with_data)
            .with("client", "stateloft watch")
    }

    async fn read(&mut self, mut body: Body) -> Result<Ended, Failure> {
        let mut events = Events::default();
        loop {
            let data = match tokio::time::timeout(SILENCE, body.frame()).await {
                Err(_) => return Ok(Ended::Broken("it says nothing any more".to_owned())),
                Ok(None) => return Ok(Ended::Broken("it has closed the connection".to_owned())),
                Ok(Some(Err(error))) => return Ok(Ended::Broken(error.to_string())),
                Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            };
            let strange =
                |Strange| Failure::from(format!("{} sends what are no events", self.client.place()));
            events.take(&data).map_err(strange)?;
            loop {
                let strange =
                    |Strange| Failure::from(format!("{} sends what are no events", self.client.place()));
                let Some(sent) = events.next().map_err(strange)? else { break };
                if self.is_enough(&sent)? {
                    return Ok(Ended::Enough);
                }
            }
        }
    }

    /// Takes an event; whether nothing more is wanted.
    fn is_enough(&mut self, sent: &Sent) -> Result<bool, Failure> {
        match sent.name.as_str() {
            "state_update" => {
                let event: Event = self.understood(sent)?;
                let seq = event.version.seq;
                // What was printed before the connection broke is not printed again.
                if self.after.is_some_and(|after| seq <= after) {
                    return Ok(false);
                }
                let printed = self.print(&event, sent);
                self.after = Some(seq);
                self.left = self.left.map(|left| left - u64::from(printed));
                Ok(self.left == Some(0))
            }
            "caught_up" => {
                let Place { seq } = self.understood(sent)?;
                self.after = Some(self.after.map_or(seq, |after| after.max(seq)));
                Ok(self.once)
            }
            "damaged" => {
                let Unreadable { seq, reason } = self.understood(sent)?;
                remark!("stateloft: seq {seq} cannot be read: {reason}");
                self.after = self.after.max(Some(seq));
                Ok(false)
            }
            "cannot_replay" => {
                let after = self.after.unwrap_or_default();
                let Place { seq } = self.understood(sent)?;
                let message = format!(
                    "the log ends at seq {seq} now and does not have what was read up to {after}: the store has lost the end of its log, or is another one"
                );
                Err(Failure::new(Exit::NotFound, message))
            }
            _ => Ok(false),
        }
    }

    fn understood<'s, T: Deserialize<'s>>(&self, sent: &'s Sent) -> Result<T, Failure> {
        serde_json::from_str(&sent.data).map_err(|error| {
            format!("{} sends an event that this program does not understand: {error}", self.client.place())
                .into()
        })
    }

    /// Prints a version, if it is of what is followed.
    fn print(&mut self, event: &Event, sent: &Sent) -> bool {
        let version = &event.version;
        if self.followed.state.as_ref().is_some_and(|state| !version.is_of(state)) {
            return false;
        }
        if self.json {
            answer!("{}", sent.data);
            return true;
        }
        let first = version.change.first.as_deref().map(shown_change).unwrap_or_default();
        let change = format!("{}  {first}", effect_of_change(&version.change));
        self.table.print([vec![
            version.seq.to_string(),
            version.timestamp.to_string(),
            format!("{} {}", version.state_type, version.state_id),
            version.version.to_string(),
            version.operation.to_string(),
            version.user_id.as_deref().unwrap_or_default().to_owned(),
            change.trim().to_owned(),
            version.description.as_deref().unwrap_or_default().to_owned(),
        ]]);
        true
    }
}
