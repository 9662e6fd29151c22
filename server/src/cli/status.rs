//! `statehouse status`: what a running server says of itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use statehouse_core::api::{
    BreakerState, BreakerStatus, CacheStatus, FallbackStatus, LatencyStatus, MirrorState, MirrorStatus,
    Problem, Status,
};
use tokio::net::TcpStream;

use super::check::{age, bytes};
use super::{Done, FAILED, status_details};
use crate::config::Loaded;

/// How long the server may take to answer: longer than it waits for its store.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) async fn status(
    Loaded { config, .. }: Loaded,
    server: Option<String>,
    key: Option<String>,
) -> Done {
    let address = match &server {
        Some(text) => address_of(text)?,
        None => *config.api.listen.first().ok_or("the configuration names no address")?,
    };
    let (code, body) = asked(address, "/api/v1/status", key.as_deref()).await?;
    if code != StatusCode::OK {
        let problem = serde_json::from_slice::<Problem>(&body);
        let detail = problem.map_or_else(|_| code.to_string(), |problem| problem.detail);
        return Err(format!("the server at {address} answers: {detail}"));
    }
    let status: Status = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    print(&status);
    // A server of an older version has no details.
    if let (StatusCode::OK, body) = asked(address, "/api/v1/status/details", key.as_deref()).await? {
        status_details::print(&serde_json::from_slice(&body).map_err(|error| error.to_string())?);
    }
    Ok(if status.store.up { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

async fn asked(address: SocketAddr, path: &str, key: Option<&str>) -> Result<(StatusCode, Bytes), String> {
    let answer = tokio::time::timeout(PATIENCE, ask(reachable(address), path, key)).await;
    answer
        .map_err(|_| format!("the server at {address} does not answer"))?
        .map_err(|error| format!("the server at {address} cannot be asked: {error}"))
}

fn address_of(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let found = bare.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| format!("{text:?} is not an address; allowed: HOST:PORT such as 127.0.0.1:8000"))
}

/// A server that listens on every address is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

type Asked = Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>>;

async fn ask(address: SocketAddr, path: &str, key: Option<&str>) -> Asked {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::get(path).header(HOST, address.to_string());
    if let Some(key) = key {
        request = request.header(AUTHORIZATION, format!("Bearer {key}"));
    }
    let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let code = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((code, body))
}

/// What is wrong, before everything else.
pub(super) fn print_alarms(status: &Status) {
    for alarm in &status.alarms {
        println!(
            "ALARM           {} ({}), for {}",
            alarm.code.title(),
            alarm.code,
            age(alarm.since, status.now)
        );
        println!("                {}", alarm.detail);
        println!("                {}", alarm.action);
    }
}

fn print(status: &Status) {
    print_alarms(status);
    let store = &status.store;
    println!("Program         {}, up for {}", status.version, age(status.started_at, status.now));
    println!("Store           {}, {}", store.engine, if store.up { "connected" } else { "does not answer" });
    if let Some(size) = store.size_bytes {
        println!("Size            {}", bytes(size));
    }
    if let Some((used, all)) = store.pool {
        println!("Pool            {used} of {all} connections in use");
    }
    if let Some(then) = status.counts_as_of {
        println!("                the figures below are from {} ago", age(then, status.now));
    }
    println!("Versions        {}", known(status.seq.map(|seq| seq.0)));
    match (status.states_live, status.states_deleted, status.states_invalid) {
        (Some(live), Some(deleted), Some(invalid)) => {
            println!("States          {live} live, {deleted} deleted, {invalid} that break rules");
        }
        _ => println!("States          no data"),
    }
    println!("Snapshots       {} of {} at most", known(status.snapshots), status.quotas.snapshots.limit);
    let verified = status.verified_seq.map_or("not yet".to_owned(), |seq| format!("up to {seq}"));
    println!(
        "Chain checked   {}",
        status.chain_fault.as_deref().map_or(verified, |fault| format!("BROKEN: {fault}"))
    );
    println!("Commits         {}, {} in 5 minutes", latency(&status.commit), status.commit.count);
    println!("Event lag       {}", latency(&status.event_lag));
    println!("Listeners       {} of {} at most", status.listeners, status.quotas.sessions.limit);
    status.breaker.iter().for_each(print_breaker);
    status.caches.iter().for_each(print_cache);
    status.fallback.iter().for_each(print_fallback);
    status.mirror.iter().for_each(print_mirror);
}

fn latency(latency: &LatencyStatus) -> String {
    match latency.count {
        0 => "no data".to_owned(),
        _ => format!("p50 {:.1} ms, p99 {:.1} ms", latency.p50_ms, latency.p99_ms),
    }
}

/// A count, which is not known as long as the store was never reached.
pub(super) fn known(count: Option<u64>) -> String {
    count.map_or("no data".to_owned(), |count| count.to_string())
}

fn print_breaker(breaker: &BreakerStatus) {
    let state = match breaker.state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "OPEN",
        BreakerState::HalfOpen => "half open",
    };
    let forced = if breaker.forced { ", forced by hand" } else { "" };
    let (count, threshold) = (breaker.failure_count, breaker.failure_threshold);
    println!(
        "Breaker         {state}{forced}; {count} of {threshold} failures, opened {} times",
        breaker.opened
    );
}

fn print_cache(cache: &CacheStatus) {
    println!(
        "Cache           {}: {} of {} entries, {:.2} % hits, {} evicted, {} expired",
        cache.name, cache.size, cache.max_size, cache.hit_rate, cache.evictions, cache.expirations
    );
}

fn print_fallback(fallback: &FallbackStatus) {
    let fault = fallback.fault.as_deref().map(|fault| format!("; OUT OF ORDER: {fault}")).unwrap_or_default();
    println!(
        "Fallback        {} writes wait, {} replayed, {} conflicts{fault}",
        fallback.pending, fallback.replayed, fallback.conflicts
    );
}

fn print_mirror(mirror: &MirrorStatus) {
    let state = match mirror.state {
        MirrorState::Starting => "starts".to_owned(),
        MirrorState::Following => "follows".to_owned(),
        MirrorState::Away => format!("AWAY: {}", mirror.fault.as_deref().unwrap_or_default()),
    };
    println!(
        "Mirror          {} points, {} lost, {} versions behind; {state}",
        mirror.points, mirror.lost, mirror.behind
    );
    if mirror.absent + mirror.not_numbers > 0 {
        println!("                {} values absent, {} no numbers", mirror.absent, mirror.not_numbers);
    }
    if let Some(why) = &mirror.refusal {
        println!("                InfluxDB refused points: {why}");
    }
}
