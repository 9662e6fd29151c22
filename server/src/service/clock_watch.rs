//! Watching the clock: against the time that passes, against what is recorded, and against the database's.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stateloft_core::api::{AlarmCode, ClockStatus, ConfirmClock};
use stateloft_core::commit::Tip;
use stateloft_core::model::{Seq, Timestamp};

use super::{Result, Service, ServiceError};
use crate::clock::{Clock, Doubt};

/// How often it is looked at. A clock that is corrected slowly moves by far less meanwhile than what counts as a jump.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Of so many looks one asks the database what time it is.
const ASK_EVERY: u32 = 12;
/// Clocks of two machines may differ by so much before anybody is told.
const APART: Duration = Duration::from_secs(10);

const JUMPED_ACTION: &str = "Look at the machine's clock and at its time server. If it is right now, confirm it on the \
                             Health page, with `stateloft clock confirm`, or with POST /api/v1/clock/confirm";
const AHEAD_ACTION: &str = "Set the clock right, here or on the server that wrote it. The order of versions is right all the \
                            same: ask for moments since then by seq (at=seq:N)";
const DIFFERS_ACTION: &str = "Let both machines follow a time server";

/// Tells a clock where the log ends.
pub(super) fn take_in(clock: &dyn Clock, tip: &Tip) {
    clock.compare((tip.seq > Seq::ZERO).then_some(tip.recorded_at));
}

/// Looks until the service is gone.
pub(super) async fn keep_watching(service: Weak<Service>) {
    let mut looks = 0_u32;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(service) = service.upgrade() else { return };
        service.look_at_clock().await;
        if looks.is_multiple_of(ASK_EVERY) {
            service.ask_the_store().await;
        }
        looks = looks.wrapping_add(1);
    }
}

impl Service {
    /// Tells the clock what is recorded, and says what is wrong with it.
    pub(super) async fn look_at_clock(&self) {
        if let Some(last) = self.last_recorded().await {
            self.settings.clock.recorded(last);
        }
        self.say_clock();
    }

    /// Raises the alarms about the clock, and ends them: whoever looks sees how it is now.
    pub(super) fn say_clock(&self) {
        match self.settings.clock.doubt() {
            Some(doubt) => self.alarms.raise(AlarmCode::ClockJumped, "", jumped(doubt), JUMPED_ACTION),
            None => self.alarms.clear(AlarmCode::ClockJumped, ""),
        }
        match self.times_ahead() {
            Some(last) => {
                let detail = format!(
                    "the last version was recorded at {last}, {} ahead of this server's clock: until that gets there, \
                     versions are recorded right behind each other, at times that are not theirs",
                    words(last.micros() - self.now().micros())
                );
                self.alarms.raise(AlarmCode::ClockBehindLog, "", detail, AHEAD_ACTION);
            }
            None => self.alarms.clear(AlarmCode::ClockBehindLog, ""),
        }
    }

    /// The last recorded time, if it is ahead of the clock.
    #[must_use]
    pub fn times_ahead(&self) -> Option<Timestamp> {
        let last = self.heard().unwrap_or_default();
        let ahead = last > 0 && last.saturating_sub(self.now().micros()) > micros(APART);
        ahead.then(|| Timestamp::from_micros(last))
    }

    /// The last recorded time that was heard of, in microseconds.
    fn heard(&self) -> Option<i64> {
        let last = self.events.last_recorded().map_or(0, Timestamp::micros);
        let last = self.recorded.fetch_max(last, Ordering::Relaxed).max(last);
        (last > 0).then_some(last)
    }

    /// When the last version was recorded, by whomever. The store is asked for it once; later versions are heard of.
    async fn last_recorded(&self) -> Option<Timestamp> {
        if self.recorded.load(Ordering::Relaxed) == 0
            && self.events.last_seq() > Seq::ZERO
            && let Ok(tip) = self.store.tip().await
        {
            take_in(self.settings.clock.as_ref(), &tip);
            self.recorded.fetch_max(tip.recorded_at.micros(), Ordering::Relaxed);
        }
        self.heard().map(Timestamp::from_micros)
    }

    /// Compares the clock with the database's, where that has one of its own.
    async fn ask_the_store(&self) {
        let Some((time, asked)) = self.store.facts().await.time else { return };
        let theirs = time.micros().saturating_add(micros(asked.elapsed()));
        let ahead = self.now().micros() - theirs;
        if ahead.unsigned_abs() > micros(APART).unsigned_abs() {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            let detail = format!("this server's clock is {} {side} that of its database", words(ahead));
            self.alarms.raise(AlarmCode::ClockDiffers, "", detail, DIFFERS_ACTION);
        } else {
            self.alarms.clear(AlarmCode::ClockDiffers, "");
        }
    }

    /// How the clock is.
    #[must_use]
    pub fn clock(&self) -> ClockStatus {
        let doubt = self.settings.clock.doubt();
        ClockStatus {
            now: self.now(),
            machine: doubt.map_or_else(|| self.now(), |doubt| doubt.wall),
            believed: doubt.is_none(),
            stood_seconds: doubt.map(|doubt| doubt.stood.as_secs()),
            believed_in_seconds: doubt.and_then(|doubt| doubt.believed_in).map(|wait| wait.as_secs()),
            times_ahead_until: self.times_ahead(),
        }
    }

    /// Somebody says that the machine's clock is right: it is believed from now on. The reason is in the log.
    pub async fn confirm_clock(&self, request: ConfirmClock) -> Result<ClockStatus> {
        if request.reason.trim().is_empty() {
            return Err(ServiceError::body("/reason", "required", "say why the clock is right"));
        }
        let before = self.clock();
        self.settings.clock.confirm();
        tracing::warn!(
            by = request.user_id.as_deref().unwrap_or("nobody named"),
            reason = request.reason,
            "the machine's clock was confirmed: times go on from {} instead of {}",
            before.machine,
            before.now
        );
        self.look_at_clock().await;
        Ok(self.clock())
    }
}

fn jumped(doubt: Doubt) -> String {
    let ahead = doubt.wall.micros() - doubt.now.micros();
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let when = match doubt.believed_in {
        Some(wait) => format!("it is believed in {} if it stays so", words(micros(wait))),
        None => "it is believed only when somebody confirms it".to_owned(),
    };
    format!(
        "the machine's clock says {}, {} {side} the time that goes on steadily. {} is recorded; {when}",
        doubt.wall,
        words(ahead),
        doubt.now
    )
}

/// A length of time for people.
fn words(micros: i64) -> String {
    let seconds = micros.unsigned_abs() / 1_000_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
