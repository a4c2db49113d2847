use rama_runtime::prelude::*;

fn to_text(value: u32) -> String {
    value.to_string()
}

fn widened(value: u32) -> u64 {
    u64::from(value)
}

#[module]
pub struct Shop {
    #[depot(random)]
    orders: Depot<u64>,
    #[pstate(owner = sell)]
    #[migrate(with = to_text)]
    totals: PState<Map<u64, u64>>,
    #[pstate(owner = sell)]
    #[migrate(with = widened)]
    sets: PState<Map<u64, Set<u64>>>,
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
