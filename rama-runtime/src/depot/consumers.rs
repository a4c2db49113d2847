//! Named consumers: readers outside of the module, whose positions are kept with the partition.

use super::Depot;
use crate::error::{Error, Result};
use crate::exec::insist;
use crate::group::{StoreError, value};
use crate::module::descriptor::StartFrom;
use std::collections::BTreeMap;

/// How far each consumer has come in one partition.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    positions: BTreeMap<String, u64>,
    /// Whether that has changed since it was stored.
    changed: bool,
}

impl Consumers {
    /// What [`encode`](Self::encode) wrote.
    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self, StoreError> {
        Ok(Consumers {
            positions: value::decode(&mut bytes)?,
            changed: false,
        })
    }

    /// Appends the positions.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        value::encode(&self.positions, out)
    }

    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// They are stored.
    pub(super) fn stored(&mut self) {
        self.changed = false;
    }

    /// Where the slowest one is.
    pub(super) fn least(&self) -> Option<u64> {
        self.positions.values().min().copied()
    }

    fn set(&mut self, name: &str, position: u64) {
        self.changed = true;
        self.positions.insert(name.to_owned(), position);
    }
}

/// What a partition is asked of a consumer. `now`: milliseconds since 1970.
impl<R> Depot<R> {
    /// The position of that consumer. One that is new begins where `from` says.
    pub(crate) fn join(&mut self, consumer: &str, from: StartFrom, now: u64) -> Result<u64> {
        if let Some(position) = self.consumers.positions.get(consumer) {
            return Ok(*position);
        }
        let position = self.place(from, now).map_err(Self::storage)?;
        self.consumers.set(consumer, position);
        Ok(position)
    }

    /// The position of that consumer.
    pub(crate) fn position(&self, consumer: &str) -> Result<u64> {
        let position = self.consumers.positions.get(consumer);
        position.copied().ok_or_else(|| Error::NoSuchConsumer {
            consumer: consumer.to_owned(),
        })
    }

    /// That consumer is at `position` now: it does not ask for the records before it any more.
    pub(crate) fn advance(&mut self, consumer: &str, position: u64, now: u64) -> Result<()> {
        if self.position(consumer)? == position {
            return Ok(());
        }
        let (start, end) = (self.info().start, self.info().end);
        if !(start..=end).contains(&position) {
            return Err(Error::NoSuchPosition {
                consumer: consumer.to_owned(),
                position,
                start,
                end,
            });
        }
        self.consumers.set(consumer, position);
        insist(|| self.retain(now));
        Ok(())
    }

    /// There is no such consumer any more. Says whether there was.
    pub(crate) fn leave(&mut self, consumer: &str, now: u64) -> bool {
        let known = self.consumers.positions.remove(consumer).is_some();
        if known {
            self.consumers.changed = true;
            insist(|| self.retain(now));
        }
        known
    }

    /// All consumers, in order of their names.
    pub(crate) fn consumers(&self) -> BTreeMap<String, u64> {
        self.consumers.positions.clone()
    }
}
