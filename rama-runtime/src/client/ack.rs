//! What a processed record hands back to its appender.

use crate::error::{Error, Result};
use crate::topology::AckValue;

/// The values that the returning sources of a depot gave for one record, in the descriptor's order of these sources.
#[derive(Default)]
pub struct AckValues {
    values: Vec<Option<AckValue>>,
}

impl AckValues {
    pub(crate) fn new(values: Vec<Option<AckValue>>) -> Self {
        AckValues { values }
    }

    /// Takes the value of returning source number `place`. When several branches returned one, it is the last.
    ///
    /// # Errors
    /// [`Error::NoAckReturn`] when no branch of that source returned a `T`.
    pub fn take<T: 'static>(&mut self, place: usize) -> Result<T> {
        let value = self
            .values
            .get_mut(place)
            .and_then(Option::take)
            .ok_or(Error::NoAckReturn)?;
        value
            .downcast::<T>()
            .map(|value| *value)
            .map_err(|_| Error::NoAckReturn)
    }
}
