//! Plain values as a schema.

use super::cursor::ValueCursor;
use super::schema::{Plain, Schema, type_shape};
use crate::group::{StoreError, value};

/// Takes back a write to a plain value: the value before.
#[derive(Debug)]
pub struct ValueUndo<T>(pub(super) T);

#[diagnostic::do_not_recommend]
impl<T: Plain> Schema for T {
    type Node = T;
    type Undo = ValueUndo<T>;
    type Value = T;
    type Cursor<X, P> = ValueCursor<X, P>;
    type Partition = ();

    fn vacant() -> Option<T> {
        None
    }

    fn build(value: T) -> T {
        value
    }

    fn value(node: &T) -> T {
        node.clone()
    }

    fn replaced(old: T) -> ValueUndo<T> {
        ValueUndo(old)
    }

    fn undo(node: &mut T, undo: ValueUndo<T>) {
        *node = undo.0;
    }

    fn shape() -> String {
        type_shape::<T>()
    }

    const FLAT: bool = true;

    fn encode(node: &T, out: &mut Vec<u8>) -> Result<(), StoreError> {
        value::encode(node, out)
    }

    fn decode(input: &mut &[u8]) -> Result<T, StoreError> {
        value::decode(input)
    }

    #[inline(always)]
    fn cursor<X, P>(site: X, path: P) -> ValueCursor<X, P> {
        ValueCursor::new(site, path)
    }
}
