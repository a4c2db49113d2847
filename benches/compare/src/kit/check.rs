//! Whether a contender's results are those of a straight line of code in one thread.

use super::hash::FxMap;
use super::input;
use std::fmt::Debug;
use std::hash::Hash;

/// A contender computed something else than the reference.
#[derive(Debug)]
pub struct Wrong(pub String);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "wrong result: {}", self.0)
    }
}

impl std::error::Error for Wrong {}

/// Checks how often each word was counted, all workers together.
pub fn words(got: impl IntoIterator<Item = (String, u64)>) -> Result<(), Wrong> {
    let mut expected: FxMap<String, u64> = FxMap::default();
    for line in input::lines() {
        for word in line.split(' ') {
            *expected.entry_ref(word).or_default() += 1;
        }
    }
    same(expected, got)
}

/// Checks how often each number was counted, all workers together.
pub fn numbers(got: impl IntoIterator<Item = (u64, u64)>) -> Result<(), Wrong> {
    let mut expected: FxMap<u64, u64> = FxMap::default();
    for number in input::numbers() {
        *expected.entry(number).or_default() += 1;
    }
    same(expected, got)
}

/// Checks that `got` has exactly the entries of `expected`, each once.
pub fn same<K, V>(mut expected: FxMap<K, V>, got: impl IntoIterator<Item = (K, V)>) -> Result<(), Wrong>
where
    K: Eq + Hash + Debug,
    V: PartialEq + Debug,
{
    let short = |value: &V| format!("{value:?}").chars().take(200).collect::<String>();
    for (key, value) in got {
        match expected.remove(&key) {
            Some(right) if right == value => {}
            Some(right) => {
                let (value, right) = (short(&value), short(&right));
                return Err(Wrong(format!("{key:?} has {value}, and should have {right}")));
            }
            None => {
                let value = short(&value);
                return Err(Wrong(format!(
                    "{key:?} has {value}, and should not be there, or not twice"
                )));
            }
        }
    }
    match expected.iter().next() {
        None => Ok(()),
        Some((key, right)) => Err(Wrong(format!(
            "{} entries are missing; one is {key:?}, which should have {}",
            expected.len(),
            short(right)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: &[(u64, u64)]) -> String {
        let expected = FxMap::from_iter([(1, 10), (2, 20)]);
        same(expected, got.iter().copied()).map_or_else(|wrong| wrong.to_string(), |()| "right".to_owned())
    }

    #[test]
    fn results_are_right_only_if_every_entry_is_there_once_with_the_right_value() {
        assert_eq!(check(&[(2, 20), (1, 10)]), "right");
        assert!(check(&[(2, 20), (1, 11)]).contains("1 has 11, and should have 10"));
        assert!(check(&[(2, 20), (1, 10), (2, 20)]).contains("not twice"));
        assert!(check(&[(2, 20), (3, 1), (1, 10)]).contains("3 has 1"));
        assert!(check(&[(2, 20)]).contains("1 entries are missing"));
    }
}
