//! What came of it, as a table.

use std::time::Duration;

use crate::memory;
use crate::plan::Plan;
use crate::world::{World, lock};

/// How long small saves took, from sent to answered.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn record(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Of a hundred, so many were faster.
    fn quantile(&mut self, percent: usize) -> Option<Duration> {
        self.0.sort_unstable();
        self.0.get(self.0.len().saturating_sub(1) * percent / 100).copied()
    }
}

/// A soak in which one of these did not happen has shown nothing.
const HAPPENS: [&str; 7] =
    ["saves, Small", "saves, Large", "conflicts", "reads", "events seen", "restores", "undos"];

/// Judges memory and speed, and prints everything.
pub(crate) fn print(plan: &Plan, world: &World) {
    for what in HAPPENS {
        world.note((!world.counts().contains_key(what)).then(|| format!("there were no {what}")));
    }
    let (lives, grown) = memory::judged(&lock(&world.samples), plan.memory_limit);
    for fault in grown {
        world.note(Some(fault));
    }
    let mut latencies = lock(&world.latencies);
    let (p50, p99) = (latencies.quantile(50), latencies.quantile(99));
    if let (Some(limit), Some(p99)) = (plan.p99, p99) {
        world.note((p99 > limit).then(|| format!("p99 of small saves is {p99:?}, more than {limit:?}")));
    }
    let ms = |duration: Option<Duration>| {
        duration.map_or("no data".to_owned(), |d| format!("{:.1} ms", d.as_secs_f64() * 1e3))
    };
    println!("| what | {} for {} s |", plan.store, plan.length.as_secs());
    println!("|---|---:|");
    println!("| acknowledged versions, each found again with its content | {} |", lock(&world.ledger).len());
    for (what, count) in world.counts() {
        println!("| {what} | {count} |");
    }
    println!("| small saves, median | {} |", ms(p50));
    println!("| small saves, 99 of 100 | {} |", ms(p99));
    for (n, life) in lives.iter().enumerate() {
        println!(
            "| memory of life {}, {} s: middle, end, most | {}, {}, {} MiB |",
            n + 1,
            life.seconds,
            life.middle >> 20,
            life.end >> 20,
            life.most >> 20
        );
    }
    let faults = world.faults();
    println!("| faults | {} |", faults.len());
    for fault in faults {
        println!("FAULT: {fault}");
    }
}
