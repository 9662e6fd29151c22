//! What the desk trades, and its documents that belong to no single pair.

use serde_json::json;

use super::action::{Action, Expect, Key, What};
use super::decimal::Decimal;
use super::market::{Instrument, Quote, time};
use super::pair::{Listing, Pair};

/// Who sets limits and takes snapshots.
pub(super) const OPERATOR: &str = "ops.desk";

/// What the account began with.
const DEPOSIT: f64 = 250_000.0;

/// Every pair, with the program that trades it.
pub(super) static LISTINGS: [Listing; 11] = [
    listing("pairs-fx-1", 1.20, fx("EURUSD", 1.0874, 1e5), fx("GBPUSD", 1.2651, 1e5)),
    listing("pairs-fx-1", 2.00, fx("AUDUSD", 0.6512, 1e5), fx("NZDUSD", 0.6041, 1e5)),
    listing("pairs-fx-1", 0.60, yen("EURJPY", 162.48), yen("GBPJPY", 190.21)),
    listing("pairs-fx-2", 0.90, fx("USDCAD", 1.3942, 7.2e4), fx("USDNOK", 10.984, 9.1e3)),
    listing("pairs-fx-2", 1.50, fx("USDCHF", 0.8841, 1.13e5), fx("EURCHF", 0.9614, 1.13e5)),
    listing("pairs-fx-2", 0.90, yen("NZDJPY", 91.84), yen("AUDJPY", 98.97)),
    listing("pairs-metals", 0.60, other("XAUUSD", 2, 2684.15, 100.0), other("XAGUSD", 3, 31.42, 5000.0)),
    listing("pairs-metals", 3.00, other("BRENT", 3, 78.412, 1000.0), other("WTI", 3, 74.16, 1000.0)),
    listing("pairs-metals", 0.90, other("XPTUSD", 2, 968.4, 100.0), other("XPDUSD", 2, 1014.7, 100.0)),
    listing("pairs-crypto", 15.00, other("ETHUSD", 2, 3211.4, 1.0), other("SOLUSD", 2, 241.2, 1.0)),
    listing("pairs-crypto", 0.60, other("BTCUSD", 1, 94_310.5, 1.0), other("XRPUSD", 4, 1.4218, 1000.0)),
];

const fn listing(author: &'static str, lots: f64, first: Instrument, second: Instrument) -> Listing {
    Listing { author, lots, legs: [first, second] }
}

const fn fx(symbol: &'static str, price: f64, point_value: f64) -> Instrument {
    Instrument::new(symbol, 5, price, 0.000_2, point_value)
}

const fn yen(symbol: &'static str, price: f64) -> Instrument {
    Instrument::new(symbol, 3, price, 0.000_3, 660.0)
}

const fn other(symbol: &'static str, digits: u8, price: f64, point_value: f64) -> Instrument {
    Instrument::new(symbol, digits, price, 0.000_5, point_value)
}

/// The account as the programs see it together.
#[derive(Debug)]
pub(super) struct Account {
    /// Profit and loss of closed positions.
    pub(super) realised: f64,
    peak: f64,
}

impl Account {
    /// An account in which nothing has happened yet.
    pub(super) fn new() -> Self {
        Self { realised: 0.0, peak: DEPOSIT }
    }

    /// Saves the portfolio.
    pub(super) fn save(&mut self, pairs: &[Pair], reason: &str, now: i64) -> Action {
        let open: Vec<(String, f64)> =
            pairs.iter().filter_map(|pair| Some((pair.id(), pair.pnl()?))).collect();
        let floating: f64 = open.iter().map(|(_, pnl)| pnl).sum();
        let money = |value| Decimal::round(value, 2);
        let value = DEPOSIT + self.realised + floating;
        self.peak = self.peak.max(value);
        let margin = 2_400.0 * f64::from(u32::try_from(open.len()).unwrap_or(0));
        let positions: Vec<String> = open
            .iter()
            .map(|(id, pnl)| format!(r#"{{"symbol":"{id}","unrealized_pnl":{}}}"#, money(*pnl)))
            .collect();
        let data = format!(
            r#"{{"total_value":{},"available_balance":{},"total_pnl":{},"open_positions":{},"daily_pnl":{},"peak_value":{},"positions":[{}],"suspended_pairs":[],"portfolio_trading_suspended":false,"last_save_time":"{}"}}"#,
            money(value),
            money(DEPOSIT + self.realised - margin),
            money(self.realised + floating),
            open.len(),
            money(self.realised + floating),
            money(self.peak),
            positions.join(","),
            time(now),
        );
        save("pairs-fx-1", reason, Key::new("portfolio", "portfolio_main"), data)
    }
}

/// The feed saves one instrument's closing prices.
pub(super) fn market_data(quote: &Quote, reason: &str) -> serde_json::Result<Action> {
    let data = serde_json::to_string(&quote.series())?;
    Ok(save("md-feed", reason, Key::new("market_data", quote.instrument.symbol), data))
}

/// The parameters of each program.
pub(super) fn strategies() -> Vec<Action> {
    ["pairs_fx", "pairs_metals", "pairs_crypto"].map(strategy).into()
}

fn strategy(name: &str) -> Action {
    let traded = |listing: &&Listing| listing.author.replace('-', "_").starts_with(name);
    let pairs: Vec<_> = LISTINGS
        .iter()
        .filter(traded)
        .map(|listing| {
            let pair = format!("{}/{}", listing.legs[0].symbol, listing.legs[1].symbol);
            json!({"pair": pair, "lots": listing.lots})
        })
        .collect();
    let data = json!({
        "name": name,
        "version": "3.2",
        "enabled": true,
        "pairs": pairs,
        "parameters": {"entry_z": 1.4, "exit_z": 0.2, "window": 200, "cooldown_candles": 3, "timeframe": "1m"},
        "max_open_positions": 6,
    });
    save(OPERATOR, "parameters of the quarter", Key::new("strategy", name), data.to_string())
}

/// The desk's limits.
pub(super) fn risk_limits(open_positions: u32, reason: &str) -> Action {
    let data = json!({
        "enabled": true,
        "risk_limits": {
            "max_open_positions": open_positions,
            "max_monetary_exposure": 400_000,
            "max_portfolio_drawdown_perc": 8.5,
            "max_pair_drawdown_perc": 3,
        },
    });
    save(OPERATOR, reason, Key::new("configuration", "risk_limits"), data.to_string())
}

fn save(author: &str, reason: &str, key: Key, data: String) -> Action {
    Action::new(author, reason, What::Save { key, data, expect: Expect::Any })
}
