//! A module whose records say what to do with them.

use crate::client::{AckValues, App, ClientPartitioner, DepotClient, unpack_nothing, unpack_one};
use crate::depot::{DeadLetter, Depot, DepotPartition, Failure};
use crate::error::Result;
use crate::exec::{Program, program};
use crate::module::descriptor::*;
use crate::module::{Module, ModuleDescriptor, Shapes};
use crate::pstate::PStatePartition;
use crate::topology::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::LazyLock;
use tokio::sync::watch;

/// Opens the gate that `Job::Gate` waits at, by number.
pub(super) static GATES: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::channel(0).0);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Job {
    Note(u64),
    Return(u64),
    To(u32, Box<Job>),
    Each(Vec<Job>),
    All(Box<Job>),
    /// Notes, then fails, so many times.
    Fail(u64, u32),
    Panic,
    /// Ends the thread by a panic where the runtime expects none: when it looks for what an event has appended (one that has sent
    /// something, say by [`Job::Each`]).
    Die,
    Cycle,
    Yields(u32),
    External(u64),
    ExternalPanic,
    /// Waits outside until the gate of that bit is open, the first time; notes.
    Gate(u64, u64),
    /// Appends with full ack, then returns the number.
    Publish(u64),
    /// Appends, then fails.
    PublishAndFail(u64),
}

pub(super) struct Lab {
    info: TaskInfo,
    depots: [Depot<Job>; 5],
    letters: Depot<DeadLetter<Job>>,
    ticks: Depot<()>,
    out: Depot<u64>,
    pub(super) seen: Vec<u64>,
    staged: usize,
    /// Outlives failed events.
    attempts: HashMap<u64, u32>,
    pub(super) rounds: u64,
    dead: bool,
}

pub(super) const JOBS: usize = 0;
pub(super) const ORDERED: usize = 1;
pub(super) const ONCE: usize = 2;
pub(super) const STRICT: usize = 3;
pub(super) const LETTERED: usize = 4;
const LETTERS: usize = 5;
const TICKS: usize = 6;
const OUT: usize = 7;

struct Hop(Job);

impl Wire for Hop {
    fn encode(&self, out: &mut Vec<u8>) -> std::result::Result<(), WireError> {
        Portable::encode(&self.0, out)
    }

    fn decode(input: &mut &[u8]) -> Result<Self, WireError> {
        Ok(Hop(Portable::decode(input)?))
    }
}

fn start(source: usize, offset: u64, lab: &mut Lab, cx: &mut Cx, out: &mut Out<Hop>) -> Result<Flow<Hop>, EventError> {
    match source {
        TICKS => lab.note(1_000_000),
        OUT => {
            let published = lab.out.record(offset)?;
            lab.note(published + 10_000);
        }
        _ => {
            let job = lab.depots[source].record(offset)?;
            return run(job, lab, cx, out);
        }
    }
    Ok(Flow::Done(None))
}

fn run(job: Job, lab: &mut Lab, cx: &mut Cx, out: &mut Out<Hop>) -> Result<Flow<Hop>, EventError> {
    match job {
        Job::Note(tag) => {
            lab.note(tag);
            return Ok(Flow::Done(None));
        }
        Job::Return(value) => return Ok(Flow::returned(value)),
        Job::To(task, job) => out.push(Emit::Hop {
            route: cx.direct(task as usize)?,
            hop: Hop(*job),
        }),
        Job::Each(jobs) => jobs.into_iter().for_each(|job| {
            out.push(Emit::Hop {
                route: Route::Here,
                hop: Hop(job),
            })
        }),
        Job::All(job) => cx.all().for_each(|route| {
            out.push(Emit::Hop {
                route,
                hop: Hop(Job::clone(&job)),
            })
        }),
        Job::Fail(tag, times) => {
            lab.note(tag);
            let attempts = lab.attempts.entry(tag).or_default();
            *attempts += 1;
            if *attempts <= times {
                return Err(EventError::new(format!("failure {attempts}")));
            }
            return Ok(Flow::Done(None));
        }
        Job::Panic => panic!("as asked"),
        Job::Die => {
            lab.dead = true;
            return Ok(Flow::Done(None));
        }
        Job::Cycle => {
            lab.rounds += 1;
            let next = (lab.info.task + 1) % lab.info.tasks;
            out.push(Emit::Hop {
                route: Route::Task(next),
                hop: Hop(Job::Cycle),
            });
        }
        Job::Yields(0) => return Ok(Flow::Done(None)),
        Job::Yields(left) => out.push(Emit::Hop {
            route: Route::Yield,
            hop: Hop(Job::Yields(left - 1)),
        }),
        Job::External(value) => out.push(Emit::External(Box::pin(async move { Hop(Job::Return(value)) }))),
        Job::ExternalPanic => out.push(Emit::External(Box::pin(async { panic!("outside") }))),
        Job::Gate(gate, tag) => {
            let attempts = lab.attempts.entry(tag).or_default();
            *attempts += 1;
            if *attempts > 1 {
                lab.note(tag);
                return Ok(Flow::Done(None));
            }
            let mut gates = GATES.subscribe();
            out.push(Emit::External(Box::pin(async move {
                gates.wait_for(|open| open & (1 << gate) != 0).await.unwrap();
                Hop(Job::Note(tag))
            })));
        }
        Job::Publish(value) => {
            let (depot, _) = lab.out.append(value).ack(crate::AckLevel::Full).stage();
            out.push(Emit::AfterAppend {
                depot,
                hop: Hop(Job::Return(value)),
            });
        }
        Job::PublishAndFail(value) => {
            lab.out.append(value).stage();
            return Err(EventError::new("after an append"));
        }
    }
    Ok(Flow::Moved)
}

impl Lab {
    fn note(&mut self, tag: u64) {
        self.seen.push(tag);
        self.staged += 1;
    }
}

const fn depot(name: &'static str, partitioner: PartitionerDescriptor, keep: Option<Keep>) -> DepotDescriptor {
    DepotDescriptor {
        name,
        record: "Job",
        partitioner,
        keep,
        docs: "",
    }
}

const fn source(name: &'static str, depot: usize, retry: Retry, max_retries: u32, on: OnFailure) -> SourceDescriptor {
    SourceDescriptor {
        name,
        depot,
        returns: if depot == JOBS { "u64" } else { "" },
        has_ack_return: depot == JOBS,
        start_from: StartFrom::Beginning,
        retry,
        max_retries,
        on_failure: on,
        timeout_millis: if depot == LETTERED { Some(1000) } else { None },
        docs: "",
    }
}

const PLAIN: PartitionerDescriptor = PartitionerDescriptor::Custom("first");

impl Module for Lab {
    const DESCRIPTOR: &'static ModuleDescriptor = &ModuleDescriptor {
        name: "Lab",
        docs: "",
        depots: &[
            depot("jobs", PLAIN, None),
            depot("ordered", PLAIN, None),
            depot("once", PLAIN, Some(Keep::Last(2))),
            depot("strict", PLAIN, Some(Keep::Last(0))),
            depot("lettered", PLAIN, None),
            depot("letters", PartitionerDescriptor::Disallow, None),
            depot(
                "ticks",
                PartitionerDescriptor::Tick { millis: 100 },
                Some(Keep::Last(0)),
            ),
            depot("out", PartitionerDescriptor::Disallow, None),
        ],
        pstates: &[],
        topologies: &[TopologyDescriptor {
            name: "lab",
            kind: TopologyKind::Stream,
            sources: &[
                source("jobs", JOBS, Retry::Individual, 3, OnFailure::Skip),
                source("ordered", ORDERED, Retry::AllAfter, 3, OnFailure::Skip),
                source("once", ONCE, Retry::None, 3, OnFailure::Skip),
                source("strict", STRICT, Retry::Individual, 1, OnFailure::Halt),
                source(
                    "lettered",
                    LETTERED,
                    Retry::Individual,
                    1,
                    OnFailure::DeadLetter(LETTERS),
                ),
                source("letters", LETTERS, Retry::None, 0, OnFailure::Skip),
                source("ticks", TICKS, Retry::None, 0, OnFailure::Skip),
                source("out", OUT, Retry::None, 0, OnFailure::Skip),
            ],
            segments: &[],
        }],
    };

    type Client = App<Lab>;

    fn new(info: TaskInfo) -> Self {
        let keep = |index: usize| Self::DESCRIPTOR.depots[index].keep;
        Lab {
            info,
            depots: std::array::from_fn(|index| Depot::new(index, info, keep(index))),
            letters: Depot::new(LETTERS, info, None),
            ticks: Depot::new(TICKS, info, keep(TICKS)),
            out: Depot::new(OUT, info, None),
            seen: Vec::new(),
            staged: 0,
            attempts: HashMap::new(),
            rounds: 0,
            dead: false,
        }
    }

    fn client(app: App<Self>) -> App<Lab> {
        app
    }

    fn depot(&mut self, index: usize) -> Option<&mut dyn DepotPartition> {
        assert!(!self.dead, "as asked, between events");
        match index {
            0..5 => Some(&mut self.depots[index]),
            LETTERS => Some(&mut self.letters),
            TICKS => Some(&mut self.ticks),
            OUT => Some(&mut self.out),
            _ => None,
        }
    }

    fn pstate(&mut self, _index: usize) -> Option<&mut dyn PStatePartition> {
        None
    }

    fn shapes() -> Shapes {
        Shapes::default()
    }

    fn programs() -> Vec<Box<dyn Program<Self>>> {
        let machine = ClosureMachine::<Hop, _, _, _>::new(
            |source, offset, lab: &mut Lab, cx: &mut Cx, out: &mut Out<Hop>| {
                if source == LETTERS {
                    Ok(Flow::Done(None))
                } else {
                    start(source, offset, lab, cx, out)
                }
            },
            |Hop(job), lab: &mut Lab, cx: &mut Cx, out: &mut Out<Hop>| run(job, lab, cx, out),
            |source, offset, failure: &Failure, lab: &mut Lab| {
                let Ok(job) = lab.depots[source].record(offset) else {
                    return false;
                };
                lab.letters.stage_dead_letter(DeadLetter::new(job, failure));
                true
            },
        );
        vec![program(machine)]
    }

    fn commit(&mut self) {
        self.staged = 0;
        self.depots.iter_mut().for_each(Depot::commit);
        self.letters.commit();
        self.ticks.commit();
        self.out.commit();
    }

    fn rollback(&mut self) {
        self.seen.truncate(self.seen.len() - self.staged);
        self.staged = 0;
        self.depots.iter_mut().for_each(Depot::rollback);
        self.letters.rollback();
        self.ticks.rollback();
        self.out.rollback();
    }
}

/// The records' partition: task 0, but `To` goes to its task modulo the number of tasks at once.
fn partition(job: &Job, tasks: usize) -> usize {
    match job {
        Job::To(task, _) => *task as usize % tasks,
        _ => 0,
    }
}

fn access<const INDEX: usize>(lab: &mut Lab) -> &mut Depot<Job> {
    &mut lab.depots[INDEX]
}

pub(super) fn jobs(app: &App<Lab>) -> DepotClient<Lab, Job, u64> {
    DepotClient::new(
        app,
        JOBS,
        access::<JOBS>,
        ClientPartitioner::Custom(partition),
        unpack_one::<u64>,
    )
}

pub(super) fn plain<const INDEX: usize>(app: &App<Lab>) -> DepotClient<Lab, Job, ()> {
    let unpack: fn(&mut AckValues) -> Result<()> = unpack_nothing;
    DepotClient::new(
        app,
        INDEX,
        access::<INDEX>,
        ClientPartitioner::Custom(partition),
        unpack,
    )
}

pub(super) async fn letters(app: &App<Lab>, task: u32) -> Vec<DeadLetter<Job>> {
    app.ask(task, |lab| lab.letters.read(0..lab.letters.info().end).unwrap())
        .await
        .unwrap()
}
