//! Writing.

use std::sync::Arc;

use stateloft_core::commit::{Change, Expectation, Outcome, Refusal, Write};
use stateloft_core::model::{Operation, Seq, Timestamp, Verdict, VersionNumber, Violation};
use stateloft_server::service::Clock as _;
use stateloft_server::store::{WriteRefusal, WriteRequest};

use crate::fixture::{Fixture, START, batch, delete, doc, key, new_snapshot, outcomes, save, save_if, typed};

pub async fn versions_and_seqs_have_no_gaps(f: &Fixture) {
    for round in 1..=3_u64 {
        for (place, id) in ["a", "b"].into_iter().enumerate() {
            let version = f.save(id, &format!(r#"{{"n":{round}}}"#)).await;
            assert_eq!(version.version, VersionNumber(round));
            assert_eq!(version.seq, Seq((round - 1) * 2 + place as u64 + 1));
        }
    }
    assert_eq!(f.tip().await, Seq(6));
}

pub async fn equal_data_makes_no_version(f: &Fixture) {
    let first = f.save("a", r#"{"n":1}"#).await;
    let again = f.batch(vec![save("a", r#"{"n":1}"#)]).await.unwrap();
    assert_eq!(again, [Outcome::Unchanged(first.clone())]);
    assert_eq!(f.tip().await, Seq(1));
    let spelled = f.save("a", r#"{"n":1.0}"#).await;
    assert_eq!(spelled.version, VersionNumber(2), "another spelling is other data");
    f.delete("a").await;
    assert_eq!(f.save("a", r#"{"n":1.0}"#).await.version, VersionNumber(4), "a tombstone equals nothing");
}

pub async fn operations_say_what_happened(f: &Fixture) {
    let mut seen = vec![f.save("a", "{}").await.operation, f.save("a", r#"{"n":1}"#).await.operation];
    seen.push(f.delete("a").await.operation);
    seen.push(f.save("a", "{}").await.operation);
    seen.push(
        f.write(Write { change: Change::Restore(doc(r#"{"n":1}"#)), ..save("a", "{}") }).await.operation,
    );
    let expected =
        [Operation::Create, Operation::Update, Operation::Delete, Operation::Create, Operation::Restore];
    assert_eq!(seen, expected);
}

pub async fn d_001_delete_is_a_version_and_history_stays(f: &Fixture) {
    f.save("a", r#"{"n":1}"#).await;
    let author = Some("risk desk".into());
    let tombstone = f.write(Write { author: author.clone(), ..delete("a") }).await;
    assert_eq!((tombstone.version, tombstone.operation), (VersionNumber(2), Operation::Delete));
    assert_eq!(
        (tombstone.data.as_ref(), tombstone.content_hash, tombstone.author.clone()),
        (None, None, author)
    );
    assert_eq!(f.head("a").await, Some(tombstone));
    let first = f.store.version(&key("a"), VersionNumber(1)).await.unwrap().unwrap();
    assert_eq!(first.data, Some(doc(r#"{"n":1}"#)));
}

pub async fn what_is_kept_is_the_head_of_the_commit_behind_what_goes_into_the_history(f: &Fixture) {
    let past = |id: &str| Write {
        change: Change::Record { data: doc(r#"{"old":1.50}"#), restored: false },
        ..save(id, "{}")
    };
    let keep = |id: &str| Write { change: Change::Keep, ..save(id, "{}") };
    f.save("a", r#"{"now":2.0}"#).await;
    f.save("gone", "{}").await;
    f.delete("gone").await;
    // In one group, so that the one before moves the head that is kept.
    let writes = vec![past("a"), past("gone"), keep("gone"), keep("a")];
    let group = [batch(vec![save("a", r#"{"now":3.0}"#)]), batch(writes)];
    let answers = f.commit(&group).await;
    let written = outcomes(answers.into_iter().nth(1).unwrap().unwrap());
    let operations: Vec<Operation> = written.iter().map(|outcome| outcome.version().operation).collect();
    assert_eq!(operations, [Operation::Update, Operation::Create, Operation::Delete, Operation::Restore]);
    assert_eq!(f.head("a").await.unwrap().data, Some(doc(r#"{"now":3.0}"#)));
    assert!(f.head("gone").await.unwrap().is_deleted());
    let refused = f.batch(vec![past("never"), keep("never")]).await;
    assert_eq!(refused, Err(WriteRefusal::Batch(Refusal::NotFound(key("never")))));
    f.check_chain().await;
}

pub async fn deleting_what_is_not_there_is_refused(f: &Fixture) {
    let never = f.batch(vec![delete("a")]).await;
    assert_eq!(never, Err(WriteRefusal::Batch(Refusal::NotFound(key("a")))));
    f.save("a", "{}").await;
    let tombstone = f.delete("a").await;
    let again = f.batch(vec![delete("a")]).await;
    assert_eq!(again, Err(WriteRefusal::Batch(Refusal::AlreadyDeleted(Box::new(tombstone)))));
    assert_eq!(f.tip().await, Seq(2));
}

pub async fn d_018_expectations_are_kept(f: &Fixture) {
    let expect = |expectation| Write { expectation, ..save("a", r#"{"n":9}"#) };
    let number = |n| Expectation::Version(VersionNumber(n));
    let refused = |answer: Result<Vec<Outcome>, WriteRefusal>| {
        assert!(matches!(answer, Err(WriteRefusal::Batch(Refusal::Conflict(_)))), "{answer:?}");
    };
    refused(f.batch(vec![expect(Expectation::Present)]).await);
    refused(f.batch(vec![expect(number(1))]).await);
    f.write(Write { expectation: number(0), ..save("a", r#"{"n":1}"#) }).await;
    refused(f.batch(vec![expect(number(0))]).await);
    refused(f.batch(vec![expect(Expectation::Absent)]).await);
    f.write(Write { expectation: number(1), ..save("a", r#"{"n":2}"#) }).await;
    refused(f.batch(vec![expect(number(1))]).await);
    f.write(Write { expectation: Expectation::Present, ..save("a", r#"{"n":3}"#) }).await;
    f.delete("a").await;
    refused(f.batch(vec![expect(Expectation::Present)]).await);
    refused(f.batch(vec![expect(number(3))]).await);
    let back = f.write(Write { expectation: Expectation::Absent, ..save("a", r#"{"n":4}"#) }).await;
    assert_eq!(back.version, VersionNumber(5));
}

pub async fn d_018_only_the_first_of_a_group_wins(f: &Fixture) {
    f.save("a", r#"{"n":0}"#).await;
    let group: Vec<_> = (1..=5).map(|n| batch(vec![save_if("a", &format!(r#"{{"n":{n}}}"#), 1)])).collect();
    let answers = f.commit(&group).await;
    assert!(answers[0].is_ok());
    for answer in &answers[1..] {
        let Err(WriteRefusal::Batch(Refusal::Conflict(moved))) = answer else { panic!("{answer:?}") };
        assert_eq!(moved[0].head.as_ref().unwrap().version, VersionNumber(2));
    }
    assert_eq!(f.head("a").await.unwrap().data, Some(doc(r#"{"n":1}"#)));
}

pub async fn a_conflict_names_every_head_that_moved(f: &Fixture) {
    f.save("a", "{}").await;
    let b = f.save("b", "{}").await;
    let answer =
        f.batch(vec![save_if("a", r#"{"n":1}"#, 1), save_if("b", "{}", 7), save_if("c", "{}", 2)]).await;
    let Err(WriteRefusal::Batch(Refusal::Conflict(moved))) = answer else { panic!("{answer:?}") };
    let named: Vec<_> = moved.into_iter().map(|moved| (moved.key, moved.expected, moved.head)).collect();
    let expected = |n| Expectation::Version(VersionNumber(n));
    assert_eq!(named, [(key("b"), expected(7), Some(b)), (key("c"), expected(2), None)]);
    assert_eq!(f.tip().await, Seq(2));
}

pub async fn d_031_a_batch_is_all_or_nothing(f: &Fixture) {
    f.save("a", r#"{"n":1}"#).await;
    let answer = f.batch(vec![save("a", r#"{"n":2}"#), save("b", "{}"), delete("not there")]).await;
    assert_eq!(answer, Err(WriteRefusal::Batch(Refusal::NotFound(key("not there")))));
    assert_eq!(f.head("a").await.unwrap().version, VersionNumber(1));
    assert_eq!(f.head("b").await, None);
    assert_eq!(f.tip().await, Seq(1));
    let id = Some("batch 1".into());
    let in_batch = |write: Write| Write { batch_id: id.clone(), ..write };
    let written = f.batch(vec![in_batch(save("a", r#"{"n":2}"#)), in_batch(save("b", "{}"))]).await.unwrap();
    assert!(written.iter().all(|outcome| outcome.version().batch_id == id), "{written:?}");
}

pub async fn a_batch_sees_its_own_writes(f: &Fixture) {
    let written = f.batch(vec![save("a", "{}"), delete("a"), save("a", "{}")]).await.unwrap();
    let operations: Vec<_> = written.iter().map(|outcome| outcome.version().operation).collect();
    assert_eq!(operations, [Operation::Create, Operation::Delete, Operation::Create]);
    assert_eq!(f.head("a").await.unwrap().version, VersionNumber(3));
}

pub async fn requests_of_a_group_do_not_harm_each_other(f: &Fixture) {
    let answers = f
        .commit(&[
            batch(vec![save("a", "{}")]),
            batch(vec![save("b", "{}"), delete("nothing")]),
            WriteRequest::CreateSnapshot(new_snapshot("between")),
            batch(vec![save_if("a", r#"{"n":1}"#, 1)]),
            WriteRequest::CreateSnapshot(new_snapshot("between")),
        ])
        .await;
    let ok: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, true, false]);
    assert_eq!(f.head("b").await, None);
    assert_eq!(f.head("a").await.unwrap().seq, Seq(2));
    let between = f.store.snapshot(&crate::fixture::snapshot_id("between")).await.unwrap().unwrap();
    assert_eq!(between.seq, Seq(1), "a snapshot names what was written before it in its group");
}

pub async fn d_024_recorded_time_never_goes_back(f: &Fixture) {
    let first = f.save("a", r#"{"n":1}"#).await;
    f.clock.set(START - 3_600_000_000);
    let second = f.save("a", r#"{"n":2}"#).await;
    let group: Vec<_> = (3..6).map(|n| batch(vec![save("a", &format!(r#"{{"n":{n}}}"#))])).collect();
    let last = f.commit(&group).await.pop().unwrap().map(outcomes).unwrap().pop().unwrap();
    let micros = |time: Timestamp| time.micros() - first.recorded_at.micros();
    assert_eq!((micros(second.recorded_at), micros(last.version().recorded_at)), (1, 4));
}

pub async fn everything_of_a_version_comes_back(f: &Fixture) {
    let violation = Violation {
        pointer: "/a~1b/0".into(),
        code: "minimum".into(),
        message: "é \"quoted\" \\ must be > 0".into(),
    };
    let written = f
        .write(Write {
            key: typed("pair_state", "x/y z-é"),
            verdict: Verdict::Invalid { violations: vec![violation] },
            author: Some("bot ' 7 \"; DROP TABLE versions".into()),
            description: Some("why\nnot ü 名前 %_".into()),
            batch_id: Some("b-1".into()),
            ..save("x", r#"{"a":[1,2.50,"ü"]}"#)
        })
        .await;
    let head = f.store.head(&written.key).await.unwrap();
    assert_eq!(head, Some(written.clone()));
    assert_eq!(f.store.by_seq(written.seq).await.unwrap(), Some(written.clone()));
    assert_eq!(f.store.after(Seq::ZERO, 9).await.unwrap(), std::slice::from_ref(&written));
    assert_eq!(written.size(), r#"{"a":[1,2.50,"ü"]}"#.len());
    let empty = f.write(Write { author: Some("".into()), ..save("empty author", "{}") }).await;
    assert_eq!(f.head("empty author").await.unwrap().author.as_deref(), Some(""));
    assert_eq!(f.head("empty author").await.unwrap(), empty);
}

pub async fn concurrent_groups_leave_no_gap(f: &Fixture) {
    let tasks = (0..8).map(|task| {
        let (store, clock) = (Arc::clone(&f.store), Arc::clone(&f.clock));
        tokio::spawn(async move {
            for n in 0..10 {
                let data = format!(r#"{{"task":{task},"n":{n}}}"#);
                let group =
                    [batch(vec![save("shared", &data)]), batch(vec![save(&format!("own {task}"), &data)])];
                let answers = store.commit(&group, clock.now()).await.unwrap();
                assert!(answers.iter().all(Result::is_ok));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(f.tip().await, Seq(160));
    assert_eq!(f.head("shared").await.unwrap().version, VersionNumber(80));
}

pub async fn a_large_group_is_written_whole(f: &Fixture) {
    let group: Vec<_> = (0..300)
        .map(|n| batch(vec![save(&format!("s{n:03}"), "{}"), save(&format!("t{n:03}"), r#"{"t":1}"#)]))
        .collect();
    assert!(f.commit(&group).await.iter().all(Result::is_ok));
    assert_eq!(f.tip().await, Seq(600));
    let again: Vec<_> = (0..300).map(|n| batch(vec![save(&format!("s{n:03}"), r#"{"n":2}"#)])).collect();
    assert!(f.commit(&again).await.iter().all(Result::is_ok));
    assert_eq!(f.head("s299").await.unwrap().seq, Seq(900));
    assert_eq!(f.head("t299").await.unwrap().seq, Seq(600));
}
