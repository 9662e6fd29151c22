//! Which rows of a long list are in sight.

/// Where each row starts, from the heights of the rows (px).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heights {
    /// `starts[i]` is where row `i` starts; one more for the end.
    starts: Vec<u32>,
}

impl Heights {
    /// Adds the heights up.
    #[must_use]
    pub fn of(heights: impl Iterator<Item = u32>) -> Self {
        let mut starts = vec![0];
        let mut end = 0_u32;
        for height in heights {
            end = end.saturating_add(height);
            starts.push(end);
        }
        Self { starts }
    }

    /// The height of all rows.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Where a row starts; the end for a row that does not exist.
    #[must_use]
    pub fn start_of(&self, row: usize) -> u32 {
        self.starts.get(row).copied().unwrap_or_else(|| self.total())
    }

    /// The rows that overlap the stretch of `length` px from `top`: first, and the one after the last.
    #[must_use]
    pub fn window(&self, top: f64, length: f64) -> (usize, usize) {
        let rows = self.starts.len() - 1;
        let first = self.starts.partition_point(|start| f64::from(*start) <= top).saturating_sub(1).min(rows);
        let last = self.starts.partition_point(|start| f64::from(*start) < top + length).min(rows);
        (first, last.max(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_in_sight_and_no_others() {
        let heights = Heights::of([24, 32, 32, 28, 32].into_iter());
        assert_eq!(heights.total(), 148);
        assert_eq!(heights.window(-400.0, 100.0), (0, 0));
        assert_eq!(heights.window(0.0, 24.0), (0, 1));
        assert_eq!(heights.window(30.0, 40.0), (1, 3));
        assert_eq!(heights.window(100.0, 1000.0), (3, 5));
        assert_eq!(heights.start_of(3), 88);
        assert_eq!(heights.start_of(99), 148);
        assert_eq!(Heights::of(std::iter::empty()).window(0.0, 100.0), (0, 0));
    }
}
