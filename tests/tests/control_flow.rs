//! Branches, loops, moves and drops around awaits.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

use rama_runtime::module::Module;
use rama_runtime::prelude::*;
use rama_runtime::testing::TestCluster;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Each source exercises one shape; what it reached is counted by name, over all tasks.
#[module]
pub struct Shapes {
    #[depot(random)]
    exploding: Depot<u64>,
    #[depot(random)]
    everywhere: Depot<u64>,
    #[depot(random)]
    forking: Depot<u64>,
    #[depot(random)]
    nothing: Depot<u64>,
    #[depot(global)]
    dropping: Depot<u64>,
    #[depot(global)]
    last_value: Depot<u64>,
    #[pstate(owner = shapes)]
    reached: PState<Map<String, u64>>,
}

topology! {
    impl Shapes {
        #[stream(shapes, source = exploding)]
        async fn explode_in_control_flow(&mut self, n: u64) {
            if n > 0 {
                let item = explode(0..n).await;
                match item % 3 {
                    0 => {
                        let inner = explode(vec!["a", "b"].into_iter().map(String::from)).await;
                        self.reach(format!("zero {inner}"));
                    }
                    1 => {
                        for turn in 0..2 {
                            let part = explode([10, 20]).await;
                            self.reach(format!("one {turn} {part}"));
                        }
                    }
                    _ => self.reach("two".into()),
                }
                self.reach("after".into());
            } else {
                self.reach("none".into());
            }
        }

        #[stream(shapes, source = everywhere)]
        async fn all_in_control_flow(&mut self, n: u64) {
            let mut rounds = 0;
            while rounds < n {
                rounds += 1;
                all_partition().await;
                if rounds == 2 { break; }
            }
            self.reach(format!("rounds {rounds}"));
        }

        #[stream(shapes, source = forking)]
        async fn fork_in_control_flow(&mut self, n: u64) {
            let name = format!("n{n}");
            for turn in 0..n {
                if turn % 2 == 0 {
                    fork(async {
                        hash_partition(&turn).await;
                        self.reach(format!("{name} even"));
                        let sub = explode(0..turn).await;
                        self.reach(format!("{name} sub {sub}"));
                    });
                } else {
                    fork(async move { self.reach(format!("{name} odd")); });
                }
            }
            self.reach(format!("{name} end"));
        }

        #[stream(shapes, source = nothing)]
        async fn explode_nothing(&mut self, n: u64) -> u64 {
            let item = explode(0..n).await;
            item
        }

        #[stream(shapes, source = last_value)]
        async fn last_value_wins(&mut self, n: u64) -> Option<u64> {
            let item = explode(0..n).await;
            if item == 1 { return None; }
            Some(item)
        }

        #[stream(shapes, source = dropping)]
        async fn drops(&mut self, n: u64) {
            let moved = Loud::new("moved");
            let first = Loud::new("first");
            let second = Loud::new("second");
            {
                let inner = Loud::new("inner");
                consume(moved);
                if n > 0 { hash_partition(&n).await; }
                note("after the hop");
                inner.touch();
            }
            note("after the block");
            let third = Loud::new("third");
            if n > 1 { hash_partition(&n).await; }
            second.touch();
            first.touch();
            third.touch();
            let _ = Loud::new("wildcard");
            note("end");
        }

        fn reach(&mut self, place: String) {
            self.reached.unaligned().key(&place).update(|n| *n += 1);
        }
    }
}

static DROPS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Says when it is dropped.
#[derive(Serialize, Deserialize)]
pub struct Loud(String);

impl Loud {
    fn new(name: &str) -> Self {
        Loud(name.to_owned())
    }
    fn touch(&self) {}
}

impl Drop for Loud {
    fn drop(&mut self) {
        note(&format!("drop {}", self.0));
    }
}

fn note(text: &str) {
    DROPS.lock().unwrap().push(text.to_owned());
}

fn consume(_: Loud) {}

/// [`Shapes::drops`] without its hops.
fn plain_drops() {
    let moved = Loud::new("moved");
    let first = Loud::new("first");
    let second = Loud::new("second");
    {
        let inner = Loud::new("inner");
        consume(moved);
        note("after the hop");
        inner.touch();
    }
    note("after the block");
    let third = Loud::new("third");
    second.touch();
    first.touch();
    third.touch();
    let _ = Loud::new("wildcard");
    note("end");
}

async fn launched() -> (TestCluster, ShapesClient) {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Shapes>(Launch::tasks(4).threads(2)).await.unwrap();
    (cluster, app)
}

/// What was reached, over all tasks, as `name=count`.
async fn reached(app: &ShapesClient) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::new();
    for task in 0..4 {
        for (name, count) in app.reached().partition(task).items().await.unwrap() {
            *counts.entry(name).or_insert(0) += count;
        }
    }
    counts
        .into_iter()
        .map(|(name, count): (String, u64)| format!("{name}={count}"))
        .collect()
}

#[tokio::test]
async fn explode_inside_if_match_and_loops_goes_on_once_per_item() {
    let (_cluster, app) = launched().await;
    app.exploding().append(0).await.unwrap();
    assert_eq!(reached(&app).await, ["none=1"]);
    app.exploding().append(3).await.unwrap();
    // Item 0: 2 branches. Item 1: 2 in the first turn, each 2 in the second. Item 2: one.
    assert_eq!(
        reached(&app).await,
        [
            "after=7",
            "none=1",
            "one 0 10=1",
            "one 0 20=1",
            "one 1 10=2",
            "one 1 20=2",
            "two=1",
            "zero a=1",
            "zero b=1"
        ]
    );
}

#[tokio::test]
async fn all_partition_inside_a_loop_multiplies_by_the_tasks_each_time() {
    let (_cluster, app) = launched().await;
    app.everywhere().append_batch(vec![0, 1, 5]).await.unwrap();
    assert_eq!(reached(&app).await, ["rounds 0=1", "rounds 1=4", "rounds 2=16"]);
}

#[tokio::test]
async fn forks_inside_loops_are_branches_of_their_own_and_the_record_waits_for_all() {
    let (_cluster, app) = launched().await;
    app.forking().append(5).await.unwrap();
    assert_eq!(
        reached(&app).await,
        [
            "n5 end=1",
            "n5 even=3",
            "n5 odd=2",
            "n5 sub 0=2",
            "n5 sub 1=2",
            "n5 sub 2=1",
            "n5 sub 3=1"
        ]
    );
}

#[tokio::test]
async fn a_record_without_any_branch_left_has_no_ack_return() {
    let (_cluster, app) = launched().await;
    assert_eq!(app.nothing().append(1).await, Ok(0));
    assert_eq!(app.nothing().append(0).await, Err(Error::NoAckReturn));
}

#[tokio::test]
async fn of_several_returning_branches_the_last_value_wins() {
    let (_cluster, app) = launched().await;
    assert_eq!(app.last_value().append(4).await, Ok(Some(3)));
    assert_eq!(app.last_value().append(2).await, Ok(None));
}

#[tokio::test]
async fn values_are_dropped_when_and_in_the_order_plain_rust_drops_them() {
    plain_drops();
    let plain = std::mem::take(&mut *DROPS.lock().unwrap());
    let (_cluster, app) = launched().await;
    for n in 0..4 {
        app.dropping().append(n).await.unwrap();
        assert_eq!(
            std::mem::take(&mut *DROPS.lock().unwrap()),
            plain,
            "with hops of record {n}"
        );
    }
}

#[test]
fn a_scope_carries_only_live_variables() {
    let topology = Shapes::DESCRIPTOR.topology("shapes").unwrap();
    let source = topology
        .sources
        .iter()
        .position(|source| source.name == "drops")
        .unwrap();
    let mut scopes: Vec<&[&str]> = topology
        .segments
        .iter()
        .filter(|segment| segment.source == source)
        .map(|segment| segment.scope)
        .collect();
    scopes.remove(0);
    assert_eq!(
        scopes,
        [
            &["n", "first", "second", "inner"][..],
            &["first", "second", "third"][..]
        ]
    );
}

/// Items and unusual places in a body.
#[module]
pub struct Bodies {
    #[depot(random)]
    items: Depot<u64>,
    #[depot(random)]
    partly: Depot<Order>,
    #[depot(random)]
    ways: Depot<u64>,
    #[depot(random)]
    order: Depot<u64>,
    #[depot(random)]
    macros: Depot<u64>,
    #[depot(random)]
    statics: Depot<u64>,
    #[depot(random)]
    types: Depot<u64>,
    #[depot(random)]
    raw: Depot<Raw>,
    #[pstate(owner = bodies)]
    notes: PState<List<String>>,
}

fn same(value: u64, _: ()) -> u64 {
    value
}

fn three(a: u64, b: u64, c: u64) -> u64 {
    a * 10_000 + b * 1_000 + c
}

/// A record with a keyword for a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Raw {
    name: String,
    r#type: u64,
}

/// A record that is moved apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    customer: String,
    lines: Vec<String>,
    place: (String, String),
}

topology! {
    impl Bodies {
        #[stream(bodies, source = items)]
        async fn with_items(&mut self, n: u64) -> String {
            /// A type of the body, whose values travel.
            #[derive(Serialize, Deserialize)]
            struct Step { at: u64 }
            impl Step {
                fn next(self) -> Step { Step { at: self.at + 1 } }
            }
            const FACTOR: u64 = 10;
            fn scaled(n: u64) -> u64 { n * FACTOR }
            macro_rules! twice { ($e:expr) => { $e * 2 } }
            let mut step = Step { at: n };
            hash_partition(&n).await;
            step = step.next();
            if n > 0 {
                use std::fmt::Write;
                let mut text = String::new();
                hash_partition(&scaled(step.at)).await;
                step = Step { at: twice!(step.at) };
                let _ = write!(text, "{}", scaled(step.at));
                return text;
            }
            format!("{}", step.at)
        }

        #[stream(bodies, source = types)]
        async fn types_from_before_a_hop(&mut self, n: u64) -> String {
            let whole: u8;
            let mut small = n as u8;
            let before = small;
            let sum: u64;
            let r#type = n;
            let text: String;
            hash_partition(&n).await;
            whole = !0;
            small = !0;
            sum = vec![n, 2].into_iter().sum();
            { let r#type = 5u64; hash_partition(&n).await; text = format!("{type}"); }
            let mut stack = vec![1, 2, n];
            let mut last = 0;
            let low = loop {
                hash_partition(&n).await;
                last = match stack.pop() { Some(value) if value > 1 => value, _ => break whole as u64 };
            };
            format!("{} {} {before} {sum} {text} {type} {last} {low}", whole as u64, small as i64)
        }

        #[stream(bodies, source = raw)]
        async fn raw_fields(&mut self, raw: Raw) -> u64 {
            let name = raw.name;
            hash_partition(&name).await;
            raw.r#type
        }

        #[stream(bodies, source = order)]
        async fn evaluation_order(&mut self, n: u64) -> Vec<u64> {
            let mut x = n;
            let kept = x.wrapping_add({ x += 7; external(async move { 1u64 }).await });
            let z;
            let called = same(x, { (x, z) = (100, 1); external(async {}).await });
            let pair = three(x, { let ref mut y = x; *y += 1; external(async {}).await; 2 }, x + z);
            vec![kept, called, pair]
        }

        #[stream(bodies, source = macros)]
        async fn leaving_through_macros(&mut self, n: u64) -> String {
            let mut found = Vec::new();
            for i in 0..n {
                hash_partition(&i).await;
                found.push(format!("{}", if i == 3 { break } else { i }));
            }
            let parsed = match self.parse_all(found.join(",")).await { Ok(all) => all, Err(error) => return error };
            hash_partition(&n).await;
            println!("{}", if n > 6 { return "left".to_owned() } else { n });
            format!("{parsed:?}")
        }

        async fn parse_all(&mut self, text: String) -> Result<Vec<u64>, String> {
            /// Declared once, however often the operation is inlined.
            struct Parser;
            impl Parser {
                fn parse(text: &str) -> Result<u64, String> { text.parse().map_err(|_| format!("bad {text:?}")) }
            }
            global_partition().await;
            Ok(vec![Parser::parse(text.split(',').next().unwrap_or_default())?, Self::again(self.notes.task())])
        }

        #[stream(bodies, source = statics)]
        async fn statics_and_constants(&mut self, n: u64) -> u64 {
            static SEEN: AtomicU64 = AtomicU64::new(0);
            const SIZE: usize = 4;
            struct Buffer([u64; SIZE]);
            let N = SEEN.fetch_add(n, Ordering::SeqCst);
            hash_partition(&n).await;
            SEEN.fetch_add(n, Ordering::SeqCst);
            let first = self.parse_all("1".into()).await.map_or(0, |all| all[0]);
            N + SEEN.load(Ordering::SeqCst) + Buffer([first; SIZE]).0.len() as u64
        }

        fn again(task: u32) -> u64 { u64::from(task) }

        #[stream(bodies, source = ways)]
        async fn assigned_on_every_way(&mut self, n: u64) -> u64 {
            let late;
            let mut turns = 0;
            loop {
                if turns == n { late = n * 100; break; }
                hash_partition(&turns).await;
                turns += 1;
            }
            let last;
            hash_partition(&late).await;
            match late % 200 { 0 => last = 1, _ => { last = 2 } }
            late + last
        }

        #[stream(bodies, source = partly)]
        async fn partly_moved(&mut self, order: Order) -> usize {
            for line in order.lines { self.notes.push(line); }
            let (street, _) = order.place.clone();
            hash_partition(&street).await;
            self.notes.push(format!("{} in {}", order.customer, street));
            hash_partition(&order.customer).await;
            println!("{}", order.customer);
            order.customer.len() + order.place.1.len()
        }
    }
}

#[tokio::test]
async fn functions_types_and_macros_of_a_body_are_there_after_a_hop() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Bodies>(Launch::tasks(4).threads(2).check_wire(true))
        .await
        .unwrap();
    assert_eq!(app.items().append(0).await, Ok("1".to_owned()));
    assert_eq!(app.items().append(4).await, Ok("100".to_owned()));
}

#[tokio::test]
async fn a_record_whose_fields_were_partly_moved_goes_on_with_the_rest() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Bodies>(Launch::tasks(4).threads(2).check_wire(true))
        .await
        .unwrap();
    let order = Order {
        customer: "bob".into(),
        lines: vec!["pen".into()],
        place: ("Main St".into(), "Mars".into()),
    };
    assert_eq!(app.partly().append(order).await, Ok(7));
}

/// Names that the generated code might have used for itself.
mod names {
    use super::*;

    #[derive(Debug, Clone, Serialize, Deserialize)]
    pub struct Hop(pub u64);
    #[derive(Debug, Clone, Serialize, Deserialize)]
    pub struct H1(pub u64);
    pub type F0 = u64;
    pub struct Scope1;
    pub struct Next0;

    fn assemble(hop: &Hop) -> u64 {
        hop.0
    }

    #[module]
    pub struct Named {
        #[depot(random)]
        records: Depot<Hop>,
        #[depot(random)]
        others: Depot<H1>,
    }

    topology! {
        impl Named {
            #[stream(named, source = records)]
            async fn machine(&mut self, hop: Hop) -> F0 {
                let (route, item, scope, cx, out, module, source) = (1, 2, 3, 4, 5, 6, 7);
                let _ = (Scope1, Next0);
                hash_partition(&assemble(&hop)).await;
                let value = explode([hop.clone()]).await;
                let r#type = external(async move { value.0 }).await;
                global_partition().await;
                assemble(&hop) + r#type + route + item + scope + cx + out + module + source
            }

            #[stream(named, source = others)]
            async fn other(&mut self, H1(offset): H1) -> u64 {
                hash_partition(&offset).await;
                offset
            }
        }
    }
}

#[tokio::test]
async fn user_code_may_use_any_name() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<names::Named>(Launch::tasks(2).threads(2))
        .await
        .unwrap();
    assert_eq!(app.records().append(names::Hop(10)).await, Ok(48));
    assert_eq!(app.others().append(names::H1(10)).await, Ok(10));
}

#[tokio::test]
async fn a_variable_that_every_way_assigns_need_not_be_assigned_before_a_hop() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Bodies>(Launch::tasks(4).threads(2)).await.unwrap();
    assert_eq!(app.ways().append(0).await, Ok(1));
    assert_eq!(app.ways().append(3).await, Ok(302));
}

#[tokio::test]
async fn a_variable_assigned_behind_a_hop_has_the_type_of_its_declaration() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster
        .launch::<Bodies>(Launch::tasks(4).threads(2).check_wire(true))
        .await
        .unwrap();
    assert_eq!(app.types().append(3).await, Ok("255 255 3 5 5 3 2 255".to_owned()));
    let raw = Raw {
        name: "a".into(),
        r#type: 9,
    };
    assert_eq!(app.raw().append(raw).await, Ok(9));
}

#[tokio::test]
async fn operands_are_evaluated_in_rusts_order_around_an_await() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Bodies>(Launch::tasks(4).threads(2)).await.unwrap();
    // x is 3, then 10, then 100, then 101.
    assert_eq!(app.order().append(3).await, Ok(vec![4, 10, 100 * 10_000 + 2_000 + 102]));
}

#[tokio::test]
async fn control_flow_inside_macro_calls_leaves_what_it_should() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Bodies>(Launch::tasks(4).threads(2)).await.unwrap();
    assert_eq!(app.macros().append(2).await, Ok("[0, 0]".to_owned()));
    assert_eq!(app.macros().append(0).await, Ok("bad \"\"".to_owned()));
    assert_eq!(app.macros().append(7).await, Ok("left".to_owned()));
}

#[tokio::test]
async fn a_static_of_a_body_is_one_variable() {
    let cluster = TestCluster::start().unwrap();
    let app = cluster.launch::<Bodies>(Launch::tasks(4).threads(2)).await.unwrap();
    assert_eq!(app.statics().append(5).await, Ok(14));
    assert_eq!(app.statics().append(5).await, Ok(10 + 20 + 4));
}
