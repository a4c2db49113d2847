//! A module: what it declares, and its per-task view.

pub mod descriptor;
pub mod graph;

pub use descriptor::{ModuleDescriptor, StartFrom};

use crate::client::App;
use crate::depot::DepotPartition;
use crate::exec::Program;
use crate::pstate::{Migration, PStatePartition};
use crate::topology::TaskInfo;

/// A struct with `#[module]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "[RM0011] `{Self}` is not declared as a module",
    label = "this struct has no `#[module]`",
    note = "topologies belong to a module: write `#[module]` above the struct, and `#[depot(..)]` or `#[pstate(..)]` at its fields"
)]
pub trait Declared {}

/// Where a struct without `#[module]` is reported, at its name in `topology!`.
#[doc(hidden)]
pub fn declared<M: Declared>() {}

/// What is stored looks like this, in the descriptor's order.
#[derive(Debug, Default)]
pub struct Shapes {
    /// Of the PStates.
    pub pstates: Vec<Shape>,
    /// Of the depots' records.
    pub records: Vec<Shape>,
}

/// What a PState or the records of a depot look like when they are stored.
#[derive(Debug)]
pub struct Shape {
    /// A record's type. (That of a PState is told by its partitions.)
    pub shape: String,
    /// What the field was called in an earlier version.
    pub renamed_from: Option<&'static str>,
    /// How a PState's values are made out of those of an earlier version.
    pub migration: Option<Migration>,
}

/// A module: depots, PStates and topologies, living together on one set of tasks (Rama: `RamaModule`).
///
/// Made by `#[module]` on a struct and `topology!` (or `#[topologies]`) on its `impl`; never implemented by hand. A value
/// of the struct is the view of **one task**: its depot partitions and its PState partitions.
#[diagnostic::on_unimplemented(
    message = "[RM0011] `{Self}` is not a complete module",
    label = "its topologies are not declared, or did not compile",
    note = "annotate the struct with `#[module]` and declare its topologies once: `topology! {{ impl {Self} {{ .. }} }}`"
)]
pub trait Module: Sized + Send + 'static {
    /// Everything declared, as constant data.
    const DESCRIPTOR: &'static ModuleDescriptor;

    /// The typed client: one accessor a depot and a PState that is not private.
    type Client: Clone + Send + Sync + 'static;

    /// The empty view of one task.
    fn new(task: TaskInfo) -> Self;

    /// Wraps a handle of the launched module in its typed client.
    fn client(app: App<Self>) -> Self::Client;

    /// The task's partition of depot number `index` of the descriptor. (Called once a batch, not per event.)
    fn depot(&mut self, index: usize) -> Option<&mut dyn DepotPartition>;

    /// The task's partition of PState number `index` of the descriptor. (Called once an epoch.)
    fn pstate(&mut self, index: usize) -> Option<&mut dyn PStatePartition>;

    /// What PStates and records look like when they are stored.
    fn shapes() -> Shapes;

    /// The compiled topologies, in the descriptor's order.
    fn programs() -> Vec<Box<dyn Program<Self>>>;

    /// The event succeeded: its writes and staged appends become the partitions' state.
    fn commit(&mut self);

    /// The event failed: its writes and staged appends are undone.
    fn rollback(&mut self);
}
