//! A topology appends into a depot with `hash_by`, on the task that the record belongs to.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Purchase {
    pub buyer: String,
    pub item: String,
    pub count: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refill {
    pub item: String,
    pub buyer: String,
    pub count: u64,
}

pub fn purchases() -> Vec<Purchase> {
    (0..36).map(|n| Purchase { buyer: format!("b{}", n % 13), item: format!("i{}", n % 17), count: n + 1 }).collect()
}

pub fn bought() -> BTreeMap<String, u64> {
    tally(purchases().into_iter().map(|purchase| (purchase.buyer, 1)))
}

pub fn refills() -> BTreeMap<String, u64> {
    tally(purchases().into_iter().map(|purchase| (purchase.item, purchase.count)))
}

#[module]
pub struct Restock {
    #[depot(hash_by = |purchase| &purchase.buyer)]
    purchases: Depot<Purchase>,
    #[depot(hash_by = |refill| &refill.item)]
    wanted: Depot<Refill>,
    #[pstate(owner = shop)]
    bought: PState<Map<String, u64>>,
    #[pstate(owner = shop)]
    refills: PState<Map<String, u64>>,
}

topology! {
    impl Restock {
        #[stream(shop, source = purchases)]
        async fn buy(&mut self, purchase: Purchase) {
            self.bought.key(&purchase.buyer).update(|n| *n += 1);
            let Purchase { buyer, item, count } = purchase;
            hash_partition(&item).await;
            self.wanted.append(Refill { item, buyer, count }).await;
        }

        #[stream(shop, source = wanted)]
        async fn refill(&mut self, refill: Refill) {
            self.refills.key(&refill.item).update(|n| *n += refill.count);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &RestockClient, found: &mut Found) -> Result<()> {
    for purchase in purchases() {
        found.appended(app.purchases().append(purchase).await);
    }
    app.settled().await?;
    same!(found, app.bought(), bought());
    same!(found, app.refills(), refills());
    Ok(())
}
