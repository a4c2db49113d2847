//! Reproducible random numbers, and Zipf's law: a few items are drawn very often, most of them rarely.

/// Spreads the bits of a number: equal numbers give equal results, close ones nothing alike.
#[inline]
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Random numbers that follow from a seed.
pub struct Random(u64);

impl Random {
    /// The numbers of that seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next one.
    #[inline]
    pub fn next(&mut self) -> u64 {
        let value = mix(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        value
    }

    /// The next one, below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Draws ranks from `0..n`, rank `k` as often as `1 / (k + 1)^s` says, at the cost of one table look-up (Walker's alias
/// method).
pub struct Zipf {
    keep: Vec<u32>,
    alias: Vec<u32>,
}

impl Zipf {
    /// Ranks below `n`, with exponent `s`.
    pub fn new(n: usize, s: f64) -> Self {
        let weights: Vec<f64> = (1..=n).map(|rank| (rank as f64).powf(-s)).collect();
        let sum: f64 = weights.iter().sum();
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight / sum * n as f64).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|&rank| shares[rank] < 1.0);
        let mut keep = vec![u32::MAX; n];
        let mut alias: Vec<u32> = (0..n as u32).collect();
        while let (Some(&rich), Some(poor)) = (large.last(), small.pop()) {
            keep[poor] = (shares[poor] * f64::from(u32::MAX)) as u32;
            alias[poor] = rich as u32;
            shares[rich] -= 1.0 - shares[poor];
            if shares[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Zipf { keep, alias }
    }

    /// The next rank.
    #[inline]
    pub fn draw(&self, random: &mut Random) -> usize {
        let bits = random.next();
        let slot = (((bits >> 32) * self.keep.len() as u64) >> 32) as usize;
        if (bits as u32) <= self.keep[slot] {
            slot
        } else {
            self.alias[slot] as usize
        }
    }
}
