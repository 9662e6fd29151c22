//! A way to InfluxDB on which requests go astray.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What to do with the next request that writes a commit point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It does not arrive; the connection breaks.
    IsLost,
    /// It arrives, but its answer does not: the connection breaks.
    AnswerIsLost,
    /// It does not arrive until it is released; the connection breaks.
    IsHeld,
}

/// The way.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    upstream: SocketAddr,
    fate: Arc<Mutex<Fate>>,
    held: Arc<Mutex<Vec<u8>>>,
    slow: Arc<AtomicBool>,
    refusal: Arc<Mutex<Option<String>>>,
}

/// How a write of a commit point is known.
const MARK: &[u8] = b"commits,b=";
/// How a write is known.
const WRITE: &[u8] = b"POST /api/v2/write";

/// How a question for versions is known.
const READS: &[u8] = br#"_measurement == \"data\""#;

impl Proxy {
    /// To the InfluxDB at this address, such as `http://127.0.0.1:8086`.
    pub async fn start(url: &str) -> Self {
        let upstream = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            upstream,
            fate: Arc::new(Mutex::new(Fate::Arrives)),
            held: Arc::default(),
            slow: Arc::default(),
            refusal: Arc::default(),
        };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = serving.clone();
                tokio::spawn(async move { proxy.carry(client).await });
            }
        });
        proxy
    }

    /// Decides about the next commit point; those after it arrive.
    pub fn next(&self, fate: Fate) {
        *self.fate.lock().unwrap() = fate;
    }

    /// From now on what asks for versions is not answered, while everything else is.
    pub fn is_slow_to_read(&self, slow: bool) {
        self.slow.store(slow, Ordering::SeqCst);
    }

    /// From now on writes do not arrive: this is their answer, a status line and a body. None lets them arrive again.
    pub fn refuse_writes(&self, with: Option<(&str, &str)>) {
        *self.refusal.lock().unwrap() = with.map(|(status, body)| {
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        });
    }

    /// Whether the fate decided on was met.
    pub fn is_done(&self) -> bool {
        *self.fate.lock().unwrap() == Fate::Arrives
    }

    /// Lets the request arrive that was held, and waits for its answer.
    pub async fn release(&self) -> String {
        let request = std::mem::take(&mut *self.held.lock().unwrap());
        assert!(!request.is_empty(), "nothing was held");
        let mut upstream = TcpStream::connect(self.upstream).await.unwrap();
        upstream.write_all(&request).await.unwrap();
        let mut answer = [0; 1024];
        let length = upstream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).lines().next().unwrap_or_default().to_owned()
    }

    async fn carry(&self, mut client: TcpStream) {
        let mut upstream = TcpStream::connect(self.upstream).await.unwrap();
        loop {
            let Some(request) = read_request(&mut client).await else { return };
            let refusal = self.refusal.lock().unwrap().clone().filter(|_| request.starts_with(WRITE));
            if let Some(answer) = refusal {
                client.write_all(answer.as_bytes()).await.unwrap();
                continue;
            }
            let mut fate = Fate::Arrives;
            if request.windows(MARK.len()).any(|window| window == MARK) {
                fate = std::mem::replace(&mut self.fate.lock().unwrap(), Fate::Arrives);
            }
            if self.slow.load(Ordering::SeqCst) && request.windows(READS.len()).any(|window| window == READS)
            {
                // Until whoever asks gives up.
                let _ = client.read(&mut [0]).await;
                return;
            }
            match fate {
                Fate::IsLost => return,
                Fate::IsHeld => {
                    *self.held.lock().unwrap() = request;
                    return;
                }
                Fate::Arrives | Fate::AnswerIsLost => upstream.write_all(&request).await.unwrap(),
            }
            // Answers are small, or end with their connection; a pause between two parts is none between two answers.
            let mut answer = vec![0; 1 << 16];
            loop {
                let Ok(length) = upstream.read(&mut answer).await else { return };
                if length == 0 || fate == Fate::AnswerIsLost {
                    return;
                }
                if client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
                if is_whole(&answer[..length]) {
                    break;
                }
            }
        }
    }
}

/// One request with a body of known length, or none.
async fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let length = client.read(&mut part).await.ok()?;
        if length == 0 {
            return None;
        }
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= wanted.unwrap_or(0) {
                return Some(request);
            }
        }
    }
}

/// Whether an answer ends with these bytes: one without a body, or the end of one in chunks or of a known length.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    if text.starts_with("HTTP/1.1 204") || text.ends_with("\r\n0\r\n\r\n") || text.ends_with("0\r\n\r\n") {
        return true;
    }
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    head.lines().any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("content-length") && value.trim().parse() == Ok(body.len())
        })
    })
}
