//! What the code that `#[derive(Fields)]` generates refers to.

pub use super::edit::PlaceUndo;
use super::edit::{Put, Remove};
pub use super::path::{Field, HasField, Path, undo_field};
pub use super::schema::{Schema, type_shape, whole};
use super::schema::{load_nested, remove_nested, store_nested};
pub use super::site::{Local, Read, Site};
use crate::group::{Changes, Entries, Evicting, StoreError};
use std::fmt;

/// Reads the whole struct at `path`.
pub fn get_fields<X, P>(site: X, path: P) -> X::Answer<Option<<P::Target as Schema>::Value>>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path,
{
    site.read(path, |node| node.map(P::Target::value))
}

/// Says whether any field of the struct at `path` was written.
pub fn fields_exist<X, P>(site: X, path: P) -> X::Answer<bool>
where
    X: Read<P> + Site<Root = P::Root>,
    P: Path,
{
    site.read(path, |node| node.is_some())
}

/// Puts a whole struct at `path`.
pub fn set_fields<S, P>(site: Local<'_, S>, path: P, value: <P::Target as Schema>::Value)
where
    S: Schema,
    P: Path<Root = S>,
{
    site.edit(path, Put(P::Target::build(value)));
}

/// Removes the struct at `path`, and says whether there was one.
pub fn remove_fields<S, P>(site: Local<'_, S>, path: P) -> bool
where
    S: Schema,
    P: Path<Root = S>,
{
    site.edit(path, Remove)
}

/// Appends the encoding of a field's place, in a struct that is stored as one value.
///
/// # Errors
/// When a value's own `Serialize` fails.
pub fn encode_field<S: Schema>(place: &Option<S::Node>, out: &mut Vec<u8>) -> Result<(), StoreError> {
    out.push(u8::from(place.is_some()));
    match place {
        Some(node) => S::encode(node, out),
        None => Ok(()),
    }
}

/// How many fields are encoded: at most as many as the struct has; further ones hold nothing.
///
/// # Errors
/// When there are more.
pub fn decode_fields(input: &mut &[u8], most: u8) -> Result<u8, StoreError> {
    match input.split_first() {
        Some((&fields, rest)) if fields <= most => {
            *input = rest;
            Ok(fields)
        }
        _ => Err(damaged("a struct has more fields than its type".to_owned())),
    }
}

/// Takes a field's place off the front, if there is one.
///
/// # Errors
/// When the bytes are not its encoding.
pub fn decode_field<S: Schema>(fields: &mut u8, input: &mut &[u8]) -> Result<Option<S::Node>, StoreError> {
    let Some(left) = fields.checked_sub(1) else {
        return Ok(None);
    };
    *fields = left;
    match input.split_first() {
        Some((0, rest)) => {
            *input = rest;
            Ok(None)
        }
        Some((1, rest)) => {
            *input = rest;
            S::decode(input).map(Some)
        }
        _ => Err(damaged("a field is neither there nor not there".to_owned())),
    }
}

fn damaged(reason: String) -> StoreError {
    StoreError::Damaged { reason }
}

/// Which fields of a struct, that is stored field by field, are in the store.
#[derive(Debug, Default)]
pub struct StoredFields {
    /// A bit a field; `None` before the struct is first stored: then whatever stands at its place is another one's.
    bits: Option<[u64; 4]>,
}

impl StoredFields {
    /// The struct is about to be written.
    ///
    /// # Errors
    /// None; it leaves room for them.
    pub fn begin(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        if self.bits.is_none() {
            self.bits = Some([0; 4]);
            changes.clear();
            changes.put(|_| Ok(()))?;
        }
        Ok(())
    }

    /// The struct has been found in the store.
    pub fn found(&mut self) {
        self.bits = Some([0; 4]);
    }

    /// Sets the field's bit; says whether it was set.
    fn set(&mut self, field: u8, to: bool) -> bool {
        let bits = self.bits.get_or_insert_default();
        let (word, bit) = (&mut bits[usize::from(field / 64)], 1u64 << (field % 64));
        let was = *word & bit != 0;
        *word = if to { *word | bit } else { *word & !bit };
        was
    }
}

/// Writes a field's place, in a struct some of whose fields are stored element by element.
///
/// # Errors
/// When a key's or a value's own `Serialize` fails.
pub fn store_field<S: Schema>(
    place: &mut Option<S::Node>,
    number: u8,
    stored: &mut StoredFields,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let was = stored.set(number, place.is_some());
    let mark = changes.step_to_field(number);
    match place {
        Some(node) => store_nested::<S>(node, changes)?,
        None if was => remove_nested::<S>(changes),
        None => {}
    }
    changes.back(mark);
    Ok(())
}

/// Reads back what [`store_field`] wrote.
///
/// # Errors
/// When something else stands there.
pub fn load_field<S: Schema>(
    entries: &mut Entries<'_>,
    number: u8,
    stored: &mut StoredFields,
) -> Result<Option<S::Node>, StoreError> {
    let Some(place) = entries.step_to_field(number) else {
        return Ok(None);
    };
    let node = load_nested::<S>(entries)?;
    entries.back(place)?;
    stored.set(number, node.is_some());
    Ok(node)
}

/// About how many bytes of a field may leave memory.
pub fn weigh_field<S: Schema>(place: &Option<S::Node>) -> usize {
    place.as_ref().map_or(0, S::weight)
}

/// What is in the store of a field leaves memory.
pub fn evict_field<S: Schema>(place: &mut Option<S::Node>, number: u8, evicting: &mut Evicting) {
    if let Some(node) = place {
        let back = evicting.step_to_field(number);
        S::evict(node, evicting);
        evicting.back(back);
    }
}

/// A field's value, apart from other fields' values of one type.
pub struct Numbered<const N: usize, T>(pub T);

impl<const N: usize, T: fmt::Debug> fmt::Debug for Numbered<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const N: usize, T: PartialEq> PartialEq for Numbered<N, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
