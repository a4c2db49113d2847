//! Hops inside operations: one goes to a parcel's place, one writes there, one comes back early.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parcel {
    pub id: u64,
    pub sender: String,
    pub receiver: String,
    pub insured: bool,
}

pub fn parcels() -> Vec<Parcel> {
    (0..32)
        .map(|n| Parcel { id: n, sender: format!("s{}", n % 13), receiver: format!("r{}", n % 15), insured: n % 3 == 0 })
        .collect()
}

pub fn sent() -> BTreeMap<String, u64> {
    tally(parcels().into_iter().map(|parcel| (parcel.sender, 1)))
}

pub fn received() -> BTreeMap<String, u64> {
    tally(parcels().into_iter().map(|parcel| (parcel.receiver, 1)))
}

pub fn insured() -> BTreeMap<u64, String> {
    parcels().into_iter().filter(|parcel| parcel.insured).map(|parcel| (parcel.id, parcel.receiver)).collect()
}

#[module]
pub struct Parcels {
    #[depot(random)]
    parcels: Depot<Parcel>,
    #[pstate(owner = carry)]
    sent: PState<Map<String, u64>>,
    #[pstate(owner = carry)]
    received: PState<Map<String, u64>>,
    #[pstate(owner = carry)]
    insured: PState<Map<u64, String>>,
}

topology! {
    impl Parcels {
        #[stream(source = parcels)]
        async fn carry(&mut self, parcel: Parcel) {
            let sender = self.at_home(parcel.sender.clone()).await;
            self.sent.key(&sender).update(|n| *n += 1);
            self.insure(parcel.insured, parcel.id, parcel.receiver.clone()).await;
            hash_partition(&parcel.receiver).await;
            self.receive(&parcel.receiver).await;
        }

        async fn at_home(&mut self, who: String) -> String {
            hash_partition(&who).await;
            who
        }

        async fn insure(&mut self, insured: bool, id: u64, receiver: String) {
            if !insured { return; }
            hash_partition(&id).await;
            self.insured.key(&id).set(receiver);
        }

        async fn receive(&mut self, who: &String) {
            self.received.key(who).update(|n| *n += 1);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &ParcelsClient, found: &mut Found) -> Result<()> {
    for parcel in parcels() {
        found.appended(app.parcels().append(parcel).await);
    }
    app.settled().await?;
    same!(found, app.sent(), sent());
    same!(found, app.received(), received());
    same!(found, app.insured(), insured());
    Ok(())
}
