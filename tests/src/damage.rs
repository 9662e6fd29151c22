//! What every store must do with a version that was damaged behind its back.

use std::sync::Arc;

use stateloft_core::api::{AlarmCode, Code, Effect, Moment, PlanRequest, Scope, Selection, StateRow};
use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::model::{Origin, Seq, StateKey, Timestamp, Verdict, VersionNumber};
use stateloft_server::service::{EventFilter, HistoryRequest, ListRequest, Service, Settings, Which};
use stateloft_server::store::{OriginFilter, StateStore, WriteRequest};

fn key(id: &str) -> StateKey {
    StateKey::new("position", id).expect("a key")
}

/// Only the version that is going to be damaged says where it comes from.
fn origin(n: u32) -> Option<Arc<Origin>> {
    let text = |text: &str| Some(Arc::from(text));
    let known = || Origin { run_id: text("run"), correlation_id: text("order"), causation_id: None };
    (n == 2).then(|| Arc::new(known()))
}

fn save(id: &str, n: u32) -> WriteRequest {
    let write = Write {
        key: key(id),
        change: Change::Save(format!("{{\"n\":{n}}}").parse().expect("a document")),
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: Some("bot".into()),
        description: None,
        batch_id: None,
        origin: origin(n),
        foreseen: None,
        rebase: None,
    };
    WriteRequest::Batch { writes: vec![write], restore: None }
}

/// Writes `a` (versions 1 to 3, seqs 1, 2 and 4) and `b` (one version, seq 3). The data is `{"n":<seq>}`.
///
/// # Panics
/// If the store fails.
pub async fn prepare(store: &dyn StateStore) {
    for (id, n) in [("a", 1), ("a", 2), ("b", 3), ("a", 4)] {
        let now = Timestamp::from_micros(1_700_000_000_000_000 + i64::from(n));
        store.commit(&[save(id, n)], now).await.expect("a commit").remove(0).expect("a version");
    }
}

/// Checks that of [`prepare`]'s versions the one with seq 2 is damaged, that it is said, and that nothing else is.
///
/// # Panics
/// If anything of it is served, or anything else is not.
pub async fn only_the_second_is_damaged(store: Arc<dyn StateStore>) -> Arc<Service> {
    let service = Service::start(store, Settings::default()).await.expect("a service");
    for which in [Which::Number(VersionNumber(2)), Which::At(Moment::Seq(Seq(3)))] {
        let refused = service.get(&key("a"), &which).await.expect_err("it is damaged");
        assert_eq!(refused.code(), Code::Damaged, "{refused}");
        assert!(refused.to_string().contains("position a version 2 (seq 2)"), "{refused}");
    }
    let diff = service.diff(&key("a"), None, &Which::Head).await.expect_err("one side is damaged");
    assert_eq!(diff.code(), Code::Damaged, "{diff}");
    for (id, number, text) in [("a", 1, r#"{"n":1}"#), ("a", 3, r#"{"n":4}"#), ("b", 1, r#"{"n":3}"#)] {
        let whole = service.get(&key(id), &Which::Number(VersionNumber(number))).await.expect("it is whole");
        assert_eq!(whole.data.expect("data").text(), text);
    }
    let history = HistoryRequest {
        key: key("a"),
        from: None,
        to: None,
        origin: OriginFilter::default(),
        limit: 10,
        cursor: None,
        with_data: true,
    };
    let history = service.history(history).await.expect("a history").versions;
    let rows: Vec<_> =
        history.iter().map(|row| (row.version.version.0, row.version.damaged, row.data.is_some())).collect();
    assert_eq!(rows, [(3, false, true), (2, true, false), (1, false, true)]);
    let list =
        ListRequest { at: Some(Moment::Seq(Seq(3))), limit: 10, with_data: true, ..ListRequest::default() };
    let list = service.list(list).await.expect("a list").states;
    let mut rows: Vec<_> = list
        .into_iter()
        .filter_map(StateRow::stored)
        .map(|row| (row.version.seq.0, row.version.damaged, row.data.is_some()))
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, [(2, true, false), (3, false, true)]);
    let filter = EventFilter { with_data: true, ..EventFilter::default() };
    let page = service.events_after(Seq(0), 10, &filter).await.expect("a page").events;
    let rows: Vec<_> =
        page.iter().map(|event| (event.version.seq.0, event.version.damaged, event.data.is_some())).collect();
    assert_eq!(rows, [(1, false, true), (2, true, false), (3, false, true), (4, false, true)]);
    let plan = PlanRequest {
        target: Moment::Seq(Seq(2)),
        scope: Scope { states: vec![key("a")], ..Scope::default() },
        selection: Selection::new(),
        exact: false,
    };
    let plan = service.plan(plan).await.expect("a plan");
    assert_eq!((plan.states[0].effect, plan.counts.written()), (Effect::Damaged, 0));
    let alarms = service.alarms();
    assert!(
        alarms.iter().any(|alarm| alarm.code == AlarmCode::DamagedVersions && alarm.detail.contains("seq 2")),
        "{alarms:?}"
    );
    let report = service.verify(Seq(0), 100).await.expect("a report");
    assert_eq!(report.faults.iter().map(|fault| fault.seq.0).collect::<Vec<_>>(), [2], "{report:?}");
    service
}
