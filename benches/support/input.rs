//! Inputs: the same ones in every run, made before anything is timed.

use std::collections::HashSet;

/// The exponent of all Zipf distributions here: about that of words in a natural language.
pub const EXPONENT: f64 = 1.05;
/// How many words a line has.
pub const WORDS_A_LINE: usize = 10;

/// A bijection of the numbers that looks random (the finaliser of SplitMix64).
#[must_use]
pub fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A generator of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator whose numbers this seed decides.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number: any.
    pub fn number(&mut self) -> u64 {
        let number = mix(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        number
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.number()) * end as u128) >> 64) as usize
    }

    /// Puts `items` into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

/// A Zipf distribution: rank `r` is drawn with a weight of 1 / (r + 1) ^ [`EXPONENT`]. By Walker's alias table, so a draw takes
/// constant time.
#[derive(Debug)]
pub struct Zipf {
    /// Of each column: up to where it is itself, and what it is beyond.
    columns: Vec<(u32, u32)>,
}

impl Zipf {
    /// The distribution over that many ranks.
    #[must_use]
    pub fn new(ranks: usize) -> Self {
        let weights = weights(ranks);
        let mean = weights.iter().sum::<f64>() / ranks as f64;
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
        let mut columns: Vec<(u32, u32)> = (0..ranks as u32).map(|rank| (u32::MAX, rank)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..ranks).partition(|&rank| shares[rank] < 1.0);
        while let Some(&giver) = large.last()
            && let Some(taker) = small.pop()
        {
            columns[taker] = ((shares[taker] * f64::from(u32::MAX)) as u32, giver as u32);
            shares[giver] -= 1.0 - shares[taker];
            if shares[giver] < 1.0 {
                large.pop();
                small.push(giver);
            }
        }
        Zipf { columns }
    }

    /// Draws a rank.
    pub fn draw(&self, random: &mut Random) -> usize {
        let column = random.below(self.columns.len());
        let (own, other) = self.columns[column];
        if random.number() as u32 <= own {
            column
        } else {
            other as usize
        }
    }
}

/// The Zipf weights of that many ranks, not normalised.
pub fn weights(ranks: usize) -> Vec<f64> {
    (1..=ranks).map(|rank| (rank as f64).powf(-EXPONENT)).collect()
}

/// Numbers, of `different` ones that lie anywhere, by Zipf.
#[must_use]
pub fn keys(count: usize, different: usize) -> Vec<u64> {
    let (zipf, mut random) = (Zipf::new(different), Random::new(11));
    (0..count).map(|_| mix(zipf.draw(&mut random) as u64)).collect()
}

/// Different words, of 3 to 12 letters.
#[must_use]
pub fn words(count: usize) -> Vec<String> {
    let mut random = Random::new(42);
    let mut seen = HashSet::new();
    let mut words = Vec::with_capacity(count);
    while words.len() < count {
        let letters = 3 + random.below(10);
        let word: String = (0..letters).map(|_| (b'a' + random.below(26) as u8) as char).collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// Lines of [`WORDS_A_LINE`] words, of `different` ones, by Zipf, a space between two.
#[must_use]
pub fn lines(count: usize, different: usize) -> Vec<String> {
    let (words, zipf, mut random) = (words(different), Zipf::new(different), Random::new(7));
    let mut line = || {
        let line: [&str; WORDS_A_LINE] = std::array::from_fn(|_| words[zipf.draw(&mut random)].as_str());
        line.join(" ")
    };
    (0..count).map(|_| line()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zipf_draws_by_weight() {
        let (zipf, mut random) = (Zipf::new(100), Random::new(1));
        let mut drawn = [0u32; 100];
        for _ in 0..200_000 {
            drawn[zipf.draw(&mut random)] += 1;
        }
        let weights = weights(100);
        let sum: f64 = weights.iter().sum();
        for rank in [0, 1, 9, 99] {
            let expected = weights[rank] / sum * 200_000.0;
            let off = (f64::from(drawn[rank]) - expected).abs() / expected;
            assert!(off < 0.1, "rank {rank}: {} drawn, {expected} expected", drawn[rank]);
        }
    }

    #[test]
    fn lines_are_of_ten_words() {
        for line in lines(10, 50) {
            assert_eq!(line.split(' ').count(), WORDS_A_LINE);
        }
    }
}
