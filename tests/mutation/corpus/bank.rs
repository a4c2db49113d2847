//! Money leaves one account on its owner's task, and reaches another on its.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transfer {
    pub from: String,
    pub to: String,
    pub cents: i64,
}

pub fn transfers() -> Vec<Transfer> {
    (0..40)
        .map(|n| Transfer { from: format!("acc{}", n % 13), to: format!("acc{}", n % 19 + 3), cents: n + 1 })
        .collect()
}

pub fn balances() -> BTreeMap<String, i64> {
    let mut balances = BTreeMap::new();
    for transfer in transfers() {
        *balances.entry(transfer.from).or_insert(0) -= transfer.cents;
        *balances.entry(transfer.to).or_insert(0) += transfer.cents;
    }
    balances
}

pub fn completed() -> BTreeMap<String, u64> {
    tally(transfers().into_iter().map(|transfer| (transfer.from, 1)))
}

#[module]
pub struct Bank {
    #[depot(hash_by = |transfer| &transfer.from)]
    transfers: Depot<Transfer>,
    #[pstate(owner = transfer)]
    balances: PState<Map<String, i64>>,
    #[pstate(owner = transfer)]
    completed: PState<Map<String, u64>>,
}

topology! {
    impl Bank {
        #[stream(source = transfers)]
        async fn transfer(&mut self, transfer: Transfer) -> i64 {
            let Transfer { from, to, cents } = transfer;
            self.balances.key(&from).update(|balance| *balance -= cents);
            hash_partition(&to).await;
            let balance = self.balances.key(&to).update(|balance| { *balance += cents; *balance });
            hash_partition(&from).await;
            self.completed.key(&from).update(|n| *n += 1);
            balance
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &BankClient, found: &mut Found) -> Result<()> {
    for transfer in transfers() {
        found.appended(app.transfers().append(transfer).await);
    }
    app.settled().await?;
    same!(found, app.balances(), balances());
    same!(found, app.completed(), completed());
    Ok(())
}
