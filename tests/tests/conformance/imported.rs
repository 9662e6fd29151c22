//! What was imported is found by when the older system saved it.

use stateloft_core::api::{Code, Moment, PlanRequest, Scope, Selection, StateRow};
use stateloft_core::commit::Write;
use stateloft_core::model::{Seq, StateKey, Timestamp, Version};
use stateloft_server::service::{HistoryRequest, ListRequest, Service, Which};
use stateloft_server::store::{Imports, OlderRow, OriginFilter};
use stateloft_tests::older::{import, marker, row, update};

use crate::fixture::{Fixture, START, save as write, snapshot_id, typed};
use crate::service::{code, save};

/// When the older system began: years before the test's clock.
const THEN: i64 = START - 200_000_000_000_000;

fn bot(id: &str) -> StateKey {
    typed("bot_memory", id)
}

fn at(micros: i64) -> Which {
    Which::At(time(micros))
}

fn time(micros: i64) -> Moment {
    Moment::Time(Timestamp::from_micros(micros))
}

fn text(version: &Version) -> &str {
    version.data.as_ref().map_or("", |data| data.text())
}

/// The states at a time, by id.
async fn listed(service: &Service, micros: i64) -> Vec<String> {
    let request = ListRequest { at: Some(time(micros)), limit: 100, ..ListRequest::default() };
    let rows = service.list(request).await.unwrap().states;
    let version = |row: StateRow| match row {
        StateRow::Stored(stored) => format!("{}@{}", stored.version.state_id, stored.version.version),
        StateRow::Pending(_) => panic!("nothing waits"),
    };
    let mut ids: Vec<String> = rows.into_iter().map(version).collect();
    ids.sort();
    ids
}

async fn numbers(service: &Service, id: &str, from: Option<i64>, to: Option<i64>) -> Vec<u64> {
    let request = HistoryRequest {
        key: bot(id),
        from: from.map(Timestamp::from_micros),
        to: to.map(Timestamp::from_micros),
        origin: OriginFilter::default(),
        limit: 1000,
        cursor: None,
        with_data: false,
    };
    let history = service.history(request).await.unwrap();
    assert_eq!(history.total_count, history.versions.len() as u64);
    history.versions.iter().map(|row| row.version.version.0).collect()
}

pub async fn a_version_is_found_by_when_it_was_saved_first(f: &Fixture) {
    let service = f.service().await;
    let rows = vec![
        update("a", THEN, 1),
        update("b", THEN + 5, 1),
        update("a", THEN + 10, 2),
        row("b", "delete", THEN + 15, Some(r#"{"deleted": true}"#)),
        update("a", THEN + 20, 3),
    ];
    import(&service, rows).await;
    let live = save(&service, "a", r#"{"n":4}"#).await.into_version();
    save(&service, "new", "{}").await;
    assert_eq!(live.saved_at(), None);

    assert_eq!(code(service.get(&bot("a"), &at(THEN - 1)).await), Code::StateNotFound);
    let now = live.recorded_at.micros();
    for (micros, n) in
        [(THEN, 1), (THEN + 9, 1), (THEN + 10, 2), (THEN + 19, 2), (THEN + 20, 3), (now - 1, 3), (now, 4)]
    {
        let found = service.get(&bot("a"), &at(micros)).await.unwrap();
        assert_eq!(text(&found), format!(r#"{{"n":{n}}}"#), "{micros}");
        if n < 4 {
            assert_eq!(found.saved_at(), Some(found.effective_at()));
            assert!(found.recorded_at.micros() >= START && found.effective_at().micros() <= micros);
        }
    }
    assert_eq!(code(service.get(&bot("b"), &at(THEN + 15)).await), Code::StateDeleted);
    assert_eq!(code(service.get(&bot("new"), &at(THEN + 20)).await), Code::StateNotFound);

    assert_eq!(numbers(&service, "a", None, None).await, [4, 3, 2, 1]);
    assert_eq!(numbers(&service, "a", Some(THEN + 10), Some(THEN + 20)).await, [3, 2]);
    assert_eq!(numbers(&service, "a", Some(THEN + 11), Some(now - 1)).await, [3]);
    assert_eq!(numbers(&service, "a", Some(THEN + 21), None).await, [4]);
    assert_eq!(numbers(&service, "a", None, Some(THEN - 1)).await, [0_u64; 0]);

    for (micros, expected) in [
        (THEN - 1, vec![]),
        (THEN + 4, vec!["a@1"]),
        (THEN + 5, vec!["a@1", "b@1"]),
        (THEN + 14, vec!["a@2", "b@1"]),
        (THEN + 15, vec!["a@2"]),
        (now - 1, vec!["a@3"]),
        (now, vec!["a@4"]),
    ] {
        assert_eq!(listed(&service, micros).await, expected, "{micros}");
    }
}

pub async fn every_time_of_a_long_imported_history_is_found(f: &Fixture) {
    const ROWS: u32 = 700;
    let service = f.service().await;
    // Two states in turn, and one of a single version in between.
    let ids = |n: u32| match n {
        333 => "once",
        n if n % 3 == 0 => "third",
        _ => "often",
    };
    let micros = |n: u32| THEN + i64::from(n) * 10;
    import(&service, (0..ROWS).map(|n| update(ids(n), micros(n), n.into())).collect()).await;
    for n in 0..5 {
        save(&service, "often", &format!(r#"{{"live":{n}}}"#)).await;
    }
    let store = service.store();
    for n in (1..ROWS).step_by(7).chain([333, 334, ROWS - 1]) {
        let found = service.get(&bot(ids(n)), &at(micros(n))).await.unwrap();
        assert_eq!(text(&found), format!(r#"{{"n":{n}}}"#));
        let before = store.then(&bot(ids(n)), Timestamp::from_micros(micros(n) - 1)).await.unwrap();
        assert_eq!(before.map_or(0, |version| version.version.0), found.version.0 - 1);
        let imports = store.imports(Seq::ZERO, Timestamp::from_micros(micros(n))).await.unwrap();
        let count = u64::from(n) + 1;
        assert_eq!(imports, Imports { count, last: Seq(count) });
    }
    let after = store.imports(Seq(ROWS.into()), Timestamp::from_micros(i64::MAX)).await.unwrap();
    assert_eq!(after, Imports::default());
}

pub async fn a_clock_that_was_ahead_does_not_hide_what_was_imported(f: &Fixture) {
    let service = f.service().await;
    let later = START + 900_000_000_000;
    import(&service, vec![update("a", THEN, 1), update("a", later, 2)]).await;
    let second = f.store.head(&bot("a")).await.unwrap().unwrap();
    assert_eq!(second.saved_at(), Some(Timestamp::from_micros(later)));
    let recorded = second.recorded_at.micros();
    for (micros, version) in [(recorded - 1, 1), (recorded, 2), (later, 2)] {
        assert_eq!(service.get(&bot("a"), &at(micros)).await.unwrap().version.0, version, "{micros}");
        assert_eq!(listed(&service, micros).await, [format!("a@{version}")]);
    }
    assert_eq!(numbers(&service, "a", Some(recorded), None).await, [2]);
}

pub async fn a_batch_id_that_looks_alike_is_none_of_an_import(f: &Fixture) {
    let service = f.service().await;
    for (n, batch_id) in (0..).zip([
        "import:",
        "import:2024-03-05",
        "import:2024-03-05T06:07:08.000009Z",
        "Import:2024-03-05T06:07:08.000009Z:a",
        "import:2024-03-05T06:07:08.1+02:00:a",
        "import:2024-03-05t06:07:08.000009z:a",
        "import 2024-03-05T06:07:08.000009Z:a",
        "x import:2024-03-05T06:07:08.000009Z:a",
    ]) {
        let data = format!(r#"{{"n":{n}}}"#);
        let version = f.write(Write { batch_id: Some(batch_id.into()), ..write("a", &data) }).await;
        assert_eq!(version.saved_at(), None, "{batch_id}");
        let before = Timestamp::from_micros(version.recorded_at.micros() - 1);
        let found = f.store.then(&version.key, before).await.unwrap();
        assert_eq!(found.map_or(0, |found| found.version.0), n, "{batch_id}");
        let imports = f.store.imports(Seq::ZERO, Timestamp::from_micros(i64::MAX)).await.unwrap();
        assert_eq!(imports, Imports::default(), "{batch_id}");
    }
    assert_eq!(service.get(&typed("position", "a"), &Which::Head).await.unwrap().version.0, 8);
}

pub async fn what_no_place_of_the_log_is_is_refused_and_never_empty(f: &Fixture) {
    let service = f.service().await;
    let first = save(&service, "live", r#"{"n":1}"#).await.into_version();
    let second = save(&service, "live", r#"{"n":2}"#).await.into_version();
    import(&service, vec![update("old", THEN, 1), update("old", THEN + 10, 2)]).await;
    let (before, after) = (first.recorded_at.micros(), f.store.tip().await.unwrap().recorded_at.micros());
    let list = |micros| ListRequest { at: Some(time(micros)), limit: 10, ..ListRequest::default() };
    let everything = |micros| PlanRequest {
        target: time(micros),
        scope: Scope::default(),
        selection: Selection::default(),
        exact: false,
    };
    for micros in [THEN, THEN + 10, before] {
        let refused = service.list(list(micros)).await.unwrap_err();
        assert_eq!(refused.code(), Code::MixedMoment, "{micros}");
        let recorded = if micros == before { "seq:1" } else { "seq:0" };
        assert!(refused.to_string().contains(recorded), "{refused}");
        assert_eq!(code(service.plan(everything(micros)).await), Code::MixedMoment);
    }
    // Where nothing lies between, one place of the log is what there was.
    assert_eq!(listed(&service, THEN - 1).await, [""; 0]);
    assert_eq!(listed(&service, second.recorded_at.micros()).await, ["live@2", "old@2"]);
    assert_eq!(listed(&service, after).await, ["live@2", "old@2"]);

    // One state by itself is found, and restored.
    assert_eq!(text(&service.get(&bot("old"), &at(THEN + 9)).await.unwrap()), r#"{"n":1}"#);
    assert_eq!(service.get(&bot("live"), &at(before)).await.unwrap(), first);
    for (id, micros, version) in [("old", THEN + 9, Some(1)), ("live", before, Some(1)), ("live", THEN, None)]
    {
        let scope = Scope { states: vec![bot(id)], ..Scope::default() };
        let plan = service.plan(PlanRequest { scope, ..everything(micros) }).await.unwrap();
        let target = plan.states[0].target.as_ref().map(|target| target.version.0);
        assert_eq!(target, version, "{id}");
    }
    // What is new in this store is new, however old it was elsewhere.
    let new = ListRequest { changed_since: Some(time(before)), limit: 10, ..ListRequest::default() };
    assert_eq!(service.list(new).await.unwrap().states.len(), 2);
}

pub async fn a_marker_becomes_a_snapshot_of_what_was_there_then(f: &Fixture) {
    let service = f.service().await;
    let data = r#"{"snapshot_id":"eod 2/1","description":"x","state_count":2}"#;
    let rows = || {
        vec![
            marker("of nothing", THEN, None),
            update("a", THEN + 1, 1),
            row("gone", "delete", THEN + 2, Some(r#"{"n":0}"#)),
            OlderRow { description: Some("evening".into()), ..marker("eod 2/1", THEN + 3, Some(data)) },
            update("a", THEN + 4, 2),
            marker("eod 2/2", THEN + 5, None),
            marker("bad\u{7}", THEN + 6, None),
        ]
    };
    let (counts, why) = import(&service, rows()).await;
    assert_eq!((counts.imported, counts.snapshots, counts.unreadable, counts.left_out), (3, 3, 1, 0));
    assert!(why[0].contains("cannot name a snapshot"), "{why:?}");
    save(&service, "a", r#"{"n":3}"#).await;
    let tip = f.tip().await;
    for _ in 0..2 {
        for (name, seq) in [("of nothing", 0), ("eod 2/1", 3), ("eod 2/2", 4)] {
            let snapshot = f.store.snapshot(&snapshot_id(name)).await.unwrap().unwrap();
            assert_eq!(snapshot.seq, Seq(seq), "{name}");
        }
        let at = Which::At(Moment::Snapshot(snapshot_id("eod 2/1")));
        assert_eq!(text(&service.get(&bot("a"), &at).await.unwrap()), r#"{"n":1}"#);
        assert_eq!(f.store.head(&typed("configuration", "SNAPSHOT")).await.unwrap(), None);
        let (again, _) = import(&service, rows()).await;
        assert_eq!((again.imported, again.snapshots, again.there), (0, 0, 6));
        assert_eq!((f.tip().await, f.store.snapshots(100, None).await.unwrap().total), (tip, 3));
    }
    let description = f.store.snapshot(&snapshot_id("eod 2/1")).await.unwrap().unwrap().description.unwrap();
    assert!(description.starts_with("evening [imported: snapshot of 2020-"), "{description}");
}

pub async fn a_marker_that_no_place_of_the_log_fits_is_left_out_and_said(f: &Fixture) {
    let service = f.service().await;
    import(&service, vec![update("later", THEN + 10, 1)]).await;
    f.snapshot("mine").await.unwrap();
    let rows =
        || vec![update("a", THEN, 1), marker("mixed", THEN + 1, None), marker("mine", THEN + 20, None)];
    for _ in 0..2 {
        let (counts, why) = import(&service, rows()).await;
        assert_eq!((counts.snapshots, counts.left_out), (0, 2));
        assert!(why[0].contains("later than it were imported before it"), "{why:?}");
        assert!(why[1].contains("another snapshot of that name"), "{why:?}");
    }
    // What came before it by both counts is named, also when an earlier run has written it.
    let (counts, _) = import(&service, vec![update("a", THEN, 1), marker("all", THEN + 10, None)]).await;
    assert_eq!((counts.there, counts.snapshots), (1, 1));
    assert_eq!(f.store.snapshot(&snapshot_id("all")).await.unwrap().unwrap().seq, Seq(2));
}
