//! Words, counted on their own tasks, behind a depot that says nothing of keys.

pub fn lines() -> Vec<String> {
    (0..24).map(|n| format!("w{n} v{} u{}", n % 9, n * 3)).collect()
}

pub fn expected() -> BTreeMap<String, u64> {
    tally(lines().iter().flat_map(|line| line.split(' ')).map(|word| (word.to_owned(), 1)))
}

#[module]
pub struct WordCount {
    #[depot(random)]
    lines: Depot<String>,
    #[pstate(owner = count)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        #[stream(source = lines)]
        async fn count(&mut self, line: String) {
            let word = explode(line.split_whitespace().map(str::to_owned)).await;
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &WordCountClient, found: &mut Found) -> Result<()> {
    for line in lines() {
        found.appended(app.lines().append(line).await);
    }
    app.settled().await?;
    same!(found, app.counts(), expected());
    Ok(())
}
