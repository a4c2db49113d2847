//! Whole input, which together has all of the language.

/// Bodies of a stream of `super::block`, that returns `Result<u64>`.
pub(super) const BODIES: &[&str] = &[
    "let Some(x) = self.get(&record)? else { return Ok(1) }; for w in x { if let Some(a) = w && external(g(a)).await { continue; } \
     let y = match w { A { b, .. } if b > 1 => { hash_partition(&b).await; b } _ => break }; fork(async move { direct_partition(y).await; }); } Ok(0)",
    "'a: loop { self.output.append(record).ack(AckLevel::Full).await; break 'a; } let n = self.deliver(record, 3).await; Ok(n)",
    "let mut total = 0; let word = explode(record.words()).await; hash_partition(&word).await; total += external(async { 1 }).await; \
     println!(\"{word} {total}\"); self.counts.key(&word).update(|n| *n += total); Ok(total)",
    "path_partition(self.counts.key(&record.key)).await; let all = self.counts.key(&record.key).get(); global_partition().await; \
     shuffle_partition().await; all_partition().await; custom_partition(|tasks| tasks - 1).await; yield_if_overtime().await; Ok(all.unwrap_or(0))",
    "let (a, ref b, mut c) = record.parts; while let Some(d) = c.pop() { hash_partition(&d).await; if d == a { return Ok(1); } else if d > b { continue; } \
     let e = [d; 3]; let f = S { a: d, ..base }; use_all(&e, f.a as u64, e[0]..=e[1]); } Ok(c.len())",
    "fn helper<T: Clone>(x: &T) -> T { x.clone() } const LIMIT: usize = { 3 }; static NAME: &str = \"n\"; struct Local { a: u64 } \
     let value = 'b: { if external(helper(&1)).await > 2 { break 'b 1; } 2 }; let closure = move |x: u64| -> u64 { x + value }; Ok(closure(LIMIT as u64))",
    "let outcome = if a && explode(b).await || c { match d { Some(x @ 1..=5) | Some(x) => x, None => return Err(e.into()) } } else { 0 }; \
     let x = external(f(outcome, vec![1, 2, outcome?])).await?; unsafe { g(x) }; let z: Vec<_> = x.iter().map(|y| y + 1).collect::<Vec<u64>>(); \
     (self.total, _) = (z.len(), 1); Ok(z[0])",
];

/// Blocks of a module as `super::MODULE` is one.
pub(super) const BLOCKS: &[&str] = &[
    "impl M { /// Documented.\n #[stream(t, source = input, start_from = ago(10), retry = all_after, max_retries = 3, on_failure = output, timeout = \"30s\")] \
     async fn f(&mut self, record: Record) -> Result<u64> { hash_partition(&record).await; Ok(1) } \
     #[stream(other, source = input, start_from = end, retry = none)] async fn g(&mut self, Record { a, .. }: Record) { self.op(a).await; } \
     async fn op(&mut self, n: u64) { external(n).await; } pub fn plain(n: u64) -> u64 { n } const N: usize = { 1 }; type T = u64; }",
    "impl M { #[stream(t, source = input)] async fn f(&mut self, (a, b): (u64, u64)) {} #[stream(other, source = output)] async fn g(&mut self, r: Record) -> Outcome { self.h(r).await } \
     async fn h(&mut self, r: Record) -> Outcome { if r.a { return Outcome::A; } explode(r.b).await; self.i().await?; Outcome::B } async fn i(&mut self) -> Option<u64> { None } }",
];

/// What `#[module]` stands on.
pub(super) const MODULES: &[&str] = &[
    "/// Documented.\n pub struct M { /// A depot.\n #[depot(hash_by = |r| &r.key, keep = 10_000)] input: Depot<Record>, #[depot(random)] output: Depot<Vec<(u64, String)>>, \
     #[depot(tick = \"30s\")] ticks: Depot<()>, #[depot(partitioner = a::choose)] c: rama_runtime::prelude::Depot<u64>, \
     #[pstate(owner = t, initial = 0, global)] n: PState<u64>, #[pstate(owner = other, private, partition_by = |k| &k.0)] counts: PState<Map<String, Subindexed<Set<u64>>>> }",
    "#[derive(Debug)] pub(crate) struct M { #[depot(global)] pub a: Depot<u64>, #[depot(disallow)] b: Depot<DeadLetter<u64>>, #[depot(hash_by = path::key)] d: Depot<R>, #[pstate(owner = t)] s: PState<List<Account>> }",
];

/// What `#[derive(Fields)]` stands on.
pub(super) const FIELDS: &[&str] = &[
    "/// What a user owns.\n pub struct Account { /// In cents.\n balance: u64, history: Subindexed<List<Transfer>>, pub(crate) tags: Set<String> }",
    "#[derive(Clone)] struct A { r#type: Map<u64, B>, #[doc = \"x\"] b: [u8; 4], c: (u64, Option<Box<str>>) }",
];
