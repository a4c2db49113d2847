//! The modules whose size or shape is what a series changes.

use rama_benches::input::mix;
use rama_runtime::prelude::*;

/// Numbers with bytes that nobody looks at: they travel.
#[module]
pub(crate) struct Payload {
    #[depot(random, keep = 0)]
    records: Depot<(u64, Vec<u8>)>,
    /// How many records there were of each key.
    #[pstate(owner = keep_count)]
    counts: PState<Map<u64, u64>>,
}

topology! {
    impl Payload {
        #[stream(source = records)]
        async fn keep_count(&mut self, (key, bytes): (u64, Vec<u8>)) {
            hash_partition(&key).await;
            // An empty payload would not be counted; there is none.
            self.counts.key(&key).update(|n| *n += u64::from(!bytes.is_empty()));
        }
    }
}

/// A module whose body hops once for each of `$hop`, one hop after the other, to tasks that look random.
macro_rules! straight {
    ($name:ident: $($hop:literal)*) => {
        /// So many hops, written out.
        #[module]
        pub(crate) struct $name {
            #[depot(random, keep = 0)]
            records: Depot<(u64, u64)>,
            /// How many records ended on this task.
            #[pstate(owner = travel)]
            ended: PState<u64>,
        }
        topology! {
            impl $name {
                #[stream(source = records)]
                async fn travel(&mut self, record: (u64, u64)) {
                    let number = record.0;
                    $(
                        let number = mix(number ^ $hop);
                        hash_partition(&number).await;
                    )*
                    let _ = number;
                    self.ended.update(|n| *n += 1);
                }
            }
        }
    };
}

straight!(Straight0:);
straight!(Straight1: 1);
straight!(Straight2: 1 2);
straight!(Straight4: 1 2 3 4);
straight!(Straight8: 1 2 3 4 5 6 7 8);

/// As many hops as the record says, by a loop that travels.
#[module]
pub(crate) struct Looped {
    #[depot(random, keep = 0)]
    records: Depot<(u64, u64)>,
    /// How many records ended on this task.
    #[pstate(owner = travel)]
    ended: PState<u64>,
}

topology! {
    impl Looped {
        #[stream(source = records)]
        async fn travel(&mut self, (mut number, hops): (u64, u64)) {
            for hop in 1..=hops {
                number = mix(number ^ hop);
                hash_partition(&number).await;
            }
            self.ended.update(|n| *n += 1);
        }
    }
}

/// A module with a topology for each `$topology`; all have the same source, and count for themselves.
macro_rules! topologies {
    ($name:ident: $($topology:ident $counts:ident),*) => {
        /// So many topologies with one source.
        #[module]
        pub(crate) struct $name {
            #[depot(random, keep = 0)]
            numbers: Depot<u64>,
            $(
                #[pstate(owner = $topology)]
                $counts: PState<Map<u64, u64>>,
            )*
        }
        topology! {
            impl $name {
                $(
                    #[stream(source = numbers)]
                    async fn $topology(&mut self, number: u64) {
                        hash_partition(&number).await;
                        self.$counts.key(&number).update(|n| *n += 1);
                    }
                )*
            }
        }
    };
}

topologies!(Topologies1: count1 counts1);
topologies!(Topologies2: count1 counts1, count2 counts2);
topologies!(Topologies4: count1 counts1, count2 counts2, count3 counts3, count4 counts4);
topologies!(
    Topologies8: count1 counts1, count2 counts2, count3 counts3, count4 counts4, count5 counts5, count6 counts6,
    count7 counts7, count8 counts8
);
