//! What was wrong last, and how it ended, from what the server really counted.

use stateloft_core::api::Incident;
use stateloft_core::model::{Seq, Timestamp};

use crate::store::fallback::JournalCounts;

/// How things are at one moment. Counts only grow.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sight {
    /// The breaker lets calls through.
    pub(super) closed: bool,
    /// It is held open by hand.
    pub(super) by_hand: bool,
    /// How often it has opened.
    pub(super) opened: u64,
    /// Calls fail, the first of them at this time.
    pub(super) failing_since: Option<Timestamp>,
    /// Before that: when calls failed last, and when one succeeded again.
    pub(super) failed_last: Option<(Timestamp, Timestamp)>,
    pub(super) journal: JournalCounts,
    /// Writes refused, and writes of which nobody knows.
    pub(super) refused: u64,
    pub(super) unknown: u64,
}

impl Sight {
    /// Nothing is wrong that needs an end.
    fn is_calm(&self) -> bool {
        self.closed && self.failing_since.is_none() && self.journal.pending == 0
    }

    /// Whether something has happened since a calm moment. A call that failed and was answered when it was tried again is
    /// nothing.
    fn is_trouble(&self, calm: &Self) -> bool {
        !self.closed
            || self.opened > calm.opened
            || self.journal.pending > 0
            || self.journal.accepted > calm.journal.accepted
            || self.unknown > calm.unknown
    }
}

/// The incidents since the server started, of which the last is kept.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    /// The last moment at which nothing was wrong.
    calm: Sight,
    calm_at: Timestamp,
    count: u64,
    last: Option<Incident>,
}

impl Incidents {
    pub(super) fn new(started: Timestamp) -> Self {
        Self { calm_at: started, ..Self::default() }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn last(&self) -> Option<&Incident> {
        self.last.as_ref()
    }

    /// Since when nothing is wrong; `None` while something is.
    pub(super) fn working_since(&self, started: Timestamp) -> Option<Timestamp> {
        self.last.as_ref().map_or(Some(started), |incident| incident.ended_at)
    }

    /// Versions came of a replay.
    pub(super) fn replayed(&mut self, first: Seq, last: Seq) {
        if let Some(incident) = &mut self.last {
            incident.first_seq.get_or_insert(first);
            incident.last_seq = Some(last);
        }
    }

    /// Takes in how things are. To be called often; what began and ended in between is noticed by its counts.
    pub(super) fn see(&mut self, sight: Sight, now: Timestamp, engine: &str) {
        let running = self.last.as_ref().is_some_and(|incident| incident.ended_at.is_none());
        if !running {
            if !sight.is_trouble(&self.calm) {
                (self.calm, self.calm_at) = (sight, now);
                return;
            }
            self.begin(&sight, now, engine);
        }
        let Some(incident) = &mut self.last else { return };
        if incident.engine.is_empty() {
            // A store that came after the server was not known when this began.
            engine.clone_into(&mut incident.engine);
        }
        count(incident, &self.calm, &sight);
        let answers = sight.closed && sight.failing_since.is_none();
        let answered = incident
            .answered_at
            .or(sight.failed_last.map(|(_, to)| to).filter(|to| *to >= incident.began_at));
        incident.answered_at = if answers { Some(answered.unwrap_or(now)) } else { None };
        if sight.is_calm() {
            incident.ended_at = Some(now);
            (self.calm, self.calm_at) = (sight, now);
        }
    }

    fn begin(&mut self, sight: &Sight, now: Timestamp, engine: &str) {
        // What failed before the last calm moment has nothing to do with this.
        let recent = sight
            .failed_last
            .map(|(from, _)| from)
            .filter(|_| sight.failed_last.is_some_and(|(_, to)| to > self.calm_at));
        let failed = sight.failing_since.or(recent);
        let began_at = [failed, sight.journal.oldest].into_iter().flatten().min().unwrap_or(now);
        self.count += 1;
        self.last = Some(Incident {
            began_at,
            answered_at: None,
            ended_at: None,
            engine: engine.to_owned(),
            by_hand: sight.by_hand,
            opened: 0,
            journaled: 0,
            replayed: 0,
            conflicts: 0,
            lost: None,
            refused: 0,
            unknown: 0,
            first_seq: None,
            last_seq: None,
        });
    }
}

/// What came since the last calm moment. Before the first one there is what an earlier run left in the journal.
fn count(incident: &mut Incident, calm: &Sight, sight: &Sight) {
    let (was, is) = (&calm.journal, &sight.journal);
    let done = |now: u64, then: u64| now.saturating_sub(then);
    incident.opened = done(sight.opened, calm.opened);
    incident.refused = done(sight.refused, calm.refused);
    incident.unknown = done(sight.unknown, calm.unknown);
    incident.replayed = done(is.replayed, was.replayed);
    incident.conflicts = done(is.set_aside, was.set_aside);
    incident.journaled = done(is.accepted, was.accepted) + done(is.inherited, was.inherited);
    let settled = incident.replayed + incident.conflicts;
    incident.lost = (is.pending == 0).then(|| incident.journaled.saturating_sub(settled));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn calm() -> Sight {
        Sight { closed: true, ..Sight::default() }
    }

    fn seen(sights: Vec<(i64, Sight)>) -> Incidents {
        let mut incidents = Incidents::new(at(0));
        for (second, sight) in sights {
            incidents.see(sight, at(second), "PostgreSQL 17.2");
        }
        incidents
    }

    #[test]
    fn an_outage_with_its_writes_is_told_from_the_first_failure_to_the_last_replay() {
        let away = Sight { closed: false, opened: 1, failing_since: Some(at(7)), refused: 2, ..calm() };
        let waiting =
            JournalCounts { accepted: 3, pending: 3, oldest: Some(at(9)), ..JournalCounts::default() };
        let back = JournalCounts { accepted: 3, pending: 1, replayed: 2, ..JournalCounts::default() };
        let done = JournalCounts { accepted: 3, replayed: 2, set_aside: 1, ..JournalCounts::default() };
        let later =
            |journal| Sight { opened: 1, failed_last: Some((at(7), at(20))), refused: 2, journal, ..calm() };
        let mut incidents = seen(vec![
            (5, calm()),
            (10, away.clone()),
            (12, Sight { journal: waiting, ..away }),
            (21, later(back)),
        ]);
        let running = incidents.last().unwrap();
        assert_eq!((running.began_at, running.answered_at, running.ended_at), (at(7), Some(at(20)), None));
        assert_eq!((running.journaled, running.replayed, running.lost), (3, 2, None));
        assert_eq!(incidents.working_since(at(0)), None);
        incidents.replayed(Seq(4), Seq(4));
        incidents.replayed(Seq(5), Seq(5));
        incidents.see(later(done), at(22), "PostgreSQL 17.2");
        let over = incidents.last().unwrap();
        assert_eq!((over.conflicts, over.lost, over.refused, over.opened), (1, Some(0), 2, 1));
        assert_eq!((over.first_seq, over.last_seq), (Some(Seq(4)), Some(Seq(5))));
        assert_eq!((incidents.working_since(at(0)), incidents.count()), (Some(at(22)), 1));
    }

    #[test]
    fn what_came_and_went_between_two_looks_is_noticed() {
        let journal = JournalCounts { accepted: 1, replayed: 1, ..JournalCounts::default() };
        let incidents =
            seen(vec![(5, calm()), (6, Sight { failed_last: Some((at(5), at(6))), journal, ..calm() })]);
        let over = incidents.last().unwrap();
        assert_eq!((over.began_at, over.ended_at, over.lost), (at(5), Some(at(6)), Some(0)));
    }

    #[test]
    fn a_call_that_failed_once_is_no_incident_and_one_by_hand_is() {
        let failed = Sight { failed_last: Some((at(5), at(6))), ..calm() };
        let mut incidents = seen(vec![(5, calm()), (7, failed.clone())]);
        assert_eq!(incidents.working_since(at(0)), Some(at(0)));
        let forced = Sight { closed: false, by_hand: true, opened: 1, ..failed.clone() };
        incidents.see(forced, at(9), "SQLite");
        let running = incidents.last().unwrap();
        assert!(running.by_hand && running.began_at == at(9), "{running:?}");
        incidents.see(Sight { opened: 1, ..failed }, at(12), "SQLite");
        assert_eq!(incidents.last().unwrap().ended_at, Some(at(12)));
    }

    #[test]
    fn a_write_that_is_nowhere_is_said_to_be_lost() {
        let journal = JournalCounts { accepted: 2, replayed: 1, ..JournalCounts::default() };
        let incidents = seen(vec![(5, calm()), (6, Sight { journal, ..calm() })]);
        assert_eq!(incidents.last().unwrap().lost, Some(1));
    }

    #[test]
    fn what_an_earlier_run_left_in_the_journal_is_part_of_it() {
        let left =
            JournalCounts { inherited: 2, pending: 2, oldest: Some(at(-60)), ..JournalCounts::default() };
        let done = JournalCounts { inherited: 2, replayed: 2, ..JournalCounts::default() };
        let incidents =
            seen(vec![(1, Sight { journal: left, ..calm() }), (2, Sight { journal: done, ..calm() })]);
        let over = incidents.last().unwrap();
        assert_eq!((over.began_at, over.journaled, over.replayed, over.lost), (at(-60), 2, 2, Some(0)));
    }
}
