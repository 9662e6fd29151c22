//! Snapshots and restores.

use stateloft_core::api::{Moment, PlanCounts, Scope};
use stateloft_core::commit::{Change, Refusal, Write};
use stateloft_core::model::{Seq, SnapshotKind, StateType, Version};
use stateloft_server::store::{NewRestore, NewSnapshot, Told, WriteRefusal, WriteRequest, Written};

use crate::fixture::{Fixture, delete, doc, key, new_snapshot, save, save_if, snapshot_id, typed};

pub async fn d_006_a_name_is_given_once(f: &Fixture) {
    let first = f.snapshot("end of day").await.unwrap();
    assert_eq!(first.seq, Seq(0), "the empty store can be named too");
    f.save("a", "{}").await;
    assert_eq!(f.snapshot("end of day").await, Err(WriteRefusal::SnapshotExists(first.clone())));
    let second = f.snapshot("End of day").await.unwrap();
    assert_eq!(second.seq, Seq(1));
    let forget = WriteRequest::DeleteSnapshot(snapshot_id("end of day"));
    let forgotten = f.commit(std::slice::from_ref(&forget)).await;
    assert_eq!(forgotten, [Ok(Written::SnapshotDeleted(first))]);
    let again = f.commit(&[forget]).await;
    assert_eq!(again, [Err(WriteRefusal::SnapshotNotFound(snapshot_id("end of day")))]);
    assert_eq!(f.snapshot("end of day").await.unwrap().seq, Seq(1));
}

pub async fn d_004_a_snapshot_changes_nothing(f: &Fixture) {
    let before = f.save("a", r#"{"n":1.0}"#).await;
    let described =
        NewSnapshot { description: Some("é why".into()), author: Some("ann".into()), ..new_snapshot("s") };
    f.commit(&[WriteRequest::CreateSnapshot(described)]).await.pop().unwrap().unwrap();
    assert_eq!(f.head("a").await, Some(before));
    assert_eq!(f.tip().await, Seq(1));
    let snapshot = f.store.snapshot(&snapshot_id("s")).await.unwrap().unwrap();
    assert_eq!((snapshot.description.as_deref(), snapshot.author.as_deref()), (Some("é why"), Some("ann")));
    f.snapshot("plain").await.unwrap();
    let plain = f.store.snapshot(&snapshot_id("plain")).await.unwrap().unwrap();
    assert_eq!((plain.description, plain.author, plain.kind), (None, None, SnapshotKind::Manual));
}

pub async fn d_002_deleting_a_state_leaves_snapshots_whole(f: &Fixture) {
    let saved = f.save("a", r#"{"n":1}"#).await;
    let snapshot = f.snapshot("s").await.unwrap();
    f.delete("a").await;
    assert_eq!(f.store.as_of(&key("a"), snapshot.seq).await.unwrap(), Some(saved));
}

pub async fn snapshots_are_listed_newest_first(f: &Fixture) {
    let names: Vec<_> = (0..7).map(|n| format!("s{}", (n * 3) % 7)).collect();
    for name in &names {
        f.snapshot(name).await.unwrap();
    }
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = f.store.snapshots(3, cursor.as_ref()).await.unwrap();
        assert_eq!(page.total, 7);
        seen.extend(page.rows.iter().map(|snapshot| snapshot.id.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, names.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(f.store.snapshot(&snapshot_id("nothing")).await.unwrap(), None);
}

fn restore(id: &str) -> NewRestore {
    NewRestore {
        restore_id: id.into(),
        plan: "0".repeat(64),
        target: Moment::Seq(Seq(1)).into(),
        target_seq: Seq(1),
        scope: Scope { prefix: Some("a".into()), ..Scope::default() },
        counts: PlanCounts { changed: 1, ..PlanCounts::default() },
        author: Some("ann".into()),
        reason: "bad deploy".into(),
        undoes: None,
        beside: Vec::new(),
        // Who runs do not matter to.
        told: Told { seq: Seq(1 << 60), ..Told::default() },
    }
}

fn apply(id: &str, writes: Vec<Write>) -> WriteRequest {
    WriteRequest::Batch { writes, restore: Some(Box::new(restore(id))) }
}

fn back(id: &str, data: &str) -> Write {
    Write { change: Change::Restore(doc(data)), batch_id: Some("r".into()), ..save(id, data) }
}

pub async fn a_restore_is_recorded_with_its_snapshot(f: &Fixture) {
    f.save("a", r#"{"n":1}"#).await;
    f.save("a", r#"{"n":2}"#).await;
    f.save("b", "{}").await;
    let writes = vec![back("a", r#"{"n":1}"#), delete("b")];
    let answer = f.commit(&[apply("r1", writes)]).await.pop().unwrap().unwrap();
    let Written::Batch { outcomes, restore: Some(record) } = answer else { panic!("{answer:?}") };
    assert_eq!((record.first_seq, record.last_seq, outcomes.len()), (Seq(4), Seq(5), 2));
    assert_eq!(record.snapshot_before, snapshot_id("before-restore-3"));
    let snapshot = f.store.snapshot(&record.snapshot_before).await.unwrap().unwrap();
    assert_eq!((snapshot.seq, snapshot.kind), (Seq(3), SnapshotKind::BeforeRestore));
    assert_eq!(
        (snapshot.author.as_deref(), snapshot.description.as_deref()),
        (Some("ann"), Some("bad deploy"))
    );
    let kept = f.store.restore("r1").await.unwrap().unwrap();
    assert_eq!(kept.record, *record);
    let views: Vec<_> = kept.versions.iter().map(|view| (view.seq, view.operation.as_str())).collect();
    assert_eq!(views, [(Seq(4), "restore"), (Seq(5), "delete")]);
    assert_eq!(f.store.restore("r2").await.unwrap(), None);
    f.snapshot("before-restore-5").await.unwrap();
    let taken = f.commit(&[apply("r2", vec![back("a", r#"{"n":3}"#)])]).await.pop().unwrap().unwrap();
    let Written::Batch { restore: Some(second), .. } = taken else { panic!("{taken:?}") };
    assert_eq!(second.snapshot_before, snapshot_id("before-restore-5-2"), "that name was taken");
    let listed = f.store.restores(1, None).await.unwrap();
    assert_eq!((listed.total, &listed.rows), (2, &vec![(*second).clone()]));
    assert_eq!(f.store.restores(9, listed.next.as_ref()).await.unwrap().rows, [*record]);
}

pub async fn a_restore_that_writes_nothing_is_refused(f: &Fixture) {
    f.save("a", "{}").await;
    let equal = f.commit(&[apply("r1", vec![back("a", "{}")])]).await;
    assert_eq!(equal, [Err(WriteRefusal::NothingToRestore)]);
    let moved = Write { expectation: save_if("a", "{}", 7).expectation, ..back("a", r#"{"n":1}"#) };
    let refused = f.commit(&[apply("r2", vec![moved])]).await;
    assert!(matches!(refused[0], Err(WriteRefusal::Batch(Refusal::Conflict(_)))), "{refused:?}");
    assert_eq!(f.store.restores(9, None).await.unwrap().rows, []);
    assert_eq!(f.store.snapshots(9, None).await.unwrap().rows, []);
}

pub async fn what_moved_is_found_within_its_scope(f: &Fixture) {
    let mut before = Vec::new();
    for id in ["a1", "a2", "b1", "b2"] {
        before.push(f.save(id, r#"{"n":1}"#).await);
    }
    f.write(Write { key: typed("strategy", "a1"), ..save("a1", "{}") }).await;
    let then = f.tip().await;
    f.save("a2", r#"{"n":2}"#).await;
    f.delete("b1").await;
    f.save("c1", "{}").await;
    f.write(Write { key: typed("strategy", "a1"), ..save("a1", r#"{"n":1}"#) }).await;
    let names = |scope: Scope| async move {
        let mut found: Vec<(String, Option<Version>)> = Vec::new();
        let mut after = None;
        loop {
            let page = f.store.moved_since(then, &scope, after.as_ref(), 1).await.unwrap();
            let Some(moved) = page.into_iter().next() else { break };
            assert_eq!(f.store.head(&moved.head.key).await.unwrap(), Some(moved.head.clone()));
            after = Some(moved.head.key.clone());
            found.push((moved.head.key.to_string(), moved.target));
        }
        let all = f.store.moved_since(then, &scope, None, 100).await.unwrap();
        assert_eq!(all.len(), found.len());
        found
    };
    let found = names(Scope::default()).await;
    let ids: Vec<_> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["position a2", "position b1", "position c1", "strategy a1"]);
    let targets: Vec<_> = found[..3].iter().map(|(_, target)| target.clone()).collect();
    assert_eq!(targets, [Some(before[1].clone()), Some(before[2].clone()), None]);
    let ids = |found: Vec<(String, Option<Version>)>| found.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let prefix = Scope { prefix: Some("a".into()), ..Scope::default() };
    assert_eq!(ids(names(prefix.clone()).await), ["position a2", "strategy a1"]);
    let types = Scope { types: vec![StateType::new("strategy").unwrap()], ..Scope::default() };
    assert_eq!(ids(names(types.clone()).await), ["strategy a1"]);
    let states = vec![key("c1"), key("a1"), key("b1"), key("never"), key("b1")];
    let states = Scope { states, ..Scope::default() };
    assert_eq!(ids(names(states.clone()).await), ["position b1", "position c1"]);
    let both = Scope { types: types.types.clone(), ..states.clone() };
    assert_eq!(ids(names(both.clone()).await), Vec::<String>::new());
    for (scope, count) in [(Scope::default(), 6), (prefix, 3), (types, 1), (states, 3), (both, 0)] {
        assert_eq!(f.store.count_scope(&scope).await.unwrap(), count, "{scope:?}");
    }
}
