//! How fast a session goes: as fast as its peer takes what it is sent, and no further ahead.

use std::time::Duration;

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::listen::Progress;

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
