//! A long body is cut behind its joins, and goes on there in another segment: which nobody can tell.
#![allow(missing_docs, clippy::unwrap_used)]

use rama_runtime::module::Module as _;
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};

/// How a record goes through the body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Walk {
    key: u64,
    /// At which of the conditions it hops.
    hops: Vec<u32>,
    /// Behind the last of them, it fails.
    fails: bool,
    /// Behind the last of them, it panics.
    panics: bool,
}

#[module]
pub struct Cut {
    #[depot(global)]
    walks: Depot<Walk>,
    /// What happened on the task of the record's key, in order.
    #[pstate(owner = walk)]
    steps: PState<Map<u64, List<String>>>,
}

topology! {
    impl Cut {
        #[stream(source = walks, max_retries = 0, on_failure = skip)]
        async fn walk(&mut self, walk: Walk) -> Result<u32, std::num::ParseIntError> {
            hash_partition(&walk.key).await;
            let mut met = 0;
            self.steps.key(&walk.key).push("first".to_owned());
            fork(async { self.steps.key(&walk.key).push("forked".to_owned()); });
            if walk.hops.contains(&1) { hash_partition(&walk.key).await; met += 1; }
            self.steps.key(&walk.key).push("after 1".to_owned());
            if walk.hops.contains(&2) { hash_partition(&walk.key).await; met += 1; }
            self.steps.key(&walk.key).push("after 2".to_owned());
            if walk.hops.contains(&3) { hash_partition(&walk.key).await; met += 1; }
            if walk.hops.contains(&4) { hash_partition(&walk.key).await; met += 1; }
            if walk.hops.contains(&5) { hash_partition(&walk.key).await; met += 1; }
            if walk.hops.contains(&6) { hash_partition(&walk.key).await; met += 1; }
            self.steps.key(&walk.key).push("last".to_owned());
            if walk.panics { panic!("as it was told"); }
            let read: u32 = if walk.fails { "no number".parse()? } else { met };
            Ok(read)
        }
    }
}

async fn steps(app: &CutClient, key: u64) -> Vec<String> {
    app.steps().key(&key).items().await.unwrap()
}

async fn launched() -> (TestCluster, CutClient) {
    let cluster = TestCluster::start().unwrap();
    let launch = Launch::tasks(4).threads(2).check_wire(true);
    let app = cluster.launch::<Cut>(launch).await.unwrap();
    (cluster, app)
}

/// Without this, the others show nothing.
#[test]
fn the_body_of_these_tests_is_cut() {
    let topology = Cut::DESCRIPTOR.topology("walk").unwrap();
    let jumps = topology.segments.iter().flat_map(|segment| segment.hops);
    assert!(jumps.filter(|hop| hop.operation == "jump").count() >= 2);
}

#[tokio::test]
async fn what_an_event_wrote_before_and_behind_a_cut_is_undone_together() {
    let (_cluster, app) = launched().await;
    for (key, walk) in [
        Walk {
            fails: true,
            ..Walk::default()
        },
        Walk {
            panics: true,
            ..Walk::default()
        },
    ]
    .into_iter()
    .enumerate()
    {
        let key = key as u64;
        let failed = app.walks().append(Walk { key, ..walk }).await;
        assert!(matches!(failed, Err(Error::RecordFailed { .. })), "{failed:?}");
        assert_eq!(steps(&app, key).await, Vec::<String>::new());
    }
    // What a hop ended stays.
    let failed = Walk {
        key: 7,
        hops: vec![2],
        fails: true,
        panics: false,
    };
    assert!(app.walks().append(failed).await.is_err());
    assert_eq!(steps(&app, 7).await, ["first", "after 1", "forked"]);
}

#[tokio::test]
async fn nothing_runs_between_a_cut_and_what_is_behind_it() {
    let (_cluster, app) = launched().await;
    let walk = Walk {
        key: 1,
        ..Walk::default()
    };
    assert_eq!(app.walks().append(walk).await.unwrap(), 0);
    // The forked branch is the next event, whatever segments this one takes.
    assert_eq!(steps(&app, 1).await, ["first", "after 1", "after 2", "last", "forked"]);
}

#[tokio::test]
async fn every_way_through_the_joins_gives_what_it_would_without_cuts() {
    let (_cluster, app) = launched().await;
    for ways in 0..64_u32 {
        let hops: Vec<u32> = (1..=6).filter(|at| ways >> (at - 1) & 1 == 1).collect();
        let key = u64::from(ways);
        let walk = Walk {
            key,
            hops,
            ..Walk::default()
        };
        assert_eq!(app.walks().append(walk).await.unwrap(), ways.count_ones(), "{ways:b}");
        let mut all = steps(&app, key).await;
        all.retain(|step| step != "forked");
        assert_eq!(all, ["first", "after 1", "after 2", "last"], "{ways:b}");
    }
}
