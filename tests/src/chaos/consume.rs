//! A named consumer of a depot of which little is kept, and what must be true of its positions.

use super::module::ChaosClient;
use futures_util::future::BoxFuture;
use rama_runtime::prelude::*;
use rama_runtime::{Error, StorageError, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const NAME: &str = "auditor";

/// What the outside knows of the consumer, by partition.
#[derive(Clone, Default)]
pub(super) struct Consumed(Arc<Mutex<BTreeMap<u32, Positions>>>);

/// Between which positions it must be.
#[derive(Clone, Copy, Default)]
struct Positions {
    /// The greatest that was acknowledged.
    acked: u64,
    /// The greatest that was ever asked for.
    asked: u64,
}

impl Consumed {
    /// Reads some records of that partition, and commits them, or not. No two of these at once.
    ///
    /// # Errors
    /// What is wrong, in words. That the module ends is not.
    pub(super) fn consume(
        &self,
        app: &ChaosClient,
        partition: u32,
        most: usize,
        commits: bool,
    ) -> BoxFuture<'static, Result<(), String>> {
        let (consumed, app) = (self.clone(), app.clone());
        Box::pin(async move {
            match consumed.step(&app, partition, most, commits).await {
                // Records that are missing would be found so.
                Err(Error::Storage {
                    error: StorageError::Store(error @ StoreError::Damaged { .. }),
                    ..
                }) => Err(format!("the consumer of partition {partition} cannot read: {error}")),
                Ok(None) | Err(Error::ShutDown | Error::Storage { .. }) => Ok(()),
                Ok(Some(wrong)) => Err(wrong),
                Err(error) => Err(format!("the consumer of partition {partition} failed: {error}")),
            }
        })
    }

    /// Says what is wrong.
    async fn step(
        &self,
        app: &ChaosClient,
        partition: u32,
        most: usize,
        commits: bool,
    ) -> Result<Option<String>, Error> {
        // One that is joined again begins anew, if it is not there any more: in all partitions.
        for partition in 0..app.tasks() {
            let is_there = app.forwards().consumers(partition).await?.contains_key(NAME);
            let known = self.change(partition, |_| {});
            if known.acked > 0 && !is_there {
                return Ok(Some(format!("the consumer of partition {partition} is gone")));
            }
            if !is_there {
                self.change(partition, |positions| positions.asked = 0);
            }
        }
        let known = self.change(partition, |_| {});
        let consumer = app.forwards().consumer(NAME, StartFrom::Beginning).await?;
        let unread = consumer.read(partition, most).await?;
        let first = unread.first;
        // One that is new (also one that was made in a life of which little was durable) begins behind what was never kept for it.
        let is_new = known.asked == 0;
        if !is_new && !(known.acked..=known.asked).contains(&first) {
            let Positions { acked, asked } = known;
            return Ok(Some(format!(
                "the consumer of partition {partition} is at {first}, not within {acked}..={asked}"
            )));
        }
        let next = unread.next();
        if commits || is_new {
            self.change(partition, |positions| {
                positions.asked = positions.asked.max(next).max(1)
            });
            consumer.commit(partition, next).await?;
            self.change(partition, |positions| positions.acked = positions.acked.max(next));
        }
        Ok(None)
    }

    fn change(&self, partition: u32, change: impl FnOnce(&mut Positions)) -> Positions {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let positions = all.entry(partition).or_default();
        change(positions);
        *positions
    }

    /// What was acknowledged may be gone.
    pub(super) fn forget(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values_mut().for_each(|positions| positions.acked = 0);
    }
}
