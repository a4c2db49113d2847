//! The benches are the files beside this one: `cargo bench -p rama-benches`.
