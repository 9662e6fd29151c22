//! Lists of states.

use stateloft_core::api::{DeletedFilter, Sort, ValidityFilter};
use stateloft_core::commit::Write;
use stateloft_core::model::{Seq, StateType, Verdict, Violation};
use stateloft_server::store::{Cursor, HistoryQuery, ListQuery, OriginFilter, StoreError, TypeTotals};

use crate::fixture::{Fixture, batch, delete, everything, key, save, typed};

fn by_id() -> ListQuery {
    ListQuery { sort: Sort::Id, ..everything() }
}

fn invalid() -> Verdict {
    let violation = Violation { pointer: "/n".into(), code: "minimum".into(), message: "too small".into() };
    Verdict::Invalid { violations: vec![violation] }
}

pub async fn d_028_deleted_states_stay_deleted(f: &Fixture) {
    f.save("open", r#"{"n":1}"#).await;
    f.save("closed", r#"{"n":1}"#).await;
    f.delete("closed").await;
    assert!(f.head("closed").await.unwrap().is_deleted());
    assert_eq!(f.ids(&by_id()).await, ["open"]);
    let only = ListQuery { deleted: DeletedFilter::Only, with_data: true, ..by_id() };
    let page = f.store.list(&only).await.unwrap();
    assert_eq!((page.rows.len(), page.rows[0].data.as_ref(), page.rows[0].version.size), (1, None, 0));
    let both = ListQuery { deleted: DeletedFilter::Include, ..by_id() };
    assert_eq!(f.ids(&both).await, ["closed", "open"]);
}

pub async fn d_029_a_quiet_state_is_not_lost_behind_noisy_ones(f: &Fixture) {
    f.save("quiet", r#"{"n":1}"#).await;
    for round in 0..5 {
        let group: Vec<_> = (0..300)
            .map(|n| batch(vec![save("noisy", &format!(r#"{{"round":{round},"n":{n}}}"#))]))
            .collect();
        f.commit(&group).await;
    }
    assert_eq!(f.ids(&everything()).await, ["noisy", "quiet"]);
    assert_eq!(f.head("quiet").await.unwrap().seq, Seq(1));
}

pub async fn every_filter_filters(f: &Fixture) {
    let by = |author: &str, write: Write| Write { author: Some(author.into()), ..write };
    f.write(by("bot", save("p1", "{}"))).await;
    f.write(by("ann", Write { verdict: Verdict::Valid, ..save("p2", "{}") })).await;
    f.write(Write { verdict: invalid(), ..save("q1", "{}") }).await;
    f.write(by("bot", Write { key: typed("strategy", "p3"), ..save("p3", "{}") })).await;
    let cases: [(&str, ListQuery, &[&str]); 11] = [
        ("all", by_id(), &["p1", "p2", "q1", "p3"]),
        ("type", ListQuery { types: vec![StateType::new("strategy").unwrap()], ..by_id() }, &["p3"]),
        ("unknown type", ListQuery { types: vec![StateType::new("nothing").unwrap()], ..by_id() }, &[]),
        ("prefix", ListQuery { prefix: Some("p".into()), ..by_id() }, &["p1", "p2", "p3"]),
        ("whole id", ListQuery { prefix: Some("p1".into()), ..by_id() }, &["p1"]),
        ("valid", ListQuery { validity: Some(ValidityFilter::Valid), ..by_id() }, &["p2"]),
        ("invalid", ListQuery { validity: Some(ValidityFilter::Invalid), ..by_id() }, &["q1"]),
        ("not checked", ListQuery { validity: Some(ValidityFilter::NotChecked), ..by_id() }, &["p1", "p3"]),
        ("since", ListQuery { changed_since: Some(Seq(2)), ..by_id() }, &["q1", "p3"]),
        ("author", ListQuery { authors: vec!["bot".into()], ..by_id() }, &["p1", "p3"]),
        ("authors", ListQuery { authors: vec!["ann".into(), "x".into()], ..by_id() }, &["p2"]),
    ];
    for (name, query, expected) in cases {
        assert_eq!(f.ids(&query).await, expected, "{name}");
    }
    let newest_first = f.ids(&everything()).await;
    assert_eq!(newest_first, ["p3", "q1", "p2", "p1"]);
}

pub async fn text_is_searched_as_it_is_spelled(f: &Fixture) {
    f.save("alpha", r#"{"note":"50% done","n":1.50}"#).await;
    f.save("b_c", r#"{"note":"50 done"}"#).await;
    f.save("bXc", r#"{"note":"Ärger \\ x"}"#).await;
    f.write(Write { key: typed("pair_state", "other"), ..save("other", "{}") }).await;
    let cases: [(&str, &[&str]); 12] = [
        ("50%", &["alpha"]),
        ("b_c", &["b_c"]),
        ("1.50", &["alpha"]),
        ("1.5", &["alpha"]),
        ("ALPHA", &["alpha"]),
        ("Ärger", &["bXc"]),
        ("ärGER", &["bXc"]),
        ("\\", &["bXc"]),
        ("\\\\", &[]),
        ("pair_", &["other"]),
        ("\"note\"", &["alpha", "bXc", "b_c"]),
        ("nowhere", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(f.ids(&ListQuery { text: Some(text.into()), ..by_id() }).await, expected, "{text}");
    }
}

/// The same function decides in every store and in the console.
pub async fn text_is_searched_as_it_is_read(f: &Fixture) {
    f.save("a", r#"{"note":"\u8d22\u795e","by":"\u00c9va"}"#).await;
    f.save("b", r#"{"note":"财神","symbol":"AAA\/USDT:USDT"}"#).await;
    f.save("c", r#"{"symbol":"AAA/USDT","path":"c:\\Data\\x"}"#).await;
    f.save("d", r#"{"text":"line one\nline two","q":"say \"hi\"","face":"\ud83d\ude00"}"#).await;
    f.save("e", r#"{"note":"ΔΕΛΤΑ КИЇВ éva"}"#).await;
    f.save("Éa-\u{212a}", r#"{"u8d22":1}"#).await;
    f.save("gone", r#"{"note":"财神"}"#).await;
    f.delete("gone").await;
    let cases: [(&str, &[&str]); 17] = [
        ("财神", &["a", "b"]),
        ("神", &["a", "b"]),
        ("aaa/usdt", &["b", "c"]),
        ("AAA/USDT:", &["b"]),
        ("AAA\\/", &[]),
        ("u8d22", &["Éa-\u{212a}"]),
        ("ÉVA", &["a", "e"]),
        ("éA", &["Éa-\u{212a}"]),
        ("δελτα київ", &["e"]),
        (r"C:\data\X", &["c"]),
        ("one\nLINE", &["d"]),
        ("nline", &[]),
        ("say \"HI\"", &["d"]),
        ("😀", &["d"]),
        // No letter beyond ASCII is one of ASCII, whatever its small letter is.
        ("éa-k", &[]),
        ("a-\u{212a}", &["Éa-\u{212a}"]),
        ("\0", &[]),
    ];
    for (text, expected) in cases {
        for sort in [Sort::Id, Sort::Changed] {
            let query = ListQuery { text: Some(text.into()), sort, limit: 1, ..everything() };
            let (mut found, mut asked) = (Vec::new(), query.clone());
            loop {
                let page = f.store.list(&asked).await.unwrap();
                assert_eq!(page.total, expected.len() as u64, "{text:?}");
                found.extend(page.rows.into_iter().map(|row| row.version.state_id.to_string()));
                asked.cursor = page.next;
                if asked.cursor.is_none() {
                    break;
                }
            }
            found.sort_unstable();
            assert_eq!(found, expected, "{text:?}");
        }
    }
    let at = |seq| ListQuery { text: Some("财神".into()), at: Some(Seq(seq)), ..by_id() };
    assert_eq!(f.ids(&at(1)).await, ["a"]);
    assert_eq!(f.ids(&at(7)).await, ["a", "b", "gone"]);
}

pub async fn pages_hold_every_state_once(f: &Fixture) {
    for n in 0..23 {
        let id = format!("s{n:02}");
        let state_type = if n % 2 == 0 { "position" } else { "pair_state" };
        f.write(Write { key: typed(state_type, &id), ..save(&id, "{}") }).await;
    }
    f.delete("s00").await;
    for sort in [Sort::Changed, Sort::Id] {
        for limit in [1, 7, 22, 23] {
            let mut query = ListQuery { sort, limit, ..everything() };
            let mut seen = Vec::new();
            loop {
                let page = f.store.list(&query).await.unwrap();
                assert_eq!((page.total, page.seq), (22, Seq(24)));
                assert!(page.rows.len() <= limit);
                seen.extend(page.rows.into_iter().map(|row| row.version));
                query.cursor = page.next;
                if query.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), 22, "{sort:?} {limit}");
            let in_order = seen.windows(2).all(|pair| match sort {
                Sort::Changed => pair[0].seq > pair[1].seq,
                Sort::Id => {
                    (&pair[0].state_type, &pair[0].state_id) < (&pair[1].state_type, &pair[1].state_id)
                }
            });
            assert!(in_order, "{sort:?} {limit}");
        }
    }
}

pub async fn lists_of_the_past_are_as_they_were(f: &Fixture) {
    let by = |author: &str, write: Write| Write { author: Some(author.into()), ..write };
    f.write(by("bot", save("a", r#"{"n":"old"}"#))).await;
    f.write(Write { verdict: invalid(), ..save("b", "{}") }).await;
    f.save("c", "{}").await;
    f.delete("c").await;
    let then = f.tip().await;
    f.write(by("ann", save("a", r#"{"n":"new"}"#))).await;
    f.delete("b").await;
    f.save("c", r#"{"n":1}"#).await;
    f.save("d", "{}").await;
    let at = |query: ListQuery| ListQuery { at: Some(then), ..query };
    for query in [by_id(), everything()] {
        let ids = f.ids(&at(query.clone())).await;
        assert_eq!(ids, if query.sort == Sort::Id { ["a", "b"] } else { ["b", "a"] });
    }
    let include = ListQuery { deleted: DeletedFilter::Include, ..by_id() };
    assert_eq!(f.ids(&at(include)).await, ["a", "b", "c"]);
    assert_eq!(f.ids(&at(ListQuery { deleted: DeletedFilter::Only, ..by_id() })).await, ["c"]);
    assert_eq!(f.ids(&at(ListQuery { validity: Some(ValidityFilter::Invalid), ..by_id() })).await, ["b"]);
    assert_eq!(f.ids(&at(ListQuery { authors: vec!["bot".into()], ..by_id() })).await, ["a"]);
    assert_eq!(f.ids(&at(ListQuery { text: Some("old".into()), ..by_id() })).await, ["a"]);
    assert_eq!(f.ids(&at(ListQuery { text: Some("new".into()), ..by_id() })).await, Vec::<String>::new());
    let page = f.store.list(&at(ListQuery { with_data: true, limit: 1, ..by_id() })).await.unwrap();
    assert_eq!((page.seq, page.total, page.rows[0].version.version.0), (then, 2, 1));
    assert_eq!(page.rows[0].data.as_ref().unwrap().text(), r#"{"n":"old"}"#);
    let second = f.store.list(&at(ListQuery { limit: 1, cursor: page.next, ..by_id() })).await.unwrap();
    assert_eq!((second.rows[0].version.state_id.as_str(), second.next), ("b", None));
    assert_eq!(f.ids(&ListQuery { at: Some(Seq(0)), ..by_id() }).await, Vec::<String>::new());
    assert_eq!(f.ids(&ListQuery { at: Some(f.tip().await), ..by_id() }).await, ["a", "c", "d"]);
}

pub async fn cursors_of_other_lists_are_refused(f: &Fixture) {
    for n in 0..3 {
        f.save("a", &format!(r#"{{"n":{n}}}"#)).await;
        f.save(&format!("s{n}"), "{}").await;
    }
    let page = f.store.list(&ListQuery { limit: 1, ..everything() }).await.unwrap();
    let refused = Err(StoreError::BadCursor);
    for cursor in [page.next, Some(Cursor("rubbish".into())), Some(Cursor(String::new()))] {
        assert_eq!(f.store.list(&ListQuery { cursor: cursor.clone(), ..by_id() }).await, refused.clone());
        assert_eq!(f.store.snapshots(1, cursor.as_ref()).await.map(|_| ()), Err(StoreError::BadCursor));
        assert_eq!(f.store.restores(1, cursor.as_ref()).await.map(|_| ()), Err(StoreError::BadCursor));
        let query = HistoryQuery {
            key: key("a"),
            from: None,
            to: None,
            origin: OriginFilter::default(),
            limit: 1,
            cursor,
            with_data: false,
        };
        assert_eq!(f.store.history(&query).await, refused.clone());
    }
}

pub async fn totals_are_kept(f: &Fixture) {
    let total = |name: &str, live, deleted, invalid| TypeTotals {
        state_type: StateType::new(name).unwrap(),
        live,
        deleted,
        invalid,
    };
    assert_eq!(f.store.totals().await.unwrap(), []);
    let other = |write: Write| Write { key: typed("strategy", write.key.state_id.as_str()), ..write };
    f.batch(vec![save("a", "{}"), save("b", "{}"), other(save("x", "{}"))]).await.unwrap();
    f.write(Write { verdict: invalid(), ..save("a", r#"{"n":0}"#) }).await;
    f.write(Write { verdict: invalid(), ..save("c", r#"{"n":0}"#) }).await;
    assert_eq!(f.store.totals().await.unwrap(), [total("position", 3, 0, 2), total("strategy", 1, 0, 0)]);
    f.batch(vec![delete("a"), delete("b"), other(delete("x"))]).await.unwrap();
    assert_eq!(f.store.totals().await.unwrap(), [total("position", 1, 2, 1), total("strategy", 0, 1, 0)]);
    f.batch(vec![save("a", "{}"), delete("a"), save("a", r#"{"n":1}"#), save("c", r#"{"n":1}"#)])
        .await
        .unwrap();
    assert_eq!(f.store.totals().await.unwrap(), [total("position", 2, 1, 0), total("strategy", 0, 1, 0)]);
    for (deleted, expected) in
        [(DeletedFilter::Exclude, 2), (DeletedFilter::Only, 2), (DeletedFilter::Include, 4)]
    {
        let query = ListQuery { deleted, ..everything() };
        assert_eq!(f.store.list(&query).await.unwrap().total, expected);
        assert_eq!(f.ids(&query).await.len() as u64, expected);
    }
}
