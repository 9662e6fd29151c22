//! Sending what was seen, in its order. A server that is away is waited for; what it refuses for good is said, and the next is sent.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use hyper::Method;
use stateloft_core::api::{
    BatchItem, BatchOperation, BatchRequest, BatchResponse, Code, StateRow, StateView,
};
use stateloft_core::hash::ContentHash;
use stateloft_core::model::Operation;
use tokio_util::sync::CancellationToken;

use super::How;
use super::outbox::{Change, Outbox};
use super::printed::printed;
use crate::cli::client::{Client, Query, Written};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::counted;
use crate::cli::say::remark;

/// The pause before the first new attempt, doubled with each, and at most.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MOST: Duration = Duration::from_secs(5);

/// What is sent, and what became of it so far.
pub(super) struct Delivery<'a> {
    client: &'a Client,
    outbox: &'a Outbox,
    how: &'a How,
    stop: &'a CancellationToken,
    written: u64,
    unchanged: u64,
    waits: u64,
    refused: u64,
    unsent: u64,
}

/// What a request came to.
enum Met<T> {
    Answered(T),
    /// It is refused whenever it is sent.
    Refused(Failure),
    /// Nobody answered, and the program is to end.
    Stopped,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        client: &'a Client,
        outbox: &'a Outbox,
        how: &'a How,
        stop: &'a CancellationToken,
    ) -> Self {
        Self { client, outbox, how, stop, written: 0, unchanged: 0, waits: 0, refused: 0, unsent: 0 }
    }

    /// Sends all that comes, until nothing more will.
    ///
    /// # Errors
    /// Whoever is asked lets nobody in who asks so, or, with `--once`, is away.
    pub(super) async fn all(&mut self) -> Result<(), Failure> {
        while let Some(group) = self.outbox.next().await {
            if self.how.dry_run {
                self.tell(&group).await?;
            } else {
                self.send(group).await?;
            }
            if self.unsent > 0 {
                self.unsent += self.outbox.waiting() as u64;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether something that was seen is not in.
    pub(super) fn left_something(&self) -> bool {
        self.refused + self.unsent > 0
    }

    /// Says what became of everything.
    pub(super) fn sum_up(&self) {
        let what = if self.how.dry_run { "would be written" } else { "written" };
        let mut said = format!("{} {what}", counted(self.written, "version"));
        for (count, words) in [
            (self.unchanged, "there already"),
            (self.waits, "safe in the server's journal"),
            (self.refused, "refused"),
            (self.unsent, "not sent: the next start sends what the files hold then"),
        ] {
            if count > 0 {
                // Writing to a text cannot fail.
                let _ = write!(said, ", {count} {words}");
            }
        }
        remark!("stateloft: {said}");
    }

    async fn send(&mut self, group: Vec<Change>) -> Result<(), Failure> {
        let mut work = VecDeque::from([group]);
        while let Some(group) = work.pop_front() {
            let request = batch(&group, &self.how.author);
            let path = "/batch";
            match self.patiently(async || self.client.write(Method::POST, path, Some(&request)).await).await?
            {
                Met::Answered(Written::Stored(answer)) => {
                    let said: BatchResponse = self.client.understood(&answer)?;
                    for (change, result) in group.iter().zip(&said.results) {
                        self.print(change, result)?;
                    }
                }
                Met::Answered(Written::Waits(_)) => {
                    self.waits += group.len() as u64;
                    remark!(
                        "stateloft: the store is away: {} safe in the server's journal",
                        counted(group.len() as u64, "change")
                    );
                }
                // What is to be deleted and is not there needs no deleting.
                Met::Refused(failure) if failure.exit == Exit::NotFound && group.len() == 1 => {}
                Met::Refused(failure) if group.len() == 1 => {
                    self.refused += 1;
                    remark!("stateloft: {} is refused: {}", group[0].key, failure.message);
                }
                // One of them is to blame: the others are not held up.
                Met::Refused(_) => group.into_iter().rev().for_each(|one| work.push_front(vec![one])),
                Met::Stopped => {
                    let behind: usize = work.iter().map(Vec::len).sum();
                    self.unsent += (group.len() + behind) as u64;
                }
            }
            if self.unsent > 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says what would be sent.
    async fn tell(&mut self, group: &[Change]) -> Result<(), Failure> {
        for change in group {
            let query = Query::of(&change.key);
            let read = async || self.client.read_of::<StateRow>(&change.key, "/states/-", &query).await;
            let there = match self.patiently(read).await? {
                Met::Answered((_, row)) => row.stored().and_then(|head| head.version.content_hash),
                Met::Refused(failure) if failure.exit == Exit::NotFound => None,
                Met::Refused(failure) => return Err(failure),
                Met::Stopped => {
                    self.unsent += 1;
                    return Ok(());
                }
            };
            let hash = change.data.as_ref().map(ContentHash::of);
            if there == hash {
                self.unchanged += 1;
                continue;
            }
            self.written += 1;
            let operation = match (&hash, there) {
                (None, _) => Operation::Delete,
                (Some(_), None) => Operation::Create,
                (Some(_), Some(_)) => Operation::Update,
            };
            printed(change, operation, None, hash, self.how.json)?;
        }
        Ok(())
    }

    fn print(&mut self, change: &Change, result: &StateView) -> Result<(), Failure> {
        if result.unchanged {
            self.unchanged += 1;
            return Ok(());
        }
        self.written += 1;
        let version = &result.version;
        let made = Some((version.version, version.seq));
        printed(change, version.operation, made, version.content_hash, self.how.json)
    }

    /// Asks until somebody answers.
    async fn patiently<T>(&self, ask: impl AsyncFn() -> Result<T, Failure>) -> Result<Met<T>, Failure> {
        let mut pause = PAUSE;
        loop {
            let failure = match ask().await {
                Ok(answer) => {
                    self.say_that_it_is_back(pause > PAUSE);
                    return Ok(Met::Answered(answer));
                }
                Err(failure) if is_locked_out(&failure) || self.how.once && may_pass(&failure) => {
                    return Err(failure);
                }
                Err(failure) if may_pass(&failure) => failure,
                Err(failure) => return Ok(Met::Refused(failure)),
            };
            if pause == PAUSE {
                remark!("stateloft: {}; it is sent when it can be", failure.message);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return Ok(Met::Stopped),
            }
            pause = (pause * 2).min(PAUSE_MOST);
        }
    }

    fn say_that_it_is_back(&self, was_away: bool) {
        let dropped = self.outbox.dropped();
        if was_away {
            remark!("stateloft: {} is back", self.client.place());
        }
        if dropped > 0 {
            remark!(
                "stateloft: {} in between made room for newer ones and are not kept",
                counted(dropped, "content")
            );
        }
    }
}

fn batch(group: &[Change], author: &str) -> BatchRequest {
    let items = group.iter().map(|change| {
        let op = if change.data.is_some() { BatchOperation::Save } else { BatchOperation::Delete };
        let item = BatchItem::new(op, change.key.state_type.clone(), change.key.state_id.clone());
        BatchItem { data: change.data.clone(), ..item }
    });
    BatchRequest {
        items: items.collect(),
        user_id: Some(author.to_owned()),
        description: group.first().map(|change| change.origin.to_string()),
        ..BatchRequest::default()
    }
}

/// Whether the same may be answered otherwise later. What was perhaps written and is sent again is unchanged then.
fn may_pass(failure: &Failure) -> bool {
    match failure.exit {
        Exit::Refused => failure.is(Code::QuotaReached),
        Exit::NotFound | Exit::Usage => false,
        _ => true,
    }
}

/// Whether nothing is taken from whoever asks so.
fn is_locked_out(failure: &Failure) -> bool {
    failure.is(Code::Unauthorized) || failure.is(Code::ForbiddenOrigin)
}
