//! Mistakes are reported together.
use rama_runtime::prelude::*;

#[module]
pub struct Shop {
    #[depot(hash_by = |item| item)]
    orders: Depot<String>,
    #[pstate(owner = sell)]
    sold: PState<Map<String, u64>>,
    #[pstate(owner = nobody)]
    lost: PState<Map<String, u64>>,
}

topology! {
    impl Shop {
        #[stream(source = orders)]
        async fn sell(&mut self, item: String) {
            hash_partition(&item);
            self.lost.key(&item).update(|n| *n += 1);
            let check = |item: &String| external(async {}).await;
            count().await;
        }

        #[stream(source = order)]
        async fn refund(&mut self, item: String) {
            println!("{}", external(async { 1 }).await);
        }
    }
}

fn main() {}
