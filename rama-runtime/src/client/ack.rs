//! What a processed record hands back to its appender.

use crate::error::{Error, Result};
use crate::topology::AckValue;

/// The values that the returning sources of a depot gave for one record, in the descriptor's order of these sources.
#[derive(Default)]
pub struct AckValues(Values);

#[derive(Default)]
enum Values {
    #[default]
    None,
    /// Of a depot with one returning source, as most are.
    One(AckValue),
    Several(std::vec::IntoIter<Option<AckValue>>),
}

impl AckValues {
    pub(crate) fn one(value: AckValue) -> Self {
        AckValues(Values::One(value))
    }

    pub(crate) fn several(values: Vec<Option<AckValue>>) -> Self {
        AckValues(Values::Several(values.into_iter()))
    }

    /// Takes the value of the next returning source. When several branches returned one, it is the last.
    ///
    /// # Errors
    /// [`Error::NoAckReturn`] when no branch of that source returned a `T`.
    pub fn take<T: 'static>(&mut self) -> Result<T> {
        let value = match std::mem::take(&mut self.0) {
            Values::None => None,
            Values::One(value) => Some(value),
            Values::Several(mut values) => {
                let value = values.next().flatten();
                self.0 = Values::Several(values);
                value
            }
        };
        value
            .ok_or(Error::NoAckReturn)?
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
