//! Awaits among arguments, in literals, operators, indices and tail position.
#![deny(warnings)]
use rama_runtime::prelude::*;

#[derive(Default)]
struct Point {
    x: u64,
    y: u64,
}

impl serde::Serialize for Point {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.x, self.y).serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Point {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (x, y) = serde::Deserialize::deserialize(deserializer)?;
        Ok(Point { x, y })
    }
}

fn max(a: u64, b: u64) -> u64 {
    a.max(b)
}

/// A module.
#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[depot(disallow)]
    output: Depot<u64>,
    #[pstate(owner = run)]
    sums: PState<Map<u64, u64>>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn run(&mut self, n: u64) -> u64 {
            let list = [external(async move { n }).await, n + external(async { 1 }).await];
            let pair = (external(async { 1u64 }).await, list.len() as u64);
            let text = format!("{pair:?} {n} {}", list[0]);
            let point = Point { x: external(async { 2u64 }).await, ..Point::default() };
            let picked = list[external(async { 1usize }).await];
            let mut total = point.x + point.y;
            total += external(async { 3u64 }).await;
            let length = text.len().min(external(async { 2usize }).await) as u64;
            max(total + picked, external(async move { length }).await)
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(4).await?, 10);
    cluster.shutdown().await
}
