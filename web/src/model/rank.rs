//! Orders for short lists.

/// The places of `keys`, the greatest first; of equal ones the one that stands before. Put in one by one: the lists are of authors
/// and the like, and a sort of its own for each would be a good part of the first download.
#[must_use]
pub fn greatest_first(keys: &[i64]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(keys.len());
    for (at, key) in keys.iter().enumerate() {
        let place = order.partition_point(|other| keys[*other] >= *key);
        order.insert(place, at);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::greatest_first;

    #[test]
    fn the_greatest_stands_first_and_equal_ones_keep_their_order() {
        for (keys, order) in [
            (&[][..], &[][..]),
            (&[5], &[0]),
            (&[1, 3, 2, 3, -4], &[1, 3, 2, 0, 4]),
            (&[i64::MIN, i64::MAX, 0, 0], &[1, 2, 3, 0]),
        ] {
            assert_eq!(greatest_first(keys), order, "{keys:?}");
        }
    }
}
