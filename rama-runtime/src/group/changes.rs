//! What a task group changes in one epoch: operations on keys.
//!
//! ```text
//!   operation   put: 0   remove: 1   clear: 2
//!   key         length (varint), bytes
//!   value       of a put: length (u32, little endian), bytes
//! ```
//!
//! Operations say what stands there afterwards, not how it came to be: so doing some of them twice, in their order, is the
//! same as doing them once. That is what lets the store lag behind the log.

use super::order;
use super::store::StoreError;
use serde::Serialize;

const PUT: u8 = 0;
const REMOVE: u8 = 1;
const CLEAR: u8 = 2;

/// The longest key of the store, with all that leads to it, in bytes.
const MOST_KEY: usize = 65_000;

/// Operations, in order, and the key of the place that is being written.
#[derive(Debug, Default)]
pub struct Changes {
    bytes: Vec<u8>,
    key: Vec<u8>,
    stamp: Option<Stamp>,
    /// Entries of PStates may leave memory.
    spills: bool,
    /// Bytes that were read from the store since the last cut.
    read: usize,
}

/// With which cut something is stored, and how far the store has come: where entries may leave memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The lowest bits of the cut's number.
    pub(crate) cut: u32,
    /// Those of the last cut whose changes are in the store.
    pub(crate) archived: u32,
}

impl Stamp {
    /// Whether the store has what was stored with that cut.
    pub(crate) fn has(self, cut: u32) -> bool {
        // Numbers go round after years; what differs by more than half of all is later.
        self.archived.wrapping_sub(cut) < 1 << 31
    }
}

/// How long the key was before a step.
#[derive(Debug, Clone, Copy)]
#[must_use = "without `back`, what follows is written below the step"]
pub struct Mark(usize);

impl Changes {
    /// Those of that cut. `spills`: entries of PStates may leave memory.
    pub(crate) fn stamped(stamp: Stamp, spills: bool) -> Self {
        Changes {
            stamp: Some(stamp),
            spills,
            ..Changes::default()
        }
    }

    /// The cut, where entries of PStates may leave memory.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.stamp.filter(|_| self.spills)
    }

    /// So many bytes were read from the store.
    pub(crate) fn note_read(&mut self, bytes: usize) {
        self.read += bytes;
    }

    /// How many were.
    pub(crate) fn bytes_read(&self) -> usize {
        self.read
    }

    /// The cut.
    pub(crate) fn cut(&self) -> Stamp {
        self.stamp.unwrap_or(Stamp { cut: 0, archived: 0 })
    }

    /// Writes below `prefix` from now on.
    pub(crate) fn at(&mut self, prefix: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(prefix);
    }

    /// One step down, to the entry of `key`.
    ///
    /// # Errors
    /// When the key's own `Serialize` fails.
    pub fn step<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<Mark, StoreError> {
        let mark = Mark(self.key.len());
        order::encode(key, &mut self.key).map_err(|error| StoreError::Key {
            reason: error.to_string(),
        })?;
        if self.key.len() == mark.0 {
            // Of a type with one value, such as `()`. The entry must not stand where the collection itself does.
            self.key.push(0);
        }
        if self.key.len() > MOST_KEY {
            return Err(StoreError::Key {
                reason: format!("with what leads to it, it has more than {MOST_KEY} bytes"),
            });
        }
        Ok(mark)
    }

    /// One step down, to field number `field`.
    pub fn step_to_field(&mut self, field: u8) -> Mark {
        let mark = Mark(self.key.len());
        self.key.push(field);
        mark
    }

    /// Back up.
    pub fn back(&mut self, mark: Mark) {
        self.key.truncate(mark.0);
    }

    /// The place holds what `encode` writes.
    ///
    /// # Errors
    /// Those of `encode`; or when the value has more than 4 GiB.
    pub fn put(&mut self, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.operation(PUT);
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        encode(&mut self.bytes)?;
        let length = u32::try_from(self.bytes.len() - length_at - 4).map_err(|_| StoreError::TooLarge)?;
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// The place holds nothing.
    pub fn remove(&mut self) {
        self.operation(REMOVE);
    }

    /// Neither the place nor anything below it holds anything.
    pub fn clear(&mut self) {
        self.operation(CLEAR);
    }

    fn operation(&mut self, operation: u8) {
        self.bytes.push(operation);
        push_length(&mut self.bytes, self.key.len());
        self.bytes.extend_from_slice(&self.key);
    }

    /// Their encoding, so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds operations that were written before.
    pub(crate) fn extend(&mut self, operations: &[u8]) {
        self.bytes.extend_from_slice(operations);
    }

    /// Takes them out.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        // The lowest seven bits.
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    Put(&'a [u8], &'a [u8]),
    Remove(&'a [u8]),
    /// Everything that begins with these bytes.
    Clear(&'a [u8]),
}

/// Hands each operation in `bytes` to `each`, in order.
///
/// # Errors
/// When the bytes are not such operations; and those of `each`.
pub(crate) fn read(
    mut bytes: &[u8],
    mut each: impl FnMut(Change<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let damaged = || StoreError::Damaged {
        reason: "a commit holds what is no change".to_owned(),
    };
    while let Some((&operation, rest)) = bytes.split_first() {
        let (length, rest) = take_length(rest).ok_or_else(damaged)?;
        let (key, mut rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let change = match operation {
            PUT => {
                let (length, behind) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
                let length = u32::from_le_bytes(*length) as usize;
                let (value, behind) = behind.split_at_checked(length).ok_or_else(damaged)?;
                rest = behind;
                Change::Put(key, value)
            }
            REMOVE => Change::Remove(key),
            CLEAR => Change::Clear(key),
            _ => return Err(damaged()),
        };
        each(change)?;
        bytes = rest;
    }
    Ok(())
}

fn take_length(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        bytes = rest;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((length, bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_what_they_were() {
        let mut changes = Changes::default();
        changes.at(&[9]);
        let mark = changes.step(&5u8).unwrap();
        changes
            .put(|out| {
                out.extend_from_slice(b"xyz");
                Ok(())
            })
            .unwrap();
        changes.back(mark);
        let mark = changes.step_to_field(3);
        changes.remove();
        changes.back(mark);
        changes.at(&[7; 200]);
        changes.clear();
        let bytes = changes.take();
        let mut expected = vec![0, 2, 9, 5, 3, 0, 0, 0, b'x', b'y', b'z'];
        expected.extend([1, 2, 9, 3]);
        expected.extend([2, 0xc8, 1]);
        expected.extend([7; 200]);
        assert_eq!(bytes, expected);
        let mut read = Vec::new();
        super::read(&bytes, |change| {
            read.push(format!("{change:?}"));
            Ok(())
        })
        .unwrap();
        let expected = [
            format!("{:?}", Change::Put(&[9, 5], b"xyz")),
            format!("{:?}", Change::Remove(&[9, 3])),
            format!("{:?}", Change::Clear(&[7; 200])),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn bytes_that_are_no_changes_are_an_error_wherever_they_end() {
        let mut changes = Changes::default();
        changes.at(&[9, 8]);
        changes.put(value_of).unwrap();
        let bytes = changes.take();
        for end in 1..bytes.len() {
            assert!(super::read(&bytes[..end], |_| Ok(())).is_err(), "{end}");
        }
        assert!(super::read(&[3, 0], |_| Ok(())).is_err());
        // A length without end.
        assert!(
            super::read(
                &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                |_| Ok(())
            )
            .is_err()
        );
    }

    #[allow(clippy::unnecessary_wraps, reason = "as `put` wants it")]
    fn value_of(out: &mut Vec<u8>) -> Result<(), StoreError> {
        out.push(1);
        Ok(())
    }
}
