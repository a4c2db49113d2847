//! Tests of PStates: one file a subject, one behaviour a test.

mod atomic;
mod format;
mod keeping;
mod lists;
mod maps;
mod model;
mod sets;
mod values;

use super::{PState, Schema};
use crate::topology::TaskInfo;

const ONLY: TaskInfo = TaskInfo { task: 0, tasks: 1 };

/// An empty partition of the only task.
fn empty<S: Schema>() -> PState<S> {
    PState::new(ONLY, None)
}
