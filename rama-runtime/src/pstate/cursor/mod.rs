//! Cursors: typed ways to a place of a PState, with the reads and writes of what stands there.
//!
//! The same cursor type serves this task's partition (reads and writes, synchronous) and another task's (reads, as
//! futures). A cursor is used up by the read, the write or the step it takes; `by_ref` keeps a local one.

mod list;
mod map;
mod range;
mod refused;
mod set;
mod value;

pub use list::ListCursor;
pub use map::{EntryCursor, MapCursor};
pub use range::{ListRange, MapRange, SetRange};
pub use set::SetCursor;
pub use value::{Counter, ValueCursor};
