//! Counts the words of files, or of standard input: the smallest module, on real text.
//!
//! ```text
//! cargo run --release --example word_count -- [--tasks N] [--threads N] [--top K] [--folder DIR | --memory] [FILE...]
//! ```
//!
//! The counts are durable: in DIR, where the next run goes on counting, or in a temporary folder that is removed in the end;
//! `--memory` keeps them nowhere.
//!
//! Prints `COUNT<TAB>WORD`, the most frequent first, words of one count in their own order. A word is what stands between
//! Unicode white space. What it shows: lines enter through a `random` depot, `explode` makes one branch a word, and
//! `hash_partition` takes each word to the one task that counts it.

use clap::Parser;
use futures_util::{StreamExt, stream::FuturesUnordered};
use indicatif::{ProgressBar, ProgressStyle};
use rama_runtime::prelude::*;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Counts how often each word was seen.
#[module]
pub struct WordCount {
    /// Lines of text, spread evenly over the tasks.
    #[depot(random, keep = 0)]
    lines: Depot<String>,
    /// How often each word was seen.
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        /// Counts each word on the task that owns it.
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            let word: &str = explode(line.split_whitespace()).await;
            hash_partition(word).await;
            self.counts.key(word).update(|n| *n += 1);
        }
    }
}

/// Counts the words of files, or of standard input.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many tasks the module has: a power of two.
    #[arg(long, default_value_t = 8)]
    tasks: u32,
    /// How many threads run them; at most one a task.
    #[arg(long, default_value_t = 2)]
    threads: u32,
    /// Print only the K most frequent words.
    #[arg(long, value_name = "K")]
    top: Option<usize>,
    /// Keep the counts in this folder, and go on from those that are there.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Keep them in memory only.
    #[arg(long, conflicts_with = "folder")]
    memory: bool,
    /// The files; standard input if there are none.
    files: Vec<PathBuf>,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read {file}: {error}")]
    Read { file: String, error: io::Error },
    #[error("cannot make a temporary folder: {0}")]
    Folder(io::Error),
    #[error("cannot write the counts: {0}")]
    Write(io::Error),
    #[error(transparent)]
    Rama(#[from] rama_runtime::Error),
}

/// Lines that go to the module in one append.
const BATCH: usize = 512;
/// Appends that may be under way at once.
const UNDER_WAY: usize = 8;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments, &mut BufWriter::new(io::stdout().lock())).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        // The reader of our output has seen enough, as in `word_count FILE | head`.
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("word_count: {failure}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments, out: &mut impl Write) -> Result<(), Failure> {
    // A thread without a task would have nothing to do, so a launch refuses it.
    let threads = arguments.threads.min(arguments.tasks);
    // Removed when it is dropped, behind the shutdown.
    let mut temporary = None;
    let cluster = match &arguments.folder {
        _ if arguments.memory => InProcessCluster::start()?,
        Some(folder) => InProcessCluster::open(folder)?,
        None => {
            let folder = tempfile::tempdir().map_err(Failure::Folder)?;
            InProcessCluster::open(temporary.insert(folder).path())?
        }
    };
    let app = cluster
        .launch::<WordCount>(Launch::tasks(arguments.tasks).threads(threads))
        .await?;
    let before: u64 = app.counts().items().await?.iter().map(|(_, count)| count).sum();
    let started = Instant::now();
    let progress = progress(&arguments.files);
    let mut bytes = 0;
    if arguments.files.is_empty() {
        bytes += feed(&app, io::stdin(), Path::new("standard input"), &progress).await?;
    }
    for file in &arguments.files {
        let input = std::fs::File::open(file).map_err(|error| unreadable(file, error))?;
        bytes += feed(&app, input, file, &progress).await?;
    }
    progress.finish_and_clear();
    let elapsed = started.elapsed();
    let mut counts: Vec<(String, u64)> = app.counts().items().await?;
    counts.sort_by(|(word, count), (other, others)| others.cmp(count).then_with(|| word.cmp(other)));
    let words: u64 = counts.iter().map(|(_, count)| count).sum::<u64>() - before;
    eprintln!(
        "{words} words, {} different, {:.1} MB in {:.3} s: {:.2} M words/s on {} tasks and {} threads",
        counts.len(),
        bytes as f64 / 1e6,
        elapsed.as_secs_f64(),
        words as f64 / 1e6 / elapsed.as_secs_f64(),
        arguments.tasks,
        threads,
    );
    for (word, count) in counts.iter().take(arguments.top.unwrap_or(usize::MAX)) {
        writeln!(out, "{count}\t{word}").map_err(Failure::Write)?;
    }
    out.flush().map_err(Failure::Write)?;
    cluster.shutdown().await?;
    Ok(())
}

/// Appends every line of `input`; returns its size in bytes once all of it is counted.
async fn feed(app: &WordCountClient, input: impl Read, name: &Path, progress: &ProgressBar) -> Result<u64, Failure> {
    let mut input = BufReader::with_capacity(1 << 20, input);
    let lines = app.lines();
    let mut under_way = FuturesUnordered::new();
    let mut bytes = 0;
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        let mut batch_bytes = 0;
        while batch.len() < BATCH {
            let mut line = String::new();
            match input.read_line(&mut line).map_err(|error| unreadable(name, error))? {
                0 => break,
                read => batch_bytes += read as u64,
            }
            batch.push(line);
        }
        if batch.is_empty() {
            break;
        }
        bytes += batch_bytes;
        let lines = lines.clone();
        under_way.push(async move { lines.append_batch(batch).await.map(|_| batch_bytes) });
        while under_way.len() >= UNDER_WAY {
            progress.inc(under_way.next().await.transpose()?.unwrap_or(0));
        }
    }
    while let Some(done) = under_way.next().await {
        progress.inc(done?);
    }
    Ok(bytes)
}

fn unreadable(file: &Path, error: io::Error) -> Failure {
    Failure::Read {
        file: file.display().to_string(),
        error,
    }
}

/// A bar over all files on standard error, shown only if that is a terminal.
fn progress(files: &[PathBuf]) -> ProgressBar {
    let sizes: Option<Vec<u64>> = files
        .iter()
        .map(|file| std::fs::metadata(file).ok().map(|data| data.len()))
        .collect();
    let bar = match sizes {
        Some(sizes) if !sizes.is_empty() => ProgressBar::new(sizes.iter().sum()),
        _ => ProgressBar::new_spinner(),
    };
    match ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const TEXT: &str = "To be, or not to be: that\tis the question.\n\n  naïve 東京\u{3000}京都 naïve\r\nthe the the\nno newline at the end";

    fn reference(text: &str) -> String {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for word in text.split_whitespace() {
            *counts.entry(word).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(word, count), (other, others)| others.cmp(count).then_with(|| word.cmp(other)));
        counts
            .into_iter()
            .map(|(word, count)| format!("{count}\t{word}\n"))
            .collect()
    }

    async fn counted(files: Vec<PathBuf>, tasks: u32, threads: u32, top: Option<usize>) -> Result<String, Failure> {
        let mut out = Vec::new();
        run(
            &Arguments {
                tasks,
                threads,
                top,
                folder: None,
                memory: false,
                files,
            },
            &mut out,
        )
        .await?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn file(name: &str, text: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rama-word-count-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[tokio::test]
    async fn counts_are_those_of_a_straight_line_reference_for_every_task_and_thread_count() {
        let text = TEXT.repeat(300);
        let path = file("all", text.as_bytes());
        for tasks in [1, 2, 8, 64] {
            for threads in [1, 2] {
                assert_eq!(
                    counted(vec![path.clone()], tasks, threads, None).await.unwrap(),
                    reference(&text)
                );
            }
        }
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn several_files_are_counted_together_and_the_top_is_cut() {
        let (one, two) = (file("one", b"a b a"), file("two", b"b a c"));
        let top = counted(vec![one.clone(), two.clone()], 4, 2, Some(2)).await.unwrap();
        assert_eq!(top, "3\ta\n2\tb\n");
        std::fs::remove_file(one).unwrap();
        std::fs::remove_file(two).unwrap();
    }

    #[tokio::test]
    async fn a_missing_file_and_one_that_is_no_text_are_named() {
        let missing = counted(vec!["/nowhere/book.txt".into()], 1, 1, None)
            .await
            .unwrap_err()
            .to_string();
        assert!(missing.contains("/nowhere/book.txt"), "{missing}");
        let binary = file("binary", &[b'a', 0xFF, 0xFE, b'\n']);
        let error = counted(vec![binary.clone()], 1, 1, None).await.unwrap_err().to_string();
        assert!(error.contains("binary") && error.contains("UTF-8"), "{error}");
        std::fs::remove_file(binary).unwrap();
    }
}
