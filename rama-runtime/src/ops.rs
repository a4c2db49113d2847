//! The operations that a topology's body awaits.
//!
//! They are written as calls, and `topology!` compiles them away: at each await the variables that are still needed are
//! saved, and the body resumes where and as often as the operation says. So an await may resume zero, one or many times.
//! The code between two awaits is one *event*: it runs alone on its task, and its writes are atomic.
//!
//! The functions here carry the documentation, and let an editor know the names; outside of a topology, what they return
//! cannot be awaited.
//!
//! Two more operations are no functions: `self.depot.append(record).await` ([`Depot::append`](crate::depot::Depot::append)),
//! and `self.operation(arguments).await`, which inlines an `async fn` of the same block that has no topology attribute.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What an operation gives to `.await`, inside a topology.
#[must_use = "an operation does nothing unless it is awaited in a topology"]
pub struct Operation<T> {
    value: PhantomData<T>,
}

fn operation<T>() -> Operation<T> {
    Operation { value: PhantomData }
}

/// Where an operation may be awaited: never outside of a topology, whose compiler takes the `.await` away. So nothing
/// implements it; it exists for its message.
#[diagnostic::on_unimplemented(
    message = "[RM0004] an operation can be awaited only in a topology",
    label = "this `.await` is not in a body that `topology!` compiles",
    note = "operations move a topology from task to task: write this in an `async fn` inside `topology! {{ impl Module {{ .. }} }}`",
    note = "inside a topology it must stand in the body itself, not in an `async` block or another function"
)]
pub trait AwaitedInTopology {}

/// Of no operation: it exists for the message of [`AwaitedInTopology`].
impl<T: AwaitedInTopology> Future for Operation<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<T> {
        // No `T` is `AwaitedInTopology`.
        Poll::Pending
    }
}

/// Resumes once, on the task that owns `key` (Rama: `hashPartition`). Always a new event, even if it is the same task.
///
/// The owner is the [partition hash](crate::key) of the key's canonical encoding, modulo the number of tasks.
pub fn hash_partition<K: serde::Serialize + ?Sized>(_key: &K) -> Operation<()> {
    operation()
}

/// `path_partition(self.pstate.key(&key))`: resumes once, where that PState keeps `key`, by its own partitioner (Rama:
/// `pathPartition`).
pub fn path_partition<P>(_path: P) -> Operation<()> {
    operation()
}

/// Resumes once, on task 0 (Rama: `globalPartition`).
pub fn global_partition() -> Operation<()> {
    operation()
}

/// Resumes once, on that task (Rama: `directPartition`). An id out of range fails the event.
pub fn direct_partition(_task: usize) -> Operation<()> {
    operation()
}

/// Resumes once, on a task chosen round robin (Rama: `shufflePartition`). Not the same one in a retry.
pub fn shuffle_partition() -> Operation<()> {
    operation()
}

/// Resumes once on every task, this one included (Rama: `allPartition`). What is needed after it is cloned.
pub fn all_partition() -> Operation<()> {
    operation()
}

/// Resumes once, on the task that `choose`, given the number of tasks, names (Rama: `customPartition`). An id out of range
/// fails the event.
pub fn custom_partition(_choose: impl FnOnce(usize) -> usize) -> Operation<()> {
    operation()
}

/// Resumes once per item, with the item, on this task (Rama: `Ops.EXPLODE`): next, in order, each as an event of its own.
/// What is needed after it is cloned. No items, no branches.
///
/// Where a partitioner stands right behind it, an item's own event would do nothing but go on: then all items are sent from one
/// event, in their order, and if that fails (its iterator panics, say), none is. This is also the fastest way to send many things
/// many ways. The items may be borrowed (`let word: &str = explode(line.split(' ')).await`), also from a PState.
pub fn explode<I: IntoIterator>(_items: I) -> Operation<I::Item> {
    operation()
}

/// `fork(async { .. });` starts the block as a branch of its own, on this task, when the running event is over; the code after it does
/// not wait (Rama: a branch on an anchor), so what that sends to a task is there first. What both need is cloned. Not awaited.
pub fn fork(_branch: impl Future<Output = ()>) {}

/// Resumes once, on this task: at once while the event is within its time budget, else after other events had their turn
/// (Rama: `yieldIfOvertime`).
pub fn yield_if_overtime() -> Operation<()> {
    operation()
}

/// Resumes once, with what `future` yields, when it is done; the task's thread is free meanwhile (Rama: `eachAsync`). The
/// future runs on tokio. One that panics fails the event.
///
/// A future cannot be stored, so it is made again after a crash. For that the body is cut in front: what stands before the
/// `external` is an event of its own; the next one evaluates the argument and waits. Between them travels what the argument uses and
/// what is needed behind the await, and of a durable module that is stored while the future runs. So
///
/// - what the argument uses owns its data and is `Serialize + DeserializeOwned + Send + 'static`. What cannot be stored, as a client or
///   a pool, stands in a `static` that the future itself names; and the future is made in the argument, `external(fetch(url)).await`, not
///   in a variable in front;
/// - the argument may read PStates, outside of an `async` block (that runs elsewhere), and neither writes them nor appends: that would
///   be done again;
/// - of a durable module the future begins when the event that made it is durable: never for a record that a crash then takes back,
///   and one sync later;
/// - what it does outside of the module happens at least once: again after a crash, and for each attempt at its record. Let it carry
///   the record's own id.
///
/// Where it fails (a panic, or an error that the body returns with `?`), the record is tried again *from its start*, as after any other
/// failure: what the body wrote in front is written once more. So write behind the `external`, or what is the same when it is written
/// twice. A record that times out is tried again, too; its future is not stopped, and its end is ignored.
pub fn external<F: Future + Send + 'static>(_future: F) -> Operation<F::Output> {
    operation()
}
