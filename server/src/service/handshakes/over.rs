//! Handshakes that end without anything written, or when an operator lets a run go: the runs go on.

use stateloft_core::api::{Handshake, HandshakeStatus, HandshakeView, Pause, Sort, StopHandshake};
use stateloft_core::commit::Write;
use stateloft_core::model::{RunId, StateType};
use stateloft_core::search::Needle;

use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::keeper::lease_of;
use super::kept::{ATTEMPTS, Kept, never, step, was_later};
use super::list::read;
use crate::store::{LeaseTerm, ListQuery, StoreError};

/// What becomes of a handshake whose lease is over.
pub(in crate::service) enum Ended {
    /// It has ended.
    Yes,
    /// It goes on, and its next lease is this one.
    GoesOn(LeaseTerm),
}

/// Open handshakes that are looked for at a time.
const PAGE: usize = 1_000;

impl Service {
    /// Stops a handshake, or lets a run go on, by an operator's word: `POST /handshakes/{handshake}/stop`.
    pub async fn stop_handshake(&self, id: &str, request: StopHandshake) -> Result<HandshakeView> {
        let who = Signature::new(request.user_id.clone(), request.reason.clone())?;
        let by = request.user_id.as_deref().unwrap_or("an operator");
        let because = match request.reason.as_deref() {
            Some(reason) => format!("stopped by {by}: {reason}"),
            None => format!("stopped by {by}"),
        };
        if !self.let_go(id, HandshakeStatus::Stopped, &because, who.author.as_deref()).await? {
            let found = self.handshake(id).await?.handshake;
            let text = if found.status == HandshakeStatus::Written {
                format!("its {} is written", found.purpose())
            } else {
                "it has ended already".to_owned()
            };
            return Err(ServiceError::HandshakeOver { handshake: id.to_owned(), text });
        }
        self.handshake(id).await
    }

    /// Ends a handshake whose lease is over: the server that led it is gone. An operator's pause goes on while the run does that has
    /// given its word.
    pub(in crate::service) async fn lease_is_over(&self, id: &str) -> Result<Ended> {
        let Some(found) = self.kept_handshake(id).await?.value else { return Ok(Ended::Yes) };
        let (status, because) = match (found.is_only_a_pause(), found.status) {
            (false, _) => {
                (HandshakeStatus::Abandoned, "the server that led it is gone, or was away too long")
            }
            (true, _) if !self.some_are_live(&found).await? => {
                (HandshakeStatus::RunEnded, "the run is not live any more")
            }
            (true, HandshakeStatus::Asking) => (HandshakeStatus::NoWord, "the run gave no word in time"),
            (true, HandshakeStatus::Paused) => return Ok(Ended::GoesOn(lease_of(&found))),
            (true, _) => return Ok(Ended::Yes),
        };
        match self.let_go(id, status, because, None).await {
            Ok(_) | Err(ServiceError::HandshakeNotFound(_)) => Ok(Ended::Yes),
            Err(error) => Err(error),
        }
    }

    async fn some_are_live(&self, handshake: &Handshake) -> Result<bool> {
        for run in handshake.runs.iter().filter_map(|run| run.run_id.parse::<RunId>().ok()) {
            if self.live(&run).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends a handshake without a restore, and tells the runs to go on. `false` if it has ended already, or who is said to have given
    /// no word has.
    pub(super) async fn let_go(
        &self,
        id: &str,
        status: HandshakeStatus,
        because: &str,
        author: Option<&str>,
    ) -> Result<bool> {
        let who = step(author, &format!("let go: {because}"));
        for _ in 0..ATTEMPTS {
            let kept = self.kept_handshake(id).await?;
            let found = kept.value.clone().ok_or_else(|| ServiceError::HandshakeNotFound(id.to_owned()))?;
            let gave_its_word = found.status == HandshakeStatus::Paused && status == HandshakeStatus::NoWord;
            if !found.status.is_open() || gave_its_word {
                return Ok(false);
            }
            let mut ended = found;
            (ended.status, ended.ended_at) = (status, Some(self.now()));
            ended.because = Some(because.to_owned());
            let mut writes = vec![kept.becomes(&ended, &who)?];
            for run in ended.runs.iter().filter_map(|run| run.run_id.parse::<RunId>().ok()) {
                let pause = match self.kept_pause(&run).await {
                    // Nobody knows what that run was asked; the others go on.
                    Err(ServiceError::Store(StoreError::Damaged(_) | StoreError::DamagedVersion(_))) => {
                        continue;
                    }
                    other => other?,
                };
                writes.extend(goes_on(id, &pause, &who)?);
            }
            match self.commit_step(writes).await {
                Err(error) if was_later(&error) => {}
                other => {
                    other?;
                    self.lead_no_more(id).await;
                    return Ok(true);
                }
            }
        }
        Err(never())
    }

    /// The leases of handshakes that are open, as far as nobody leads them: each begins now.
    pub(in crate::service) async fn open_handshakes(&self) -> Result<Vec<LeaseTerm>> {
        let kind = StateType::new("handshake").map_err(|error| ServiceError::Internal(error.to_string()))?;
        let mut leases = Vec::new();
        // As they are written; what else has these words is passed over below.
        for word in ["asking", "paused"] {
            let query = ListQuery {
                types: vec![kind.clone()],
                text: Some(Needle::new(&format!("\"status\":\"{word}\""))),
                sort: Sort::Changed,
                limit: PAGE,
                with_data: true,
                ..ListQuery::default()
            };
            let page = self.store.list(&query).await?;
            let found = page.rows.into_iter().filter_map(read).filter(|found| found.status.is_open());
            leases.extend(found.map(|found| lease_of(&found)));
        }
        Ok(leases)
    }
}

/// What a run is told whose handshake ends without a restore, or that is let go.
fn goes_on(id: &str, kept: &Kept<Pause>, who: &Signature) -> Result<Option<Write>> {
    let next = kept.value.as_ref().and_then(|pause| pause.let_go(id));
    next.map(|next| kept.becomes(&next, who)).transpose()
}
