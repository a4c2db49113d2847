//! What a processed record hands back to its appender.

use crate::error::{Error, Result};
use crate::topology::AckValue;

/// The values that the returning sources of a depot gave for one record, in the descriptor's order of these sources.
#[derive(Default)]
pub struct AckValues {
    values: std::vec::IntoIter<Option<AckValue>>,
}

impl AckValues {
    pub(crate) fn new(values: Vec<Option<AckValue>>) -> Self {
        AckValues {
            values: values.into_iter(),
        }
    }

    /// Takes the value of the next returning source. When several branches returned one, it is the last.
    ///
    /// # Errors
    /// [`Error::NoAckReturn`] when no branch of that source returned a `T`.
    pub fn take<T: 'static>(&mut self) -> Result<T> {
        let value = self.values.next().flatten().ok_or(Error::NoAckReturn)?;
        value
            .downcast::<T>()
            .map(|value| *value)
            .map_err(|_| Error::NoAckReturn)
    }
}

/// The ack of a depot none of whose sources returns a value.
///
/// # Errors
/// None.
pub fn unpack_nothing(_values: &mut AckValues) -> Result<()> {
    Ok(())
}

/// The ack of a depot with one source that returns a value.
///
/// # Errors
/// As [`AckValues::take`].
pub fn unpack_one<T: 'static>(values: &mut AckValues) -> Result<T> {
    values.take()
}
