//! Data is kept exactly, whatever it holds and however it is named.

use sha2::{Digest as _, Sha256};
use stateloft_core::api::Sort;
use stateloft_core::commit::Write;
use stateloft_core::model::Seq;
use stateloft_server::store::ListQuery;

use crate::fixture::{Fixture, everything, key, save, typed};

const EXACT: [&str; 14] = [
    r#"{"b":1,"a":2,"B":3}"#,
    r#"{"n":[1,1.0,1.00,1e22,1E+22,-0,-0.0,0.1,1e-7,9223372036854775807,-9223372036854775808]}"#,
    r#"{"n":18446744073709551615,"m":123456789012345678901234567890.123456789012345678901234567890}"#,
    r#"{"n":1e400,"m":-1e-400}"#,
    r#"{"t":"2026-11-21T09:46:11","d":"2026-11-21","z":"2026-11-21T09:46:11.5+02:00"}"#,
    r#"{"s":"\u00e9 é \n \\ \/ / \" '"}"#,
    r#"{"s":"😀 名前 \ud83d\ude00 \u2028"}"#,
    r#"{"":"empty key"," ":" ","a/b~c":1,"é":2}"#,
    r#"{"s":"100% _under_ '; DROP TABLE versions; -- $1 ?1"}"#,
    r#"{"null":null,"true":true,"false":false,"e":[],"o":{}}"#,
    r#"{"_snapshot_id":"x","deleted":true}"#,
    r#"{"a":{"a":{"a":{"a":{"a":[[[[[{}]]]]]}}}}}"#,
    r#"{"s":"true","n":"5","d":"null"}"#,
    "{}",
];

pub async fn d_022_data_comes_back_byte_for_byte(f: &Fixture) {
    for (n, text) in EXACT.into_iter().enumerate() {
        f.save(&format!("s{n}"), text).await;
    }
    for (n, text) in EXACT.into_iter().enumerate() {
        let head = f.head(&format!("s{n}")).await.unwrap();
        assert_eq!(head.data.unwrap().text(), text);
    }
    let query = ListQuery { with_data: true, sort: Sort::Changed, ..everything() };
    let listed = f.store.list(&query).await.unwrap().rows;
    let texts: Vec<_> = listed.iter().rev().map(|row| row.data.as_ref().unwrap().text()).collect();
    assert_eq!(texts, EXACT);
}

pub async fn d_021_the_content_hash_is_that_of_the_text(f: &Fixture) {
    for text in EXACT {
        f.save(text.get(..5.min(text.len())).unwrap_or("x"), text).await;
    }
    for version in f.store.after(Seq::ZERO, 100).await.unwrap() {
        let digest: [u8; 32] = Sha256::digest(version.data.as_ref().unwrap().text().as_bytes()).into();
        assert_eq!(version.content_hash.unwrap().as_bytes(), &digest);
    }
}

pub async fn ids_may_be_nasty(f: &Fixture) {
    let long = "é".repeat(256);
    let ids = [
        "EURUSD/GBPUSD",
        "x/y z-é",
        " ",
        "..",
        "a?b#c%2F",
        "名前",
        "100%",
        "a_b",
        "aXb",
        "it's",
        "\"q\"",
        "\\",
        "$1",
        "😀",
        "a,b|c;d",
        "[1,2]",
        "{}",
        "null",
        "A",
        "a",
        &long,
    ];
    for (n, id) in ids.into_iter().enumerate() {
        f.save(id, &format!(r#"{{"n":{n}}}"#)).await;
    }
    for (n, id) in ids.into_iter().enumerate() {
        let head = f.head(id).await.unwrap();
        assert_eq!((head.key, head.data.unwrap().text().to_owned()), (key(id), format!(r#"{{"n":{n}}}"#)));
    }
    let mut sorted = ids.map(str::to_owned);
    sorted.sort_unstable();
    assert_eq!(f.ids(&ListQuery { sort: Sort::Id, ..everything() }).await, sorted, "by the bytes of the id");
}

pub async fn one_id_under_two_types_is_two_states(f: &Fixture) {
    f.save("main", r#"{"n":1}"#).await;
    let other = f.write(Write { key: typed("portfolio", "main"), ..save("main", r#"{"n":1}"#) }).await;
    assert_eq!(other.version.0, 1, "equal data of another state is not this state's head");
    let types = f.store.types_of(&other.key.state_id).await.unwrap();
    assert_eq!(
        types.iter().map(stateloft_core::model::StateType::as_str).collect::<Vec<_>>(),
        ["portfolio", "position"]
    );
    assert_eq!(f.store.types_of(&key("other").state_id).await.unwrap(), []);
}

pub async fn a_large_document_comes_back(f: &Fixture) {
    let points = (0..200_000).map(|n| format!("{n}.{n:06}")).collect::<Vec<_>>().join(",");
    let text = format!(r#"{{"values":[{points}]}}"#);
    f.save("large", &text).await;
    assert_eq!(f.head("large").await.unwrap().data.unwrap().text(), text);
}

pub async fn large_documents_make_short_pages_that_lose_nothing(f: &Fixture) {
    let filler = "x".repeat(4 << 20);
    for n in 0..12 {
        f.save(&format!("s{n:02}"), &format!(r#"{{"n":{n},"filler":"{filler}"}}"#)).await;
    }
    let (mut after, mut seqs) = (Seq::ZERO, Vec::new());
    loop {
        let page = f.store.after(after, 1000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        seqs.extend(page.iter().map(|version| version.seq.0));
    }
    assert_eq!(seqs, (1..=12).collect::<Vec<_>>());
    let mut query = ListQuery { with_data: true, sort: Sort::Id, ..everything() };
    let mut ids = Vec::new();
    loop {
        let page = f.store.list(&query).await.unwrap();
        ids.extend(page.rows.iter().map(|row| row.version.state_id.to_string()));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(ids, (0..12).map(|n| format!("s{n:02}")).collect::<Vec<_>>());
}
