//! What must have come of records that are done.

use super::job::{Flat, Job, Step};
use std::collections::BTreeMap;

/// What all of a module's records must have done, each once; some of it more than once, where a record failed and was tried again.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Expected {
    /// How often a step was done at a key, at least and at most.
    pub visits: BTreeMap<(u64, u64, u32), (u64, u64)>,
    /// How often a step was forwarded.
    pub forwarded: BTreeMap<(u64, u32), (u64, u64)>,
    /// How often a flat record came to a key.
    pub arrived: BTreeMap<(u64, u64), u64>,
}

impl Expected {
    /// A record that is done.
    pub fn job(&mut self, job: &Job) {
        // Each failed attempt may have done everything, too.
        let attempts = job.failures() + 1;
        let mut branches = 1;
        for (at, step) in (0..).zip(&job.steps) {
            let mut add = |key: u64, times: u64| {
                let (least, most) = self.visits.entry((key, job.id, at)).or_default();
                *least += times;
                *most += times * attempts;
            };
            match step {
                Step::Visit(key) => add(*key, branches),
                Step::Fan(keys) => {
                    keys.iter().for_each(|key| add(*key, branches));
                    branches *= keys.len() as u64;
                }
                Step::Forward(_) | Step::ForwardAndWait(_) => {
                    let (least, most) = self.forwarded.entry((job.id, at)).or_default();
                    *least += branches;
                    *most += branches * attempts;
                }
                Step::Yield | Step::Fail(_) => {}
            }
        }
        self.visits.retain(|_, (least, _)| *least > 0);
        self.forwarded.retain(|_, (least, _)| *least > 0);
    }

    /// A flat record that is done.
    pub fn flat(&mut self, flat: &Flat) {
        for key in &flat.keys {
            *self.arrived.entry((*key, flat.id)).or_default() += 1;
        }
    }
}
