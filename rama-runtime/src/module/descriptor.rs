//! What a module declares, as constant data. The graph, the UI, `diff` and the wire fingerprint are made from it.

use serde::Serialize;

/// A whole module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleDescriptor {
    /// The struct's name; it identifies the module to clients and in updates.
    pub name: &'static str,
    /// The struct's doc comment.
    pub docs: &'static str,
    /// The depots, in order of declaration.
    pub depots: &'static [DepotDescriptor],
    /// The PStates, in order of declaration.
    pub pstates: &'static [PStateDescriptor],
    /// The topologies, in order of declaration.
    pub topologies: &'static [TopologyDescriptor],
}

/// One depot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepotDescriptor {
    /// The field's name.
    pub name: &'static str,
    /// The record type, as written.
    pub record: &'static str,
    /// How appended records find their partition.
    pub partitioner: PartitionerDescriptor,
    /// Which processed records a partition keeps; `None` keeps all.
    pub keep: Option<Keep>,
    /// The field's doc comment.
    pub docs: &'static str,
}

/// How records of a depot find their partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionerDescriptor {
    /// Spread evenly.
    Random,
    /// By the hash of the key that this code extracts from the record.
    HashBy(&'static str),
    /// All on task 0.
    Global,
    /// Only topologies append.
    Disallow,
    /// The clock appends, every so many milliseconds, on task 0.
    Tick {
        /// The period.
        millis: u64,
    },
    /// This function chooses the partition.
    Custom(&'static str),
}

/// Which records a partition keeps that everyone has processed. Records that a source of the module or a named consumer
/// ([`Consumer`](crate::client::Consumer)) is not done with are kept in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The last so many.
    Last(u64),
    /// Those that were appended within so many milliseconds. Looked at when records are processed, and at least eight times
    /// in that span of time (but not more often than every 100 ms, and at least every 10 minutes).
    Within {
        /// The span of time.
        millis: u64,
    },
}

/// One PState.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PStateDescriptor {
    /// The field's name.
    pub name: &'static str,
    /// The schema type, as written.
    pub schema: &'static str,
    /// The topology that writes it.
    pub owner: &'static str,
    /// Whether it has one partition, on task 0.
    pub global: bool,
    /// Whether clients cannot read it.
    pub private: bool,
    /// The code of the initial value of a partition.
    pub initial: Option<&'static str>,
    /// The code that extracts the part of a key that decides its task.
    pub partition_by: Option<&'static str>,
    /// The field's doc comment.
    pub docs: &'static str,
}

/// What kind of topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopologyKind {
    /// Processes each record as it comes.
    Stream,
}

/// One topology: the sources that share its name, and own its PStates together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopologyDescriptor {
    /// The topology's name.
    pub name: &'static str,
    /// Its kind.
    pub kind: TopologyKind,
    /// Its sources, in order of declaration.
    pub sources: &'static [SourceDescriptor],
    /// Its segments: the pieces of its bodies between awaits. Segment `i` runs on arrival at resumption point `i`; the first
    /// `sources.len()` ones are the sources' entries.
    pub segments: &'static [SegmentDescriptor],
}

/// One source: a depot, and the body that processes its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDescriptor {
    /// The function's name.
    pub name: &'static str,
    /// Index of the depot in the module's descriptor.
    pub depot: usize,
    /// The ack return type, as written; empty if nothing is returned.
    pub returns: &'static str,
    /// Whether a branch that ends hands an ack return to the appender.
    pub has_ack_return: bool,
    /// Where to begin, the first time this source sees a partition.
    pub start_from: StartFrom,
    /// What is run again when a record fails.
    pub retry: Retry,
    /// How often a failing record is tried again before `on_failure` takes it.
    pub max_retries: u32,
    /// What becomes of a record that failed for good.
    pub on_failure: OnFailure,
    /// After so many milliseconds without completion an attempt counts as failed; `None` waits for ever.
    pub timeout_millis: Option<u64>,
    /// The function's doc comment.
    pub docs: &'static str,
}

/// Where a source or a named consumer begins in a partition that it has never read (Rama: `startFrom…`). Where the records
/// of the place are no longer kept, it begins at the first one that is; where they do not exist yet, at the end.
///
/// Times are those of the appends by the clock of the machine that took them in, in whole milliseconds. Within a partition
/// they never go back, even if that clock does. Where very many appends are kept, neighbours count as appended together, at
/// the time of the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// At the first record kept.
    Beginning,
    /// Behind the last record.
    End,
    /// So many records before the end.
    Ago(u64),
    /// At the first record that was appended within so many milliseconds before now, which is when it begins.
    Within {
        /// The span of time.
        millis: u64,
    },
    /// At that offset of each partition, or the nearest one that it has.
    Offset(u64),
    /// At the first record that was appended at that time or later: milliseconds since 1970-01-01 00:00 UTC.
    Since {
        /// The time.
        unix_millis: u64,
    },
}

/// What is run again when a record fails (Rama: `SourceOptions.retry…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Just that record; later ones of its partition may overtake it.
    Individual,
    /// That record and every later one of its partition, so that their order is kept.
    AllAfter,
    /// Nothing: at most once.
    None,
}

/// What becomes of a record that failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The source stops on that partition; nothing is lost, nothing goes on.
    ///
    /// The depot still takes records there, and keeps them. Appends that wait for full processing fail with
    /// [`Error::Halted`](crate::Error::Halted); those that do not (`AckLevel::Appended` and `None`) get no error, and as
    /// nothing will process their records, they do not wait for room either. A producer that uses only these should look at
    /// `counters().failures`.
    Halt,
    /// The record is left behind.
    Skip,
    /// The record goes to that depot (index in the module's descriptor), with the error and the number of attempts.
    DeadLetter(usize),
}

/// One segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentDescriptor {
    /// Index of the source it belongs to.
    pub source: usize,
    /// The variables that its scope carries, in order of declaration; synthetic ones begin with `__`.
    pub scope: &'static [&'static str],
    /// What the computation is partitioned by in it, in words: the code of the key that it was partitioned by last, as
    /// `` `word` ``, or `task 0`, `every task`, `anywhere (random)`. Empty where that is not known.
    pub partitioned_by: &'static str,
    /// How it touches PStates, in order of its code; one of a PState, a key and a direction.
    pub accesses: &'static [AccessDescriptor],
    /// Where it goes on to.
    pub hops: &'static [HopDescriptor],
}

/// One way in which a segment touches the partition of a PState.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessDescriptor {
    /// Index of the PState in the module's descriptor.
    pub pstate: usize,
    /// The code of the key that decides the partition; empty where it is about the whole partition.
    pub key: &'static str,
    /// Whether it writes.
    pub writes: bool,
    /// Whether the partition is the one that the key means.
    pub alignment: AlignmentDescriptor,
}

/// Whether the partition that an access touches is the one that its key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlignmentDescriptor {
    /// It is about whatever is in this task's partition.
    Whole,
    /// Its key is what the computation was partitioned by.
    Proven,
    /// It is looked at when it runs.
    Checked,
    /// The user says that this task's partition is meant.
    Unaligned,
}

/// One way out of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopDescriptor {
    /// The operation's name, as in `hash_partition`.
    pub operation: &'static str,
    /// The code of its arguments.
    pub arguments: &'static str,
    /// Where it is done once for each item of an `explode`, without an event of its own: the code of the items.
    pub each: Option<&'static str>,
    /// Of an append, the index of the depot in the module's descriptor.
    pub appends: Option<usize>,
    /// Index of the segment that it resumes.
    pub to: usize,
}

impl ModuleDescriptor {
    /// The topology of that name.
    #[must_use]
    pub fn topology(&self, name: &str) -> Option<&'static TopologyDescriptor> {
        self.topologies.iter().find(|topology| topology.name == name)
    }

    /// The depot of that name, with its index.
    #[must_use]
    pub fn depot(&self, name: &str) -> Option<(usize, &'static DepotDescriptor)> {
        self.depots.iter().enumerate().find(|(_, depot)| depot.name == name)
    }
}
