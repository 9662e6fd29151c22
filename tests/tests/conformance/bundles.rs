//! Bundles: out of one store and into another, which is the same then.

use std::sync::Arc;

use stateloft_core::api::{BundleImported, Code, Moment, PlanRequest, RestoreRecord, Scope, Selection};
use stateloft_core::bundle::Unpacked;
use stateloft_core::commit::{Change, Misfit, Refusal, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, Seq, Snapshot, SnapshotKind, StateType, Verdict, Version, Violation};
use stateloft_server::service::{
    BundleImport, BundleInto, CHUNK, ExportRequest, Service, ServiceError, Start,
};
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::{NewSnapshot, StateStore, WriteRefusal, WriteRequest};

use crate::fixture::{Fixture, batch, delete, everything, key, new_snapshot, save, snapshot_id, typed};
use crate::restores::order;

pub fn memory() -> Fixture {
    Fixture::new(Arc::new(MemoryStore::new()), None)
}

/// A write to the state `b` of a type without rules.
fn without_rules(data: &str) -> Write {
    Write { key: typed("bot_memory", "b"), ..save("b", data) }
}

/// A store with something of everything that is kept.
pub async fn filled() -> Fixture {
    let f = memory();
    f.commit(&[WriteRequest::CreateSnapshot(new_snapshot("before everything"))]).await;
    let broken = Violation { pointer: "/a".into(), code: "minimum".into(), message: "1 < 2 é".into() };
    let origin =
        Origin { run_id: Some("run 1".into()), causation_id: Some("é".into()), ..Origin::default() };
    f.batch(vec![
        Write {
            author: Some("bot".into()),
            description: Some("\"why\"\n/\u{2028}".into()),
            batch_id: Some("b-1".into()),
            verdict: Verdict::Invalid { violations: vec![broken] },
            origin: origin.shared(),
            ..save("x/y z-é", r#"{"n":[1.0,1e22,-0.0,0.10,12345678901234567890],"b":"\u00e9","a":1}"#)
        },
        Write { verdict: Verdict::Valid, ..without_rules(r#"{"a":1}"#) },
        Write { key: typed("schema", "mine"), ..save("mine", r#"{"type":"object"}"#) },
    ])
    .await
    .unwrap();
    f.write(without_rules(r#"{"a":2}"#)).await;
    let named = NewSnapshot {
        description: Some("why".into()),
        author: Some("ann".into()),
        seq: Some(Seq(2)),
        ..new_snapshot("é / 2")
    };
    f.commit(&[WriteRequest::CreateSnapshot(named)]).await;
    f.write(Write { change: Change::Delete, ..without_rules("{}") }).await;
    let service = f.service().await;
    let target = PlanRequest {
        target: Moment::Seq(Seq(2)),
        scope: Scope { prefix: Some("b".into()), ..Scope::default() },
        selection: Selection::new(),
        exact: false,
    };
    let plan = service.plan(target).await.unwrap();
    service.apply(&plan.plan, order(&plan)).await.unwrap();
    f
}

/// The largest documents that make several commits of a bundle, and are quickly written.
pub async fn grown(f: &Fixture) {
    for n in 0..6 {
        let text = format!(r#"{{"n":{n},"x":"{}"}}"#, "x".repeat(CHUNK / 4));
        f.batch(vec![save("large", &text), save("small", &n.to_string())]).await.unwrap();
    }
}

pub fn whole() -> ExportRequest {
    ExportRequest { scope: Scope::default(), from: Start::Seq(Seq(1)), to: Moment::Now, history: true }
}

pub async fn exported(service: &Service, request: &ExportRequest) -> Vec<u8> {
    let mut export = service.export(request).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(packed) = export.next().await.unwrap() {
        bytes.extend(packed.bytes);
    }
    bytes
}

pub fn unpacked(mut bytes: &[u8]) -> Vec<u8> {
    let (mut unpacked, mut plain) = (Unpacked::default(), Vec::new());
    while !bytes.is_empty() {
        let taken = unpacked.next(bytes, &mut plain).unwrap();
        bytes = &bytes[taken..];
    }
    unpacked.finish(&mut plain).unwrap();
    plain
}

async fn imported(service: &Service, bytes: &[u8]) -> Result<BundleImported, ServiceError> {
    taken_in(service, bytes, BundleInto::Same).await
}

pub async fn taken_in(
    service: &Service,
    bytes: &[u8],
    into: BundleInto,
) -> Result<BundleImported, ServiceError> {
    let mut import: BundleImport<'_> = service.import_bundle(into);
    for piece in bytes.chunks(60_000) {
        import.feed(piece).await?;
    }
    import.finish().await
}

/// Everything that a store keeps, apart from receipts.
#[derive(Debug, PartialEq)]
pub struct Kept {
    pub versions: Vec<Version>,
    heads: Vec<(String, Option<Document>)>,
    totals: Vec<(String, u64, u64, u64)>,
    snapshots: Vec<Snapshot>,
    restores: Vec<RestoreRecord>,
}

pub async fn kept(store: &dyn StateStore) -> Kept {
    let mut versions: Vec<Version> = Vec::new();
    loop {
        let after = versions.last().map_or(Seq::ZERO, |last| last.seq);
        let more = store.after(after, 100).await.unwrap();
        if more.is_empty() {
            break;
        }
        versions.extend(more);
    }
    let query = stateloft_server::store::ListQuery { with_data: true, ..everything() };
    let heads = store.list(&query).await.unwrap().rows;
    Kept {
        versions,
        heads: heads.into_iter().map(|row| (row.version.version_id, row.data)).collect(),
        totals: {
            let totals = store.totals().await.unwrap();
            totals.iter().map(|t| (t.state_type.to_string(), t.live, t.deleted, t.invalid)).collect()
        },
        snapshots: store.snapshots(100, None).await.unwrap().rows,
        restores: store.restores(100, None).await.unwrap().rows,
    }
}

pub async fn a_store_made_of_a_bundle_is_the_same_store(f: &Fixture) {
    let source = filled().await;
    let first = exported(source.service().await.as_ref(), &whole()).await;
    let service = f.service().await;
    let done = imported(&service, &first).await.unwrap();
    let tip = source.tip().await;
    assert_eq!((done.versions, done.passed_over, done.last_seq), (tip.0, 0, Some(tip)));
    assert_eq!((done.snapshots, done.restores), (3, 1));
    assert_eq!(kept(f.store.as_ref()).await, kept(source.store.as_ref()).await);
    assert_eq!(f.store.tip().await.unwrap(), source.store.tip().await.unwrap());
    // And out again: the same lines behind the header, which says when and by whom.
    let second = unpacked(&exported(&service, &whole()).await);
    let lines = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let lines = text.lines().skip(1).map(|line| line[..line.len() - 26].to_owned()).collect::<Vec<_>>();
        lines[..lines.len() - 1].to_vec()
    };
    assert_eq!(lines(&second), lines(&unpacked(&first)));
    // It goes on as any other.
    let next = f.save("b", "{}").await;
    assert_eq!(next.seq, tip.next());
    assert!(f.snapshot("é / 2").await.is_err(), "the name is taken");
}

pub async fn an_import_that_was_interrupted_goes_on_where_it_stopped(f: &Fixture) {
    let source = filled().await;
    grown(&source).await;
    let bytes = unpacked(&exported(source.service().await.as_ref(), &whole()).await);
    let service = f.service().await;
    let tip = source.tip().await.0;
    let mut import = service.import_bundle(BundleInto::Same);
    // Whoever sent it is gone after most of it.
    import.feed(&bytes[..bytes.len() * 4 / 5]).await.unwrap();
    drop(import);
    let there = f.tip().await.0;
    assert!(0 < there && there < tip, "{there} of {tip}");
    let done = imported(&service, &bytes).await.unwrap();
    assert_eq!((done.passed_over, done.versions), (there, tip - there));
    let again = imported(&service, &bytes).await.unwrap();
    assert_eq!((again.passed_over, again.versions, again.snapshots, again.restores), (tip, 0, 0, 0));
    assert_eq!(kept(f.store.as_ref()).await, kept(source.store.as_ref()).await);
}

pub async fn a_damaged_bundle_says_its_line_and_what_is_before_it_is_in(f: &Fixture) {
    let source = filled().await;
    let bytes = unpacked(&exported(source.service().await.as_ref(), &whole()).await);
    let service = f.service().await;
    let line = |number: usize| {
        bytes.split_inclusive(|byte| *byte == b'\n').take(number).map(<[u8]>::len).sum::<usize>()
    };
    // A bit in the middle of line 4, which is the third version.
    let mut damaged = bytes.clone();
    let place = usize::midpoint(line(3), line(4));
    damaged[place] ^= 2;
    let error = imported(&service, &damaged).await.unwrap_err();
    let problem = error.problem();
    assert_eq!((error.code(), problem.line), (Code::BundleDamaged, Some(4)), "{error}");
    assert_eq!(f.tip().await, Seq(2));
    // Cut within line 5.
    let error = imported(&service, &bytes[..line(4) + 10]).await.unwrap_err();
    assert_eq!((error.code(), error.problem().line), (Code::BundleDamaged, Some(5)), "{error}");
    assert_eq!(f.tip().await, Seq(3));
    // Everything but the last line is not everything.
    let error = imported(&service, &bytes[..bytes.len() - 1]).await.unwrap_err();
    assert_eq!(error.code(), Code::BundleDamaged, "{error}");
    assert_eq!(kept(f.store.as_ref()).await, kept(source.store.as_ref()).await);
    assert_eq!(imported(&service, b"{\"a\":1}\n").await.unwrap_err().code(), Code::NotABundle);
}

pub async fn a_store_with_versions_of_its_own_refuses_a_bundle_and_stays_as_it_is(f: &Fixture) {
    let source = filled().await;
    let other = source.service().await;
    let (bytes, tip) = (exported(&other, &whole()).await, source.tip().await);
    let behind = ExportRequest { from: Start::Seq(Seq(3)), ..whole() };
    let service = f.service().await;
    // What does not begin where the log ends.
    let early = imported(&service, &exported(&other, &behind).await).await.unwrap_err();
    assert_eq!(early.code(), Code::BundleConflict, "{early}");
    f.save("mine", "{}").await;
    let before = kept(f.store.as_ref()).await;
    let parts = [
        ExportRequest { history: false, ..whole() },
        ExportRequest { scope: Scope { prefix: Some("b".into()), ..Scope::default() }, ..whole() },
        behind,
    ];
    for request in parts {
        let refused = imported(&service, &exported(&other, &request).await).await.unwrap_err();
        assert_eq!(refused.code(), Code::BundleConflict, "{refused}");
    }
    let refused = imported(&service, &bytes).await.unwrap_err();
    assert_eq!(refused.code(), Code::BundleConflict);
    assert!(refused.to_string().contains("Nothing was written"), "{refused}");
    assert_eq!(kept(f.store.as_ref()).await, before);
    assert!(tip > Seq(1));
}

pub async fn a_bundle_of_what_came_later_continues_the_log(f: &Fixture) {
    let source = filled().await;
    let (service, other) = (f.service().await, source.service().await);
    let first = exported(&other, &ExportRequest { to: Moment::Seq(Seq(4)), ..whole() }).await;
    assert_eq!(imported(&service, &first).await.unwrap().last_seq, Some(Seq(4)));
    // A moment of the first one, named since.
    let early = NewSnapshot { seq: Some(Seq(1)), ..new_snapshot("since") };
    source.commit(&[WriteRequest::CreateSnapshot(early)]).await;
    let rest = exported(&other, &ExportRequest { from: Start::Seq(Seq(5)), ..whole() }).await;
    let done = imported(&service, &rest).await.unwrap();
    assert_eq!(done.versions, source.tip().await.0 - 4);
    assert_eq!(kept(f.store.as_ref()).await, kept(source.store.as_ref()).await);
}

pub async fn a_part_of_a_store_is_what_was_asked_for(f: &Fixture) {
    let source = filled().await;
    let bytes = exported(source.service().await.as_ref(), &whole()).await;
    let service = f.service().await;
    imported(&service, &bytes).await.unwrap();
    let ids = async |request: ExportRequest| {
        let text = String::from_utf8(unpacked(&exported(&service, &request).await)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let seqs = lines.filter(|line| line["line"] == "version").map(|line| line["seq"].as_u64().unwrap());
        seqs.collect::<Vec<_>>()
    };
    let of = |types: &[&str], prefix: &str| Scope {
        types: types.iter().map(|name| StateType::new(name).unwrap()).collect(),
        prefix: Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()),
        ..Scope::default()
    };
    assert_eq!(ids(whole()).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(ids(ExportRequest { history: false, ..whole() }).await, [1, 3, 6]);
    assert_eq!(ids(ExportRequest { history: false, to: Moment::Seq(Seq(4)), ..whole() }).await, [1, 3, 4]);
    assert_eq!(ids(ExportRequest { scope: of(&["schema"], ""), ..whole() }).await, [3]);
    assert_eq!(ids(ExportRequest { scope: of(&[], "b"), ..whole() }).await, [2, 4, 5, 6]);
    assert_eq!(ids(ExportRequest { from: Start::Seq(Seq(7)), ..whole() }).await, [0; 0]);
    let from = Start::Time(f.store.by_seq(Seq(4)).await.unwrap().unwrap().recorded_at);
    assert_eq!(ids(ExportRequest { from, ..whole() }).await, [4, 5, 6]);
    let to = Moment::Snapshot(snapshot_id("é / 2"));
    assert_eq!(ids(ExportRequest { to, ..whole() }).await, [1, 2]);
}

pub async fn only_the_version_that_follows_is_taken_in_and_nothing_else_of_its_batch(f: &Fixture) {
    let source = memory();
    source.save("a", "1").await;
    source.save("b", "1").await;
    source.save("a", "2").await;
    source.batch(vec![delete("a")]).await.unwrap();
    let versions = source.store.after(Seq::ZERO, 10).await.unwrap();
    let adopt = |versions: &[Version]| batch(versions.iter().cloned().map(Write::adopting).collect());
    let refused = async |versions: &[Version]| match f.commit(&[adopt(versions)]).await.pop() {
        Some(Err(WriteRefusal::Batch(Refusal::DoesNotFollow { seq, why }))) => (seq, why),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&versions[1..]).await, (Seq(2), Misfit::Seq { end: Seq(0) }));
    let altered = |alter: fn(&mut Version)| {
        let mut versions = versions.clone();
        alter(&mut versions[2]);
        versions
    };
    assert_eq!(refused(&altered(|v| v.author = Some("x".into()))).await, (Seq(3), Misfit::ChainHash));
    assert_eq!(
        refused(&altered(|v| v.data = Some("3".parse().unwrap()))).await,
        (Seq(3), Misfit::ContentHash)
    );
    assert_eq!(refused(&altered(|v| v.damaged = Some("x".into()))).await, (Seq(3), Misfit::Damaged));
    assert_eq!(f.tip().await, Seq::ZERO, "nothing of those batches was written");
    // In one group: a save comes in between, and what followed the end before does not any more.
    let mut answers =
        f.commit(&[adopt(&versions[..2]), batch(vec![save("c", "1")]), adopt(&versions[2..])]).await;
    assert!(matches!(answers.pop(), Some(Err(WriteRefusal::Batch(Refusal::DoesNotFollow { .. })))));
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((f.tip().await, f.head("a").await.as_ref()), (Seq(3), Some(&versions[0])));
    assert_eq!(f.store.head(&key("b")).await.unwrap().as_ref(), Some(&versions[1]));
    let snapshot = Snapshot {
        id: snapshot_id("s"),
        seq: Seq(4),
        description: None,
        author: None,
        created_at: versions[0].recorded_at,
        kind: SnapshotKind::Manual,
    };
    let late = f.commit(&[WriteRequest::AdoptSnapshot(snapshot)]).await.pop();
    assert_eq!(late, Some(Err(WriteRefusal::NotThereYet(Seq(3)))));
}
