//! What a run finds that the runs before it have left.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{
    BatchItem, BatchOperation, BatchRequest, Moment, PlanRequest, RenewRun, RunOutcome, RunStarted,
    SaveRequest, Scope, Selection, StartRun,
};
use stateloft_core::commit::{Change, Write};
use stateloft_core::model::{Origin, Seq, StateId, StateType};
use stateloft_server::service::{Service, ServiceError};

use crate::fixture::{Fixture, doc, save, typed};
use crate::runs::{of_run, start, take_over, write};

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(1);

fn position(run: &RunStarted, id: &str, data: &str) -> SaveRequest {
    SaveRequest { state_type: StateType::new("position").unwrap(), ..of_run(run, id, data) }
}

/// Writes orders of a run; each third one is done.
async fn orders(service: &Arc<Service>, run: &RunStarted, from: usize, to: usize) {
    let item = |n: usize| {
        let (order, id) =
            (StateType::new("order").unwrap(), StateId::new(&format!("{}-{n:05}", run.run_id)).unwrap());
        let status = if n.is_multiple_of(3) { "filled" } else { "new" };
        let data = Some(doc(&format!(r#"{{"status":"{status}","n":{n}}}"#)));
        BatchItem { data, ..BatchItem::new(BatchOperation::Save, order, id) }
    };
    let request = BatchRequest {
        items: (from..to).map(item).collect(),
        run_id: Some(run.run_id.as_str().into()),
        epoch: Some(run.epoch),
        ..BatchRequest::default()
    };
    service.batch(request).await.unwrap();
}

pub async fn what_is_open_of_many_states_is_counted_to_the_last_and_of_too_many_not_at_all(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    orders(&service, &run, 0, 1_203).await;
    write(&service, position(&run, "p", r#"{"n":1}"#)).await.unwrap();
    // One that is not done is deleted, and one that is done is opened again.
    f.write(Write { key: typed("order", "grid.main.1-00001"), change: Change::Delete, ..save("x", "{}") })
        .await;
    f.write(Write { key: typed("order", "grid.main.1-01200"), ..save("x", r#"{"status":"new"}"#) }).await;
    let next = service.start_run(take_over("grid")).await.unwrap();
    let left = next.left.unwrap();
    assert_eq!((left.pending_orders, left.open_positions, left.changed_since), (Some(802), Some(1), Some(2)));
    assert_eq!((left.states.len(), left.more, next.left_unknown), (100, true, false));

    let run = service.start_run(start("many")).await.unwrap();
    orders(&service, &run, 0, 9_000).await;
    orders(&service, &run, 9_000, 10_000).await;
    let view = service.run_view(&run.run_id).await.unwrap();
    assert_eq!((view.states, view.more, view.pending_orders), (10_000, false, Some(6_666)));
    orders(&service, &run, 10_000, 10_001).await;
    let view = service.run_view(&run.run_id).await.unwrap();
    assert_eq!((view.states, view.more), (10_000, true));
    assert_eq!((view.pending_orders, view.open_positions), (None, None), "unknown, and not nothing");
    let next = service.start_run(take_over("many")).await.unwrap();
    let left = next.left.unwrap();
    assert_eq!((left.pending_orders, left.open_positions, left.changed_since), (None, None, None));
    assert_eq!((left.states.len(), left.more, next.left_unknown), (100, true, false));
    // Whoever was given them holds the last of them as well.
    let last = typed("order", "many.main.1-10000");
    let scope = Scope { states: vec![last.clone()], ..Scope::default() };
    let plan = PlanRequest { target: Moment::Seq(Seq(1)), scope, selection: Selection::new(), exact: false };
    let held = service.plan(plan).await.unwrap().held_by;
    let [holder] = held.as_slice() else { panic!("{held:?}") };
    assert_eq!((holder.run_id.as_str(), holder.states.as_slice()), ("many.main.2", [last].as_slice()));
}

pub async fn who_holds_its_instance_is_not_told_to_the_run_whose_lease_is_over_as_itself(f: &Fixture) {
    let service = f.service().await;
    // Nobody watches: its session still says that it is active.
    let run = service.start_run(StartRun { lease_seconds: Some(1), ..start("grid") }).await.unwrap();
    let over = async {
        while !f.store.look_at_leases().await.unwrap()[0].left.is_zero() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, over).await.unwrap();
    let lost = service.renew_run(&run.run_id, RenewRun::default()).await.unwrap_err();
    let ServiceError::LeaseLost(told) = &lost else { panic!("{lost:?}") };
    assert_eq!(told.holder, None);
    assert!(!lost.to_string().contains("is live"), "{lost}");
}

pub async fn what_is_open_is_told_and_held_behind_runs_that_wrote_nothing(f: &Fixture) {
    let service = f.service().await;
    let first = service.start_run(start("grid")).await.unwrap();
    write(&service, position(&first, "lot", r#"{"lots":[{"id":1,"quantity":"0.5"}]}"#)).await.unwrap();
    service.start_run(take_over("grid")).await.unwrap();
    let third = service.start_run(take_over("grid")).await.unwrap();
    // What the server keeps of a run is nothing that it wrote.
    let origin = Origin { run_id: Some(third.run_id.as_str().into()), ..Origin::default() };
    let kept = Write { key: typed("drift", "grid.main"), origin: Some(Arc::new(origin)), ..save("x", "{}") };
    f.write(kept).await;
    for epoch in 4..6 {
        let next = service.start_run(take_over("grid")).await.unwrap();
        assert_eq!((next.epoch, next.outcome), (epoch, RunOutcome::AfterCrash));
        assert_eq!(next.run.previous, Some(format!("grid.main.{}", epoch - 1)));
        let left = next.left.unwrap();
        assert_eq!((left.run.run_id.as_str(), left.open_positions), ("grid.main.1", Some(1)));
        let names: Vec<&str> = left.states.iter().map(|state| state.state_id.as_str()).collect();
        assert_eq!((names, left.more), (vec!["lot"], false));
    }
    let lot = f.store.written_by("grid.main.1", Seq::ZERO, None, 10).await.unwrap().remove(0);
    let scope = Scope { states: vec![lot.key.clone()], ..Scope::default() };
    let target = Moment::Seq(Seq(lot.seq.0 - 1));
    let plan = PlanRequest { target, scope, selection: Selection::new(), exact: false };
    let held = service.plan(plan).await.unwrap().held_by;
    assert_eq!(held.len(), 1);
    assert_eq!((held[0].run_id.as_str(), held[0].states.as_slice()), ("grid.main.5", [lot.key].as_slice()));
    // One that wrote something holds that.
    let fifth = held[0].run_id.clone();
    let run = RunStarted { run_id: fifth, epoch: 5, ..third };
    write(&service, of_run(&run, "other", r#"{"n":1}"#)).await.unwrap();
    let left = service.start_run(take_over("grid")).await.unwrap().left.unwrap();
    assert_eq!((left.run.run_id.as_str(), left.states.len()), ("grid.main.5", 1));
}
