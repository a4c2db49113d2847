//! Depots that keep little or nothing go on after a restart as if there had been none.
#![allow(missing_docs, clippy::unwrap_used)]

use rama_runtime::env::Env;
use rama_runtime::prelude::*;
use rama_runtime::testing::SimClock;
use std::sync::Arc;
use std::time::Duration;

const LAUNCH: fn() -> Launch = || Launch::tasks(2).threads(2);

/// Forgets old records, and counts ticks.
#[module]
pub struct Clocked {
    #[depot(tick = "30s")]
    ticks: Depot<()>,
    #[depot(global, keep = 3)]
    kept: Depot<u64>,
    #[pstate(owner = clocked, global)]
    ticked: PState<u64>,
    #[pstate(owner = clocked, global)]
    sum: PState<u64>,
}

topology! {
    impl Clocked {
        #[stream(clocked, source = ticks)]
        async fn on_tick(&mut self, _: ()) { self.ticked.update(|n| *n += 1); }

        #[stream(clocked, source = kept)]
        async fn on_kept(&mut self, n: u64) { self.sum.update(|sum| *sum += n); }
    }
}

#[tokio::test]
async fn ticks_go_on_after_a_restart_and_still_keep_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for life in 0..4u64 {
        let clock = SimClock::new();
        let env = Env::new(Arc::new(clock.clone()), life);
        let mut cluster = InProcessCluster::open_in(env.clone(), folder.path());
        // Where time stands still, the lock of the one before is not waited for.
        while cluster.is_err() {
            tokio::task::yield_now().await;
            cluster = InProcessCluster::open_in(env.clone(), folder.path());
        }
        let cluster = cluster.unwrap();
        let app = cluster.launch::<Clocked>(LAUNCH()).await.unwrap();
        for ticks in 1..=3 {
            clock.advance(Duration::from_secs(30));
            while app.ticked().get_or(0).await.unwrap() < life * 3 + ticks {
                clock.advance(Duration::from_millis(5));
                tokio::task::yield_now().await;
            }
        }
        app.settled().await.unwrap();
        assert_eq!(app.ticked().get().await.unwrap(), Some(life * 3 + 3));
        let info = app.ticks().partition_info(0).await.unwrap();
        assert_eq!(info.start, info.end);
        assert_eq!(info.end, life * 3 + 3);
    }
}

#[tokio::test]
async fn a_depot_that_keeps_its_last_records_keeps_them_and_their_offsets() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5u64 {
        let cluster = InProcessCluster::open(folder.path()).unwrap();
        let app = cluster.launch::<Clocked>(LAUNCH()).await.unwrap();
        if round > 0 {
            let info = app.kept().partition_info(0).await.unwrap();
            assert_eq!((info.start, info.end), (round * 10 - 3, round * 10));
            let records = app.kept().read(0, info.start..info.end).await.unwrap();
            assert_eq!(records, (info.start..info.end).collect::<Vec<_>>());
            let error = app.kept().read(0, info.start - 1..info.end).await.unwrap_err();
            assert!(matches!(error, Error::OffsetOutOfRange { .. }), "{error:?}");
        }
        for n in 0..10 {
            app.kept().append(round * 10 + n).await.unwrap();
        }
        app.settled().await.unwrap();
        let all = round * 10 + 10;
        assert_eq!(app.sum().get().await.unwrap(), Some(all * (all - 1) / 2));
        if round % 2 == 0 {
            cluster.shutdown().await.unwrap();
        }
    }
}
