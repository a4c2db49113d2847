//! What leaves a thread no earlier than its epoch.

use crate::exec::commit::answer_read;
use crate::exec::external::Beginning;
use crate::exec::host::Host;
use crate::exec::message::Answer;
use crate::exec::slots::Ack;
use crate::module::Module;
use tokio::sync::oneshot;

/// What must not leave before what it depends on is durable.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) acks: Vec<Ack>,
    pub(crate) answers: Vec<Answer>,
    /// With what they are told.
    pub(crate) probes: Vec<(oneshot::Sender<u64>, u64)>,
    pub(crate) futures: Vec<Beginning>,
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.acks.is_empty() && self.answers.is_empty() && self.probes.is_empty() && self.futures.is_empty()
    }

    /// All of it leaves.
    pub(crate) fn leave(&mut self, pending: &crate::client::Pending) {
        if !self.acks.is_empty() {
            pending.complete(self.acks.drain(..));
        }
        for answer in self.answers.drain(..) {
            answer_read(answer);
        }
        for (probe, appended) in self.probes.drain(..) {
            // Whoever asked may have gone.
            let _ = probe.send(appended);
        }
        self.futures.drain(..).for_each(Beginning::begin);
    }
}

impl<M: Module> Host<M> {
    /// Lets go of what may leave the thread: at once, or, where it must not be taken back, with the epoch.
    pub(in crate::exec) fn release(&mut self, acks_and_answers: &mut Held) {
        let early = self.lets_go_early();
        let ready = match &mut self.durable {
            None => true,
            Some(durable) => {
                if !early {
                    durable.held.acks.append(&mut acks_and_answers.acks);
                    durable.held.answers.append(&mut acks_and_answers.answers);
                    durable.held.probes.append(&mut acks_and_answers.probes);
                    durable.held.futures.append(&mut acks_and_answers.futures);
                }
                early
            }
        };
        if ready {
            acks_and_answers.leave(&self.shared.pending);
        }
    }
}
