//! What alignment finds: `P` proven, `C` checked when it runs, `E` an error, `U` unaligned on purpose, `W` the whole partition; one
//! letter an access, in the order of the text.

use crate::diag::{Code, Diagnostics};
use crate::ir::Alignment;
use crate::{analyze, lower, parse};

const MODULE: &str = "pub struct M {
    #[depot(PARTITIONER)] input: Depot<Record>,
    #[depot(hash_by = |r| &r.user)] output: Depot<Record>,
    #[depot(disallow)] inner: Depot<Record>,
    #[pstate(owner = t)] p: PState<Map<String, u64>>,
    #[pstate(owner = t)] q: PState<Map<String, Map<String, u64>>>,
    #[pstate(owner = t, partition_by = |key| &key.0)] pairs: PState<Map<(String, u64), u64>>,
    #[pstate(owner = t, partition_by = region_of)] regional: PState<Map<String, u64>>,
    #[pstate(owner = t, global)] leaders: PState<List<String>>,
    #[pstate(owner = t)] ids: PState<u64>,
    #[pstate(owner = t)] seen: PState<Set<String>>,
}";

const BY_USER: &str = "hash_by = |r| &r.user";

/// The findings in a stream over `input`, the errors and the warnings. Of what stands in `others`, only errors and warnings.
fn analysed(partitioner: &str, body: &str, others: &str) -> (String, Vec<String>, Vec<String>) {
    let item: syn::ItemStruct =
        syn::parse_str(&MODULE.replace("PARTITIONER", partitioner)).expect("the test's struct parses");
    let block: syn::ItemImpl = syn::parse_str(&format!(
        "impl M {{ #[stream(t, source = input)] async fn f(&mut self, record: Record) {{ {body} }} {others} }}"
    ))
    .expect("the test's block parses");
    let mut diagnostics = Diagnostics::default();
    let module = parse::module::parse(&item, &mut diagnostics);
    let declared = parse::topologies::parse(&block, &mut diagnostics);
    let mut bodies: Vec<Vec<crate::ir::Body>> = declared
        .topologies
        .iter()
        .map(|topology| {
            let lowered = topology.sources.iter().map(|source| {
                let mut body = lower::lower(source, &module, &declared.operations, &mut diagnostics);
                analyze::names::resolve(&mut body, &mut diagnostics);
                body
            });
            lowered.collect()
        })
        .collect();
    let warnings = analyze::alignment::analyze(&mut bodies, &module, &declared, &mut diagnostics);
    let errors = diagnostics.sorted();
    let errors = errors.iter().filter(|found| found.code == Code::Alignment);
    let errors: Vec<String> = errors.map(|found| found.message.clone()).collect();
    let mut letters = String::new();
    let first = bodies.iter().flatten().find(|body| !body.here.is_empty());
    first.expect("there is a source").each_facts(&mut |facts| {
        for access in &facts.accesses {
            letters.push(match access.alignment {
                Alignment::Whole => 'W',
                Alignment::Proven => 'P',
                Alignment::Checked => 'C',
                Alignment::Unaligned => 'U',
            });
        }
    });
    let warnings = warnings.into_iter().map(|warning| warning.message).collect();
    (letters, errors, warnings)
}

/// As letters, with as many `E`s behind them as there are errors (a misaligned access is listed as checked, too).
fn found(partitioner: &str, body: &str) -> String {
    let (letters, errors, _) = analysed(partitioner, body, "");
    letters + &"E".repeat(errors.len())
}

#[track_caller]
fn check(partitioner: &str, cases: &[(&str, &str)]) {
    let wrong = cases.iter().filter_map(|(body, expected)| {
        let found = found(partitioner, body);
        (found != *expected).then(|| format!("{found} instead of {expected}: {body}\n"))
    });
    let wrong: String = wrong.collect();
    assert!(wrong.is_empty(), "{partitioner}:\n{wrong}");
}

#[test]
fn without_a_hop_behind_a_random_depot_every_key_is_an_error() {
    check(
        "random",
        &[
            ("self.p.key(&record.user).update(|n| *n += 1);", "CE"),
            (
                "let word = explode(words(&record)).await; self.p.key(&word).update(|n| *n += 1);",
                "CE",
            ),
            ("let k = normal(&record.user); let n = self.p.key(&k).get();", "CE"),
            ("for w in words(&record) { self.p.key(&w).set(1); }", "CE"),
            ("words(&record).for_each(|w| { self.p.key(&w).set(1); });", "CE"),
            ("self.p.key(\"total\").update(|n| *n += 1);", "CE"),
            ("println!(\"{:?}\", self.p.key(&record.user).get());", "CE"),
            (
                "if self.p.contains(&record.user) { return; } self.p.remove(&record.user);",
                "CCEE",
            ),
            ("self.leaders.push(record.user);", "CE"),
            (
                "hash_partition(&record.user).await; self.p.key(&record.user).set(1);",
                "P",
            ),
            ("shuffle_partition().await; self.p.key(&record.user).set(1);", "CE"),
            ("self.p.unaligned().key(&record.user).set(1);", "U"),
            (
                "self.ids.update(|n| *n += 1); let id = self.ids.next(); self.seen.insert(record.user); self.seen.contains(&x);",
                "WWWW",
            ),
        ],
    );
}

#[test]
fn the_depots_hash_by_is_the_first_witness() {
    check(
        BY_USER,
        &[
            ("self.p.key(&record.user).set(1);", "P"),
            ("let user = record.user.clone(); self.p.key(&user).set(1);", "P"),
            ("let Record { user, .. } = record; self.p.key(&user).set(1);", "P"),
            (
                "let Record { user: who, other } = record; self.p.key(&who).set(1); self.p.key(&other).set(1);",
                "PCE",
            ),
            ("let r = &record; let u = &r.user; self.p.key(u).set(1);", "P"),
            (
                "self.p.key(record.user.as_str()).set(1); self.p.key(record.other.as_str()).set(1);",
                "CCE",
            ),
            (
                "let mut r = record; let Record { ref mut user, .. } = r; user.push('x'); self.p.key(&r.user).set(1);",
                "C",
            ),
            (
                "let mut r = record; match r { Record { ref mut user, .. } => user.push('x') } self.p.key(&r.user).set(1);",
                "C",
            ),
            (
                "let mut r = record; if let Record { user: ref mut u, .. } = r { u.push('x'); } self.p.key(&r.user).set(1);",
                "C",
            ),
            (
                "let user = record.user; bind!(user, record.other); self.p.key(&user).set(1);",
                "C",
            ),
            (
                "let user = record.user; println!(\"{}\", user); self.p.key(&user).set(1);",
                "P",
            ),
            ("self.p.key(&record.other).set(1);", "CE"),
            ("self.p.key(&record.user()).set(1);", "C"),
            ("self.pairs.key(&(record.user.clone(), 7)).set(1);", "P"),
            ("self.pairs.key(&(record.other, record.user)).set(1);", "CE"),
            ("self.leaders.push(record.user);", "CE"),
            ("self.regional.key(&record.user).set(1);", "C"),
        ],
    );
    check(
        "hash_by = |(user, _)| user",
        &[
            ("let (u, n) = record; self.p.key(&u).set(n);", "P"),
            ("self.p.key(&record.0).set(1); self.p.key(&record.1).set(1);", "PCE"),
        ],
    );
    check(
        "hash_by = |r| (&r.a, r.b)",
        &[
            ("self.p.key(&(record.a, record.b)).set(1);", "P"),
            ("self.p.key(&(record.a, record.c)).set(1);", "CE"),
        ],
    );
    check(
        "hash_by = |r| r.user.clone()",
        &[("self.p.key(&record.user).set(1);", "P")],
    );
    check(
        "hash_by = |r| lower(&r.user)",
        &[
            ("self.p.key(&record.user).set(1);", "C"),
            ("self.p.key(&lower(&record.user)).set(1);", "C"),
        ],
    );
    check("hash_by = key_of", &[("self.p.key(&record.user).set(1);", "C")]);
    check("partitioner = mine", &[("self.p.key(&record.user).set(1);", "C")]);
    check("disallow", &[("self.p.key(&record.user).set(1);", "C")]);
}

#[test]
fn global_depots_and_pstates_are_on_task_0() {
    check(
        "global",
        &[
            ("self.leaders.push(record.user);", "W"),
            ("self.p.key(&record.user).set(1);", "CE"),
            (
                "hash_partition(&record.user).await; self.leaders.push(record.user);",
                "CE",
            ),
            (
                "hash_partition(&record.user).await; global_partition().await; self.leaders.push(record.user);",
                "W",
            ),
            ("direct_partition(0).await; self.leaders.push(record.user);", "W"),
            ("direct_partition(1).await; self.leaders.push(record.user);", "CE"),
            (
                "direct_partition(record.task).await; self.leaders.push(x); self.p.key(&record.user).set(1);",
                "CC",
            ),
            ("custom_partition(|tasks| 0).await; self.leaders.push(x);", "C"),
            (
                "all_partition().await; self.leaders.push(x); self.p.key(&record.user).set(1);",
                "CCEE",
            ),
        ],
    );
    check(
        "tick = \"1s\"",
        &[
            ("self.leaders.clear();", "W"),
            ("all_partition().await; self.p.clear();", "W"),
        ],
    );
}

#[test]
fn a_witness_follows_names_and_ends_with_an_assignment() {
    check(
        "random",
        &[
            (
                "let k = f(); hash_partition(&k).await; let also = k.clone(); self.p.key(&also).set(1);",
                "P",
            ),
            (
                "let k = f(); let j = f(); hash_partition(&k).await; self.p.key(&j).set(1);",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; k = record.b; self.p.key(&k).set(1);",
                "CE",
            ),
            (
                "let mut k = record.a; k.push('x'); hash_partition(&k).await; self.p.key(&k).set(1);",
                "P",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; k.push('x'); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; k += 1; self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; change(&mut k); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; edit!(k); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; let n = k.len(); self.p.key(&k).set(n);",
                "P",
            ),
            (
                "let mut r = record; hash_partition(&r.user).await; r.count += 1; self.p.key(&r.user).set(1);",
                "P",
            ),
            (
                "let mut r = record; hash_partition(&r.user).await; r.user = r.other; self.p.key(&r.user).set(1);",
                "CE",
            ),
            (
                "let mut r = record; hash_partition(&r.user).await; r.tags.push(1); self.p.key(&r.user).set(1);",
                "P",
            ),
            (
                "hash_partition(&record.user).await; let record = other(); self.p.key(&record.user).set(1);",
                "C",
            ),
            (
                "let user = record.user; hash_partition(&user).await; { let user = record.other; self.p.key(&user).set(1); } self.p.key(&user).set(1);",
                "CPE",
            ),
            (
                "hash_partition(&record.a).await; hash_partition(&record.b).await; self.p.key(&record.a).set(1); self.p.key(&record.b).set(1);",
                "CPE",
            ),
            (
                "let key = (record.a, record.b); hash_partition(&key.0).await; self.p.key(&key.0).set(1); let (a, b) = key; self.p.key(&a).set(1);",
                "PP",
            ),
            (
                "let key = Key { a: record.a, b: record.b }; hash_partition(&record.a).await; self.p.key(&key.a).set(1);",
                "P",
            ),
            (
                "hash_partition(&(record.a, record.b)).await; self.p.key(&(record.a, record.b)).set(1); self.p.key(&record.a).set(1);",
                "PCE",
            ),
            (
                "hash_partition(\"x\").await; self.p.key(\"x\").set(1); self.p.key(\"y\").set(1);",
                "PCE",
            ),
            (
                "hash_partition(\"x\").await; self.p.key(&\"x\".to_string()).set(1); self.p.key(&String::from(\"x\")).set(1);",
                "PP",
            ),
            (
                "hash_partition(record.kind.as_str()).await; self.p.key(record.kind.as_str()).set(1);",
                "P",
            ),
            ("hash_partition(&LIMIT).await; self.p.key(&LIMIT).set(1);", "P"),
            (
                "hash_partition(&record.id).await; self.p.key(&record.id.0).set(1);",
                "C",
            ),
            (
                "let id = self.ids.next(); hash_partition(&record.user).await; self.p.key(&id).set(1);",
                "WCE",
            ),
            (
                "let id = self.ids.next(); hash_partition(&id).await; self.p.key(&id).set(1);",
                "WP",
            ),
            (
                "hash_partition(&record.user).await; let c = &mut self.p; c.key(&record.other).set(1);",
                "CE",
            ),
            (
                "hash_partition(&record.user).await; self.p.root().key(&record.user).set(1); self.p.reader().key(&record.other).get();",
                "PCE",
            ),
            (
                "hash_partition(&record.user).await; let Some(u) = self.q.key(&record.user).key(&x).get() else { return }; self.p.key(&u).set(1);",
                "PC",
            ),
        ],
    );
}

#[test]
fn what_may_well_live_here_is_no_error() {
    check(
        BY_USER,
        &[
            (
                "let order = explode(split(&record)).await; self.p.key(&order.user).set(1); self.p.key(&order).set(1);",
                "CCE",
            ),
            (
                "for order in orders_of(&record) { self.p.key(&order.user).set(1); }",
                "C",
            ),
            (
                "all_partition().await; let dead = external(check(self.p.keys())).await; for k in dead { self.p.remove(&k); }",
                "WC",
            ),
            (
                "all_partition().await; let keys = helper(&self.p); for k in keys { self.p.remove(&k); }",
                "C",
            ),
            (
                "all_partition().await; let mine = keys_of(self.p.task()); for k in mine { self.p.remove(&k); }",
                "WC",
            ),
        ],
    );
}

#[test]
fn ways_that_join_agree_or_are_checked() {
    check(
        "random",
        &[
            (
                "if c { hash_partition(&record.a).await; } self.p.key(&record.a).set(1);",
                "C",
            ),
            (
                "if c { hash_partition(&record.a).await; } else { hash_partition(&record.a).await; } self.p.key(&record.a).set(1);",
                "P",
            ),
            (
                "if c { hash_partition(&record.b).await; } self.p.key(&record.a).set(1);",
                "CE",
            ),
            (
                "if c { return; } hash_partition(&record.a).await; self.p.key(&record.a).set(1);",
                "P",
            ),
            (
                "match record.kind { A => hash_partition(&record.a).await, B => return } self.p.key(&record.a).set(1);",
                "P",
            ),
            (
                "let k = if c { record.a } else { record.b }; hash_partition(&k).await; self.p.key(&k).set(1);",
                "P",
            ),
            (
                "let k; if c { k = record.a; } else { k = record.b; } hash_partition(&k).await; self.p.key(&k).set(1); self.p.key(&record.a).set(1);",
                "PC",
            ),
            (
                "match record { X { a, .. } => { hash_partition(&a).await; self.p.key(&a).set(1); } Y(b) => { self.p.key(&b).set(1); } }",
                "PCE",
            ),
            (
                "let Some(u) = record.user else { return }; hash_partition(&u).await; self.p.key(&u).set(1);",
                "P",
            ),
            (
                "if let Some(u) = &record.user { hash_partition(u).await; self.p.key(u).set(1); }",
                "P",
            ),
            (
                "fork(async { hash_partition(&record.b).await; self.p.key(&record.b).set(1); self.p.key(&record.a).set(1); }); self.p.key(&record.b).set(1);",
                "PCCEE",
            ),
            (
                "hash_partition(&record.a).await; let x = external(f()).await; yield_if_overtime().await; let i = explode(record.items).await; self.p.key(&record.a).set(1); self.p.key(&i).set(1); self.p.key(&x).set(1);",
                "PCCE",
            ),
        ],
    );
}

#[test]
fn a_loop_is_judged_by_every_iteration() {
    check(
        "random",
        &[
            (
                "for f in record.friends { hash_partition(&f).await; self.p.key(&f).set(1); }",
                "P",
            ),
            (
                "for f in record.friends { self.p.key(&f).set(1); hash_partition(&f).await; }",
                "CE",
            ),
            (
                "hash_partition(&record.a).await; for f in record.friends { self.p.key(&record.a).set(1); }",
                "P",
            ),
            (
                "hash_partition(&record.a).await; for f in record.friends { self.p.key(&record.a).set(1); hash_partition(&f).await; }",
                "C",
            ),
            (
                "hash_partition(&record.a).await; for f in record.friends { self.p.key(&f).set(1); }",
                "CE",
            ),
            (
                "let mut k = record.a; loop { hash_partition(&k).await; self.p.key(&k).set(1); k = next(&k); }",
                "P",
            ),
            (
                "let mut k = record.a; loop { hash_partition(&k).await; k = next(&k); self.p.key(&k).set(1); }",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; loop { self.p.key(&k).set(1); k = next(&k); }",
                "C",
            ),
            (
                "let mut k = f(); hash_partition(&k).await; while more() { yield_if_overtime().await; k = f(); } self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut last = record.a; for f in record.friends { hash_partition(&last).await; self.p.key(&last).set(1); last = f; self.p.key(&last).set(1); }",
                "PC",
            ),
            (
                "loop { if c { hash_partition(&record.a).await; break; } hash_partition(&record.a).await; } self.p.key(&record.a).set(1);",
                "P",
            ),
            (
                "loop { if c { break; } hash_partition(&record.a).await; } self.p.key(&record.a).set(1);",
                "C",
            ),
            (
                "hash_partition(&record.a).await; 'o: loop { for f in v { if g { continue 'o; } hash_partition(&f).await; } break; } self.p.key(&record.a).set(1);",
                "C",
            ),
            (
                "all_partition().await; for k in self.p.keys() { self.p.remove(&k); self.q.key(&k).clear(); }",
                "WCC",
            ),
            (
                "hash_partition(&record.a).await; let mut inc = |x| { self.p.key(&record.a).set(x); }; inc(1); inc(2);",
                "P",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; xs.for_each(|x| { self.p.key(&k).set(1); k = x; });",
                "C",
            ),
        ],
    );
}

#[test]
fn every_way_to_change_a_variable_ends_its_proof() {
    check(
        BY_USER,
        &[
            // A closure that returns early, or by `?`, has changed what it changed before.
            (
                "let mut k = record.user; let mut f = |x| { if x { k = y(); return; } n(); }; f(true); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.user; let mut f = || { let old = k; k = y(); g()?; k = old; Some(1) }; f(); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.user; block_on(async { k = y(); }); self.p.key(&k).set(1);",
                "C",
            ),
            // The guard of an arm that was not taken.
            (
                "let mut k = record.user; match record.n { 1 if { k = y(); false } => {} _ => { self.p.key(&k).set(1); } }",
                "C",
            ),
            (
                "let mut k = record.user; match record.n { 1 if { k = y(); false } => {} _ => { let x = external(z()).await; self.p.key(&k).set(1); } }",
                "C",
            ),
            // Destructuring assignments.
            (
                "let mut k = record.user; [k, _] = record.both; self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.user; R { k, .. } = y(); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.user; R { user: k, .. } = y(); self.p.key(&k).set(1);",
                "C",
            ),
            ("let mut k = record.user; R(k, _) = y(); self.p.key(&k).set(1);", "C"),
            (
                "let mut k = record.other; (.., k) = (1, 2, k); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.other; (.., k) = (record.x, record.user, record.y); self.p.key(&k).set(1);",
                "C",
            ),
            ("let mut k = record.user; ((k)) = y(); self.p.key(&k).set(1);", "C"),
            // A part of a variable, by an index, a method or a dereference, is not all of it.
            ("let mut v = y(); v[0].0 = record.user; self.p.key(&v).set(1);", "C"),
            (
                "let mut v = y(); *v.first_mut() = record.user; self.p.key(&v).set(1);",
                "C",
            ),
            ("let mut w = y(); *w = record; self.p.key(&w.user).set(1);", "C"),
            ("let mut w = record; (*w).user = y(); self.p.key(&w.user).set(1);", "C"),
            // What reads all of a variable reads its fields.
            ("let mut w = record; w.user = y(); self.p.key(&(*w).user).set(1);", "C"),
            ("let mut w = record; w.0 = y(); self.p.key(&w.user).set(1);", "C"),
            ("let mut k = record.user; k.trim(); self.p.key(&k).set(1);", "C"),
            // A macro that the body defines may name any variable.
            (
                "let mut k = record.user; macro_rules! bump { () => { k.push('x') } } bump!(); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let mut k = record.user; macro_rules! inner { () => { k = y() } } macro_rules! println { () => { inner!() } } println!(); self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let user = record.user; match record.x { mine!(user) => self.p.key(&user).set(1) }",
                "C",
            ),
            ("repeat!(self.p.key(&record.user).set(1));", "C"),
            // What an attribute may take away.
            (
                "let mut k = record.other; #[cfg(x)] { k = record.user; } self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let k = record.other; #[cfg(x)] let k = record.user; self.p.key(&k).set(1);",
                "C",
            ),
            (
                "let k = K { #[cfg(x)] u: record.user, #[cfg(not(x))] u: record.other }; self.p.key(&k.u).set(1);",
                "C",
            ),
            ("let R { #[cfg(x)] user, .. } = record; self.p.key(&user).set(1);", "C"),
        ],
    );
    check(
        "random",
        &[
            (
                "let mut w = record; hash_partition(w.as_str()).await; w.text = y(); self.p.key(w.as_str()).set(1);",
                "C",
            ),
            (
                "hash_partition(&*record.cell.borrow()).await; record.cell.borrow_mut().push('x'); self.p.key(&*record.cell.borrow()).set(1);",
                "C",
            ),
            (
                "let mut k = record.a; hash_partition(&k).await; self.inner.append(record).ack({ k = y(); x }).await; self.p.key(&k).set(1);",
                "C",
            ),
        ],
    );
    // A change that comes to the second variable after as many rounds as there are variables.
    let count = 80;
    let declared: String = (0..count).map(|n| format!("let mut x{n} = record.a; ")).collect();
    let moved: String = (0..count - 1).map(|n| format!("x{n} = x{}; ", n + 1)).collect();
    let text = format!(
        "{declared} loop {{ hash_partition(&x0).await; self.p.key(&x1).set(1); {moved} x{} = y(); }}",
        count - 1
    );
    assert_eq!(found("random", &text), "C");
}

#[test]
fn one_text_is_not_always_one_value() {
    check(
        "random",
        &[
            // An `i32` and a `u64`, as far as is known.
            ("hash_partition(&7).await; self.p.key(&7).set(1);", "C"),
            ("hash_partition(&7u64).await; self.p.key(&7u64).set(1);", "P"),
            ("let n = 7; hash_partition(&n).await; self.p.key(&n).set(1);", "P"),
            ("let n = -7; hash_partition(&n).await; self.p.key(&-7).set(1);", "C"),
            ("hash_partition(&7).await; self.p.key(&8).set(1);", "CE"),
            (
                "hash_partition(&(record.a, 7)).await; self.p.key(&(record.a, 7)).set(1);",
                "C",
            ),
            ("hash_partition(\"x\").await; self.p.key(&\"x\".into()).set(1);", "C"),
            (
                "hash_partition::<Path>(record.a.as_ref()).await; self.p.key::<str>(record.a.as_ref()).set(1);",
                "C",
            ),
            (
                "let a = record.a.as_ref(); hash_partition(a).await; self.p.key(a).set(1);",
                "P",
            ),
            // A field of the name of a form.
            (
                "hash_partition(&record.deref).await; self.p.key(record.deref()).set(1);",
                "C",
            ),
            // An `unwrap` of a user's own type is not its first field.
            (
                "hash_partition(&record.0).await; self.p.key(&record.unwrap()).set(1);",
                "C",
            ),
            (
                "let u = record.user.unwrap(); hash_partition(&u).await; self.p.key(&record.user.unwrap()).set(1);",
                "P",
            ),
            (
                "let u = Some(record.a).unwrap(); hash_partition(&record.a).await; self.p.key(&u).set(1);",
                "P",
            ),
            // A variable that a macro declares, or declares again.
            (
                "declare!(k); hash_partition(&k).await; declare!(k); self.p.key(&k).set(1);",
                "C",
            ),
            // A constant of an inner block.
            (
                "let k = { const LIMIT: u64 = 1; LIMIT }; hash_partition(&k).await; self.p.key(&LIMIT).set(1);",
                "C",
            ),
            (
                "let k = { use other::LIMIT; b::LIMIT }; hash_partition(&k).await; self.p.key(&b::LIMIT).set(1);",
                "C",
            ),
        ],
    );
    check(
        "hash_by = |r| { if r.x { return &r.user; } &r.other }",
        &[("self.p.key(&record.other).set(1);", "C")],
    );
    check(
        "hash_by = |r| { r.x?; Some(r.user) }",
        &[("self.p.key(&Some(record.user)).set(1);", "C")],
    );
    check(
        "hash_by = |r| { leave!(r); &r.user }",
        &[("self.p.key(&record.user).set(1);", "C")],
    );
}

#[test]
fn what_may_be_the_witness_is_no_error() {
    check(
        BY_USER,
        &[
            ("let r = &record; self.p.key(&(*r).user).set(1);", "C"),
            ("let r = record.as_ref(); self.p.key(&r.user).set(1);", "C"),
            ("let r = &record; self.p.key(&(*r).other).set(1);", "CE"),
            ("bind!(user, &record); self.p.key(user).set(1);", "C"),
            // Items of what was put together of values that have names.
            ("for k in [&record.user] { self.p.key(k).set(1); }", "C"),
            ("for (k, n) in vec![(record.user, 1)] { self.p.key(&k).set(n); }", "C"),
            (
                "for k in [record.user].into_iter().rev() { self.p.key(&k).set(1); }",
                "C",
            ),
            (
                "for k in record.friends.iter().chain([&record.user]) { self.p.key(k).set(1); }",
                "C",
            ),
            ("for k in Some(&record.user) { self.p.key(k).set(1); }", "C"),
            ("for k in std::iter::once(&record.user) { self.p.key(k).set(1); }", "C"),
            (
                "let mut v = Vec::new(); v.push(record.user); for k in v { self.p.key(&k).set(1); }",
                "C",
            ),
            (
                "let mut v = Vec::new(); fill(&mut v); for k in v { self.p.key(&k).set(1); }",
                "C",
            ),
            (
                "for k in record.friends.iter().map(|_| record.user.clone()) { self.p.key(&k).set(1); }",
                "C",
            ),
            ("let k = explode([record.user]).await; self.p.key(&k).set(1);", "C"),
            // Items of a collection of the record's are others.
            ("for k in record.friends { self.p.key(&k).set(1); }", "CE"),
            (
                "for k in record.friends.iter().map(|k| k.clone()) { self.p.key(&k).set(1); }",
                "CE",
            ),
            ("for k in words(&record.line) { self.p.key(&k).set(1); }", "CE"),
        ],
    );
    check(
        "random",
        &[(
            "hash_partition(record.user.as_ref().unwrap()).await; let Some(u) = record.user else { return }; self.p.key(&u).set(1);",
            "C",
        )],
    );
}

#[test]
fn partitioners_of_pstates_are_honoured() {
    check(
        "random",
        &[
            (
                "path_partition(self.pairs.key(&record.pair)).await; self.pairs.key(&record.pair).set(1); self.p.key(&record.pair.0).set(1);",
                "PP",
            ),
            (
                "hash_partition(&record.pair.0).await; self.pairs.key(&record.pair).set(1);",
                "P",
            ),
            (
                "hash_partition(&record.pair).await; self.pairs.key(&record.pair).set(1);",
                "C",
            ),
            (
                "hash_partition(&record.pair.1).await; self.pairs.key(&record.pair).set(1);",
                "CE",
            ),
            (
                "path_partition(self.regional.key(&record.a)).await; self.regional.key(&record.a).set(1);",
                "P",
            ),
            (
                "path_partition(self.regional.key(&record.a)).await; self.regional.key(&record.b).set(1); self.p.key(&record.a).set(1);",
                "CC",
            ),
            (
                "path_partition(self.q.key(&record.a)).await; self.p.key(&record.a).set(1);",
                "P",
            ),
            (
                "path_partition(self.leaders.key(&record.a)).await; self.leaders.clear();",
                "W",
            ),
        ],
    );
}

#[test]
fn operations_are_followed() {
    let others = "async fn to(&mut self, who: String) -> String { hash_partition(&who).await; who }
        async fn early(&mut self, who: String) { if c { return; } hash_partition(&who).await; }
        async fn write(&mut self, who: &String) { self.p.key(who).set(1); }";
    let found = |body: &str| {
        let (letters, errors, _) = analysed("random", body, others);
        letters + &"E".repeat(errors.len())
    };
    assert_eq!(found("let w = self.to(record.a).await; self.p.key(&w).set(1);"), "P");
    assert_eq!(
        found("let w = self.to(record.a.clone()).await; self.p.key(&record.b).set(1);"),
        "CE"
    );
    assert_eq!(
        found("self.early(record.a.clone()).await; self.p.key(&record.a).set(1);"),
        "C"
    );
    assert_eq!(
        found("hash_partition(&record.a).await; self.write(&record.a).await;"),
        "P"
    );
    assert_eq!(
        found("hash_partition(&record.a).await; self.write(&record.a).await; self.write(&record.b).await;"),
        "PCE"
    );
}

#[test]
fn a_depot_that_topologies_append_to_is_trusted_if_each_append_is_at_home() {
    let reader = "self.p.key(&record.user).set(1);";
    let verdict = |appends: &str| {
        let others = format!("#[stream(t, source = output)] async fn g(&mut self, record: Record) {{ {appends} }}");
        let (letters, errors, _) = analysed(BY_USER, reader, &others);
        letters + &"E".repeat(errors.len())
    };
    assert_eq!(verdict(""), "P");
    assert_eq!(verdict("self.input.append(record).await;"), "P");
    assert_eq!(
        verdict("hash_partition(&record.user).await; self.input.append(record).ack(x).await;"),
        "P"
    );
    assert_eq!(
        verdict("shuffle_partition().await; self.input.append(record).await;"),
        "C"
    );
    assert_eq!(verdict("self.input.append(Record { user: record.other }).await;"), "C");
    assert_eq!(
        verdict("self.input.append(Record { user: record.user, n: 1 }).await;"),
        "P"
    );
}

#[test]
fn overwriting_behind_a_random_depot_is_a_warning() {
    let warnings = |partitioner: &str, body: &str| analysed(partitioner, body, "").2.len();
    let hop = "hash_partition(&record.user).await;";
    assert_eq!(
        warnings("random", &format!("{hop} self.p.key(&record.user).set(record.n);")),
        1
    );
    assert_eq!(
        warnings(
            "random",
            &format!("{hop} self.q.key(&record.user).key(&record.x).set(record.n);")
        ),
        1
    );
    assert_eq!(
        warnings(
            "random",
            &format!("{hop} self.p.key(&record.user).update(|p| p.name = record.n);")
        ),
        1
    );
    assert_eq!(
        warnings(
            "random",
            &format!("{hop} self.p.key(&record.user).update(|p| *p = record.n);")
        ),
        1
    );
    assert_eq!(
        warnings(
            "random",
            &format!("{hop} self.pairs.key(&(record.user, record.n)).set(record.m);")
        ),
        1
    );
    assert_eq!(
        warnings(
            "random",
            &format!("{hop} self.p.key(&record.user).update(|name| *name = record.name);")
        ),
        1
    );
    for fine in [
        "self.p.key(&record.user).update(|n| *n += 1);",
        "self.p.key(&record.user).update(|n| *n = *n + 1);",
        "self.p.key(&record.user).set(true);",
        "self.p.key(&record.user).set(());",
        "self.pairs.key(&(record.user.clone(), record.n)).set(record.n);",
    ] {
        assert_eq!(warnings("random", &format!("{hop} {fine}")), 0, "{fine}");
    }
    assert_eq!(
        warnings(
            "random",
            "let id = self.ids.next(); hash_partition(&id).await; self.p.key(&id).set(record.n);"
        ),
        0
    );
    assert_eq!(warnings(BY_USER, "self.p.key(&record.user).set(record.n);"), 0);
}

#[test]
fn values_that_double_do_not_grow_without_bound() {
    let doubling: String = (0..64)
        .map(|n| format!("let x{} = (x{n}.clone(), x{n}.clone());", n + 1))
        .collect();
    assert_eq!(
        found(
            "random",
            &format!("let x0 = record.a; {doubling} hash_partition(&x64).await; self.p.key(&x64).set(1);")
        ),
        "P"
    );
    let nested = "loop { ".repeat(40) + "hash_partition(&record.a).await; if c { break; }" + &" }".repeat(40);
    assert_eq!(
        found("random", &format!("{nested} self.p.key(&record.a).set(1);")).len(),
        1
    );
}

#[test]
fn a_key_that_changes_behind_its_hop_is_never_proven() {
    let ways = [
        "k = other(&k);",
        "change(&mut k);",
        "let lent = &mut k; *lent = other(&*lent);",
        "let ref mut lent = k; change(lent);",
        "match k { ref mut lent => change(lent) }",
        "if let ref mut lent = k { change(lent); }",
        "let ref mut lent = k else { return }; change(lent);",
        "match k { ref mut lent if c => { change(lent); yield_if_overtime().await; } _ => {} }",
        "let mut edit = || k = other(&k); edit();",
        "let spare = other(&k); k.clone_from(&spare);",
        "let mut spare = other(&k); std::mem::swap(&mut k, &mut spare);",
        "if c { k = other(&k); }",
        "if c {} else { k = other(&k); }",
        "match c { true => k = other(&k), false => {} }",
        "let _ = c && { k = other(&k); true };",
        "loop { if c { continue; } k = other(&k); break; }",
        "for _ in 0..1 { k = other(&k); }",
        "'out: { if c { break 'out; } k = other(&k); }",
        "for lent in [&mut k] { *lent = other(&*lent); }",
        "[&mut k].into_iter().for_each(change);",
        "if let Some(lent) = Some(&mut k) { change(lent); }",
        "match &mut k { lent => change(lent) }",
        "k = { let spare = k.clone(); other(&spare) };",
        "(k, _) = (other(&k), 1);",
        "[k] = [other(&k)];",
        "[_, k] = [k.clone(), other(&k)];",
        "(_, [k]) = (1, [other(&k)]);",
        "Some(k) = Some(other(&k));",
        "Pair { left: k, .. } = pair;",
        "(.., k) = (1, k.clone(), other(&k));",
        "spoil!(k);",
        "let _ = format!(\"{}\", { k = other(&k); 1 });",
        "k = other(&k); yield_if_overtime().await;",
        "for _ in 0..1 { k = other(&k); yield_if_overtime().await; }",
        "if c { k = other(&k); yield_if_overtime().await; }",
        "k = external(f(&k)).await;",
        "k = explode([other(&k)]).await;",
        "let k = { let mut k = k; k = other(&k); k };",
        "let k = Some(k).map(|mut k| { k = other(&k); k }).unwrap();",
        "let [k] = [k].map(|mut k| { k = other(&k); k });",
        "declare!(k);",
        "let (.., k) = (1, k.clone(), other(&k));",
    ];
    let is_proven = |body: String| found("random", &body).contains('P');
    let mut proven: Vec<&str> = ways.to_vec();
    proven.retain(|way| {
        is_proven(format!(
            "let mut k = record.user; hash_partition(&k).await; {way} self.p.key(&k).set(1);"
        ))
    });
    assert_eq!(proven, Vec::<&str>::new());
    // A declaring macro hides variables that are not `mut`, too.
    let body = "let k = record.user; hash_partition(&k).await; declare!(k); self.p.key(&k).set(1);";
    assert_eq!(found("random", body), "C");
    let body = "let k = record.user; hash_partition(&k).await; println!(\"{k}\"); self.p.key(&k).set(1);";
    assert_eq!(found("random", body), "P");
    // Through the whole that the key is a part of.
    let mut proven = vec![
        "let ref mut lent = r; lent.user = other(&lent.user);",
        "let Record { ref mut user, .. } = r; change(user);",
        "Record { user: r.user, .. } = spare;",
        "[r] = [spare];",
    ];
    proven.retain(|way| {
        is_proven(format!(
            "let mut r = record; hash_partition(&r.user).await; {way} self.p.key(&r.user).set(1);"
        ))
    });
    assert_eq!(proven, Vec::<&str>::new());
}

#[test]
fn what_reads_the_same_but_may_be_another_value_is_not_proven() {
    check(
        "random",
        &[
            // The first is an `i32`, whose encoding is not that of a `u64`.
            ("hash_partition(&7).await; self.p.key(&7).set(1);", "C"),
            ("hash_partition(&-7).await; self.p.key(&-7).set(1);", "C"),
            ("hash_partition(&(7, 1u64)).await; self.p.key(&(7, 1u64)).set(1);", "C"),
            ("hash_partition(&7u64).await; self.p.key(&7u64).set(1);", "P"),
            (
                "hash_partition(&LIMIT).await; { const LIMIT: u64 = 2; self.p.key(&LIMIT).set(1); }",
                "C",
            ),
        ],
    );
}
