//! Looking after an open position between candles.

use fastrand::Rng;

use super::action::{Action, Expect, What};
use super::decimal::Decimal;
use super::pair::{Pair, ticket};
use super::position::Position;

/// The share of the best profit that is given back before a position is closed.
const GIVE_BACK: f64 = 0.6;

/// How much better than before a profit must be to move the stop.
const NEW_HIGH: f64 = 1.08;

/// The way that the stop goes towards the entry each time.
const TRAIL_STEP: f64 = 0.12;

/// One look at the position costs a chance in so many that the second lot is filled.
const SECOND_LOT_ODDS: u32 = 12;

/// What the look at the position led to.
enum Decision {
    Close(String),
    Save(&'static str),
}

/// Closes the position, moves its stop, adds the second lot or only notes the prices; nothing when the pair is flat.
pub(super) fn manage(pair: &mut Pair, now: i64, rng: &mut Rng) -> serde_json::Result<Option<Action>> {
    let Some(mut position) = pair.position.take() else { return Ok(None) };
    let decision = decide(pair, &mut position, rng);
    let reason = match decision {
        Decision::Close(reason) => return Ok(Some(pair.close(&reason))),
        Decision::Save(reason) => reason,
    };
    let data = position.document(&pair.quotes, now)?;
    pair.position = Some(position);
    let what = What::Save { key: pair.position_key(), data, expect: Expect::seen(pair.position_version) };
    Ok(Some(Action::new(pair.listing.author, reason, what)))
}

fn decide(pair: &Pair, position: &mut Position, rng: &mut Rng) -> Decision {
    let pnl = position.pnl(&pair.quotes);
    // Somebody has put the stop where it cannot be meant; a program does not act on that, people have to look.
    if position.stop_is_sound() {
        if let Some(reason) = reason_to_close(pair, position, pnl) {
            return Decision::Close(reason);
        }
        if position.note.is_some() && rng.u32(..SECOND_LOT_ODDS) == 0 {
            pair.fill(position, pair.listing.lots);
            position.tickets[0] = ticket(rng);
            position.note = None;
            return Decision::Save("second lot filled");
        }
        let best = position.max_favorable_pnl.map_or(10.0, Decimal::value);
        if pnl > best.abs() * NEW_HIGH {
            trail(position, pnl);
            return Decision::Save("trail stop after new high");
        }
    }
    Decision::Save("mark to market")
}

fn reason_to_close(pair: &Pair, position: &Position, pnl: f64) -> Option<String> {
    let sign = position.direction.sign();
    let price = pair.quotes[0].price();
    if sign * (price.value() - position.stop_loss.value()) <= 0.0 {
        return Some(format!("stop loss reached at {price}"));
    }
    if sign * (price.value() - position.take_profit.value()) >= 0.0 {
        return Some(format!("take profit reached at {price}"));
    }
    let level = position.trailing_stop_level.filter(|level| pnl < level.value())?;
    Some(format!("trailing stop reached, P&L {pnl:.2} under {level}"))
}

fn trail(position: &mut Position, pnl: f64) {
    position.max_favorable_pnl = Some(Decimal::round(pnl, 2));
    position.trailing_stop_level = Some(Decimal::round(pnl * (1.0 - GIVE_BACK) - 90.0, 2));
    let step = (position.entry[0].value() - position.stop_loss.value()) * TRAIL_STEP;
    let before = position.stop_loss;
    position.stop_loss = before.plus(step);
    if !position.stop_is_sound() {
        position.stop_loss = before;
    }
}
