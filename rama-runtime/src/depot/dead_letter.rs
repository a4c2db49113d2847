//! Records that failed for good.

use serde::{Deserialize, Serialize};

/// How a record failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error of the last attempt.
    pub error: String,
    /// How many attempts were made.
    pub attempts: u32,
    /// The topology.
    pub topology: &'static str,
    /// The source: the function's name.
    pub source: &'static str,
    /// The partition of the source's depot.
    pub partition: u32,
    /// The record's offset there.
    pub offset: u64,
}

/// A record of a dead-letter depot: what failed, why, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter<R> {
    /// The record.
    pub record: R,
    /// The error of the last attempt.
    pub error: String,
    /// How many attempts were made.
    pub attempts: u32,
    /// The source that gave up: the function's name.
    pub source: String,
    /// The partition of the source's depot.
    pub partition: u32,
    /// The record's offset there.
    pub offset: u64,
}

impl<R> DeadLetter<R> {
    /// The letter about `record`.
    pub fn new(record: R, failure: &Failure) -> Self {
        DeadLetter {
            record,
            error: failure.error.clone(),
            attempts: failure.attempts,
            source: failure.source.to_owned(),
            partition: failure.partition,
            offset: failure.offset,
        }
    }
}
