//! One traded pair: its prices, its signal and the program's decisions about it.

use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;

use super::action::{Action, Expect, Key, What};
use super::decimal::Decimal;
use super::market::{Instrument, Quote, Series, format_time, time};
use super::position::{Direction, Position};

/// The z-score at which a position is opened, and at which it is closed.
const ENTRY_Z: f64 = 1.4;
const EXIT_Z: f64 = 0.2;

/// Candles without a new position after one was closed.
const COOLDOWN: i64 = 3;

/// Distances in typical moves of a candle.
const STOP_DISTANCE: f64 = 20.0;
const PROFIT_DISTANCE: f64 = 30.0;

/// The first lot's share of a full position.
const FIRST_LOT: f64 = 2.0 / 3.0;

/// What a pair is and who trades it.
#[derive(Debug)]
pub(super) struct Listing {
    /// The program.
    pub(super) author: &'static str,
    /// Lots of the first leg when fully invested.
    pub(super) lots: f64,
    pub(super) legs: [Instrument; 2],
}

/// A pair in trading.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) listing: &'static Listing,
    pub(super) quotes: [Quote; 2],
    pub(super) position: Option<Position>,
    pub(super) cooldown: i64,
    /// The versions last seen, so that nobody else's change is overwritten unseen.
    pub(super) position_version: Option<u64>,
    pub(super) state_version: Option<u64>,
}

#[derive(Serialize)]
struct SavedState<'a> {
    symbol1: &'a str,
    symbol2: &'a str,
    position: &'static str,
    cooldown: i64,
    spread: Decimal,
    z_score: Decimal,
    last_candle_time: String,
    last_update: String,
    price1: Series,
    price2: Series,
}

impl Pair {
    /// A pair without a position, with a full window of prices.
    pub(super) fn new(listing: &'static Listing, now: i64, rng: &mut Rng) -> Self {
        let quotes = [0, 1].map(|n| Quote::new(&listing.legs[n], now, rng));
        Self { listing, quotes, position: None, cooldown: 0, position_version: None, state_version: None }
    }

    /// `EURUSD/GBPUSD`.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.listing.legs[0].symbol, self.listing.legs[1].symbol)
    }

    pub(super) fn position_key(&self) -> Key {
        Key::new("position", self.id())
    }

    pub(super) fn state_key(&self) -> Key {
        Key::new("pair_state", self.id())
    }

    /// Profit or loss of the open position, if there is one.
    pub(super) fn pnl(&self) -> Option<f64> {
        self.position.as_ref().map(|position| position.pnl(&self.quotes))
    }

    /// How many standard deviations the ratio of the prices is from its mean over the window.
    fn z_score(&self) -> f64 {
        let ratios: Vec<f64> = self.quotes[0]
            .closes()
            .zip(self.quotes[1].closes())
            .map(|(first, second)| first / second)
            .collect();
        let count = f64::from(u32::try_from(ratios.len()).unwrap_or(u32::MAX));
        let mean = ratios.iter().sum::<f64>() / count;
        let variance = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / count;
        let last = self.ratio();
        if variance > 0.0 { (last - mean) / variance.sqrt() } else { 0.0 }
    }

    fn ratio(&self) -> f64 {
        self.quotes[0].price().value() / self.quotes[1].price().value()
    }

    /// A candle has ended: opens or closes by the signal, and saves what the program knows of the pair.
    pub(super) fn on_candle(&mut self, now: i64, rng: &mut Rng) -> serde_json::Result<Vec<Action>> {
        let z = self.z_score();
        let mut actions = Vec::new();
        self.cooldown = (self.cooldown - 1).max(0);
        match &self.position {
            None if self.cooldown == 0 && z.abs() >= ENTRY_Z => actions.push(self.open(z, now, rng)?),
            Some(position) if position.direction.sign() * z > -EXIT_Z => {
                actions.push(self.close(&format!("exit signal, z back at {z:.2}")));
            }
            _ => {}
        }
        let candle = format_time(self.quotes[0].last_candle(), "candle %H:%M");
        actions.push(self.save_state(&candle, now)?);
        Ok(actions)
    }

    fn open(&mut self, z: f64, now: i64, rng: &mut Rng) -> serde_json::Result<Action> {
        let direction = if z > 0.0 { Direction::Short } else { Direction::Long };
        let position = self.new_position(direction, time(now), rng);
        let data = position.document(&self.quotes, now)?;
        self.position = Some(position);
        let side = if z > 0.0 { "above" } else { "below" };
        let reason = format!("entry signal, z {side} {z:.1}");
        let what = What::Save { key: self.position_key(), data, expect: Expect::Absent };
        Ok(Action::new(self.listing.author, reason, what))
    }

    /// Saves a position that was opened before the store knew of it.
    pub(super) fn take_over(&mut self, position: Position, now: i64) -> serde_json::Result<Action> {
        let data = position.document(&self.quotes, now)?;
        self.position = Some(position);
        let what = What::Save { key: self.position_key(), data, expect: Expect::Absent };
        Ok(Action::new(self.listing.author, "taken over from the broker", what))
    }

    /// A position filled at the prices of now, with its first lot.
    pub(super) fn new_position(&self, direction: Direction, entry_time: String, rng: &mut Rng) -> Position {
        let entry = [self.quotes[0].price(), self.quotes[1].price()];
        let away = direction.sign() * self.quotes[0].typical_move();
        let mut position = Position {
            direction,
            entry_time,
            quantity: Decimal::round(0.0, 2),
            entry,
            stop_loss: entry[0].plus(-away * STOP_DISTANCE),
            initial_stop_loss: entry[0].plus(-away * STOP_DISTANCE),
            take_profit: entry[0].plus(away * PROFIT_DISTANCE),
            tickets: [ticket(rng), ticket(rng)],
            volumes: [Decimal::round(0.0, 2); 2],
            max_favorable_pnl: None,
            trailing_stop_level: None,
            note: Some("first lot only".into()),
            deploy: "45".into(),
        };
        self.fill(&mut position, self.listing.lots * FIRST_LOT);
        position
    }

    /// Sets the size, with legs of equal worth.
    pub(super) fn fill(&self, position: &mut Position, lots: f64) {
        let worth = |n: usize| position.entry[n].value() * self.quotes[n].instrument.point_value;
        let second = (lots * worth(0) / worth(1)).max(0.01);
        position.quantity = Decimal::round(lots, 2);
        position.volumes = [Decimal::round(lots, 2), Decimal::round(second, 2)];
    }

    /// The position is gone; the pair rests for a while.
    pub(super) fn close(&mut self, reason: &str) -> Action {
        self.position = None;
        self.position_version = None;
        self.cooldown = COOLDOWN;
        Action::new(self.listing.author, reason, What::Delete(self.position_key()))
    }

    /// Saves what the program knows of the pair.
    pub(super) fn save_state(&self, reason: &str, now: i64) -> serde_json::Result<Action> {
        let data = self.state_document(self.cooldown, now)?;
        let what = What::Save { key: self.state_key(), data, expect: Expect::seen(self.state_version) };
        Ok(Action::new(self.listing.author, reason, what))
    }

    /// The pair's document, with any cooldown.
    pub(super) fn state_document(&self, cooldown: i64, now: i64) -> serde_json::Result<String> {
        serde_json::to_string(&SavedState {
            symbol1: self.listing.legs[0].symbol,
            symbol2: self.listing.legs[1].symbol,
            position: match self.position.as_ref().map(|position| position.direction) {
                None => "none",
                Some(Direction::Long) => "long",
                Some(Direction::Short) => "short",
            },
            cooldown,
            spread: Decimal::round(self.ratio(), 6),
            z_score: Decimal::round(self.z_score(), 4),
            last_candle_time: time(self.quotes[0].last_candle()),
            last_update: time(now),
            price1: self.quotes[0].series(),
            price2: self.quotes[1].series(),
        })
    }

    /// Takes over what the server has, whoever wrote it: `None` where there is no live state.
    pub(super) fn adopt(&mut self, position: Option<(&Value, u64)>, state: Option<(&Value, u64)>) {
        if let Some((data, version)) = state {
            self.state_version = Some(version);
            self.cooldown = data["cooldown"].as_i64().unwrap_or(0).max(0);
            self.quotes[0].resume(&data["price1"]);
            self.quotes[1].resume(&data["price2"]);
        } else {
            self.state_version = None;
        }
        self.position = position.and_then(|(data, _)| Position::read(data, &self.quotes));
        self.position_version = position.map(|(_, version)| version);
    }
}

/// Numbers that brokers give to orders.
pub(super) fn ticket(rng: &mut Rng) -> u64 {
    rng.u64(38_000_000..39_000_000)
}
