//! The modules behind the shapes: each does one thing more than another.

use rama_runtime::prelude::*;

/// Takes records, and that is all.
#[module]
pub(crate) struct Log {
    #[depot(random, keep = 0)]
    numbers: Depot<u64>,
}

topology! {
    impl Log {}
}

/// Each topology has a depot of its own, and does one thing.
#[module]
pub(crate) struct Steps {
    #[depot(random, keep = 0)]
    read: Depot<u64>,
    #[depot(random, keep = 0)]
    returned: Depot<u64>,
    #[depot(hash_by = |number| number, keep = 0)]
    updated: Depot<u64>,
    #[depot(random, keep = 0)]
    hopping: Depot<u64>,
    #[depot(random, keep = 0)]
    hopping_twice: Depot<u64>,
    #[depot(random, keep = 0)]
    lines_read: Depot<String>,
    #[depot(random, keep = 0)]
    lines_hopping: Depot<String>,
    #[depot(random, keep = 0)]
    lines_exploded: Depot<String>,
    #[pstate(owner = update)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl Steps {
        /// Nothing.
        #[stream(source = read)]
        async fn read(&mut self, _number: u64) {}

        /// Hands the record back, with its ack.
        #[stream(source = returned)]
        async fn hand_back(&mut self, number: u64) -> u64 {
            number
        }

        /// Counts where the record arrives.
        #[stream(source = updated)]
        async fn update(&mut self, number: u64) {
            self.counts.key(&number).update(|n| *n += 1);
        }

        /// Moves, and does nothing there.
        #[stream(source = hopping)]
        async fn hop(&mut self, number: u64) {
            hash_partition(&number).await;
        }

        /// Moves twice.
        #[stream(source = hopping_twice)]
        async fn hop_twice(&mut self, number: u64) {
            hash_partition(&number).await;
            hash_partition(&!number).await;
        }

        /// Nothing, with text.
        #[stream(source = lines_read)]
        async fn read_line(&mut self, _line: String) {}

        /// Moves with the text, which is still needed there.
        #[stream(source = lines_hopping)]
        async fn hop_with_line(&mut self, line: String) {
            hash_partition(&line).await;
            std::hint::black_box(&line);
        }

        /// A branch for each word.
        #[stream(source = lines_exploded)]
        async fn explode_line(&mut self, line: String) {
            let word = explode(line.split(' ').map(str::to_owned)).await;
            std::hint::black_box(&word);
        }
    }
}

/// Counts words, each of which is a `String` of its own.
#[module]
pub(crate) struct OwnedWords {
    #[depot(random, keep = 0)]
    lines: Depot<String>,
    #[pstate(owner = count_words)]
    words: PState<Map<String, u64>>,
}

topology! {
    impl OwnedWords {
        /// Counts each word on the task that owns it.
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            let word = explode(line.split(' ').map(str::to_owned)).await;
            hash_partition(&word).await;
            self.words.key(&word).update(|n| *n += 1);
        }
    }
}

/// Delivers each record to a hundred others.
#[module]
pub(crate) struct Deliveries {
    #[depot(random, keep = 0)]
    posts: Depot<u64>,
    #[pstate(owner = deliver)]
    timelines: PState<Map<u64, List<u64>>>,
}

topology! {
    impl Deliveries {
        /// Always the same hundred.
        #[stream(source = posts)]
        async fn deliver(&mut self, post: u64) {
            let follower = explode((0..100).map(|number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15))).await;
            hash_partition(&follower).await;
            self.timelines.key(&follower).push(post);
        }
    }
}
