//! Tokens to declarations. Parsing is lenient: what can be understood is, and the rest is reported.

pub(crate) mod block;
pub(crate) mod module;
pub(crate) mod options;
pub(crate) mod recover;
pub(crate) mod scan;
pub(crate) mod topologies;
