//! Simulated prices: a random walk that is drawn back to where it began, so that it never wanders off.

use std::collections::VecDeque;

use chrono::DateTime;
use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;

use super::decimal::Decimal;

/// Points in each price series.
const WINDOW: usize = 200;

/// Seconds in a candle.
pub(super) const CANDLE: i64 = 60;

/// How strongly the walk is drawn back, a candle.
const REVERSION: f64 = 0.015;

/// What is traded.
#[derive(Debug)]
pub(super) struct Instrument {
    pub(super) symbol: &'static str,
    /// Digits of its price.
    pub(super) digits: u8,
    base: f64,
    /// Standard deviation of a candle, relative.
    volatility: f64,
    /// Account currency that one lot gains when the price rises by 1.
    pub(super) point_value: f64,
}

impl Instrument {
    /// An instrument by its symbol, digits, usual price, relative volatility and value of a point.
    pub(super) const fn new(
        symbol: &'static str,
        digits: u8,
        base: f64,
        volatility: f64,
        point_value: f64,
    ) -> Self {
        Self { symbol, digits, base, volatility, point_value }
    }
}

/// The price of one instrument: now, and at the end of each candle in the window.
#[derive(Debug)]
pub(super) struct Quote {
    pub(super) instrument: &'static Instrument,
    /// Natural logarithm of price over base.
    offset: f64,
    candles: VecDeque<(i64, Decimal)>,
}

impl Quote {
    /// A full window of candles, the last of which ends at or before `now` (seconds since 1970).
    pub(super) fn new(instrument: &'static Instrument, now: i64, rng: &mut Rng) -> Self {
        let mut quote = Self { instrument, offset: 0.0, candles: VecDeque::with_capacity(WINDOW + 1) };
        let first = now - now.rem_euclid(CANDLE) - CANDLE * i64::try_from(WINDOW - 1).unwrap_or(0);
        for time in (0..).map(|n| first + n * CANDLE).take(WINDOW) {
            quote.advance(1.0, rng);
            quote.close_candle(time);
        }
        quote
    }

    /// The price now.
    pub(super) fn price(&self) -> Decimal {
        Decimal::round(self.instrument.base * self.offset.exp(), self.instrument.digits)
    }

    /// The standard deviation of a candle, in units of the price.
    pub(super) fn typical_move(&self) -> f64 {
        self.instrument.base * self.instrument.volatility
    }

    /// Lets time pass, in candles.
    pub(super) fn advance(&mut self, candles: f64, rng: &mut Rng) {
        // The sum of twelve uniform numbers is close enough to a normal one.
        let normal = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        self.offset +=
            normal * self.instrument.volatility * candles.sqrt() - self.offset * REVERSION * candles;
    }

    /// Ends a candle at `time` with the price as it is.
    pub(super) fn close_candle(&mut self, time: i64) {
        self.candles.push_back((time, self.price()));
        while self.candles.len() > WINDOW {
            self.candles.pop_front();
        }
    }

    /// When the last candle ended.
    pub(super) fn last_candle(&self) -> i64 {
        self.candles.back().map_or(0, |(time, _)| *time)
    }

    /// The closing prices in the window, oldest first.
    pub(super) fn closes(&self) -> impl Iterator<Item = f64> {
        self.candles.iter().map(|(_, price)| price.value())
    }

    /// The window as programs save it.
    pub(super) fn series(&self) -> Series {
        Series {
            kind: "series",
            index: self.candles.iter().map(|(time, _)| series_time(*time)).collect(),
            values: self.candles.iter().map(|(_, price)| *price).collect(),
            name: self.instrument.symbol,
        }
    }

    /// Goes on from a saved window; anything else than a series of prices changes nothing.
    pub(super) fn resume(&mut self, series: &Value) {
        let (Some(index), Some(values)) = (series["index"].as_array(), series["values"].as_array()) else {
            return;
        };
        let candles: VecDeque<_> = index
            .iter()
            .zip(values)
            .filter_map(|(time, value)| {
                let time = DateTime::parse_from_rfc3339(time.as_str()?).ok()?.timestamp();
                Some((time, Decimal::round(value.as_f64()?, self.instrument.digits)))
            })
            .collect();
        let Some((_, last)) = candles.back().filter(|(_, last)| last.value() > 0.0) else { return };
        self.offset = (last.value() / self.instrument.base).ln();
        self.candles = candles;
    }
}

/// A price series as the programs save it.
#[derive(Debug, Serialize)]
pub(super) struct Series {
    #[serde(rename = "type")]
    kind: &'static str,
    index: Vec<String>,
    values: Vec<Decimal>,
    name: &'static str,
}

/// Series write their times with an offset.
fn series_time(seconds: i64) -> String {
    format_time(seconds, "%Y-%m-%dT%H:%M:%S+00:00")
}

/// Everything else writes them with a Z.
pub(super) fn time(seconds: i64) -> String {
    format_time(seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// A time in UTC, in any format.
pub(super) fn format_time(seconds: i64, format: &str) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format(format).to_string()
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::{Instrument, Quote, WINDOW};

    static GOLD: Instrument = Instrument::new("XAUUSD", 2, 2684.15, 0.0004, 100.0);

    #[test]
    fn a_window_slides_by_one_candle_and_stays_full() {
        let mut rng = Rng::with_seed(1);
        let mut quote = Quote::new(&GOLD, 1_000_000_000, &mut rng);
        let before = quote.series();
        assert_eq!((before.index.len(), before.values.len()), (WINDOW, WINDOW));
        quote.advance(1.0, &mut rng);
        quote.close_candle(quote.last_candle() + super::CANDLE);
        let after = quote.series();
        assert_eq!(after.values[..WINDOW - 1], before.values[1..]);
        assert_eq!(after.values.len(), WINDOW);
    }

    #[test]
    fn a_saved_series_is_gone_on_from() {
        let quote = Quote::new(&GOLD, 1_000_000_000, &mut Rng::with_seed(1));
        let saved = serde_json::to_value(quote.series()).unwrap();
        let mut other = Quote::new(&GOLD, 1_000_000_000, &mut Rng::with_seed(2));
        assert_ne!(other.price(), quote.price());
        other.resume(&saved);
        assert_eq!(other.price(), quote.price());
        assert_eq!(serde_json::to_value(other.series()).unwrap(), saved);
        other.resume(&serde_json::json!({"index": [], "values": []}));
        assert_eq!(other.price(), quote.price(), "an empty series says nothing");
    }
}
