//! Typed handles of a launched module. Cheap to clone; all methods may be called from any thread or task.

mod ack;
mod app;
mod append;
mod batch;
mod consumer;
mod depot;
mod pending;
mod reader;
mod refused;
mod settled;

pub use ack::{AckValues, unpack_nothing, unpack_one};
pub use app::App;
pub use append::{ClientAppend, ClientAppendAt};
pub use batch::{BatchAppend, BatchAppendAt};
pub use consumer::{Consumer, Unread};
pub use depot::{ClientPartitioner, DepotClient};
pub use reader::DepotReader;
#[doc(hidden)]
pub use refused::{ClientsAppend, ClientsReadPrivate, ClientsWrite, PrivatePState};

pub(crate) use pending::{Outcome, Pending};
