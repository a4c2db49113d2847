use super::expand;

const MODULE: &str = "pub struct M {
    #[depot(random)] input: Depot<String>,
    #[pstate(owner = f)] counts: PState<Map<String, u64>>,
    #[pstate(owner = f)] nested: PState<Map<String, Map<u64, u64>>>,
}";

/// How many writes of a body that hops to `key` keep no undo record.
fn marked(returns: &str, rest: &str) -> usize {
    let block = format!(
        "impl M {{ #[stream(source = input)] async fn f(&mut self, key: String) {returns} {{
            hash_partition(&key).await; {rest} }} }}"
    );
    expand(MODULE, &block).matches("last_write()").count()
}

#[test]
fn a_write_at_the_end_of_a_body_or_of_a_branch_there_is_a_last_one() {
    assert_eq!(marked("", "self.counts.key(&key).update(|n| *n += 1);"), 1);
    assert_eq!(marked("", "self.counts.key(&key).set(1)"), 1);
    assert_eq!(marked("", "self.nested.key(&key).key(&7).set(1);"), 1, "a nested one");
    assert_eq!(
        marked("", "self.counts.key(&key).set(1); self.counts.key(&key).set(2);"),
        1,
        "only the last"
    );
    assert_eq!(
        marked(
            "",
            "if key.is_empty() { self.counts.key(&key).set(1) } else { self.counts.key(&key).remove(&key) };"
        ),
        2
    );
    assert_eq!(
        marked("", "if key.is_empty() { return; } { self.counts.key(&key).set(1); }"),
        1
    );
}

#[test]
fn what_may_run_again_fail_or_be_followed_by_something_is_no_last_write() {
    for rest in [
        "self.counts.key(&key).set(1); check(&key)?;",
        "for n in 0..3 { self.counts.key(&key).set(n); }",
        "while self.go() { self.counts.key(&key).set(1); yield_if_overtime().await; }",
        "fork(async { shuffle_partition().await; other(); }); self.counts.key(&key).set(1);",
        "let x = self.counts.key(&key).update(|n| *n);",
        "(0..3).for_each(|n| self.counts.key(&key).set(n));",
        "#[cfg(x)] self.counts.key(&key).set(1);",
        // Another write in front, whose value is written to.
        "self.counts.key(&key).update(|n| vec![*n]).push(1);",
        "self.counts.key(&key).get().insert(1);",
        // Not proven to be at home.
        "let other = opaque(); self.counts.key(&other).set(1);",
        "self.counts.unaligned().key(&key).set(1);",
    ] {
        assert_eq!(marked("", rest), 0, "{rest}");
    }
    assert_eq!(
        marked("-> u64", "self.counts.key(&key).set(1); 7"),
        0,
        "a value follows"
    );
    assert_eq!(
        marked("-> u64", "self.counts.key(&key).update(|n| *n)"),
        0,
        "it is the value"
    );
}
