//! What records say.

use rama_runtime::testing::Rng;
use serde::{Deserialize, Serialize};

/// A record: steps, one after the other, each an event of its own or more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// No other record has it.
    pub id: u64,
    /// What to do.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Hops to the owner of the key, and notes there that it was.
    Visit(u64),
    /// Goes on once for each key, from its owner, having noted that it was there.
    Fan(Vec<u64>),
    /// Appends a record to another depot, from the owner of the key.
    Forward(u64),
    /// The same, and waits until it is processed.
    ForwardAndWait(u64),
    /// Lets others have their turn.
    Yield,
    /// Fails, the first so many times that it comes here.
    Fail(u32),
}

/// A record whose events follow from each other at once, so that many share a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    /// No other record has it.
    pub id: u64,
    /// Where to go, from the source.
    pub keys: Vec<u64>,
}

/// So few keys that records meet.
pub const KEYS: u64 = 12;

/// A number below `below`.
pub fn pick(rng: &mut Rng, below: u64) -> u64 {
    rng.next_u64() % below
}

impl Job {
    /// A record with that id, of a few steps.
    pub fn random(id: u64, rng: &mut Rng) -> Job {
        let steps = pick(rng, 5) + 1;
        let mut fans = 0;
        let steps = (0..steps).map(|_| match pick(rng, 16) {
            0..8 => Step::Visit(pick(rng, KEYS)),
            8 | 9 if fans < 2 => {
                fans += 1;
                Step::Fan((0..pick(rng, 4)).map(|_| pick(rng, KEYS)).collect())
            }
            10..12 => Step::Forward(pick(rng, KEYS)),
            12 => Step::ForwardAndWait(pick(rng, KEYS)),
            13 => Step::Yield,
            14 => Step::Fail(pick(rng, 3) as u32),
            _ => Step::Visit(pick(rng, KEYS)),
        });
        Job {
            id,
            steps: steps.collect(),
        }
    }

    /// How often it may fail.
    pub fn failures(&self) -> u64 {
        let failures = |step: &Step| match step {
            Step::Fail(times) => u64::from(*times),
            _ => 0,
        };
        self.steps.iter().map(failures).sum()
    }
}

impl Flat {
    /// A record with that id, of a few keys.
    pub fn random(id: u64, rng: &mut Rng) -> Flat {
        Flat {
            id,
            keys: (0..pick(rng, 5)).map(|_| pick(rng, KEYS)).collect(),
        }
    }
}
