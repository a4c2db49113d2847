//! Deliberate mistakes of epochs, for tests of the tests: a simulation that does not find them is worth nothing. Each of them is
//! asked for once a turn or a cut, and costs a comparison.

use crate::exec::host::Host;
use crate::exec::thread::Thread;
use crate::module::Module;

/// Deliberate mistakes, to see that the tests find them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sabotage {
    /// None.
    #[default]
    None,
    /// Acks leave before their epoch is durable.
    NoSync,
    /// Positions of sources are written in an epoch of their own, apart from what the records have done.
    PositionsApart,
    /// What comes from behind a cut may have its effects before it.
    HopsBeforeTheirEpoch,
}

/// What a thread has put off.
#[derive(Default)]
pub(super) struct Sabotaged {
    /// A cut, and how many threads have said that they made it: [`Sabotage::HopsBeforeTheirEpoch`].
    late: Option<(u64, u32)>,
    /// Positions: [`Sabotage::PositionsApart`].
    apart: Vec<u8>,
}

impl<M: Module> Thread<M> {
    /// Whether a cut of which `thread` tells is not made now: [`Sabotage::HopsBeforeTheirEpoch`].
    pub(super) fn puts_off(&mut self, cut: u64, thread: Option<u32>) -> bool {
        if self.host.sabotage() != Sabotage::HopsBeforeTheirEpoch {
            return false;
        }
        let Some(durable) = &mut self.host.durable else {
            return false;
        };
        let late = &mut durable.sabotaged.late;
        if cut > durable.cut && thread.is_some() {
            late.get_or_insert((cut, 0));
        }
        if let Some((_, heard)) = late {
            *heard += u32::from(thread.is_some());
        }
        late.is_some()
    }

    /// Makes the cut that was put off: meanwhile, what came from behind it has been run.
    pub(super) fn cut_late(&mut self) {
        if let Some(durable) = &mut self.host.durable
            && let Some((cut, heard)) = durable.sabotaged.late.take()
        {
            self.cut(cut);
            self.heard_of_cut(heard);
            self.hand_over();
        }
    }
}

impl<M: Module> Host<M> {
    fn sabotage(&self) -> Sabotage {
        let epochs = self.shared.epochs.as_ref();
        epochs.map_or(Sabotage::None, |epochs| epochs.sabotage)
    }

    /// Whether acks and answers do not wait for their epoch: [`Sabotage::NoSync`].
    pub(super) fn lets_go_early(&self) -> bool {
        self.sabotage() == Sabotage::NoSync
    }

    /// What is to be written of the sources' `positions` now: those of the cut before, with [`Sabotage::PositionsApart`].
    pub(super) fn kept_apart(&mut self, positions: Vec<u8>) -> Vec<u8> {
        match (self.sabotage(), &mut self.durable) {
            (Sabotage::PositionsApart, Some(durable)) => std::mem::replace(&mut durable.sabotaged.apart, positions),
            _ => positions,
        }
    }
}
