//! A call between two people is noted with both, by two branches.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    pub caller: String,
    pub callee: String,
    pub seconds: u64,
}

pub fn calls() -> Vec<Call> {
    (0..32).map(|n| Call { caller: format!("c{}", n % 12), callee: format!("d{}", n % 17), seconds: n + 1 }).collect()
}

pub fn made() -> BTreeMap<String, u64> {
    tally(calls().into_iter().map(|call| (call.caller, call.seconds)))
}

pub fn taken() -> BTreeMap<String, u64> {
    tally(calls().into_iter().map(|call| (call.callee, call.seconds)))
}

pub fn lengths() -> BTreeMap<u64, u64> {
    tally(calls().into_iter().map(|call| (call.seconds, 1)))
}

#[module]
pub struct Calls {
    #[depot(random)]
    calls: Depot<Call>,
    #[pstate(owner = note)]
    made: PState<Map<String, u64>>,
    #[pstate(owner = note)]
    taken: PState<Map<String, u64>>,
    #[pstate(owner = note)]
    lengths: PState<Map<u64, u64>>,
}

topology! {
    impl Calls {
        #[stream(source = calls)]
        async fn note(&mut self, call: Call) {
            hash_partition(&call.seconds).await;
            self.lengths.key(&call.seconds).update(|n| *n += 1);
            fork(async {
                hash_partition(&call.callee).await;
                self.taken.key(&call.callee).update(|sum| *sum += call.seconds);
            });
            hash_partition(&call.caller).await;
            self.made.key(&call.caller).update(|sum| *sum += call.seconds);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &CallsClient, found: &mut Found) -> Result<()> {
    for call in calls() {
        found.appended(app.calls().append(call).await);
    }
    app.settled().await?;
    same!(found, app.made(), made());
    same!(found, app.taken(), taken());
    same!(found, app.lengths(), lengths());
    Ok(())
}
