//! What runs are asked, and what they say.

use stateloft_core::api::{
    Ask, AskKind, Handshake, HandshakeRun, HandshakeStatus, Heard, HeardBy, Pause, PauseStatus, SayPaused,
    SayReloaded,
};
use stateloft_core::commit::{Fence, Write};
use stateloft_core::model::{RunId, Seq, Version};

use super::super::runs::run_id;
use super::super::signature::Signature;
use super::super::{PausedFor, Result, Service, ServiceError};
use super::keeper::lease_of;
use super::kept::{ATTEMPTS, Kept, never, step, was_later};

/// The longest note, in bytes.
const NOTE_MAX_BYTES: usize = 1 << 10;
/// How often it is tried to note that a run has heard something; nothing hangs on it.
const NOTED: usize = 3;

impl Service {
    /// What a run is asked now.
    pub async fn asks_of(&self, run: &RunId) -> Result<Vec<Ask>> {
        let kept = self.kept_pause(run).await?;
        Ok(kept.value.and_then(|pause| pause.ask(kept.seq)).into_iter().collect())
    }

    /// What a run is asked, as it is handed to it: what is asked for the first time counts as heard.
    pub async fn hand_asks(&self, run: &RunId, by: HeardBy) -> Result<Vec<Ask>> {
        let asks = self.asks_of(run).await?;
        for ask in asks.iter().filter(|ask| ask.kind == AskKind::Pause) {
            if let Err(error) = self.note_heard(&ask.handshake, run, by).await {
                tracing::debug!(%error, %run, "that a run has heard what it is asked was not noted");
            }
        }
        Ok(asks)
    }

    async fn note_heard(&self, handshake: &str, run: &RunId, by: HeardBy) -> Result<()> {
        for _ in 0..NOTED {
            let kept = self.kept_handshake(handshake).await?;
            let Some(mut record) = kept.value.clone() else { return Ok(()) };
            let now = self.now();
            let open = record.status == HandshakeStatus::Asking;
            let Some(found) = row_of(&mut record, run).filter(|row| open && row.heard_at.is_none()) else {
                return Ok(());
            };
            (found.heard_at, found.heard_by) = (Some(now), Some(by));
            let who = step(None, &format!("{run} was asked"));
            match self.commit_step(vec![kept.becomes(&record, &who)?]).await {
                Err(error) if was_later(&error) => {}
                other => return other.map(drop),
            }
        }
        Ok(())
    }

    /// A run gives its word that it makes way, or pauses for an operator: `POST /runs/{run_id}/handshakes/{handshake}/paused`. What it saves from then on is refused.
    pub async fn say_paused(&self, id: &str, handshake: &str, said: SayPaused) -> Result<Heard> {
        let run = self.speaks(id, said.epoch).await?;
        if said.note.as_deref().is_some_and(|note| note.len() > NOTE_MAX_BYTES || note.contains('\0')) {
            let message = format!("a note has at most {NOTE_MAX_BYTES} bytes, and no U+0000");
            return Err(ServiceError::body("/note", "max_length", message));
        }
        for _ in 0..ATTEMPTS {
            let (kept, pause) = self.asked_in(&run, handshake).await?;
            match pause.status {
                PauseStatus::Asked => {}
                PauseStatus::Paused | PauseStatus::Written => {
                    return self.how_it_stands(&run, handshake).await;
                }
                PauseStatus::Reloaded | PauseStatus::GoneOn => {
                    return Err(over(handshake, "it has ended, and the run may go on"));
                }
            }
            let record = self.kept_handshake(handshake).await?;
            let Some(mut asking) =
                record.value.clone().filter(|found| found.status == HandshakeStatus::Asking)
            else {
                return Err(over(handshake, "it has ended, and the run may go on"));
            };
            let now = self.now();
            if let Some(row) = row_of(&mut asking, &run) {
                row.heard_at.get_or_insert(now);
                (row.paused_at, row.note) = (Some(now), said.note.clone());
            }
            if asking.is_only_a_pause() {
                asking.status = HandshakeStatus::Paused;
            }
            let who = step(None, &format!("{run} has paused"));
            let paused = Pause { status: PauseStatus::Paused, ..pause };
            let writes = vec![record.becomes(&asking, &who)?, kept.becomes(&paused, &who)?];
            match self.commit_step(writes).await {
                Err(error) if was_later(&error) => {}
                other => {
                    other?;
                    if asking.is_only_a_pause() {
                        self.look_after(&asking).await;
                    }
                    return self.how_it_stands(&run, handshake).await;
                }
            }
        }
        Err(never())
    }

    /// From now on it is looked whether the run of a pause is still live. Where that fails, it is when its word has been waited for.
    async fn look_after(&self, paused: &Handshake) {
        if let Err(error) = self.store.renew_leases(&[lease_of(paused)], self.now()).await {
            tracing::debug!(%error, "the lease of a handshake was not renewed");
        }
    }

    /// A run says that it has read what was written: `POST /runs/{run_id}/handshakes/{handshake}/reloaded`. From then on it may write.
    /// After a handshake that wrote nothing, it says that it has been told so.
    pub async fn say_reloaded(&self, id: &str, handshake: &str, said: SayReloaded) -> Result<Heard> {
        let run = self.speaks(id, said.epoch).await?;
        let end = self.store.tip().await?.seq;
        if said.seq > end {
            let message = format!("seq {} has not been written here; the last is {end}", said.seq);
            return Err(ServiceError::body("/seq", "range", message));
        }
        for _ in 0..ATTEMPTS {
            let (kept, pause) = self.asked_in(&run, handshake).await?;
            let who = step(None, &format!("{run} has read what was written"));
            let mut writes = Vec::new();
            match (pause.status, pause.unread.as_ref()) {
                (PauseStatus::Reloaded, _) => return self.how_it_stands(&run, handshake).await,
                (PauseStatus::GoneOn, _) => {}
                (PauseStatus::Paused | PauseStatus::Written, Some(unread))
                    if unread.handshake == handshake =>
                {
                    writes.extend(self.note_reloaded(&run, handshake, unread.seq, said.seq, &who).await?);
                }
                (PauseStatus::Written, None) if pause.handshake == handshake => {
                    writes.extend(self.note_reloaded(&run, handshake, kept.seq, said.seq, &who).await?);
                }
                _ => return Err(over(handshake, "nothing is written yet, so that there is nothing to read")),
            }
            writes.push(kept.becomes(&pause.has_read(handshake), &who)?);
            match self.commit_step(writes).await {
                Err(error) if was_later(&error) => {}
                other => {
                    other?;
                    return self.how_it_stands(&run, handshake).await;
                }
            }
        }
        Err(never())
    }

    async fn note_reloaded(
        &self,
        run: &RunId,
        handshake: &str,
        wanted: Seq,
        read: Seq,
        who: &Signature,
    ) -> Result<Option<Write>> {
        if read < wanted {
            let message = format!(
                "it was written up to seq {wanted}, so that what was read up to seq {read} is from before it: read the \
                 states again, and say so then"
            );
            return Err(ServiceError::body("/seq", "range", message));
        }
        let record = self.kept_handshake(handshake).await?;
        // Somebody has deleted it: there is nothing to note it in.
        let Some(mut written) = record.value.clone() else { return Ok(None) };
        let now = self.now();
        let Some(row) = row_of(&mut written, run) else { return Ok(None) };
        (row.reloaded_at, row.seq) = (Some(now), Some(read));
        record.becomes(&written, who).map(Some)
    }

    /// The live run that says something.
    async fn speaks(&self, id: &str, epoch: u64) -> Result<RunId> {
        let id = run_id(id)?;
        if epoch != id.epoch() {
            let message = format!("{id} has the epoch {}", id.epoch());
            return Err(ServiceError::body("/epoch", "epoch", message));
        }
        let run = self.run(&id).await?;
        if run.is_live() { Ok(id) } else { Err(self.not_live(&run).await) }
    }

    /// What a run is asked in a handshake.
    async fn asked_in(&self, run: &RunId, handshake: &str) -> Result<(Kept<Pause>, Pause)> {
        let kept = self.kept_pause(run).await?;
        let about = |pause: &&Pause| {
            pause.handshake == handshake
                || pause.held.as_ref().is_some_and(|held| held.handshake == handshake)
                || pause.unread.as_ref().is_some_and(|unread| unread.handshake == handshake)
        };
        let Some(pause) = kept.value.as_ref().filter(about).cloned() else {
            self.handshake(handshake).await?;
            return Err(over(handshake, &format!("{run} is not asked anything in it now")));
        };
        Ok((kept, pause))
    }

    async fn how_it_stands(&self, run: &RunId, handshake: &str) -> Result<Heard> {
        let asks = self.asks_of(run).await?;
        let pause = self.store.head(run.pause()).await?;
        let paused = Fence::is_paused(pause.as_ref());
        Ok(Heard { run_id: run.to_string(), handshake: handshake.to_owned(), paused, asks })
    }

    /// What to say to a run that is paused, by the head of its pause.
    pub(in crate::service) fn run_paused(fence: &Fence, pause: &Version) -> ServiceError {
        let run_id = fence.session().state_id.to_string();
        let kept = pause.data.as_ref().and_then(|data| serde_json::from_str::<Pause>(data.text()).ok());
        let handshake = kept.as_ref().map(|kept| match &kept.unread {
            Some(unread) => unread.handshake.clone(),
            None => kept.handshake.clone(),
        });
        let why = match &kept {
            Some(kept) if !kept.has_to_read() && kept.is_the_operators() => PausedFor::Operator,
            Some(kept) if !kept.has_to_read() => PausedFor::MakesWay,
            _ => PausedFor::Unread,
        };
        ServiceError::RunPaused { run_id, handshake, why }
    }
}

fn row_of<'h>(handshake: &'h mut Handshake, run: &RunId) -> Option<&'h mut HandshakeRun> {
    handshake.runs.iter_mut().find(|row| row.run_id == run.as_str())
}

fn over(handshake: &str, text: &str) -> ServiceError {
    ServiceError::HandshakeOver { handshake: handshake.to_owned(), text: text.to_owned() }
}
