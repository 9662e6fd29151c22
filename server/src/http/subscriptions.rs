//! What one session listens to, and how far it has been told.

use stateloft_core::api::{ReconcileAsk, Topic};
use stateloft_core::model::{RunId, Seq, Version};

/// One topic of a session.
#[derive(Debug)]
struct Subscription {
    topic: Topic,
    /// Only events after this.
    from: Seq,
    with_data: bool,
}

/// The topics of a session and its one position in the log.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    topics: Vec<Subscription>,
    max: usize,
    /// Everything up to here has been looked at.
    cursor: Seq,
    /// The last event that was sent.
    sent: Seq,
}

/// Why a subscription is not made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The session has as many as it may have.
    TooMany(usize),
    /// Events after that seq cannot be sent in order.
    CannotReplay(String),
}

impl Subscriptions {
    pub(crate) fn new(max: usize) -> Self {
        Self { topics: Vec::new(), max, cursor: Seq::ZERO, sent: Seq::ZERO }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// What it listens to.
    pub(crate) fn names(&self) -> Vec<String> {
        self.topics.iter().map(|known| known.topic.to_string()).collect()
    }

    /// Everything up to here has been looked at.
    pub(crate) fn cursor(&self) -> Seq {
        self.cursor
    }

    /// Adds a topic, or changes it. Answers the seq after which its events are sent.
    pub(crate) fn add(
        &mut self,
        topic: Topic,
        after: Option<Seq>,
        with_data: bool,
        tip: Seq,
    ) -> Result<Seq, Refused> {
        let known = self.topics.iter().position(|known| known.topic == topic);
        if known.is_none() && self.topics.len() >= self.max {
            return Err(Refused::TooMany(self.max));
        }
        let from = match after {
            Some(after) => self.replay_from(after, tip)?,
            None => known.map_or(tip, |index| self.topics[index].from),
        };
        if self.topics.is_empty() || from < self.cursor {
            self.cursor = from;
        }
        let subscription = Subscription { topic, from, with_data };
        match known {
            Some(index) => self.topics[index] = subscription,
            None => self.topics.push(subscription),
        }
        Ok(from)
    }

    fn replay_from(&self, after: Seq, tip: Seq) -> Result<Seq, Refused> {
        if after > tip {
            let reason = format!("seq {after} has not been written here; the last is {tip}");
            return Err(Refused::CannotReplay(reason));
        }
        if after < self.sent {
            let sent = self.sent;
            let reason = format!(
                "this connection has been sent events up to seq {sent} already; to go back further, open another one"
            );
            return Err(Refused::CannotReplay(reason));
        }
        Ok(after)
    }

    pub(crate) fn remove(&mut self, topic: &Topic) {
        self.topics.retain(|known| known.topic != *topic);
    }

    /// Moves on over a version that cannot be read. Says whether anybody listens to what it may have been.
    pub(crate) fn pass_unreadable(&mut self, seq: Seq) -> bool {
        self.cursor = seq;
        self.topics.iter().any(|known| known.from < seq)
    }

    /// The runs whose topics are listened to and that this version asks something.
    pub(crate) fn asked_by<'s>(&'s self, version: &'s Version) -> impl Iterator<Item = &'s RunId> {
        self.runs().filter(|run| {
            *run.pause() == version.key || *run.reconcile_ask() == version.key && is_asked_now(version)
        })
    }

    /// The runs whose topics are listened to.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.topics.iter().filter_map(|known| match &known.topic {
            Topic::Run(run) => Some(run.as_ref()),
            _ => None,
        })
    }

    /// Moves on over an event. Says whether to send it, and if so, whether with its data.
    pub(crate) fn pass(&mut self, version: &Version) -> Option<bool> {
        self.cursor = version.seq;
        let wanted = self
            .topics
            .iter()
            .filter(|known| known.from < version.seq && known.topic.covers(&version.key, run_of(version)))
            .map(|known| known.with_data)
            .reduce(|one, other| one || other);
        if wanted.is_some() {
            self.sent = version.seq;
        }
        wanted
    }
}

/// Whether a version of what a run is asked is that asking. How it goes on, such as that it was heard, is not said to the run.
fn is_asked_now(version: &Version) -> bool {
    let ask = version.data.as_ref().and_then(|data| serde_json::from_str::<ReconcileAsk>(data.text()).ok());
    ask.is_some_and(|ask| ask.is_open() && ask.heard_at.is_none())
}

fn run_of(version: &Version) -> Option<&str> {
    version.origin.as_deref().and_then(|origin| origin.run_id.as_deref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stateloft_core::hash::ChainHash;
    use stateloft_core::model::{
        ChangeSummary, Operation, Origin, StateKey, Timestamp, Verdict, VersionNumber,
    };

    use super::*;

    fn version(seq: u64, id: &str) -> Version {
        Version {
            seq: Seq(seq),
            key: StateKey::new("position", id).unwrap(),
            version: VersionNumber(1),
            operation: Operation::Create,
            data: None,
            content_hash: None,
            chain_hash: ChainHash::START,
            recorded_at: Timestamp::from_micros(0),
            author: Some(Arc::from("me")),
            description: None,
            batch_id: None,
            origin: None,
            verdict: Verdict::NotChecked,
            change: ChangeSummary::default(),
            damaged: None,
        }
    }

    fn topic(text: &str) -> Topic {
        text.parse().unwrap()
    }

    #[test]
    fn overlapping_topics_send_an_event_once_with_data_if_any_wants_it() {
        let mut session = Subscriptions::new(10);
        session.add(topic("states"), Some(Seq(0)), false, Seq(9)).unwrap();
        session.add(topic("state:a"), Some(Seq(0)), true, Seq(9)).unwrap();
        assert_eq!(session.pass(&version(1, "a")), Some(true));
        assert_eq!(session.pass(&version(2, "b")), Some(false));
    }

    #[test]
    fn a_run_s_topic_has_what_it_wrote_and_its_session_and_says_when_it_is_asked() {
        let mut session = Subscriptions::new(10);
        session.add(topic("run:grid.main.3"), Some(Seq(0)), true, Seq(9)).unwrap();
        let of = |state_type: &str, id: &str, seq: u64| Version {
            key: StateKey::new(state_type, id).unwrap(),
            ..version(seq, "x")
        };
        let by = |run: &str, seq: u64| Version {
            origin: Origin { run_id: Some(run.into()), ..Origin::default() }.shared(),
            ..version(seq, "a")
        };
        assert_eq!(session.pass(&by("grid.main.3", 1)), Some(true));
        assert_eq!(session.pass(&by("grid.main.30", 2)), None);
        assert_eq!(session.pass(&of("session", "grid.main.3", 3)), Some(true));
        let pause = of("pause", "grid.main.3", 4);
        assert_eq!(session.pass(&pause), None, "it is said what is asked, not how that is kept");
        assert_eq!(session.asked_by(&pause).count(), 1);
        assert_eq!(session.asked_by(&of("pause", "grid.main.4", 5)).count(), 0);
        assert_eq!(session.asked_by(&of("session", "grid.main.3", 5)).count(), 0);
        for (more, said) in [
            ("", 1),
            (r#","heard_at":"2026-11-30T09:41:00Z""#, 0),
            (
                r#","answer":{"at":"2026-11-30T09:41:00Z","as_of":"2026-11-30T09:41:00Z","counts":{"matched":0,"quantity_mismatch":0,
                "price_mismatch":0,"missing_here":0,"missing_there":0,"unknown":0}}"#,
                0,
            ),
        ] {
            let data =
                format!(r#"{{"ask":"x","run_id":"grid.main.3","asked_at":"2026-11-30T09:40:00Z"{more}}}"#);
            let asked =
                Version { data: Some(data.parse().unwrap()), ..of("reconcile_ask", "grid.main.3", 6) };
            assert_eq!(session.asked_by(&asked).count(), said, "{more}");
        }
    }

    #[test]
    fn each_topic_starts_where_it_was_asked_to() {
        let mut session = Subscriptions::new(10);
        assert_eq!(session.add(topic("state:a"), None, true, Seq(5)), Ok(Seq(5)));
        assert_eq!(session.add(topic("state:b"), Some(Seq(2)), true, Seq(5)), Ok(Seq(2)));
        assert_eq!(session.cursor(), Seq(2));
        assert_eq!(session.pass(&version(3, "a")), None);
        assert_eq!(session.pass(&version(4, "b")), Some(true));
        assert_eq!(session.pass(&version(6, "a")), Some(true));
    }

    #[test]
    fn what_was_sent_is_not_gone_back_behind() {
        let mut session = Subscriptions::new(10);
        session.add(topic("states"), Some(Seq(3)), true, Seq(9)).unwrap();
        session.pass(&version(4, "a"));
        assert!(matches!(
            session.add(topic("state:b"), Some(Seq(3)), true, Seq(9)),
            Err(Refused::CannotReplay(_))
        ));
        assert_eq!(session.add(topic("state:b"), Some(Seq(4)), true, Seq(9)), Ok(Seq(4)));
        assert!(matches!(
            session.add(topic("state:c"), Some(Seq(10)), true, Seq(9)),
            Err(Refused::CannotReplay(_))
        ));
    }

    #[test]
    fn topics_are_limited_and_can_be_given_back() {
        let mut session = Subscriptions::new(1);
        session.add(topic("states"), None, true, Seq(0)).unwrap();
        assert_eq!(session.add(topic("state:a"), None, true, Seq(0)), Err(Refused::TooMany(1)));
        session.remove(&topic("states"));
        assert!(session.is_empty());
        session.add(topic("state:a"), None, true, Seq(7)).unwrap();
        assert_eq!(session.cursor(), Seq(7));
    }
}
