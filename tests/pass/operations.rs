//! Operations of the module: with hops, in one another, with early returns and `?`.
#![deny(warnings)]
use rama_runtime::prelude::*;

fn small(n: u64) -> Result<u64, String> {
    if n < 100 { Ok(n) } else { Err("too large".to_owned()) }
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
            let doubled = self.double(n).await;
            match self.checked(doubled, "ok".to_owned()).await {
                Ok(value) => self.double(self.plain(value)).await,
                Err(refused) => refused.len() as u64,
            }
        }

        /// Twice, on the owner of it.
        async fn double(&mut self, n: u64) -> u64 {
            if n == 0 {
                return 0;
            }
            let twice = n * 2;
            hash_partition(&twice).await;
            self.sums.key(&twice).update(|sum| *sum += 1);
            twice
        }

        async fn checked(&mut self, n: u64, word: String) -> Result<u64, String> {
            let n = small(n)?;
            self.away().await;
            println!("{word}");
            Ok(n)
        }

        async fn away(&mut self) {
            global_partition().await;
            shuffle_partition().await;
        }

        fn plain(&self, n: u64) -> u64 {
            n + 1
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(3).await?, 14);
    assert_eq!(app.input().append(50).await?, 9);
    cluster.shutdown().await
}
