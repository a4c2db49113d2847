//! What an event knows of where it runs.

use super::{EventError, Route};
use crate::key;
use serde::Serialize;

/// Which task of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskInfo {
    /// The task's id, from 0.
    pub task: u32,
    /// How many tasks the module has: a power of two.
    pub tasks: u32,
}

/// The context of the running event: where it runs, and where it may go.
#[derive(Debug)]
pub struct Cx {
    info: TaskInfo,
    shuffle: u32,
    /// The running event has made its last write, which cannot be taken back.
    succeeded: bool,
}

impl Cx {
    /// The context of a task. `shuffle` is where its round robin begins.
    #[must_use]
    pub fn new(info: TaskInfo, shuffle: u32) -> Self {
        Cx {
            info,
            shuffle,
            succeeded: false,
        }
    }

    /// An event begins.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.succeeded = false;
    }

    /// The event has made its last write: whatever panics now, a variable's `Drop`, say, it has succeeded.
    #[inline]
    pub fn succeeded(&mut self) {
        self.succeeded = true;
    }

    /// Whether the event has said so.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.succeeded
    }

    /// The running task.
    #[must_use]
    pub fn info(&self) -> TaskInfo {
        self.info
    }

    /// `hash_partition`: the owner of `key`.
    #[inline]
    pub fn hash<K: Serialize + ?Sized>(&self, key: &K) -> Result<Route, EventError> {
        Ok(Route::Task(key::owner(key, self.info.tasks - 1)?))
    }

    /// `global_partition`: task 0.
    #[must_use]
    pub fn global(&self) -> Route {
        Route::Task(0)
    }

    /// `direct_partition`: that task.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn direct(&self, task: usize) -> Result<Route, EventError> {
        match u32::try_from(task) {
            Ok(id) if id < self.info.tasks => Ok(Route::Task(id)),
            _ => Err(EventError::new(format!(
                "task {task} does not exist: the module has {} tasks",
                self.info.tasks
            ))),
        }
    }

    /// `shuffle_partition`: the next task, round robin.
    pub fn shuffle(&mut self) -> Route {
        self.shuffle = self.shuffle.wrapping_add(1) & (self.info.tasks - 1);
        Route::Task(self.shuffle)
    }

    /// `custom_partition`: the task that `choose`, given the number of tasks, names.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn custom(&self, choose: impl FnOnce(usize) -> usize) -> Result<Route, EventError> {
        self.direct(choose(self.info.tasks as usize))
    }

    /// `all_partition`: every task, this one included, in order of their ids.
    pub fn all(&self) -> impl Iterator<Item = Route> + use<> {
        (0..self.info.tasks).map(Route::Task)
    }
}
