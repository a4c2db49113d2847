//! Which records a partition still has, and where in it a reader begins.

use super::Depot;
use crate::group::StoreError;
use crate::module::descriptor::{Keep, StartFrom};

/// `now`: milliseconds since 1970.
impl<R> Depot<R> {
    /// Lets go of the records that `keep` does not want, of those that everyone is done with.
    pub(super) fn retain(&mut self, now: u64) {
        let end = self.log.end();
        let done = self
            .consumers
            .least()
            .map_or(self.processed, |least| least.min(self.processed));
        let first = match self.keep {
            None => self.first,
            Some(Keep::Last(records)) => done.min(end.saturating_sub(records)),
            Some(Keep::Within { millis }) => {
                // Where time began later than that, nothing is so old.
                let young = now.checked_sub(millis).map(|old| self.young(old, now, done));
                young.unwrap_or(Ok(self.first)).unwrap_or_else(|error| {
                    // They only take room; whoever reads them is told.
                    if !std::mem::replace(&mut self.has_warned, true) {
                        tracing::warn!(%error, "records of a depot whose time is over could not be looked at: they stay");
                    }
                    self.first
                })
            }
        };
        self.first = self.first.max(first);
        self.times.forget_below(self.first);
        self.forget();
    }

    /// The first record that came behind that time, but not behind `limit`.
    fn young(&mut self, millis: u64, now: u64, limit: u64) -> Result<u64, StoreError> {
        let (mut first, here) = (self.first, self.times.since());
        if let Some(stored) = &mut self.stored {
            let mut bytes = 0;
            while first < here.min(limit) {
                let mut oldest = stored.oldest(first)?;
                if oldest.millis > now {
                    // The clock was wrong when these came. They are not younger than what came behind them.
                    let end = stored.first_below(now, oldest.end..here)?;
                    oldest.millis = if end < here { stored.info(end)?.millis } else { now };
                    oldest.end = end;
                }
                if oldest.millis > millis {
                    return Ok(first);
                }
                first = oldest.end;
                bytes += oldest.bytes + A_LOOK;
                if bytes > AT_ONCE {
                    return Ok(first.min(limit));
                }
            }
        }
        if first >= here {
            // Of that time itself is old, too.
            first = first.max(self.times.first_at(millis.saturating_add(1)));
        }
        Ok(first.min(limit))
    }

    /// Where a reader begins that begins there.
    pub(super) fn place(&self, from: StartFrom, now: u64) -> Result<u64, StoreError> {
        let (start, end) = (self.info().start, self.info().end);
        let place = match from {
            StartFrom::Beginning => start,
            StartFrom::End => end,
            StartFrom::Ago(records) => end.saturating_sub(records),
            StartFrom::Offset(offset) => offset,
            StartFrom::Within { millis } => self.first_at(now.saturating_sub(millis))?,
            StartFrom::Since { unix_millis } => self.first_at(unix_millis)?,
        };
        Ok(place.max(start).min(end))
    }

    /// The first record that came at that time or later.
    fn first_at(&self, millis: u64) -> Result<u64, StoreError> {
        let here = self.times.since();
        if let Some(stored) = &self.stored
            && self.first < here
        {
            let place = stored.first_at(millis, self.first..here)?;
            if place < here {
                return Ok(place);
            }
        }
        Ok(self.times.first_at(millis))
    }
}

/// So many bytes of chunks are looked at in one go, where a look counts as so many besides; the next time, it goes on.
const AT_ONCE: usize = 1 << 20;
const A_LOOK: usize = 16 << 10;
