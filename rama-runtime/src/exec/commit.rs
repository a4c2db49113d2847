//! The commit point: the end of a turn, where everything leaves that this thread has done in it.
//!
//! This is the place where the durable epoch will stand: hops inside the task group need not wait for it; acks, answers
//! and whatever else leaves the group will.

use super::guard::{attempt, insist};
use super::message::Message;
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
        if !host.acks.list.is_empty() {
            host.shared.pending.complete(host.acks.list.drain(..));
        }
        for answer in host.answers.drain(..) {
            // Where nobody waits for the answer any more, it is dropped in there.
            if let Err(error) = attempt(answer) {
                tracing::error!(%error, "the answer to a read panicked when dropped");
            }
        }
        self.answer_probes();
    }

    /// Tree updates leave before hops, to all threads: an update of this turn is then in its keeper's inbox before
    /// anything that follows from a hop of this turn, so a value or an error that a branch reports is never overtaken by
    /// the tree's end.
    fn send_updates(&mut self) {
        let host = &mut self.host;
        for (thread, outbox) in (0u32..).zip(&mut host.outboxes) {
            if !outbox.updates.is_empty() {
                // A thread that has stopped needs nothing any more.
                let _ = host
                    .shared
                    .send(thread, Message::Trees(std::mem::take(&mut outbox.updates)));
            }
        }
    }

    fn send_hops(&mut self) {
        let host = &mut self.host;
        let own = host.index as usize;
        for batch in std::mem::take(&mut host.outboxes[own].batches) {
            host.enqueue(batch);
        }
        for (thread, outbox) in (0u32..).zip(&mut host.outboxes) {
            if !outbox.batches.is_empty() {
                let _ = host
                    .shared
                    .send(thread, Message::Hops(std::mem::take(&mut outbox.batches)));
            }
        }
    }

    /// Gives room back to the clients, and forgets records that nobody needs.
    fn clean_partitions(&mut self) {
        let host = &mut self.host;
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
                insist(|| partition.trim(processed));
            }
        }
    }

    /// Tells those who wait for it that every record here is processed.
    fn answer_probes(&mut self) {
        let host = &mut self.host;
        if host.counters.unfinished == 0 {
            for probe in host.probes.drain(..) {
                // Whoever asked may have gone.
                let _ = probe.send(host.appended);
            }
        }
    }
}
