//! A compiled topology.

use super::{Cx, EventError, Flow, Out, Wire};
use crate::depot::Failure;

/// One topology, compiled: it runs one event at a time, and knows nothing of queues, threads or retries.
///
/// `M` is the user's module struct: the view of one task.
pub trait Machine<M>: Send + 'static {
    /// The generated enum: one variant a resumption point, holding its scope.
    type Hop: Wire;

    /// Runs the first event of the record at `offset` of the source's depot partition.
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
    ) -> Result<Flow, EventError>;

    /// Runs the event that `hop` resumes.
    ///
    /// # Errors
    /// When user code failed.
    fn step(&self, hop: Self::Hop, module: &mut M, cx: &mut Cx, out: &mut Out<Self::Hop>) -> Result<Flow, EventError>;

    /// Looks up what the event that `hop` resumes will look up first, so that it is in the processor's caches by then. A
    /// hint: it changes nothing.
    fn warm(&self, _hop: &Self::Hop, _module: &M) {}

    /// Stages the record at `offset`, which failed for good, in the source's dead-letter depot. Returns false where the
    /// source has none.
    fn dead_letter(&self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool;
}

/// A [`Machine`] made of functions, which is what the compiler generates.
pub struct ClosureMachine<H, Start, Step, Dead, Warm = ()> {
    start: Start,
    step: Step,
    dead_letter: Dead,
    warm: Warm,
    hop: std::marker::PhantomData<fn() -> H>,
}

impl<H, Start, Step, Dead> ClosureMachine<H, Start, Step, Dead> {
    /// A machine that runs first events with `start`, later ones with `step`, and keeps dead letters with `dead_letter`.
    pub fn new<M>(start: Start, step: Step, dead_letter: Dead) -> Self
    where
        Start: Fn(usize, u64, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow, EventError> + Send + 'static,
        Step: Fn(H, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow, EventError> + Send + 'static,
        Dead: Fn(usize, u64, &Failure, &mut M) -> bool + Send + 'static,
    {
        ClosureMachine {
            start,
            step,
            dead_letter,
            warm: (),
            hop: std::marker::PhantomData,
        }
    }

    /// The same machine, that looks things up ahead with `warm`.
    pub fn warming<M, Warm: Fn(&H, &M)>(self, warm: Warm) -> ClosureMachine<H, Start, Step, Dead, Warm> {
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
            warm,
            hop,
        }
    }
}

/// What looks things up ahead; `()` does nothing.
pub trait Warm<M, H>: Send + 'static {
    /// See [`Machine::warm`].
    fn warm(&self, hop: &H, module: &M);
}

impl<M, H> Warm<M, H> for () {
    fn warm(&self, _hop: &H, _module: &M) {}
}

impl<M, H, F: Fn(&H, &M) + Send + 'static> Warm<M, H> for F {
    #[inline]
    fn warm(&self, hop: &H, module: &M) {
        self(hop, module);
    }
}

impl<M, H, Start, Step, Dead, Ahead> Machine<M> for ClosureMachine<H, Start, Step, Dead, Ahead>
where
    Ahead: Warm<M, H>,
    H: Wire,
    Start: Fn(usize, u64, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow, EventError> + Send + 'static,
    Step: Fn(H, &mut M, &mut Cx, &mut Out<H>) -> Result<Flow, EventError> + Send + 'static,
    Dead: Fn(usize, u64, &Failure, &mut M) -> bool + Send + 'static,
{
    type Hop = H;

    fn start(
        &self,
        source: usize,
        offset: u64,
        module: &mut M,
        cx: &mut Cx,
        out: &mut Out<H>,
    ) -> Result<Flow, EventError> {
        match (self.start)(source, offset, module, cx, out)? {
            Flow::Jumped => match out.take_jump() {
                Some(hop) => self.step(hop, module, cx, out),
                None => Ok(Flow::Moved),
            },
            flow => Ok(flow),
        }
    }

    fn step(&self, mut hop: H, module: &mut M, cx: &mut Cx, out: &mut Out<H>) -> Result<Flow, EventError> {
        loop {
            match (self.step)(hop, module, cx, out)? {
                Flow::Jumped => match out.take_jump() {
                    Some(next) => hop = next,
                    None => return Ok(Flow::Moved),
                },
                flow => return Ok(flow),
            }
        }
    }

    #[inline]
    fn warm(&self, hop: &H, module: &M) {
        self.warm.warm(hop, module);
    }

    fn dead_letter(&self, source: usize, offset: u64, failure: &Failure, module: &mut M) -> bool {
        (self.dead_letter)(source, offset, failure, module)
    }
}
