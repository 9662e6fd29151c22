//! Whether the end of a run that was asked for, and never answered, is there after all.

use stateloft_core::api::{RunStatus, RunView};

use crate::model::age;
use crate::model::found::{Found, Hand};

/// Looks at a run that was to be ended as this, by this hand.
#[must_use]
pub fn ended(view: &RunView, status: RunStatus, hand: &Hand) -> Found {
    let run = &view.run;
    let Some(at) = run.ended_at else {
        return Found::NotYet(format!("{} has not ended", run.run_id));
    };
    let own = run.status == status && hand.wrote(view.version.user_id.as_deref(), run.reason.as_deref(), at);
    let words = format!("{} ended as {} at {}", run.run_id, run.status.as_str(), age::clock(at));
    if own { Found::There(words) } else { Found::Never(words) }
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::RunRow;

    use super::super::sample::{at, ended as row_ended, row};
    use super::*;

    fn view(row: &RunRow) -> RunView {
        // As it comes from the server, which says more than this looks at.
        let counts = r#""states":0,"versions":0,"open_positions":0,"pending_orders":0,"checkpoints":0}"#;
        let text = serde_json::to_string(row).unwrap();
        serde_json::from_str(&format!("{},{counts}", text.strip_suffix('}').unwrap())).unwrap()
    }

    #[test]
    fn only_the_end_that_was_asked_for_is_found() {
        let hand = |reason: &str| Hand {
            user_id: Some("ops".into()),
            reason: Some(reason.to_owned()),
            sent: at("09:00:00"),
        };
        let mut run = view(&row_ended(row("a.main.1", "08:00:00", Some("09:00:01")), RunStatus::Crashed));
        (run.run.reason, run.version.user_id) = (Some("pulled".into()), Some("ops".into()));
        assert!(matches!(ended(&run, RunStatus::Crashed, &hand("pulled")), Found::There(_)));
        assert!(matches!(ended(&run, RunStatus::Stopped, &hand("pulled")), Found::Never(_)));
        assert!(matches!(ended(&run, RunStatus::Crashed, &hand("another")), Found::Never(_)));
        run.version.user_id = Some("bot".into());
        assert!(matches!(ended(&run, RunStatus::Crashed, &hand("pulled")), Found::Never(_)));
        let live = view(&row("a.main.1", "08:00:00", None));
        assert!(matches!(ended(&live, RunStatus::Crashed, &hand("pulled")), Found::NotYet(_)));
    }
}
