//! Some lives of a process on a simulated disk, from a seed.

use super::check::{Known, check};
use super::consume::Consumed;
use super::job::{Flat, Job, KEYS, pick};
use super::module::{Chaos, ChaosClient};
use futures_util::future::BoxFuture;
use futures_util::task::noop_waker_ref;
use rama_runtime::cluster::SyncPolicy;
use rama_runtime::prelude::*;
use rama_runtime::testing::{Rng, Sabotage, Simulation, World};
use rama_runtime::{AckLevel, Error};
use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll};
use std::time::Duration;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Decides everything.
    pub seed: u64,
    /// How often the process dies.
    pub lives: u32,
    /// What is broken on purpose.
    pub sabotage: Sabotage,
}

/// What a simulation came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// Records in the depots in the end.
    pub records: u64,
    /// Records that were acknowledged.
    pub acked: u64,
    /// Flights that went on where they were.
    pub unfinished: u64,
    /// How often the machine died, and how often the process alone.
    pub power_cuts: u64,
    /// See [`Report::power_cuts`].
    pub kills: u64,
    /// How often the disk failed.
    pub faults: u64,
}

/// What a client has been told.
enum Told {
    Records(Vec<u64>, Result<(), Error>),
    Total {
        key: u64,
        /// What had been read when this read began.
        floor: u64,
        value: Result<Option<u64>, Error>,
    },
    Consumed(Result<(), String>),
}

/// What the outside knows.
#[derive(Default)]
struct Outside {
    next: u64,
    jobs: BTreeMap<u64, Job>,
    flats: BTreeMap<u64, Flat>,
    acked: BTreeSet<u64>,
    /// The greatest total that was read, by key.
    read: BTreeMap<u64, u64>,
    /// What the consumer has committed, and whether it is at work.
    consumed: Consumed,
    consuming: bool,
    tasks: u32,
    /// Whether something was acknowledged that only the system has, not the disk.
    fragile: bool,
}

/// More steps than anything takes.
const ENOUGH: usize = 2_000_000;

/// Runs the plan.
///
/// # Errors
/// What is wrong, in words.
pub fn simulate(plan: Plan) -> Result<Report, String> {
    let mut rng = Rng::new(plan.seed);
    let world = World::default();
    let tasks = 1 << pick(&mut rng, 4);
    let mut outside = Outside {
        next: plan.seed << 24,
        tasks,
        ..Outside::default()
    };
    let mut report = Report::default();
    for _ in 0..plan.lives {
        life(&world, tasks, plan.sabotage, &mut rng, &mut outside, &mut report)?;
    }
    // In the end, everything is done, and is as it must be: now, and after a shutdown.
    for round in 0..2 {
        let launch = launch(tasks, plan.sabotage, SyncPolicy::Always, &mut rng);
        let opened = Simulation::<Chaos>::open(&world, rng.next_u64(), &launch);
        let (mut simulation, app) = opened.map_err(|error| format!("the last opening failed: {error}"))?;
        let unfinished = app.recovery().map_or(0, |recovery| recovery.unfinished);
        if round == 0 {
            report.unfinished += unfinished;
        } else if unfinished > 0 {
            return Err(format!("{unfinished} flights were unfinished behind a shutdown"));
        }
        let settled = async { app.settled().await.map_err(|error| error.to_string()) };
        wait(&mut simulation, Box::pin(settled))?;
        let known = Known {
            jobs: &|id| outside.jobs.get(&id).cloned(),
            flats: &|id| outside.flats.get(&id).cloned(),
            acked: &outside.acked,
            read: &outside.read,
        };
        report.records = wait(&mut simulation, Box::pin(check(&app, tasks, known)))?;
        report.acked = outside.acked.len() as u64;
        for partition in 0..tasks {
            wait(
                &mut simulation,
                outside.consumed.consume(&app, partition, usize::MAX, false),
            )?;
        }
        simulation.shut_down(ENOUGH).map_err(|error| error.to_string())?;
    }
    Ok(report)
}

fn launch(tasks: u32, sabotage: Sabotage, sync: SyncPolicy, rng: &mut Rng) -> Launch {
    let threads = 1 + pick(rng, u64::from(tasks.min(4))) as u32;
    let launch = Launch::tasks(tasks);
    // Mostly less than what is there.
    let launch = if pick(rng, 2) == 0 {
        launch.memory(pick(rng, 30_000) as usize)
    } else {
        launch
    };
    launch
        .threads(threads)
        .max_unfinished(1 + pick(rng, 40) as u32)
        .max_backlog(1 + pick(rng, 60) as u32)
        .epoch(Duration::from_millis(pick(rng, 6)))
        .event_budget(Duration::from_micros(pick(rng, 2)))
        .keep_at(1 << (6 + pick(rng, 10)))
        .sync(sync)
        .sabotage(sabotage)
}

/// One life: from an opening to a death.
fn life(
    world: &World,
    tasks: u32,
    sabotage: Sabotage,
    rng: &mut Rng,
    outside: &mut Outside,
    report: &mut Report,
) -> Result<(), String> {
    let sync = match pick(rng, 8) {
        0 => SyncPolicy::Every(Duration::from_millis(pick(rng, 20))),
        1 => SyncPolicy::Os,
        _ => SyncPolicy::Always,
    };
    let launch = launch(tasks, sabotage, sync, rng);
    // Also an opening may be the end.
    let mut powerless = pick(rng, 8) == 0;
    if powerless {
        world.files.stop_after(pick(rng, 30));
    }
    match Simulation::<Chaos>::open(world, rng.next_u64(), &launch) {
        Err(_) if powerless => report.faults += 1,
        Err(error) => return Err(format!("an opening failed: {error}")),
        Ok((mut simulation, app)) => {
            report.unfinished += app.recovery().map_or(0, |recovery| recovery.unfinished);
            // What was found is durable.
            outside.fragile = sync != SyncPolicy::Always;
            match pick(rng, 16) {
                0 => world.files.fill_up(pick(rng, 20_000)),
                1 => world.files.fail_next_sync(),
                2 => {
                    powerless = true;
                    world.files.stop_after(pick(rng, 200));
                }
                3 => world.files.make_read_only(),
                _ => {}
            }
            live(&mut simulation, &app, rng, outside)?;
        }
    }
    // A disk without power comes back with the machine only.
    if !powerless && pick(rng, 3) == 0 {
        report.kills += 1;
    } else {
        report.power_cuts += 1;
        world.crash(rng);
        if std::mem::take(&mut outside.fragile) {
            // The rest of what is checked holds all the same.
            outside.forget();
        }
    }
    world.files.heal();
    Ok(())
}

impl Outside {
    /// What was acknowledged may be gone.
    fn forget(&mut self) {
        self.acked.clear();
        self.read.clear();
        self.consumed.forget();
    }

    /// Something that a client does.
    fn ask(&mut self, app: &ChaosClient, rng: &mut Rng) -> BoxFuture<'static, Told> {
        let level = match pick(rng, 4) {
            0 => AckLevel::None,
            1 => AckLevel::Appended,
            _ => AckLevel::Full,
        };
        let mut new_id = || {
            self.next += 1;
            self.next
        };
        match pick(rng, 7) {
            6 if !self.consuming => {
                self.consuming = true;
                let (partition, most) = (pick(rng, u64::from(self.tasks)) as u32, pick(rng, 6) as usize);
                let consume = self.consumed.consume(app, partition, most, pick(rng, 3) > 0);
                Box::pin(async move { Told::Consumed(consume.await) })
            }
            0 | 1 => {
                let job = Job::random(new_id(), rng);
                let id = job.id;
                self.jobs.insert(id, job.clone());
                let append = app.jobs().append(job);
                if level == AckLevel::Full {
                    let append = append.into_future();
                    Box::pin(async move { Told::Records(vec![id], append.await.map(|_| ())) })
                } else {
                    let append = append.ack(level).into_future();
                    // Nothing is known of what nobody waits for.
                    let ids = if level == AckLevel::None { Vec::new() } else { vec![id] };
                    Box::pin(async move { Told::Records(ids, append.await) })
                }
            }
            2 | 3 => {
                let flats: Vec<Flat> = (0..pick(rng, 20) + 1).map(|_| Flat::random(new_id(), rng)).collect();
                let ids = flats.iter().map(|flat| flat.id).collect();
                self.flats.extend(flats.iter().map(|flat| (flat.id, flat.clone())));
                let append = app.flats().append_batch(flats).ack(level).into_future();
                let ids = if level == AckLevel::None { Vec::new() } else { ids };
                Box::pin(async move { Told::Records(ids, append.await) })
            }
            _ => {
                let key = pick(rng, KEYS);
                let floor = self.read.get(&key).copied().unwrap_or(0);
                let read = app.totals().key(&key).get();
                Box::pin(async move {
                    Told::Total {
                        key,
                        floor,
                        value: read.await,
                    }
                })
            }
        }
    }

    /// A client is told something.
    fn hear(&mut self, told: Told) -> Result<(), String> {
        match told {
            Told::Records(ids, Ok(()) | Err(Error::NoAckReturn)) => self.acked.extend(ids),
            Told::Records(_, Err(Error::ShutDown | Error::Storage { .. })) => {}
            Told::Records(_, Err(error)) => return Err(format!("an append failed: {error}")),
            Told::Total {
                key,
                floor,
                value: Ok(value),
            } => {
                let value = value.unwrap_or(0);
                if value < floor {
                    return Err(format!("the total of {key} went back from {floor} to {value}"));
                }
                let known = self.read.entry(key).or_default();
                *known = value.max(*known);
            }
            Told::Total { value: Err(_), .. } => {}
            Told::Consumed(result) => {
                self.consuming = false;
                return result;
            }
        }
        Ok(())
    }
}

/// Clients ask, for a while.
fn live(
    simulation: &mut Simulation<Chaos>,
    app: &ChaosClient,
    rng: &mut Rng,
    outside: &mut Outside,
) -> Result<(), String> {
    let mut asked: Vec<BoxFuture<'static, Told>> = Vec::new();
    outside.consuming = false;
    let steps = 1 << (4 + pick(rng, 9));
    let busy = 1 + pick(rng, 30);
    for step in 0..steps {
        if asked.len() < 40 && pick(rng, busy) == 0 {
            asked.push(outside.ask(app, rng));
        }
        if step % 4 == 0 {
            let mut heard = Vec::new();
            asked.retain_mut(
                |future| match future.as_mut().poll(&mut Context::from_waker(noop_waker_ref())) {
                    Poll::Ready(told) => {
                        heard.push(told);
                        false
                    }
                    Poll::Pending => true,
                },
            );
            heard.into_iter().try_for_each(|told| outside.hear(told))?;
        }
        simulation.step();
    }
    Ok(())
}

fn wait<T>(simulation: &mut Simulation<Chaos>, mut future: BoxFuture<'_, Result<T, String>>) -> Result<T, String> {
    let result = simulation.run(&mut future, ENOUGH);
    result.unwrap_or_else(|| Err("something takes for ever".to_owned()))
}
