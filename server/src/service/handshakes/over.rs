//! Handshakes that end without a restore: the runs go on.

use stateloft_core::api::{HandshakeStatus, HandshakeView, Pause, PauseStatus, Sort, StopHandshake};
use stateloft_core::commit::Write;
use stateloft_core::model::{RunId, StateType};
use stateloft_core::search::Needle;

use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::keeper::lease;
use super::kept::{ATTEMPTS, Kept, never, step, was_later};
use crate::store::{LeaseTerm, ListQuery, StoreError};

/// Open handshakes that are looked for at a time.
const PAGE: usize = 1_000;

impl Service {
    /// Stops a handshake by an operator's word: `POST /handshakes/{handshake}/stop`.
    pub async fn stop_handshake(&self, id: &str, request: StopHandshake) -> Result<HandshakeView> {
        let who = Signature::new(request.user_id.clone(), request.reason.clone())?;
        let by = request.user_id.as_deref().unwrap_or("an operator");
        let because = match request.reason.as_deref() {
            Some(reason) => format!("stopped by {by}: {reason}"),
            None => format!("stopped by {by}"),
        };
        if !self.let_go(id, HandshakeStatus::Stopped, &because, who.author.as_deref()).await? {
            let found = self.handshake(id).await?.handshake.status;
            let text = if found == HandshakeStatus::Written {
                "its restore is written"
            } else {
                "it has ended already"
            };
            return Err(ServiceError::HandshakeOver { handshake: id.to_owned(), text: text.to_owned() });
        }
        self.handshake(id).await
    }

    /// Ends a handshake whose lease is over: the server that led it is gone.
    pub(in crate::service) async fn abandon(&self, id: &str) -> Result<()> {
        let because = "the server that led it is gone, or was away too long";
        match self.let_go(id, HandshakeStatus::Abandoned, because, None).await {
            Ok(_) | Err(ServiceError::HandshakeNotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends a handshake without a restore, and tells the runs to go on. `false` if it has ended already.
    pub(super) async fn let_go(
        &self,
        id: &str,
        status: HandshakeStatus,
        because: &str,
        author: Option<&str>,
    ) -> Result<bool> {
        let who = step(author, &format!("nothing was written: {because}"));
        for _ in 0..ATTEMPTS {
            let kept = self.kept_handshake(id).await?;
            let found = kept.value.clone().ok_or_else(|| ServiceError::HandshakeNotFound(id.to_owned()))?;
            if found.status != HandshakeStatus::Asking {
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
        let query = ListQuery {
            types: vec![kind],
            text: Some(Needle::new("\"status\":\"asking\"")),
            sort: Sort::Changed,
            limit: PAGE,
            ..ListQuery::default()
        };
        let page = self.store.list(&query).await?;
        Ok(page.rows.iter().map(|row| lease(row.version.state_id.as_str())).collect())
    }
}

/// What a run is told whose handshake ends without a restore. One that has not read an earlier restore yet still has to.
fn goes_on(id: &str, kept: &Kept<Pause>, who: &Signature) -> Result<Option<Write>> {
    let asked = |pause: &&Pause| {
        pause.handshake == id && matches!(pause.status, PauseStatus::Asked | PauseStatus::Paused)
    };
    let Some(pause) = kept.value.as_ref().filter(asked) else { return Ok(None) };
    let status = if pause.unread.is_some() { PauseStatus::Written } else { PauseStatus::GoneOn };
    kept.becomes(&Pause { status, until: None, ..pause.clone() }, who).map(Some)
}
