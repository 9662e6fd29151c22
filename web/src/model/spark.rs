//! Sparklines: a series of number texts as an SVG path.

use std::fmt::Write as _;

/// A line through the values of a JSON array in a box of 100 by 30. A value that is no number leaves a gap. The texts
/// are rounded only here, for drawing.
#[must_use]
pub fn line(values: &str) -> String {
    let inner = values.trim().trim_start_matches('[').trim_end_matches(']');
    let number = |text: &str| text.trim().parse().ok().filter(|value: &f64| value.is_finite());
    let points: Vec<Option<f64>> = inner.split(',').map(number).collect();
    let known = || points.iter().flatten().copied();
    let (low, high) =
        known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if !low.is_finite() {
        return String::new();
    }
    let span = if high > low { high - low } else { 1.0 };
    #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
    let step = 100.0 / points.len().saturating_sub(1).max(1) as f64;
    let mut path = String::with_capacity(points.len() * 12);
    let mut pen_down = false;
    for (at, point) in points.iter().enumerate() {
        let Some(value) = point else {
            pen_down = false;
            continue;
        };
        #[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
        let x = at as f64 * step;
        // One unit of room above and below, so that the line is not cut; a flat series lies in the middle.
        let y = if high > low { 29.0 - (value - low) / span * 28.0 } else { 15.0 };
        // Writing to a String cannot fail.
        let _ = write!(path, "{}{x:.2} {y:.2}", if pen_down { 'L' } else { 'M' });
        pen_down = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[&str]) -> String {
        line(&format!("[{}]", values.join(",")))
    }

    #[test]
    fn a_series_fills_the_box() {
        assert_eq!(drawn(&["1", "3", "2"]), "M0.00 29.00L50.00 1.00L100.00 15.00");
        assert_eq!(drawn(&["2", "2"]), "M0.00 15.00L100.00 15.00");
    }

    #[test]
    fn what_is_no_number_leaves_a_gap() {
        assert_eq!(drawn(&["1", "null", "3"]), "M0.00 29.00M100.00 1.00");
        assert_eq!(drawn(&["null", "\"NaN\""]), "");
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&["1e400", "1"]), "M100.00 15.00", "what cannot be drawn is left out");
    }
}
