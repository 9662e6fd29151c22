//! Requests with a key: each is done once, and what it did can be found again.

use std::sync::Arc;

use serde_json::json;
use stateloft_core::api::{AppliedImport, ApplyImport, ImportFile, ImportRequest};
use stateloft_core::commit::Outcome;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, VersionNumber};
use stateloft_server::service::{Answered, Service};
use stateloft_server::store::{Did, NewSnapshot, Receipt, RequestKey, WriteRefusal, WriteRequest, Written};

use crate::fixture::{Answer, Fixture, START, batch, delete, new_snapshot, save, save_if, snapshot_id};

fn request_key(key: &str, request: &str) -> RequestKey {
    RequestKey { key: RequestHash::of(&[key.as_bytes()]), request: RequestHash::of(&[request.as_bytes()]) }
}

fn once(key: &str, request: WriteRequest) -> WriteRequest {
    WriteRequest::Once(request_key(key, "this"), Box::new(request))
}

async fn commit_one(f: &Fixture, request: WriteRequest) -> Answer {
    f.commit(&[request]).await.pop().unwrap()
}

async fn receipt(f: &Fixture, key: &str) -> Option<Receipt> {
    f.store.receipt(&request_key(key, "").key).await.unwrap()
}

pub async fn a_request_with_a_key_is_done_once(f: &Fixture) {
    f.save("head", r#"{"n":1}"#).await;
    let requests = [
        ("save", batch(vec![save("a", r#"{"n":1.0}"#), save("é/", r#"{"n":2}"#)])),
        ("equal", batch(vec![save("head", r#"{"n":1}"#)])),
        ("name", WriteRequest::CreateSnapshot(new_snapshot("s"))),
        ("forget", WriteRequest::DeleteSnapshot(snapshot_id("s"))),
        ("delete", batch(vec![delete("a")])),
    ];
    for (key, request) in &requests {
        assert!(commit_one(f, once(key, request.clone())).await.is_ok(), "{key}");
    }
    let tip = f.tip().await;
    assert_eq!(tip, Seq(4));
    for (key, request) in &requests {
        let again = commit_one(f, once(key, request.clone())).await;
        assert_eq!(again, Err(WriteRefusal::WrittenBefore), "{key}");
    }
    assert_eq!(f.tip().await, tip, "nothing was written twice");
    assert_eq!(f.store.snapshots(10, None).await.unwrap().total, 0);

    let did = |found: Option<Receipt>| found.unwrap().did;
    let Did::Batch { outcomes, seq, .. } = did(receipt(f, "save").await) else { panic!("no batch") };
    assert_eq!((outcomes, seq), (vec![(Seq(2), true), (Seq(3), true)], Seq(3)));
    let Did::Batch { outcomes, .. } = did(receipt(f, "equal").await) else { panic!("no batch") };
    assert_eq!(outcomes, [(Seq(1), false)]);
    let Did::Snapshot(named) = did(receipt(f, "name").await) else { panic!("no snapshot") };
    let Did::Forgotten(forgotten) = did(receipt(f, "forget").await) else { panic!("no snapshot") };
    assert_eq!((named.seq, named), (Seq(3), forgotten));
    assert_eq!(receipt(f, "never").await, None);
}

pub async fn of_two_in_one_group_the_second_finds_the_first(f: &Fixture) {
    let request = || once("k", batch(vec![save("a", "{}")]));
    let answers = f.commit(&[request(), request(), batch(vec![save("b", "{}")]), request()]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert_eq!([&answers[1], &answers[3]], [&Err(WriteRefusal::WrittenBefore); 2]);
    assert_eq!(f.tip().await, Seq(2));
}

pub async fn another_request_under_the_same_key_is_refused(f: &Fixture) {
    commit_one(f, once("k", batch(vec![save("a", r#"{"n":1}"#)]))).await.unwrap();
    for other in [
        batch(vec![save("a", r#"{"n":2}"#)]),
        batch(vec![delete("a")]),
        WriteRequest::CreateSnapshot(new_snapshot("s")),
    ] {
        let other = WriteRequest::Once(request_key("k", "another"), Box::new(other));
        assert_eq!(commit_one(f, other).await, Err(WriteRefusal::KeyTaken));
    }
    assert_eq!(f.tip().await, Seq(1));
    assert_eq!(f.store.snapshots(10, None).await.unwrap().total, 0);
}

pub async fn a_refused_request_uses_up_no_key(f: &Fixture) {
    f.save("a", r#"{"n":1}"#).await;
    let late = || once("k", batch(vec![save_if("a", r#"{"n":3}"#, 2)]));
    assert!(matches!(commit_one(f, late()).await, Err(WriteRefusal::Batch(_))));
    assert_eq!(receipt(f, "k").await, None);
    f.save("a", r#"{"n":2}"#).await;
    let Ok(Written::Batch { outcomes, .. }) = commit_one(f, late()).await else { panic!("it is refused") };
    assert_eq!(outcomes.into_iter().map(Outcome::into_version).next().unwrap().version, VersionNumber(3));
    assert_eq!(commit_one(f, late()).await, Err(WriteRefusal::WrittenBefore));
}

pub async fn a_key_is_free_again_after_a_day(f: &Fixture) {
    const HOUR: i64 = 60 * 60 * 1_000_000;
    let request = |n: u64| once("k", batch(vec![save("a", &format!(r#"{{"n":{n}}}"#))]));
    commit_one(f, request(1)).await.unwrap();
    f.clock.set(START + 23 * HOUR);
    assert_eq!(commit_one(f, request(2)).await, Err(WriteRefusal::WrittenBefore));
    f.clock.set(START + 25 * HOUR);
    commit_one(f, request(3)).await.unwrap();
    assert_eq!(commit_one(f, request(4)).await, Err(WriteRefusal::WrittenBefore));
    assert_eq!(f.tip().await, Seq(2));
}

pub async fn a_snapshot_names_any_past_seq(f: &Fixture) {
    for n in 1..=3 {
        f.save("a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    for seq in [0, 1, 3] {
        let name = format!("at {seq}");
        let request = NewSnapshot { seq: Some(Seq(seq)), ..new_snapshot(&name) };
        let made = commit_one(f, WriteRequest::CreateSnapshot(request)).await.unwrap();
        let Written::Snapshot(made) = made else { panic!("{made:?}") };
        assert_eq!(made.seq, Seq(seq));
        assert_eq!(f.store.snapshot(&snapshot_id(&name)).await.unwrap(), Some(made));
    }
    let ahead = NewSnapshot { seq: Some(Seq(4)), ..new_snapshot("ahead") };
    let refused = commit_one(f, WriteRequest::CreateSnapshot(ahead)).await;
    assert_eq!(refused, Err(WriteRefusal::NotThereYet(Seq(3))));
    assert_eq!(f.store.snapshots(10, None).await.unwrap().total, 3);
}

/// A file of an older program with so many positions.
fn backup(positions: usize) -> Vec<ImportFile> {
    let row = |n: usize| format!(r#"{{"pair":"A-{n}","qty":{n}.10}}"#);
    let rows: Vec<String> = (0..positions).map(row).collect();
    let when = "2025-06-01T10:00:00Z";
    let text =
        format!(r#"{{"backup_timestamp":"{when}","positions":[{}],"current_state":null}}"#, rows.join(","));
    vec![ImportFile { name: "b.json".into(), text: Some(text), base64: None }]
}

async fn import(service: &Service, plan: &str, files: Vec<ImportFile>, key: &str) -> Answered<AppliedImport> {
    let request: ApplyImport = serde_json::from_value(json!({ "files": files })).unwrap();
    let key = Some(request_key(key, "this"));
    service.once(key, service.apply_import(plan, request)).await.unwrap()
}

pub async fn an_import_is_done_once_beside_others_and_told_again_as_it_was(f: &Fixture) {
    let servers = [f.service().await, f.service().await];
    let preview = async |files: Vec<ImportFile>| {
        let request: ImportRequest = serde_json::from_value(json!({ "files": files })).unwrap();
        servers[0].preview_import(request).await.unwrap().plan
    };
    let files = || backup(1_200);
    // The first writes 1,200 states and their record, the second finds all of it there.
    for (key, versions) in [("first", 1_201), ("second", 0)] {
        let plan = preview(files()).await;
        let many = (0..6).map(|nth| {
            let (service, plan, files) = (Arc::clone(&servers[nth % 2]), plan.clone(), files());
            tokio::spawn(async move { import(&service, &plan, files, key).await })
        });
        let many: Vec<_> = many.collect();
        for n in 0..20 {
            f.save("beside", &format!(r#"{{"by":"{key}","n":{n}}}"#)).await;
        }
        let mut answers = Vec::new();
        for one in many {
            answers.push(one.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answered| !answered.again).count(), 1, "{key}");
        let first = answers[0].answer.clone();
        assert!(answers.iter().all(|answered| answered.answer == first), "{key}");
        assert_eq!((first.versions.len(), first.import_id.is_some()), (versions, versions > 0));
        assert_eq!(first.seq.0 - first.before.0, versions as u64);
        assert_eq!(
            (first.counts.new, first.counts.unchanged),
            if versions > 0 { (1_200, 0) } else { (0, 1_200) }
        );
        f.save("later", &format!(r#"{{"by":"{key}"}}"#)).await;
        let again = import(&servers[1], &plan, files(), key).await;
        assert_eq!((again.again, again.answer), (true, first));
    }
}
