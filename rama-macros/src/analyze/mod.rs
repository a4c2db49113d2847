//! Facts about a lowered body, each analysis in a file of its own:
//!
//! - [`names`]: which variable each name means (shadowing, closures, format strings), and where jumps go.
//! - [`last_write`]: which writes cannot be followed by a failure.
//! - [`joins`]: where a body is cut, so that no code stands in too many segments.
//! - [`liveness`]: which variables are needed after each await.
//! - [`ownership`]: who writes which PState.
//! - [`alignment`]: whether each access is on the task that owns its key.

pub(crate) mod alignment;
pub(crate) mod joins;
pub(crate) mod last_write;
pub(crate) mod liveness;
pub(crate) mod mentions;
pub(crate) mod names;
pub(crate) mod ownership;
pub(crate) mod patterns;
