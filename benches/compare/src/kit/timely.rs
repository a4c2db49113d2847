//! The timely contenders: a source on each of two workers, an exchange, and a fold.

use super::clock::{Clock, Cost};
use std::cell::RefCell;
use std::rc::Rc;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::operator::source;
use timely::dataflow::operators::{Operator, Probe};
use timely::dataflow::{ProbeHandle, Scope, StreamVec};
use timely::{Config, ExchangeData};

/// A source that emits `chunk` items at a time.
pub fn chunked<'s, T: Copy + 'static>(
    scope: Scope<'s, u64>,
    items: &'static [T],
    chunk: usize,
) -> StreamVec<'s, u64, T> {
    source::<_, CapacityContainerBuilder<Vec<T>>, _, _>(scope, "source", move |capability, info| {
        let activator = scope.activator_for(info.address);
        let mut capability = Some(capability);
        let mut chunks = items.chunks(chunk);
        move |output| {
            if let Some(time) = &capability {
                match chunks.next() {
                    Some(chunk) => {
                        output.session(time).give_iterator(chunk.iter().copied());
                        activator.activate();
                    }
                    None => capability = None,
                }
            }
        }
    })
}

/// What a worker has made of its items; handed over when the dataflow ends.
struct Folded<S> {
    state: Option<S>,
    result: Rc<RefCell<Option<S>>>,
}

impl<S> Drop for Folded<S> {
    fn drop(&mut self) {
        *self.result.borrow_mut() = self.state.take();
    }
}

/// Runs two workers: `items` makes the source of each, `route` hashes an item (its lowest bit decides), `fold` takes in
/// those that a worker owns. Hands back what the two workers made of them.
pub fn two_workers<T, S>(
    items: impl for<'s> Fn(Scope<'s, u64>, usize) -> StreamVec<'s, u64, T> + Send + Sync + 'static,
    route: impl Fn(&T) -> u64 + Copy + Send + Sync + 'static,
    fold: impl Fn(&mut S, T) + Copy + Send + Sync + 'static,
) -> Result<(Vec<S>, Cost), String>
where
    T: ExchangeData,
    S: Default + Send + 'static,
{
    let clock = Clock::start();
    let workers = timely::execute(Config::process(2), move |worker| {
        let result = Rc::new(RefCell::new(None));
        let mut folded = Folded {
            state: Some(S::default()),
            result: Rc::clone(&result),
        };
        let probe = ProbeHandle::new();
        let me = worker.index();
        worker.dataflow::<u64, _, _>(|scope| {
            items(scope, me)
                .unary::<CapacityContainerBuilder<Vec<()>>, _, _, _>(Exchange::new(route), "fold", |_, _| {
                    move |input, _output| {
                        let state = folded.state.get_or_insert_default();
                        input.for_each(|_time, batch| batch.drain(..).for_each(|item| fold(state, item)));
                    }
                })
                .probe_with(&probe);
        });
        while !probe.done() {
            worker.step_or_park(None);
        }
        // The dataflow's operators go when it is complete, and with them what they hold.
        while worker.has_dataflows() {
            worker.step_or_park(None);
        }
        result.take().unwrap_or_default()
    })?;
    let states = workers.join().into_iter().collect::<Result<Vec<S>, String>>()?;
    Ok((states, clock.stop()))
}
