//! Hops on conditions: a match whose arms go different ways, one of which leaves.

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Way {
    Courier,
    Shop,
    Cancelled,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub customer: String,
    pub courier: String,
    pub shop: String,
    pub gift: bool,
    pub way: Way,
}

pub fn orders() -> Vec<Order> {
    (0..45u64)
        .map(|n| Order {
            customer: format!("customer{}", n % 21),
            courier: format!("courier{}", n % 16),
            shop: format!("shop{}", n % 14),
            gift: n % 2 == 0,
            way: match n % 3 { 0 => Way::Courier, 1 => Way::Shop, _ => Way::Cancelled },
        })
        .collect()
}

pub fn of(way: Way, key: fn(&Order) -> &String) -> BTreeMap<String, u64> {
    tally(orders().iter().filter(|order| order.way == way).map(|order| (key(order).clone(), 1)))
}

pub fn customers() -> BTreeMap<String, u64> {
    tally(orders().into_iter().filter(|order| order.way != Way::Cancelled).map(|order| (order.customer, 1)))
}

pub fn gifts() -> BTreeMap<String, u64> {
    tally(orders().into_iter().filter(|order| order.way != Way::Cancelled && order.gift).map(|order| (order.shop, 1)))
}

#[module]
pub struct Orders {
    #[depot(hash_by = |order| &order.customer)]
    orders: Depot<Order>,
    #[pstate(owner = handle)]
    couriers: PState<Map<String, u64>>,
    #[pstate(owner = handle)]
    shops: PState<Map<String, u64>>,
    #[pstate(owner = handle)]
    customers: PState<Map<String, u64>>,
    #[pstate(owner = handle)]
    gifts: PState<Map<String, u64>>,
}

topology! {
    impl Orders {
        #[stream(source = orders)]
        async fn handle(&mut self, order: Order) {
            match order.way {
                Way::Courier => {
                    hash_partition(&order.courier).await;
                    self.couriers.key(&order.courier).update(|n| *n += 1);
                }
                Way::Shop => {
                    hash_partition(&order.shop).await;
                    self.shops.key(&order.shop).update(|n| *n += 1);
                }
                Way::Cancelled => return,
            }
            hash_partition(&order.customer).await;
            self.customers.key(&order.customer).update(|n| *n += 1);
            if order.gift {
                hash_partition(&order.shop).await;
                self.gifts.key(&order.shop).update(|n| *n += 1);
            }
        }
    }
}

async fn drive(_cluster: &TestCluster, app: &OrdersClient, found: &mut Found) -> Result<()> {
    for order in orders() {
        found.appended(app.orders().append(order).await);
    }
    app.settled().await?;
    same!(found, app.couriers(), of(Way::Courier, |order| &order.courier));
    same!(found, app.shops(), of(Way::Shop, |order| &order.shop));
    same!(found, app.customers(), customers());
    same!(found, app.gifts(), gifts());
    Ok(())
}
