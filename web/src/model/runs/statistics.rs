//! What the closed lots of a run say in figures. Money is exact; where a figure would mean nothing there is none.

use stateloft_core::json::Decimal;
use stateloft_core::json::number::sum;
use stateloft_core::model::Timestamp;

use super::book::Lot;
use crate::model::scale;

/// With fewer closed lots, and in fewer days, a ratio of returns says nothing.
const TRADES: usize = 30;
const DAYS: i64 = 20;
const DAY: i64 = 24 * 3_600 * 1_000_000;
/// Decimal places that an average has beyond those of the sum.
const PLACES: usize = 2;

/// The figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Closed lots whose result is known.
    pub closed: usize,
    /// Closed lots of which it is not.
    pub unknown: usize,
    /// Those that won.
    pub won: usize,
    /// Of those that are known: `75.00 %`.
    pub rate: Option<String>,
    /// The best and the worst result.
    pub best: Option<String>,
    /// See `best`.
    pub worst: Option<String>,
    /// The average, two places longer than the results, rounded to even.
    pub average: Option<String>,
    /// All of them together.
    pub total: Option<String>,
    /// Average by spread of the results, where there are enough of them.
    pub sharpe: Option<String>,
}

impl Statistics {
    /// Of closed lots, in a run of this length.
    #[must_use]
    pub fn of(closed: &[Lot], from: Timestamp, to: Timestamp) -> Self {
        let results: Vec<Decimal<'_>> =
            closed.iter().filter_map(|lot| Decimal::parse(lot.pnl.as_deref()?)).collect();
        let text = |wanted: Option<Decimal<'_>>| {
            let at = closed.iter().find(|lot| lot.pnl.as_deref().and_then(Decimal::parse) == wanted);
            wanted.and_then(|_| at?.pnl.clone())
        };
        let won = results.iter().filter(|result| !result.is_zero() && !result.is_negative()).count();
        let total =
            results.iter().try_fold("0".to_owned(), |total, result| sum(Decimal::parse(&total)?, *result));
        let total = total.filter(|_| !results.is_empty());
        let long = (to.micros() - from.micros()) / DAY >= DAYS;
        Self {
            closed: results.len(),
            unknown: closed.len() - results.len(),
            won,
            rate: rate(won, results.len()),
            best: text(results.iter().max().copied()),
            worst: text(results.iter().min().copied()),
            average: total.as_deref().and_then(|total| divided(total, results.len())),
            sharpe: if results.len() >= TRADES || long { ratio(closed) } else { None },
            total,
        }
    }
}

/// `75.00 %`, rounded down.
fn rate(won: usize, all: usize) -> Option<String> {
    let hundredths = (won * 10_000).checked_div(all)?;
    Some(format!("{}.{:02} %", hundredths / 100, hundredths % 100))
}

/// A decimal by a count, some places longer, rounded to even. Nothing where it is too long.
fn divided(text: &str, by: usize) -> Option<String> {
    let (negative, size) = text.strip_prefix('-').map_or((false, text), |size| (true, size));
    let (whole, part) = size.split_once('.').unwrap_or((size, ""));
    let digits: i128 = format!("{whole}{part}{}", "0".repeat(PLACES)).parse().ok()?;
    let by = i128::try_from(by).ok().filter(|by| *by > 0)?;
    let (down, rest) = (digits / by, digits % by);
    let up = (rest * 2).cmp(&by).is_gt() || (rest * 2 == by && down % 2 == 1);
    let quotient = (down + i128::from(up)).to_string();
    let places = part.len() + PLACES;
    let padded = format!("{quotient:0>width$}", width = places + 1);
    let (whole, part) = padded.split_at(padded.len() - places);
    let part = part.trim_end_matches('0');
    let part = format!("{part:0<2}");
    let sign = if negative && padded.bytes().any(|digit| digit != b'0') { "-" } else { "" };
    Some(format!("{sign}{whole}.{part}"))
}

/// The average of the results by their spread: a ratio, so it needs no exact figures.
#[allow(clippy::cast_precision_loss, reason = "a count of lots")]
fn ratio(closed: &[Lot]) -> Option<String> {
    let results: Vec<f64> = closed.iter().filter_map(|lot| scale::place(lot.pnl.as_deref()?)).collect();
    let count = results.len() as f64;
    let average = results.iter().sum::<f64>() / count;
    let spread = results.iter().map(|result| (result - average).powi(2)).sum::<f64>() / (count - 1.0);
    let ratio = average / spread.sqrt();
    ratio.is_finite().then(|| format!("{ratio:.2}"))
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::StateKey;

    use super::super::book::lots;
    use super::super::sample::at;
    use super::*;

    fn closed(results: &[&str]) -> Vec<Lot> {
        let lot = |(at, pnl): (usize, &&str)| {
            let pnl = if pnl.is_empty() { String::new() } else { format!(r#","pnl":{pnl}"#) };
            format!(r#"{{"id":"{at}","status":"closed"{pnl}}}"#)
        };
        let all: Vec<String> = results.iter().enumerate().map(lot).collect();
        let data = format!(r#"{{"lots":[{}]}}"#, all.join(","));
        lots(&StateKey::new("position", "x").unwrap(), &data.parse().unwrap())
    }

    fn of(results: &[&str]) -> Statistics {
        Statistics::of(&closed(results), at("08:00:00"), at("09:00:00"))
    }

    #[test]
    fn figures_are_exact() {
        let some = of(&["96.00", "-110.00", "66.00", "35.00"]);
        assert_eq!((some.won, some.closed, some.rate.as_deref()), (3, 4, Some("75.00 %")));
        assert_eq!((some.best.as_deref(), some.worst.as_deref()), (Some("96.00"), Some("-110.00")));
        assert_eq!((some.total.as_deref(), some.average.as_deref()), (Some("87.00"), Some("21.75")));
        assert_eq!(some.sharpe, None, "four trades say nothing");
        let tiny = of(&["0.1", "0.2", "-0.00000000000000000001"]);
        assert_eq!(tiny.total.as_deref(), Some("0.29999999999999999999"));
        assert_eq!((tiny.won, tiny.rate.as_deref()), (2, Some("66.66 %")));
    }

    #[test]
    fn an_average_is_rounded_to_even_and_keeps_its_sign() {
        for (text, by, average) in [
            ("87.00", 4, "21.75"),
            ("-1", 3, "-0.33"),
            ("0.05", 2, "0.025"),
            ("0.0001", 3, "0.000033"),
            ("-0", 3, "0.00"),
            ("10", 8, "1.25"),
            ("0.0001", 8, "0.000012"),
            ("7", 1, "7.00"),
        ] {
            assert_eq!(divided(text, by).as_deref(), Some(average), "{text} by {by}");
        }
        assert_eq!(divided(&"9".repeat(60), 3), None);
    }

    #[test]
    fn nothing_is_made_up_of_nothing() {
        assert_eq!(of(&[]), Statistics::default());
        let unknown = of(&["", "5"]);
        assert_eq!((unknown.closed, unknown.unknown, unknown.rate.as_deref()), (1, 1, Some("100.00 %")));
        // Neither won nor lost.
        assert_eq!(of(&["0", "0.00"]).rate.as_deref(), Some("0.00 %"));
    }

    #[test]
    fn a_ratio_is_there_with_thirty_trades_or_twenty_days() {
        let many: Vec<&str> = (0..30).map(|at| if at % 2 == 0 { "3" } else { "1" }).collect();
        assert_eq!(of(&many[..29]).sharpe, None);
        assert_eq!(of(&many).sharpe.as_deref(), Some("1.97"));
        let month = Timestamp::from_micros(at("08:00:00").micros() - 21 * DAY);
        let long = Statistics::of(&closed(&["3", "1"]), month, at("08:00:00"));
        assert_eq!(long.sharpe.as_deref(), Some("1.41"));
        // Equal results have no spread.
        assert_eq!(Statistics::of(&closed(&["1", "1"]), month, at("08:00:00")).sharpe, None);
    }
}
