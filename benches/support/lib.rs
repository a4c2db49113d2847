//! What the benches share: inputs, the modules that several of them run, and how they are driven.
//!
//! | to measure | run |
//! |---|---|
//! | throughput of a job | `cargo bench -p rama-benches --bench word_count` (or `exchange`, `fan_out`) |
//! | how long one append or read takes | `cargo bench -p rama-benches --bench round_trip` |
//! | edits and reads of PStates | `cargo bench -p rama-benches --bench pstate` |
//! | what happens as there is more of something | `cargo bench -p rama-benches --bench scaling` |
//! | instructions and allocations a record | `cargo run --release -p rama-benches --bin costs -- --help` |
//! | what durability costs | `cargo bench -p rama-benches --bench durable` |
//! | the check of alignment | `cargo bench -p rama-benches --bench alignment` |
//! | compile times | `cargo bench -p rama-benches --bench build_time` |
//!
//! The allocator is a choice of the application, and it matters: all of these link mimalloc, as a program that cares for speed
//! would; `--no-default-features` measures the system's instead. [`ALLOCATOR`](allocator::ALLOCATOR) says which one it is.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod allocator;
pub mod harness;
pub mod input;
pub mod memory;
pub mod modules;
pub mod running;
