//! W3: how long one call takes, one at a time: to the owner of a key, which counts it, and back with the count.
//!
//! A busy caller looks for its answer without a pause, and nothing sleeps unless a contender's threads do. An asleep one
//! makes a pause before each call, which is not counted: then every thread sleeps, and a call pays for waking them.

mod calls;
mod channels;
mod park;
mod rama;
mod timely;
mod tokio_runtimes;

use crate::contender::{Contender, Metric, Workload};

const BASE: &str = "limit-cb-spin";
const ASLEEP: &str = "limit-asleep";
const ASLEEP_3: &str = "limit-3t-asleep";

/// The workload.
pub const WORKLOAD: Workload = Workload {
    name: "W3",
    title: "one call at a time: to the owner of a key, counted there, and back with the count",
    unit: "calls",
    metric: Metric::Latency,
    contenders: &[
        Contender::new(BASE, BASE, channels::spin),
        Contender::new("rama", BASE, rama::busy),
        Contender::new("rama-2-threads", BASE, rama::busy_on_two_threads),
        Contender::new("rama-read", BASE, rama::read),
        Contender::new("limit-cb-block", BASE, channels::block),
        Contender::new("limit-park", BASE, park::run),
        Contender::new("timely-spin", BASE, timely::run),
        Contender::new("tokio-2rt", BASE, tokio_runtimes::run),
        Contender::new(ASLEEP, ASLEEP, channels::asleep),
        Contender::new("rama-asleep", ASLEEP, rama::asleep),
        Contender::new(ASLEEP_3, ASLEEP_3, channels::three_threads_asleep),
        Contender::new("rama-2-threads-asleep", ASLEEP_3, rama::asleep_on_two_threads),
    ],
};
