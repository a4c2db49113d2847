use super::carried;

fn one(text: &str) -> Vec<String> {
    carried(text).remove(0)
}

#[test]
fn only_what_is_used_later_travels() {
    assert_eq!(one("let a = 1; let b = 2; hash_partition(&a).await; use_it(b);"), ["b"]);
}

#[test]
fn a_name_in_a_format_string_is_a_use() {
    assert_eq!(
        one("let a = 1; let b = 2; hash_partition(&a).await; println!(\"{b:?}\");"),
        ["b"]
    );
}

#[test]
fn a_field_of_another_value_in_a_macro_is_no_use() {
    assert_eq!(
        one("let a = 1; let b = 2; hash_partition(&a).await; println!(\"{}\", b.a);"),
        ["b"]
    );
}

#[test]
fn what_is_overwritten_before_its_use_does_not_travel() {
    assert!(one("let mut a = 1; hash_partition(&a).await; a = 2; use_it(a);").is_empty());
}

#[test]
fn a_shadowed_variable_is_another_one() {
    assert_eq!(
        one("let a = 1; { let a = 2; hash_partition(&a).await; use_it(a); } use_it(a);"),
        ["a", "a"]
    );
    assert_eq!(
        one("let a = 1; { let a = 2; hash_partition(&a).await; } use_it(a);"),
        ["a"]
    );
}

#[test]
fn a_loop_carries_what_its_next_iteration_uses() {
    assert_eq!(
        one("let mut n = 0; let step = 1; loop { n += step; hash_partition(&n).await; }"),
        ["n", "step"]
    );
}

#[test]
fn a_closure_parameter_hides_a_variable() {
    assert!(one("let a = 1; hash_partition(&a).await; each(|a| a + 1);").is_empty());
    assert_eq!(
        one("let a = 1; let k = 2; hash_partition(&k).await; each(|b| a + b);"),
        ["a"]
    );
}

#[test]
fn nothing_is_live_after_a_return() {
    assert_eq!(
        one("let a = 1; let b = 2; hash_partition(&a).await; if x() { return; } use_it(b);"),
        ["b"]
    );
    assert!(one("let a = 1; hash_partition(&a).await; return; use_it(a);").is_empty());
}

#[test]
fn a_break_carries_what_is_used_behind_the_loop() {
    assert_eq!(
        one(
            "let a = 1; let b = 2; 'out: loop { loop { hash_partition(&a).await; if x() { break 'out; } } } use_it(b);"
        ),
        ["a", "b"]
    );
}

#[test]
fn a_fork_carries_what_its_block_uses() {
    assert_eq!(
        carried("let a = 1; let b = 2; fork(async { hash_partition(&a).await; }); use_it(b);"),
        [vec!["a".to_owned()], vec![]]
    );
}

#[test]
fn an_operand_in_front_of_an_await_is_kept_in_a_temporary() {
    let carried = one("let a = 1; f(g(), external(h()).await, a);");
    assert_eq!(carried.len(), 2);
    assert_eq!(carried[0], "a");
    assert!(carried[1].starts_with("__rama_value"));
}

#[test]
fn of_a_variable_with_a_field_moved_out_the_fields_in_use_travel() {
    let parts = |text: &str| body_parts(text);
    assert_eq!(
        parts("consume(record.name); hash_partition(&1).await; use_it(record.id, &record.place);"),
        ["id", "place"]
    );
    assert_eq!(
        parts("let Record { name, .. } = record; hash_partition(&name).await; println!(\"{}\", record.id);"),
        ["id"]
    );
    // Only borrowed, used as a whole, or used again: all of it travels.
    assert!(parts("look(&record.name); hash_partition(&1).await; use_it(record.id);").is_empty());
    assert!(parts("consume(record.name); hash_partition(&1).await; use_it(&record);").is_empty());
    assert!(parts("consume(record.count); hash_partition(&1).await; use_it(record.count);").is_empty());
}

fn body_parts(text: &str) -> Vec<String> {
    super::body(text).awaits[0].parts.values().flatten().cloned().collect()
}

#[test]
fn a_variable_assigned_on_every_way_does_not_travel() {
    assert!(
        one("let late; hash_partition(&1).await; if c() { late = 1; } else { late = 2; } use_it(late);").is_empty()
    );
    assert!(
        one("let late; hash_partition(&1).await; match c() { 1 => late = 1, _ => { late = 2 } } use_it(late);")
            .is_empty()
    );
    assert!(one("let late; loop { if c() { late = 1; break; } hash_partition(&1).await; } use_it(late);").is_empty());
    assert_eq!(
        one("let mut late = 0; hash_partition(&1).await; if c() { late = 1; } use_it(late);"),
        ["late"]
    );
}

#[test]
fn in_front_of_a_future_travels_what_its_argument_uses_and_what_is_needed_behind_it() {
    let carried = carried("let a = 1; let b = 2; let c = 3; use_it(c); let d = external(h(&b)).await; use_it(a + d);");
    assert_eq!(carried, [vec!["a".to_owned(), "b".to_owned()], vec!["a".to_owned()]]);
}
