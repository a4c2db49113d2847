//! All that a module's source names: `use rama_runtime::prelude::*;`.

pub use crate::cluster::{InProcessCluster, Launch};
pub use crate::depot::{AckLevel, DeadLetter, Depot};
pub use crate::error::Error;
pub use crate::module::StartFrom;
pub use crate::ops::*;
pub use crate::pstate::{List, Map, PState, Set, Subindexed};
pub use rama_macros::{Fields, module, topologies, topology};
