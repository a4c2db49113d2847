//! A PState is written by the topology that owns it.
use rama_runtime::prelude::*;

#[module]
pub struct Shop {
    #[depot(random)]
    orders: Depot<String>,
    #[depot(random)]
    returns: Depot<String>,
    #[pstate(owner = sell)]
    sold: PState<Map<String, u64>>,
}

topology! {
    impl Shop {
        #[stream(source = orders)]
        async fn sell(&mut self, item: String) {
            hash_partition(&item).await;
            self.sold.key(&item).update(|n| *n += 1);
        }

        #[stream(source = returns)]
        async fn take_back(&mut self, item: String) {
            hash_partition(&item).await;
            self.sold.key(&item).update(|n| *n -= 1);
        }
    }
}

fn main() {}
