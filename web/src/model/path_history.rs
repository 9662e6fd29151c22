//! One path over the last versions of a state.

use stateloft_core::json::{Document, Pointer};

use super::scale::{extent, place};

/// The value of the path in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPoint {
    /// Which version.
    pub version: u64,
    /// When, in microseconds since the epoch.
    pub at: i64,
    /// Who.
    pub author: Option<std::sync::Arc<str>>,
    /// Its JSON text; absent where the document has no such path, or there is no document.
    pub value: Option<String>,
}

/// The path over time, oldest first, without the versions that left it as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct PathHistory {
    /// The versions that changed it; the first is the oldest looked at.
    pub points: Vec<PathPoint>,
    /// How many versions were looked at.
    pub looked_at: usize,
    /// Lowest and highest value, when every value is a number and one of them differs.
    pub range: Option<(f64, f64)>,
}

/// The text of the value at a path.
#[must_use]
pub fn value_at(document: &Document, pointer: &Pointer) -> Option<String> {
    Some(document.tape().get(pointer)?.text().to_owned())
}

impl PathHistory {
    /// Takes the versions looked at, oldest first.
    #[must_use]
    pub fn of(all: Vec<PathPoint>) -> Self {
        let looked_at = all.len();
        let mut points: Vec<PathPoint> = Vec::new();
        for point in all {
            if points.last().is_none_or(|last| last.value != point.value) {
                points.push(point);
            }
        }
        let numeric =
            points.iter().all(|point| point.value.as_deref().is_none_or(|text| place(text).is_some()));
        let values = points.iter().filter_map(|point| place(point.value.as_deref()?));
        let range = extent(values).filter(|_| numeric && points.len() > 1);
        Self { points, looked_at, range }
    }

    /// How many of the versions looked at changed the path; the oldest one cannot be said to.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.points.len().saturating_sub(1)
    }

    /// The values for drawing.
    #[must_use]
    pub fn values(&self) -> Vec<Option<f64>> {
        self.points.iter().map(|point| place(point.value.as_deref()?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(values: &[Option<&str>]) -> PathHistory {
        let point = |(value, version): (Option<&str>, u64)| PathPoint {
            version,
            at: 0,
            author: None,
            value: value.map(str::to_owned),
        };
        PathHistory::of(values.iter().copied().zip(1..).map(point).collect())
    }

    #[test]
    fn versions_that_left_the_path_alone_are_no_points() {
        let told = history(&[Some("1"), Some("1"), Some("1.0"), Some("1.0"), Some("3")]);
        assert_eq!(told.points.iter().map(|point| point.version).collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!((told.changes(), told.looked_at, told.range), (2, 5, Some((1.0, 3.0))));
    }

    #[test]
    fn a_gap_is_no_zero_and_words_are_a_list() {
        let told = history(&[Some("1"), None, Some("2")]);
        assert_eq!(told.values(), [Some(1.0), None, Some(2.0)]);
        assert!(told.range.is_some());
        assert_eq!(history(&[Some("\"a\""), Some("2")]).range, None);
        assert_eq!(history(&[Some("2"), Some("2")]).range, None, "nothing to draw");
        assert_eq!(history(&[]).changes(), 0);
    }
}
