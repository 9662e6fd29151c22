//! Random work on a store and on the reference: every answer, and everything that can be read, must be the same.

use std::future::Future;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use stateloft_core::api::{DeletedFilter, Moment, PlanCounts, Scope, Sort, ValidityFilter};
use stateloft_core::commit::{Change, Check, Closing, Condition, Expectation, Signed, Terms, Write};
use stateloft_core::json::Pointer;
use stateloft_core::model::{
    Seq, SnapshotKind, StateId, StateKey, StateType, Timestamp, Verdict, VersionNumber, Violation,
};
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::{
    Cursor, HistoryQuery, ListQuery, NewRestore, NewSnapshot, OriginFilter, StateStore, Told, WriteRequest,
    verify_all,
};

use crate::fixture::{Fixture, START, doc, snapshot_id, typed};

const IDS: [(&str, &str); 6] = [
    ("position", "a"),
    ("position", "a_b"),
    ("position", "ab"),
    ("portfolio", "a"),
    ("pair_state", "é/%"),
    ("position", "z"),
];
const DATA: [&str; 6] = [
    "{}",
    r#"{"n":1}"#,
    r#"{"n":1.0}"#,
    r#"{"n":-0.0,"m":[1,2]}"#,
    r#"{"m":[1,3],"s":"%_é"}"#,
    r#"{"S":"É"}"#,
];
const AUTHORS: [Option<&str>; 4] = [None, Some("bot"), Some("ann"), Some("")];
const PREFIXES: [Option<&str>; 5] = [None, Some("a"), Some("a_"), Some("é/"), Some("zz")];
const NAMES: [&str; 4] = ["eod", "EOD", "before-restore-3", "é"];

/// One request, as the numbers that proptest plays with.
#[derive(Debug, Clone)]
enum Request {
    Batch(Vec<Item>),
    Restore(Vec<Item>),
    /// With a prefix of what is closed, and perhaps a state that is checked and how.
    OnTerms(Vec<Item>, usize, Option<(usize, u8)>),
    Snapshot(usize),
    Forget(usize),
}

#[derive(Debug, Clone)]
struct Item {
    id: usize,
    what: u8,
    data: usize,
    expectation: u8,
    version: u64,
    author: usize,
    verdict: u8,
}

fn item() -> impl Strategy<Value = Item> {
    (0..IDS.len(), 0..8_u8, 0..DATA.len(), 0..8_u8, 0..6_u64, 0..AUTHORS.len(), 0..3_u8).prop_map(
        |(id, what, data, expectation, version, author, verdict)| Item {
            id,
            what,
            data,
            expectation,
            version,
            author,
            verdict,
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        8 => vec(item(), 1..4).prop_map(Request::Batch),
        1 => vec(item(), 1..4).prop_map(Request::Restore),
        2 => (vec(item(), 0..3), 0..PREFIXES.len(), option::of((0..IDS.len(), 0..4_u8)))
            .prop_map(|(items, prefix, check)| Request::OnTerms(items, prefix, check)),
        1 => (0..NAMES.len()).prop_map(Request::Snapshot),
        1 => (0..NAMES.len()).prop_map(Request::Forget),
    ]
}

/// Groups of requests, each with how far the clock moves before it.
fn work() -> impl Strategy<Value = Vec<(i64, Vec<Request>)>> {
    vec((-5_000_000..90_000_000_i64, vec(request(), 1..5)), 1..12)
}

fn write(item: &Item) -> Write {
    let (state_type, id) = IDS[item.id];
    let expectation = match item.expectation {
        0 => Expectation::Absent,
        1 => Expectation::Present,
        2 => Expectation::Version(VersionNumber(item.version)),
        _ => Expectation::Any,
    };
    let change = match item.what {
        0 => Change::Delete,
        1 => Change::Restore(doc(DATA[item.data])),
        _ => Change::Save(doc(DATA[item.data])),
    };
    let violation = Violation { pointer: "/n".into(), code: "minimum".into(), message: "\"low\"".into() };
    let verdict = match item.verdict {
        0 => Verdict::NotChecked,
        1 => Verdict::Valid,
        _ => Verdict::Invalid { violations: vec![violation] },
    };
    Write {
        key: typed(state_type, id),
        change,
        expectation,
        verdict,
        author: AUTHORS[item.author].map(Into::into),
        description: (item.version == 1).then(|| "why".into()),
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    }
}

/// Positions and pair states with a prefix are closed, if a check of one of the states holds.
fn terms(prefix: usize, check: Option<(usize, u8)>) -> Terms {
    let pointer = || Pointer::parse("/n").unwrap();
    let check = check.map(|(id, what)| Check {
        item: id,
        key: typed(IDS[id].0, IDS[id].1),
        condition: match what {
            0 => Condition::Head(Expectation::Present),
            1 => Condition::Head(Expectation::Absent),
            2 => Condition::Has(pointer(), true),
            _ => Condition::Equals(pointer(), doc("1.00")),
        },
    });
    let types = ["position", "pair_state"].map(|name| StateType::new(name).unwrap()).to_vec();
    let prefix = PREFIXES[prefix].map(|prefix| StateId::new(prefix).unwrap());
    let signed = Signed { author: Some("closer".into()), ..Signed::default() };
    Terms {
        checks: check.into_iter().collect(),
        closings: vec![Closing { types, prefix }],
        signed,
        fence: None,
    }
}

fn to_request(request: &Request, number: usize) -> WriteRequest {
    let writes = |items: &[Item]| items.iter().map(write).collect();
    match request {
        Request::Batch(items) => WriteRequest::Batch { writes: writes(items), restore: None },
        Request::Restore(items) => {
            let restore = NewRestore {
                restore_id: format!("r{number}").into(),
                plan: "p".into(),
                target: Moment::Seq(Seq(1)).into(),
                target_seq: Seq(1),
                scope: Scope::default(),
                counts: PlanCounts::default(),
                author: None,
                reason: "model".into(),
                undoes: None,
                beside: Vec::new(),
                // Who runs do not matter to.
                told: Told { seq: Seq(1 << 60), ..Told::default() },
            };
            WriteRequest::Batch { writes: writes(items), restore: Some(Box::new(restore)) }
        }
        Request::OnTerms(items, prefix, check) => WriteRequest::OnTerms {
            writes: writes(items),
            terms: Box::new(terms(*prefix, *check)),
            told: None,
        },
        Request::Snapshot(name) => WriteRequest::CreateSnapshot(NewSnapshot {
            id: snapshot_id(NAMES[*name]),
            description: Some("d".into()),
            author: None,
            kind: SnapshotKind::Manual,
            seq: None,
        }),
        Request::Forget(name) => WriteRequest::DeleteSnapshot(snapshot_id(NAMES[*name])),
    }
}

/// Logs that are tried on each backend; `PROPTEST_CASES` tries as many as it says.
const CASES: u32 = 8;

/// Runs the model test on a backend.
pub fn agrees_with_the_reference<F: Future<Output = Fixture>>(open: impl Fn() -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let asked = std::env::var("PROPTEST_CASES").ok().map(|cases| cases.parse().unwrap());
    let cases = asked.unwrap_or(CASES);
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&work(), |groups| {
        runtime.block_on(async {
            let fixture = open().await;
            both_do(fixture.store.as_ref(), &groups).await
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn both_do(store: &dyn StateStore, groups: &[(i64, Vec<Request>)]) -> Result<(), TestCaseError> {
    let reference = MemoryStore::new();
    let mut now = START;
    let mut number = 0;
    for (step, requests) in groups {
        now += step;
        let group: Vec<_> = requests
            .iter()
            .map(|request| {
                number += 1;
                to_request(request, number)
            })
            .collect();
        let now = Timestamp::from_micros(now);
        let expected = stateloft_server::store::Commits::commit(&reference, &group, now).await;
        prop_assert_eq!(store.commit(&group, now).await, expected);
    }
    same(store, &reference).await?;
    let tip = store.tip().await.unwrap().seq;
    prop_assert_eq!(verify_all(store, |_, _| {}).await, Ok(Ok(tip)));
    Ok(())
}

/// Asks both the same and compares.
macro_rules! ask {
    ($a:expr, $b:expr, $method:ident($($argument:expr),*)) => {{
        let (found, expected) = ($a.$method($($argument),*).await, $b.$method($($argument),*).await);
        prop_assert_eq!(found, expected, "{} {:?}", stringify!($method), ($(&$argument,)*));
    }};
}

async fn same(a: &dyn StateStore, b: &dyn StateStore) -> Result<(), TestCaseError> {
    let tip = b.tip().await.unwrap();
    ask!(a, b, tip());
    ask!(a, b, totals());
    ask!(a, b, after(Seq(0), 10_000));
    ask!(a, b, before(Seq(u64::MAX), 7));
    for (state_type, id) in IDS {
        same_state(a, b, &typed(state_type, id), tip.seq).await?;
    }
    for seq in (0..=tip.seq.0 + 1).map(Seq) {
        ask!(a, b, by_seq(seq));
        same_moment(a, b, seq).await?;
    }
    same_points(a, b).await?;
    for (since, bucket) in [(START, 7_000_000), (START - START % 60_000_000, 60_000_000), (START, 1)] {
        ask!(a, b, activity(Timestamp::from_micros(since), bucket));
    }
    for query in queries() {
        same_pages(a, b, query).await?;
    }
    Ok(())
}

async fn same_state(
    a: &dyn StateStore,
    b: &dyn StateStore,
    key: &StateKey,
    tip: Seq,
) -> Result<(), TestCaseError> {
    ask!(a, b, head(key));
    ask!(a, b, types_of(&key.state_id));
    for seq in (0..=tip.0).map(Seq) {
        ask!(a, b, as_of(key, seq));
    }
    let last = b.head(key).await.unwrap().map_or(0, |head| head.version.0);
    for version in (0..=last + 1).map(VersionNumber) {
        ask!(a, b, version(key, version));
    }
    let history = HistoryQuery {
        key: key.clone(),
        from: None,
        to: None,
        origin: OriginFilter::default(),
        limit: 3,
        cursor: None,
        with_data: true,
    };
    let times: Vec<_> = b.after(Seq(0), 100).await.unwrap().iter().map(|v| v.recorded_at).collect();
    let middle = times.get(times.len() / 2).copied();
    for (from, to) in [(None, None), (middle, None), (None, middle), (middle, middle)] {
        let mut query = HistoryQuery { from, to, ..history.clone() };
        loop {
            ask!(a, b, history(&query));
            query.cursor = b.history(&query).await.unwrap().next;
            if query.cursor.is_none() {
                break;
            }
        }
    }
    Ok(())
}

async fn same_moment(a: &dyn StateStore, b: &dyn StateStore, seq: Seq) -> Result<(), TestCaseError> {
    if let Some(version) = b.by_seq(seq).await.unwrap() {
        for by in -1..=1 {
            ask!(a, b, seq_at(Timestamp::from_micros(version.recorded_at.micros() + by)));
        }
    }
    let types = vec![StateType::new("position").unwrap()];
    let states = vec![typed("position", "z"), typed("portfolio", "a"), typed("position", "never")];
    for scope in [
        Scope::default(),
        Scope { types: types.clone(), ..Scope::default() },
        Scope { prefix: Some("a".into()), ..Scope::default() },
        Scope { states: states.clone(), ..Scope::default() },
        Scope { states, types, prefix: Some("z".into()) },
    ] {
        ask!(a, b, moved_since(seq, &scope, None::<&StateKey>, 100));
        ask!(a, b, moved_since(seq, &scope, Some(&typed("position", "a")), 2));
        ask!(a, b, count_scope(&scope));
    }
    Ok(())
}

async fn same_points(a: &dyn StateStore, b: &dyn StateStore) -> Result<(), TestCaseError> {
    let mut cursor = None;
    loop {
        ask!(a, b, snapshots(2, cursor.as_ref()));
        cursor = b.snapshots(2, cursor.as_ref()).await.unwrap().next;
        if cursor.is_none() {
            break;
        }
    }
    for name in NAMES {
        ask!(a, b, snapshot(&snapshot_id(name)));
    }
    ask!(a, b, restores(1, None::<&Cursor>));
    for record in b.restores(1000, None).await.unwrap().rows {
        ask!(a, b, restore(&record.restore_id));
    }
    Ok(())
}

fn queries() -> Vec<ListQuery> {
    let base = ListQuery { limit: 2, ..ListQuery::default() };
    let mut queries = Vec::new();
    for sort in [Sort::Changed, Sort::Id] {
        for deleted in [DeletedFilter::Exclude, DeletedFilter::Include, DeletedFilter::Only] {
            for at in [None, Some(Seq(0)), Some(Seq(4)), Some(Seq(9)), Some(Seq(1_000))] {
                let base = ListQuery { sort, deleted, at, with_data: sort == Sort::Id, ..base.clone() };
                queries.push(base.clone());
                queries.push(ListQuery { text: Some("É".into()), ..base.clone() });
                queries.push(ListQuery { text: Some("_b".into()), ..base.clone() });
                queries.push(ListQuery { prefix: Some("a".into()), ..base.clone() });
                queries.push(ListQuery { changed_since: Some(Seq(3)), ..base.clone() });
                queries.push(ListQuery { authors: vec!["bot".into(), String::new()], ..base.clone() });
                let types = ["position", "pair_state"].map(|name| StateType::new(name).unwrap());
                queries.push(ListQuery { types: types.to_vec(), ..base.clone() });
                for validity in [ValidityFilter::Valid, ValidityFilter::Invalid, ValidityFilter::NotChecked] {
                    queries.push(ListQuery { validity: Some(validity), ..base.clone() });
                }
            }
        }
    }
    queries
}

async fn same_pages(
    a: &dyn StateStore,
    b: &dyn StateStore,
    mut query: ListQuery,
) -> Result<(), TestCaseError> {
    loop {
        ask!(a, b, list(&query));
        query.cursor = b.list(&query).await.unwrap().next;
        if query.cursor.is_none() {
            return Ok(());
        }
    }
}
