//! Records that start together share an event tree, and nothing else: each is acked, retried and given up by itself.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use rama_runtime::{AckLevel, Error};
use serde::{Deserialize, Serialize};

/// A record that fails so many times before it succeeds, on the task of its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    key: u64,
    failures: u32,
}

#[module]
pub struct Flying {
    #[depot(global)]
    jobs: Depot<Job>,
    #[depot(global)]
    in_order: Depot<Job>,
    #[depot(global)]
    texts: Depot<(u64, String, Vec<u8>)>,
    #[depot(random)]
    anywhere: Depot<u64>,
    /// How often each key's record was tried. Written by an event of its own, before the one that fails.
    #[pstate(owner = flying)]
    tried: PState<Map<u64, u32>>,
    /// How often each key's record succeeded.
    #[pstate(owner = flying)]
    done: PState<Map<u64, u32>>,
    /// The keys in the order in which their records ended on task 0.
    #[pstate(owner = ordered, global)]
    order: PState<List<u64>>,
    #[pstate(owner = ordered, global)]
    attempts: PState<Map<u64, u32>>,
    /// What arrived.
    #[pstate(owner = carried)]
    arrived: PState<Map<u64, (String, Vec<u8>)>>,
}

topology! {
    impl Flying {
        #[stream(flying, source = jobs, max_retries = 2, on_failure = skip)]
        async fn fly(&mut self, job: Job) -> u64 {
            hash_partition(&job.key).await;
            let tries = self.tried.key(&job.key).update(|n| { *n += 1; *n });
            let job = explode([job]).await;
            self.done.key(&job.key).update(|n| *n += 1);
            if tries <= job.failures {
                Err(format!("failure {tries} of {}", job.key))?;
            }
            job.key * 10
        }

        #[stream(ordered, source = in_order, retry = all_after, max_retries = 3)]
        async fn fly_in_order(&mut self, job: Job) {
            let tries = self.attempts.key(&job.key).update(|n| { *n += 1; *n });
            let job = explode([job]).await;
            if tries <= job.failures {
                Err("not yet")?;
            }
            self.order.push(job.key);
        }

        #[stream(carried, source = texts)]
        async fn carry(&mut self, record: (u64, String, Vec<u8>)) {
            let (key, text, bytes) = record;
            hash_partition(&key).await;
            self.arrived.key(&key).set((text, bytes));
        }
    }
}

async fn launch(tasks: u32, threads: u32) -> (TestCluster, FlyingClient) {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Flying>(Launch::tasks(tasks).threads(threads))
        .await
        .unwrap();
    (cluster, app)
}

#[tokio::test]
async fn of_records_that_start_together_each_is_tried_again_by_itself() {
    for (tasks, threads) in [(1, 1), (4, 1), (4, 2)] {
        let (_cluster, app) = launch(tasks, threads).await;
        let jobs: Vec<Job> = (0..700)
            .map(|key| Job {
                key,
                failures: u32::from(key % 7 == 3) + u32::from(key % 35 == 3),
            })
            .collect();
        let values = app.jobs().append_batch(jobs.clone()).await.unwrap();
        let expected: Vec<u64> = (0..700).map(|key| key * 10).collect();
        assert_eq!(
            values, expected,
            "each value is its own record's, in the records' order"
        );
        for job in &jobs {
            let tried = app.tried().key(&job.key).get().await.unwrap();
            assert_eq!(
                tried,
                Some(job.failures + 1),
                "record {} is tried as often as needed",
                job.key
            );
            let done = app.done().key(&job.key).get().await.unwrap();
            assert_eq!(done, Some(1), "what a failed event of {} wrote is undone", job.key);
        }
    }
}

#[tokio::test]
async fn a_record_that_fails_for_good_fails_its_append_and_no_neighbours() {
    let (_cluster, app) = launch(4, 2).await;
    let jobs: Vec<Job> = (0..300)
        .map(|key| Job {
            key,
            failures: if key == 120 { 9 } else { 0 },
        })
        .collect();
    let error = app.jobs().append_batch(jobs).await.unwrap_err();
    let Error::RecordFailed {
        offset,
        attempts,
        error,
        ..
    } = error
    else {
        panic!("another error: {error}")
    };
    assert_eq!((offset, attempts, error.as_str()), (120, 3, "failure 3 of 120"));
    app.settled().await.unwrap();
    for key in 0..300 {
        let done = app.done().key(&key).get().await.unwrap();
        assert_eq!(done, if key == 120 { None } else { Some(1) }, "record {key}");
    }
    assert_eq!(app.counters().failures, 1);
    assert_eq!(app.counters().unfinished, 0);
}

#[tokio::test]
async fn with_all_after_a_failure_in_the_middle_runs_what_is_behind_it_again() {
    let (_cluster, app) = launch(2, 1).await;
    let jobs: Vec<Job> = (0..50)
        .map(|key| Job {
            key,
            failures: if key == 20 { 2 } else { 0 },
        })
        .collect();
    app.in_order().append_batch(jobs).await.unwrap();
    let order = app.order().get().await.unwrap().unwrap();
    // Those behind the failure ran with it, and then once more after each failed attempt.
    let behind: Vec<u64> = (21..50).collect();
    let expected: Vec<u64> = (0..20).chain(behind.clone()).chain(behind).chain(20..50).collect();
    assert_eq!(order, expected);
}

#[tokio::test]
async fn texts_and_bytes_of_any_length_arrive_as_they_were_sent() {
    for threads in [1, 2] {
        let (_cluster, app) = launch(4, threads).await;
        let record = |key: u64| {
            let text: String = "aé\u{1F980}".chars().cycle().take(key as usize).collect();
            (key, text, vec![key as u8; (key * 3 % 700) as usize])
        };
        let records: Vec<_> = (0..600).map(record).collect();
        app.texts().append_batch(records).await.unwrap();
        for key in 0..600 {
            let (_, text, bytes) = record(key);
            assert_eq!(app.arrived().key(&key).get().await.unwrap(), Some((text, bytes)));
        }
    }
}

#[tokio::test]
async fn a_large_batch_is_spread_over_a_random_depots_partitions_and_a_small_one_stays_together() {
    let (_cluster, app) = launch(8, 2).await;
    let ends = async || {
        let mut ends = Vec::new();
        for partition in 0..8 {
            ends.push(app.anywhere().partition_info(partition).await.unwrap().end);
        }
        ends
    };
    app.anywhere()
        .append_batch((0..8_000).collect())
        .ack(AckLevel::Appended)
        .await
        .unwrap();
    assert_eq!(ends().await, [1_000; 8]);
    for _ in 0..8 {
        app.anywhere()
            .append_batch((0..10).collect())
            .ack(AckLevel::Appended)
            .await
            .unwrap();
    }
    assert_eq!(ends().await, [1_010; 8], "small batches go round robin as a whole");
}
