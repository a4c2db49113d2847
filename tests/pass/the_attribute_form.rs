//! `#[topologies]` takes the same tokens, docs and plain items included.
#![deny(warnings)]
use rama_runtime::prelude::*;

/// Words.
#[module]
pub struct Words {
    /// The lines.
    #[depot(random)]
    lines: Depot<String>,
    /// The counts.
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

/// The topologies.
#[topologies]
impl Words {
    /// What a line may be at most.
    const LONGEST: usize = 80;

    /// Counts.
    #[stream(source = lines)]
    async fn count(&mut self, line: String) {
        if line.len() > Self::LONGEST {
            return;
        }
        let word = explode(Self::words(&line)).await;
        hash_partition(&word).await;
        self.counts.key(&word).update(|n| *n += 1);
    }

    /// The words of a line.
    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }
}

#[tokio::main]
async fn main() -> rama_runtime::Result<()> {
    let cluster = InProcessCluster::start()?;
    let app = cluster.launch::<Words>(Launch::tasks(4).threads(2)).await?;
    app.lines().append("to be or not to be".into()).await?;
    assert_eq!(app.counts().key("be").get().await?, Some(2));
    cluster.shutdown().await
}
