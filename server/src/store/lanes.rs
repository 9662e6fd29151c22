//! Who may have how many of a store's connections that read: what is read long, such as pages and scans, never has all of
//! them, so that what is read in a moment (a head, the end of the log) finds one that is free.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a read keeps a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// A row or a few of them: what saves, probes and the status need.
    Short,
    /// The states that a restore looks through.
    Plan,
    /// Pages of documents, lists, searches, sums.
    Long,
}

/// The lanes of one store.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    long: Arc<Semaphore>,
    /// Absent where there are too few connections: then plans go with the long ones.
    plan: Option<Arc<Semaphore>>,
}

/// The right to one connection, until it is dropped; short reads need none.
pub(super) type Permit = Option<OwnedSemaphorePermit>;

impl Lanes {
    /// For so many connections: a quarter of them, at least one, is for short reads alone, and one for plans.
    pub(super) fn of(connections: u32) -> Self {
        let connections = connections.max(1) as usize;
        let short = if connections == 1 { 0 } else { (connections / 4).max(1) };
        let plan = usize::from(connections >= 4);
        let lane = |permits: usize| Arc::new(Semaphore::new(permits));
        Self { long: lane(connections - short - plan), plan: (plan > 0).then(|| lane(plan)) }
    }

    /// Waits for its turn.
    pub(super) async fn enter(&self, lane: Lane) -> Permit {
        // Nobody closes it.
        Arc::clone(self.of_lane(lane)?).acquire_owned().await.ok()
    }

    /// Whether others have everything that a lane may have; the connections themselves are another matter.
    pub(super) fn are_taken(&self, lane: Lane) -> bool {
        self.of_lane(lane).is_some_and(|lane| lane.available_permits() == 0)
    }

    fn of_lane(&self, lane: Lane) -> Option<&Arc<Semaphore>> {
        match lane {
            Lane::Short => None,
            Lane::Plan => Some(self.plan.as_ref().unwrap_or(&self.long)),
            Lane::Long => Some(&self.long),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reads_never_have_every_connection_but_an_only_one() {
        let free = |connections| {
            let Lanes { long, plan } = Lanes::of(connections);
            (long.available_permits(), plan.map_or(0, |plan| plan.available_permits()))
        };
        let expected = [(1, (1, 0)), (2, (1, 0)), (3, (2, 0)), (4, (2, 1)), (8, (5, 1)), (10, (7, 1))];
        for (connections, lanes) in expected {
            assert_eq!(free(connections), lanes, "{connections} connections");
        }
    }

    #[tokio::test]
    async fn short_reads_and_plans_do_not_wait_for_long_ones() {
        let lanes = Lanes::of(4);
        let _long = [lanes.enter(Lane::Long).await, lanes.enter(Lane::Long).await];
        assert!(lanes.enter(Lane::Plan).await.is_some());
        assert!(lanes.enter(Lane::Short).await.is_none(), "they need no permit");
        let third = lanes.enter(Lane::Long);
        assert!(futures::FutureExt::now_or_never(third).is_none(), "a third one waits");
    }
}
