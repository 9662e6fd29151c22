//! `stateloft status`: what a running server says of itself.

use clap::Args;
use stateloft_core::api::{
    BreakerState, BreakerStatus, CacheStatus, Code, FallbackStatus, LatencyStatus, MirrorState, MirrorStatus,
    Ready, Status,
};

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::figures::{age, bytes};
use super::output::print_answer;
use super::reach::Reach;
use super::say::answer;
use super::{Done, asking, status_details};

/// Ask a running server how it is. Exit code 0: all is well; 10: it cannot be reached, or its store does not answer.
/// With `--ready`, 10: it does not take work.
#[derive(Debug, Args)]
pub(super) struct StatusOf {
    #[command(flatten)]
    reach: Reach,
    /// Print the status as the API has it.
    #[arg(long)]
    json: bool,
    /// Only ask whether it takes work, as a load balancer or a container's health check does. Needs no key.
    #[arg(long)]
    ready: bool,
}

impl StatusOf {
    pub(super) async fn run(self) -> Done {
        asking(self.reach.client()?, async |server| {
            if self.ready {
                return readiness(server, self.json).await;
            }
            let said = server.get("/status", &Query::default()).await?;
            let status: Status = server.understood(&said)?;
            if self.json {
                print_answer(&said);
            } else {
                print(&status);
                print_details(server).await?;
            }
            Ok(if status.store.up { Exit::Done } else { Exit::Unavailable })
        })
        .await
    }
}

/// Whether it takes work. What is wrong all the same is named, and keeps nobody from sending some.
async fn readiness(server: &Client, json: bool) -> Result<Exit, Failure> {
    let said = server.get("/readyz", &Query::default()).await?;
    let ready: Ready = server.understood(&said)?;
    if json {
        print_answer(&said);
    } else if ready.alarms.is_empty() {
        answer!("ready");
    } else {
        let alarms: Vec<String> = ready.alarms.iter().map(ToString::to_string).collect();
        answer!("ready, with alarms: {}", alarms.join(", "));
    }
    Ok(Exit::Done)
}

async fn print_details(server: &Client) -> Result<(), Failure> {
    match server.read("/status/details", &Query::default()).await {
        Ok(details) => status_details::print(&details),
        // A server of an older version has no details.
        Err(failure) if failure.is(Code::RouteNotFound) => {}
        Err(failure) => return Err(failure),
    }
    Ok(())
}

/// What is wrong, before everything else.
pub(super) fn print_alarms(status: &Status) {
    for alarm in &status.alarms {
        answer!(
            "ALARM           {} ({}), for {}",
            alarm.code.title(),
            alarm.code,
            age(alarm.since, status.now)
        );
        answer!("                {}", alarm.detail);
        answer!("                {}", alarm.action);
    }
}

fn print(status: &Status) {
    print_alarms(status);
    let store = &status.store;
    answer!("Program         {}, up for {}", status.version, age(status.started_at, status.now));
    answer!("Store           {}, {}", store.engine, if store.up { "connected" } else { "does not answer" });
    if let Some(size) = store.size_bytes {
        answer!("Size            {}", bytes(size));
    }
    if let Some((used, all)) = store.pool {
        answer!("Pool            {used} of {all} connections in use");
    }
    if let Some(then) = status.counts_as_of {
        answer!("                the figures below are from {} ago", age(then, status.now));
    }
    answer!("Versions        {}", known(status.seq.map(|seq| seq.0)));
    match (status.states_live, status.states_deleted, status.states_invalid) {
        (Some(live), Some(deleted), Some(invalid)) => {
            answer!("States          {live} live, {deleted} deleted, {invalid} that break rules");
        }
        _ => answer!("States          no data"),
    }
    answer!("Snapshots       {} of {} at most", known(status.snapshots), status.quotas.snapshots.limit);
    let verified = status.verified_seq.map_or("not yet".to_owned(), |seq| format!("up to {seq}"));
    answer!(
        "Chain checked   {}",
        status.chain_fault.as_deref().map_or(verified, |fault| format!("BROKEN: {fault}"))
    );
    answer!("Commits         {}, {} in 5 minutes", latency(&status.commit), status.commit.count);
    answer!("Event lag       {}", latency(&status.event_lag));
    answer!("Listeners       {} of {} at most", status.listeners, status.quotas.sessions.limit);
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
    answer!(
        "Breaker         {state}{forced}; {count} of {threshold} failures, opened {} times",
        breaker.opened
    );
}

fn print_cache(cache: &CacheStatus) {
    answer!(
        "Cache           {}: {} of {} entries, {:.2} % hits, {} evicted, {} expired",
        cache.name,
        cache.size,
        cache.max_size,
        cache.hit_rate,
        cache.evictions,
        cache.expirations
    );
}

fn print_fallback(fallback: &FallbackStatus) {
    let fault = fallback.fault.as_deref().map(|fault| format!("; OUT OF ORDER: {fault}")).unwrap_or_default();
    answer!(
        "Fallback        {} writes wait, {} replayed, {} conflicts{fault}",
        fallback.pending,
        fallback.replayed,
        fallback.conflicts
    );
}

fn print_mirror(mirror: &MirrorStatus) {
    let state = match mirror.state {
        MirrorState::Starting => "starts".to_owned(),
        MirrorState::Following => "follows".to_owned(),
        MirrorState::Away => format!("AWAY: {}", mirror.fault.as_deref().unwrap_or_default()),
    };
    answer!(
        "Mirror          {} points, {} lost, {} versions behind; {state}",
        mirror.points,
        mirror.lost,
        mirror.behind
    );
    if mirror.absent + mirror.not_numbers > 0 {
        answer!("                {} values absent, {} no numbers", mirror.absent, mirror.not_numbers);
    }
    if let Some(why) = &mirror.refusal {
        answer!("                InfluxDB refused points: {why}");
    }
}
