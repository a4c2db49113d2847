//! Randomness.

use std::hash::{BuildHasher, Hasher};

/// A small fast generator (wyrand): good enough for event ids and for spreading, not for secrets.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The generator whose sequence is decided by `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Rng { state: seed }
    }

    /// The next number.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0xa076_1d64_78bd_642f);
        let wide = u128::from(self.state) * u128::from(self.state ^ 0xe703_7ed1_a0b4_28db);
        // Folding both halves is what the generator is; the casts keep them.
        (wide >> 64) as u64 ^ wide as u64
    }
}

/// A number that nobody can foresee, from the keys that the standard library draws for its hash maps.
pub(super) fn entropy() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}
