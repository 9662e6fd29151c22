//! Lists of a log that is longer than what stores put in order at once.

use std::collections::BTreeMap;

use stateloft_core::api::{DeletedFilter, Sort, ValidityFilter};
use stateloft_core::commit::{Change, Write};
use stateloft_core::model::{Seq, StateKey, StateType, Timestamp, Verdict, Violation};
use stateloft_server::store::ListQuery;

use crate::fixture::{Fixture, batch, everything, save, typed};

const VERSIONS: u64 = 6_500;
const GROUP: usize = 250;

/// What a version leaves behind, and its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Left {
    seq: u64,
    deleted: bool,
    invalid: bool,
}

/// One state is saved all the time, some now and then, and some only at the beginning.
fn nth(n: u64) -> StateKey {
    match n % 4 {
        0 | 1 => typed("position", "hot"),
        3 if n < 600 => typed("pair_state", &format!("early-{}", n / 4 % 40)),
        _ if n.is_multiple_of(3) => typed("pair_state", &format!("s{}", n / 4 % 30)),
        _ => typed("position", &format!("s{}", n / 4 % 30)),
    }
}

fn verdict(invalid: bool) -> Verdict {
    if !invalid {
        return Verdict::Valid;
    }
    let violation = Violation { pointer: "/n".into(), code: "minimum".into(), message: "too small".into() };
    Verdict::Invalid { violations: vec![violation] }
}

/// Writes the log and answers with what each version left behind.
async fn written(f: &Fixture) -> Vec<(StateKey, Left)> {
    let mut log: Vec<(StateKey, Left)> = Vec::new();
    let mut live: BTreeMap<StateKey, bool> = BTreeMap::new();
    let mut writes = Vec::new();
    for n in 0..VERSIONS {
        let key = nth(n);
        let is_live = live.entry(key.clone()).or_default();
        let (deleted, invalid) = (*is_live && n % 11 == 7, n % 13 == 5);
        *is_live = !deleted;
        let write = save("any", &format!(r#"{{"n":{n}}}"#));
        let change = if deleted { Change::Delete } else { write.change };
        let verdict = if deleted { Verdict::NotChecked } else { verdict(invalid) };
        writes.push(batch(vec![Write { key: key.clone(), change, verdict, ..write }]));
        log.push((key, Left { seq: n + 1, deleted, invalid: invalid && !deleted }));
    }
    for group in writes.chunks(GROUP) {
        assert!(f.commit(group).await.iter().all(Result::is_ok));
    }
    assert_eq!(f.tip().await, Seq(VERSIONS));
    log
}

/// What a list should hold.
fn expected(log: &[(StateKey, Left)], query: &ListQuery) -> Vec<(StateKey, u64)> {
    let at = query.at.map_or(u64::MAX, |at| at.0);
    let mut heads: BTreeMap<&StateKey, Left> = BTreeMap::new();
    for (key, left) in log.iter().filter(|(_, left)| left.seq <= at) {
        heads.insert(key, *left);
    }
    let found = heads.into_iter().filter(|(key, left)| {
        let deleted = match query.deleted {
            DeletedFilter::Include => true,
            DeletedFilter::Only => left.deleted,
            DeletedFilter::Exclude => !left.deleted,
        };
        deleted
            && query.changed_since.is_none_or(|since| left.seq > since.0)
            && (query.validity.is_none() || left.invalid)
            && (query.types.is_empty() || query.types.contains(&key.state_type))
    });
    let mut found: Vec<_> = found.map(|(key, left)| (key.clone(), left.seq)).collect();
    if query.sort == Sort::Changed {
        found.sort_by_key(|(_, seq)| std::cmp::Reverse(*seq));
    }
    found
}

/// All pages of a list.
async fn listed(f: &Fixture, mut query: ListQuery, total: usize) -> Vec<(StateKey, u64)> {
    let mut seen = Vec::new();
    loop {
        let page = f.store.list(&query).await.unwrap();
        assert_eq!(page.total, total as u64, "{query:?}");
        seen.extend(page.rows.into_iter().map(|row| {
            let (version, seq) = (row.version.clone(), row.version.seq.0);
            (StateKey { state_type: version.state_type, state_id: version.state_id }, seq)
        }));
        query.cursor = page.next;
        if query.cursor.is_none() {
            return seen;
        }
    }
}

pub async fn lists_of_a_long_log_are_whole_and_in_order(f: &Fixture) {
    let log = written(f).await;
    // The counters know only the beginning of it.
    let activity = f.store.activity(Timestamp::default(), 60_000_000).await.unwrap();
    let mut by_type = BTreeMap::<StateType, u64>::new();
    for (key, _) in &log {
        *by_type.entry(key.state_type.clone()).or_default() += 1;
    }
    assert_eq!(activity.by_type, by_type.into_iter().collect::<Vec<_>>());
    let base = everything();
    let filters = [
        base.clone(),
        ListQuery { deleted: DeletedFilter::Include, ..base.clone() },
        ListQuery { deleted: DeletedFilter::Only, ..base.clone() },
        ListQuery { validity: Some(ValidityFilter::Invalid), ..base.clone() },
        ListQuery { types: vec![StateType::new("pair_state").unwrap()], ..base },
    ];
    for filter in &filters {
        for at in [None, Some(300), Some(2_200), Some(4_400), Some(VERSIONS - 1)] {
            for since in [None, Some(100), Some(3_900), Some(6_300)] {
                for sort in [Sort::Changed, Sort::Id] {
                    let (at, changed_since) = (at.map(Seq), since.map(Seq));
                    let query = ListQuery { at, changed_since, sort, limit: 23, ..filter.clone() };
                    let expected = expected(&log, &query);
                    let found = listed(f, query.clone(), expected.len()).await;
                    assert_eq!(found, expected, "{query:?}");
                }
            }
        }
    }
}

/// Like the list above, but while the log grows: a page is of one moment, and each finds every state.
pub async fn a_list_is_whole_while_the_log_grows(f: &Fixture) {
    let states = 60;
    let first: Vec<_> = (0..states).map(|n| batch(vec![save(&format!("s{n}"), "{}")])).collect();
    f.commit(&first).await;
    let writing = async {
        for round in 0..30 {
            let some: Vec<_> = (0..200)
                .map(|n| {
                    batch(vec![save(&format!("s{}", n * n % 50), &format!(r#"{{"round":{round},"n":{n}}}"#))])
                })
                .collect();
            f.commit(&some).await;
        }
    };
    let reading = async {
        let mut last = Seq(0);
        while last < Seq(6_060) {
            let page = f.store.list(&everything()).await.unwrap();
            assert_eq!((page.rows.len(), page.total), (states, states as u64));
            assert!(page.rows.windows(2).all(|pair| pair[0].version.seq > pair[1].version.seq));
            assert!(page.seq >= last && page.rows[0].version.seq <= page.seq);
            last = page.seq;
            // A store in memory never waits, and the writer would get no turn.
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writing, reading);
}
