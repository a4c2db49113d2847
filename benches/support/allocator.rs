//! The global allocator of everything in this package, by the features of the package.

#[cfg(feature = "count-allocations")]
mod counting;

#[cfg(feature = "count-allocations")]
pub use counting::allocated;

#[cfg(all(feature = "mimalloc", not(feature = "count-allocations")))]
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Which one it is.
pub const ALLOCATOR: &str = if cfg!(feature = "mimalloc") {
    "mimalloc"
} else {
    "the system's allocator"
};

/// What was allocated since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allocated {
    /// How often: a reallocation counts as one.
    pub times: u64,
    /// How many bytes were asked for: all of the new size, of a reallocation.
    pub bytes: u64,
}

/// What was allocated so far: only the feature `count-allocations` knows.
#[cfg(not(feature = "count-allocations"))]
#[must_use]
pub fn allocated() -> Option<Allocated> {
    None
}
