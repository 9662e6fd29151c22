//! Many who listen while some save: how long after a version was recorded a subscriber has its message.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use stateloft_core::model::Timestamp;
use stateloft_tests::socket::Socket;
use tokio::task::{LocalSet, spawn_local};
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::saves::save;
use crate::server::Server;
use crate::table::Table;

const SUBSCRIBERS: usize = 1_000;
/// Saves a second, by as many connections as share them.
const RATE: f64 = 200.0;
const WRITERS: u32 = 8;

type Delays = Rc<RefCell<Vec<i64>>>;

/// Adds two rows: half of the messages, and 99 of 100, were there after so long. The commit is part of that time.
pub(crate) async fn measure(table: &mut Table, server: &Server, window: Duration) {
    let delays = Delays::default();
    LocalSet::new().run_until(listen_and_save(server, window, &delays)).await;
    let mut delays = delays.take();
    delays.sort_unstable();
    let what = format!("recorded to received, {SUBSCRIBERS} subscribers, {RATE} saves a second");
    for (percent, name) in [(50, "median"), (99, "99 of 100")] {
        #[allow(clippy::cast_precision_loss, reason = "microseconds of a few seconds")]
        let ms = delays[(delays.len() - 1) * percent / 100] as f64 / 1e3;
        table.row(&format!("{what}, {name}"), ms, "ms", None);
    }
}

async fn listen_and_save(server: &Server, window: Duration, delays: &Delays) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
    let each = (RATE * window.as_secs_f64()) as u64 / u64::from(WRITERS);
    let mut sockets = Vec::with_capacity(SUBSCRIBERS);
    for _ in 0..SUBSCRIBERS {
        let mut socket = Socket::open(server.address.parse().expect("an address")).await;
        socket.subscribe("states", None).await;
        sockets.push(socket);
    }
    let listen = |socket| spawn_local(listen(socket, each * u64::from(WRITERS), Rc::clone(delays)));
    let listening: Vec<_> = sockets.into_iter().map(listen).collect();
    let mut writing = Vec::new();
    for writer in 0..WRITERS {
        writing.push(spawn_local(write(Client::connect(&server.address).await, writer, each)));
    }
    for task in writing.into_iter().chain(listening) {
        task.await.expect("every subscriber has every message");
    }
}

/// Hears so many versions.
async fn listen(mut socket: Socket, versions: u64, delays: Delays) {
    let mut heard = 0;
    while heard < versions {
        let message = socket.stream.next().await.expect("the connection lives").expect("a message");
        if let Message::Text(text) = message
            && let Some(recorded) = recorded_at(&text)
        {
            delays.borrow_mut().push(now() - recorded);
            heard += 1;
        }
    }
}

/// Saves so often at a steady pace.
async fn write(mut client: Client, writer: u32, times: u64) {
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(f64::from(WRITERS) / RATE));
    for n in 0..times {
        ticks.tick().await;
        let body = save(&format!("watched-{writer}"), n);
        let (status, answer) = client.send(Method::POST, "/api/v1/states", body).await;
        let done = [StatusCode::OK, StatusCode::CREATED].contains(&status);
        assert!(done, "{status}: {}", String::from_utf8_lossy(answer));
    }
}

/// Of an update, when it was recorded. Reading all of it would make the subscribers slower than the server.
fn recorded_at(message: &str) -> Option<i64> {
    let update = message.strip_prefix(r#"{"type":"state_update""#)?;
    let time = update.split_once(r#""timestamp":""#)?.1.split_once('"')?.0;
    Some(Timestamp::parse(time).expect("a time").micros())
}

#[expect(clippy::disallowed_methods, reason = "a test may look at the machine's clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    i64::try_from(since.as_micros()).expect("a time before the year 292277")
}
