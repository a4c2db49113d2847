//! What runs a module: task threads, their queues, event trees, sources and retries.
//!
//! Each thread owns some tasks (task `t` lives on thread `t % threads`) and does its work in *turns* (`Thread::turn`):
//! take in messages, look at the clock, run queued hops, start records, and at the end let everything out that may leave
//! (`commit.rs`). What waits for messages between turns is apart (`run.rs`), so that turns of many threads can also be run
//! one after the other on a single thread.

mod arrivals;
mod batch;
mod commit;
mod counters;
mod epoch;
mod events;
mod external;
mod guard;
mod host;
mod layout;
mod message;
mod outbox;
mod phase;
mod program;
mod retry;
mod run;
mod shared;
mod slots;
mod source;
mod start;
mod thread;
mod timers;
mod trees;

#[cfg(test)]
mod tests;

pub use counters::{Counters, ThreadCounters};
pub use program::{Program, program};

pub(crate) use counters::Gauges;
pub use epoch::Sabotage;
pub(crate) use epoch::{Committer, EpochLimits, Epochs, Keeper, Plan, Step, ThreadPlan, ToCommitter};
pub(crate) use guard::{attempt, discard, insist};
pub(crate) use host::{Host, unix_millis};
pub(crate) use layout::{Layout, Limits};
pub(crate) use message::{Incoming, Message};
pub(crate) use run::{Prepared, run};
pub(crate) use shared::Shared;
pub(crate) use slots::{Ack, Places, Ticket};
pub(crate) use thread::{Thread, Turn};
