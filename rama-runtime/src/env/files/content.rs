//! What a simulated file holds: as reads see it, and as a crash may leave it.

use crate::env::Rng;

/// The content of one file.
///
/// Reads see `seen`, the page cache. The disk has `base`, and of the `steps` behind it, in any choice, what a crash leaves of them.
#[derive(Default)]
pub(super) struct Content {
    seen: Vec<u8>,
    base: Vec<u8>,
    steps: Vec<Step>,
}

struct Step {
    change: Change,
    state: State,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Not synced yet.
    Waiting,
    /// A sync failed: the kernel takes it for clean, so no later sync writes it.
    Dropped,
    /// Synced, but behind something dropped, so that it cannot go into the base yet.
    Durable,
}

/// What a crash does to all that waits. Crashes that leave all or nothing are likely ones, too.
#[derive(Clone, Copy)]
pub(super) enum Mood {
    LoseAll,
    KeepAll,
    EachByItself,
}

impl Mood {
    pub(super) fn any(rng: &mut Rng) -> Self {
        match rng.next_u64() % 6 {
            0 => Mood::LoseAll,
            1 => Mood::KeepAll,
            _ => Mood::EachByItself,
        }
    }

    /// Whether something that cannot be torn is kept.
    pub(super) fn keeps(self, rng: &mut Rng) -> bool {
        match self {
            Mood::LoseAll => false,
            Mood::KeepAll => true,
            Mood::EachByItself => rng.next_u64().is_multiple_of(2),
        }
    }
}

/// A number below `bound`, or 0.
fn below(rng: &mut Rng, bound: usize) -> usize {
    usize::try_from(rng.next_u64() % (bound as u64).max(1)).unwrap_or(0)
}

fn put(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if !bytes.is_empty() && image.len() < end {
        image.resize(end, 0);
    }
    if let Some(place) = image.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes } => put(image, *offset, bytes),
            Change::SetLen(len) => image.resize(*len, 0),
        }
    }

    /// Applies what a crash leaves of it.
    fn apply_in_part(&self, image: &mut Vec<u8>, mood: Mood, rng: &mut Rng) {
        let (Change::Write { offset, bytes }, Mood::EachByItself) = (self, mood) else {
            if mood.keeps(rng) {
                self.apply(image);
            }
            return;
        };
        let torn_at = below(rng, bytes.len() + 1);
        match rng.next_u64() % 8 {
            0 | 1 => {}
            2 | 3 => put(image, *offset, bytes),
            4 | 5 => put(image, *offset, &bytes[..torn_at]),
            // Sectors of one write need not go to the disk in their order.
            6 => put(image, *offset + torn_at, &bytes[torn_at..]),
            // The file has grown, but its data was not written.
            _ => image.resize(image.len().max(*offset + torn_at), 0),
        }
    }
}

impl Content {
    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.change(Change::Write { offset, bytes });
    }

    pub(super) fn set_len(&mut self, len: usize) {
        self.change(Change::SetLen(len));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.steps.push(Step {
            change,
            state: State::Waiting,
        });
    }

    /// Whether a sync has something to do.
    pub(super) fn waits(&self) -> bool {
        self.steps.iter().any(|step| step.state == State::Waiting)
    }

    pub(super) fn sync(&mut self) {
        self.settle(State::Durable);
        let dropped = self.steps.iter().position(|step| step.state == State::Dropped);
        let count = dropped.unwrap_or(self.steps.len());
        for step in self.steps.drain(..count) {
            step.change.apply(&mut self.base);
        }
    }

    pub(super) fn fail_sync(&mut self) {
        self.settle(State::Dropped);
    }

    fn settle(&mut self, state: State) {
        for step in &mut self.steps {
            if step.state == State::Waiting {
                step.state = state;
            }
        }
    }

    pub(super) fn crash(&mut self, mood: Mood, rng: &mut Rng) {
        for step in std::mem::take(&mut self.steps) {
            match step.state {
                State::Durable => step.change.apply(&mut self.base),
                State::Waiting | State::Dropped => step.change.apply_in_part(&mut self.base, mood, rng),
            }
        }
        self.seen.clone_from(&self.base);
    }

    /// Damages a bit wherever it is stored. `false` if the file has no such byte.
    pub(super) fn flip(&mut self, at: usize, mask: u8) -> bool {
        for image in [&mut self.seen, &mut self.base] {
            if let Some(byte) = image.get_mut(at) {
                *byte ^= mask;
            }
        }
        for step in &mut self.steps {
            if let Change::Write { offset, bytes } = &mut step.change
                && let Some(byte) = at.checked_sub(*offset).and_then(|at| bytes.get_mut(at))
            {
                *byte ^= mask;
            }
        }
        at < self.seen.len()
    }

    /// Loses what is behind `len`. The rest of what is seen is durable.
    pub(super) fn truncate(&mut self, len: usize) {
        self.steps.clear();
        self.seen.truncate(len);
        self.base.clone_from(&self.seen);
    }
}
