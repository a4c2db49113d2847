//! The module.

use super::job::{Flat, Job, Step};
use rama_runtime::AckLevel;
use rama_runtime::depot::DeadLetter;
use rama_runtime::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Does what its records say, and keeps account of it in every way that a PState has.
#[module]
pub struct Chaos {
    /// Steps that wait, fail and go round: each record has a tree of its own.
    #[depot(hash_by = |job: &Job| job.id)]
    jobs: Depot<Job>,
    /// Records that share trees.
    #[depot(random)]
    flats: Depot<Flat>,
    /// What topologies append: a record's id and step.
    #[depot(disallow, keep = 3)]
    forwards: Depot<(u64, u32)>,
    /// What failed for good: nothing does.
    #[depot(disallow)]
    dead: Depot<DeadLetter<Job>>,
    /// How often a step of a record was done, by key. Element by element.
    #[pstate(owner = work)]
    visits: PState<Map<u64, Visits>>,
    /// How many steps were done, by key: the last write of its event.
    #[pstate(owner = work)]
    totals: PState<Map<u64, u64>>,
    /// The records of the flat depot that were here, by key; by number of words, and in order of arrival.
    #[pstate(owner = flat)]
    arrived: PState<Map<u64, Arrived>>,
    /// How often each record came.
    #[pstate(owner = forwarded)]
    forwarded: PState<Map<(u64, u32), u64>>,
}

/// How often a step of a record was done.
pub type Visits = Subindexed<Map<(u64, u32), u64>>;

/// What was at a key.
#[derive(Fields)]
pub struct Arrived {
    /// How many came.
    count: u64,
    /// Their ids.
    ids: Subindexed<Set<u64>>,
    /// The same, in order.
    order: Subindexed<List<u64>>,
    /// The same as one value.
    few: Map<u64, u64>,
}

/// How often a step has failed, by what the program calls its life: outside of the module, as a service is that fails.
static FAILED: Mutex<BTreeMap<(u64, u32), u32>> = Mutex::new(BTreeMap::new());

/// Whether a step that is to fail so many times fails once more.
fn fails(id: u64, step: u32, times: u32) -> bool {
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    let so_far = failed.entry((id, step)).or_default();
    *so_far += 1;
    *so_far <= times
}

topology! {
    impl Chaos {
        /// One step after the other.
        #[stream(work, source = jobs, max_retries = 20, on_failure = dead)]
        async fn work(&mut self, job: Job) -> u64 {
            let id = job.id;
            let mut at = 0;
            for step in job.steps {
                match step {
                    Step::Visit(key) => {
                        hash_partition(&key).await;
                        self.visits.key(&key).key(&(id, at)).update(|n| *n += 1);
                        self.totals.key(&key).update(|n| *n += 1);
                    }
                    Step::Fan(keys) => {
                        let key = explode(keys).await;
                        hash_partition(&key).await;
                        self.visits.key(&key).key(&(id, at)).update(|n| *n += 1);
                        self.totals.key(&key).update(|n| *n += 1);
                    }
                    Step::Forward(key) => {
                        hash_partition(&key).await;
                        self.forwards.append((id, at)).await;
                    }
                    Step::ForwardAndWait(key) => {
                        hash_partition(&key).await;
                        self.forwards.append((id, at)).ack(AckLevel::Full).await;
                    }
                    Step::Yield => yield_if_overtime().await,
                    Step::Fail(times) => {
                        if fails(id, at, times) {
                            Err(format!("step {at} of {id}"))?;
                        }
                    }
                }
                at += 1;
            }
            u64::from(at)
        }

        /// All at once.
        #[stream(flat, source = flats)]
        async fn flat(&mut self, flat: Flat) {
            let id = flat.id;
            let key = explode(flat.keys).await;
            hash_partition(&key).await;
            let mut arrived = self.arrived.key(&key);
            arrived.by_ref().count().update(|n| *n += 1);
            arrived.by_ref().ids().insert(id);
            arrived.by_ref().order().push(id);
            arrived.few().key(&(id % 4)).update(|n| *n += 1);
        }

        /// What was forwarded.
        #[stream(forwarded, source = forwards)]
        async fn forwarded(&mut self, record: (u64, u32)) {
            hash_partition(&record).await;
            self.forwarded.key(&record).update(|n| *n += 1);
        }
    }
}
