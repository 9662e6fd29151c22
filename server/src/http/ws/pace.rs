//! How fast a session goes: as fast as its peer takes what it is sent, and no further ahead.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::listen::Progress;

/// Events read at a time, at first and at most.
const EVENTS: RangeInclusive<usize> = 16..=256;
/// Data read at a time, about.
const BYTES: usize = 1 << 20;

/// Why a session ends.
#[derive(Debug)]
pub(super) enum End {
    /// The connection broke.
    Gone,
    /// The peer closed it, and waits for the answer to that.
    Closed,
    /// The server closes it with this code and these words.
    Close(CloseCode, &'static str),
}

/// What each step of a session answers.
pub(super) type Step<T = ()> = Result<T, End>;

/// How many events are read at a time: more when they are small, fewer when they are large.
#[derive(Debug)]
pub(super) struct Pace(usize);

impl Default for Pace {
    fn default() -> Self {
        Self(*EVENTS.start())
    }
}

impl Pace {
    /// How many to read next.
    pub(super) fn events(&self) -> usize {
        self.0
    }

    /// Learns from how many bytes of data the last ones had.
    pub(super) fn adapt(&mut self, bytes: usize) {
        if bytes > 4 * BYTES {
            self.0 = (self.0 / 2).max(1);
        } else if bytes < BYTES {
            self.0 = (self.0 * 2).min(*EVENTS.end());
        }
    }
}

/// Waits as long as the peer takes something.
pub(super) async fn patient(
    sending: impl Future<Output = Result<(), Error>>,
    patience: Duration,
    progress: &Progress,
) -> Step {
    let mut sending = std::pin::pin!(sending);
    loop {
        let before = progress.bytes();
        match timeout(patience, sending.as_mut()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(_)) => return Err(End::Gone),
            Err(_) if progress.bytes() > before => {}
            Err(_) => return Err(End::Close(CloseCode::Again, "too slow; resume from the last seq")),
        }
    }
}
