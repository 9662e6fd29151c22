//! Whether a write that was never answered is there after all. Nothing carries the mark of this page, so everything that
//! can be compared is: place, kind, author, reason, content, time. What could be somebody else's is never called found.

use stateloft_core::api::{
    BreakerState, BreakerStatus, ClockStatus, RestoreRecord, SnapshotView, VersionView,
};
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{Operation, Timestamp};

use super::age;

/// How much earlier than it was sent a write may have been recorded, in microseconds: clocks differ a little.
const SLACK: i64 = 2_000_000;

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    There(String),
    /// It is not there, and may still come.
    NotYet(String),
    /// It is not there and cannot come any more: something else is in its place.
    Never(String),
}

/// Who wrote, why, and when it was sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hand {
    /// Who.
    pub user_id: Option<String>,
    /// Why; `None` where the server finds words of its own.
    pub reason: Option<String>,
    /// When it was sent, by the server's clock.
    pub sent: Timestamp,
}

impl Hand {
    /// Whether something of this author, reason and time can be of this hand.
    pub(crate) fn wrote(&self, user_id: Option<&str>, reason: Option<&str>, at: Timestamp) -> bool {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        given(self.user_id.as_deref()) == given(user_id)
            && self.reason.as_ref().is_none_or(|own| given(Some(own)) == given(reason))
            && at.micros() + SLACK >= self.sent.micros()
    }

    /// `by you`, as far as a name says it.
    fn name(&self) -> String {
        match self.user_id.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => format!("by {name}"),
            None => "without an author".to_owned(),
        }
    }
}

fn by(user_id: Option<&str>, at: Timestamp) -> String {
    format!("by {} at {}", user_id.unwrap_or("no author"), age::clock(at))
}

/// A version that was to follow `base`, and only that one.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// The version it was to follow.
    pub base: u64,
    /// What it was to do.
    pub operation: Operation,
    /// Its content, where it is known.
    pub content: Option<ContentHash>,
    /// Whose it was.
    pub hand: Hand,
}

impl Next {
    /// Looks at the version behind `base`: it is this one or another's, as the server writes only behind `base`.
    #[must_use]
    pub fn judge(&self, behind: Option<&VersionView>) -> Found {
        let Some(version) = behind else {
            return Found::NotYet(format!("the head is still v{}", self.base));
        };
        let (user_id, at) = (version.user_id.as_deref(), version.timestamp);
        let same = version.operation == self.operation
            && (self.content.is_none() || version.content_hash == self.content)
            && self.hand.wrote(user_id, version.description.as_deref(), at);
        if same {
            let (number, name, time) = (version.version, self.hand.name(), age::clock(at));
            Found::There(format!("v{number} is there with the same content {name}, written at {time}."))
        } else {
            Found::Never(format!("v{} is {}", version.version, by(user_id, at)))
        }
    }
}

/// Looks for a restore among the newest. `is_it` says which one it would be: of this plan, or the undoing of that restore.
#[must_use]
pub fn restore<'a>(
    restores: &'a [RestoreRecord],
    is_it: impl Fn(&RestoreRecord) -> bool,
    hand: &Hand,
) -> (Found, Option<&'a RestoreRecord>) {
    let Some(record) = restores.iter().find(|record| is_it(record)) else {
        return (Found::NotYet("no such restore is there".to_owned()), None);
    };
    let (user_id, at) = (record.user_id.as_deref(), record.timestamp);
    if hand.wrote(user_id, Some(&record.reason), at) {
        let words = format!("The same restore {} is there, written at {}.", hand.name(), age::clock(at));
        (Found::There(words), Some(record))
    } else {
        (Found::Never(format!("the same was written {}", by(user_id, at))), Some(record))
    }
}

/// Looks whether the machine's clock is believed.
#[must_use]
pub fn clock(status: &ClockStatus) -> Found {
    if status.believed {
        Found::There(format!("The clock is believed; times go on from {}.", age::clock(status.now)))
    } else {
        Found::NotYet("the machine's clock is not believed".to_owned())
    }
}

/// Looks at the snapshot that now has the name.
#[must_use]
pub fn snapshot(there: Option<&SnapshotView>, hand: &Hand) -> Found {
    let Some(view) = there else { return Found::NotYet("there is no snapshot of that name".to_owned()) };
    let (user_id, at) = (view.user_id.as_deref(), view.timestamp);
    if hand.wrote(user_id, view.description.as_deref(), at) {
        let (name, time) = (hand.name(), age::clock(at));
        Found::There(format!("It is there {name} with the same description, taken at {time}."))
    } else {
        Found::Never(format!("the snapshot of that name is {}", by(user_id, at)))
    }
}

/// Looks whether a name is gone that was to be forgotten. Whoever did it, it is what was asked for.
#[must_use]
pub fn forgotten(there: Option<&SnapshotView>, forgot: &SnapshotView) -> Found {
    match there {
        None => Found::There("The name is not there any more.".to_owned()),
        Some(view) if view.seq == forgot.seq && view.timestamp == forgot.timestamp => {
            Found::NotYet("the name is still there".to_owned())
        }
        Some(view) => {
            Found::There(format!("The name is given anew, {}.", by(view.user_id.as_deref(), view.timestamp)))
        }
    }
}

/// Looks whether the breaker is as it was to be moved.
#[must_use]
pub fn breaker(breaker: &BreakerStatus, open: bool) -> Found {
    let is_open = breaker.forced && breaker.state == BreakerState::Open;
    let is_reset = !breaker.forced;
    match (open, is_open, is_reset) {
        (true, true, _) => Found::There("It is open by hand.".to_owned()),
        (false, _, true) => Found::There("Nothing holds it by hand.".to_owned()),
        (true, ..) => Found::NotYet("nothing holds it open".to_owned()),
        (false, ..) => Found::NotYet("it is still held by hand".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn hand() -> Hand {
        Hand { user_id: Some("ops".into()), reason: Some("why".into()), sent: at(100) }
    }

    fn version(number: u64, operation: &str, user: &str, why: &str, second: i64) -> VersionView {
        serde_json::from_str(&format!(
            r#"{{"state_id":"A","state_type":"position","seq":9,"version":{number},"version_id":"x",
            "operation":"{operation}","timestamp":"{}","user_id":"{user}","description":"{why}",
            "content_hash":null,"chain_hash":"{}","verdict":{{"status":"valid"}},
            "change":{{"added":0,"changed":0,"removed":0}},"size":2}}"#,
            at(second),
            "0".repeat(64)
        ))
        .unwrap()
    }

    fn deletion() -> Next {
        Next { base: 11, operation: Operation::Delete, content: None, hand: hand() }
    }

    #[test]
    fn ones_own_deletion_is_found_again() {
        let found = deletion().judge(Some(&version(12, "delete", "ops", "why", 101)));
        let words = "v12 is there with the same content by ops, written at 00:01:41.";
        assert_eq!(found, Found::There(words.into()));
        assert_eq!(deletion().judge(None), Found::NotYet("the head is still v11".into()));
    }

    #[test]
    fn what_may_be_anothers_is_not_called_found() {
        for other in [
            version(12, "delete", "desk", "why", 101),
            version(12, "delete", "ops", "another reason", 101),
            version(12, "update", "ops", "why", 101),
            // Somebody of the same name deleted it for the same reason before this page sent anything.
            version(12, "delete", "ops", "why", 90),
        ] {
            let found = deletion().judge(Some(&other));
            assert!(matches!(found, Found::Never(_)), "{other:?}: {found:?}");
        }
        let other = deletion().judge(Some(&version(12, "delete", "desk", "why", 101)));
        assert_eq!(other, Found::Never("v12 is by desk at 00:01:41".into()));
    }

    #[test]
    fn content_is_compared_where_it_is_known() {
        let hash = |byte: u8| Some(ContentHash::from_bytes([byte; 32]));
        let undelete = Next { operation: Operation::Restore, content: hash(1), ..deletion() };
        let mut back = version(12, "restore", "ops", "why", 101);
        back.content_hash = hash(1);
        assert!(matches!(undelete.judge(Some(&back)), Found::There(_)));
        back.content_hash = hash(2);
        assert!(matches!(undelete.judge(Some(&back)), Found::Never(_)));
    }

    #[test]
    fn an_empty_reason_is_none_and_the_servers_own_words_are_not_compared() {
        let silent = Hand { reason: Some(String::new()), ..hand() };
        assert!(silent.wrote(Some("ops"), None, at(100)) && !silent.wrote(Some("ops"), Some("x"), at(100)));
        let any = Hand { reason: None, ..hand() };
        assert!(any.wrote(Some("ops"), Some("undo of r1"), at(99)));
    }

    fn record(plan: &str, user: &str, second: i64) -> RestoreRecord {
        serde_json::from_str(&format!(
            r#"{{"restore_id":"r1","plan":"{plan}","target":"seq:1","target_seq":1,"scope":{{}},
            "counts":{{"changed":1,"recreated":0,"deleted":0,"equal":0,"invalid":0}},"first_seq":7,"last_seq":7,
            "snapshot_before":"s","timestamp":"{}","user_id":"{user}","reason":"why"}}"#,
            at(second)
        ))
        .unwrap()
    }

    #[test]
    fn a_restore_is_known_by_its_plan_author_and_reason() {
        let of_plan = |record: &RestoreRecord| record.plan == "abc";
        let mine = [record("other", "ops", 105), record("abc", "ops", 101)];
        let (found, there) = restore(&mine, of_plan, &hand());
        assert_eq!(found, Found::There("The same restore by ops is there, written at 00:01:41.".into()));
        assert_eq!(there.map(|record| record.restore_id.as_str()), Some("r1"));
        let (found, _) = restore(&[record("abc", "desk", 101)], of_plan, &hand());
        assert_eq!(found, Found::Never("the same was written by desk at 00:01:41".into()));
        assert!(matches!(restore(&[], of_plan, &hand()).0, Found::NotYet(_)));
    }

    fn view(user: &str, second: i64) -> SnapshotView {
        serde_json::from_str(&format!(
            r#"{{"snapshot_id":"eod","success":true,"message":"","timestamp":"{}","seq":5,"description":"why",
            "user_id":"{user}","kind":"manual"}}"#,
            at(second)
        ))
        .unwrap()
    }

    #[test]
    fn a_snapshot_of_that_name_may_be_anothers() {
        let words = "It is there by ops with the same description, taken at 00:01:41.";
        assert_eq!(snapshot(Some(&view("ops", 101)), &hand()), Found::There(words.into()));
        let never = Found::Never("the snapshot of that name is by desk at 00:01:41".into());
        assert_eq!(snapshot(Some(&view("desk", 101)), &hand()), never);
        assert!(matches!(snapshot(Some(&view("ops", 50)), &hand()), Found::Never(_)), "an older one");
        assert!(matches!(snapshot(None, &hand()), Found::NotYet(_)));
    }

    #[test]
    fn a_forgotten_name_is_gone_or_names_something_else() {
        let forgot = view("ops", 50);
        assert!(matches!(forgotten(None, &forgot), Found::There(_)));
        assert!(matches!(forgotten(Some(&forgot), &forgot), Found::NotYet(_)));
        assert!(matches!(forgotten(Some(&view("desk", 101)), &forgot), Found::There(_)));
    }
}
