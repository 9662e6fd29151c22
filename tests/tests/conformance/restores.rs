//! Restores through the service.

use std::sync::Arc;

use stateloft_core::api::{
    AppliedRestore, ApplyRequest, Code, CreateSnapshot, Effect, Moment, Plan, PlanRequest, Scope, Selection,
    StateSelection, UndoRequest,
};
use stateloft_core::model::{Mode, Operation, Origin, Seq, StateType, Version, VersionNumber};
use stateloft_core::schema::Modes;
use stateloft_server::service::{Outdated, Service, ServiceError, Settings};

use crate::fixture::{Fixture, doc, key, save, snapshot_id, typed};

const MEMORY: &str = "bot_memory";

/// Saves a state of a type without rules.
async fn put(f: &Fixture, id: &str, data: &str) -> Version {
    f.write(stateloft_core::commit::Write { key: typed(MEMORY, id), ..save(id, data) }).await
}

async fn remove(f: &Fixture, id: &str) -> Version {
    f.write(stateloft_core::commit::Write { key: typed(MEMORY, id), ..crate::fixture::delete(id) }).await
}

async fn data(f: &Fixture, id: &str) -> Option<String> {
    let head = f.store.head(&typed(MEMORY, id)).await.unwrap()?;
    head.data.map(|data| data.text().to_owned())
}

fn to(seq: Seq) -> PlanRequest {
    PlanRequest {
        target: Moment::Seq(seq),
        scope: Scope::default(),
        selection: Selection::new(),
        exact: false,
    }
}

pub fn order(plan: &Plan) -> ApplyRequest {
    ApplyRequest {
        target: plan.target.clone(),
        scope: plan.scope.clone(),
        selection: plan.selection.clone(),
        exact: plan.exact,
        seq: Some(plan.seq),
        reason: "bad deploy".into(),
        user_id: Some("ann".into()),
        accept_violations: false,
        run_id: None,
        correlation_id: None,
        causation_id: None,
        handshake: None,
    }
}

async fn apply(service: &Arc<Service>, plan: &Plan) -> Result<AppliedRestore, ServiceError> {
    service.apply(&plan.plan, order(plan)).await
}

async fn undo(service: &Arc<Service>, restore: &AppliedRestore) -> Result<AppliedRestore, ServiceError> {
    let request = UndoRequest {
        reason: None,
        user_id: Some("ann".into()),
        run_id: None,
        correlation_id: None,
        causation_id: None,
        handshake: None,
    };
    service.undo(&restore.record.restore_id, request).await
}

fn code<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Code {
    answer.unwrap_err().code()
}

fn outdated<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Outdated {
    match answer.unwrap_err() {
        ServiceError::PlanOutdated(outdated) => *outdated,
        other => panic!("{other:?}"),
    }
}

fn fresh_plan<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Plan {
    outdated(answer).plan
}

/// Four states of which one stays, one changes, one is deleted and one appears after the moment that is returned.
async fn a_bad_deploy(f: &Fixture) -> Seq {
    put(f, "stays", r#"{"n":1}"#).await;
    put(f, "changes", r#"{"n":1.50,"m":1}"#).await;
    put(f, "goes", r#"{"n":1e22}"#).await;
    let good = f.tip().await;
    put(f, "changes", r#"{"n":2,"m":1}"#).await;
    remove(f, "goes").await;
    put(f, "comes", r#"{"n":9}"#).await;
    good
}

pub async fn d_005_a_restore_is_exact_previewed_atomic_and_undoable(f: &Fixture) {
    let service = f.service().await;
    let good = a_bad_deploy(f).await;
    let before = f.tip().await;
    let plan = service.plan(to(good)).await.unwrap();
    assert_eq!(f.tip().await, before, "a plan writes nothing");
    let effects: Vec<_> = plan.states.iter().map(|s| (s.key.state_id.as_str(), s.effect)).collect();
    assert_eq!(
        effects,
        [("changes", Effect::Changed), ("comes", Effect::Deleted), ("goes", Effect::Recreated)]
    );
    let counts = plan.counts;
    assert_eq!((counts.changed, counts.recreated, counts.deleted, counts.equal), (1, 1, 1, 1));
    assert_eq!((plan.target_seq, plan.seq), (good, before));

    let mut lists = service.events().lists_bell();
    lists.mark_unchanged();
    let restore = apply(&service, &plan).await.unwrap();
    assert!(lists.has_changed().unwrap(), "who shows the lists is told");
    assert_eq!(restore.versions.len(), 3);
    assert!(
        restore.versions.iter().all(|v| v.batch_id.as_deref() == Some(restore.record.restore_id.as_str()))
    );
    assert!(restore.versions.iter().all(|v| v.description.as_deref() == Some("bad deploy")));
    assert_eq!(restore.record.snapshot_before.as_str(), plan.snapshot_before);
    assert_eq!(data(f, "changes").await.unwrap(), r#"{"n":1.50,"m":1}"#);
    assert_eq!(data(f, "goes").await.unwrap(), r#"{"n":1e22}"#);
    assert_eq!(data(f, "comes").await, None, "what was created later is deleted");
    assert_eq!(service.restore(&restore.record.restore_id).await.unwrap(), restore);
    let events = service.events().read_after(before, 100).await.unwrap();
    let operations: Vec<_> = events.iter().map(|event| event.version().operation).collect();
    assert_eq!(operations.len(), 3, "watchers hear of each: {operations:?}");
    assert!(operations.contains(&Operation::Restore) && operations.contains(&Operation::Delete));

    let undone = undo(&service, &restore).await.unwrap();
    assert_eq!(undone.record.undoes.as_ref(), Some(&restore.record.restore_id));
    assert_eq!(data(f, "changes").await.unwrap(), r#"{"n":2,"m":1}"#);
    assert_eq!(data(f, "goes").await, None);
    assert_eq!(data(f, "comes").await.unwrap(), r#"{"n":9}"#);
    assert_eq!(code(undo(&service, &restore).await), Code::AlreadyUndone, "once");
    undo(&service, &undone).await.unwrap();
    assert_eq!(data(f, "changes").await.unwrap(), r#"{"n":1.50,"m":1}"#);
    let listed = service.restores(10, None).await.unwrap().restores;
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[2], restore.record);
}

pub async fn a_plan_that_is_out_of_date_is_refused_with_a_fresh_one(f: &Fixture) {
    let service = f.service().await;
    let good = a_bad_deploy(f).await;
    let plan = service.plan(to(good)).await.unwrap();
    put(f, "changes", r#"{"n":3,"m":1}"#).await;
    let tip = f.tip().await;
    let fresh = fresh_plan(apply(&service, &plan).await);
    assert_eq!(f.tip().await, tip, "nothing was written");
    assert_ne!(fresh.plan, plan.plan);
    assert_eq!(fresh.states[0].now.version, VersionNumber(3));
    put(f, "stays", r#"{"n":2}"#).await;
    let fresher = fresh_plan(apply(&service, &fresh).await);
    assert_eq!(fresher.counts.changed, 2, "a state that was equal and moved is in the plan");
    let other = ApplyRequest { target: Moment::Seq(Seq(1)), ..order(&fresher) };
    assert_eq!(
        code(service.apply(&fresher.plan, other).await),
        Code::PlanOutdated,
        "the hash binds the target"
    );
    apply(&service, &fresher).await.unwrap();
    assert_eq!(data(f, "stays").await.unwrap(), r#"{"n":1}"#);
    let again = service.plan(to(good)).await.unwrap();
    assert_eq!((again.counts.written(), again.counts.equal), (0, 4));
    assert_eq!(code(apply(&service, &again).await), Code::NothingToRestore);
}

pub async fn only_what_is_ticked_is_restored(f: &Fixture) {
    let service = f.service().await;
    let good = a_bad_deploy(f).await;
    put(f, "changes", r#"{"n":2,"m":5}"#).await;
    let mut selection = Selection::new();
    let name = |id: &str| format!("{MEMORY}/{id}");
    selection
        .insert(name("changes"), StateSelection { left: vec!["/m".into()], ..StateSelection::default() });
    selection.insert(name("comes"), StateSelection { skip: true, ..StateSelection::default() });
    let asked = PlanRequest { selection, ..to(good) };
    let plan = service.plan(asked).await.unwrap();
    assert_eq!((plan.counts.written(), plan.counts.changed, plan.counts.recreated), (2, 1, 1));
    let restore = apply(&service, &plan).await.unwrap();
    assert_eq!(restore.versions.len(), 2);
    assert_eq!(data(f, "changes").await.unwrap(), r#"{"n":1.50,"m":5}"#);
    assert_eq!(data(f, "comes").await.unwrap(), r#"{"n":9}"#);
    let scope = Scope { states: vec![typed(MEMORY, "comes")], ..Scope::default() };
    let plan = service.plan(PlanRequest { scope, ..to(good) }).await.unwrap();
    assert_eq!((plan.counts.deleted, plan.counts.equal), (1, 0));
    let nonsense = [("no slash".to_owned(), StateSelection::default())].into();
    assert_eq!(code(service.plan(PlanRequest { selection: nonsense, ..to(good) }).await), Code::InvalidBody);
    assert_eq!(code(service.plan(to(Seq(99))).await), Code::InvalidParameter);
}

pub async fn an_undo_does_not_overwrite_later_work(f: &Fixture) {
    let service = f.service().await;
    let good = a_bad_deploy(f).await;
    let plan = service.plan(to(good)).await.unwrap();
    let restore = apply(&service, &plan).await.unwrap();
    put(f, "changes", r#"{"n":4,"m":1}"#).await;
    put(f, "unrelated", "{}").await;
    let tip = f.tip().await;
    let offered = fresh_plan(undo(&service, &restore).await);
    assert_eq!(f.tip().await, tip);
    assert_eq!(offered.target, Moment::Snapshot(restore.record.snapshot_before.clone()));
    assert_eq!(offered.scope.states.len(), 3, "only what the restore wrote");
    assert_eq!(offered.counts.written(), 2, "what was written since is not ticked by itself");
    apply(&service, &offered).await.unwrap();
    assert_eq!(data(f, "changes").await.unwrap(), r#"{"n":4,"m":1}"#);
    assert_eq!(data(f, "goes").await, None);
    assert!(data(f, "unrelated").await.is_some());
    assert_eq!(code(service.undo("never", UndoRequest::default()).await), Code::RestoreNotFound);
}

pub async fn an_undo_works_after_its_snapshot_was_deleted(f: &Fixture) {
    let service = f.service().await;
    let good = a_bad_deploy(f).await;
    let plan = service.plan(to(good)).await.unwrap();
    let restore = apply(&service, &plan).await.unwrap();
    service.delete_snapshot(restore.record.snapshot_before.clone()).await.unwrap();
    let undone = undo(&service, &restore).await.unwrap();
    assert_eq!(undone.record.target, Moment::Seq(Seq(restore.record.first_seq.0 - 1)).into());
    assert_eq!(data(f, "changes").await.unwrap(), r#"{"n":2,"m":1}"#);
}

pub async fn broken_rules_must_be_accepted_and_strict_types_never_break(f: &Fixture) {
    let position = key("position_EURUSD");
    f.save("position_EURUSD", r#"{"direction":"sideways"}"#).await;
    let bad = f.tip().await;
    f.delete("position_EURUSD").await;
    let service = f.service().await;
    let plan = service.plan(to(bad)).await.unwrap();
    assert_eq!(plan.counts.invalid, 1);
    assert!(plan.states[0].verdict.is_invalid());
    assert_eq!(code(apply(&service, &plan).await), Code::ViolationsNotAccepted);
    let mut modes = Modes::default();
    modes.types.insert(StateType::new("position").unwrap(), Mode::Strict);
    let settings = Settings { modes, clock: f.clock.clone(), ..Settings::default() };
    let strict = Service::start(Arc::clone(&f.store), settings).await.unwrap();
    let accepted = ApplyRequest { accept_violations: true, ..order(&plan) };
    assert_eq!(code(strict.apply(&plan.plan, accepted.clone()).await), Code::ValidationFailed);
    assert!(f.store.head(&position).await.unwrap().unwrap().is_deleted());
    let restore = service.apply(&plan.plan, accepted).await.unwrap();
    assert!(restore.versions[0].verdict.is_invalid());
    assert_eq!(restore.record.counts.invalid, 1);
    let nameless = ApplyRequest { reason: " ".into(), ..order(&plan) };
    assert_eq!(code(service.apply(&plan.plan, nameless).await), Code::InvalidBody);
}

pub async fn d_003_old_clients_restore_a_snapshot_and_are_told_what_happened(f: &Fixture) {
    let service = f.service().await;
    put(f, "a", r#"{"n":1}"#).await;
    let id = snapshot_id("end of day");
    let request = CreateSnapshot { snapshot_id: id.clone(), description: None, user_id: None, seq: None };
    service.create_snapshot(request).await.unwrap();
    let nothing = service.restore_snapshot(&id, None, Origin::default()).await.unwrap();
    assert!(nothing.success && nothing.restore.is_none());
    put(f, "a", r#"{"n":2}"#).await;
    put(f, "b", "{}").await;
    let restored = service.restore_snapshot(&id, Some("bot".into()), Origin::default()).await.unwrap();
    assert_eq!(
        restored.message,
        "Restored to snapshot end of day: 1 changed, 0 recreated, 1 deleted, 0 as they were"
    );
    let record = restored.restore.unwrap().record;
    assert_eq!((record.target, record.user_id.as_deref()), (Moment::Snapshot(id).into(), Some("bot")));
    assert_eq!(data(f, "a").await, Some(doc(r#"{"n":1}"#).text().to_owned()));
    assert_eq!(data(f, "b").await, None);
}

/// Writers keep moving states while they are restored: each restore that was acknowledged wrote exactly its plan.
pub async fn restores_race_with_writers(f: &Fixture) {
    let service = f.service().await;
    for n in 0..10 {
        put(f, &format!("s{n}"), r#"{"n":0}"#).await;
    }
    let good = f.tip().await;
    let writer = {
        let (store, clock) = (Arc::clone(&f.store), Arc::clone(&f.clock));
        tokio::spawn(async move {
            for n in 1..=150 {
                let id = format!("s{}", n % 10);
                let write = stateloft_core::commit::Write {
                    key: typed(MEMORY, &id),
                    ..save(&id, &format!(r#"{{"n":{n}}}"#))
                };
                let request = crate::fixture::batch(vec![write]);
                store.commit(&[request], stateloft_server::service::Clock::now(&*clock)).await.unwrap();
            }
        })
    };
    let mut applied = Vec::new();
    while !writer.is_finished() {
        let plan = service.plan(to(good)).await.unwrap();
        match apply(&service, &plan).await {
            Ok(restore) => {
                assert_eq!(restore.versions.len() as u64, plan.counts.written());
                for (planned, version) in plan.states.iter().zip(&restore.versions) {
                    assert_eq!(
                        (&planned.key.state_id, planned.next_version),
                        (&version.state_id, version.version)
                    );
                }
                applied.push(restore);
            }
            Err(ServiceError::PlanOutdated(_) | ServiceError::NothingToRestore) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    writer.await.unwrap();
    let last = service.plan(to(good)).await.unwrap();
    applied.extend(apply(&service, &last).await);
    assert!(!applied.is_empty());
    for n in 0..10 {
        assert_eq!(data(f, &format!("s{n}")).await.unwrap(), r#"{"n":0}"#);
    }
}
