//! Restores to documents that come with the request.

use std::sync::Arc;

use stateloft_core::api::{
    AppliedRestore, ApplyGiven, Code, Effect, GivenPlan, GivenRequest, GivenState, RestoredTo, Scope,
    Selection, StateSelection, UndoRequest,
};
use stateloft_core::commit::Write;
use stateloft_core::model::{Operation, Seq, StateKey, VersionNumber};
use stateloft_server::service::{Service, ServiceError};

use crate::fixture::{Fixture, delete, doc, save, typed};

const MEMORY: &str = "bot_memory";

fn bot(id: &str) -> StateKey {
    typed(MEMORY, id)
}

async fn put(f: &Fixture, id: &str, data: &str) {
    f.write(Write { key: bot(id), ..save(id, data) }).await;
}

async fn data(f: &Fixture, id: &str) -> Option<String> {
    let head = f.store.head(&bot(id)).await.unwrap()?;
    head.data.map(|data| data.text().to_owned())
}

/// A file with these states.
fn file(states: &[(&str, &str)]) -> GivenRequest {
    let given = |(id, data): &(&str, &str)| {
        let StateKey { state_type, state_id } = bot(id);
        GivenState { state_type, state_id, data: doc(data) }
    };
    GivenRequest {
        name: "backup é.json".into(),
        states: states.iter().map(given).collect(),
        scope: Scope::default(),
        selection: Selection::new(),
        exact: false,
        delete_others: false,
    }
}

fn order(request: &GivenRequest) -> ApplyGiven {
    let GivenRequest { name, states, scope, selection, exact, delete_others } = request.clone();
    ApplyGiven {
        name,
        states,
        scope,
        selection,
        exact,
        delete_others,
        reason: "bad deploy".into(),
        user_id: Some("ann".into()),
        run_id: None,
        correlation_id: Some("c".into()),
        causation_id: None,
        handshake: None,
        accept_violations: false,
    }
}

async fn apply(
    service: &Arc<Service>,
    plan: &GivenPlan,
    asked: &GivenRequest,
) -> Result<AppliedRestore, ServiceError> {
    service.apply_documents(&plan.plan, order(asked)).await
}

fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Code {
    result.unwrap_err().code()
}

/// `same` and `other` as they are, `changes` another way, `gone` deleted; `new` never was there.
async fn with_states(f: &Fixture) {
    for (id, text) in
        [("changes", r#"{"n":2,"m":1}"#), ("same", r#"{"n":1}"#), ("gone", "{}"), ("other", "{}")]
    {
        put(f, id, text).await;
    }
    f.batch(vec![Write { key: bot("gone"), ..delete("gone") }]).await.unwrap();
}

fn all_of_it() -> GivenRequest {
    file(&[
        ("changes", r#"{"n":1.50,"m":1}"#),
        ("same", r#"{"n":1}"#),
        ("gone", r#"{"b":1e22}"#),
        ("new", r#"{"a":[-0.0]}"#),
    ])
}

pub async fn documents_are_planned_written_in_one_commit_and_taken_back(f: &Fixture) {
    let service = f.service().await;
    with_states(f).await;
    let (asked, before) = (all_of_it(), f.tip().await);
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    assert_eq!(f.tip().await, before, "a plan writes nothing");
    let effects: Vec<_> = plan.states.iter().map(|s| (s.key.state_id.as_str(), s.effect)).collect();
    assert_eq!(
        effects,
        [
            ("changes", Effect::Changed),
            ("gone", Effect::Recreated),
            ("new", Effect::Recreated),
            ("same", Effect::Equal)
        ]
    );
    let new = &plan.states[2];
    assert_eq!((&new.now, new.next_version, new.exact), (&None, VersionNumber(1), true));
    assert_eq!((plan.states[0].paths, plan.states[0].selected), (1, 1));
    assert_eq!((plan.counts.changed, plan.counts.recreated, plan.counts.equal), (1, 2, 1));
    let restore = apply(&service, &plan, &asked).await.unwrap();
    assert_eq!(restore.record.target, RestoredTo::Documents("backup é.json".into()));
    assert_eq!((restore.record.first_seq, restore.versions.len()), (before.next(), 3));
    assert_eq!(restore.record.snapshot_before.as_str(), plan.snapshot_before);
    assert!(restore.versions.iter().all(|version| version.operation == Operation::Restore
        && version.description.as_deref() == Some("bad deploy")
        && version.correlation_id.as_deref() == Some("c")));
    for given in &asked.states {
        let head = f.store.head(&given.key()).await.unwrap().unwrap();
        assert_eq!(head.data.as_ref(), Some(&given.data));
    }
    assert_eq!(data(f, "other").await.as_deref(), Some("{}"), "what is not given stays");
    assert_eq!(service.restore(&restore.record.restore_id).await.unwrap(), restore);
    let again = service.plan_documents(asked.clone()).await.unwrap();
    assert_eq!((again.counts.written(), again.counts.equal), (0, 4));
    assert_eq!(code(apply(&service, &again, &asked).await), Code::NothingToRestore);
    // Taken back like any other: what never was there goes again.
    let undone = service.undo(&restore.record.restore_id, UndoRequest::default()).await.unwrap();
    assert_eq!(undone.record.counts.deleted, 2);
    assert_eq!(data(f, "changes").await.as_deref(), Some(r#"{"n":2,"m":1}"#));
    assert_eq!((data(f, "gone").await, data(f, "new").await), (None, None));
}

pub async fn only_what_is_ticked_of_documents_is_written_and_others_go_only_when_asked(f: &Fixture) {
    let service = f.service().await;
    with_states(f).await;
    f.save("elsewhere", "{}").await;
    let name = |id: &str| format!("{MEMORY}/{id}");
    let mut selection = Selection::new();
    selection.insert(name("gone"), StateSelection { skip: true, ..StateSelection::default() });
    let left = StateSelection { left: vec!["/m".into()], ..StateSelection::default() };
    selection.insert(name("changes"), left);
    let mut asked = file(&[("changes", r#"{"n":3,"m":3}"#), ("gone", "{}"), ("same", r#"{"n":1}"#)]);
    asked.selection = selection;
    asked.scope.types = vec![bot("x").state_type];
    asked.delete_others = true;
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    assert_eq!((plan.counts.changed, plan.counts.deleted, plan.counts.recreated), (1, 1, 0));
    let kept = GivenRequest { delete_others: false, ..asked.clone() };
    let refused = apply(&service, &plan, &kept).await;
    assert_eq!(code(refused), Code::PlanOutdated, "the hash binds that others go");
    apply(&service, &plan, &asked).await.unwrap();
    assert_eq!(data(f, "changes").await.as_deref(), Some(r#"{"n":3,"m":1}"#));
    assert_eq!((data(f, "gone").await, data(f, "other").await), (None, None));
    assert!(f.head("elsewhere").await.unwrap().data.is_some(), "it is not in the scope");
    // A scope says which of the documents are meant, too.
    let mut part = all_of_it();
    part.scope.prefix = Some("ne".into());
    let plan = service.plan_documents(part).await.unwrap();
    assert_eq!(plan.states.iter().map(|s| s.key.state_id.as_str()).collect::<Vec<_>>(), ["new"]);
    let mut strange = all_of_it();
    strange.selection.insert(name("nowhere"), StateSelection::default());
    assert_eq!(code(service.plan_documents(strange).await), Code::InvalidBody);
}

pub async fn a_plan_of_documents_stands_while_only_other_paths_move(f: &Fixture) {
    let service = f.service().await;
    with_states(f).await;
    let mut asked = file(&[("changes", r#"{"n":1}"#), ("new", "{}")]);
    let left = StateSelection { left: vec!["/m".into()], ..StateSelection::default() };
    asked.selection.insert(format!("{MEMORY}/changes"), left);
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    put(f, "changes", r#"{"n":2,"m":7}"#).await;
    apply(&service, &plan, &asked).await.unwrap();
    assert_eq!(data(f, "changes").await.as_deref(), Some(r#"{"n":1,"m":7}"#));
    // What would be replaced has moved, or has come: nothing is written.
    let asked = file(&[("changes", r#"{"n":5}"#), ("comes", "{}")]);
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    put(f, "comes", r#"{"mine":1}"#).await;
    let tip = f.tip().await;
    assert_eq!(code(apply(&service, &plan, &asked).await), Code::PlanOutdated);
    let other = file(&[("changes", r#"{"n":6}"#)]);
    assert_eq!(code(apply(&service, &plan, &other).await), Code::PlanOutdated, "other documents");
    assert_eq!(f.tip().await, tip);
}

pub async fn documents_that_cannot_be_meant_are_refused(f: &Fixture) {
    let service = f.service().await;
    let twice = file(&[("a", "{}"), ("a", r#"{"n":1}"#)]);
    let no_object = file(&[("a", "[1]")]);
    let nameless = GivenRequest { name: String::new(), ..file(&[]) };
    for wrong in [twice, no_object, nameless] {
        assert_eq!(code(service.plan_documents(wrong).await), Code::InvalidBody);
    }
    let asked = file(&[("a", "{}")]);
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    let silent = ApplyGiven { reason: "  ".into(), ..order(&asked) };
    assert_eq!(code(service.apply_documents(&plan.plan, silent).await), Code::InvalidBody);
    assert_eq!(f.tip().await, Seq::ZERO);
}

pub async fn records_of_runs_are_left_out_of_documents_unless_they_are_named(f: &Fixture) {
    const HANDSHAKE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    let service = f.service().await;
    let there = [
        ("pause", "grid.main.1"),
        ("handshake", HANDSHAKE),
        ("drift", "grid.main"),
        ("checkpoint", "grid.main.1"),
        ("checkpoint", "mine"),
        (MEMORY, "a"),
    ];
    for (state_type, id) in there {
        f.write(Write { key: typed(state_type, id), ..save("x", r#"{"n":1}"#) }).await;
    }
    let given = |(state_type, id, data): (&str, &str, &str)| {
        let StateKey { state_type, state_id } = typed(state_type, id);
        GivenState { state_type, state_id, data: doc(data) }
    };
    let other = r#"{"n":2}"#;
    let states = [
        ("pause", "grid.main.1", other),
        // One that is as it is in the file, and one that never was there.
        ("handshake", HANDSHAKE, r#"{"n":1}"#),
        ("reconcile", "grid.main.1", other),
        ("checkpoint", "mine", other),
        (MEMORY, "a", other),
    ];
    let mut asked = GivenRequest { states: states.map(given).to_vec(), ..file(&[]) };
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    let written: Vec<String> = plan.states.iter().map(|state| state.key.to_string()).collect();
    assert_eq!(written, [bot("a").to_string(), typed("checkpoint", "mine").to_string()]);
    assert_eq!(plan.left_out, [typed("pause", "grid.main.1"), typed("reconcile", "grid.main.1")]);
    asked.delete_others = true;
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    let stays = [
        typed("checkpoint", "grid.main.1"),
        typed("drift", "grid.main"),
        typed("pause", "grid.main.1"),
        typed("reconcile", "grid.main.1"),
    ];
    assert_eq!((plan.left_out.as_slice(), plan.states.len()), (stays.as_slice(), 2));
    apply(&service, &plan, &asked).await.unwrap();
    let pause = f.store.head(&typed("pause", "grid.main.1")).await.unwrap().unwrap();
    assert_eq!(pause.data.unwrap().text(), r#"{"n":1}"#);
    // Who means it names it.
    asked.scope = Scope { states: vec![typed("pause", "grid.main.1")], ..Scope::default() };
    let plan = service.plan_documents(asked.clone()).await.unwrap();
    assert_eq!((plan.left_out.len(), plan.counts.changed), (0, 1));
}
