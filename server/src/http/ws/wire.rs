//! A connection that has become a WebSocket, and how it ends.
//!
//! Whoever closes is answered, and whoever breaks the protocol is told how (RFC 6455 7): a client that finds only a cut
//! connection cannot know whether to come back. Then the TCP connection is closed from our side first, and read until
//! the peer has closed its own: bytes that nobody reads would make the system reset the connection, and the peer might
//! never see the frame.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::pace::{End, Step};

/// Bytes of a client's message at most; subscriptions are short.
const MESSAGE_MAX: usize = 64 << 10;
/// Bytes kept ready for each direction of a session. Many sessions are quiet: the usual 128 KiB would be spent on nothing.
const BUFFER: usize = 4 << 10;
/// How long a close frame may take to go out.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long the peer's own may take to come back, and then the end of its side of the connection.
const REPLY: Duration = Duration::from_secs(1);

/// A WebSocket.
pub(super) struct Wire(WebSocketStream<TokioIo<Upgraded>>);

impl Wire {
    /// The WebSocket on a connection whose handshake was answered.
    pub(super) async fn over(upgraded: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(MESSAGE_MAX))
            .max_frame_size(Some(MESSAGE_MAX));
        Self(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await)
    }

    /// The next message. Pings are answered by themselves.
    pub(super) async fn next(&mut self) -> Step<Message> {
        match self.0.next().await {
            Some(Ok(Message::Close(_))) => Err(End::Closed),
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) => Err(ended_by(&error)),
            None => Err(End::Gone),
        }
    }

    /// Puts a message into the buffer, and sends what is in it when it is full.
    pub(super) async fn feed(&mut self, message: Message) -> Result<(), Error> {
        self.0.feed(message).await
    }

    /// Sends what is in the buffer.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        self.0.flush().await
    }

    /// Ends the connection. A peer that does not take what it is told in time finds it closed without that.
    pub(super) async fn end(mut self, end: End) {
        let said = match end {
            End::Gone => return,
            // The answer to the peer's close is in the buffer already.
            End::Closed => timeout(FAREWELL, self.0.flush()).await.is_ok(),
            End::Close(code, reason) => self.close(code, reason).await,
        };
        if said {
            // Whatever is left was for a session that is no more.
            let _ = timeout(REPLY, drain(self.0.into_inner())).await;
        }
    }

    /// Sends a close frame and waits for the peer's.
    async fn close(&mut self, code: CloseCode, reason: &'static str) -> bool {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let sent = timeout(FAREWELL, self.0.send(Message::Close(Some(frame)))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return false;
        }
        let reply = async { while let Some(Ok(_)) = self.0.next().await {} };
        // A peer that does not answer has at least been told.
        let _ = timeout(REPLY, reply).await;
        true
    }
}

/// What a failure to read means for the session.
fn ended_by(error: &Error) -> End {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) | Error::AttackAttempt => {
            End::Close(CloseCode::Protocol, "this is not WebSocket as RFC 6455 has it")
        }
        Error::Utf8(_) => End::Close(CloseCode::Invalid, "a text is UTF-8"),
        Error::Capacity(_) => End::Close(CloseCode::Size, "a message has 64 KiB at most"),
        _ => End::Gone,
    }
}

/// Closes our side of a connection and reads until the peer has closed its own.
async fn drain(mut stream: TokioIo<Upgraded>) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut thrown_away = [0; BUFFER];
    while let Ok(1..) = stream.read(&mut thrown_away).await {}
}
