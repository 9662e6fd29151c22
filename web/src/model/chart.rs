//! Lines over a day. Where nothing was measured there is no line; over idle steps a pale one joins what was.

use std::fmt::Write as _;

/// A line in a box.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Path data of what was measured.
    pub line: String,
    /// Path data over steps in which there was nothing to measure.
    pub idle: String,
    /// Where the last measured value stands.
    pub end: (f64, f64),
    /// The lowest and the highest value.
    pub range: (f64, f64),
}

/// Draws values, one a step, in a box of this width and height (y grows downwards). `awake` says of each step whether the
/// server ran at all. `None` if nothing was measured.
#[must_use]
pub fn chart(values: &[Option<f64>], awake: &[bool], (width, height): (f64, f64)) -> Option<Chart> {
    let range = super::scale::extent(values.iter().flatten().copied())?;
    let place = |at: usize, value: f64| {
        let x = if values.len() < 2 { width } else { width * float(at) / float(values.len() - 1) };
        let share = if range.1 > range.0 { (value - range.0) / (range.1 - range.0) } else { 0.0 };
        (x, height * (1.0 - share))
    };
    let mut chart = Chart { line: String::new(), idle: String::new(), end: (width, height), range };
    let mut before: Option<(usize, (f64, f64))> = None;
    for (at, value) in values.iter().enumerate() {
        if !awake.get(at).copied().unwrap_or(true) {
            before = None;
        }
        let Some(value) = *value else { continue };
        let here = place(at, value);
        // Writing to a String cannot fail.
        let _ = match before {
            Some((last, _)) if last + 1 == at => write!(chart.line, "L{:.1} {:.1}", here.0, here.1),
            // A line of no length is drawn as a dot by its round ends.
            other => {
                if let Some((_, from)) = other {
                    let _ = write!(chart.idle, "M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, here.0, here.1);
                }
                write!(chart.line, "M{:.1} {:.1}h0", here.0, here.1)
            }
        };
        before = Some((at, here));
        chart.end = here;
    }
    Some(chart)
}

#[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: (f64, f64) = (100.0, 10.0);

    #[test]
    fn a_line_fills_its_box_and_says_its_range() {
        let drawn = chart(&[Some(1.0), Some(3.0), Some(2.0)], &[true; 3], BOX).unwrap();
        assert_eq!(drawn.line, "M0.0 10.0h0L50.0 0.0L100.0 5.0");
        assert_eq!((drawn.idle.as_str(), drawn.end, drawn.range), ("", (100.0, 5.0), (1.0, 3.0)));
        let flat = chart(&[Some(7.0)], &[true], BOX).unwrap();
        assert_eq!((flat.line.as_str(), flat.range), ("M100.0 10.0h0", (7.0, 7.0)));
    }

    #[test]
    fn idle_steps_are_pale_and_sleep_is_a_gap() {
        let values = [Some(0.0), None, Some(1.0), None, Some(0.0)];
        let drawn = chart(&values, &[true, true, true, false, true], BOX).unwrap();
        assert_eq!(drawn.line, "M0.0 10.0h0M50.0 0.0h0M100.0 10.0h0");
        assert_eq!(drawn.idle, "M0.0 10.0L50.0 0.0");
        assert_eq!(chart(&[None, None], &[true; 2], BOX), None);
    }
}
