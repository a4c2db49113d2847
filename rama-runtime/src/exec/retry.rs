//! Attempts end: a record is finished, tried again, or given up.

use super::guard::{attempt, discard, insist};
use super::source::Halt;
use super::thread::Thread;
use super::trees::{Ended, Known};
use crate::depot::Failure;
use crate::error::Error;
use crate::module::Module;
use crate::module::descriptor::{OnFailure, Retry};
use crate::topology::AckValue;

impl<M: Module> Thread<M> {
    /// Deals with every attempt that is over.
    pub(super) fn complete(&mut self) {
        while let Some(ended) = self.host.trees.ended() {
            self.host.changed();
            let index = ended.source as usize;
            if ended.notes.is_empty() {
                self.finished(index, ended.first, ended.count);
            } else {
                self.noted(ended);
            }
            let again = self.host.sources[index].rewind();
            self.host.counters.unfinished += again;
            self.host.counters.retries += again;
            self.host.list(index);
        }
    }

    /// The attempt at these records has succeeded, and there is nothing more to say.
    fn finished(&mut self, index: usize, first: u64, count: u32) {
        self.count_finished(index, count);
        if self.host.sources[index].finish_first(first, count) {
            return self.host.tell_slots_of(index, first, count);
        }
        for offset in first..first + u64::from(count) {
            if self.host.sources[index].finish(offset) {
                self.host.tell_slots_of(index, offset, 1);
            }
        }
    }

    fn count_finished(&mut self, index: usize, count: u32) {
        self.host.sources[index].in_flight -= count;
        self.host.counters.records += u64::from(count);
        self.host.counters.unfinished -= u64::from(count);
    }

    /// There is something to say of some of the flight's records.
    fn noted(&mut self, mut ended: Ended) {
        let (index, first, count) = (ended.source as usize, ended.first, ended.count);
        let known = ended.notes.by_record();
        // The usual case: nothing failed, and nothing else is known of these records.
        if known.iter().all(|known| known.error.is_none()) && self.host.sources[index].finish_first(first, count) {
            self.count_finished(index, count);
            let values = known.into_iter().filter_map(|known| Some((known.record, known.value?)));
            return self.host.tell_slots_returning(index, first, count, values);
        }
        let mut next = 0;
        for Known { record, error, value } in known {
            if next < record {
                self.finished(index, first + u64::from(next), record - next);
            }
            next = record + 1;
            let offset = first + u64::from(record);
            self.host.sources[index].in_flight -= 1;
            match error {
                None => {
                    self.host.counters.records += 1;
                    self.finish(index, offset, Ok(value));
                }
                Some(error) => {
                    discard(value);
                    self.attempt_failed(index, offset, error);
                }
            }
        }
        if next < count {
            self.finished(index, first + u64::from(next), count - next);
        }
    }

    /// The source is done with the record, well or badly.
    fn finish(&mut self, index: usize, offset: u64, result: Result<Option<AckValue>, Box<Error>>) {
        self.host.counters.unfinished -= 1;
        if self.host.sources[index].finish(offset) {
            self.host.tell_slots(index, offset, result);
        } else {
            discard(result);
        }
    }

    fn attempt_failed(&mut self, index: usize, offset: u64, error: String) {
        let source = &mut self.host.sources[index];
        let failed = source.failed(offset);
        let (kind, task) = (source.kind, source.task);
        let shared = std::sync::Arc::clone(&self.host.shared);
        let kind = &shared.layout.kinds[kind];
        if source.halted.is_some() {
            self.host.counters.unfinished -= 1;
            if self.host.sources[index].leave(offset) {
                self.host.left_behind(index, offset);
            }
            return;
        }
        match kind.retry {
            Retry::Individual if failed <= kind.max_retries => {
                self.host.counters.retries += 1;
                return source.retry(offset);
            }
            Retry::AllAfter if failed <= kind.max_retries => {
                self.host.counters.retries += 1;
                return source.retry_all_after(offset);
            }
            Retry::Individual | Retry::AllAfter | Retry::None => {}
        }
        if !source.give_up(offset) {
            // An earlier record was tried again, and all after it. This one has been left behind already, by `on_failure`.
            self.host.counters.records += 1;
            self.host.counters.unfinished -= 1;
            source.finish(offset);
            return;
        }
        self.host.counters.failures += 1;
        let partition = self.host.tasks[task as usize].id;
        let failure = Failure {
            error,
            attempts: failed,
            topology: kind.topology,
            source: kind.name,
            partition,
            offset,
        };
        tracing::warn!(
            topology = kind.topology,
            depot = kind.depot_name,
            partition,
            offset,
            attempts = failed,
            error = failure.error,
            "a record failed for good"
        );
        let left = match kind.on_failure {
            OnFailure::Halt => false,
            OnFailure::Skip => true,
            OnFailure::DeadLetter(_) => self.dead_letter(kind.program, kind.ordinal, task, &failure),
        };
        let Failure { error, .. } = failure;
        let told = Box::new(Error::RecordFailed {
            topology: kind.topology,
            source_name: kind.name,
            depot: kind.depot_name,
            partition,
            offset,
            attempts: failed,
            error: error.clone(),
        });
        if left {
            self.host.counters.records += 1;
            self.finish(index, offset, Err(told));
        } else {
            if self.host.sources[index].leave(offset) {
                self.host.tell_slots(index, offset, Err(told));
            }
            self.halt(index, Halt { at: offset, error });
        }
    }

    /// Stops the source on its partition. What waits for records that it will not process now is told so.
    fn halt(&mut self, index: usize, halt: Halt) {
        let source = &mut self.host.sources[index];
        let stays = u64::from(source.in_flight);
        self.host.counters.unfinished -= source.unfinished().saturating_sub(stays);
        for offset in source.halt(halt) {
            self.host.left_behind(index, offset);
        }
    }

    /// Keeps the record in its dead-letter depot, as an event of its own. Where even that fails, the source must stop:
    /// the record would be lost.
    fn dead_letter(&mut self, program: usize, source: usize, task: u32, failure: &Failure) -> bool {
        let module = &mut self.host.tasks[task as usize].module;
        let program = &mut self.programs[program];
        let kept = attempt(|| program.dead_letter(source, failure.offset, failure, module));
        let kept = kept.unwrap_or_else(|error| {
            tracing::error!(%error, "a dead letter could not be made");
            false
        });
        if kept {
            insist(|| module.commit());
        } else {
            insist(|| module.rollback());
        }
        self.host.touch(task);
        kept
    }
}
