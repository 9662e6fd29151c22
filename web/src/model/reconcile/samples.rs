//! Rows and plans as the server answers them.

use stateloft_core::api::{PlannedRow, ReconcilePlan};

/// A row of its JSON.
pub(super) fn row(text: &str) -> PlannedRow {
    serde_json::from_str(text).unwrap()
}

fn named(name: &str, rest: &str) -> PlannedRow {
    row(&format!(r#"{{"row":"{name}",{rest}}}"#))
}

/// Less at the broker than here.
pub(super) fn quantity() -> PlannedRow {
    named(
        "aaaa000000000001.bbbb000000000001",
        r#""verdict":"quantity_mismatch","symbol":"EURUSD","ids":["38091207"],
        "ours":[{"state_type":"position","state_id":"pairs/EURUSD","version":58,"pointer":"/lots/0","quantity":"0.40","price":"1.0880"}],
        "theirs":[{"pointer":"/0","quantity":"0.30","price":"1.0880"}],
        "quantity":{"ours":"0.40","theirs":"0.30","delta":"-0.10"},"price":{"ours":"1.0880","theirs":"1.0880","delta":"0.0000"},
        "choices":["adopt_theirs","keep_ours","close"]"#,
    )
}

/// Only at the broker.
pub(super) fn missing_here() -> PlannedRow {
    named(
        "aaaa000000000002.bbbb000000000002",
        r#""verdict":"missing_here","symbol":"GBPUSD","ids":["38092655"],"ours":[],
        "theirs":[{"pointer":"/1","quantity":"-0.50","price":"1.2684"}],"choices":["adopt_theirs","keep_ours","split"]"#,
    )
}

/// Only here.
pub(super) fn missing_there() -> PlannedRow {
    named(
        "aaaa000000000003.bbbb000000000003",
        r#""verdict":"missing_there","because":"not_listed","symbol":"NZDUSD","ids":["38090118"],
        "ours":[{"state_type":"position","state_id":"pairs/NZDUSD","version":9,"pointer":"","quantity":"-0.60","price":"0.5917"}],
        "theirs":[],"choices":["keep_ours","close"]"#,
    )
}

/// Open here, and the broker said 0.
pub(super) fn flat() -> PlannedRow {
    let mut row = missing_there();
    row.row = "aaaa000000000004.bbbb000000000004".to_owned();
    row.said.because = Some(stateloft_core::api::Because::Flat);
    row
}

/// Nobody knows, because of this.
pub(super) fn unknown(because: &str) -> PlannedRow {
    named(
        "aaaa000000000005.bbbb000000000005",
        &format!(
            r#""verdict":"unknown","because":"{because}","symbol":"AUDUSD","ids":["38081133"],
            "ours":[{{"state_type":"position","state_id":"pairs/AUDUSD","version":88,"pointer":"","quantity":"0.50","price":"0.6518"}}],
            "theirs":[{{"pointer":"/2","quantity":"0.20"}}],"choices":[]"#
        ),
    )
}

/// A plan of these rows, with these choices and writes as JSON.
pub(super) fn plan(rows: Vec<PlannedRow>, choices: &str, writes: &str) -> ReconcilePlan {
    let text = format!(
        r#"{{"plan":"ab","policy":"halt","hash":"cd","shape":"mt5","as_of":"2026-11-29T09:45:58Z","unread":[],"rows":[],
        "counts":{{"matched":0,"quantity_mismatch":1,"price_mismatch":0,"missing_here":1,"missing_there":1,"unknown":1}},
        "choices":{choices},"writes":{writes}}}"#
    );
    let plan: ReconcilePlan = serde_json::from_str(&text).unwrap();
    ReconcilePlan { rows, ..plan }
}
