//! A word count on a folder, beside the same one in memory.

use crate::{folder, median};
use rama_benches::harness::sized;
use rama_benches::input::{WORDS_A_LINE, lines};
use rama_benches::modules::WordCount;
use rama_benches::running::{BATCH, Running, UNDER_WAY, batches, launch};
use std::path::Path;
use std::time::Instant;

pub(crate) fn run(within: &Path, rounds: usize) {
    println!("\nWords counted a second, two threads, two tasks\n");
    let lines = lines(sized(500_000, 200), sized(100_000, 1_000));
    let (mut in_memory, mut durable, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let memory = a_second(&Running::start(launch(2, 2)), &lines);
        let path = folder(within);
        let disk = a_second(&Running::open(path.path(), launch(2, 2)), &lines);
        in_memory.push(memory);
        durable.push(disk);
        ratios.push(disk / memory);
    }
    println!("| in memory | durable |\n|---|---|");
    println!("| {:.0} | {:.0} |", median(&mut in_memory), median(&mut durable));
    println!("\nRATIO words durable over in memory: {:.2}", median(&mut ratios));
}

fn a_second(running: &Running<WordCount>, lines: &[String]) -> f64 {
    let warm = batches(&lines[..lines.len() / 5], BATCH);
    running.append(&running.client().lines(), warm, UNDER_WAY);
    let all = batches(lines, BATCH);
    let began = Instant::now();
    running.append(&running.client().lines(), all, UNDER_WAY);
    (lines.len() * WORDS_A_LINE) as f64 / began.elapsed().as_secs_f64()
}
