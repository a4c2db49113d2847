//! What one would write by hand: a log with group commit, and the same on fjall.

use crate::{Candidate, RECORD};
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// One record after the other: written, and synced.
pub(crate) fn bare_syncs(folder: &Path, records: usize) -> Vec<Duration> {
    let mut file = File::create(folder.join("bare")).unwrap();
    let record = [7; RECORD];
    let one = |_| {
        let began = Instant::now();
        file.write_all(&record).unwrap();
        file.sync_data().unwrap();
        began.elapsed()
    };
    (0..records).map(one).collect()
}

type Request = ([u8; RECORD], oneshot::Sender<()>);

/// A thread that takes all requests there are, writes them, and answers.
struct Writer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(mut write: impl FnMut(&[Request]) + Send + 'static) -> Self {
        let (requests, taken) = mpsc::channel::<Request>();
        let thread = std::thread::spawn(move || {
            let mut group = Vec::new();
            while let Ok(first) = taken.recv() {
                group.push(first);
                group.extend(taken.try_iter());
                write(&group);
                for (_, answer) in group.drain(..) {
                    let _ = answer.send(());
                }
            }
        });
        Writer {
            requests: Some(requests),
            thread: Some(thread),
        }
    }

    fn request(&self) -> oneshot::Receiver<()> {
        let (answer, wait) = oneshot::channel();
        self.requests.as_ref().unwrap().send(([7; RECORD], answer)).unwrap();
        wait
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// The client of all candidates: a thread that has so many requests under way.
pub(crate) fn drive<F: Future>(records: usize, in_flight: usize, mut request: impl FnMut() -> F) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut times = Vec::with_capacity(records);
        let mut under_way = FuturesUnordered::new();
        for sent in 0..records {
            if sent >= in_flight {
                times.push(under_way.next().await.unwrap());
            }
            let began = Instant::now();
            let request = request();
            under_way.push(async move {
                request.await;
                began.elapsed()
            });
        }
        while let Some(time) = under_way.next().await {
            times.push(time);
        }
        times
    })
}

/// So many requests, one every so often, however long the ones before take.
pub(crate) fn drive_at_rate<F: Future>(
    records: usize,
    pause: Duration,
    mut request: impl FnMut() -> F,
) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut under_way = FuturesUnordered::new();
        let mut times = Vec::with_capacity(records);
        let began = Instant::now();
        let mut sent = 0;
        while sent < records {
            // A client that spins would take a processor from those whom it measures. So it sleeps, and what has become due
            // meanwhile is sent together.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let due = (began.elapsed().as_secs_f64() / pause.as_secs_f64()) as usize;
            while sent < due.min(records) {
                let (request, began) = (request(), Instant::now());
                under_way.push(async move {
                    request.await;
                    began.elapsed()
                });
                sent += 1;
            }
            while let Some(Some(time)) = under_way.next().now_or_never() {
                times.push(time);
            }
        }
        while let Some(time) = under_way.next().await {
            times.push(time);
        }
        times
    })
}

/// A log in a file, with group commit.
pub(crate) struct HandLog(Writer);

impl Candidate for HandLog {
    const NAME: &'static str = "a log by hand";

    fn start(folder: &Path) -> Self {
        let mut file = File::create(folder.join("log")).unwrap();
        let mut bytes = Vec::new();
        HandLog(Writer::start(move |group| {
            bytes.clear();
            for (record, _) in group {
                bytes.extend_from_slice(record);
            }
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
        }))
    }

    fn append(&self, records: usize, in_flight: usize) -> Vec<Duration> {
        drive(records, in_flight, || self.0.request())
    }

    fn append_at_rate(&self, records: usize, pause: Duration) -> Vec<Duration> {
        drive_at_rate(records, pause, || self.0.request())
    }
}

/// fjall, with the same group commit.
pub(crate) struct FjallLog(Writer);

impl Candidate for FjallLog {
    const NAME: &'static str = "fjall alone";

    fn start(folder: &Path) -> Self {
        let database = fjall::Database::builder(folder.join("fjall")).open().unwrap();
        let log = database.keyspace("log", fjall::KeyspaceCreateOptions::default).unwrap();
        let mut number = 0u64;
        FjallLog(Writer::start(move |group| {
            let mut batch = database.batch();
            for (record, _) in group {
                batch.insert(&log, number.to_be_bytes(), record.as_slice());
                number += 1;
            }
            batch.commit().unwrap();
            database.persist(fjall::PersistMode::SyncData).unwrap();
        }))
    }

    fn append(&self, records: usize, in_flight: usize) -> Vec<Duration> {
        drive(records, in_flight, || self.0.request())
    }

    fn append_at_rate(&self, records: usize, pause: Duration) -> Vec<Duration> {
        drive_at_rate(records, pause, || self.0.request())
    }
}
