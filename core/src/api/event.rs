//! The log of versions as events, and the words of the WebSocket.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::record::Record;
use super::state::with_data;
use super::{Ask, ReconcileAsk, VersionView};
use crate::json::Document;
use crate::model::{RunId, Seq, StateId, StateKey, StateType, Timestamp};

/// What a subscriber listens to: `states`, `states:<type>`, `state:<id>` or `run:<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Topic {
    /// Every state.
    All,
    /// Every state of a type.
    Type(StateType),
    /// Every state of this id, whatever its type.
    Id(StateId),
    /// What this run writes, its session, and what it is asked.
    Run(Box<RunId>),
}

/// The text is not a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a topic: use states, states:<type>, state:<id> or run:<id>")]
pub struct TopicError(String);

impl Topic {
    /// Whether an event of this state, which this run wrote if any did, belongs to the topic.
    #[must_use]
    pub fn covers(&self, key: &StateKey, run_id: Option<&str>) -> bool {
        match self {
            Self::Run(run) => run_id == Some(run.as_str()) || key == run.session(),
            Self::All => true,
            Self::Type(state_type) => *state_type == key.state_type,
            Self::Id(state_id) => *state_id == key.state_id,
        }
    }
}

impl FromStr for Topic {
    type Err = TopicError;
    fn from_str(text: &str) -> Result<Self, TopicError> {
        let topic = match text.split_once(':') {
            None if text == "states" => Some(Self::All),
            Some(("states", name)) => StateType::new(name).ok().map(Self::Type),
            Some(("state", id)) => StateId::new(id).ok().map(Self::Id),
            Some(("run", id)) => id.parse().ok().map(|run| Self::Run(Box::new(run))),
            _ => None,
        };
        topic.ok_or_else(|| TopicError(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("states"),
            Self::Type(state_type) => write!(f, "states:{state_type}"),
            Self::Id(state_id) => write!(f, "state:{state_id}"),
            Self::Run(run) => write!(f, "run:{}", run.as_str()),
        }
    }
}

impl TryFrom<String> for Topic {
    type Error = TopicError;
    fn try_from(text: String) -> Result<Self, TopicError> {
        text.parse()
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.to_string()
    }
}

/// One version as an event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Record")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Everything but the data.
    #[serde(flatten)]
    pub version: VersionView,
    /// The exact data; null for a tombstone; absent when the subscriber asked for none.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Document>,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        with_data(&self.version, self.data.as_ref(), serializer)
    }
}

/// Answer to `GET /events?after=SEQ`, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPage {
    /// This page.
    pub events: Vec<Event>,
    /// Versions in the stretch that cannot be read, not even of which state they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    /// Everything up to here has been looked at: the `after` of the next request.
    pub next_after: Seq,
    /// The store's last seq.
    pub seq: Seq,
}

/// A version that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unreadable {
    /// Which.
    pub seq: Seq,
    /// What is wrong with it.
    pub reason: String,
}

/// What a WebSocket client may say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Listen to a topic.
    Subscribe {
        /// Which.
        topic: Topic,
        /// Send everything after this seq first; without it only what is written from now on. One position serves the
        /// whole connection: an earlier `after` moves it back only while nothing has been sent yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
        /// Whether events carry their data.
        #[serde(default = "yes")]
        data: bool,
    },
    /// Stop listening to a topic.
    Unsubscribe {
        /// Which.
        topic: Topic,
    },
    /// Ask for a `pong`.
    Ping,
}

fn yes() -> bool {
    true
}

/// Whether the store answers, as far as the server's own calls have told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorePulse {
    /// It does.
    #[default]
    Up,
    /// It does not; writes are kept in the fallback journal meanwhile (202).
    Journal,
    /// It does not, and writes are refused (503).
    Away,
}

/// What the server says on a WebSocket.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The subscription holds.
    SubscriptionConfirmed {
        /// Which.
        topic: Topic,
        /// Events after this seq will be sent.
        after: Seq,
        /// The store's last seq, so that a client can say how far behind it is.
        seq: Seq,
    },
    /// The subscription is gone.
    UnsubscriptionConfirmed {
        /// Which.
        topic: Topic,
    },
    /// A version was written.
    StateUpdate(Box<Event>),
    /// Everything up to this seq has been sent or did not belong to the topics.
    CaughtUp {
        /// How far.
        seq: Seq,
    },
    /// A run whose topic is listened to is asked something for a restore. It is no part of the log: what counts is what the run is asked
    /// now, and that is said whenever it changes, and at once to who subscribes.
    Ask {
        /// Which run.
        run_id: String,
        /// What.
        #[serde(flatten)]
        ask: Box<Ask>,
    },
    /// A run whose topic is listened to is asked to ask its broker. Like `ask` it is no part of the log; it has a word of its own, so that a
    /// program which knows of restores only passes over it.
    AskReconcile(Box<ReconcileAsk>),
    /// One of the two before, read: whoever reads messages as these is a page, which has nothing to do with what a run is asked.
    #[serde(skip_serializing)]
    ForRun,
    /// Snapshots or restores were made or deleted: read their lists again.
    ListsChanged,
    /// What the client asked cannot be replayed.
    CannotReplay {
        /// The position asked for.
        after: Seq,
        /// Why.
        reason: String,
        /// The store's last seq.
        seq: Seq,
    },
    /// What is stored of the version with this seq cannot be read, not even of which state it is. The log goes on behind it.
    Damaged {
        /// Which.
        seq: Seq,
        /// What is wrong with it.
        reason: String,
    },
    /// Answer to `ping`.
    Pong,
    /// The server is there: sent at once and then every few seconds to who asked for it when it connected
    /// (`/ws?heartbeat=SECONDS`). Its time says how old it is, as a message may lie in a queue for long.
    Heartbeat {
        /// The server's time when it was sent.
        now: Timestamp,
        /// The last seq that the server knows.
        seq: Seq,
        /// How its store is.
        store: StorePulse,
    },
    /// The message was not understood; the connection stays.
    Error {
        /// Stable word.
        code: String,
        /// For people.
        message: String,
    },
}

impl<'de> Deserialize<'de> for ServerMessage {
    /// Serde reads tagged enums through a buffer that cannot carry an event's exact data, so the word that tells them
    /// apart is read first.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The members of every message but an update.
        #[derive(Deserialize)]
        struct Words {
            r#type: String,
            topic: Option<Topic>,
            after: Option<Seq>,
            seq: Option<Seq>,
            reason: Option<String>,
            code: Option<String>,
            message: Option<String>,
            now: Option<Timestamp>,
            store: Option<StorePulse>,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let words: Words = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let missing = D::Error::missing_field;
        let topic = || words.topic.clone().ok_or_else(|| missing("topic"));
        let after = || words.after.ok_or_else(|| missing("after"));
        let seq = || words.seq.ok_or_else(|| missing("seq"));
        Ok(match words.r#type.as_str() {
            "subscription_confirmed" => {
                Self::SubscriptionConfirmed { topic: topic()?, after: after()?, seq: seq()? }
            }
            "unsubscription_confirmed" => Self::UnsubscriptionConfirmed { topic: topic()? },
            "state_update" => Self::StateUpdate(serde_json::from_str(raw.get()).map_err(D::Error::custom)?),
            "caught_up" => Self::CaughtUp { seq: seq()? },
            "lists_changed" => Self::ListsChanged,
            "ask" | "ask_reconcile" => Self::ForRun,
            "cannot_replay" => Self::CannotReplay {
                after: after()?,
                reason: words.reason.ok_or_else(|| missing("reason"))?,
                seq: seq()?,
            },
            "damaged" => {
                Self::Damaged { seq: seq()?, reason: words.reason.ok_or_else(|| missing("reason"))? }
            }
            "pong" => Self::Pong,
            "heartbeat" => Self::Heartbeat {
                now: words.now.ok_or_else(|| missing("now"))?,
                seq: seq()?,
                store: words.store.ok_or_else(|| missing("store"))?,
            },
            "error" => Self::Error {
                code: words.code.ok_or_else(|| missing("code"))?,
                message: words.message.ok_or_else(|| missing("message"))?,
            },
            other => return Err(D::Error::custom(format_args!("{other:?} is no message of this API"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::AskKind;

    #[test]
    fn an_update_carries_its_data_exactly() {
        let text = format!(
            r#"{{"type":"state_update","state_id":"a/b","state_type":"position","seq":7,"version":1,"version_id":"7-00000000","operation":"create","timestamp":"2026-11-21T09:46:11.118402Z","user_id":null,"description":null,"content_hash":null,"chain_hash":"{}","verdict":{{"status":"valid"}},"change":{{"added":0,"changed":0,"removed":0}},"size":13,"data":{{"x":1.50,"y":12345678901234567890123}}}}"#,
            "0".repeat(64)
        );
        let message: ServerMessage = serde_json::from_str(&text).unwrap();
        assert!(matches!(&message, ServerMessage::StateUpdate(event) if event.version.seq == Seq(7)));
        assert_eq!(serde_json::to_string(&message).unwrap(), text);
    }

    #[test]
    fn other_messages_round_trip() {
        for message in [
            ServerMessage::Pong,
            ServerMessage::CaughtUp { seq: Seq(4) },
            ServerMessage::Damaged { seq: Seq(4), reason: "it is missing".into() },
            ServerMessage::Heartbeat {
                now: Timestamp::from_micros(7),
                seq: Seq(4),
                store: StorePulse::Journal,
            },
            ServerMessage::SubscriptionConfirmed { topic: Topic::All, after: Seq(1), seq: Seq(2) },
            ServerMessage::UnsubscriptionConfirmed { topic: "run:grid.main.3".parse().unwrap() },
        ] {
            let text = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<ServerMessage>(&text).unwrap(), message, "{text}");
        }
        assert!(serde_json::from_str::<ServerMessage>(r#"{"type":"no_such"}"#).is_err());
    }

    #[test]
    fn what_a_run_is_asked_is_passed_over_by_pages() {
        let ask = ServerMessage::Ask {
            run_id: "grid.main.3".into(),
            ask: Box::new(Ask {
                handshake: "h".into(),
                kind: AskKind::Reload,
                states: vec![StateKey::new("position", "a").unwrap()],
                more: 0,
                until: None,
                seq: Some(Seq(9)),
                reason: None,
            }),
        };
        let reconcile = ServerMessage::AskReconcile(Box::new(ReconcileAsk {
            ask: "a".into(),
            run_id: "grid.main.3".into(),
            host: None,
            asked_at: Timestamp::from_micros(7),
            reason: Some("two rows are unknown".into()),
            user_id: None,
            heard_at: None,
            heard_by: None,
            answer: None,
        }));
        for message in [ask, reconcile] {
            let text = serde_json::to_string(&message).unwrap();
            assert!(text.contains(r#""run_id":"grid.main.3""#), "{text}");
            assert_eq!(serde_json::from_str::<ServerMessage>(&text).unwrap(), ServerMessage::ForRun);
        }
    }
}
