//! What the programs of the generated crate share: their imports, what they find, and the door for accesses that the compiler cannot see through.

pub use rama_runtime::Result;
pub use rama_runtime::prelude::*;
pub use rama_runtime::testing::TestCluster;
pub use serde::{Deserialize, Serialize};
pub use std::collections::BTreeMap;
pub use std::time::Duration;

use rama_runtime::pstate::{AtKey, Key, Local, Lookup, Root, Schema};
use std::fmt::{Debug, Write};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub const TASKS: u32 = 8;

/// A program that is still running then hangs.
const LIMIT: Duration = Duration::from_secs(60);

pub type Run = Pin<Box<dyn Future<Output = Result<Found>>>>;

/// What a program's driver found, compared with what it should have found.
#[derive(Default)]
pub struct Found {
    wrong: Vec<String>,
}

impl Found {
    /// An append that fails is seen by [`Failures`], which also sees the records that topologies append.
    pub fn appended<T>(&mut self, _answer: Result<T>) {}

    pub fn equal(&mut self, what: &str, found: impl Debug, expected: impl Debug) {
        self.text(what, format!("{found:?}"), format!("{expected:?}"));
    }

    fn text(&mut self, what: &str, found: String, expected: String) {
        if found != expected {
            self.wrong.push(format!("{what}: {found} instead of {expected}"));
        }
    }
}

/// Compares a map with what it should hold: all partitions together, then each key where its owner is.
macro_rules! same {
    ($found:ident, $app:ident.$pstate:ident(), $expected:expr) => {
        let expected: BTreeMap<_, _> = $expected;
        let all: Vec<_> = expected.iter().collect();
        $found.equal(stringify!($pstate), $app.$pstate().items().await?, all);
        for (key, value) in &expected {
            $found.equal(
                concat!(stringify!($pstate), " at the key's owner"),
                $app.$pstate().key(key).get().await?,
                Some(value),
            );
        }
    };
}
pub(crate) use same;

/// The sums of what is listed for each key.
pub fn tally<K: Ord>(items: impl IntoIterator<Item = (K, u64)>) -> BTreeMap<K, u64> {
    let mut sums = BTreeMap::new();
    for (key, n) in items {
        *sums.entry(key).or_default() += n;
    }
    sums
}

/// Another key than the given one. The compiler sees a call, and cannot know.
pub trait Other {
    type Owned;
    fn other(&self) -> Self::Owned;
    fn same(&self) -> Self::Owned;
}

impl Other for String {
    type Owned = String;
    fn other(&self) -> String {
        format!("{self}'")
    }
    fn same(&self) -> String {
        self.clone()
    }
}

impl Other for str {
    type Owned = String;
    fn other(&self) -> String {
        format!("{self}'")
    }
    fn same(&self) -> String {
        self.to_owned()
    }
}

impl Other for u64 {
    type Owned = u64;
    fn other(&self) -> u64 {
        self + 1
    }
    fn same(&self) -> u64 {
        *self
    }
}

impl<A: Other, B: Other> Other for (A, B) {
    type Owned = (A::Owned, B::Owned);
    fn other(&self) -> Self::Owned {
        (self.0.other(), self.1.other())
    }
    fn same(&self) -> Self::Owned {
        (self.0.same(), self.1.same())
    }
}

impl<T: Other + ?Sized> Other for &T {
    type Owned = T::Owned;
    fn other(&self) -> T::Owned {
        T::other(self)
    }
    fn same(&self) -> T::Owned {
        T::same(self)
    }
}

pub fn other<T: Other + ?Sized>(key: &T) -> T::Owned {
    key.other()
}

pub fn same_key<T: Other + ?Sized>(key: &T) -> T::Owned {
    key.same()
}

/// The same for a key in its place.
pub fn change<T: Other<Owned = T>>(key: &mut T) {
    *key = key.other();
}

/// True, which the compiler cannot know.
pub fn yes() -> bool {
    std::hint::black_box(true)
}

macro_rules! spoil {
    ($place:expr) => {
        $place = other(&$place)
    };
}
pub(crate) use spoil;

/// The accesses through [`at`] and [`whole`] that were on their key's task, and those that were not.
static AT_HOME: AtomicU64 = AtomicU64::new(0);
static AWAY: AtomicU64 = AtomicU64::new(0);

fn note(task: u32, owner: u32) {
    let count = if task == owner { &AT_HOME } else { &AWAY };
    count.fetch_add(1, Ordering::Relaxed);
}

/// The task that owns a key: by the public function, not by what the runtime's check uses.
pub fn owner<K: Serialize + ?Sized>(key: &K) -> u32 {
    rama_runtime::key::task_of(key, TASKS).expect("keys can be encoded")
}

/// `pstate.key(key)`, which the compiler cannot see, and which notes whether this is the key's task.
pub fn at<'p, 'q, K, S, Q>(
    pstate: &'p mut PState<Map<K, S>>,
    key: &'q Q,
    owner: impl FnOnce(&K) -> u32,
) -> S::Cursor<Local<'p, Map<K, S>>, AtKey<Root<Map<K, S>>, &'q Q>>
where
    K: Key,
    S: Schema,
    Q: Lookup<K> + ?Sized,
{
    note(pstate.task(), owner(&key.to_owned()));
    pstate.key(key)
}

/// A global PState, likewise.
pub fn whole<S: Schema>(pstate: &mut PState<S>) -> &mut PState<S> {
    note(pstate.task(), 0);
    pstate
}

/// Collects the errors of all records that failed.
struct Failures;

static FAILURES: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl tracing::Subscriber for Failures {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
                let _ = write!(self.0, "{}={value:?} ", field.name());
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        FAILURES.lock().expect("nobody panics holding it").push(text.0);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Runs one program, and prints a line: what it came to, the accesses that were noted at home and away, and why.
pub fn main(find: fn(&str) -> Option<fn() -> Run>) {
    let name = std::env::args().nth(1).unwrap_or_default();
    let run = find(&name).unwrap_or_else(|| panic!("no program is called {name}"));
    tracing::subscriber::set_global_default(Failures).expect("there is no other");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ran = runtime.block_on(async { tokio::time::timeout(LIMIT, run()).await });
    let failures = std::mem::take(&mut *FAILURES.lock().expect("nobody panics holding it"));
    let (verdict, why) = match ran {
        Err(_) => ("hung", String::new()),
        Ok(Err(error)) => ("broken", error.to_string()),
        Ok(Ok(_)) if failures.iter().any(|text| !text.contains("[RM0007]")) => ("failed", failures.join("; ")),
        Ok(Ok(_)) if !failures.is_empty() => ("misaligned", failures[0].clone()),
        Ok(Ok(found)) if found.wrong.is_empty() => ("right", String::new()),
        Ok(Ok(found)) => ("wrong", found.wrong.join("; ")),
    };
    let why: String = why.chars().take(600).map(|c| if c.is_control() { ' ' } else { c }).collect();
    println!("{verdict}\t{}\t{}\t{why}", AT_HOME.load(Ordering::Relaxed), AWAY.load(Ordering::Relaxed));
    // A program that hangs would be waited for.
    std::process::exit(0);
}
