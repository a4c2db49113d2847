use rama_runtime::prelude::*;

fn widened(value: u32) -> u64 {
    u64::from(value)
}

#[module]
pub struct Shop {
    #[depot(random)]
    #[renamed_from(old)]
    orders: Depot<u64>,
    #[depot(random)]
    #[migrate(with = widened)]
    returns: Depot<u64>,
    #[pstate(owner = sell)]
    #[renamed_from("totals")]
    totals: PState<Map<u64, u64>>,
    #[pstate(owner = sell)]
    #[migrate(widened)]
    prices: PState<Map<u64, u64>>,
    #[pstate(owner = sell)]
    #[migrate(with = |value: u32| u64::from(value))]
    sizes: PState<Map<u64, u64>>,
}

topology! {
    impl Shop {
        #[stream(source = orders)]
        async fn sell(&mut self, order: u64) {
            hash_partition(&order).await;
            self.totals.key(&order).set(1);
        }
    }
}

fn main() {}
