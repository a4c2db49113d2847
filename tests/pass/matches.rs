//! `match` with guards, bindings, awaits in the scrutinee and in arms.
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
            let word = match external(async move { n.checked_sub(1) }).await {
                None => "none".to_owned(),
                Some(0 | 1) => {
                    hash_partition(&n).await;
                    "few".to_owned()
                }
                Some(m) if m % 2 == 0 && n > 4 => {
                    let text = format!("{m}");
                    global_partition().await;
                    text
                }
                Some(m @ 2..) => match m {
                    2 => return 2,
                    _ => external(async move { m.to_string() }).await,
                },
            };
            word.len() as u64
        }
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<M>(Launch::tasks(4).threads(2)).await?;
    assert_eq!(app.input().append(0).await?, 4);
    assert_eq!(app.input().append(2).await?, 3);
    assert_eq!(app.input().append(3).await?, 2);
    assert_eq!(app.input().append(101).await?, 3);
    cluster.shutdown().await
}
