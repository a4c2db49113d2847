//! Closures, nested blocks, functions, constants and macros inside a body.
#![deny(warnings)]
use rama_runtime::prelude::*;

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
            const STEP: u64 = 2;
            fn next(n: u64) -> u64 {
                n + STEP
            }
            macro_rules! twice {
                ($n:expr) => {
                    $n * 2
                };
            }
            let add = |m: u64| next(m) + n;
            let a = add(1);
            hash_partition(&a).await;
            let names: Vec<String> = (0..a).map(|i| format!("{i}-{n}")).collect();
            let inner = {
                let n = twice!(n);
                global_partition().await;
                names.iter().filter(|name| name.ends_with("1")).count() as u64 + n
            };
            println!("{inner} {n} {:?}", names.first());
            assert_eq!(names.len() as u64, a, "of {n}");
            inner
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(1).await?, 6);
    cluster.shutdown().await
}
