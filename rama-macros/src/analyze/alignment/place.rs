//! Where a computation may be: what decided the task that it runs on.

use super::value::{Relation, Value};

/// What decided the task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The hash of a key.
    Keyed(Value),
    /// No key at all: a `random` depot, a shuffle.
    Anywhere,
    /// A fixed task.
    Task(u32),
    /// Each task: the computation goes on everywhere.
    Every,
    /// The user's own code.
    Unknown,
}

/// A [`Place`], with how the user would call it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Here {
    pub(super) place: Place,
    /// "`word`", "task 0".
    pub(super) text: String,
    /// What decided it, as the end of "this computation is ..".
    pub(super) because: String,
}

/// Whether an access is where its key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Aligned,
    Misaligned,
    Undecided,
}

/// What decides the partition that an access is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The owner of this value.
    OwnerOf(Value),
    /// Task 0.
    Global,
}

impl Here {
    fn verdict(&self, wanted: &Wanted) -> Verdict {
        match (wanted, &self.place) {
            (_, Place::Unknown) => Verdict::Undecided,
            (Wanted::Global, Place::Task(0)) => Verdict::Aligned,
            (Wanted::Global, _) => Verdict::Misaligned,
            (Wanted::OwnerOf(key), Place::Keyed(witness)) => match key.relation(witness) {
                Relation::Same => Verdict::Aligned,
                Relation::Different => Verdict::Misaligned,
                Relation::Undecided => Verdict::Undecided,
            },
            // A key that was read from this task's own partitions may live here, wherever this is.
            (Wanted::OwnerOf(key), Place::Anywhere | Place::Task(_) | Place::Every) => {
                if key.may_be_from_here() {
                    Verdict::Undecided
                } else {
                    Verdict::Misaligned
                }
            }
        }
    }
}

/// The verdict where several ways lead to one place: it is certain only if it holds on each of them.
pub(super) fn judge(here: &[Here], wanted: &Wanted) -> Verdict {
    let mut verdicts = here.iter().map(|here| here.verdict(wanted));
    let Some(first) = verdicts.next() else {
        return Verdict::Undecided;
    };
    if verdicts.all(|other| other == first) {
        first
    } else {
        Verdict::Undecided
    }
}
