//! Taking connections, also while the system has nothing to take them with.
//!
//! Without a free file handle every attempt fails at once, for as long as it lasts. That is an alarm and not a line in the
//! log each time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::AlarmCode;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};

use crate::alarms::Alarms;

/// How long to wait after a connection could not be taken, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];
/// Without a failure for this long it has passed.
const QUIET: Duration = Duration::from_secs(5);
/// What to do about it.
const ACTION: &str = "Allow the server more file handles (`ulimit -n`, or LimitNOFILE= of its systemd unit), or find out who \
                      holds so many connections; those that are open are served meanwhile";

/// Where connections come in.
pub(super) struct Door<'a> {
    listener: &'a TcpListener,
    permits: &'a Arc<Semaphore>,
    alarms: &'a Alarms,
    trouble: Option<Trouble>,
}

/// Connections cannot be taken, or could not a moment ago.
struct Trouble {
    times: u64,
    last: Instant,
    pause: Duration,
}

impl<'a> Door<'a> {
    pub(super) fn new(listener: &'a TcpListener, permits: &'a Arc<Semaphore>, alarms: &'a Alarms) -> Self {
        Self { listener, permits, alarms, trouble: None }
    }

    /// The next connection; `None` when there will be no more.
    pub(super) async fn next(&mut self) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        loop {
            let passed = self.trouble.as_ref().map(|trouble| trouble.last + QUIET);
            let taken = tokio::select! {
                taken = take(self.listener, self.permits) => taken?,
                () = sleep_until(passed.unwrap_or_else(Instant::now)), if passed.is_some() => {
                    self.has_passed();
                    continue;
                }
            };
            match taken {
                Ok(taken) => return Some(taken),
                Err(error) if is_of_one_connection(&error) => {
                    tracing::debug!(%error, "a connection ended before it was taken");
                }
                Err(error) => {
                    let pause = self.has_failed(&error);
                    sleep(pause).await;
                }
            }
        }
    }

    /// Notes that a connection could not be taken. Answers how long to wait.
    fn has_failed(&mut self, error: &io::Error) -> Duration {
        let pause = self.trouble.as_ref().map_or(PAUSES[0], |trouble| (trouble.pause * 2).min(PAUSES[1]));
        let times = self.trouble.as_ref().map_or(0, |trouble| trouble.times) + 1;
        let why = format!("connections cannot be taken: {error}; tried {times} times");
        self.alarms.raise(AlarmCode::HandlesExhausted, "", why, ACTION);
        self.trouble = Some(Trouble { times, last: Instant::now(), pause });
        pause
    }

    fn has_passed(&mut self) {
        self.trouble = None;
        self.alarms.clear(AlarmCode::HandlesExhausted, "");
    }
}

/// One connection, when there may be one more.
async fn take(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<io::Result<(TcpStream, OwnedSemaphorePermit)>> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    Some(listener.accept().await.map(|(stream, _)| (stream, permit)))
}

/// Whether a failure says nothing of the next connection.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
