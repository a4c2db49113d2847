//! All that generated code may name, and nothing else. No part of it is stable: it fits this version's macros.
//!
//! - `compile!` gets a module's declaration and its topologies; [`Module`] is what it implements.
//! - A topology becomes a [`Machine`] by way of [`ClosureMachine`]; its segments return a [`Flow`]: where to go on. What
//!   goes on in several places, or waits, is emitted through a [`Sink`].
//! - Descriptors are plain constant data.
//! - Clients are made of [`DepotClient`], [`DepotReader`], [`PStateClient`] and [`GlobalCursor`].

pub use crate::__rama_editor as editor;
pub use crate::client::{
    AckValues, App, ClientPartitioner, DepotClient, DepotReader, PrivatePState, unpack_nothing, unpack_one,
};
pub use crate::depot::{DeadLetter, Depot, DepotPartition, Failure, Fetch, NoCodec, NoRecord, RecordCodec};
pub use crate::error::Result;
pub use crate::exec::{Program, program};
pub use crate::group::{Changes, Entries, Evicting, StoreError};
pub use crate::key::hash_of;
pub use crate::module::descriptor::*;
pub use crate::module::{Declared, Module, Shape, Shapes, declared};
pub use crate::pstate::derive::*;
pub use crate::pstate::{
    Migration, NoPartition, Ownership, PState, PStateClient, PStatePartition, Partition, Step, global_pstate, hash_with,
};
pub use crate::question::{FromResidual, Question};
pub use crate::topology::*;
pub use rama_macros::__compile as compile;

/// The operations, for the same.
pub mod editor_operations {
    pub use crate::editor::*;
}

/// What `topology!` shows to rust-analyzer: its tokens as they are.
#[doc(hidden)]
#[macro_export]
macro_rules! __rama_editor {
    ($($tokens:tt)*) => { $($tokens)* };
}

/// The cursor of a global PState's client.
pub type GlobalCursor<M, S> = <S as crate::pstate::Schema>::Cursor<crate::pstate::Remote<M, S>, crate::pstate::Root<S>>;
