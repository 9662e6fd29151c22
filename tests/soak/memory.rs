//! How much memory the server has.

use std::sync::Arc;
use std::time::Duration;

use crate::world::{World, lock};

const BEAT: Duration = Duration::from_secs(1);
/// What the program, its connections and the store's own caches may take beside its limit and its cache of heads.
const BESIDE: u64 = 448 << 20;
/// What a life's memory may grow by, beside a fifth.
const SLACK: u64 = 48 << 20;
/// Lives of fewer samples say nothing about growth.
const SAMPLES_MIN: usize = 30;

/// Resident memory of a process at some second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) process: u32,
    pub(crate) bytes: u64,
}

pub(crate) async fn sample(world: Arc<World>) {
    while world.pause(BEAT).await {
        let process = world.process();
        if let Some(bytes) = resident(process) {
            lock(&world.samples).push(Sample { process, bytes });
        }
    }
}

fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? << 10)
}

/// One life of the server.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) most: u64,
    /// The median of its second third, and of its last.
    pub(crate) middle: u64,
    pub(crate) end: u64,
    pub(crate) seconds: usize,
}

/// The lives, and what is wrong with them.
pub(crate) fn judged(samples: &[Sample], limit: u64) -> (Vec<Life>, Vec<String>) {
    let lives: Vec<Life> = samples.chunk_by(|a, b| a.process == b.process).map(life).collect();
    let mut faults = Vec::new();
    for life in &lives {
        if life.most > limit + BESIDE {
            faults.push(format!("memory reached {} MiB with a limit of {}", life.most >> 20, limit >> 20));
        }
        if life.seconds >= SAMPLES_MIN && life.end > life.middle + life.middle / 5 + SLACK {
            faults.push(format!("memory grew from {} to {} MiB", life.middle >> 20, life.end >> 20));
        }
    }
    (lives, faults)
}

fn life(samples: &[Sample]) -> Life {
    let third = samples.len() / 3;
    Life {
        most: samples.iter().map(|sample| sample.bytes).max().unwrap_or_default(),
        middle: median(&samples[third..samples.len() - third]),
        end: median(&samples[samples.len() - third.max(1)..]),
        seconds: samples.len(),
    }
}

fn median(samples: &[Sample]) -> u64 {
    let mut bytes: Vec<u64> = samples.iter().map(|sample| sample.bytes).collect();
    bytes.sort_unstable();
    bytes.get(bytes.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(process: u32, megabytes: impl Iterator<Item = u64>) -> Vec<Sample> {
        megabytes.map(|bytes| Sample { process, bytes: bytes << 20 }).collect()
    }

    #[test]
    fn memory_that_grows_without_end_is_found_and_memory_that_goes_back_is_not() {
        let growing = samples(1, (0..90).map(|second| 100 + second * 5));
        assert_eq!(judged(&growing, 512 << 20).1.len(), 1);
        let up_and_down = samples(2, (0..90).map(|second| 100 + second % 10 * 20));
        assert!(judged(&up_and_down, 512 << 20).1.is_empty());
        let too_much = samples(3, (0..90).map(|_| 1_000));
        assert_eq!(judged(&too_much, 512 << 20).1.len(), 1);
        let (lives, _) = judged(&[growing, up_and_down].concat(), 512 << 20);
        assert_eq!(lives.len(), 2, "each process is judged by itself");
    }
}
