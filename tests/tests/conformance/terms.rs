//! Batches on terms: what is checked and what is closed is decided inside the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stateloft_core::commit::{
    CLOSED_BYTES, CLOSED_MAX, Change, Check, Closing, Condition, Expectation, Outcome, Refusal, Signed,
    Terms, TooMuch, Write,
};
use stateloft_core::json::Pointer;
use stateloft_core::model::{Operation, Seq, StateId, StateKey, StateType, Version, VersionNumber};
use stateloft_server::service::Clock as _;
use stateloft_server::store::{StateStore, WriteRefusal, WriteRequest};

use crate::fixture::{Fixture, batch, delete, doc, key, outcomes, save, typed};

fn closing(types: &[&str], prefix: &str) -> Closing {
    let types = types.iter().map(|name| StateType::new(name).unwrap()).collect();
    Closing { types, prefix: StateId::new(prefix).ok() }
}

fn on_terms(writes: Vec<Write>, terms: Terms) -> WriteRequest {
    WriteRequest::OnTerms { writes, terms: Box::new(terms), told: None }
}

fn closes(writes: Vec<Write>, types: &[&str], prefix: &str) -> WriteRequest {
    on_terms(writes, Terms { closings: vec![closing(types, prefix)], ..Terms::default() })
}

fn of(key: StateKey) -> Write {
    Write { key, ..save("x", r#"{"n":1}"#) }
}

async fn done(f: &Fixture, request: WriteRequest) -> Vec<Outcome> {
    f.commit(&[request]).await.pop().unwrap().map(outcomes).unwrap()
}

async fn refused(f: &Fixture, request: WriteRequest) -> Refusal {
    match f.commit(&[request]).await.pop().unwrap() {
        Err(WriteRefusal::Batch(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn names(outcomes: &[Outcome]) -> Vec<String> {
    outcomes.iter().map(|outcome| outcome.version().key.to_string()).collect()
}

pub async fn what_a_batch_does_not_name_is_closed_in_the_same_commit(f: &Fixture) {
    for id in ["a", "b", "c", "gone"] {
        f.save(id, r#"{"n":1}"#).await;
    }
    f.delete("gone").await;
    f.write(of(typed("portfolio", "main"))).await;
    let signed = Signed { author: Some("bot".into()), batch_id: Some("all".into()), ..Signed::default() };
    let terms = Terms { closings: vec![closing(&["position"], "")], signed, ..Terms::default() };
    let tip = f.tip().await;
    let outcomes =
        done(f, on_terms(vec![save("b", r#"{"n":1}"#), save("new", "{}"), delete("c")], terms)).await;
    assert_eq!(names(&outcomes), ["position b", "position new", "position c", "position a"]);
    let closed = outcomes[3].version();
    assert_eq!((closed.operation, closed.version), (Operation::Delete, VersionNumber(2)));
    assert_eq!((closed.author.as_deref(), closed.batch_id.as_deref()), (Some("bot"), Some("all")));
    assert_eq!(f.tip().await, Seq(tip.0 + 3));
    assert_eq!(f.head("a").await.as_ref(), Some(closed));
    assert_eq!(f.store.by_seq(closed.seq).await.unwrap().as_ref(), Some(closed));
    assert!(!f.store.head(&typed("portfolio", "main")).await.unwrap().unwrap().is_deleted());
    let positions = f.store.totals().await.unwrap().into_iter().find(|t| t.state_type.as_str() == "position");
    assert_eq!(positions.map(|totals| (totals.live, totals.deleted)), Some((2, 3)));
    let again = done(f, closes(vec![save("b", r#"{"n":1}"#), save("new", "{}")], &["position"], "")).await;
    assert_eq!(names(&again), ["position b", "position new"], "there is nothing more to close");
    assert_eq!(f.tip().await, Seq(tip.0 + 3));
}

pub async fn a_closing_reaches_exactly_its_types_and_its_prefix(f: &Fixture) {
    let ids = ["a", "a_", "a%", "a/b", "aé", "a\u{10ffff}", "ab", "A", "á", "b", " a", "é", "a\u{d7ff}x"];
    for id in ids {
        f.write(of(typed("position", id))).await;
        f.write(of(typed("pair_state", id))).await;
    }
    let dry = |types: &'static [&'static str], prefix: &'static str| async move {
        // A check that does not hold keeps everything as it is, so each prefix is tried on the same states.
        let closing = closing(types, prefix);
        let all: BTreeSet<_> = ids
            .iter()
            .flat_map(|id| ["pair_state", "position"].map(|kind| typed(kind, id)))
            .filter(|key| closing.has(key))
            .map(|key| key.to_string())
            .collect();
        let names = names(&done(f, closes(vec![], types, prefix)).await);
        assert_eq!(names.iter().cloned().collect::<BTreeSet<_>>(), all, "{types:?} {prefix:?}");
        assert!(names.is_sorted(), "{names:?}");
        for key in all {
            let (kind, id) = key.split_once(' ').unwrap();
            f.write(of(typed(kind, id))).await;
        }
    };
    for prefix in ["a_", "a%", "a/", "aé", "a\u{10ffff}", "a\u{d7ff}", "a", "A", " ", "é", "zz", ""] {
        dry(&["position"], prefix).await;
    }
    dry(&["position", "pair_state", "position"], "ab").await;
    dry(&["portfolio"], "").await;
    let both = vec![closing(&["position"], "a"), closing(&["pair_state", "position"], "ab")];
    let outcomes = done(f, on_terms(vec![], Terms { closings: both, ..Terms::default() })).await;
    let unique: BTreeSet<_> = names(&outcomes).into_iter().collect();
    assert_eq!((unique.len(), outcomes.len()), (9, 9), "each once: {unique:?}");
}

pub async fn requests_of_one_group_are_closed_or_come_after(f: &Fixture) {
    f.save("old", "{}").await;
    let answers = f
        .commit(&[
            batch(vec![save("before", "{}")]),
            batch(vec![delete("old")]),
            closes(vec![save("kept", "{}")], &["position"], ""),
            batch(vec![save("after", "{}"), save("before", r#"{"again":true}"#)]),
            closes(vec![save("after", "{}"), save("kept", "{}")], &["position"], ""),
        ])
        .await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.map(outcomes).unwrap()).collect();
    assert_eq!(names(&answers[2]), ["position kept", "position before"]);
    assert_eq!(answers[3][1].version().operation, Operation::Create, "it came after it was closed");
    assert_eq!(names(&answers[4]), ["position after", "position kept", "position before"]);
    assert_eq!(f.head("before").await.unwrap().version, VersionNumber(4));
}

pub async fn a_batch_is_written_only_if_all_its_checks_hold(f: &Fixture) {
    f.save("a", r#"{"stop":1.0840,"legs":[{"qty":1e2}]}"#).await;
    f.save("gone", "{}").await;
    f.delete("gone").await;
    let check = |item, id: &str, condition| Check { item, key: key(id), condition };
    let at = |pointer: &str| Pointer::parse(pointer).unwrap();
    let holding = vec![
        check(0, "a", Condition::Head(Expectation::Version(VersionNumber(1)))),
        check(1, "a", Condition::Equals(at("/legs/0/qty"), doc("100.0"))),
        check(2, "a", Condition::Has(at("/legs/1"), false)),
        check(3, "gone", Condition::Head(Expectation::Absent)),
        check(4, "never", Condition::Head(Expectation::Version(VersionNumber::ZERO))),
    ];
    let failing = vec![
        check(5, "a", Condition::Equals(at("/stop"), doc("1.085"))),
        check(6, "gone", Condition::Head(Expectation::Present)),
        check(7, "never", Condition::Has(at("/stop"), true)),
    ];
    let tip = f.tip().await;
    let all = Terms { checks: [holding.clone(), failing].concat(), ..Terms::default() };
    let Refusal::ChecksFailed(failed) = refused(f, on_terms(vec![save("b", "{}")], all)).await else {
        panic!("it was refused for something else");
    };
    let heads = (f.head("a").await, f.head("gone").await);
    let named: Vec<_> = failed.into_iter().map(|failed| (failed.check.item, failed.head)).collect();
    assert_eq!(named, [(5, heads.0), (6, heads.1), (7, None)]);
    assert_eq!((f.tip().await, f.head("b").await), (tip, None), "nothing was written");
    let terms = Terms { checks: holding, closings: vec![closing(&["position"], "")], ..Terms::default() };
    let written = done(f, on_terms(vec![save("b", "{}")], terms)).await;
    assert_eq!(names(&written), ["position b"], "what is looked at is named, too");
}

pub async fn more_bytes_than_one_batch_may_close_are_refused_whole(f: &Fixture) {
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20));
    let count = CLOSED_BYTES / large.len() + 1;
    let all: Vec<_> = (0..count).map(|n| save(&format!("large/{n}"), &large)).collect();
    for each in all.chunks(4) {
        assert!(f.commit(&[batch(each.to_vec())]).await[0].is_ok());
    }
    let tip = f.tip().await;
    let refusal = refused(f, closes(vec![save("new", "{}")], &["position"], "")).await;
    assert_eq!(refusal, Refusal::TooMuch(TooMuch::ToClose));
    assert_eq!(f.tip().await, tip);
    let fits = closes(vec![save("large/0", "{}")], &["position"], "large/");
    assert_eq!(done(f, fits).await.len(), count);
}

/// How many is counted in one place for all stores, but what lives is listed by each engine in its own way. So many writes take
/// their time: once for each way.
async fn more_states_than_one_batch_may_close_are_refused_whole(f: Fixture) {
    let many: Vec<_> = (0..=CLOSED_MAX).map(|n| save(&format!("small/{n}"), "{}")).collect();
    let first = many[0].clone();
    assert!(f.commit(&[batch(many)]).await[0].is_ok());
    let tip = f.tip().await;
    let refusal = refused(&f, closes(vec![], &["position"], "small/")).await;
    assert_eq!((refusal, f.tip().await), (Refusal::TooMuch(TooMuch::ToClose), tip));
    assert_eq!(done(&f, closes(vec![first], &["position"], "small/")).await.len(), CLOSED_MAX + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_closes_as_many_states_as_one_batch_may_and_no_more() {
    more_states_than_one_batch_may_close_are_refused_whole(crate::backends::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_closes_as_many_states_as_one_batch_may_and_no_more() {
    more_states_than_one_batch_may_close_are_refused_whole(crate::backends::postgresql().await).await;
}

/// Writers save and delete while others close what they do not name: each closing must have closed exactly what lived at its
/// place in the log and it did not name.
pub async fn closings_race_with_writers(f: &Fixture) {
    const ROUNDS: usize = 12;
    let writers = (0..4).map(|task| {
        let (store, clock) = (Arc::clone(&f.store), Arc::clone(&f.clock));
        tokio::spawn(async move {
            for n in 0..ROUNDS {
                let data = format!(r#"{{"task":{task},"n":{n}}}"#);
                let group = [
                    batch(vec![save(&format!("own/{task}"), &data), save("shared", &data)]),
                    batch(vec![save(&format!("new/{task}/{n}"), &data)]),
                    batch(vec![save("other", &data)]),
                ];
                let answers = store.commit(&group, clock.now()).await.unwrap();
                assert!(answers.iter().all(Result::is_ok), "{answers:?}");
            }
        })
    });
    let closers = (0..2).map(|task| {
        let (store, clock) = (Arc::clone(&f.store), Arc::clone(&f.clock));
        tokio::spawn(async move {
            for n in 0..ROUNDS {
                let own = format!("own/{task}");
                let signed = Signed { batch_id: Some(format!("{own} {n}").into()), ..Signed::default() };
                let terms = Terms { closings: vec![closing(&["position"], "")], signed, ..Terms::default() };
                let kept = Write { batch_id: terms.signed.batch_id.clone(), ..save(&own, &format!("{n}")) };
                let done = store.commit(&[on_terms(vec![kept], terms)], clock.now()).await.unwrap();
                assert!(done[0].is_ok(), "{done:?}");
            }
        })
    });
    for task in writers.chain(closers).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let log = everything(f.store.as_ref()).await;
    let count = |batch: &str| log.iter().filter(|version| version.batch_id.as_deref() == Some(batch)).count();
    let mut live = BTreeMap::<String, bool>::new();
    let mut places = log.iter().peekable();
    let mut closings = 0;
    while let Some(version) = places.next() {
        live.insert(version.key.state_id.to_string(), !version.is_deleted());
        let Some(batch) = &version.batch_id else { continue };
        if places.peek().is_some_and(|next| next.batch_id.as_ref() == Some(batch)) {
            continue;
        }
        // The end of a closing: of what lived, only what it named does.
        closings += 1;
        let left: Vec<_> = live.iter().filter(|(_, live)| **live).map(|(id, _)| id.as_str()).collect();
        let own = batch.split_once(' ').unwrap().0;
        assert_eq!(left, [own], "after {batch}, of {} versions, at seq {}", count(batch), version.seq);
    }
    assert_eq!(closings, 2 * ROUNDS, "none is missing, and none is in pieces");
    let saves = log.iter().filter(|version| version.batch_id.is_none()).count();
    assert_eq!(saves, 4 * ROUNDS * 4, "each save of the writers is there");
    assert!(
        log.iter().any(|v| v.is_deleted() && v.key.state_id.as_str().starts_with("new/")),
        "nobody met anybody"
    );
}

async fn everything(store: &dyn StateStore) -> Vec<Version> {
    let (mut log, mut after) = (Vec::new(), Seq::ZERO);
    loop {
        let page = store.after(after, 1_000).await.unwrap();
        let Some(last) = page.last() else { return log };
        after = last.seq;
        log.extend(page);
    }
}

pub async fn what_was_closed_is_closed_for_whoever_reads_heads(f: &Fixture) {
    for id in ["a", "b"] {
        f.save(id, r#"{"n":1}"#).await;
        assert!(f.head(id).await.is_some_and(|head| !head.is_deleted()), "known to caches");
    }
    done(f, closes(vec![save("b", r#"{"n":2}"#)], &["position"], "")).await;
    assert!(f.head("a").await.unwrap().is_deleted());
    assert_eq!(f.head("b").await.unwrap().data, Some(doc(r#"{"n":2}"#)));
    assert_eq!(f.ids(&crate::fixture::everything()).await, ["b"]);
    f.write(Write { change: Change::Save(doc("{}")), ..save("a", "{}") }).await;
    assert_eq!(f.head("a").await.unwrap().version, VersionNumber(3));
}
