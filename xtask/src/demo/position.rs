//! An open position in a pair: two legs, bought and sold against each other.

use serde::Serialize;
use serde_json::Value;

use super::decimal::Decimal;
use super::market::{Quote, time};

/// Which way the spread is expected to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    /// Bought the first leg, sold the second.
    Long,
    /// Sold the first leg, bought the second.
    Short,
}

impl Direction {
    /// 1 or -1.
    pub(super) fn sign(self) -> f64 {
        if self == Self::Long { 1.0 } else { -1.0 }
    }
}

/// What a program remembers of an open position.
#[derive(Debug, Clone)]
pub(super) struct Position {
    pub(super) direction: Direction,
    pub(super) entry_time: String,
    /// Lots of the first leg.
    pub(super) quantity: Decimal,
    /// Prices at which the legs were filled.
    pub(super) entry: [Decimal; 2],
    /// In units of the first leg's price.
    pub(super) stop_loss: Decimal,
    /// Where the stop stood at the entry.
    pub(super) initial_stop_loss: Decimal,
    pub(super) take_profit: Decimal,
    pub(super) tickets: [u64; 2],
    pub(super) volumes: [Decimal; 2],
    /// The best profit so far; absent until the first mark.
    pub(super) max_favorable_pnl: Option<Decimal>,
    /// The profit below which it is closed; null until it has been high enough.
    pub(super) trailing_stop_level: Option<Decimal>,
    pub(super) note: Option<String>,
    /// The deploy of the program that opened or last moved it.
    pub(super) deploy: String,
}

/// The saved form.
#[derive(Serialize)]
struct Saved<'a> {
    symbol1: &'a str,
    symbol2: &'a str,
    direction: Direction,
    entry_time: &'a str,
    quantity: Decimal,
    entry_price: Decimal,
    stop_loss: Decimal,
    initial_stop_loss: Decimal,
    take_profit: Decimal,
    ticket1: u64,
    ticket2: u64,
    volume1: Decimal,
    volume2: Decimal,
    entry_exec_price1: Decimal,
    entry_exec_price2: Decimal,
    legs: [Leg<'a>; 2],
    trailing_stop_level: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_favorable_pnl: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    unrealized_pnl: Decimal,
    last_update: String,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Leg<'a> {
    symbol: &'a str,
    volume: Decimal,
    exec_price: Decimal,
}

#[derive(Serialize)]
struct Metadata<'a> {
    session: String,
    deploy: &'a str,
}

impl Position {
    /// Profit or loss at these prices, in account currency.
    pub(super) fn pnl(&self, quotes: &[Quote; 2]) -> f64 {
        let leg = |n: usize| {
            let moved = quotes[n].price().value() - self.entry[n].value();
            moved * self.volumes[n].value() * quotes[n].instrument.point_value
        };
        self.direction.sign() * (leg(0) - leg(1))
    }

    /// Whether the stop is on the side of the entry where it can do its work.
    pub(super) fn stop_is_sound(&self) -> bool {
        self.direction.sign() * (self.entry[0].value() - self.stop_loss.value()) > 0.0
    }

    /// The document that is saved at `now`.
    pub(super) fn document(&self, quotes: &[Quote; 2], now: i64) -> serde_json::Result<String> {
        let symbols = [quotes[0].instrument.symbol, quotes[1].instrument.symbol];
        let leg = |n: usize| Leg { symbol: symbols[n], volume: self.volumes[n], exec_price: self.entry[n] };
        serde_json::to_string(&Saved {
            symbol1: symbols[0],
            symbol2: symbols[1],
            direction: self.direction,
            entry_time: &self.entry_time,
            quantity: self.quantity,
            entry_price: self.entry[0],
            stop_loss: self.stop_loss,
            initial_stop_loss: self.initial_stop_loss,
            take_profit: self.take_profit,
            ticket1: self.tickets[0],
            ticket2: self.tickets[1],
            volume1: self.volumes[0],
            volume2: self.volumes[1],
            entry_exec_price1: self.entry[0],
            entry_exec_price2: self.entry[1],
            legs: [leg(0), leg(1)],
            trailing_stop_level: self.trailing_stop_level,
            max_favorable_pnl: self.max_favorable_pnl,
            note: self.note.as_deref(),
            unrealized_pnl: Decimal::round(self.pnl(quotes), 2),
            last_update: time(now),
            metadata: Metadata { session: super::market::format_time(now, "ldn-%m%d"), deploy: &self.deploy },
        })
    }

    /// Reads a saved document back, as a program does when it starts or when somebody else has written.
    pub(super) fn read(data: &Value, quotes: &[Quote; 2]) -> Option<Self> {
        let decimal = |name: &str, digits| data[name].as_f64().map(|value| Decimal::round(value, digits));
        let digits = [quotes[0].instrument.digits, quotes[1].instrument.digits];
        Some(Self {
            direction: match data["direction"].as_str()? {
                "long" => Direction::Long,
                "short" => Direction::Short,
                _ => return None,
            },
            entry_time: data["entry_time"].as_str()?.to_owned(),
            quantity: decimal("quantity", 2)?,
            entry: [decimal("entry_exec_price1", digits[0])?, decimal("entry_exec_price2", digits[1])?],
            stop_loss: decimal("stop_loss", digits[0])?,
            initial_stop_loss: decimal("initial_stop_loss", digits[0]).or(decimal("stop_loss", digits[0]))?,
            take_profit: decimal("take_profit", digits[0])?,
            tickets: [data["ticket1"].as_u64()?, data["ticket2"].as_u64()?],
            volumes: [decimal("volume1", 2)?, decimal("volume2", 2)?],
            max_favorable_pnl: decimal("max_favorable_pnl", 2),
            trailing_stop_level: decimal("trailing_stop_level", 2),
            note: data["note"].as_str().map(str::to_owned),
            deploy: data["metadata"]["deploy"].as_str().unwrap_or_default().to_owned(),
        })
    }
}
