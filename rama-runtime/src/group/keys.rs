//! Where things stand in the store.
//!
//! ```text
//!   1  PState u16  task u32  path       a PState partition
//!   2  depot u16   task u32             where a depot partition begins and ends
//!   2  depot u16   task u32  offset u64 records that were stored together, by the first one's offset
//!   3  source u16  task u32             how far a source has come in a partition
//!   4  thread u32                       what was unfinished on a thread
//! ```
//!
//! Numbers are big endian. PStates, depots and sources are called by the numbers that the manifest gives to their names, so
//! that a later version of the module finds them wherever they are declared.

const PSTATE: u8 = 1;
const DEPOT: u8 = 2;
const SOURCE: u8 = 3;
const UNFINISHED: u8 = 4;

/// What is unfinished, on all threads.
pub(crate) const ALL_UNFINISHED: [u8; 1] = [UNFINISHED];

fn partition(space: u8, number: u16, task: u32) -> [u8; 7] {
    let mut key = [space; 7];
    key[1..3].copy_from_slice(&number.to_be_bytes());
    key[3..].copy_from_slice(&task.to_be_bytes());
    key
}

/// A PState partition.
pub(crate) fn pstate(number: u16, task: u32) -> [u8; 7] {
    partition(PSTATE, number, task)
}

/// A depot partition.
pub(crate) fn depot(number: u16, task: u32) -> [u8; 7] {
    partition(DEPOT, number, task)
}

/// A source's position in a depot partition.
pub(crate) fn source(number: u16, task: u32) -> [u8; 7] {
    partition(SOURCE, number, task)
}

/// All partitions of something that is gone.
pub(crate) fn all_partitions(of: Declared, number: u16) -> [u8; 3] {
    let space = match of {
        Declared::PState => PSTATE,
        Declared::Depot => DEPOT,
        Declared::Source => SOURCE,
    };
    let mut key = [space; 3];
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

/// What a module declares, and the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    PState,
    Depot,
    Source,
}

/// What was unfinished on a thread.
pub(crate) fn unfinished(thread: u32) -> [u8; 5] {
    let mut key = [UNFINISHED; 5];
    key[1..].copy_from_slice(&thread.to_be_bytes());
    key
}

/// Of a PState of plain values: whether a value stands at a key, given behind the PState's number. What else there is: of a map, how
/// many entries it has, at the partition's own place; and that a partition holds nothing.
pub(crate) fn is_value(below: &[u8], is_map: bool) -> bool {
    const TASK: usize = size_of::<u32>();
    if is_map {
        below.len() > TASK
    } else {
        below.len() == TASK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_what_they_were() {
        assert_eq!(pstate(0x0102, 0x0304), [1, 1, 2, 0, 0, 3, 4]);
        assert_eq!(depot(0x0102, 0x0304), [2, 1, 2, 0, 0, 3, 4]);
        assert_eq!(source(0x0102, 0x0304), [3, 1, 2, 0, 0, 3, 4]);
        assert_eq!(unfinished(0x0102), [4, 0, 0, 1, 2]);
        assert_eq!(all_partitions(Declared::Source, 0x0102), [3, 1, 2]);
    }
}
