//! Borrowed text and bytes, whose type is written, cross hops: what they refer to is there behind each.
#![allow(missing_docs, deprecated, clippy::unwrap_used)]

use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use std::sync::atomic::{AtomicU32, Ordering};

/// How often `fails_once` was told to fail.
static FAILURES: AtomicU32 = AtomicU32::new(0);

fn fails_once() -> Result<(), String> {
    match FAILURES.fetch_add(1, Ordering::Relaxed) {
        0 => Err("once".to_owned()),
        _ => Ok(()),
    }
}

#[module]
pub struct Borrowing {
    #[depot(random)]
    texts: Depot<(u64, String)>,
    #[depot(random)]
    lines: Depot<String>,
    #[depot(random)]
    walks: Depot<String>,
    #[depot(random)]
    branches: Depot<String>,
    #[depot(random)]
    later: Depot<(bool, String)>,
    #[depot(random)]
    failing: Depot<String>,
    #[depot(random)]
    calls: Depot<String>,
    #[depot(random)]
    owners: Depot<String>,
    #[depot(random)]
    changing: Depot<String>,
    #[depot(random)]
    keys: Depot<Vec<u8>>,
    #[pstate(owner = borrowing)]
    by_bytes: PState<Map<Vec<u8>, u64>>,
    #[pstate(owner = borrowing)]
    arrived: PState<Map<u64, (String, Vec<u8>)>>,
    #[pstate(owner = borrowing)]
    counts: PState<Map<String, u64>>,
    #[pstate(owner = borrowing)]
    notes: PState<Map<String, Vec<String>>>,
}

topology! {
    impl Borrowing {
        /// Text and bytes, of which the sender's own are gone by the time that they arrive.
        #[stream(borrowing, source = texts)]
        async fn carry(&mut self, record: (u64, String)) {
            let (key, owned) = record;
            let text: &str = &owned;
            let bytes: &[u8] = owned.as_bytes();
            hash_partition(&key).await;
            let (again, more): (&str, &[u8]) = (text, bytes);
            hash_partition(&key).await;
            self.arrived.key(&key).set((again.to_owned(), more.to_owned()));
        }

        /// Words, sent where they belong from within the loop, and counted through an operation.
        #[stream(borrowing, source = lines)]
        async fn count_words(&mut self, line: String) {
            let word: &str = explode(line.split(' ')).await;
            hash_partition(word).await;
            self.count(word).await;
        }

        async fn count(&mut self, text: &str) {
            hash_partition(text).await;
            self.counts.key(text).update(|n| *n += 1);
        }

        /// A loop that hops to each word in turn, and looks at what is left behind each hop.
        #[stream(borrowing, source = walks)]
        async fn walk(&mut self, line: String) {
            let mut left: &str = &line;
            let mut path = String::new();
            while let Some((word, rest)) = left.split_once(' ') {
                let word: &str = word;
                left = rest;
                hash_partition(word).await;
                path.push_str(word);
                self.notes.key(word).update(|notes| notes.push(format!("{path}|{left}")));
            }
        }

        /// Branches get copies; an outer variable of the same name stays what it was.
        #[stream(borrowing, source = branches)]
        async fn branch(&mut self, line: String) {
            let word: &str = &line;
            {
                let word: &str = explode(word.split(' ')).await;
                let longer = format!("{word}!");
                let word: &str = longer.as_str();
                fork(async {
                    hash_partition(word).await;
                    self.notes.key(word).update(|notes| notes.push("forked".to_owned()));
                });
                hash_partition(word).await;
                self.notes.key(word).update(|notes| notes.push("went on".to_owned()));
            }
            hash_partition(word).await;
            self.notes.key(word).update(|notes| notes.push("outer".to_owned()));
        }

        /// Declared in front of a hop, given a value behind it; or in front on one way only.
        #[stream(borrowing, source = later)]
        async fn assign(&mut self, record: (bool, String)) {
            let (early, owned) = record;
            let word: &str;
            if early {
                word = &owned[..1];
                hash_partition(word).await;
            } else {
                hash_partition("nobody").await;
                word = &owned[1..];
            }
            hash_partition(word).await;
            self.counts.key(word).update(|n| *n += 1);
        }

        /// An event that fails, and its record, which begins anew.
        #[stream(borrowing, source = failing)]
        async fn fail(&mut self, line: String) {
            let word: &str = explode(line.split(' ')).await;
            hash_partition(word).await;
            self.counts.key(word).update(|n| *n += 1);
            fails_once()?;
        }

        /// The owner travels, too, and a value that is borrowed from nothing that does.
        #[stream(borrowing, source = owners)]
        async fn own(&mut self, line: String) {
            let word: &str = line.split(' ').next().unwrap_or("");
            let same: &str;
            hash_partition(word).await;
            same = &line;
            let kind = match same { "x y" => "known", _ => "other" };
            self.notes.key(word).update(|notes| notes.push(kind.to_owned()));
            self.notes.key(word).update(|notes| notes.push(line));
        }

        /// The partitioner changes a variable, of which each branch has its own.
        #[stream(borrowing, source = changing)]
        async fn change(&mut self, line: String) {
            let mut rest: &str = &line;
            let number = explode(0..3u64).await;
            hash_partition({ rest = &rest[1..]; rest }).await;
            self.notes.unaligned().key(rest).update(|notes| notes.push(number.to_string()));
        }

        /// Bytes as a key.
        #[stream(borrowing, source = keys)]
        async fn count_bytes(&mut self, key: Vec<u8>) {
            let start: &[u8] = &key[..2];
            hash_partition(start).await;
            self.by_bytes.key(start).update(|n| *n += 1);
        }

        /// The value of a future, and what one is made from.
        #[stream(borrowing, source = calls)]
        async fn call(&mut self, line: String) {
            let word: &str = &line;
            let mut answer: &str = "nothing";
            if !line.is_empty() {
                answer = external(async { "static" }).await;
            }
            hash_partition(word).await;
            self.notes.key(word).update(|notes| notes.push(answer.to_owned()));
        }
    }
}

/// Every way in which hops travel: to the same thread, to another one, and encoded.
async fn everywhere(test: impl AsyncFn(&BorrowingClient)) {
    for (threads, wire) in [(1, false), (2, false), (2, true)] {
        let cluster = TestCluster::start().unwrap();
        let launch = Launch::tasks(4).threads(threads).check_wire(wire);
        let app = cluster.launch::<Borrowing>(launch).await.unwrap();
        test(&app).await;
        app.settled().await.unwrap();
        assert_eq!(app.counters().failures, 0);
    }
}

/// Lengths around all that is treated differently: nothing, what needs no memory, what is packed, what is moved.
const LENGTHS: [usize; 12] = [0, 1, 8, 15, 16, 23, 24, 25, 100, 256, 257, 3000];

fn text(seed: usize, length: usize) -> String {
    "abcdefghijklmnopqrstuvwxyz"
        .chars()
        .cycle()
        .skip(seed)
        .take(length)
        .collect()
}

#[tokio::test]
async fn borrowed_text_and_bytes_of_any_length_arrive_as_they_were() {
    everywhere(async |app| {
        let record = |key: usize| (key as u64, text(key, LENGTHS[key % LENGTHS.len()]));
        app.texts().append_batch((0..600).map(record).collect()).await.unwrap();
        for key in 0..600 {
            let (key, text) = record(key);
            let arrived = app.arrived().key(&key).get().await.unwrap();
            assert_eq!(arrived, Some((text.clone(), text.into_bytes())), "record {key}");
        }
    })
    .await;
}

#[tokio::test]
async fn borrowed_words_are_counted_where_they_belong() {
    everywhere(async |app| {
        let words: Vec<String> = (0..40).map(|seed| text(seed, LENGTHS[seed % LENGTHS.len()])).collect();
        app.lines().append_batch(vec![words.join(" "); 50]).await.unwrap();
        for word in &words {
            let expected = 50 * words.iter().filter(|other| *other == word).count() as u64;
            assert_eq!(app.counts().key(word).get().await.unwrap(), Some(expected), "{word}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_borrowed_variable_of_a_loop_is_what_it_was_set_to_before_each_hop() {
    everywhere(async |app| {
        app.walks().append("a bb a ccc end".to_owned()).await.unwrap();
        let notes = async |word: &str| app.notes().key(word).get().await.unwrap().unwrap_or_default();
        assert_eq!(notes("a").await, ["a|bb a ccc end", "abba|ccc end"]);
        assert_eq!(notes("bb").await, ["abb|a ccc end"]);
        assert_eq!(notes("ccc").await, ["abbaccc|end"]);
        assert!(notes("end").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn every_branch_has_its_own_borrowed_text_and_an_outer_one_of_its_name_stays() {
    everywhere(async |app| {
        app.branches().append("x yy".to_owned()).await.unwrap();
        for word in ["x!", "yy!"] {
            let mut notes = app.notes().key(word).get().await.unwrap().unwrap();
            notes.sort();
            assert_eq!(notes, ["forked", "went on"], "{word}");
        }
        let outer = app.notes().key("x yy").get().await.unwrap().unwrap();
        assert_eq!(outer, ["outer", "outer"], "once for each branch");
    })
    .await;
}

#[tokio::test]
async fn a_borrowed_variable_may_get_its_value_in_front_of_a_hop_or_behind_it() {
    everywhere(async |app| {
        let records = [(true, "early"), (false, "later"), (false, "e")];
        let records = records.map(|(early, text)| (early, text.to_owned()));
        app.later().append_batch(records.to_vec()).await.unwrap();
        for (word, count) in [("e", 1), ("ater", 1), ("", 1)] {
            assert_eq!(app.counts().key(word).get().await.unwrap(), Some(count), "{word}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_record_whose_branch_failed_sends_all_its_borrowed_words_again() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Borrowing>(Launch::tasks(4)).await.unwrap();
    app.failing().append("once upon a time".to_owned()).await.unwrap();
    app.settled().await.unwrap();
    assert_eq!(FAILURES.load(Ordering::Relaxed), 8, "four words, twice");
    let mut counts = Vec::new();
    for word in ["once", "upon", "a", "time"] {
        counts.push(app.counts().key(word).get().await.unwrap().unwrap_or_default());
    }
    counts.sort_unstable();
    assert_eq!(
        counts,
        [1, 2, 2, 2],
        "the event that failed left nothing, the others ran twice"
    );
}

#[tokio::test]
async fn an_owner_may_travel_beside_what_borrows_from_it() {
    everywhere(async |app| {
        app.owners().append("x y".to_owned()).await.unwrap();
        assert_eq!(app.notes().key("x").get().await.unwrap().unwrap(), ["known", "x y"]);
    })
    .await;
}

#[tokio::test]
async fn a_partitioner_that_changes_a_borrowed_variable_changes_it_for_its_branch_only() {
    everywhere(async |app| {
        app.changing().append("abcd".to_owned()).await.unwrap();
        let mut notes = app.notes().key("bcd").get().await.unwrap().unwrap();
        notes.sort_unstable();
        assert_eq!(notes, ["0", "1", "2"]);
    })
    .await;
}

#[tokio::test]
async fn borrowed_bytes_may_be_a_key() {
    everywhere(async |app| {
        app.keys().append_batch(vec![vec![7, 8, 9]; 5]).await.unwrap();
        assert_eq!(app.by_bytes().key(&[7, 8][..]).get().await.unwrap(), Some(5));
    })
    .await;
}

#[tokio::test]
async fn the_value_of_a_future_may_be_borrowed() {
    everywhere(async |app| {
        app.calls().append("who".to_owned()).await.unwrap();
        assert_eq!(app.notes().key("who").get().await.unwrap().unwrap(), ["static"]);
    })
    .await;
}
