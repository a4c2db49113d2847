//! Event trees: which records are done, without a message per event.
//!
//! Records of one source that start together, a *flight*, share one tree. Hops of one tree that stand next to each other in a
//! batch are a *run*; each run that is on its way has a random id, and the tree's *word* is the XOR of the ids of the runs that are
//! still to be run: zero when all records of the flight are done. A run hands its own id to the first run that follows from it, so a
//! chain of hops costs nothing at all; further ones get new ids, and where none follows, the id is given back. What is handed on
//! cannot be over before the rest of the run is: it leaves the thread at the end of the turn, when the whole run has been run.
//!
//! What is said of one record (it failed, it returned a value) names its place in the flight: so neighbours share a tree,
//! but not their fate.

use super::guard::discard;
use crate::topology::AckValue;
use crate::topology::TreeRef;
use std::collections::VecDeque;

/// What happened in one tree, on a thread that does not keep it.
pub(crate) struct TreeUpdate {
    pub(crate) tree: TreeRef,
    pub(crate) word: u64,
    /// Empty for most.
    pub(crate) notes: Notes,
}

/// What became of one record of a flight, beyond being done.
pub(crate) struct Note {
    /// Its place in the flight.
    pub(crate) record: u32,
    pub(crate) told: Told,
}

/// See [`Note`].
pub(crate) enum Told {
    /// An event of it failed.
    Failed(String),
    /// A branch of it returned a value.
    Returned(AckValue),
}

/// What became of records, in the order in which it was told. Of each record at least the first error and the last value.
#[derive(Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
    /// Beyond this many, what no longer counts is thrown away.
    most: usize,
}

/// Fewer notes are kept as they are.
const FEW_NOTES: usize = 64;

impl Notes {
    /// Adds one. A record's many branches may each tell something, so what no longer counts goes.
    pub(crate) fn add(&mut self, note: Note) {
        self.list.push(note);
        if self.list.len() > self.most.max(FEW_NOTES) {
            *self = Notes::of(self.by_record());
            self.most = 2 * self.list.len();
        }
    }

    fn of(known: Vec<Known>) -> Self {
        let mut list = Vec::new();
        for Known { record, error, value } in known {
            list.extend(error.map(Told::Failed).map(|told| Note { record, told }));
            list.extend(value.map(Told::Returned).map(|told| Note { record, told }));
        }
        Notes { list, most: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The errors among them, with the places of their records.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (u32, &str)> {
        self.list.iter().filter_map(|note| match &note.told {
            Told::Failed(error) => Some((note.record, error.as_str())),
            Told::Returned(_) => None,
        })
    }

    /// Takes all out: what is known of each record that something was told of, in order of the records.
    pub(crate) fn by_record(&mut self) -> Vec<Known> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by_key(|note| note.record);
        let mut known: Vec<Known> = Vec::new();
        for Note { record, told } in list {
            if known.last().is_none_or(|last| last.record != record) {
                known.push(Known {
                    record,
                    error: None,
                    value: None,
                });
            }
            if let Some(last) = known.last_mut() {
                match told {
                    Told::Failed(error) => _ = last.error.get_or_insert(error),
                    Told::Returned(value) => discard(last.value.replace(value)),
                }
            }
        }
        known
    }
}

impl IntoIterator for Notes {
    type Item = Note;
    type IntoIter = std::vec::IntoIter<Note>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// What is known of one record.
pub(crate) struct Known {
    /// Its place in the flight.
    pub(crate) record: u32,
    /// The first error.
    pub(crate) error: Option<String>,
    /// The last value.
    pub(crate) value: Option<AckValue>,
}

/// One attempt at the records of one flight.
struct Tree {
    word: u64,
    attempt: u32,
    live: bool,
    /// Already among the completed ones.
    reported: bool,
    source: u32,
    first: u64,
    count: u32,
    notes: Notes,
}

/// How an attempt has ended.
pub(crate) struct Ended {
    pub(crate) source: u32,
    /// The offset of the flight's first record.
    pub(crate) first: u64,
    /// How many records it has.
    pub(crate) count: u32,
    /// What is to be said of some of them.
    pub(crate) notes: Notes,
}

/// An attempt that is not over, or of whose end nobody has asked.
pub(crate) struct Running {
    pub(crate) slot: u32,
    pub(crate) attempt: u32,
    pub(crate) source: u32,
    pub(crate) first: u64,
    pub(crate) count: u32,
    /// Places of records, and their errors.
    pub(crate) failed: Vec<(u32, String)>,
}

/// The trees of the records that began on this thread.
#[derive(Default)]
pub(crate) struct Trees {
    trees: Vec<Tree>,
    free: Vec<u32>,
    /// In the order in which they ended, so that neighbours which failed are tried again in their order.
    completed: VecDeque<u32>,
}

impl Trees {
    /// A new tree, for `count` records from `first` on. Returns its place and attempt number. Its word is folded in when
    /// the records have been started; before, it cannot end.
    pub(crate) fn plant(&mut self, source: u32, first: u64, count: u32) -> (u32, u32) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.trees.len()).unwrap_or(u32::MAX);
                self.trees.push(Tree {
                    word: 0,
                    attempt: 0,
                    live: false,
                    reported: false,
                    source,
                    first,
                    count,
                    notes: Notes::default(),
                });
                slot
            }
        };
        let tree = &mut self.trees[slot as usize];
        tree.word = 0;
        tree.attempt = tree.attempt.wrapping_add(1);
        (tree.live, tree.reported) = (true, false);
        (tree.source, tree.first, tree.count) = (source, first, count);
        (slot, tree.attempt)
    }

    fn live(&mut self, slot: u32, attempt: u32) -> Option<&mut Tree> {
        self.trees
            .get_mut(slot as usize)
            .filter(|tree| tree.live && tree.attempt == attempt)
    }

    /// Folds `word` into the tree. What belongs to an attempt that is over is ignored.
    #[inline]
    pub(crate) fn fold(&mut self, slot: u32, attempt: u32, word: u64) {
        if let Some(tree) = self.live(slot, attempt) {
            tree.word ^= word;
            if tree.word == 0 && !tree.reported {
                tree.reported = true;
                self.completed.push_back(slot);
            }
        }
    }

    /// Something is to be said of a record of the flight.
    pub(crate) fn note(&mut self, slot: u32, attempt: u32, note: Note) {
        match self.live(slot, attempt) {
            Some(tree) => tree.notes.add(note),
            None => discard(note),
        }
    }

    /// Gives up on the attempt, if it is still running: it is over at once, and has failed for all its records.
    pub(crate) fn abandon(&mut self, slot: u32, attempt: u32, error: &str) {
        if let Some(tree) = self.live(slot, attempt)
            && !tree.reported
        {
            for record in 0..tree.count {
                let told = Told::Failed(error.to_owned());
                tree.notes.add(Note { record, told });
            }
            tree.reported = true;
            self.completed.push_back(slot);
        }
    }

    /// All attempts that are not over, or of whose end nobody has asked.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = Running> {
        (0..)
            .zip(&self.trees)
            .filter(|(_, tree)| tree.live)
            .map(|(slot, tree)| Running {
                slot,
                attempt: tree.attempt,
                source: tree.source,
                first: tree.first,
                count: tree.count,
                failed: tree
                    .notes
                    .failures()
                    .map(|(record, error)| (record, error.to_owned()))
                    .collect(),
            })
    }

    /// Whether that attempt is still running.
    pub(crate) fn runs(&self, slot: u32, attempt: u32) -> bool {
        self.trees
            .get(slot as usize)
            .is_some_and(|tree| tree.live && tree.attempt == attempt)
    }

    /// The next attempt that is over; its place is free afterwards.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        let slot = self.completed.pop_front()?;
        let tree = self.trees.get_mut(slot as usize)?;
        tree.live = false;
        self.free.push(slot);
        Some(Ended {
            source: tree.source,
            first: tree.first,
            count: tree.count,
            notes: std::mem::take(&mut tree.notes),
        })
    }

    /// Whether attempts are over that nobody has asked for.
    pub(crate) fn any_ended(&self) -> bool {
        !self.completed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_notes_of_few_records_take_little_room_and_say_the_same() {
        let mut notes = Notes::default();
        for round in 0..10_000u32 {
            for record in 0..3 {
                let value: AckValue = Box::new(round);
                let told = Told::Returned(value);
                notes.add(Note { record, told });
                let told = Told::Failed(format!("{record} in round {round}"));
                notes.add(Note { record, told });
            }
            assert!(notes.list.len() <= FEW_NOTES);
        }
        let known = notes.by_record();
        assert_eq!(known.len(), 3);
        for (
            Known {
                record, error, value, ..
            },
            number,
        ) in known.into_iter().zip(0..)
        {
            assert_eq!(record, number);
            assert_eq!(error, Some(format!("{number} in round 0")), "the first error");
            let value = value.and_then(|value| value.downcast::<u32>().ok());
            assert_eq!(value.as_deref(), Some(&9_999), "the last value");
        }
    }
}
