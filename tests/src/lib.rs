//! Tests of the whole: the compiler and the runtime together. See the files under `tests/`.
//!
//! [`chaos`] is a module whose records say what to do, and what must be true of it whatever happens: the programs `simulate`
//! (on a simulated disk, from a seed) and `crash` (real processes, killed) stand on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod chaos;
