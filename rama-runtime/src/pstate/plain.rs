//! Plain values as a schema.

use super::cursor::ValueCursor;
use super::schema::{Plain, Schema};

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

    #[inline(always)]
    fn cursor<X, P>(site: X, path: P) -> ValueCursor<X, P> {
        ValueCursor::new(site, path)
    }
}
