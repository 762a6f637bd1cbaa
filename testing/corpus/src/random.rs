//! Numbers that are the same on every platform.

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number from 0 to `limit` - 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    pub fn index(&mut self, limit: usize) -> usize {
        let below = self.below(u64::try_from(limit).unwrap_or(0));
        usize::try_from(below).unwrap_or(0)
    }

    /// Yes, in so many of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A number between two, small ones as likely as large ones: each doubling has the same weight.
    pub fn magnitude(&mut self, low: u64, high: u64) -> u64 {
        let doublings = (high / low.max(1)).max(1).ilog2();
        let base = low << self.below(u64::from(doublings) + 1);
        (base + self.below(base.max(1))).min(high)
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// An index below `count`, the first the likeliest: the n-th with a weight of 1/n.
    pub fn zipf(&mut self, table: &Zipf) -> usize {
        let at = self.below(table.total());
        table.0.partition_point(|sum| *sum <= at)
    }
}

/// Sums of the weights 1/n, in units small enough for whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct Zipf(Vec<u64>);

impl Zipf {
    pub fn new(count: u64) -> Self {
        const UNIT: u64 = 1 << 32;
        let mut sum = 0;
        let weights = (1..=count).map(|n| {
            sum += UNIT / n;
            sum
        });
        Self(weights.collect())
    }

    fn total(&self) -> u64 {
        self.0.last().copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_first_is_the_likeliest() {
        let (mut random, table) = (Random::new(1), Zipf::new(100));
        let mut counts = [0; 100];
        for _ in 0..10_000 {
            counts[random.zipf(&table)] += 1;
        }
        assert!(counts[0] > counts[1] && counts[1] > counts[9] && counts[9] > counts[99]);
        assert!((1_500..2_500).contains(&counts[0]), "{}", counts[0]);
    }
}
