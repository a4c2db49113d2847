use std::rc::Rc;
use rama_runtime::prelude::*;

#[module]
pub struct WordCount {
    #[depot(random)]
    words: Depot<String>,
    #[pstate(owner = count)]
    letters: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        #[stream(source = words)]
        async fn count(&mut self, word: String) {
            let length = Rc::new(word.len() as u64);
            hash_partition(&word).await;
            self.letters.key(&word).update(|n| *n += *length);
        }
    }
}
fn main() {}
