//! The simulation: all programs of a trading desk, step by step.
//!
//! It does no I/O and reads no clock: given a seed, a time and the server's answers, it always asks the same.

use std::collections::VecDeque;

use fastrand::Rng;

use super::action::{Action, Key};
use super::book::{self, Account, LISTINGS};
use super::incident::Incident;
use super::manage::manage;
use super::market::{CANDLE, time};
use super::pair::Pair;
use super::position::Direction;

/// Pairs that hold a position when the story begins.
const OPEN_AT_START: usize = 6;

/// Something that a program is about to do.
#[derive(Debug, Clone, Copy)]
enum Intent {
    /// The feed saves the closing prices of a leg.
    Feed { pair: usize, leg: usize },
    /// A program looks at its pair's candle.
    Candle { pair: usize },
}

/// Everything that is simulated.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) pairs: Vec<Pair>,
    pub(super) rng: Rng,
    account: Account,
    waiting: VecDeque<Intent>,
    last_candle: i64,
    incident: Incident,
}

impl Desk {
    /// A desk whose prices begin before `now` (seconds since 1970), with a bad deploy at `first_deploy`.
    pub(super) fn new(seed: u64, now: i64, first_deploy: i64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let pairs = LISTINGS.iter().map(|listing| Pair::new(listing, now, &mut rng)).collect();
        let last_candle = now - now.rem_euclid(CANDLE);
        let (account, waiting) = (Account::new(), VecDeque::new());
        Self { pairs, rng, account, waiting, last_candle, incident: Incident::new(now, first_deploy) }
    }

    /// What an empty store needs first: parameters, limits, prices, and the positions that are already open.
    pub(super) fn opening(&mut self, now: i64) -> serde_json::Result<Vec<Action>> {
        let mut actions = book::strategies();
        actions.push(book::risk_limits(12, "limits for the week"));
        for (index, pair) in self.pairs.iter_mut().enumerate() {
            for quote in &pair.quotes {
                actions.push(book::market_data(quote, "history loaded")?);
            }
            if index < OPEN_AT_START {
                let direction = if self.rng.bool() { Direction::Long } else { Direction::Short };
                let opened = now - self.rng.i64(1_200..260_000);
                let mut position = pair.new_position(direction, time(opened), &mut self.rng);
                pair.fill(&mut position, pair.listing.lots);
                position.note = None;
                actions.push(pair.take_over(position, now)?);
            }
            actions.push(pair.save_state("program started", now)?);
        }
        actions.push(self.account.save(&self.pairs, "programs started", now));
        Ok(actions)
    }

    /// Lets `seconds` pass until `now` and returns what the programs do meanwhile; often nothing.
    #[allow(clippy::cast_precision_loss, reason = "a few hundred seconds at most")]
    pub(super) fn step(&mut self, seconds: f64, now: i64) -> serde_json::Result<Vec<Action>> {
        for quote in self.pairs.iter_mut().flat_map(|pair| &mut pair.quotes) {
            quote.advance(seconds / CANDLE as f64, &mut self.rng);
        }
        self.close_candles(now);
        let mut actions = self.incident.step(&mut self.pairs, &mut self.rng, now)?;
        if actions.is_empty() {
            actions = match self.waiting.pop_front() {
                Some(intent) => self.carry_out(intent, now)?,
                None => self.between_candles(now)?,
            };
        }
        Ok(actions)
    }

    /// Forgets intents that nobody had time for, as when hours are told in seconds.
    pub(super) fn skip_waiting(&mut self, keep: usize) {
        self.rng.shuffle(self.waiting.make_contiguous());
        self.waiting.truncate(keep);
    }

    fn close_candles(&mut self, now: i64) {
        let candle = now - now.rem_euclid(CANDLE);
        if candle <= self.last_candle {
            return;
        }
        self.last_candle = candle;
        let mut intents = Vec::new();
        for (index, pair) in self.pairs.iter_mut().enumerate() {
            pair.quotes.iter_mut().for_each(|quote| quote.close_candle(candle));
            intents.push(Intent::Candle { pair: index });
            intents.extend([0, 1].map(|leg| Intent::Feed { pair: index, leg }));
        }
        self.rng.shuffle(&mut intents);
        self.waiting.extend(intents);
    }

    fn carry_out(&mut self, intent: Intent, now: i64) -> serde_json::Result<Vec<Action>> {
        match intent {
            Intent::Feed { pair, leg } => {
                let quote = &self.pairs[pair].quotes[leg];
                let reason = super::market::format_time(quote.last_candle(), "candle %H:%M");
                Ok(vec![book::market_data(quote, &reason)?])
            }
            Intent::Candle { pair } => {
                let pnl = self.pairs[pair].pnl();
                let actions = self.pairs[pair].on_candle(now, &mut self.rng)?;
                self.book_result(pair, pnl);
                Ok(actions)
            }
        }
    }

    fn between_candles(&mut self, now: i64) -> serde_json::Result<Vec<Action>> {
        match self.rng.u32(..10) {
            0 => Ok(vec![self.account.save(&self.pairs, "account marked", now)]),
            1..3 => Ok(Vec::new()),
            _ => {
                let index = self.rng.usize(..self.pairs.len());
                let pnl = self.pairs[index].pnl();
                let action = manage(&mut self.pairs[index], now, &mut self.rng)?;
                self.book_result(index, pnl);
                Ok(action.into_iter().collect())
            }
        }
    }

    /// A position that was open before and is not any more has made `pnl`.
    fn book_result(&mut self, index: usize, pnl: Option<f64>) {
        if let Some(pnl) = pnl.filter(|_| self.pairs[index].position.is_none()) {
            self.account.realised += pnl;
        }
    }

    /// Which pair a state belongs to, and whether it is its position.
    pub(super) fn owner(&self, key: &Key) -> Option<usize> {
        let of_a_pair = matches!(key.state_type, "position" | "pair_state");
        self.pairs.iter().position(|pair| of_a_pair && pair.id() == key.state_id)
    }

    /// The server has written this version.
    pub(super) fn saved(&mut self, key: &Key, version: u64) {
        let Some(index) = self.owner(key) else { return };
        let pair = &mut self.pairs[index];
        match key.state_type {
            "position" => pair.position_version = Some(version),
            _ => pair.state_version = Some(version),
        }
    }
}
