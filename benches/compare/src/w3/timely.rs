//! timely: each call is a time of its own; both workers step without a pause. Every key is owned by worker 1, and the answer
//! goes back to worker 0.

use super::calls::{Calls, any_keys};
use crate::contender::Outcome;
use crate::kit::hash::FxMap;
use std::cell::Cell;
use std::rc::Rc;
use timely::Config;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::{Input as _, Operator, Probe};
use timely::dataflow::{InputHandle, ProbeHandle};

type Builder<T> = CapacityContainerBuilder<Vec<T>>;

pub(super) fn run() -> Outcome {
    let workers = timely::execute(Config::process(2), |worker| {
        let mut input: InputHandle<u64, Builder<u64>> = InputHandle::new();
        let answer = Rc::new(Cell::new(0));
        let answered = Rc::clone(&answer);
        let probe = ProbeHandle::new();
        worker.dataflow(|scope| {
            let mut counts: FxMap<u64, u64> = FxMap::default();
            scope
                .input_from(&mut input)
                .unary::<Builder<u64>, _, _, _>(Exchange::new(|_: &u64| 1), "count", |_, _| {
                    move |input, output| {
                        input.for_each(|time, keys| {
                            let mut session = output.session(&time);
                            for key in keys.drain(..) {
                                let count = counts.entry(key).or_default();
                                *count += 1;
                                session.give(*count);
                            }
                        });
                    }
                })
                .unary::<Builder<()>, _, _, _>(Exchange::new(|_: &u64| 0), "answer", |_, _| {
                    move |input, _output| {
                        input.for_each(|_time, counts| counts.drain(..).for_each(|count| answered.set(count)));
                    }
                })
                .probe_with(&probe);
        });
        if worker.index() == 0 {
            let mut calls = Calls::busy(any_keys());
            let mut time = 0;
            while let Some(key) = calls.begin() {
                time += 1;
                input.send(key);
                input.advance_to(time);
                while probe.less_than(&time) {
                    worker.step();
                }
                calls.end(answer.get());
            }
            Some(calls)
        } else {
            drop(input);
            while !probe.done() {
                worker.step();
            }
            None
        }
    })?;
    let mut calls = None;
    for worker in workers.join() {
        calls = worker?.or(calls);
    }
    calls.ok_or("no worker made calls")?.finish()
}
