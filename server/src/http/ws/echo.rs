//! `/echo`: sends back what it is sent, on a WebSocket that is set up and ended like `/ws`. For suites that test the
//! protocol; only with the feature `echo`.

use axum::response::Response;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::handshake::Handshake;
use super::pace::{End, Step};
use super::wire::Wire;

pub(crate) async fn echo(handshake: Handshake) -> Response {
    handshake.accept(|mut wire| async move {
        let Err(end) = talk(&mut wire).await else { return };
        wire.end(end).await;
    })
}

async fn talk(wire: &mut Wire) -> Step {
    loop {
        let message = wire.next().await?;
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            send(wire, message).await.map_err(|_| End::Gone)?;
        }
    }
}

async fn send(wire: &mut Wire, message: Message) -> Result<(), Error> {
    wire.feed(message).await?;
    wire.flush().await
}
