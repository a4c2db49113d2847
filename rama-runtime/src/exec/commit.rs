//! The commit point: the end of a turn, where everything leaves that this thread has done in it.
//!
//! Hops inside the task group leave here, always. Acks, answers and whatever else leaves the group do so, too, where everything is in
//! memory; where the module is durable, they wait for their epoch (`epoch/`).

use super::guard::{attempt, insist};
use super::host::Host;
use super::message::{Answer, Message};
use super::thread::Thread;
use crate::module::Module;

impl<M: Module> Thread<M> {
    /// Lets everything out. Nothing of a turn is visible to another thread or a client before this.
    pub(super) fn commit(&mut self) {
        self.close_batches();
        self.send_updates();
        self.send_hops();
        self.clean_partitions();
        let host = &mut self.host;
        host.shared.gauges[host.index as usize].publish(&host.counters);
        for answer in host.answers.drain(..) {
            answer_read(answer);
        }
        host.held.acks.append(&mut host.acks.list);
        host.answer_probes();
        if !host.held.is_empty() {
            let mut held = std::mem::take(&mut host.held);
            host.release(&mut held);
            // Its buffers are used again.
            host.held = held;
        }
    }

    /// Tree updates leave before hops, to all threads: an update of this turn is then in its keeper's inbox before
    /// anything that follows from a hop of this turn, so a value or an error that a branch reports is never overtaken by
    /// the tree's end.
    fn send_updates(&mut self) {
        let host = &mut self.host;
        let cut = host.cut_made();
        for (thread, outbox) in (0u32..).zip(&mut host.outboxes) {
            if !outbox.updates.is_empty() {
                // A thread that has stopped needs nothing any more.
                let _ = host.shared.send(
                    thread,
                    Message::Trees {
                        cut,
                        updates: std::mem::take(&mut outbox.updates),
                    },
                );
            }
        }
    }

    fn send_hops(&mut self) {
        let host = &mut self.host;
        let own = host.index as usize;
        let cut = host.cut_made();
        for batch in std::mem::take(&mut host.outboxes[own].batches) {
            host.enqueue(batch);
        }
        for (thread, outbox) in (0u32..).zip(&mut host.outboxes) {
            if !outbox.batches.is_empty() {
                let _ = host.shared.send(
                    thread,
                    Message::Hops {
                        cut,
                        batches: std::mem::take(&mut outbox.batches),
                    },
                );
            }
        }
    }

    /// Gives room back to the clients, and forgets records that nobody needs.
    fn clean_partitions(&mut self) {
        let host = &mut self.host;
        let expires = |(_, depot): &(u32, usize)| host.shared.layout.depots[*depot].expires.is_some();
        // Else it does not matter.
        let now = if host.dirty.iter().any(expires) {
            host.unix_millis()
        } else {
            0
        };
        for (task, depot) in host.dirty.drain(..) {
            let entry = &mut host.tasks[task as usize];
            let slots = &mut entry.slots[depot];
            slots.dirty = false;
            let released = std::mem::take(&mut slots.released);
            if released > 0
                && let Some(room) = host.shared.room(depot, entry.id)
            {
                room.add_permits(released as usize);
            }
            let kinds = host.shared.layout.kinds.len();
            let consumers = &host.shared.layout.depots[depot].consumers;
            // A source that has stopped still needs its records, though nobody waits for them.
            let needed = consumers
                .iter()
                .map(|kind| host.sources[task as usize * kinds + kind].committed());
            let processed = needed.fold(slots.processed(), u64::min);
            if let Some(partition) = entry.module.depot(depot) {
                insist(|| partition.trim(processed, now));
            }
        }
    }
}

impl<M: Module> Host<M> {
    /// Tells those who wait for it that every record here is processed.
    fn answer_probes(&mut self) {
        if self.counters.unfinished == 0 {
            let appended = self.appended;
            self.held
                .probes
                .extend(self.probes.drain(..).map(|probe| (probe, appended)));
        }
    }
}

/// Where nobody waits for the answer any more, it is dropped in there.
pub(super) fn answer_read(answer: Answer) {
    if let Err(error) = attempt(answer) {
        tracing::error!(%error, "the answer to a read panicked when dropped");
    }
}
