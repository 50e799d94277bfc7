//! What is told of many measurements.

/// What so many of a thousand measurements do not exceed: one that was measured, never one in between.
pub(crate) fn per_mille(values: impl IntoIterator<Item = u64>, share: usize) -> Option<u64> {
    let mut sorted: Vec<u64> = values.into_iter().collect();
    sorted.sort_unstable();
    let rank = (sorted.len() * share).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied()
}

pub(crate) fn median(values: impl IntoIterator<Item = u64>) -> Option<u64> {
    per_mille(values, 500)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_thousand_values_each_share_is_the_value_of_that_rank() {
        let values = || (1..=1000).rev();
        assert_eq!(per_mille(values(), 500), Some(500));
        assert_eq!(per_mille(values(), 990), Some(990));
        assert_eq!(per_mille(values(), 999), Some(999));
        assert_eq!(per_mille(values(), 1000), Some(1000));
    }

    #[test]
    fn of_few_values_the_greatest_shares_are_the_greatest_value() {
        assert_eq!(per_mille([3, 1, 2], 990), Some(3));
        assert_eq!(per_mille([3, 1, 2], 0), Some(1));
        assert_eq!(median([3, 1, 2]), Some(2));
        assert_eq!(median([4, 1, 2, 3]), Some(2));
        assert_eq!(median([7]), Some(7));
    }

    #[test]
    fn of_nothing_there_is_no_median() {
        assert_eq!(median([]), None);
    }
}
