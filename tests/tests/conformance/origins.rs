//! Where versions come from is kept with them, whatever the rest of them is.

use std::sync::Arc;

use stateloft_core::api::VersionView;
use stateloft_core::commit::{Outcome, Write};
use stateloft_core::model::{ORIGIN_MAX_BYTES, Origin, Seq};
use stateloft_server::store::{HistoryQuery, LOOKED_BACK, ListQuery, OriginFilter};

use crate::fixture::{Fixture, batch, delete, key, outcomes, save};

fn origin(run: Option<&str>, correlation: Option<&str>, causation: Option<&str>) -> Option<Arc<Origin>> {
    let text = |text: Option<&str>| text.map(Into::into);
    Origin { run_id: text(run), correlation_id: text(correlation), causation_id: text(causation) }.shared()
}

fn from(write: Write, origin: Option<Arc<Origin>>) -> Write {
    Write { origin, ..write }
}

/// One of each shape, with neighbours that come from nowhere.
fn origins() -> Vec<Option<Arc<Origin>>> {
    let long = "é".repeat(ORIGIN_MAX_BYTES / 2);
    vec![
        origin(Some("run-1"), None, None),
        None,
        origin(None, Some("4bf92f3577b34da6a3ce929d0e0e4736"), Some("00f067aa0ba902b7")),
        origin(None, None, Some("a 'quoted' \"cause\"; DROP TABLE versions --")),
        None,
        origin(Some(&long), Some(&long), Some(&long)),
        origin(Some("=,\\ run"), Some("日本/№ 5"), None),
    ]
}

pub async fn each_way_of_reading_says_where_a_version_comes_from(f: &Fixture) {
    let origins = origins();
    for (n, origin) in origins.iter().enumerate() {
        f.write(from(save("a", &format!("{{\"n\":{n}}}")), origin.clone())).await;
    }
    let log = f.store.after(Seq::ZERO, 100).await.unwrap();
    assert_eq!(log.iter().map(|version| version.origin.clone()).collect::<Vec<_>>(), origins);
    let views = f.store.views_before(Seq(100), 100).await.unwrap();
    assert_eq!(views.iter().rev().map(VersionView::origin).collect::<Vec<_>>(), origins);
    let of = HistoryQuery {
        key: key("a"),
        from: None,
        to: None,
        origin: OriginFilter::default(),
        limit: 100,
        cursor: None,
        with_data: false,
    };
    for with_data in [false, true] {
        let page = f.store.history(&HistoryQuery { with_data, ..of.clone() }).await.unwrap();
        let found: Vec<_> = page.rows.iter().rev().map(|row| row.version.origin()).collect();
        assert_eq!(found, origins, "with data: {with_data}");
    }
    for (n, origin) in origins.iter().enumerate() {
        let seq = Seq(n as u64 + 1);
        assert_eq!(&f.store.by_seq(seq).await.unwrap().unwrap().origin, origin, "{seq}");
        assert_eq!(&f.store.as_of(&key("a"), seq).await.unwrap().unwrap().origin, origin, "{seq}");
        let page =
            f.store.list(&ListQuery { at: Some(seq), limit: 10, ..ListQuery::default() }).await.unwrap();
        assert_eq!(&page.rows[0].version.origin(), origin, "{seq}");
    }
    assert_eq!(&f.head("a").await.unwrap().origin, origins.last().unwrap());
}

pub async fn one_batch_carries_its_origin_in_each_version(f: &Fixture) {
    let whole = origin(Some("r"), Some("c"), Some("x"));
    let _ = f.save("gone", "{}").await;
    let written =
        [from(save("new", "{}"), whole.clone()), from(delete("gone"), whole.clone()), save("b", "{}")];
    let answer = f.commit(&[batch(written.to_vec()), batch(vec![save("c", "{}")])]).await;
    let made: Vec<_> = answer.into_iter().flat_map(|answer| outcomes(answer.unwrap())).collect();
    let of: Vec<_> = made.iter().map(|outcome| outcome.version().origin.clone()).collect();
    assert_eq!(of, [whole.clone(), whole, None, None]);
    for outcome in &made {
        let version = outcome.version();
        let read = f.store.by_seq(version.seq).await.unwrap().unwrap();
        assert_eq!((&read.origin, read.chain_hash), (&version.origin, version.chain_hash));
    }
}

pub async fn equal_data_from_elsewhere_makes_no_version(f: &Fixture) {
    let first = f.write(from(save("a", "{}"), origin(Some("one"), None, None))).await;
    let again = f.batch(vec![from(save("a", "{}"), origin(Some("two"), None, None))]).await.unwrap();
    let [Outcome::Unchanged(head)] = again.as_slice() else { panic!("{again:?}") };
    assert_eq!(head, &first);
}

pub async fn a_history_is_limited_to_a_run_and_a_correlation(f: &Fixture) {
    for (n, run, correlation) in [
        (1, Some("r1"), Some("c1")),
        (2, Some("r2"), Some("c1")),
        (3, None, None),
        (4, Some("r1"), None),
        (5, Some("r1"), Some("c1")),
    ] {
        f.write(from(save("a", &format!("{{\"n\":{n}}}")), origin(run, correlation, None))).await;
        f.write(from(save("b", &format!("{{\"n\":{n}}}")), origin(Some("r1"), Some("c1"), None))).await;
    }
    let wanted = |run: Option<&str>, correlation: Option<&str>| OriginFilter {
        run_id: run.map(str::to_owned),
        correlation_id: correlation.map(str::to_owned),
    };
    for (origin, versions) in [
        (wanted(Some("r1"), None), vec![5, 4, 1]),
        (wanted(None, Some("c1")), vec![5, 2, 1]),
        (wanted(Some("r1"), Some("c1")), vec![5, 1]),
        (wanted(Some("r"), None), vec![]),
        (wanted(None, None), vec![5, 4, 3, 2, 1]),
    ] {
        for limit in [1, 2, 10] {
            let (mut found, mut cursor) = (Vec::new(), None);
            loop {
                let query = HistoryQuery {
                    key: key("a"),
                    from: None,
                    to: None,
                    origin: origin.clone(),
                    limit,
                    cursor,
                    with_data: limit == 2,
                };
                let page = f.store.history(&query).await.unwrap();
                assert_eq!(page.total, versions.len() as u64, "{origin:?}");
                found.extend(page.rows.iter().map(|row| row.version.version.0));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(found, versions, "{origin:?}, {limit} a page");
        }
    }
}

pub async fn who_had_written_before_is_known_of_each_version_of_a_stretch_as_far_as_it_is_looked_back(
    f: &Fixture,
) {
    let by = |id: &str, n: usize, run: Option<&str>| {
        from(save(id, &format!("{{\"n\":{n}}}")), origin(run, None, None))
    };
    f.write(by("a", 1, Some("r1"))).await;
    f.write(by("long", 1, Some("r1"))).await;
    f.write(by("a", 2, Some("r2"))).await;
    f.write(by("a", 3, None)).await;
    let other = f.write(by("b", 1, None)).await.seq;
    // One more than is looked back at.
    for n in 2..=LOOKED_BACK + 1 {
        f.write(by("long", n, None)).await;
    }
    let first = f.write(by("a", 4, None)).await.seq;
    f.write(by("b", 2, None)).await;
    f.write(by("new", 1, Some("r3"))).await;
    let last = f.write(by("long", 500, Some("r3"))).await.seq;
    let told = async |stretches: &[(Seq, Seq)]| -> Vec<(Seq, String, Option<String>)> {
        let found = f.store.overwrote(stretches).await.unwrap();
        found
            .into_iter()
            .map(|one| (one.seq, one.key.state_id.to_string(), one.run_id.map(|run| run.to_string())))
            .collect()
    };
    let said = |seq: Seq, id: &str, run: Option<&str>| (seq, id.to_owned(), run.map(str::to_owned));
    let at = |more: u64| Seq(first.0 + more);
    let expected = [
        said(first, "a", Some("r2")),
        said(at(1), "b", None),
        said(at(2), "new", None),
        said(last, "long", None),
    ];
    assert_eq!(told(&[(first, last)]).await, expected);
    // A run's own write is not what was before it, and what lies between stretches is left out.
    let mut two = told(&[(Seq(3), Seq(3)), (other, other)]).await;
    two.sort();
    assert_eq!(two, [said(Seq(3), "a", Some("r1")), said(other, "b", None)]);
    assert_eq!(told(&[]).await, []);
    f.write(by("long", 501, None)).await;
    assert_eq!(told(&[(at(4), at(4))]).await, [said(at(4), "long", Some("r3"))]);
}
