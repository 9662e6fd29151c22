//! Memory that work took goes back afterwards.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use stateloft_tests::client::save_body;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

use super::{MIB, measured, text_of};

/// An object with an array of zeros, of about so many bytes: the index over it is many times as large.
fn zeros(bytes: usize, n: usize) -> String {
    format!(r#"{{"n":{n},"z":[{}0]}}"#, "0,".repeat(bytes / 2))
}

#[tokio::test]
async fn saves_of_zeros_stay_within_the_limit_and_their_memory_goes_back() {
    let server = Server::start().await;
    let load = async || {
        let saves = (0..6).map(|n| {
            let body = save_body("session", &format!("z{n}"), &zeros(15 << 20, n));
            server
                .request(Method::POST, "/states")
                .header("content-type", "application/json")
                .body(body)
                .send()
        });
        for answer in futures::future::join_all(saves).await {
            let (status, text) = (answer.as_ref().unwrap().status(), answer.unwrap().text().await.unwrap());
            let refused = status == StatusCode::SERVICE_UNAVAILABLE && text.contains("\"overloaded\"");
            assert!(status.is_success() || refused, "{status}: {}", &text[..200.min(text.len())]);
        }
    };
    load().await;
    let most = measured(&server, "VmHWM");
    assert!(most < 1000 * MIB, "{} MiB for six saves of 15 MiB", most / MIB);
    let rests = async |most: u64| {
        for _ in 0..1_000 {
            if measured(&server, "VmRSS") <= most {
                return;
            }
            let _ = server.get("/status").await;
        }
        panic!("{} MiB are kept, not {}", measured(&server, "VmRSS") / MIB, most / MIB);
    };
    rests(350 * MIB).await;
    load().await;
    rests(400 * MIB).await;
}

/// Memory that is kept after work goes on growing with the work, or it does not: the same load is done twice.
#[tokio::test]
async fn the_same_load_a_second_time_leaves_no_more_memory_than_the_first() {
    let server = Server::start().await;
    server.save("position", "small", r#"{"n":0}"#, "tester", "").await;
    let before = rests_at(&server).await;
    large_load(&server).await;
    let first = rests_at(&server).await;
    large_load(&server).await;
    let second = rests_at(&server).await;
    let said = format!("{}, {} and {} MiB", before / MIB, first / MIB, second / MIB);
    eprintln!("memory before, after once and after twice: {said}");
    assert!(second <= first + first / 5 + NOT_YET, "{said}");
    assert!(first <= before + KEPT, "{said}");
}

/// What caches that the first load has not quite filled may still take.
const NOT_YET: u64 = 32 * MIB;

/// What caches keep: of heads, of pages of the file, of the end of the log.
const KEPT: u64 = 160 * MIB;

/// Documents of one load, their bytes, and how many are on their way at once.
const LOAD: usize = 30;

const LOAD_BYTES: usize = 4 << 20;

const AT_ONCE: usize = 6;

/// Hundreds of MiB: large documents saved, read in two ways, and sent as events.
async fn large_load(server: &Server) {
    let (_, status) = server.get("/status").await;
    let after = status["store"]["seq"].as_u64().or(status["seq"].as_u64()).unwrap();
    let each = async |request: &(dyn Fn(usize) -> reqwest::RequestBuilder + Sync)| {
        let answers = futures::stream::iter(0..LOAD).map(|n| async move {
            loop {
                let answer = request(n).send().await.unwrap();
                let status = answer.status();
                let bytes = answer.bytes().await.unwrap().len();
                match status {
                    StatusCode::SERVICE_UNAVAILABLE => {}
                    status => return assert!(status.is_success() && bytes > 0, "{status}"),
                }
            }
        });
        answers.buffer_unordered(AT_ONCE).collect::<()>().await;
    };
    each(&|n| {
        let body = save_body("session", &format!("m{}", n % 8), &large(n));
        server.request(Method::POST, "/states").header("content-type", "application/json").body(body)
    })
    .await;
    each(&|n| server.request(Method::GET, &format!("/states/m{}?state_type=session", n % 8))).await;
    each(&|n| server.request(Method::GET, &format!("/states/m{}/raw?state_type=session", n % 8))).await;
    each(&|n| {
        let history = format!("/states/m{}/history?state_type=session&limit=1&data=true", n % 8);
        server.request(Method::GET, &history)
    })
    .await;
    let mut socket = Socket::open(server.address()).await;
    socket.subscribe("states", Some(after)).await;
    for _ in 0..LOAD {
        socket.update().await;
    }
}

/// Long texts, rows, and numbers by turns.
fn large(n: usize) -> String {
    match n % 3 {
        0 => text_of(LOAD_BYTES, n),
        1 => zeros(LOAD_BYTES / 4, n),
        _ => {
            let row = |row: usize| format!(r#"{{"id":{row},"price":{}.25,"of":{n}}}"#, row * n);
            let rows: Vec<String> = (0..LOAD_BYTES / 40).map(row).collect();
            format!(r#"{{"rows":[{}]}}"#, rows.join(","))
        }
    }
}

/// Longer than the allocator waits before it gives back what was let go.
const GIVEN_BACK: Duration = Duration::from_secs(15);

/// Where memory comes to rest while the server has next to nothing to do: it has not become a MiB less for a while.
async fn rests_at(server: &Server) -> u64 {
    let (mut least, mut since) = (measured(server, "VmRSS"), Instant::now());
    while since.elapsed() < GIVEN_BACK {
        let _ = server.get("/status").await;
        let now = measured(server, "VmRSS");
        if now + MIB < least {
            (least, since) = (now, Instant::now());
        }
    }
    least
}
