//! What a compiled topology is made of: the contract between the compiler's output and the runtime.
//!
//! `topology!` turns each topology into a [`Machine`]: a typed enum of *hops* (one variant a resumption point, holding
//! the *scope*, the variables that are still live there) and a function that runs one event. The runtime owns everything
//! else: queues, order, event trees, retries.
//!
//! ```text
//!   record ── start ──► segment 0 ── Flow ──► Hop::S1(scope) ── queue of the target task ── step ──► segment 1 ── ...
//! ```

mod arena;
mod cx;
mod emit;
mod envelope;
mod flow;
mod ids;
mod lent;
mod machine;
mod out;
mod portable;
mod scope;
mod witness;

pub(crate) use arena::Arena;
pub use arena::Leaves;
pub use cx::{Cx, TaskInfo};
pub use emit::{Emit, Route, Sink};
pub(crate) use envelope::{Envelope, Envelopes, Run, TreeRef};
pub use flow::{AckValue, EventError, Flow};
pub use lent::{lend_bytes, lend_text, lent_bytes, lent_text};
pub use machine::{ClosureMachine, Machine, Prepare};
pub use out::Out;
pub(crate) use out::{BATCH, Place, check_wire};
pub use portable::{Branch, Portable, Record, Remade, Wire, WireError, branched, carried, record, remade};
pub use scope::LoopState;
pub use witness::{Witness, same_type};
