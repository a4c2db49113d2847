//! What the workloads process, the same in every run: made before the clock starts.

use super::zipf::{Random, Zipf, mix};
use std::collections::HashSet;

/// Different words.
const VOCABULARY: usize = 100_000;
/// Words in a line.
const WORDS_A_LINE: usize = 10;
/// Different numbers.
const NUMBERS: usize = 1_000_000;
/// The exponent of Zipf's law, about that of English text.
pub const EXPONENT: f64 = 1.05;

/// The environment variables that change the sizes of workloads.
pub const SIZES: [&str; 4] = ["N_WORDS", "N_KEYS", "N_CALLS", "N_POSTS"];

/// A size of a workload: its own, or what the environment variable says.
pub fn size(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Err(_) => default,
        Ok(text) => match text.parse() {
            Ok(size) if size > 0 => size,
            _ => panic!("the environment variable {variable} is no size: `{text}`"),
        },
    }
}

/// How many words W1 has: `N_WORDS`, in whole lines.
pub fn word_count() -> usize {
    size("N_WORDS", 20_000_000) / WORDS_A_LINE * WORDS_A_LINE
}

/// How many numbers W2 has: `N_KEYS`.
pub fn number_count() -> usize {
    size("N_KEYS", 50_000_000)
}

/// Different words of 3 to 12 letters.
fn vocabulary() -> Vec<String> {
    let mut random = Random::new(42);
    let mut seen = HashSet::new();
    let mut words = Vec::with_capacity(VOCABULARY);
    while words.len() < VOCABULARY {
        let length = 3 + random.below(10);
        let word: String = (0..length).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// The lines of W1: ten words each, with one space between two words.
pub fn lines() -> impl Iterator<Item = String> {
    let vocabulary = vocabulary();
    let zipf = Zipf::new(VOCABULARY, EXPONENT);
    let mut random = Random::new(7);
    (0..word_count() / WORDS_A_LINE).map(move |_| {
        let mut line = String::with_capacity(88);
        for place in 0..WORDS_A_LINE {
            if place > 0 {
                line.push(' ');
            }
            line.push_str(&vocabulary[zipf.draw(&mut random)]);
        }
        line
    })
}

/// The numbers of W2: not dense, so that no contender gets by with an array.
pub fn numbers() -> impl Iterator<Item = u64> {
    let zipf = Zipf::new(NUMBERS, EXPONENT);
    let mut random = Random::new(11);
    (0..number_count()).map(move |_| mix(zipf.draw(&mut random) as u64))
}

/// All of it, in memory for as long as the process runs: the threads of some engines take nothing shorter lived.
pub fn leak<T>(items: impl Iterator<Item = T>) -> &'static [T] {
    let mut all: Vec<T> = items.collect();
    all.shrink_to_fit();
    all.leak()
}

/// The part of worker `worker` among two.
pub fn half<T>(all: &[T], worker: usize) -> &[T] {
    let middle = all.len() / 2;
    if worker == 0 { &all[..middle] } else { &all[middle..] }
}

/// `items` as batches, each owned: what a client hands over.
pub fn batches<T>(items: impl Iterator<Item = T>, size: usize) -> Vec<Vec<T>> {
    let mut items = items.peekable();
    std::iter::from_fn(|| {
        items.peek()?;
        Some(items.by_ref().take(size).collect())
    })
    .collect()
}
