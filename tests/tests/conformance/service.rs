//! The service over each store.

use std::sync::Arc;

use stateloft_core::api::{
    BatchItem, BatchOperation, BatchRequest, ClientOperation, Code, CreateSnapshot, Moment, SaveRequest,
    Topic, ValidityFilter, VersionFilter,
};
use stateloft_core::commit::Outcome;
use stateloft_core::model::{Operation, Origin, Seq, StateId, StateType, VersionNumber};
use stateloft_server::service::{
    ChangeRequest, EventFilter, HistoryRequest, ListRequest, Precondition, Service, ServiceError, Which,
};

use crate::fixture::{Fixture, doc, key, snapshot_id, typed};

pub fn request(id: &str, data: &str) -> SaveRequest {
    SaveRequest {
        state_id: StateId::new(id).unwrap(),
        state_type: StateType::new("bot_memory").unwrap(),
        data: doc(data),
        operation: ClientOperation::Update,
        user_id: Some("bot".into()),
        description: None,
        expected_version: None,
        epoch: None,
        run_id: None,
        correlation_id: None,
        causation_id: None,
    }
}

fn bot_key(id: &str) -> stateloft_core::model::StateKey {
    typed("bot_memory", id)
}

pub async fn save(service: &Service, id: &str, data: &str) -> Outcome {
    service.save(request(id, data), &Precondition::None).await.unwrap()
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Code {
    answer.unwrap_err().code()
}

pub async fn d_015_a_version_id_of_another_state_is_not_found(f: &Fixture) {
    let service = f.service().await;
    let a = save(&service, "a", r#"{"n":1}"#).await.into_version();
    let b = save(&service, "b", r#"{"n":2}"#).await.into_version();
    let id = |text: &str| Which::Id(text.to_owned());
    assert_eq!(service.get(&a.key, &id(a.version_id().as_str())).await.unwrap(), a);
    assert_eq!(code(service.get(&a.key, &id(b.version_id().as_str())).await), Code::VersionNotFound);
    assert_eq!(code(service.get(&a.key, &id("1-00000000")).await), Code::VersionNotFound);
    assert_eq!(code(service.get(&a.key, &id("rubbish")).await), Code::VersionNotFound);
    assert_eq!(code(service.get(&bot_key("never"), &id(a.version_id().as_str())).await), Code::StateNotFound);
    assert_eq!(code(service.get(&a.key, &Which::Number(VersionNumber(2))).await), Code::VersionNotFound);
}

pub async fn d_003_an_unknown_snapshot_is_an_error(f: &Fixture) {
    let service = f.service().await;
    save(&service, "a", "{}").await;
    let unknown = snapshot_id("never made");
    assert_eq!(code(service.snapshot(&unknown).await), Code::SnapshotNotFound);
    assert_eq!(code(service.delete_snapshot(unknown.clone()).await), Code::SnapshotNotFound);
    assert_eq!(
        code(service.restore_snapshot(&unknown, None, Origin::default()).await),
        Code::SnapshotNotFound
    );
    let at = Which::At(Moment::Snapshot(unknown));
    assert_eq!(code(service.get(&bot_key("a"), &at).await), Code::SnapshotNotFound);
    assert_eq!(
        code(service.get(&bot_key("a"), &Which::At(Moment::Seq(Seq(2)))).await),
        Code::InvalidParameter
    );
}

pub async fn d_027_a_deleted_state_says_so_and_comes_back(f: &Fixture) {
    let service = f.service().await;
    let key = bot_key("a");
    let first = save(&service, "a", r#"{"n":1}"#).await.into_version();
    assert_eq!(code(service.undelete(key.clone(), ChangeRequest::default()).await), Code::NotDeleted);
    let who = ChangeRequest { user_id: Some("ann".into()), ..ChangeRequest::default() };
    let tombstone = service.delete(key.clone(), who.clone()).await.unwrap();
    assert_eq!(
        service.get(&key, &Which::Head).await,
        Err(ServiceError::StateDeleted(Box::new(tombstone.clone())))
    );
    assert_eq!(service.get(&key, &Which::Number(tombstone.version)).await.unwrap(), tombstone);
    assert_eq!(service.get(&key, &Which::At(Moment::Seq(first.seq))).await.unwrap(), first);
    assert_eq!(code(service.delete(key.clone(), who.clone()).await), Code::StateDeleted);
    assert_eq!(code(service.delete(bot_key("never"), who.clone()).await), Code::StateNotFound);
    assert_eq!(code(service.undelete(bot_key("never"), who.clone()).await), Code::StateNotFound);
    let list = ListRequest { limit: 10, ..ListRequest::default() };
    assert_eq!(service.list(list).await.unwrap().states, []);
    let back = service.undelete(key.clone(), who).await.unwrap();
    assert_eq!(
        (back.version, back.operation, &back.data),
        (VersionNumber(3), Operation::Restore, &first.data)
    );
    assert_eq!(service.get(&key, &Which::Head).await.unwrap(), back);
}

pub async fn preconditions_are_kept(f: &Fixture) {
    let service = f.service().await;
    let tags = |tag: &str| vec!["v9-00000000".to_owned(), tag.to_owned()];
    let put = |data: &'static str, precondition: Precondition| {
        let service = Arc::clone(&service);
        async move { service.save(request("a", data), &precondition).await.map(Outcome::into_version) }
    };
    assert_eq!(code(put("{}", Precondition::Exists).await), Code::PreconditionFailed);
    assert_eq!(code(put("{}", Precondition::Matches(tags("v1-x"))).await), Code::PreconditionFailed);
    let first = put(r#"{"n":1}"#, Precondition::Absent).await.unwrap();
    assert_eq!(code(put("{}", Precondition::Absent).await), Code::PreconditionFailed);
    let tag = first.etag();
    assert_eq!(code(put("{}", Precondition::MatchesNot(tags(&tag))).await), Code::PreconditionFailed);
    let second = put(r#"{"n":2}"#, Precondition::Matches(tags(&tag))).await.unwrap();
    assert_eq!(code(put("{}", Precondition::Matches(tags(&tag))).await), Code::PreconditionFailed);
    let third = put(r#"{"n":3}"#, Precondition::Exists).await.unwrap();
    assert_eq!((second.version, third.version), (VersionNumber(2), VersionNumber(3)));

    let with = |operation, expected_version| SaveRequest {
        operation,
        expected_version,
        ..request("a", r#"{"n":4}"#)
    };
    let none = Precondition::None;
    let create = with(ClientOperation::Create, None);
    assert_eq!(code(service.save(create, &none).await), Code::StateExists);
    assert_eq!(
        code(service.save(with(ClientOperation::Update, Some(2)), &none).await),
        Code::VersionConflict
    );
    assert_eq!(code(service.save(with(ClientOperation::Create, Some(3)), &none).await), Code::StateExists);
    let both = service.save(with(ClientOperation::Update, Some(2)), &Precondition::Exists).await;
    assert_eq!(code(both), Code::VersionConflict, "both must hold");
    let conditional = |precondition| ChangeRequest { precondition, ..ChangeRequest::default() };
    let stale = conditional(Precondition::Matches(vec![tag]));
    assert_eq!(code(service.delete(bot_key("a"), stale).await), Code::PreconditionFailed);
    let tombstone =
        service.delete(bot_key("a"), conditional(Precondition::Matches(vec![third.etag()]))).await.unwrap();
    assert_eq!(code(put("{}", Precondition::Exists).await), Code::PreconditionFailed);
    let again = with(ClientOperation::Create, Some(tombstone.version.0));
    assert_eq!(service.save(again, &none).await.unwrap().version().version, VersionNumber(5));
}

pub async fn the_type_may_be_left_out_when_there_is_one(f: &Fixture) {
    let service = f.service().await;
    save(&service, "a", "{}").await;
    let id = StateId::new("a").unwrap();
    assert_eq!(service.key_of(None, id.clone()).await.unwrap(), bot_key("a"));
    f.save("a", "{}").await;
    let several = service.key_of(None, id.clone()).await.unwrap_err();
    assert_eq!(several.code(), Code::InvalidParameter);
    assert!(several.to_string().contains("bot_memory, position"), "{several}");
    let named = Some(StateType::new("position").unwrap());
    assert_eq!(service.key_of(named, id).await.unwrap(), key("a"));
    assert_eq!(code(service.key_of(None, StateId::new("never").unwrap()).await), Code::StateNotFound);
}

/// Every task reads the head and tries to write the next version, until all versions are written: of the writers that
/// expect the same version exactly one wins.
pub async fn sixteen_writers_compare_and_set(f: &Fixture) {
    const VERSIONS: u64 = 60;
    let service = f.service().await;
    save(&service, "a", r#"{"by":"start"}"#).await;
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                let mut won = Vec::new();
                loop {
                    let seen = service.get(&bot_key("a"), &Which::Head).await.unwrap().version.0;
                    if seen >= VERSIONS {
                        return won;
                    }
                    let data = format!(r#"{{"by":{task},"after":{seen}}}"#);
                    let request = SaveRequest { expected_version: Some(seen), ..request("a", &data) };
                    match service.save(request, &Precondition::None).await {
                        Ok(Outcome::Written(version)) => {
                            assert_eq!(version.version.0, seen + 1);
                            won.push(version);
                        }
                        Ok(other) => panic!("{other:?}"),
                        Err(error) => assert_eq!(error.code(), Code::VersionConflict),
                    }
                }
            })
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        won.extend(task.await.unwrap());
    }
    won.sort_by_key(|version| version.version);
    let numbers: Vec<_> = won.iter().map(|version| version.version.0).collect();
    assert_eq!(numbers, (2..=VERSIONS).collect::<Vec<_>>(), "each version was won once");
    for version in won {
        assert_eq!(f.store.by_seq(version.seq).await.unwrap(), Some(version));
    }
}

pub async fn fifty_snapshots_at_once(f: &Fixture) {
    let service = f.service().await;
    save(&service, "a", "{}").await;
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                let snapshot_id = snapshot_id(&format!("s{}", n % 50));
                let request = CreateSnapshot { snapshot_id, description: None, user_id: None, seq: None };
                service.create_snapshot(request).await
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(snapshot) => made += u32::from(snapshot.success),
            Err(error) => assert_eq!(error.code(), Code::SnapshotExists),
        }
    }
    assert_eq!((made, service.snapshots(1000, None).await.unwrap().total), (50, 50));
}

pub async fn shutting_down_finishes_what_was_taken(f: &Fixture) {
    let service = f.service().await;
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let service = Arc::clone(&service);
            tokio::spawn(
                async move { service.save(request(&format!("s{n}"), "{}"), &Precondition::None).await },
            )
        })
        .collect();
    let mut bell = service.events().doorbell();
    bell.wait_for(|seq| *seq > Seq(0)).await.unwrap();
    service.shutdown().await;
    let (mut saved, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => saved += 1,
            Err(error) => {
                assert_eq!(error.code(), Code::ShuttingDown);
                refused += 1;
            }
        }
    }
    assert_eq!(saved + refused, 200);
    assert_eq!(service.events().last_seq(), Seq(saved), "what was answered was written, and nothing else");
    assert_eq!(code(service.save(request("late", "{}"), &Precondition::None).await), Code::ShuttingDown);
}

pub async fn events_are_read_on_from_any_seq(f: &Fixture) {
    f.save("before the service started", "{}").await;
    let service = f.service().await;
    for n in 0..20 {
        save(&service, &format!("s{}", n % 4), &format!(r#"{{"n":{n}}}"#)).await;
    }
    let all = EventFilter { with_data: true, ..EventFilter::default() };
    let (mut after, mut seqs) = (Seq(0), Vec::new());
    loop {
        let page = service.events_after(after, 6, &all).await.unwrap();
        assert_eq!(page.seq, Seq(21));
        seqs.extend(page.events.iter().map(|event| event.version.seq.0));
        assert!(page.events.iter().all(|event| event.data.is_some()));
        after = page.next_after;
        if after == page.seq {
            break;
        }
    }
    assert_eq!(seqs, (1..=21).collect::<Vec<_>>());
    let topics =
        vec![Topic::Id(StateId::new("s1").unwrap()), Topic::Type(StateType::new("position").unwrap())];
    let some = EventFilter { topics, ..EventFilter::default() };
    let seqs = |page: stateloft_core::api::EventPage| {
        assert!(page.events.iter().all(|event| event.data.is_none()));
        page.events.iter().map(|event| event.version.seq.0).collect::<Vec<_>>()
    };
    assert_eq!(seqs(service.events_after(Seq(0), 100, &some).await.unwrap()), [1, 3, 7, 11, 15, 19]);
    let page = service.events_after(Seq(0), 2, &some).await.unwrap();
    assert_eq!((page.next_after, seqs(page)), (Seq(3), vec![1, 3]));
    assert_eq!(seqs(service.events_before(None, 3, &some).await.unwrap()), [19, 15, 11]);
    assert_eq!(seqs(service.events_before(Some(Seq(11)), 100, &some).await.unwrap()), [7, 3, 1]);
    assert_eq!(seqs(service.events_after(Seq(21), 100, &some).await.unwrap()), Vec::<u64>::new());
}

pub async fn versions_are_searched_by_who_wrote_what_to_the_first(f: &Fixture) {
    let service = f.service().await;
    let write = async |id: &str, author: &str, why: &str| {
        let mut request = request(id, &format!(r#"{{"by":"{author}{why}"}}"#));
        (request.user_id, request.description) = (Some(author.into()), Some(why.into()));
        service.save(request, &Precondition::None).await.unwrap();
    };
    write("First", "deploy-46", "Widen the Stop").await;
    for n in 0..40 {
        write(&format!("s{}", n % 4), "busy-bot", &format!("beat {n}")).await;
    }
    write("s1", "deploy-46", "widen the stop again").await;
    let found = async |versions: VersionFilter| {
        let filter = EventFilter { versions, ..EventFilter::default() };
        let page = service.events_before(None, 100, &filter).await.unwrap();
        assert!(page.next_after <= Seq(1), "everything was looked at");
        let down: Vec<u64> = page.events.iter().map(|event| event.version.seq.0).collect();
        let with_data = EventFilter { with_data: true, ..filter };
        let mut up = service.events_after(Seq(0), 100, &with_data).await.unwrap().events;
        up.reverse();
        assert_eq!(down, up.iter().map(|event| event.version.seq.0).collect::<Vec<_>>(), "both ways alike");
        down
    };
    let by = |name: &str| VersionFilter { authors: vec![name.into()], ..VersionFilter::default() };
    assert_eq!(found(by("deploy-46")).await, [42, 1]);
    assert_eq!(found(by("nobody")).await, [0_u64; 0]);
    let created = VersionFilter { operations: vec![Operation::Create], ..by("busy-bot") };
    assert_eq!(found(created).await, [5, 4, 3, 2]);
    let said = VersionFilter { words: vec!["stop".into(), "widen".into()], ..VersionFilter::default() };
    assert_eq!(found(said).await, [42, 1]);
    let named = VersionFilter { words: vec!["first".into()], ..VersionFilter::default() };
    assert_eq!(found(named).await, [1]);
    let of_type =
        |name: &str| VersionFilter { types: vec![StateType::new(name).unwrap()], ..by("deploy-46") };
    let (mine, other) = (found(of_type("bot_memory")).await, found(of_type("position")).await);
    assert_eq!((mine, other), (vec![42, 1], vec![]));
    let at_path =
        VersionFilter { paths: vec!["/by".into()], operations: vec![Operation::Update], ..by("deploy-46") };
    assert_eq!(found(at_path).await, [42]);
    let checked = VersionFilter { validity: Some(ValidityFilter::Invalid), ..VersionFilter::default() };
    assert_eq!(found(checked).await, [0_u64; 0]);
}

pub async fn a_reader_that_follows_the_doorbell_misses_nothing(f: &Fixture) {
    const WRITES: u64 = 300;
    let service = f.service().await;
    let events = Arc::clone(service.events());
    let reader = tokio::spawn(async move {
        let (mut cursor, mut seen) = (Seq(0), Vec::new());
        let mut bell = events.doorbell();
        while cursor < Seq(WRITES) {
            bell.wait_for(|seq| *seq > cursor).await.unwrap();
            for event in events.read_after(cursor, 7).await.unwrap() {
                cursor = event.seq();
                seen.push(event);
            }
        }
        seen
    });
    let writers: Vec<_> = (0..4)
        .map(|task| {
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                for n in 0..WRITES / 4 {
                    save(&service, &format!("s{task}"), &format!(r#"{{"n":{n}}}"#)).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let seen = reader.await.unwrap();
    assert_eq!(seen.iter().map(|event| event.seq().0).collect::<Vec<_>>(), (1..=WRITES).collect::<Vec<_>>());
    let (event, stored) = (&seen[7], f.store.by_seq(Seq(8)).await.unwrap().unwrap());
    assert_eq!(event.version(), &stored);
    let written = |with_data| format!("{{{}", std::str::from_utf8(&event.fields(with_data)).unwrap());
    let plain: serde_json::Value = serde_json::from_str(&written(true)).unwrap();
    let message: serde_json::Value = serde_json::from_slice(&event.message(true)).unwrap();
    assert_eq!((&message["type"], &message["seq"]), (&"state_update".into(), &8.into()));
    assert_eq!((&plain["data"], plain.get("type")), (&message["data"], None));
    assert!(!written(false).contains("\"data\""));
}

pub async fn batches_are_checked_before_they_are_written(f: &Fixture) {
    let service = f.service().await;
    let item = |op, id: &str, data: Option<&str>| {
        let (state_type, state_id) = (StateType::new("bot_memory").unwrap(), StateId::new(id).unwrap());
        BatchItem { data: data.map(doc), ..BatchItem::new(op, state_type, state_id) }
    };
    let batch = |items| BatchRequest {
        items,
        user_id: Some("bot".into()),
        description: Some("all".into()),
        ..BatchRequest::default()
    };
    let (op_save, op_delete) = (BatchOperation::Save, BatchOperation::Delete);
    let wrong = [
        batch(vec![]),
        batch(vec![item(op_save, "a", None)]),
        batch(vec![item(op_save, "a", Some("[1]"))]),
        batch(vec![item(op_delete, "a", Some("{}"))]),
        batch(vec![item(op_save, "a", Some("{}")), item(op_save, "a", Some("{}"))]),
        BatchRequest { user_id: Some("x".repeat(257)), ..batch(vec![item(op_save, "a", Some("{}"))]) },
        BatchRequest { description: Some("a\0b".into()), ..batch(vec![item(op_save, "a", Some("{}"))]) },
    ];
    for request in wrong {
        assert_eq!(code(service.batch(request).await), Code::InvalidBody);
    }
    let missing = batch(vec![item(op_save, "a", Some("{}")), item(op_delete, "b", None)]);
    assert_eq!(code(service.batch(missing).await), Code::StateNotFound);
    let stale = BatchItem { expected_version: Some(3), ..item(op_save, "b", Some("{}")) };
    assert_eq!(code(service.batch(batch(vec![stale])).await), Code::VersionConflict);
    assert_eq!(f.tip().await, Seq(0));
    save(&service, "b", "{}").await;
    let good = batch(vec![item(op_save, "a", Some("{}")), item(op_delete, "b", None)]);
    let done = service.batch(good.clone()).await.unwrap();
    assert_eq!((done.seq, done.results.len()), (Seq(3), 2));
    let (first, second) = (&done.results[0].version, &done.results[1].version);
    assert_eq!(first.batch_id.as_deref(), Some(done.batch_id.as_str()));
    assert_eq!(first.batch_id, second.batch_id);
    let again = service.batch(batch(vec![item(op_save, "a", Some("{}"))])).await.unwrap();
    assert!(again.results[0].unchanged && again.batch_id != done.batch_id);
    assert_eq!(code(service.batch(good).await), Code::StateDeleted);
}

pub async fn overview_and_status_add_up(f: &Fixture) {
    let service = f.service().await;
    for n in 0..10 {
        save(&service, &format!("s{n}"), r#"{"n":1}"#).await;
    }
    service.delete(bot_key("s0"), ChangeRequest::default()).await.unwrap();
    let request =
        CreateSnapshot { snapshot_id: snapshot_id("eod"), description: None, user_id: None, seq: None };
    service.create_snapshot(request).await.unwrap();
    let status = service.status().await.unwrap();
    assert_eq!(status.seq, Some(Seq(11)));
    assert_eq!((status.states_live, status.states_deleted, status.snapshots), (Some(9), Some(1), Some(1)));
    assert_eq!((status.commit.count, status.verified_seq, status.listeners), (12, None, 0));
    assert!(status.store.up);
    let report = service.verify(Seq(0), 1000).await.unwrap();
    assert!(report.ok && report.verified_to == Seq(11));
    assert_eq!(service.status().await.unwrap().verified_seq, Some(Seq(11)));
    let overview = service.overview(3600, 60).await.unwrap();
    assert_eq!(overview.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 11);
    assert!(overview.buckets.iter().all(|bucket| bucket.index < 60), "{overview:?}");
    assert_eq!(overview.bucket_seconds, 60);
    assert_eq!(overview.marks.len(), 1);
    let authors: Vec<_> = overview.authors.iter().map(|a| (a.author.as_deref(), a.count)).collect();
    assert_eq!(authors, [(Some("bot"), 10), (None, 1)]);
    let counts = &overview.types[0];
    assert_eq!((counts.live, counts.deleted, counts.invalid, counts.versions), (9, 1, 0, 11));
    assert_eq!(service.health().await.status, "healthy");
    let history = |limit| HistoryRequest {
        key: bot_key("s0"),
        from: None,
        to: None,
        origin: stateloft_server::store::OriginFilter::default(),
        limit,
        cursor: None,
        with_data: false,
    };
    assert_eq!(service.history(history(50)).await.unwrap().total_count, 2);
    assert_eq!(code(service.history(history(0)).await), Code::InvalidParameter);
    assert_eq!(code(service.history(history(1001)).await), Code::InvalidParameter);
    let never = HistoryRequest { key: bot_key("never"), ..history(50) };
    assert_eq!(code(service.history(never).await), Code::StateNotFound);
}
