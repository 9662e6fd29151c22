//! What the people around the programs do: snapshots, limits, and a bad deploy now and then.

use fastrand::Rng;

use super::action::{Action, Key, What};
use super::book::{self, OPERATOR};
use super::market::format_time;
use super::pair::Pair;

/// Seconds from one event to the next.
const BETWEEN_DEPLOYS: i64 = 11 * 60;
const UNTIL_HOTFIX: i64 = 6 * 60;
const BETWEEN_SNAPSHOTS: i64 = 19 * 60;
const BETWEEN_LIMITS: i64 = 17 * 60;

/// One in so many stops of a bad deploy is only moved, and stays within the rules.
const MILD: u32 = 3;

/// The calendar of these events.
#[derive(Debug)]
pub(super) struct Incident {
    deploy: u32,
    next_deploy: i64,
    next_hotfix: Option<i64>,
    next_snapshot: i64,
    next_limits: i64,
}

impl Incident {
    /// A quiet start at `now`; the first bad deploy comes at `first_deploy`.
    pub(super) fn new(now: i64, first_deploy: i64) -> Self {
        Self {
            deploy: 46,
            next_deploy: first_deploy,
            next_hotfix: None,
            next_snapshot: now + BETWEEN_SNAPSHOTS,
            next_limits: now + BETWEEN_LIMITS,
        }
    }

    /// The first event that is due, if any.
    pub(super) fn step(
        &mut self,
        pairs: &mut [Pair],
        rng: &mut Rng,
        now: i64,
    ) -> serde_json::Result<Vec<Action>> {
        if self.next_hotfix.is_some_and(|due| now >= due) {
            self.next_hotfix = None;
            return self.hotfix(pairs, now);
        }
        if now >= self.next_deploy {
            self.next_deploy = now + BETWEEN_DEPLOYS;
            self.next_hotfix = Some(now + UNTIL_HOTFIX);
            return self.bad_deploy(pairs, rng, now);
        }
        if now >= self.next_snapshot {
            self.next_snapshot = now + BETWEEN_SNAPSHOTS;
            let name = format_time(now, "desk-%Y-%m-%d-%H%M");
            return Ok(vec![Action::new(
                OPERATOR,
                "routine, book checked against the broker",
                What::Snapshot(name),
            )]);
        }
        if now >= self.next_limits {
            self.next_limits = now + BETWEEN_LIMITS;
            let limit = rng.u32(10..16);
            return Ok(vec![book::risk_limits(limit, "limit adjusted to volatility")]);
        }
        Ok(Vec::new())
    }

    /// A snapshot, then stops recomputed with the wrong sign: most end up beyond the entry, one pair's cooldown
    /// below zero. The programs do not know of it until their next save is refused.
    fn bad_deploy(&mut self, pairs: &[Pair], rng: &mut Rng, now: i64) -> serde_json::Result<Vec<Action>> {
        let deploy = self.deploy;
        self.deploy += 2;
        let mut items: Vec<(Key, String)> = Vec::new();
        for pair in pairs {
            let Some(mut position) = pair.position.clone() else { continue };
            let distance = position.entry[0].value() - position.stop_loss.value();
            let factor = if rng.u32(..MILD) == 0 { 0.75 } else { -0.4 };
            position.stop_loss = position.entry[0].plus(-distance * factor);
            position.initial_stop_loss = position.stop_loss;
            position.deploy = deploy.to_string();
            items.push((pair.position_key(), position.document(&pair.quotes, now)?));
        }
        if let Some(pair) = rng.choice(pairs) {
            items.push((pair.state_key(), pair.state_document(-1, now)?));
        }
        let snapshot = What::Snapshot(format!("before-deploy-{deploy}"));
        let author = format!("deploy-{deploy}");
        Ok(vec![
            Action::new(OPERATOR, format!("before the rollout of deploy {deploy}"), snapshot),
            Action::new(
                author,
                format!("rollout of deploy {deploy}: stops recomputed"),
                What::SaveAll(items),
            ),
        ])
    }

    /// Stops that are still on the wrong side are put back; nothing when somebody has restored them meanwhile.
    fn hotfix(&self, pairs: &mut [Pair], now: i64) -> serde_json::Result<Vec<Action>> {
        let mut items = Vec::new();
        for pair in pairs {
            let Some(position) = &mut pair.position else { continue };
            if position.stop_is_sound() {
                continue;
            }
            let distance = position.entry[0].value() - position.stop_loss.value();
            position.stop_loss = position.entry[0].plus(distance);
            position.initial_stop_loss = position.stop_loss;
            position.deploy = (self.deploy - 1).to_string();
            let document = position.document(&pair.quotes, now)?;
            items.push((pair.position_key(), document));
        }
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let author = format!("deploy-{}", self.deploy - 1);
        Ok(vec![Action::new(author, "hotfix: stops back on their side", What::SaveAll(items))])
    }
}
