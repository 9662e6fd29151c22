//! Checkpoints of a run: one commit, one moment, and never without the run's lease.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{
    BatchItem, BatchOperation, BatchRequest, CheckpointState, CheckpointView, Code, EndRun, EndedAs,
    PinCheckpoint, RunStarted, TakeCheckpoint,
};
use stateloft_core::commit::{Change, Write};
use stateloft_core::model::{Seq, StateId, StateType};
use stateloft_server::service::{CheckpointsRequest, Service};

use crate::fixture::{Fixture, START, doc, save, typed};
use crate::runs::{code, of_run, start, take_over, write};

/// Far more than a clock of a test goes on by itself.
const MINUTE: i64 = 60_000_000;

fn state(state_type: &str, id: &str, data: &str) -> CheckpointState {
    CheckpointState {
        state_type: StateType::new(state_type).unwrap(),
        state_id: StateId::new(id).unwrap(),
        data: doc(data),
        expected_version: None,
    }
}

fn with(states: Vec<CheckpointState>) -> TakeCheckpoint {
    TakeCheckpoint { states, ..TakeCheckpoint::default() }
}

fn all() -> CheckpointsRequest {
    CheckpointsRequest { limit: 1_000, ..CheckpointsRequest::default() }
}

fn pin(pinned: bool) -> PinCheckpoint {
    PinCheckpoint { pinned, reason: Some("before the news".into()), user_id: Some("ann".into()) }
}

fn numbers(checkpoints: &[CheckpointView]) -> Vec<u64> {
    checkpoints.iter().map(|checkpoint| checkpoint.number).collect()
}

async fn begin(f: &Fixture) -> (Arc<Service>, RunStarted) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    (service, run)
}

pub async fn d_094_a_checkpoint_writes_its_states_and_one_version_and_names_that_moment(f: &Fixture) {
    let (service, run) = begin(f).await;
    let before = f.tip().await;
    let request = TakeCheckpoint {
        epoch: Some(1),
        name: Some("before the news".into()),
        reason: Some("NFP at half past".into()),
        user_id: Some("bot".into()),
        ..with(vec![
            state("position", "AAPL", r#"{"symbol":"AAPL","side":"long","quantity":"0.75"}"#),
            state("position", "MSFT", r#"{"symbol":"MSFT","quantity":1,"exit_time":"2026-01-05T09:00:00Z"}"#),
            state("order", "c-1", r#"{"status":"partially_filled","quantity":2,"filled_quantity":0.5}"#),
            state("order", "c-2", r#"{"status":"canceled"}"#),
            state("portfolio", "main", r#"{"cash":1000.10}"#),
        ])
    };
    let taken = service.take_checkpoint(&run.run_id, request).await.unwrap();
    let first = &taken.checkpoint;
    assert_eq!((first.number, first.name.as_deref(), first.pinned), (1, Some("before the news"), false));
    assert_eq!((first.states, first.open_positions, first.pending_orders), (5, Some(1), Some(1)));
    let seqs: Vec<u64> = taken.states.iter().map(|state| state.version.seq.0).collect();
    assert_eq!(seqs, (1..=5).map(|n| before.0 + n).collect::<Vec<_>>(), "in the order of the request");
    assert_eq!(
        (first.seq, f.tip().await),
        (Seq(before.0 + 6), Seq(before.0 + 6)),
        "one version besides the states"
    );
    assert!(taken.states.iter().all(|state| state.version.run_id.as_deref() == Some("grid.main.1")));
    assert!(taken.states.iter().all(|state| state.version.batch_id.as_deref() == Some(&first.batch_id)));
    // The same again: no state changed, and it is a moment of its own all the same. Without states it is a moment only.
    let again = with(vec![state("portfolio", "main", r#"{"cash":1000.10}"#)]);
    let again = service.take_checkpoint(&run.run_id, again).await.unwrap();
    assert!(again.states[0].unchanged);
    assert_eq!((again.checkpoint.number, again.checkpoint.seq), (2, first.seq.next()));
    let bare = service.take_checkpoint(&run.run_id, with(Vec::new())).await.unwrap();
    assert_eq!((bare.checkpoint.number, bare.checkpoint.states), (3, 0));
    assert_eq!(
        (bare.checkpoint.open_positions, bare.checkpoint.pending_orders),
        (None, None),
        "nothing was counted"
    );
    let view = service.run_view(&run.run_id).await.unwrap();
    assert_eq!(
        (view.states, view.versions, view.checkpoints),
        (5, 5, 3),
        "its book-keeping is no work of the run"
    );
    assert_eq!((view.open_positions, view.pending_orders), (Some(1), Some(1)));
    assert_eq!(view.last_checkpoint, Some(bare.checkpoint.clone()));
    assert_eq!(service.checkpoint(&run.run_id, 1).await.unwrap(), *first);
    assert_eq!(code(service.checkpoint(&run.run_id, 4).await), Code::CheckpointNotFound);
    assert_eq!(code(service.checkpoint("grid.main.2", 1).await), Code::RunNotFound);
}

pub async fn a_checkpoint_that_may_not_be_written_writes_nothing_of_it(f: &Fixture) {
    let (service, run) = begin(f).await;
    let one = || state("position", "a", r#"{"symbol":"A","quantity":1}"#);
    assert_eq!(code(service.take_checkpoint("grid.main.2", with(vec![one()])).await), Code::RunNotFound);
    service.take_checkpoint(&run.run_id, with(vec![one()])).await.unwrap();
    let tip = f.tip().await;
    let stale = CheckpointState { expected_version: Some(7), ..one() };
    let stale = with(vec![state("order", "o", r#"{"status":"new"}"#), stale]);
    assert_eq!(code(service.take_checkpoint(&run.run_id, stale.clone()).await), Code::VersionConflict);
    let stale = TakeCheckpoint { pinned: true, ..stale };
    assert_eq!(code(service.take_checkpoint(&run.run_id, stale).await), Code::VersionConflict);
    let wrong = TakeCheckpoint { epoch: Some(2), ..with(Vec::new()) };
    assert_eq!(code(service.take_checkpoint(&run.run_id, wrong).await), Code::InvalidBody);
    let twice = with(vec![one(), one()]);
    assert_eq!(code(service.take_checkpoint(&run.run_id, twice).await), Code::InvalidBody);
    let own = with(vec![state("checkpoint", "grid.main.1", "{}")]);
    assert_eq!(code(service.take_checkpoint(&run.run_id, own).await), Code::InvalidBody);
    assert_eq!(f.tip().await, tip, "nothing was written");
    let next = service.start_run(take_over("grid")).await.unwrap();
    let tip = f.tip().await;
    for pinned in [false, true] {
        for epoch in [None, Some(1)] {
            let lost = TakeCheckpoint { epoch, pinned, ..with(vec![one()]) };
            assert_eq!(
                code(service.take_checkpoint(&run.run_id, lost).await),
                Code::LeaseLost,
                "{epoch:?} {pinned}"
            );
        }
    }
    assert_eq!(f.tip().await, tip, "nothing was written");
    assert_eq!(service.take_checkpoint(&next.run_id, with(Vec::new())).await.unwrap().checkpoint.number, 1);
}

pub async fn d_100_checkpoints_are_listed_newest_first_and_those_that_are_pinned_stay(f: &Fixture) {
    let (service, run) = begin(f).await;
    let empty = service.checkpoints(&run.run_id, &all()).await.unwrap();
    assert_eq!((empty.checkpoints.len(), empty.statistics.count, empty.statistics.first), (0, 0, None));
    for n in 1..=9_i64 {
        f.clock.set(START + n * 10 * MINUTE);
        let request = TakeCheckpoint { pinned: n == 2, ..with(Vec::new()) };
        let taken = service.take_checkpoint(&run.run_id, request).await.unwrap();
        assert_eq!((taken.checkpoint.number.cast_signed(), taken.checkpoint.pinned), (n, n == 2));
    }
    assert!(service.pin_checkpoint(&run.run_id, 4, pin(true)).await.unwrap().pinned);
    let list = service.checkpoints(&run.run_id, &all()).await.unwrap();
    assert_eq!(numbers(&list.checkpoints), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let pinned: Vec<_> = list.checkpoints.iter().filter(|c| c.pinned).cloned().collect();
    assert_eq!(numbers(&pinned), [4, 2]);
    let statistics = &list.statistics;
    assert_eq!((statistics.count, statistics.last), (9, Some(list.checkpoints[0].taken_at)));
    let (span, average) = (statistics.span_seconds.unwrap(), statistics.average_interval_seconds.unwrap());
    assert!((4_799.0..4_801.0).contains(&span) && (average * 8.0 - span).abs() < 1e-6, "{statistics:?}");
    let ids = async |keep: u64, older_than: Option<u64>, limit: usize| {
        let mut found = Vec::new();
        let mut request = CheckpointsRequest { keep: Some(keep), older_than, limit, cursor: None };
        loop {
            let page = service.checkpoints(&run.run_id, &request).await.unwrap();
            assert!(page.checkpoints.len() <= limit);
            assert_eq!(page.statistics, list.statistics, "of all, whatever is listed");
            found.extend(numbers(&page.checkpoints));
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                return found;
            }
        }
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(ids(3, None, limit).await, [9, 8, 7, 4, 2], "pages of {limit}");
        assert_eq!(ids(0, None, limit).await, [4, 2], "pages of {limit}");
        f.clock.set(START + 90 * MINUTE + 1_000_000);
        // Those of the last 36 minutes are young enough.
        assert_eq!(ids(1, Some(36 * 60), limit).await, [9, 8, 7, 6, 4, 2], "pages of {limit}");
    }
    // What is not listed is there.
    assert_eq!(service.checkpoint(&run.run_id, 1).await.unwrap().number, 1);
    assert!(!service.pin_checkpoint(&run.run_id, 2, pin(false)).await.unwrap().pinned);
    let tip = f.tip().await;
    assert!(!service.pin_checkpoint(&run.run_id, 2, pin(false)).await.unwrap().pinned);
    assert_eq!(f.tip().await, tip, "it was so already");
    assert_eq!(ids(0, None, 10).await, [4]);
    assert_eq!(code(service.pin_checkpoint(&run.run_id, 10, pin(true)).await), Code::CheckpointNotFound);
    let said = f.store.head(&typed("checkpoint", "grid.main.1/pins")).await.unwrap().unwrap();
    assert_eq!(said.author.as_deref(), Some("ann"));
    assert_eq!(said.description.as_deref(), Some("checkpoint 2 let go: before the news"));
    for cursor in ["", "x", "h:x", "p:", "p:-1"] {
        let request = CheckpointsRequest { cursor: Some(cursor.into()), ..all() };
        assert_eq!(
            code(service.checkpoints(&run.run_id, &request).await),
            Code::InvalidParameter,
            "{cursor:?}"
        );
    }
    // An ended run's can still be pinned.
    let end = EndRun { status: EndedAs::Completed, final_value: None, reason: None, user_id: None };
    service.end_run(&run.run_id, end).await.unwrap();
    assert!(service.pin_checkpoint(&run.run_id, 9, pin(true)).await.unwrap().pinned);
}

pub async fn of_checkpoints_that_are_pinned_at_the_same_moment_none_is_lost(f: &Fixture) {
    let (service, run) = begin(f).await;
    let take = |n: u64| {
        let (service, run_id) = (Arc::clone(&service), run.run_id.clone());
        tokio::spawn(async move {
            let request = TakeCheckpoint { pinned: n.is_multiple_of(2), ..with(Vec::new()) };
            service.take_checkpoint(&run_id, request).await.unwrap().checkpoint
        })
    };
    let mut taken = Vec::new();
    for task in (0..6).map(take).collect::<Vec<_>>() {
        taken.push(task.await.unwrap());
    }
    taken.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.number));
    let list = service.checkpoints(&run.run_id, &all()).await.unwrap().checkpoints;
    assert_eq!(list, taken);
    assert_eq!(list.iter().filter(|checkpoint| checkpoint.pinned).count(), 3);
}

pub async fn a_checkpoint_beside_a_program_that_goes_on_saving_is_of_one_moment(f: &Fixture) {
    let (service, run) = begin(f).await;
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let saver = {
        let (service, stop, run) = (Arc::clone(&service), Arc::clone(&stop), run.clone());
        tokio::spawn(async move {
            let item = |id: &str, n: u64| BatchItem {
                data: Some(doc(&format!(r#"{{"n":{n}}}"#))),
                ..BatchItem::new(
                    BatchOperation::Save,
                    StateType::new("bot_memory").unwrap(),
                    StateId::new(id).unwrap(),
                )
            };
            let mut n = 0;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                n += 1;
                let request = BatchRequest {
                    items: vec![item("a", n), item("b", n)],
                    run_id: Some(run.run_id.as_str().into()),
                    epoch: Some(run.epoch),
                    ..BatchRequest::default()
                };
                service.batch(request).await.unwrap();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            n
        })
    };
    let mut taken = Vec::new();
    for n in 0..15 {
        let order = vec![state("order", "o", &format!(r#"{{"status":"new","n":{n}}}"#))];
        taken.push((n, service.take_checkpoint(&run.run_id, with(order)).await.unwrap().checkpoint));
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(saver.await.unwrap() > 0);
    let held = async |state_type: &str, id: &str, seq: Seq| {
        let version = f.store.as_of(&typed(state_type, id), seq).await.unwrap();
        version.map(|version| version.data.unwrap().text().to_owned())
    };
    for (n, checkpoint) in taken {
        let (a, b) =
            (held("bot_memory", "a", checkpoint.seq).await, held("bot_memory", "b", checkpoint.seq).await);
        assert_eq!(a, b, "of one moment, at {}", checkpoint.seq);
        assert_eq!(held("order", "o", checkpoint.seq).await, Some(format!(r#"{{"status":"new","n":{n}}}"#)));
    }
}

pub async fn d_095_the_next_run_is_told_the_last_checkpoint_and_what_is_open(f: &Fixture) {
    let (service, run) = begin(f).await;
    let lot = |id: u64, more: &str| format!(r#"{{"id":{id},"quantity":"0.75"{more}}}"#);
    let lots = |one: &str, two: &str| format!(r#"{{"symbol":"AAPL","side":"long","lots":[{one},{two}]}}"#);
    let closed = r#","status":"closed","exit_reason":"manual","exit_price":0"#;
    let states = vec![
        state("position", "two lots", &lots(&lot(1, closed), &lot(2, ""))),
        state("position", "closed", &lots(&lot(1, closed), &lot(2, closed))),
        state("order", "part", r#"{"status":"open","quantity":1,"filled_quantity":"0.3"}"#),
        state("order", "odd", r#"{"status":"on hold at the desk"}"#),
        state("order", "part, then canceled", r#"{"status":"canceled","quantity":1,"filled_quantity":0.3}"#),
    ];
    let taken = service.take_checkpoint(&run.run_id, with(states)).await.unwrap().checkpoint;
    assert_eq!((taken.open_positions, taken.pending_orders), (Some(1), Some(2)));
    write(&service, of_run(&run, "later", "{}")).await.unwrap();
    let next = service.start_run(take_over("grid")).await.unwrap();
    let left = next.left.unwrap();
    assert_eq!((left.open_positions, left.pending_orders, left.states.len()), (Some(1), Some(2), 6));
    assert_eq!(left.checkpoint, Some(taken));
    // What is filled of an order stays with it, whatever becomes of the rest.
    let canceled = f.store.head(&typed("order", "part, then canceled")).await.unwrap().unwrap();
    assert!(canceled.data.unwrap().text().contains(r#""filled_quantity":0.3"#));
}

pub async fn what_else_writes_the_state_of_checkpoints_makes_none(f: &Fixture) {
    let (service, run) = begin(f).await;
    let key = typed("checkpoint", "grid.main.1");
    let take =
        async || service.take_checkpoint(&run.run_id, with(Vec::new())).await.unwrap().checkpoint.number;
    assert_eq!(take().await, 1);
    let first = f.store.head(&key).await.unwrap().unwrap().data.unwrap();
    assert_eq!(take().await, 2);
    f.write(Write { key: key.clone(), change: Change::Restore(first), ..save("x", "{}") }).await;
    assert_eq!(service.run_view(&run.run_id).await.unwrap().last_checkpoint.unwrap().number, 2);
    f.write(Write { key: key.clone(), change: Change::Delete, ..save("x", "{}") }).await;
    assert_eq!(service.run_view(&run.run_id).await.unwrap().checkpoints, 2);
    f.write(Write { key: key.clone(), ..save("x", r#"{"states":7,"batch_id":"mine"}"#) }).await;
    assert_eq!(take().await, 6);
    let list = service.checkpoints(&run.run_id, &all()).await.unwrap();
    assert_eq!(numbers(&list.checkpoints), [6, 2, 1]);
    for number in [3, 4, 5] {
        assert_eq!(code(service.checkpoint(&run.run_id, number).await), Code::CheckpointNotFound, "{number}");
    }
}

pub async fn a_checkpoint_saves_nothing_that_the_server_keeps_of_its_run(f: &Fixture) {
    let (service, run) = begin(f).await;
    let before = f.tip().await;
    for (state_type, id) in [
        ("session", "grid.main.1"),
        ("pause", "grid.main.1"),
        ("checkpoint", "grid.main.1"),
        ("checkpoint", "grid.main.1/pins"),
    ] {
        let states = vec![state("bot_memory", "a", "{}"), state(state_type, id, "{}")];
        let refused = service.take_checkpoint(&run.run_id, with(states)).await.unwrap_err();
        assert!(refused.to_string().contains("keeps of this run itself"), "{state_type}: {refused}");
    }
    assert_eq!(f.tip().await, before);
    assert!(service.run_view(&run.run_id).await.unwrap().live);
    // Of another run, or with another id, it is a state like others.
    let others = vec![state("session", "mine", "{}"), state("checkpoint", "mine", "{}")];
    assert_eq!(service.take_checkpoint(&run.run_id, with(others)).await.unwrap().states.len(), 2);
}
