//! A compiled topology.

use super::{Cx, EventError, Flow, Out, Wire};
use crate::depot::Failure;
use crate::pstate::Step;

/// One topology, compiled: it runs one event at a time, and knows nothing of queues, threads or retries.
///
/// `M` is the user's module struct: the view of one task.
pub trait Machine<M>: Send + 'static {
    /// The generated enum: one variant a resumption point, holding its scope.
    type Hop: Wire;

    /// Runs the first event of the record at `offset` of the source's depot partition, up to its end or a jump.
    ///
    /// # Errors
    /// When user code failed, or the record is not there any more.
    fn start(
        &self,
        source: usize,
        offset: u64,
        module: &mut M,
        cx: &mut Cx,
        out: &mut Out<Self::Hop>,
    ) -> Result<Flow<Self::Hop>, EventError>;

    /// Runs the event that `hop` resumes, or goes on with the one that has jumped there; up to its end or a jump.
    ///
    /// # Errors
    /// When user code failed.
    fn step(
        &self,
        hop: Self::Hop,
        module: &mut M,
        cx: &mut Cx,
        out: &mut Out<Self::Hop>,
    ) -> Result<Flow<Self::Hop>, EventError>;

    /// Whether [`prepare`](Machine::prepare) does anything.
    const PREPARES: bool = false;

    /// Prepares what the event that `hop` resumes will look up first. A hint: it changes nothing. `found` is what the steps of
    /// one hop hand on.
    fn prepare(&self, _hop: &Self::Hop, _module: &M, _step: Step, _found: &mut u64) {}

    /// Stages the record at `offset`, which failed for good, in the source's dead-letter depot. Returns false where the
    /// source has none.
    fn dead_letter(&self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool;
}

/// A [`Machine`] made of functions, which is what the compiler generates.
pub struct ClosureMachine<H, Start, Run, Dead, Prepare = ()> {
    start: Start,
    step: Run,
    dead_letter: Dead,
    prepare: Prepare,
    hop: std::marker::PhantomData<fn() -> H>,
}

impl<H, Start, Run, Dead> ClosureMachine<H, Start, Run, Dead> {
    /// A machine that runs first events with `start`, later ones with `step`, and keeps dead letters with `dead_letter`.
    pub fn new<M>(start: Start, step: Run, dead_letter: Dead) -> Self
    where
        Start: Fn(usize, u64, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow<H>, EventError> + Send + 'static,
        Run: Fn(H, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow<H>, EventError> + Send + 'static,
        Dead: Fn(usize, u64, &Failure, &mut M) -> bool + Send + 'static,
    {
        ClosureMachine {
            start,
            step,
            dead_letter,
            prepare: (),
            hop: std::marker::PhantomData,
        }
    }

    /// The same machine, that prepares lookups with `prepare`.
    pub fn preparing<M, Ahead: Fn(&H, &M, Step, &mut u64)>(
        self,
        prepare: Ahead,
    ) -> ClosureMachine<H, Start, Run, Dead, Ahead> {
        let ClosureMachine {
            start,
            step,
            dead_letter,
            hop,
            ..
        } = self;
        ClosureMachine {
            start,
            step,
            dead_letter,
            prepare,
            hop,
        }
    }
}

/// What prepares lookups; `()` does nothing.
pub trait Prepare<M, H>: Send + 'static {
    /// Whether it does anything.
    const PREPARES: bool;

    /// See [`Machine::prepare`].
    fn prepare(&self, hop: &H, module: &M, step: Step, found: &mut u64);
}

impl<M, H> Prepare<M, H> for () {
    const PREPARES: bool = false;

    fn prepare(&self, _hop: &H, _module: &M, _step: Step, _found: &mut u64) {}
}

impl<M, H, F: Fn(&H, &M, Step, &mut u64) + Send + 'static> Prepare<M, H> for F {
    const PREPARES: bool = true;

    #[inline]
    fn prepare(&self, hop: &H, module: &M, step: Step, found: &mut u64) {
        self(hop, module, step, found);
    }
}

impl<M, H, Start, Run, Dead, Ahead> Machine<M> for ClosureMachine<H, Start, Run, Dead, Ahead>
where
    Ahead: Prepare<M, H>,
    H: Wire,
    Start: Fn(usize, u64, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow<H>, EventError> + Send + 'static,
    Run: Fn(H, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow<H>, EventError> + Send + 'static,
    Dead: Fn(usize, u64, &Failure, &mut M) -> bool + Send + 'static,
{
    type Hop = H;

    #[inline(always)]
    fn start(
        &self,
        source: usize,
        offset: u64,
        module: &mut M,
        cx: &mut Cx,
        out: &mut Out<H>,
    ) -> Result<Flow<H>, EventError> {
        (self.start)(source, offset, module, cx, out)
    }

    #[inline(always)]
    fn step(&self, hop: H, module: &mut M, cx: &mut Cx, out: &mut Out<H>) -> Result<Flow<H>, EventError> {
        (self.step)(hop, module, cx, out)
    }

    const PREPARES: bool = Ahead::PREPARES;

    #[inline]
    fn prepare(&self, hop: &H, module: &M, step: Step, found: &mut u64) {
        self.prepare.prepare(hop, module, step, found);
    }

    fn dead_letter(&self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool {
        (self.dead_letter)(source, offset, failure, module)
    }
}
