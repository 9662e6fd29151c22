//! Bundles brought into stores that have versions of their own.

use std::sync::Arc;

use stateloft_core::api::{BundleImported, BundleMerged, ConflictReason, Named, Scope};
use stateloft_core::bundle::brought_as;
use stateloft_core::commit::Write;
use stateloft_core::json::Document;
use stateloft_core::model::{Seq, StateKey, Version, VersionNumber};
use stateloft_server::service::{
    BundleInto, ExportRequest, Service, Settings, Start, TypeNames, UnknownTypes,
};
use stateloft_server::store::{NewSnapshot, WriteRequest};

use crate::bundles::{exported, filled, grown, kept, memory, taken_in, unpacked, whole};
use crate::fixture::{Fixture, START, delete, key, new_snapshot, save, snapshot_id, typed};

/// With a version of its own, a minute after everything of other stores.
async fn with_its_own(f: &Fixture) {
    f.clock.set(START + 60_000_000);
    f.save("mine", "1").await;
}

async fn bundle(of: &Fixture) -> Vec<u8> {
    exported(of.service().await.as_ref(), &whole()).await
}

async fn merge(service: &Service, bytes: &[u8]) -> (BundleImported, BundleMerged) {
    let done = taken_in(service, bytes, BundleInto::Merged).await.unwrap();
    let Some(merged) = done.merged.clone() else { panic!("it was not merged: {done:?}") };
    assert_eq!(merged.seq.0 - merged.before.0, done.versions);
    (done, merged)
}

/// New, continued, unchanged and conflicting states.
fn counts(merged: &BundleMerged) -> [u64; 4] {
    assert_eq!(merged.unlisted, 0);
    assert_eq!(merged.conflicting.len() as u64, merged.conflicts);
    [merged.new, merged.continued, merged.unchanged, merged.conflicts]
}

/// Every version of a state, oldest first.
async fn history(f: &Fixture, key: &StateKey) -> Vec<Version> {
    let all = kept(f.store.as_ref()).await.versions;
    all.into_iter().filter(|version| version.key == *key).collect()
}

/// A bundle's states have the same histories in a store: by what was done, what they hold, who wrote it, why and when.
async fn same_histories(f: &Fixture, source: &Fixture, keys: &[StateKey]) {
    for key in keys {
        let (ours, theirs) = (history(f, key).await, history(source, key).await);
        assert_eq!(ours.len(), theirs.len(), "{key}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.version, theirs.version, "{key}");
            assert_eq!(ours.operation, theirs.operation, "{key}");
            assert_eq!((&ours.data, ours.content_hash), (&theirs.data, theirs.content_hash), "{key}");
            assert_eq!((&ours.author, &ours.description), (&theirs.author, &theirs.description), "{key}");
            assert_eq!(ours.origin, theirs.origin, "{key}");
            assert_eq!(ours.effective_at(), theirs.effective_at(), "{key}");
            assert_eq!(ours.batch_id.as_deref(), Some(&*brought_as(theirs)), "{key}");
        }
    }
}

async fn save_typed(f: &Fixture, id: &str, data: &str) -> Version {
    f.write(Write { key: typed("bot_memory", id), ..save(id, data) }).await
}

fn bot(id: &str) -> StateKey {
    typed("bot_memory", id)
}

pub async fn what_a_store_never_had_comes_in_with_its_history_and_says_what_it_was(f: &Fixture) {
    let source = filled().await;
    let bytes = bundle(&source).await;
    with_its_own(f).await;
    f.save("mine", "2").await;
    let (own, service) = (history(f, &key("mine")).await, f.service().await);
    let (done, merged) = merge(&service, &bytes).await;
    assert_eq!(counts(&merged), [3, 0, 0, 0]);
    assert_eq!((done.versions, done.passed_over, merged.before), (6, 0, Seq(2)));
    assert_eq!(history(f, &key("mine")).await, own);
    let keys = [key("x/y z-é"), bot("b"), typed("schema", "mine")];
    same_histories(f, &source, &keys).await;
    let there = history(&source, &bot("b")).await;
    let here = history(f, &bot("b")).await;
    let said = format!("import:{}:bundle:{}:{}", there[0].recorded_at, there[0].seq, there[0].chain_hash);
    assert!(here[0].batch_id.as_deref().unwrap().starts_with(&said), "{:?}", here[0].batch_id);
    // What there was at each moment is found by its time.
    for version in there.iter().filter(|version| !version.is_deleted()) {
        let then = f.store.then(&bot("b"), version.recorded_at).await.unwrap();
        assert_eq!(then.unwrap().content_hash, version.content_hash, "{version:?}");
    }
    // A snapshot of nothing is one here, too. What names places of the other log is said, and not made up.
    let left: Vec<_> = merged.left_out.iter().map(|left| (left.kind, left.seq, left.name_taken)).collect();
    assert_eq!(done.snapshots, 1);
    assert_eq!(
        left,
        [(Named::Snapshot, Seq(2), false), (Named::Snapshot, Seq(5), false), (Named::Restore, Seq(6), false)]
    );
    let again = merge(&service, &bytes).await;
    assert_eq!((counts(&again.1), again.0.versions, again.0.passed_over), ([0, 0, 3, 0], 0, 6));
    assert_eq!(f.tip().await, Seq(8));
}

pub async fn what_the_bundle_goes_on_with_is_continued_and_a_store_that_is_ahead_stays(f: &Fixture) {
    let source = memory();
    for (id, data) in [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1")] {
        save_typed(&source, id, data).await;
    }
    let first = bundle(&source).await;
    with_its_own(f).await;
    let service = f.service().await;
    assert_eq!(counts(&merge(&service, &first).await.1), [3, 0, 0, 0]);
    // The other goes on with `a`, deletes `b` and begins `d`; this one goes on with `c`.
    save_typed(&source, "a", "3").await;
    save_typed(&source, "a", "2").await;
    source.batch(vec![Write { key: bot("b"), ..delete("b") }]).await.unwrap();
    save_typed(&source, "d", "1").await;
    save_typed(f, "c", "7").await;
    let (done, merged) = merge(&service, &bundle(&source).await).await;
    assert_eq!((counts(&merged), done.versions, done.passed_over), ([1, 2, 1, 0], 4, 4));
    same_histories(f, &source, &[bot("a"), bot("b"), bot("d")]).await;
    assert_eq!(history(f, &bot("c")).await.len(), 2);
    // An older bundle has nothing that is not there.
    assert_eq!(counts(&merge(&service, &first).await.1), [0, 0, 3, 0]);
}

pub async fn what_went_on_differently_is_listed_with_both_ends_and_left_as_it_is(f: &Fixture) {
    let source = memory();
    let both = ["diverged", "kept", "gone"];
    for id in both {
        save_typed(&source, id, "1").await;
    }
    with_its_own(f).await;
    let service = f.service().await;
    merge(&service, &bundle(&source).await).await;
    save_typed(&source, "diverged", "8").await;
    save_typed(&source, "diverged", "88").await;
    for id in ["later", "alike", "unrelated"] {
        save_typed(&source, id, "1").await;
    }
    save_typed(&source, "later", "2").await;
    save_typed(&source, "alike", "9").await;
    source.batch(vec![Write { key: bot("gone"), ..delete("gone") }]).await.unwrap();
    // The same as the other's first, but saved after the other's second.
    save_typed(f, "later", "1").await;
    save_typed(f, "alike", "9").await;
    save_typed(f, "unrelated", "0").await;
    save_typed(f, "diverged", "7").await;
    save_typed(f, "kept", "7").await;
    f.batch(vec![Write { key: bot("gone"), ..delete("gone") }]).await.unwrap();
    save_typed(&source, "fine", "1").await;
    let (before, bytes) = (kept(f.store.as_ref()).await.versions, bundle(&source).await);
    let (done, merged) = merge(&service, &bytes).await;
    assert_eq!((counts(&merged), done.versions), ([1, 0, 3, 3], 1));
    let after = kept(f.store.as_ref()).await.versions;
    assert_eq!(after[..before.len()], before);
    let found: Vec<_> =
        merged.conflicting.iter().map(|conflict| (conflict.state_id.as_str(), conflict.reason)).collect();
    assert_eq!(
        found,
        [
            ("diverged", ConflictReason::Diverged),
            ("later", ConflictReason::LaterHere),
            ("unrelated", ConflictReason::Unrelated)
        ]
    );
    for conflict in &merged.conflicting {
        let (here, there) = (
            f.store.head(&conflict.key()).await.unwrap().unwrap(),
            source.store.head(&conflict.key()).await.unwrap().unwrap(),
        );
        let side = conflict.here.as_ref().unwrap();
        assert_eq!((side.seq, side.version, side.content_hash), (here.seq, here.version, here.content_hash));
        let side = &conflict.there;
        assert_eq!((side.seq, side.content_hash), (there.seq, there.content_hash));
        assert_eq!((side.saved_at, conflict.partly), (there.recorded_at, false));
    }
    assert_eq!(counts(&merge(&service, &bytes).await.1), [0, 0, 4, 3]);
}

pub async fn logs_that_forked_are_merged_and_share_the_names_of_what_both_have(f: &Fixture) {
    let source = memory();
    for n in 1..=3 {
        save_typed(&source, "a", &n.to_string()).await;
        save_typed(&source, "b", &n.to_string()).await;
    }
    let service = f.service().await;
    taken_in(&service, &bundle(&source).await, BundleInto::Same).await.unwrap();
    with_its_own(f).await;
    source.snapshot("taken here").await.unwrap();
    let early = |name, seq| NewSnapshot { seq: Some(Seq(seq)), ..new_snapshot(name) };
    save_typed(&source, "a", "4").await;
    for (name, seq) in [("both have it", 4), ("only there", 7)] {
        let made = source.commit(&[WriteRequest::CreateSnapshot(early(name, seq))]).await;
        assert!(made.iter().all(Result::is_ok), "{made:?}");
    }
    f.commit(&[WriteRequest::CreateSnapshot(early("taken here", 1))]).await;
    let (done, merged) = merge(&service, &bundle(&source).await).await;
    assert_eq!((counts(&merged), done.versions, done.passed_over), ([0, 1, 1, 0], 1, 6));
    assert_eq!(done.snapshots, 1);
    let left: Vec<_> = merged.left_out.iter().map(|left| (left.id.as_str(), left.name_taken)).collect();
    assert_eq!(left, [("taken here", true), ("only there", false)]);
    let shared = f.store.snapshot(&snapshot_id("both have it")).await.unwrap();
    assert_eq!(shared, source.store.snapshot(&snapshot_id("both have it")).await.unwrap());
    assert_eq!(history(f, &bot("a")).await.len(), 4);
}

pub async fn a_store_that_can_become_the_very_same_does(f: &Fixture) {
    let source = filled().await;
    grown(&source).await;
    let bytes = unpacked(&bundle(&source).await);
    let service = f.service().await;
    let mut import = service.import_bundle(BundleInto::Merged);
    import.feed(&bytes[..bytes.len() * 4 / 5]).await.unwrap();
    drop(import);
    let there = f.tip().await;
    assert!(Seq::ZERO < there && there < source.tip().await);
    let done = taken_in(&service, &bytes, BundleInto::Merged).await.unwrap();
    assert_eq!((done.merged, done.passed_over), (None, there.0));
    assert_eq!(kept(f.store.as_ref()).await, kept(source.store.as_ref()).await);
    // What is all there is unchanged.
    let again = taken_in(&service, &bytes, BundleInto::Merged).await.unwrap();
    assert_eq!((again.versions, again.passed_over), (0, source.tip().await.0));
    assert_eq!(kept(f.store.as_ref()).await, kept(source.store.as_ref()).await);
}

pub async fn a_merge_that_was_interrupted_goes_on(f: &Fixture) {
    let source = filled().await;
    grown(&source).await;
    let bytes = unpacked(&bundle(&source).await);
    with_its_own(f).await;
    let service = f.service().await;
    let mut import = service.import_bundle(BundleInto::Merged);
    import.feed(&bytes[..bytes.len() * 4 / 5]).await.unwrap();
    drop(import);
    let there = f.tip().await.0 - 1;
    assert!(there > 0);
    // A bundle that was cut says where, and what is before that is in.
    let cut = taken_in(&service, &bytes[..bytes.len() - 10], BundleInto::Merged).await.unwrap_err();
    let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
    assert_eq!(cut.problem().line, Some(lines), "{cut}");
    let tip = source.tip().await.0;
    assert_eq!(f.tip().await.0 - 1, tip);
    let (done, merged) = merge(&service, &bytes).await;
    assert_eq!((done.versions, done.passed_over, counts(&merged)), (0, tip, [0, 0, 5, 0]));
    let keys = [key("x/y z-é"), bot("b"), typed("schema", "mine"), key("large"), key("small")];
    same_histories(f, &source, &keys).await;
}

pub async fn who_saves_while_a_bundle_is_merged_keeps_what_he_saved(f: &Fixture) {
    let source = memory();
    grown(&source).await;
    source.save("begun", "1").await;
    source.save("free", "1").await;
    let bytes = unpacked(&bundle(&source).await);
    with_its_own(f).await;
    let service = f.service().await;
    let mut import = service.import_bundle(BundleInto::Merged);
    // All but the last lines: some versions are written, the others wait.
    import.feed(&bytes[..bytes.len() - 100]).await.unwrap();
    let written = history(f, &key("large")).await.len();
    assert!((1..6).contains(&written), "{written}");
    f.save("large", r#"{"mine":1}"#).await;
    f.save("begun", r#"{"mine":1}"#).await;
    import.feed(&bytes[bytes.len() - 100..]).await.unwrap();
    let merged = import.finish().await.unwrap().merged.unwrap();
    assert_eq!(counts(&merged), [2, 0, 0, 2]);
    let found: Vec<_> = merged
        .conflicting
        .iter()
        .map(|conflict| (conflict.state_id.as_str(), conflict.reason, conflict.partly))
        .collect();
    assert_eq!(
        found,
        [("begun", ConflictReason::Unrelated, false), ("large", ConflictReason::Diverged, true)]
    );
    for id in ["large", "begun"] {
        assert_eq!(f.head(id).await.unwrap().data.unwrap().text(), r#"{"mine":1}"#);
    }
    same_histories(f, &source, &[key("small"), key("free")]).await;
}

pub async fn parts_of_a_store_are_merged_and_known_again(f: &Fixture) {
    let source = memory();
    for (id, data) in [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"), ("c", "1")] {
        save_typed(&source, id, data).await;
    }
    source.batch(vec![Write { key: bot("c"), ..delete("c") }]).await.unwrap();
    let other = source.service().await;
    with_its_own(f).await;
    let service = f.service().await;
    let lasts = exported(&other, &ExportRequest { history: false, ..whole() }).await;
    let (done, merged) = merge(&service, &lasts).await;
    // What is deleted there and was never here needs no version.
    assert_eq!((counts(&merged), done.versions), ([2, 0, 1, 0], 2));
    assert_eq!(counts(&merge(&service, &lasts).await.1), [0, 0, 3, 0]);
    let of_a = Scope { prefix: Some("a".into()), ..Scope::default() };
    let part = exported(&other, &ExportRequest { scope: of_a, ..whole() }).await;
    assert_eq!(counts(&merge(&service, &part).await.1), [0, 0, 1, 0]);
    // With the whole history it is the same state still, and goes on behind what is there.
    save_typed(&source, "a", "3").await;
    let (done, merged) = merge(&service, &bundle(&source).await).await;
    assert_eq!(counts(&merged), [1, 1, 1, 0], "c has a history now");
    assert_eq!(done.versions, 3);
    let texts: Vec<_> = history(f, &bot("a")).await.iter().map(|v| v.data.clone().unwrap()).collect();
    assert_eq!(texts.iter().map(Document::text).collect::<Vec<_>>(), ["2", "3"]);
    // From the middle of a history only what is certain is taken.
    save_typed(&source, "a", "4").await;
    save_typed(&source, "e", "1").await;
    let from = source.tip().await.0 - 1;
    let rest = exported(&other, &ExportRequest { from: Start::Seq(Seq(from)), ..whole() }).await;
    let (_, merged) = merge(&service, &rest).await;
    assert_eq!(counts(&merged), [1, 0, 0, 1]);
    assert_eq!(merged.conflicting[0].reason, ConflictReason::Unrelated);
}

pub async fn what_was_merged_is_known_where_it_came_from(f: &Fixture) {
    let source = memory();
    for (id, data) in [("a", "1"), ("a", "2"), ("b", "1")] {
        save_typed(&source, id, data).await;
    }
    with_its_own(f).await;
    let service = f.service().await;
    merge(&service, &bundle(&source).await).await;
    save_typed(f, "a", "3").await;
    let own = history(&source, &bot("a")).await;
    let (_, merged) = merge(source.service().await.as_ref(), &bundle(f).await).await;
    assert_eq!(counts(&merged), [1, 1, 1, 0]);
    let went_on = history(&source, &bot("a")).await;
    assert_eq!((went_on.len(), &went_on[..2]), (3, &own[..]));
    // And in a third store it is what it was first.
    let third = memory();
    third.save("other", "1").await;
    merge(third.service().await.as_ref(), &bundle(f).await).await;
    let (first, again) = (history(f, &bot("a")).await, history(&third, &bot("a")).await);
    assert_eq!(first[0].batch_id, again[0].batch_id);
    assert_eq!(again[2].version, VersionNumber(3));
    assert_eq!(counts(&merge(third.service().await.as_ref(), &bundle(&source).await).await.1), [0, 0, 3, 0]);
    third.check_chain().await;
    source.check_chain().await;
}

pub async fn types_that_are_refused_are_conflicts(f: &Fixture) {
    let source = memory();
    save_typed(&source, "a", "1").await;
    source.save("b", "1").await;
    with_its_own(f).await;
    let types = TypeNames { unknown: UnknownTypes::Refuse, ..TypeNames::default() };
    let settings = Settings { clock: f.clock.clone(), types, ..Settings::default() };
    let service = Service::start(Arc::clone(&f.store), settings).await.unwrap();
    let (_, merged) = merge(&service, &bundle(&source).await).await;
    assert_eq!(counts(&merged), [1, 0, 0, 1]);
    let conflict = &merged.conflicting[0];
    assert_eq!((conflict.reason, &conflict.here), (ConflictReason::UnknownType, &None));
}

pub async fn what_one_answer_does_not_hold_of_the_conflicts_is_counted(f: &Fixture) {
    const STATES: usize = 2_000;
    let source = memory();
    let all = |data: &str| {
        let write = |n: usize| Write { key: bot(&n.to_string()), ..save("x", data) };
        (0..STATES).map(write).collect::<Vec<_>>()
    };
    source.batch(all("1")).await.unwrap();
    f.batch(all("2")).await.unwrap();
    let service = f.service().await;
    let (done, merged) = merge(&service, &bundle(&source).await).await;
    assert_eq!((done.versions, merged.conflicts), (0, STATES as u64));
    let listed = merged.conflicting.len() as u64;
    assert!(0 < listed && listed < merged.conflicts, "{listed}");
    assert_eq!(listed + merged.unlisted, merged.conflicts);
    assert!(serde_json::to_vec(&merged).unwrap().len() < 2 << 20);
}
