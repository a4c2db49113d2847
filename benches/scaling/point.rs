//! What one point measures, and how a process tells it to the one that started it.

use std::fmt;
use std::str::FromStr;

/// What was measured at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Records a second.
    pub(crate) rate: f64,
    /// Memory in bytes; 0 where it is not known. Before: with the input made and the module launched.
    pub(crate) before: u64,
    /// The most that there was from then on.
    pub(crate) peak: u64,
    /// When everything is processed.
    pub(crate) after: u64,
}

impl Measured {
    /// The median of each number by itself.
    pub(crate) fn median(runs: &[Measured]) -> Measured {
        let bytes = |of: fn(&Measured) -> u64| {
            let mut all: Vec<u64> = runs.iter().map(of).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        let mut rates: Vec<f64> = runs.iter().map(|run| run.rate).collect();
        rates.sort_by(f64::total_cmp);
        Measured {
            rate: rates[rates.len() / 2],
            before: bytes(|run| run.before),
            peak: bytes(|run| run.peak),
            after: bytes(|run| run.after),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured {
            rate,
            before,
            peak,
            after,
        } = self;
        writeln!(f, "POINT {rate} {before} {peak} {after}")
    }
}

impl FromStr for Measured {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let line = text.lines().find_map(|line| line.strip_prefix("POINT ")).ok_or(())?;
        let mut words = line.split(' ');
        let rate = words.next().and_then(|word| word.parse().ok()).ok_or(())?;
        let mut bytes = || words.next().and_then(|word| word.parse().ok()).ok_or(());
        Ok(Measured {
            rate,
            before: bytes()?,
            peak: bytes()?,
            after: bytes()?,
        })
    }
}
