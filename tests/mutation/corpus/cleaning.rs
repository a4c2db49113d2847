//! The clock makes every task remove its own keys that are worth little.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hit {
    pub session: String,
    pub page: String,
}

pub fn hits() -> Vec<Hit> {
    (0..75).map(|n| Hit { session: format!("s{}", n % 32), page: format!("p{n}") }).collect()
}

pub fn kept() -> BTreeMap<String, u64> {
    let mut all = tally(hits().into_iter().map(|hit| (hit.session, 1)));
    all.retain(|_, n| *n >= 3);
    all
}

#[module]
pub struct Cleaning {
    #[depot(hash_by = |hit| &hit.session)]
    hits: Depot<Hit>,
    #[depot(tick = "30s")]
    clock: Depot<()>,
    #[pstate(owner = sessions)]
    sessions: PState<Map<String, u64>>,
    #[pstate(owner = sessions, global)]
    runs: PState<u64>,
}

topology! {
    impl Cleaning {
        #[stream(sessions, source = hits)]
        async fn hit(&mut self, hit: Hit) {
            self.sessions.key(&hit.session).update(|n| *n += 1);
        }

        #[stream(sessions, source = clock)]
        async fn clean(&mut self, _now: ()) {
            self.runs.update(|n| *n += 1);
            all_partition().await;
            for session in self.sessions.keys() {
                if self.sessions.key(&session).get_or(0) < 3 {
                    self.sessions.key(&session).remove();
                }
            }
        }
    }
}

async fn drive(cluster: &TestCluster, app: &CleaningClient, found: &mut Found) -> Result<()> {
    for hit in hits() {
        found.appended(app.hits().append(hit).await);
    }
    app.settled().await?;
    cluster.clock().advance(Duration::from_secs(31));
    app.settled().await?;
    same!(found, app.sessions(), kept());
    found.equal("runs", app.runs().get().await?, Some(1));
    Ok(())
}
