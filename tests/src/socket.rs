//! A WebSocket client.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(30);

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    /// The stream itself.
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The server's answer to the handshake.
    pub response: Response<Option<Vec<u8>>>,
}

impl Socket {
    /// Opens one.
    pub async fn open(address: SocketAddr) -> Self {
        Self::try_open(address, "/ws", &[]).await.expect("a WebSocket")
    }

    /// Opens one with headers of its own, or says the status with which that was refused.
    pub async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("an answer in time") {
            Ok((stream, response)) => Ok(Self { stream, response }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a text.
    pub async fn say(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.expect("a message that is sent");
    }

    /// Subscribes and returns the confirmation.
    pub async fn subscribe(&mut self, topic: &str, after: Option<u64>) -> Value {
        let mut message = json!({"action": "subscribe", "topic": topic});
        if let Some(after) = after {
            message["after"] = json!(after);
        }
        self.say(message.to_string()).await;
        self.next_of(&["subscription_confirmed", "cannot_replay", "error"]).await
    }

    /// The next text, whatever it says. Pings are answered on the way.
    pub async fn next_text(&mut self) -> String {
        loop {
            match self.next_message().await {
                Some(Message::Text(text)) => return text.to_string(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a text was expected, not {other:?}"),
            }
        }
    }

    /// The next message of one of these types; others are skipped.
    pub async fn next_of(&mut self, types: &[&str]) -> Value {
        let found = async {
            loop {
                let text = self.next_text().await;
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if types.contains(&message["type"].as_str().unwrap_or_default()) {
                    return message;
                }
            }
        };
        // Pings and other messages keep coming where this one does not.
        let waited = timeout(PATIENCE, found).await;
        waited.unwrap_or_else(|_| panic!("none of {types:?} came in {} s", PATIENCE.as_secs()))
    }

    /// The next `state_update`.
    pub async fn update(&mut self) -> Value {
        self.next_of(&["state_update"]).await
    }

    /// The seqs of the updates up to the next `caught_up`.
    pub async fn seqs_until_caught_up(&mut self) -> Vec<u64> {
        let mut seqs = Vec::new();
        loop {
            let message = self.next_of(&["state_update", "caught_up"]).await;
            if message["type"] == "caught_up" {
                return seqs;
            }
            seqs.push(message["seq"].as_u64().expect("a seq"));
        }
    }

    /// Reads on until the server closes, and returns the code of its close frame; `None` if it sent none.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.next_message().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    async fn next_message(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.stream.next()).await.expect("a message in time").and_then(Result::ok)
    }
}
