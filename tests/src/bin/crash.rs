//! A real process that writes, and is killed at random instants; after each restart everything must be as it must.
//!
//! ```sh
//! cargo run --release -p tests --bin crash -- --kills 200
//! ```
//!
//! The parent starts itself as a child on one folder, reads what the child says was acknowledged and read, and kills it (`SIGKILL`).
//! The next child first holds the module to all that is known, then writes on.

use clap::Parser;
use futures_util::future::join_all;
use rama_runtime::AckLevel;
use rama_runtime::prelude::*;
use rama_runtime::testing::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tests::chaos::{Chaos, ChaosClient, Flat, Job, KEYS, Known, Step, check, pick};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    /// How often the process is killed.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Decides when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For the child: the folder.
    #[arg(long, hide = true)]
    folder: Option<PathBuf>,
    /// For the child: which life this is.
    #[arg(long, hide = true, default_value_t = 0)]
    life: u64,
}

const TASKS: u32 = 8;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.folder {
        Some(folder) => child(folder, arguments.life),
        None => parent(arguments.kills, arguments.seed),
    };
    if let Err(error) = result {
        println!("FAILED {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What is known of the module outside of it. Ids of jobs are even, those of flat records odd; what they say follows from the id.
#[derive(Default)]
struct Outside {
    acked: BTreeSet<u64>,
    read: BTreeMap<u64, u64>,
}

/// None fails: how often a step has failed is known in the process only, so one that is killed would let it fail anew.
fn job(id: u64) -> Job {
    let mut job = Job::random(id, &mut Rng::new(id));
    for step in &mut job.steps {
        if matches!(step, Step::Fail(_)) {
            *step = Step::Yield;
        }
    }
    job
}

fn flat(id: u64) -> Flat {
    Flat::random(id, &mut Rng::new(id))
}

impl Outside {
    /// Takes in a line of a child.
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let kind = words.next();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        match kind {
            Some("acked") => self.acked.extend(number()),
            Some("read") => {
                if let (Some(key), Some(total)) = (number(), number()) {
                    let known = self.read.entry(key).or_default();
                    *known = total.max(*known);
                }
            }
            _ => {}
        }
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut lines = String::new();
        for id in &self.acked {
            lines.push_str(&format!("acked {id}\n"));
        }
        for (key, total) in &self.read {
            lines.push_str(&format!("read {key} {total}\n"));
        }
        fs::write(path, lines)
    }
}

fn spawn(folder: &Path, life: u64) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    Command::new(program)
        .arg("--folder")
        .arg(folder)
        .arg("--life")
        .arg(life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())
}

fn parent(kills: u32, seed: u64) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let known = folder.path().join("known");
    let mut rng = Rng::new(seed);
    let mut outside = Outside::default();
    let (mut checked, mut unfinished, mut before_check) = (0, 0, 0);
    let began = Instant::now();
    for life in 1..=u64::from(kills) + 1 {
        outside.write(&known).map_err(|error| error.to_string())?;
        let last = life > u64::from(kills);
        let mut child = spawn(folder.path(), life)?;
        let out = child.stdout.take().ok_or("no output")?;
        let (lines, heard) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        // Mostly while it writes, sometimes while it opens or checks.
        let early = pick(&mut rng, 10) == 0;
        let patience = Duration::from_micros(pick(&mut rng, if early { 60_000 } else { 250_000 }));
        let mut until = early.then(|| Instant::now() + patience);
        let mut was_checked = false;
        loop {
            let line = match until {
                Some(until) => heard.recv_timeout(until.saturating_duration_since(Instant::now())).ok(),
                None => heard.recv_timeout(Duration::from_secs(120)).ok(),
            };
            let Some(line) = line else { break };
            if let Some(error) = line.strip_prefix("FAILED ") {
                return Err(format!("life {life}: {error}"));
            }
            if let Some(found) = line.strip_prefix("checked ") {
                was_checked = true;
                let mut numbers = found.split(' ').map_while(|word| word.parse::<u64>().ok());
                checked = numbers.next().unwrap_or(0);
                unfinished += numbers.next().unwrap_or(0);
                if last {
                    break;
                }
                until = Some(Instant::now() + patience);
            }
            outside.hear(&line);
        }
        if !was_checked && !early {
            return Err(format!("life {life}: nothing was heard for two minutes"));
        }
        before_check += u32::from(!was_checked);
        child.kill().map_err(|error| error.to_string())?;
        child.wait().map_err(|error| error.to_string())?;
        // What it has said before it died counts.
        _ = reader.join();
        heard.try_iter().for_each(|line| outside.hear(&line));
        if life % 20 == 0 {
            println!("{life} kills: {} records acknowledged", outside.acked.len());
        }
    }
    println!(
        "{kills} kills, {before_check} of them before the module was checked, in {:.0?}: {checked} records, {} of them acknowledged; {unfinished} flights went on where \
         they were; nothing is lost, nothing is counted twice, no record failed",
        began.elapsed(),
        outside.acked.len(),
    );
    Ok(())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Where nobody listens any more, this process is about to die.
    _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn child(folder: &Path, life: u64) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let mut outside = Outside::default();
        let known = fs::read_to_string(folder.join("known")).map_err(|error| error.to_string())?;
        known.lines().for_each(|line| outside.hear(line));
        let cluster = InProcessCluster::open(folder.join("cluster")).map_err(|error| error.to_string())?;
        // The number of threads is free; small pieces, so that all of the store's ways are walked.
        let launch = Launch::tasks(TASKS)
            .threads(1 + life as u32 % 3)
            .keep_at(1 << (12 + life % 8));
        // In every other life, less memory than there is.
        let launch = if life.is_multiple_of(2) {
            launch.memory(1 << 16)
        } else {
            launch
        };
        let app = cluster
            .launch::<Chaos>(launch)
            .await
            .map_err(|error| error.to_string())?;
        let unfinished = app.recovery().map_or(0, |recovery| recovery.unfinished);
        app.settled().await.map_err(|error| error.to_string())?;
        let known = Known {
            jobs: &|id| (id % 2 == 0).then(|| job(id)),
            flats: &|id| (id % 2 == 1).then(|| flat(id)),
            acked: &outside.acked,
            read: &outside.read,
        };
        let records = check(&app, TASKS, known).await?;
        say(&format!("checked {records} {unfinished}"));
        let writers = (0..6).map(|writer| tokio::spawn(write(app.clone(), life, writer)));
        for ended in join_all(writers).await {
            ended.map_err(|error| error.to_string())??;
        }
        Ok(())
    })
}

/// Appends numbered records under every ack level, and reads, until the process dies.
async fn write(app: ChaosClient, life: u64, writer: u64) -> Result<(), String> {
    let mut rng = Rng::new(life << 8 | writer);
    for number in 0.. {
        let id = (life << 40 | writer << 32 | number) << 1;
        let level = [AckLevel::Full, AckLevel::Appended, AckLevel::None][pick(&mut rng, 3) as usize];
        let result = if writer.is_multiple_of(2) {
            app.jobs().append(job(id)).ack(level).await.map(|()| vec![id])
        } else {
            let ids: Vec<u64> = (0..pick(&mut rng, 30))
                .map(|place| (id << 5 | place << 1) | 1)
                .collect();
            let flats = ids.iter().copied().map(flat).collect();
            app.flats().append_batch(flats).ack(level).await.map(|()| ids)
        };
        let ids = result.map_err(|error| error.to_string())?;
        if level != AckLevel::None {
            ids.iter().for_each(|id| say(&format!("acked {id}")));
        }
        if pick(&mut rng, 4) == 0 {
            let key = pick(&mut rng, KEYS);
            let total = app.totals().key(&key).get().await.map_err(|error| error.to_string())?;
            say(&format!("read {key} {}", total.unwrap_or(0)));
        }
    }
    Ok(())
}
