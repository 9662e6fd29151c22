//! Those who never read what they asked for, and those who never finish what they began.

use std::sync::Arc;
use std::time::Duration;

use futures::SinkExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::world::World;

const SSE: usize = 20;
const SOCKETS: usize = 5;
const BODIES: usize = 10;
/// How long each holds on before it begins anew.
const HOLD: Duration = Duration::from_secs(40);

pub(crate) fn hold(world: &Arc<World>, tasks: &mut JoinSet<()>) {
    for _ in 0..SSE {
        tasks.spawn(stream(Arc::clone(world)));
    }
    for _ in 0..SOCKETS {
        tasks.spawn(socket(Arc::clone(world)));
    }
    for _ in 0..BODIES {
        tasks.spawn(body(Arc::clone(world)));
    }
}

/// A stream of everything, of which nothing is ever read.
async fn stream(world: Arc<World>) {
    let request =
        b"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
    loop {
        let opened = async {
            let mut stream = TcpStream::connect(world.address).await?;
            stream.write_all(request).await?;
            Ok::<_, std::io::Error>(stream)
        };
        let _held = opened.await;
        world.count("streams never read");
        if !world.pause(HOLD).await {
            return;
        }
    }
}

/// The same by WebSocket.
async fn socket(world: Arc<World>) {
    loop {
        let mut held = connect_async(format!("ws://{}/ws", world.address)).await;
        if let Ok((socket, _)) = &mut held {
            let subscribe = r#"{"action":"subscribe","topic":"states","after":0}"#;
            let _ = socket.send(Message::text(subscribe)).await;
            world.count("sockets never read");
        }
        if !world.pause(HOLD).await {
            return;
        }
    }
}

/// A save of 16 MB, a byte a second.
async fn body(world: Arc<World>) {
    let head = b"POST /api/v1/states HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 16000000\r\n\r\n{";
    loop {
        if let Ok(mut stream) = TcpStream::connect(world.address).await {
            world.count("bodies never finished");
            let mut went = stream.write_all(head).await;
            while went.is_ok() {
                if !world.pause(Duration::from_secs(1)).await {
                    return;
                }
                went = stream.write_all(b" ").await;
            }
        }
        if !world.pause(Duration::from_secs(1)).await {
            return;
        }
    }
}
