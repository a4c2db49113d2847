//! The ids of runs, and what an event tree will be told of them.

use crate::env::Rng;

/// Gives runs their ids, and keeps account of them: see `exec/trees.rs`.
pub(crate) struct Ids {
    /// The id with which the running events came, until it is handed on; 0 when there is none.
    own: u64,
    /// What is still to be folded into the tree's word.
    word: u64,
    rng: Rng,
}

impl Ids {
    pub(crate) fn new(rng: Rng) -> Self {
        Ids { own: 0, word: 0, rng }
    }

    /// Events come with that id; 0 if they start their tree.
    pub(crate) fn come_with(&mut self, id: u64) {
        self.own = id;
    }

    /// The id of what is sent on next: the one that came, or, where that is given away, a new one. (Zero would be
    /// invisible in its tree's word.)
    #[inline(never)]
    pub(crate) fn take(&mut self) -> u64 {
        match std::mem::take(&mut self.own) {
            0 => {
                let fresh = self.rng.next_u64() | 1;
                self.word ^= fresh;
                fresh
            }
            id => id,
        }
    }

    /// What was sent with that id will not run after all.
    pub(crate) fn take_back(&mut self, id: u64) {
        self.word ^= id;
    }

    /// The events are done. Returns what is to be folded into their tree's word.
    pub(crate) fn leave(&mut self) -> u64 {
        std::mem::take(&mut self.word) ^ std::mem::take(&mut self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Ids {
        Ids::new(Rng::new(7))
    }

    #[test]
    fn a_run_hands_its_own_id_to_the_first_that_follows_and_new_ones_to_others() {
        let mut ids = ids();
        ids.come_with(5);
        assert_eq!(ids.take(), 5);
        let (second, third) = (ids.take(), ids.take());
        assert!(second != 0 && third != 0 && second != third);
        assert_eq!(ids.leave(), second ^ third, "the tree waits for two more");
        assert_eq!(ids.leave(), 0);
    }

    #[test]
    fn an_id_that_nothing_follows_is_given_back() {
        let mut ids = ids();
        ids.come_with(5);
        assert_eq!(ids.leave(), 5);
        ids.come_with(9);
        let (own, other) = (ids.take(), ids.take());
        ids.take_back(other);
        ids.take_back(own);
        assert_eq!(ids.leave(), 9, "whatever was sent was taken back");
    }
}
