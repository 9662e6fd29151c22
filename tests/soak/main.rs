//! `cargo xtask soak`: a busy store for a long time, with everything at once that makes one fall over.
//!
//! Small saves at a steady rate, large documents, readers of everything, watchers, listeners that never read, bodies that
//! never end, snapshots, restores and undos; and the server is killed and stopped again and again. Afterwards the log is
//! held against what was acknowledged. It fails when anything acknowledged is missing or different, when the chain or a
//! watcher's sequence has a gap, when a request fails that must not, or when memory does not stay where it was.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a soak that cannot go on says so by panicking")]

mod backdrop;
mod figures;
mod ledger;
mod memory;
mod plan;
mod restoring;
mod stuck;
mod watching;
mod world;
mod writing;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use plan::Plan;
use stateloft_tests::influx::{self, Influx};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use tokio::task::JoinSet;
use world::World;

/// Small saves: so many writers, each so many times a second.
const WRITERS: u64 = 8;
const READERS: u64 = 3;
const WATCHERS: u64 = 3;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let plan = Plan::from_arguments();
    let mut server = start(&plan).await;
    let world = Arc::new(World::new(&server));
    let mut tasks = JoinSet::new();
    let small = small_writers(Arc::clone(&world));
    tasks.spawn(writing::large(Arc::clone(&world)));
    for n in 0..READERS {
        tasks.spawn(backdrop::read(Arc::clone(&world), n));
    }
    tasks.spawn(restoring::restore(Arc::clone(&world)));
    stuck::hold(&world, &mut tasks);
    let mut watchers = JoinSet::new();
    for _ in 0..WATCHERS {
        watchers.spawn(watching::watch(Arc::clone(&world)));
    }
    let sampling = tokio::spawn(memory::sample(Arc::clone(&world)));

    live(&plan, &mut server, &world).await;

    world.stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("a part of the soak ended by a panic");
    }
    tokio::task::spawn_blocking(|| small.join()).await.unwrap().expect("a writer ended by a panic");
    sampling.await.expect("the sampling goes on to the end");
    let last = ledger::check(&world).await;
    world.last.send_replace(Some(last));
    while let Some(ended) = watchers.join_next().await {
        ended.expect("a watcher ended by a panic");
    }
    world.note(verified(&mut server).await);
    figures::print(&plan, &world);
    if world.faults().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Those whose saves are timed have a thread of their own: what waits behind the soak's own work on large documents
/// would look as if the server were slow.
fn small_writers(world: Arc<World>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut writers = JoinSet::new();
            for n in 0..WRITERS {
                writers.spawn(writing::small(Arc::clone(&world), n));
            }
            while let Some(ended) = writers.join_next().await {
                ended.expect("a writer ended by a panic");
            }
        });
    })
}

async fn start(plan: &Plan) -> Server {
    let limit = ("TRADING_STATE_MEMORY_LIMIT".to_owned(), (plan.memory_limit >> 20).to_string());
    match plan.store.as_str() {
        "postgres" => Server::start_on_with(&Postgres::shared().database(), vec![limit]).await,
        "influx" => {
            let bucket = Influx::variables(&influx::bucket().await);
            Server::start_in([bucket, vec![limit]].concat()).await
        }
        _ => Server::start().await,
    }
}

/// Lets it run, and interrupts it every now and then, by turns in the worst and in the proper way.
async fn live(plan: &Plan, server: &mut Server, world: &World) {
    let started = Instant::now();
    for life in 1..=plan.lives {
        tokio::time::sleep(plan.length / plan.lives).await;
        world.say(started.elapsed());
        if life == plan.lives {
            return;
        }
        world.interrupted(true);
        if life % 2 == 1 {
            server.kill().await;
        } else if server.stop().await != Some(0) {
            world.note(Some("the server did not stop with exit code 0".to_owned()));
        }
        server.run().await;
        world.started(server.id());
        world.interrupted(false);
    }
}

/// `stateloft verify` on what is left.
async fn verified(server: &mut Server) -> Option<String> {
    if server.stop().await != Some(0) {
        return Some("the server did not stop with exit code 0 at the end".to_owned());
    }
    let output = server.command(&["verify"]).output().await.expect("the program runs");
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{}", said.trim());
    (!output.status.success()).then(|| format!("verify: {said}"))
}
