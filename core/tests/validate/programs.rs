//! What the rules say of trades and positions as other programs write them.

use crate::{broken, is_valid};

const TRADE: &str = r#"{"id":17,"exchange":"binance","pair":"BTC/USDT:USDT","is_open":true,"is_short":false,"leverage":3.0,
    "amount":0.015,"stake_amount":301.5,"open_rate":60300.25,"close_rate":null,"stop_loss":57285.2,"initial_stop_loss":57285.2,
    "max_rate":61000.0,"min_rate":60100.5,"open_date":"2026-11-29 08:15:00.123456","close_date":null,"strategy":"Trend",
    "orders":[{"id":40,"ft_trade_id":17,"order_id":"dry_run_buy_1","amount":0.015,"filled":0.0,"order_date":"2026-11-29 08:15:00.000000"}],
    "custom_data":[{"id":1,"ft_trade_id":17,"cd_key":"tier","cd_type":"int","cd_value":"2"}]}"#;

#[test]
fn trades_and_positions_of_other_programs_are_valid_as_those_write_them() {
    is_valid("freqtrade_trade", TRADE);
    // What an older version of its tables has.
    is_valid("freqtrade_trade", r#"{"id":1,"pair":"ETH/BTC","is_open":1,"open_date":"2019-01-01 10:00:00"}"#);
    is_valid(
        "ccxt_position",
        r#"{"info":{"positionAmt":"-3"},"id":null,"symbol":"ETH/USDT:USDT","timestamp":1764316800000,"datetime":"2025-11-28T08:00:00.000Z",
            "side":"short","contracts":3.0,"contractSize":1.0,"entryPrice":"2010.5","markPrice":2001.25,"notional":6003.75,"leverage":5,
            "unrealizedPnl":27.75,"liquidationPrice":2390.1,"marginMode":"isolated","hedged":false,"percentage":2.3,"stopLossPrice":null}"#,
    );
    is_valid(
        "alpaca_position",
        r#"{"asset_id":"904837e3-3b76-47ec-b432-046db621571b","symbol":"AAPL","exchange":"NASDAQ","asset_class":"us_equity",
            "qty":"-5","qty_available":"0","avg_entry_price":"100.0","side":"short","market_value":"-600.0","cost_basis":"-500.0",
            "unrealized_pl":"-100.0","unrealized_plpc":"-0.20","current_price":"120.0","lastday_price":"119.0","change_today":"0.0084"}"#,
    );
    is_valid(
        "oanda_position",
        r#"{"instrument":"EUR_USD","pl":"-54.3","unrealizedPL":"12.0","marginUsed":"33.1","long":{"units":"100","averagePrice":"1.13032",
            "tradeIDs":["6397"],"pl":"-54.3"},"short":{"units":"-250.5","averagePrice":"1.14","tradeIDs":["12","13"]}}"#,
    );
    is_valid("oanda_position", r#"{"instrument":"EUR_USD","long":{"units":"0"},"short":{"units":"0.0"}}"#);
}

#[test]
fn what_can_never_be_right_of_them_is_said_where_it_stands() {
    let trade = |from: &str, to: &str| broken("freqtrade_trade", &TRADE.replace(from, to));
    assert_eq!(
        trade("\"amount\":0.015,\"stake", "\"amount\":-1,\"stake"),
        ["/amount | minimum | -1 must be 0 or more"]
    );
    assert_eq!(
        trade("\"filled\":0.0", "\"filled\":-2"),
        ["/orders/0/filled | minimum | -2 must be 0 or more"]
    );
    assert_eq!(trade("\"pair\":\"BTC/USDT:USDT\",", ""), [" | required | pair is missing"]);
    assert_eq!(
        broken("ccxt_position", r#"{"symbol":"A","contracts":"3,5"}"#),
        [r#"/contracts | format | "3,5" is not a number such as 12.50"#]
    );
    assert_eq!(broken("alpaca_position", r#"{"symbol":"A"}"#), [" | required | qty is missing"]);
    assert_eq!(
        broken("alpaca_position", r#"{"symbol":"A","qty":"1","side":"both"}"#),
        [r#"/side | enum | "both" must be one of "long", "short""#]
    );
    for (side, units) in
        [("long", "\"-1\""), ("long", "-1"), ("short", "\"2\""), ("short", "2.5"), ("short", "\"0.1\"")]
    {
        let lines =
            broken("oanda_position", &format!(r#"{{"instrument":"A","{side}":{{"units":{units}}}}}"#));
        assert!(
            lines.len() == 1 && lines[0].starts_with(&format!("/{side}/units | ")),
            "{side} {units}: {lines:?}"
        );
    }
}
