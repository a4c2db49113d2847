//! Keys of two parts, of which one decides the task.

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sale {
    pub shop: String,
    pub item: String,
    pub count: u64,
}

pub fn sales() -> Vec<Sale> {
    (0..36).map(|n| Sale { shop: format!("shop{}", n % 12), item: format!("item{n}"), count: n + 1 }).collect()
}

pub fn by_shop() -> BTreeMap<(String, String), u64> {
    tally(sales().into_iter().map(|sale| ((sale.shop, sale.item), sale.count)))
}

pub fn by_item() -> BTreeMap<(String, String), u64> {
    tally(sales().into_iter().map(|sale| ((sale.shop, sale.item), 1)))
}

pub fn shops() -> BTreeMap<String, u64> {
    tally(sales().into_iter().map(|sale| (sale.shop, sale.count)))
}

#[module]
pub struct Pairs {
    #[depot(random)]
    sales: Depot<Sale>,
    #[pstate(owner = sell, partition_by = |key| &key.0)]
    by_shop: PState<Map<(String, String), u64>>,
    #[pstate(owner = sell, partition_by = |key| &key.1)]
    by_item: PState<Map<(String, String), u64>>,
    #[pstate(owner = sell)]
    shops: PState<Map<String, u64>>,
}

topology! {
    impl Pairs {
        #[stream(source = sales)]
        async fn sell(&mut self, sale: Sale) {
            let pair = (sale.shop, sale.item);
            path_partition(self.by_shop.key(&pair)).await;
            self.by_shop.key(&pair).update(|n| *n += sale.count);
            self.shops.key(&pair.0).update(|n| *n += sale.count);
            hash_partition(&pair.1).await;
            self.by_item.key(&pair).update(|n| *n += 1);
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &PairsClient, found: &mut Found) -> Result<()> {
    for sale in sales() {
        found.appended(app.sales().append(sale).await);
    }
    app.settled().await?;
    same!(found, app.by_shop(), by_shop());
    same!(found, app.by_item(), by_item());
    same!(found, app.shops(), shops());
    Ok(())
}
