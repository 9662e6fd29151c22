//! The scale of one path over time. Drawing only: what is drawn is also written
//! as exact text beside it, so `f64` is good enough here.

use std::fmt::Write as _;

/// Drawn as SVG path data over a box of `width` by `height`; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Canvas {
    /// In user units.
    pub width: f64,
    /// In user units.
    pub height: f64,
}

/// A number's place for drawing; `None` where the text is not a number.
#[must_use]
pub fn place(text: &str) -> Option<f64> {
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    text.parse().ok().filter(|value: &f64| numeric && value.is_finite())
}

/// Lowest and highest value.
#[must_use]
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

impl Canvas {
    /// Where `value` lies between the lowest and the highest; in the middle if there is no difference.
    #[must_use]
    pub fn y(&self, value: f64, (low, high): (f64, f64)) -> f64 {
        if high > low { self.height * (high - value) / (high - low) } else { self.height / 2.0 }
    }

    /// A step line: each value holds until the next one.
    #[must_use]
    pub fn steps(&self, values: &[Option<f64>], range: (f64, f64)) -> String {
        let mut path = Pen::default();
        for (at, value) in values.iter().enumerate() {
            let Some(value) = value else {
                path.to(0.0, None);
                continue;
            };
            let y = self.y(*value, range);
            path.to(self.x(at, values.len()), Some(y));
            if at + 1 < values.len() {
                path.to(self.x(at + 1, values.len()), Some(y));
            }
        }
        path.0
    }

    /// Where the point at `at` of `all` stands.
    #[must_use]
    pub fn x(&self, at: usize, all: usize) -> f64 {
        if all < 2 { self.width } else { self.width * count(at) / count(all - 1) }
    }
}

/// Builds path data, with one decimal.
#[derive(Default)]
struct Pen(String, bool);

impl Pen {
    fn to(&mut self, x: f64, y: Option<f64>) {
        let Some(y) = y else {
            self.1 = false;
            return;
        };
        let verb = if self.1 { 'L' } else { 'M' };
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{verb}{x:.1} {y:.1}");
        self.1 = true;
    }
}

/// At most four round numbers inside the range, and 0 if it is inside.
#[must_use]
pub fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    let rough = span / 3.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(span);
    let mut tick = (low / step).ceil() * step;
    let mut ticks = Vec::new();
    while tick <= high + step * 1e-9 && ticks.len() < 5 {
        // Rounding noise around zero would print as -0.
        ticks.push(if tick.abs() < step * 1e-9 { 0.0 } else { tick });
        tick += step;
    }
    ticks
}

/// A tick's label: as many decimals as the step needs, with a sign like the deltas.
#[must_use]
pub fn tick_label(value: f64, range: (f64, f64)) -> String {
    let span = (range.1 - range.0).abs();
    let decimals = if span > 0.0 { (1.0 - (span / 3.0).log10()).ceil().clamp(0.0, 12.0) } else { 2.0 };
    // Between 0 and 12.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
    let text = format!("{value:.*}", decimals as usize);
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    short.strip_prefix('-').map_or_else(|| short.to_owned(), |digits| format!("−{digits}"))
}

// Counts of drawn points are far below 2^52.
#[allow(clippy::cast_precision_loss, reason = "counts of drawn points")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Canvas = Canvas { width: 100.0, height: 10.0 };

    #[test]
    fn only_numbers_have_a_place() {
        assert_eq!(place("-1.5e3"), Some(-1500.0));
        for text in ["null", "\"1\"", "inf", "NaN", "1e999", ""] {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn steps_hold_their_value() {
        assert_eq!(BOX.steps(&[Some(0.0), Some(1.0)], (0.0, 1.0)), "M0.0 10.0L100.0 10.0L100.0 0.0");
        assert_eq!(BOX.steps(&[Some(1.0)], (0.0, 2.0)), "M100.0 5.0");
        let gap = BOX.steps(&[Some(0.0), None, Some(1.0)], (0.0, 1.0));
        assert_eq!(gap, "M0.0 10.0L50.0 10.0M100.0 0.0");
    }

    #[test]
    fn ticks_are_round_and_labelled_shortly() {
        let range = (-2.1386, 1.3);
        let labels: Vec<String> = ticks(range).into_iter().map(|tick| tick_label(tick, range)).collect();
        assert_eq!(labels, ["−2", "0"]);
        let range = (1.0871, 1.0899);
        let labels: Vec<String> = ticks(range).into_iter().map(|tick| tick_label(tick, range)).collect();
        assert_eq!(labels, ["1.088", "1.089"]);
        assert_eq!(ticks((5.0, 5.0)), [5.0]);
    }
}
