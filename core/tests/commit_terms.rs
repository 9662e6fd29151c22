//! Batches on terms: what is checked, and what is closed because the batch does not name it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use stateloft_core::commit::{
    CHECKED_BYTES, CLOSED_BYTES, CLOSED_MAX, Change, Check, Closing, Condition, Expectation, Outcome,
    Refusal, Signed, Terms, Tip, TooMuch, Write, decide, decide_on_terms,
};
use stateloft_core::hash::ContentHash;
use stateloft_core::json::{Document, Pointer};
use stateloft_core::model::{
    ChangeSummary, Operation, StateId, StateKey, StateType, Timestamp, Verdict, Version, VersionNumber,
};

fn doc(text: &str) -> Document {
    text.parse().unwrap()
}

fn key(kind: &str, id: &str) -> StateKey {
    StateKey::new(kind, id).unwrap()
}

fn write(kind: &str, id: &str, change: Change) -> Write {
    Write {
        key: key(kind, id),
        change,
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: None,
        description: None,
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    }
}

fn save(kind: &str, id: &str, text: &str) -> Write {
    write(kind, id, Change::Save(doc(text)))
}

fn closing(types: &[&str], prefix: &str) -> Closing {
    Closing {
        types: types.iter().map(|name| StateType::new(name).unwrap()).collect(),
        prefix: StateId::new(prefix).ok(),
    }
}

fn check(kind: &str, id: &str, condition: Condition) -> Check {
    Check { item: 0, key: key(kind, id), condition }
}

fn equals(pointer: &str, value: &str) -> Condition {
    Condition::Equals(Pointer::parse(pointer).unwrap(), doc(value))
}

fn has(pointer: &str, wanted: bool) -> Condition {
    Condition::Has(Pointer::parse(pointer).unwrap(), wanted)
}

struct Log {
    tip: Tip,
    heads: HashMap<StateKey, Version>,
}

impl Log {
    fn of(writes: &[Write]) -> Self {
        let mut log = Self { tip: Tip::START, heads: HashMap::new() };
        let now = Timestamp::from_micros(1);
        decide(writes, &mut log.tip, &mut log.heads, now, &|_, _, _| ChangeSummary::default()).unwrap();
        log
    }

    fn commit(&mut self, batch: &[Write], terms: &Terms) -> Result<Vec<Outcome>, Refusal> {
        let before = (self.tip, self.heads.clone());
        let now = Timestamp::from_micros(2);
        let summary = |_: &_, _: Option<&_>, _: Option<&_>| ChangeSummary::default();
        let done = decide_on_terms(batch, terms, &mut self.tip, &mut self.heads, now, &summary);
        if done.is_err() {
            assert_eq!((self.tip, &self.heads), (before.0, &before.1), "a refused batch changes nothing");
        }
        done
    }

    fn holds(&mut self, check: &Check) -> bool {
        let terms = Terms { checks: vec![check.clone()], ..Terms::default() };
        match self.commit(&[save("position", "new", "{}")], &terms) {
            Ok(_) => true,
            Err(Refusal::ChecksFailed(failed)) => {
                assert_eq!(failed.len(), 1);
                assert_eq!(
                    (&failed[0].check, &failed[0].head),
                    (check, &self.heads.get(&check.key).cloned())
                );
                false
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn named(outcomes: &[Outcome]) -> Vec<(String, Operation)> {
    outcomes.iter().map(|outcome| (outcome.version().key.to_string(), outcome.version().operation)).collect()
}

#[test]
fn what_is_not_named_is_deleted_in_the_same_commit_and_says_who_did_it() {
    let mut log = Log::of(&[
        save("position", "a", "{}"),
        save("position", "gone", "{}"),
        write("position", "gone", Change::Delete),
        save("position", "z", "{}"),
        save("position", "b", "{}"),
        save("portfolio", "a", "{}"),
    ]);
    let signed = Signed {
        author: Some("bot".into()),
        description: Some("end of day".into()),
        batch_id: Some("batch".into()),
        origin: None,
    };
    let terms = Terms { closings: vec![closing(&["position"], "")], signed, ..Terms::default() };
    let before = log.tip.seq;
    let done = log.commit(&[save("position", "b", "{}"), save("position", "new", "{}")], &terms).unwrap();
    assert_eq!(
        named(&done),
        [
            ("position b".to_owned(), Operation::Create),
            ("position new".to_owned(), Operation::Create),
            ("position a".to_owned(), Operation::Delete),
            ("position z".to_owned(), Operation::Delete),
        ]
    );
    assert!(!done[0].is_written(), "equal data makes no version, and is named all the same");
    assert_eq!(log.tip.seq.0, before.0 + 3);
    let tombstone = done[2].version();
    assert_eq!((tombstone.author.as_deref(), tombstone.batch_id.as_deref()), (Some("bot"), Some("batch")));
    assert_eq!((tombstone.description.as_deref(), tombstone.version), (Some("end of day"), VersionNumber(2)));
    let nothing = log.commit(&[], &terms).unwrap();
    assert_eq!(named(&nothing).len(), 2, "a batch of no writes closes all");
    assert_eq!(log.commit(&[], &terms), Ok(vec![]), "and then there is nothing to close");
}

#[test]
fn a_closing_reaches_its_types_and_its_prefix_and_no_further() {
    let all =
        ["position é/1", "position é/2", "position é", "position e/1", "pair_state é/1", "portfolio é/1"];
    let split = |name: &str| name.split_once(' ').map(|(kind, id)| save(kind, id, "{}")).unwrap();
    let mut log = Log::of(&all.map(split));
    let closings = vec![closing(&["position"], "é/"), closing(&["pair_state", "position"], "é/1")];
    let done = log.commit(&[], &Terms { closings, ..Terms::default() }).unwrap();
    let closed: Vec<_> = named(&done).into_iter().map(|(name, _)| name).collect();
    assert_eq!(closed, ["pair_state é/1", "position é/1", "position é/2"], "each once");
}

#[test]
fn what_a_batch_deletes_or_looks_at_is_named_as_well() {
    let mut log =
        Log::of(&[save("position", "a", "{}"), save("position", "b", "{}"), save("position", "c", "{}")]);
    let terms = Terms {
        checks: vec![check("position", "b", Condition::Head(Expectation::Present))],
        closings: vec![closing(&["position"], "")],
        ..Terms::default()
    };
    let done = log.commit(&[write("position", "c", Change::Delete)], &terms).unwrap();
    let closed: Vec<_> = named(&done).into_iter().map(|(name, _)| name).collect();
    assert_eq!(closed, ["position c", "position a"]);
}

#[test]
fn more_than_one_batch_may_close_is_refused_and_nothing_is_closed() {
    let many: Vec<_> = (0..=CLOSED_MAX).map(|n| save("position", &n.to_string(), "{}")).collect();
    let mut log = Log::of(&many);
    let terms = Terms { closings: vec![closing(&["position"], "")], ..Terms::default() };
    assert_eq!(log.commit(&[], &terms), Err(Refusal::TooMuch(TooMuch::ToClose)));
    assert_eq!(log.commit(&many[..1], &terms).unwrap().len(), CLOSED_MAX + 1, "one less is not too much");

    let large = format!("\"{}\"", "x".repeat(CLOSED_BYTES / 2));
    let mut log = Log::of(&[save("position", "a", &large), save("position", "b", &large)]);
    assert_eq!(log.commit(&[], &terms), Err(Refusal::TooMuch(TooMuch::ToClose)));
    assert_eq!(log.commit(&[save("position", "b", "{}")], &terms).unwrap().len(), 2);
}

#[test]
fn a_head_is_checked_by_its_number_its_hash_and_by_being_there() {
    let writes =
        [save("position", "a", r#"{"n":1}"#), save("position", "gone", "{}"), save("position", "gone", "1")];
    let mut log = Log::of(&writes);
    Log::commit(&mut log, &[write("position", "gone", Change::Delete)], &Terms::default()).unwrap();
    let version = |n| Condition::Head(Expectation::Version(VersionNumber(n)));
    let content = |text: &str| Condition::Content(ContentHash::of(&doc(text)));
    for (id, condition, holds) in [
        ("a", version(1), true),
        ("a", version(2), false),
        ("a", version(0), false),
        ("never", version(0), true),
        ("gone", version(3), true),
        ("a", Condition::Head(Expectation::Present), true),
        ("a", Condition::Head(Expectation::Absent), false),
        ("gone", Condition::Head(Expectation::Present), false),
        ("gone", Condition::Head(Expectation::Absent), true),
        ("never", Condition::Head(Expectation::Absent), true),
        ("a", content(r#"{"n":1}"#), true),
        ("a", content(r#"{"n":1.0}"#), false),
        ("gone", content("1"), false),
        ("never", content("1"), false),
    ] {
        assert_eq!(log.holds(&check("position", id, condition.clone())), holds, "{id} {condition:?}");
    }
}

#[test]
fn a_value_is_checked_as_a_value_at_its_place() {
    let data = r#"{"stop":1.0840,"legs":[{"qty":1e2},{"qty":null}],"a/b":{"~":true},"":"x"}"#;
    let mut log = Log::of(&[save("position", "a", data), save("position", "gone", data)]);
    Log::commit(&mut log, &[write("position", "gone", Change::Delete)], &Terms::default()).unwrap();
    for (id, condition, holds) in [
        ("a", equals("/stop", "1.084"), true),
        ("a", equals("/stop", "1.08400000000000000000000001"), false),
        ("a", equals("/stop", r#""1.0840""#), false),
        ("a", equals("/legs/0/qty", "100.0"), true),
        ("a", equals("/legs/0", r#"{"qty":100}"#), true),
        ("a", equals("/legs/1/qty", "null"), true),
        ("a", equals("/legs/2/qty", "null"), false),
        ("a", equals("/a~1b/~0", "true"), true),
        ("a", equals("/", r#""x""#), true),
        (
            "a",
            equals("", r#"{"":"x","a/b":{"~":true},"legs":[{"qty":100},{"qty":null}],"stop":1.084}"#),
            true,
        ),
        ("a", has("/legs/1/qty", true), true),
        ("a", has("/legs/1/price", true), false),
        ("a", has("/legs/1/price", false), true),
        ("a", has("/stop", false), false),
        ("gone", equals("/stop", "1.084"), false),
        ("gone", has("/stop", false), true),
        ("never", has("", false), true),
        ("never", has("", true), false),
    ] {
        assert_eq!(log.holds(&check("position", id, condition.clone())), holds, "{id} {condition:?}");
    }
}

#[test]
fn checks_are_of_what_was_there_before_the_batch_and_every_failing_one_is_named() {
    let mut log = Log::of(&[save("position", "a", r#"{"n":1}"#)]);
    let at = |item, condition| Check { item, ..check("position", "a", condition) };
    let checks = vec![at(0, equals("/n", "1")), at(2, equals("/n", "2")), at(5, has("/m", true))];
    let terms = Terms { checks, ..Terms::default() };
    let Err(Refusal::ChecksFailed(failed)) = log.commit(&[save("position", "a", r#"{"n":2}"#)], &terms)
    else {
        panic!("a check that only what is written would fulfil was taken to hold");
    };
    assert_eq!(failed.iter().map(|failed| failed.check.item).collect::<Vec<_>>(), [2, 5]);
    let terms = Terms { checks: vec![at(0, equals("/n", "1"))], ..Terms::default() };
    assert_eq!(log.commit(&[save("position", "a", r#"{"n":2}"#)], &terms).unwrap().len(), 1);
}

#[test]
fn of_a_damaged_head_nothing_but_its_place_is_known() {
    let mut log = Log::of(&[save("position", "a", r#"{"n":1}"#)]);
    let head = log.heads.get_mut(&key("position", "a")).unwrap();
    (head.data, head.damaged) = (None, Some("a bit flipped".into()));
    let hash = Condition::Content(head.content_hash.unwrap());
    for condition in [hash, has("/n", false), has("/n", true), equals("/n", "1")] {
        assert!(!log.holds(&check("position", "a", condition)), "nobody can say");
    }
    assert!(log.holds(&check("position", "a", Condition::Head(Expectation::Version(VersionNumber(1))))));
}

#[test]
fn checks_that_would_look_through_too_much_are_refused_by_count_and_not_by_time() {
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    let mut log = Log::of(&[save("position", "a", &large)]);
    let each = check("position", "a", has("", true));
    let many = |count| Terms { checks: vec![each.clone(); count], ..Terms::default() };
    let (fit, batch) = (CHECKED_BYTES / (large.len()), [save("position", "b", "1")]);
    assert_eq!(log.commit(&batch, &many(fit + 1)), Err(Refusal::TooMuch(TooMuch::ToCheck)));
    assert_eq!(log.commit(&batch, &many(fit)).unwrap().len(), 1);
}
