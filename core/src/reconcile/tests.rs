use super::*;
use crate::api::{Apart, Tolerance};
use crate::json::Limits;

const LOOKED: &str = "2026-11-29T09:45:58Z";
const BEFORE: &str = "2026-11-29T09:00:00Z";
const AFTER: &str = "2026-11-29T09:46:04Z";

fn document(text: &str) -> Document {
    Document::parse(text, &Limits::default()).unwrap()
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn options() -> ReconcileOptions {
    ReconcileOptions {
        as_of: time(LOOKED),
        shape: None,
        failure: None,
        partial: false,
        tolerance: Tolerance::default(),
        symbols: std::collections::BTreeMap::new(),
    }
}

/// Our states, each saved before the broker was asked unless its text starts with `later:`.
fn held(
    ours: &[&str],
    list: Option<&str>,
    options: &ReconcileOptions,
) -> Result<ReconcileReport, ReconcileError> {
    let states: Vec<_> = ours
        .iter()
        .enumerate()
        .map(|(nth, text)| {
            let (at, text) = text.strip_prefix("later:").map_or((BEFORE, *text), |text| (AFTER, text));
            (StateKey::new("position", &format!("p{nth}")).unwrap(), time(at), document(text))
        })
        .collect();
    let ours: Vec<OurState<'_>> = states
        .iter()
        .map(|(key, changed_at, data)| OurState {
            key,
            version: VersionNumber(3),
            changed_at: *changed_at,
            data: Some(data.root()),
            then: None,
        })
        .collect();
    let list = list.map(document);
    let report = reconcile(&ours, list.as_ref(), options);
    assert_eq!(report, in_pages(&ours, list.as_ref(), options), "a report in pages is another one");
    report
}

/// The same report, by its pages: two rows in each.
fn in_pages(
    ours: &[OurState<'_>],
    list: Option<&Document>,
    options: &ReconcileOptions,
) -> Result<ReconcileReport, ReconcileError> {
    let paged = Paged::of(ours, list, options)?;
    let mut rows = Vec::new();
    for from in (0..paged.len() + 2).step_by(2) {
        rows.extend(paged.rows(ours, list, options, from..from + 2)?);
    }
    Ok(ReconcileReport {
        rows,
        hash: paged.hash,
        shape: paged.shape,
        as_of: options.as_of,
        failure: options.failure.clone(),
        counts: paged.counts,
        unread: paged.unread,
    })
}

fn report(ours: &[&str], list: &str) -> ReconcileReport {
    held(ours, Some(list), &options()).unwrap()
}

/// Verdict, reason, and how far the quantities are apart, by row.
fn said(report: &ReconcileReport) -> Vec<(Agreement, Option<Because>, Option<&str>)> {
    let delta = |apart: &Option<Apart>| {
        apart.as_ref().and_then(|apart| apart.delta.clone()).map(|delta| &*delta.leak())
    };
    report.rows.iter().map(|row| (row.verdict, row.because, delta(&row.quantity))).collect()
}

#[test]
fn d_090_a_call_that_failed_closes_nothing_and_no_list_is_no_empty_list() {
    let ours = [r#"{"symbol":"EURUSD","side":"long","quantity":1}"#];
    let failed = ReconcileOptions { failure: Some("time-out".into()), ..options() };
    let unanswered = [(Agreement::Unknown, Some(Because::NoAnswer), None)];
    assert_eq!(said(&held(&ours, None, &failed).unwrap()), unanswered);
    assert_eq!(said(&report(&ours, "null")), unanswered);
    assert_eq!(held(&ours, None, &options()), Err(ReconcileError::NoList));
    assert_eq!(held(&ours, Some("[]"), &failed), Err(ReconcileError::ListAndFailure));
    assert!(matches!(
        held(&ours, Some(r#"{"message":"forbidden."}"#), &options()),
        Err(ReconcileError::Shape(_))
    ));
    // An empty list that is whole is an answer.
    assert_eq!(said(&report(&ours, "[]")), [(Agreement::MissingThere, Some(Because::NotListed), None)]);
}

#[test]
fn flat_missing_and_null_are_three_things() {
    let ours = [
        r#"{"symbol":"A","side":"long","quantity":2}"#,
        r#"{"symbol":"B","side":"long","quantity":2}"#,
        r#"{"symbol":"C","side":"long","quantity":2}"#,
    ];
    let list = r#"[{"symbol":"A","quantity":0},{"symbol":"C","quantity":null}]"#;
    assert_eq!(
        said(&report(&ours, list)),
        [
            (Agreement::MissingThere, Some(Because::Flat), Some("-2")),
            (Agreement::MissingThere, Some(Because::NotListed), None),
            (Agreement::Unknown, Some(Because::NotSaid), None),
        ]
    );
}

#[test]
fn what_is_not_on_a_page_of_two_is_unknown_and_so_it_is_beside_what_cannot_be_read() {
    let ours =
        [r#"{"symbol":"A","side":"long","quantity":2}"#, r#"{"symbol":"B","side":"long","quantity":2}"#];
    let list = r#"[{"symbol":"A","side":"long","quantity":2}]"#;
    let partial = ReconcileOptions { partial: true, ..options() };
    let expected =
        [(Agreement::Unknown, Some(Because::PartialList), None), (Agreement::Matched, None, Some("0"))];
    assert_eq!(said(&held(&ours, Some(list), &partial).unwrap()), expected);
    let odd = report(&ours, r#"[{"symbol":"A","side":"long","quantity":2}, 7, {"who":"me"}]"#);
    assert_eq!(said(&odd), expected);
    assert_eq!(odd.unread.iter().map(|unread| unread.pointer.as_str()).collect::<Vec<_>>(), ["/1", "/2"]);
}

#[test]
fn an_old_list_cannot_undo_what_changed_here_since() {
    let ours = [
        r#"later:{"symbol":"A","ticket":1,"quantity":"0.30"}"#,
        r#"later:{"symbol":"B","ticket":2,"quantity":"0.30"}"#,
        r#"later:{"symbol":"C","ticket":3,"quantity":"0.30","status":"closed"}"#,
    ];
    let list = r#"[{"symbol":"A","ticket":1,"quantity":"0.20"},{"symbol":"C","ticket":3,"quantity":"0.30"}]"#;
    assert_eq!(said(&report(&ours, list)), [(Agreement::Unknown, Some(Because::ChangedSince), None); 3]);
}

#[test]
fn a_heartbeat_in_a_position_is_no_change_of_what_it_holds() {
    let key = StateKey::new("position", "p").unwrap();
    let now = document(r#"{"symbol":"A","ticket":1,"quantity":"0.30","last_price":1.09,"beat":901}"#);
    let list = document(r#"[{"symbol":"A","ticket":1,"quantity":"0.20"}]"#);
    let of = |then: &str| {
        let then = document(then);
        let state = OurState {
            key: &key,
            version: VersionNumber(9),
            changed_at: time(AFTER),
            data: Some(now.root()),
            then: Some(then.root()),
        };
        reconcile(&[state], Some(&list), &options()).unwrap().rows[0].verdict
    };
    assert_eq!(of(r#"{"symbol":"A","ticket":1,"quantity":0.3,"beat":7}"#), Agreement::QuantityMismatch);
    assert_eq!(of(r#"{"symbol":"A","ticket":1,"quantity":0.2,"beat":7}"#), Agreement::Unknown, "a fill came");
    assert_eq!(of(r#"{"symbol":"A","ticket":1,"quantity":0.3,"status":"closed"}"#), Agreement::Unknown);
}

#[test]
fn a_state_that_was_deleted_since_the_broker_was_asked_is_no_new_position_of_the_brokers() {
    let key = StateKey::new("position", "p").unwrap();
    let list = document(r#"[{"symbol":"A","ticket":1,"quantity":"0.20"}]"#);
    let then = document(r#"{"symbol":"A","ticket":1,"quantity":"0.20"}"#);
    let state = OurState {
        key: &key,
        version: VersionNumber(9),
        changed_at: time(AFTER),
        data: None,
        then: Some(then.root()),
    };
    let report = reconcile(&[state], Some(&list), &options()).unwrap();
    assert_eq!(said(&report), [(Agreement::Unknown, Some(Because::ChangedSince), None)]);
}

#[test]
fn d_098_two_lots_of_a_symbol_stay_two() {
    let ours = [r#"{"symbol":"EURUSD","direction":"long","lots":[
        {"id":"a","ticket":38091207,"quantity":"0.40","entry_price":"1.0880"},
        {"id":"b","ticket":38084831,"quantity":"0.80","entry_price":"1.0871"},
        {"id":"c","ticket":38077450,"quantity":"1.50","entry_price":"1.0900"}]}"#];
    let list = r#"[
        {"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.30,"price_open":1.088},
        {"ticket":38084831,"symbol":"EURUSD","type":0,"volume":0.8,"price_open":1.0872},
        {"ticket":38092655,"symbol":"EURUSD","type":1,"volume":0.5,"price_open":1.2684}]"#;
    let report = report(&ours, list);
    assert_eq!(report.shape, Some(BrokerShape::Mt5));
    assert_eq!(
        said(&report),
        [
            (Agreement::QuantityMismatch, None, Some("-0.10")),
            (Agreement::MissingHere, None, None),
            (Agreement::MissingThere, Some(Because::NotListed), None),
            (Agreement::PriceMismatch, None, Some("0")),
        ]
    );
    assert_eq!(report.rows[0].ids, ["38091207"]);
    assert_eq!(report.rows[0].ours[0].pointer, "/lots/0");
    assert_eq!(report.rows[2].ids, ["38077450", "c"]);
    assert_eq!(report.rows[3].price.as_ref().unwrap().delta.as_deref(), Some("+0.0001"));
    assert_eq!(report.counts.quantity_mismatch, 1);
}

#[test]
fn d_099_a_long_of_a_hundred_is_no_short_of_one() {
    let ours = [r#"{"symbol":"AAPL","side":"long","qty":"100"}"#];
    let alpaca =
        r#"[{"asset_id":"b0b6","symbol":"AAPL","qty":"-1","side":"short","avg_entry_price":"190.1"}]"#;
    let report = report(&ours, alpaca);
    assert_eq!(report.shape, Some(BrokerShape::Alpaca));
    assert_eq!(said(&report), [(Agreement::QuantityMismatch, None, Some("-101"))]);
}

#[test]
fn d_096_fractions_are_exact_and_lots_of_a_netted_symbol_are_added_up() {
    let ours = [
        r#"{"symbol":"BTC/USDT:USDT","side":"buy","quantity":"0.1"}"#,
        r#"{"symbol":"BTC/USDT:USDT","side":"long","quantity":"0.2"}"#,
    ];
    let ccxt = r#"[{"symbol":"BTC/USDT:USDT","side":"long","contracts":300,"contractSize":0.001,"entryPrice":95000,"info":{}}]"#;
    assert_eq!(said(&report(&ours, ccxt)), [(Agreement::Matched, None, Some("0"))]);
    let more = ccxt.replace("300", "301");
    assert_eq!(said(&report(&ours, &more)), [(Agreement::QuantityMismatch, None, Some("+0.001"))]);
    let tolerant = ReconcileOptions {
        tolerance: Tolerance { quantity: Some("0.001".into()), price: None },
        ..options()
    };
    assert_eq!(said(&held(&ours, Some(&more), &tolerant).unwrap())[0].0, Agreement::Matched);
}

#[test]
fn a_hedged_account_has_both_sides_and_its_trades_are_its_lots() {
    let ours = [
        r#"{"symbol":"EUR_USD","side":"long","units":"100","trade_id":"11"}"#,
        r#"{"symbol":"EUR_USD","side":"long","units":"50","trade_id":"12"}"#,
        r#"{"symbol":"EUR_USD","side":"short","units":"70","trade_id":"13"}"#,
    ];
    let oanda = r#"{"positions":[{"instrument":"EUR_USD",
        "long":{"units":"150","averagePrice":"1.08","tradeIDs":["11","12"]},
        "short":{"units":"-60","averagePrice":"1.09","tradeIDs":["13"]}}],"lastTransactionID":"9"}"#;
    let report = report(&ours, oanda);
    assert_eq!(
        said(&report),
        [(Agreement::QuantityMismatch, None, Some("+10")), (Agreement::Matched, None, Some("0"))]
    );
    assert_eq!(report.rows[1].ours.len(), 2);
    assert_eq!(report.rows[0].theirs[0].pointer, "/positions/0/short");
}

#[test]
fn a_hedged_account_without_tickets_is_compared_side_by_side() {
    let ours = [
        r#"{"symbol":"A","side":"long","quantity":3}"#,
        r#"{"symbol":"A","side":"short","quantity":1}"#,
        r#"{"symbol":"A","side":"short","quantity":1}"#,
    ];
    let list = r#"[{"symbol":"A","side":"long","contracts":3,"info":{}},{"symbol":"A","side":"short","contracts":3,"info":{}}]"#;
    assert_eq!(
        said(&report(&ours, list)),
        [(Agreement::QuantityMismatch, None, Some("-1")), (Agreement::Matched, None, Some("0"))]
    );
    let no_side = [r#"{"symbol1":"A","symbol2":"B","volume1":3,"volume2":1}"#];
    let first = &report(&no_side, list).rows[0];
    assert_eq!((first.verdict, first.because), (Agreement::MissingThere, Some(Because::NotListed)), "B");
    let of_a = &report(&no_side, list).rows[1];
    assert_eq!((of_a.verdict, of_a.because), (Agreement::Unknown, Some(Because::NamedTwice)));
}

#[test]
fn on_a_page_of_two_only_what_is_named_by_a_ticket_can_differ() {
    let partial = ReconcileOptions { partial: true, ..options() };
    let ours = [r#"{"symbol":"A","side":"long","quantity":3}"#, r#"{"symbol":"B","ticket":2,"quantity":3}"#];
    let list = r#"[{"symbol":"A","side":"long","quantity":1},{"symbol":"B","ticket":2,"quantity":1}]"#;
    assert_eq!(
        said(&held(&ours, Some(list), &partial).unwrap()),
        [
            (Agreement::QuantityMismatch, None, Some("-2")),
            (Agreement::Unknown, Some(Because::PartialList), Some("-2"))
        ]
    );
}

#[test]
fn an_instrument_that_both_sides_call_empty_is_flat() {
    let list = r#"{"positions":[{"instrument":"EUR_USD","long":{"units":"0"},"short":{"units":"0"}}]}"#;
    assert_eq!(said(&report(&[], list)), []);
    let ours = [r#"{"symbol":"EUR_USD","side":"long","units":"5"}"#];
    assert_eq!(said(&report(&ours, list)), [(Agreement::MissingThere, Some(Because::Flat), Some("-5"))]);
}

#[test]
fn what_is_listed_twice_is_not_counted_twice() {
    let ours = [r#"{"symbol":"A","side":"long","quantity":2}"#];
    let list = r#"[{"symbol":"A","side":"long","quantity":1},{"symbol":"A","side":"long","quantity":1}]"#;
    assert_eq!(said(&report(&ours, list)), [(Agreement::Unknown, Some(Because::NamedTwice), None)]);
    let tickets = r#"[{"ticket":5,"symbol":"B","quantity":1},{"ticket":5,"symbol":"B","quantity":1}]"#;
    assert_eq!(said(&report(&[], tickets)), [(Agreement::Unknown, Some(Because::NamedTwice), None)]);
}

#[test]
fn the_legs_of_a_pair_are_compared_by_ticket_and_size() {
    let ours = [r#"{"symbol1":"DAX","symbol2":"CAC","direction":"short","volume1":0.40,"volume2":0.30,
        "ticket1":5,"ticket2":6,"entry_exec_price1":18000.5,"entry_exec_price2":7500}"#];
    let list = r#"[{"ticket":5,"symbol":"DAX","type":1,"volume":0.4,"price_open":18000.50},
        {"ticket":6,"symbol":"CAC","type":0,"volume":0.2,"price_open":7500}]"#;
    assert_eq!(
        said(&report(&ours, list)),
        [(Agreement::QuantityMismatch, None, Some("-0.10")), (Agreement::Matched, None, Some("0"))]
    );
}

#[test]
fn symbols_are_the_same_only_where_they_are_said_to_be() {
    let ours = [r#"{"symbol":"EURUSD","side":"long","quantity":1}"#];
    let list = r#"[{"symbol":"EUR_USD","side":"long","quantity":1}]"#;
    let verdicts = |report: &ReconcileReport| report.rows.iter().map(|row| row.verdict).collect::<Vec<_>>();
    assert_eq!(verdicts(&report(&ours, list)), [Agreement::MissingHere, Agreement::MissingThere]);
    let named =
        ReconcileOptions { symbols: [("EUR_USD".to_owned(), "EURUSD".to_owned())].into(), ..options() };
    assert_eq!(verdicts(&held(&ours, Some(list), &named).unwrap()), [Agreement::Matched]);
}

#[test]
fn open_trades_of_freqtrade_and_tagged_decimals_are_read() {
    let ours = [
        r#"{"trade_id":7,"pair":"ETH/USDT","amount":{"$stateloft":"decimal","value":0.250},"open_rate":3600.10}"#,
    ];
    let list = r#"[{"trade_id":7,"pair":"ETH/USDT","amount":0.25,"open_rate":3600.1,"is_short":false,"is_open":true}]"#;
    let report = report(&ours, list);
    assert_eq!(report.shape, Some(BrokerShape::Freqtrade));
    assert_eq!(said(&report), [(Agreement::Matched, None, Some("0"))]);
}

#[test]
fn what_was_closed_here_and_is_open_there_says_so() {
    let ours = [r#"{"ticket":5,"symbol":"A","quantity":1,"exit_reason":"manual"}"#];
    let list = r#"[{"ticket":5,"symbol":"A","quantity":1}]"#;
    assert_eq!(said(&report(&ours, list)), [(Agreement::MissingHere, Some(Because::ClosedHere), None)]);
    assert_eq!(said(&report(&ours, "[]")), []);
}

#[test]
fn a_map_of_positions_is_read_by_its_keys_and_a_tolerance_must_be_a_size() {
    let ours = [r#"{"EURUSD":{"side":"long","quantity":1},"GBP/USD":{"side":"short","quantity":2}}"#];
    let list =
        r#"[{"symbol":"EURUSD","side":"long","quantity":1},{"symbol":"GBP/USD","side":"sell","quantity":2}]"#;
    let found = report(&ours, list);
    assert_eq!(found.counts.matched, 2);
    assert_eq!(found.rows[1].ours[0].pointer, "/GBP~1USD");
    for tolerance in ["-1", "x", ""] {
        let tolerance = Tolerance { price: Some(tolerance.into()), quantity: None };
        let refused = held(&ours, Some(list), &ReconcileOptions { tolerance, ..options() });
        assert!(matches!(refused, Err(ReconcileError::Tolerance(_))), "{refused:?}");
    }
}

#[test]
fn the_hash_is_of_all_that_is_said() {
    let ours = [r#"{"symbol":"A","side":"long","quantity":2}"#];
    let first = report(&ours, r#"[{"symbol":"A","side":"long","quantity":2}]"#);
    assert_eq!(first.hash, report(&ours, r#"[{"symbol":"A","side":"long","quantity":2}]"#).hash);
    assert_ne!(first.hash, report(&ours, r#"[{"symbol":"A","side":"long","quantity":2.0}]"#).hash);
}

#[test]
fn a_side_that_is_there_and_not_understood_is_never_long() {
    let weird = [
        r#""side":"SELL_SHORT""#,
        r#""side":-1"#,
        r#""side":"S""#,
        r#""direction":"weird""#,
        r#""positionSide":"sold""#,
        r#""side":"","direction":"long""#,
        r#""side":"buy","position_side":"short""#,
        r#""side":true"#,
        r#""side":{}"#,
    ];
    let long = r#"{"symbol":"SDX","side":"long","quantity":7}"#;
    for said in weird {
        let odd = format!(r#"{{"symbol":"SDX",{said},"quantity":7}}"#);
        let there = report(&[long], &format!("[{odd}]"));
        assert_eq!(self::said(&there), [(Agreement::Unknown, Some(Because::NotSaid), None)], "{said}");
        assert_eq!(there.rows[0].theirs[0].quantity, None, "{said}");
        assert_eq!(
            self::said(&report(&[], &format!("[{odd}]"))),
            [(Agreement::Unknown, Some(Because::NotSaid), None)]
        );
        let here = report(&[&odd], &format!("[{long}]"));
        assert_eq!(self::said(&here), [(Agreement::Unknown, Some(Because::NotSaidHere), None)], "{said}");
        let lots = format!(r#"{{"symbol":"SDX",{said},"lots":[{{"id":"a","quantity":7}}]}}"#);
        assert_eq!(
            self::said(&report(&[&lots], &format!("[{long}]")))[0].1,
            Some(Because::NotSaidHere),
            "{said}"
        );
    }
    // Of nothing the side does not matter.
    assert_eq!(said(&report(&[], r#"[{"symbol":"SDX","side":"none","quantity":0}]"#)), []);
}

#[test]
fn in_every_shape_a_side_that_is_not_understood_is_unknown() {
    let long = r#"{"symbol":"SDX","side":"long","quantity":7}"#;
    for list in [
        r#"[{"asset_id":"b0b6","symbol":"SDX","qty":"7","side":"SELL_SHORT"}]"#,
        r#"[{"asset_id":"b0b6","symbol":"SDX","qty":"-7","side":"long"}]"#,
        r#"[{"symbol":"SDX","contracts":7,"side":"S","info":{}}]"#,
        r#"[{"symbol":"SDX","contracts":7,"side":-1,"info":{}}]"#,
        r#"[{"symbol":"SDX","contracts":7,"contractSize":"one","side":"long","info":{}}]"#,
        r#"[{"trade_id":7,"pair":"SDX","amount":7,"open_rate":1,"is_short":"yes"}]"#,
        r#"[{"instrument":"SDX","long":{"units":"-7"},"short":{"units":"0"}}]"#,
        r#"[{"ticket":5,"symbol":"SDX","type":0,"volume":-7,"price_open":1}]"#,
    ] {
        assert_eq!(
            said(&report(&[long], list)),
            [(Agreement::Unknown, Some(Because::NotSaid), None)],
            "{list}"
        );
    }
    let odd = report(&[long], r#"[{"ticket":5,"symbol":"SDX","type":"net","volume":7,"price_open":1}]"#);
    assert_eq!((odd.unread.len(), said(&odd)[0].1), (1, Some(Because::PartialList)));
}

#[test]
fn what_contradicts_itself_is_unknown_and_what_nets_goes_by_its_sign() {
    let short = r#"{"symbol":"A","side":"short","quantity":"5"}"#;
    let long_of_less = r#"{"symbol":"A","side":"long","quantity":"-5"}"#;
    assert_eq!(said(&report(&[short], &format!("[{long_of_less}]")))[0].1, Some(Because::NotSaid));
    assert_eq!(said(&report(&[long_of_less], &format!("[{short}]")))[0].1, Some(Because::NotSaidHere));
    for net in [
        r#""side":"both","#,
        r#""position_side":"NET","#,
        r#""side":null,"#,
        "",
        r#""side":"both","direction":"sell","#,
    ] {
        let list = format!(r#"[{{"symbol":"A",{net}"quantity":-5}}]"#);
        assert_eq!(said(&report(&[short], &list)), [(Agreement::Matched, None, Some("0"))], "{net}");
    }
}

#[test]
fn beside_a_side_that_is_not_understood_nothing_is_said_of_either_side_of_its_symbol() {
    let ours =
        [r#"{"symbol":"A","side":"long","quantity":3}"#, r#"{"symbol":"A","side":"short","quantity":3}"#];
    let list = r#"[{"symbol":"A","side":"long","quantity":3},{"symbol":"A","side":"short","quantity":1},{"symbol":"A","side":"S","quantity":2}]"#;
    assert_eq!(said(&report(&ours, list)), [(Agreement::Unknown, Some(Because::NotSaid), None)]);
    let odd = [ours[0], r#"{"symbol":"A","side":"S","quantity":3}"#];
    let list = r#"[{"symbol":"A","side":"long","quantity":3},{"symbol":"A","side":"short","quantity":3}]"#;
    assert_eq!(said(&report(&odd, list)), [(Agreement::Unknown, Some(Because::NotSaidHere), None)]);
}

/// An answer that failed, or goes on, is no account that is flat: nothing may be closed for it.
#[test]
fn d_090_a_list_that_says_that_it_failed_or_goes_on_leaves_what_it_does_not_list_unknown() {
    let ours = r#"{"symbol":"EURUSD","side":"long","quantity":"0.4"}"#;
    for list in [r#"{"error":"rate limit","positions":[]}"#, r#"{"positions":[],"next_page_token":"x"}"#] {
        let report = report(&[ours], list);
        assert_eq!(said(&report), [(Agreement::Unknown, Some(Because::PartialList), None)], "{list}");
        assert_eq!(report.unread.len(), 1, "{list}");
    }
    let whole = report(&[ours], r#"{"error":null,"positions":[]}"#);
    assert_eq!(said(&whole)[0].0, Agreement::MissingThere);
}

#[test]
fn of_a_ticket_that_was_closed_and_opened_again_only_the_open_lot_is_held_against_the_list() {
    let ours = r#"{"symbol":"A","side":"long","lots":[{"id":1,"ticket":7,"quantity":9,"status":"closed"},{"id":2,"ticket":7,"quantity":2}]}"#;
    let report = report(&[ours], r#"[{"ticket":7,"symbol":"A","side":"long","quantity":2}]"#);
    let [row] = report.rows.as_slice() else { panic!("{report:?}") };
    assert_eq!(row.verdict, Agreement::Matched, "{row:?}");
    let pointers: Vec<&str> = row.ours.iter().map(|held| held.pointer.as_str()).collect();
    assert_eq!(pointers, ["/lots/1"]);
}
