//! What the rules say of lots with exits, and of orders.

use stateloft_core::json::Document;
use stateloft_core::schema::notices;

use crate::{broken, is_valid};

#[test]
fn d_096_lots_with_exits_are_valid_at_any_size_price_and_length_of_symbol() {
    is_valid(
        "position",
        r#"{"symbol":"AAPL261218C00150000","side":"long","lots":[
            {"id":"a1","side":"long","quantity":"0.75","entry_price":"0.00001234","entry_time":"2026-01-05T09:00:00Z","stop_loss":0,
             "take_profit":null,"status":"closed","exit_time":"2026-01-05T10:00:00Z","exit_price":0.0,"exit_reason":"stop_loss_hit",
             "exit_order":"o-17","pnl":"-0.0000092550"},
            {"id":2,"quantity":12345678901234567890.000000001,"entry_price":0,"status":"open","exit_reason":null}]}"#,
    );
    assert_eq!(
        broken(
            "position",
            r#"{"symbol":"A","lots":[{"id":1,"quantity":1,"exit_reason":"sl","exit_price":"free"}]}"#
        )
        .len(),
        2
    );
    assert_eq!(broken("position", r#"{"symbol":"A","lots":[{"quantity":1}]}"#).len(), 1, "a lot has an id");
}

#[test]
fn d_095_an_order_keeps_its_brokers_words_and_what_is_filled_of_it() {
    for order in [
        r#"{"client_order_id":"c-1","broker_order_id":"b0b6dd9d","symbol":"AAPL","side":"buy","order_type":"limit","quantity":"2",
            "filled_quantity":"0.5","limit_price":"0","stop_price":null,"status":"partially_filled","parent_id":null,
            "legs":[{"client_order_id":"c-2","status":"held","quantity":2}],"submitted_at":"2026-01-05T09:00:00Z"}"#,
        r#"{"broker_order_id":17,"status":"a word of some broker","quantity":1,"legs":["18",19]}"#,
        r#"{"id":"x","status":null,"anything":{"else":[1]}}"#,
    ] {
        is_valid("order", order);
    }
    let wrong = r#"{"client_order_id":"c","status":1,"quantity":"two","legs":[true,{"quantity":[]}]}"#;
    assert_eq!(broken("order", wrong).len(), 4, "{:?}", broken("order", wrong));
    let nameless: Document = r#"{"status":"new"}"#.parse().unwrap();
    assert_eq!(notices("order", &nameless).len(), 1);
}
