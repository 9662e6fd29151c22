//! Checkpoints of a run as they are listed.

use stateloft_core::api::{CheckpointStatistics, CheckpointView, Moment, Scope};
use stateloft_core::model::StateKey;

use super::super::address;
use super::super::number::{count, counted};
use super::super::plan_address::{self, Ask};
use super::age;

/// `21, 2 m apart`: how many there are, and how far from each other on average.
#[must_use]
pub fn apart(statistics: &CheckpointStatistics) -> String {
    let many = count(statistics.count);
    #[expect(clippy::cast_possible_truncation, reason = "what is beyond is no time that anybody reads")]
    let seconds = statistics.average_interval_seconds.map(|seconds| seconds.round() as i64);
    match seconds {
        Some(seconds) => format!("{many}, {} apart", age::long(seconds)),
        None => many,
    }
}

/// What it is called, or what was saved with it: `entry`, `2 states, 1 open position, 1 pending order`.
#[must_use]
pub fn called(checkpoint: &CheckpointView) -> String {
    if let Some(name) = checkpoint.name.as_ref().or(checkpoint.reason.as_ref()) {
        return name.clone();
    }
    let parts = [
        Some(counted(checkpoint.states, "state", "states")).filter(|_| checkpoint.states > 0),
        checkpoint.open_positions.map(|many| counted(many, "open position", "open positions")),
        checkpoint.pending_orders.map(|many| counted(many, "pending order", "pending orders")),
    ];
    let words = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if words.is_empty() { "the moment".to_owned() } else { words }
}

/// The address of the log at its moment: what was saved with it, and before.
#[must_use]
pub fn opened(checkpoint: &CheckpointView) -> String {
    address::activity_at(checkpoint.seq.0)
}

/// The address of the plan that takes these states back to it; without any it takes back everything.
#[must_use]
pub fn plan(checkpoint: &CheckpointView, states: &[StateKey]) -> String {
    let scope = Scope { states: states.to_vec(), ..Scope::default() };
    let ask = Ask { target: Some(Moment::Seq(checkpoint.seq)), scope, exact: false };
    format!("/view/restore{}", plan_address::query(&ask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rest: &str) -> CheckpointView {
        let text = format!(
            r#"{{"number":4,"seq":815,"taken_at":"2026-11-21T09:45:58Z","pinned":false,"batch_id":"b"{rest}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_checkpoint_is_called_as_its_program_calls_it_or_by_what_is_in_it() {
        assert_eq!(called(&taken(r#","states":2,"name":"entry""#)), "entry");
        assert_eq!(called(&taken(r#","states":0,"reason":"before the news""#)), "before the news");
        let counted = r#","states":1,"open_positions":1,"pending_orders":0"#;
        assert_eq!(called(&taken(counted)), "1 state, 1 open position, 0 pending orders");
        assert_eq!(called(&taken(r#","states":0"#)), "the moment");
    }

    #[test]
    fn it_opens_and_goes_back_at_its_own_seq_and_to_the_states_that_are_named() {
        let checkpoint = taken(r#","states":0"#);
        assert_eq!(opened(&checkpoint), "/view/activity?sel=815");
        let key = StateKey::new("position", "EUR/USD").unwrap();
        assert_eq!(plan(&checkpoint, &[key]), "/view/restore?target=seq:815&state=position/EUR/USD");
        assert_eq!(plan(&checkpoint, &[]), "/view/restore?target=seq:815");
    }

    #[test]
    fn how_far_apart_they_are_is_only_said_of_two() {
        let statistics = |count, average_interval_seconds| CheckpointStatistics {
            count,
            average_interval_seconds,
            ..CheckpointStatistics::default()
        };
        assert_eq!(apart(&statistics(1, None)), "1");
        assert_eq!(apart(&statistics(21, Some(119.6))), "21, 2 m apart");
    }
}
