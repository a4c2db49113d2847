//! Code that is being typed: what does not parse is reported, and the rest is checked.

use super::{MODULE, errors};

/// The errors of two functions, the first with this body. Its first line is line 4.
fn beside_a_mistake(body: &str) -> String {
    let block = format!(
        "impl M {{\n#[stream(t, source = input)]\nasync fn f(&mut self, record: Record) {{\n{body}\n}}\n#[stream(other, source = input)] async fn g(&mut self, record: Record) {{ external(1); }}\n}}"
    );
    errors(MODULE, &block)
}

#[test]
fn a_trailing_dot_is_reported_where_it_stands() {
    insta::assert_snapshot!(beside_a_mistake("self.counts."), @r#"
    4:12 [RM0001] this statement does not parse: it ends too early, expected identifier or integer
     = help: complete it; the rest was checked without it
    6:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
    insta::assert_snapshot!(beside_a_mistake("self.counts.key(&record).\n"), @r#"
    4:25 [RM0001] this statement does not parse: it ends too early, expected identifier or integer
     = help: complete it; the rest was checked without it
    7:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn a_missing_semicolon_loses_neither_statement() {
    insta::assert_snapshot!(beside_a_mistake("external(1)\nexternal(2);"), @r#"
    4:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    4:11 [RM0001] this statement has no `;` at its end
     = help: write `;` behind it
    5:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    7:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
    insta::assert_snapshot!(beside_a_mistake("let x = external(1)\nlet y = external(2);"), @r#"
    4:9 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    4:19 [RM0001] this statement has no `;` at its end
     = help: write `;` behind it
    5:9 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    7:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn the_statements_around_one_that_does_not_parse_are_checked() {
    insta::assert_snapshot!(beside_a_mistake("external(1);\nlet x = ;\nexternal(2);\nlet = 3;\nexternal(3);"), @r#"
    4:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    5:9 [RM0001] this statement does not parse: expected an expression
     = help: complete it; the rest was checked without it
    6:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    7:5 [RM0001] this statement does not parse: unexpected token
     = help: complete it; the rest was checked without it
    8:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    10:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn blocks_inside_a_statement_are_understood_one_by_one() {
    insta::assert_snapshot!(beside_a_mistake("for x in y {\nif z {\nlet x = ;\nexternal(1);\n}\nexternal(2);\n}\nexternal(3);"), @r#"
    6:9 [RM0001] this statement does not parse: expected an expression
     = help: complete it; the rest was checked without it
    7:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    9:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    11:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    13:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
    insta::assert_snapshot!(beside_a_mistake("match x {\nA => { let; external(1); }\nB => external(2),\nC => { self.counts. }\n}"), @r#"
    5:11 [RM0001] this statement does not parse: unexpected token
     = help: complete it; the rest was checked without it
    5:13 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    6:6 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    7:19 [RM0001] this statement does not parse: it ends too early, expected identifier or integer
     = help: complete it; the rest was checked without it
    10:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
    insta::assert_snapshot!(beside_a_mistake("match x {\nA => external(1),\nB => ,\n}\nexternal(2);"), @r#"
    6:6 [RM0001] these match arms do not parse: expected an expression
     = help: complete them; the rest was checked without them
    8:1 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    10:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
    insta::assert_snapshot!(beside_a_mistake("let s = S { a: , b: 1 };\nfork(async { let; external(1); });\nf(|x| { self. });"), @r#"
    4:16 [RM0001] these fields do not parse: expected an expression
     = help: complete them; the rest was checked without them
    5:17 [RM0001] this statement does not parse: unexpected token
     = help: complete it; the rest was checked without it
    6:13 [RM0001] this statement does not parse: it ends too early, expected identifier or integer
     = help: complete it; the rest was checked without it
    8:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn a_function_whose_head_does_not_parse_is_no_further_mistake() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self, record) { self.h(1).await; self.i(1).await; }
async fn h(&mut self, n u64) {}
async fn i(&mut self);
#[stream(other, source = input)] async fn g(&mut self, record: Record) { external(1); }
}"), @r#"
    2:58 [RM0001] the head of function `f` does not parse: expected `:`
     = help: a stream is written `#[stream(source = DEPOT)] async fn name(&mut self, record: Record) { .. }`
    3:25 [RM0001] the head of function `h` does not parse: expected `:`
     = help: a stream is written `#[stream(source = DEPOT)] async fn name(&mut self, record: Record) { .. }`
    4:10 [RM0001] this function has no body
     = help: write `{ .. }` in place of the `;`
    5:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn a_function_without_a_body_ends_where_the_next_begins() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self
) -> u64
#[stream(other, source = input)] async fn g(&mut self, record: Record) { external(1); }
}"), @r#"
    3:8 [RM0001] the head of function `f` does not parse: it ends too early, expected curly braces
     = help: a stream is written `#[stream(source = DEPOT)] async fn name(&mut self, record: Record) { .. }`
    4:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn code_that_nests_too_deep_is_refused() {
    let nested = |depth: usize| format!("{}x{};", "(".repeat(depth), ")".repeat(depth));
    insta::assert_snapshot!(beside_a_mistake(&nested(500)), @r#"
    4:63 [RM0001] this code nests too deep: the compiler follows 64 levels of delimiters, and chains of moderate length
     = help: move the inner part to a function of its own
    "#);
    insta::assert_snapshot!(beside_a_mistake(&nested(50)), @r#"
    6:74 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
    insta::assert_snapshot!(beside_a_mistake(&format!("let x = {}1;", "!".repeat(5_000))), @r#"
    4:596 [RM0001] this code nests too deep: the compiler follows 64 levels of delimiters, and chains of moderate length
     = help: move the inner part to a function of its own
    "#);
}

#[test]
fn an_operation_that_is_inlined_twice_has_its_mistakes_once() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self, record: Record) { self.h(1).await; self.h(2).await; }
#[stream(other, source = input)] async fn g(&mut self, record: Record) { self.h(3).await; }
async fn h(&mut self, n: u64) { external(1); }
}"), @r#"
    4:33 [RM0004] an operation does nothing by itself
     = help: write `external(future).await`
    "#);
}

#[test]
fn misspelt_names_get_the_nearest_legal_one() {
    insta::assert_snapshot!(errors("pub struct M {
    #[depot(randm)] input: Depot<Record>,
    #[pstate(owner = coutn)] counts: PState<Map<String, u64>>,
}", "impl M {
#[stream(count, source = inputs, rety = none)] async fn f(&mut self, record: Record) {
hash_partion(&record).await;
self.inptu.append(record).await;
self.delver(1).await;
path_partition(self.cuonts.key(&1)).await;
}
async fn deliver(&mut self, n: u64) {}
}"), @r#"
    2:13 [RM0002] unknown option `randm` of `#[depot]`
     = help: did you mean `random`? the options are `random`, `hash_by`, `global`, `disallow`, `tick`, `partitioner` and `keep`
    2:26 [RM0002] `inputs` is no depot of the module
     = help: there is only `input`
    2:34 [RM0002] unknown option `rety` of `#[stream]`
     = help: did you mean `retry`? the options are `source`, `start_from`, `retry`, `max_retries`, `on_failure` and `timeout`
    3:1 [RM0004] only an operation can be awaited here
     = help: did you mean `hash_partition`? to wait for another future, write `external(future).await`; the operations are `hash_partition`, `path_partition`, `global_partition`, `direct_partition`, `shuffle_partition`, `all_partition`, `custom_partition`, `explode`, `yield_if_overtime` and `external`, an append to a depot of the module, and an `async fn` of this block
    3:22 [RM0003] PState `counts` names owner `coutn`, which is no topology of the module
     = help: there is only `count`
    4:1 [RM0004] only an operation can be awaited here
     = help: did you mean `self.input.append`? to wait for another future, write `external(future).await`; the operations are `hash_partition`, `path_partition`, `global_partition`, `direct_partition`, `shuffle_partition`, `all_partition`, `custom_partition`, `explode`, `yield_if_overtime` and `external`, an append to a depot of the module, and an `async fn` of this block
    5:1 [RM0004] only an operation can be awaited here
     = help: did you mean `self.deliver`? to wait for another future, write `external(future).await`; the operations are `hash_partition`, `path_partition`, `global_partition`, `direct_partition`, `shuffle_partition`, `all_partition`, `custom_partition`, `explode`, `yield_if_overtime` and `external`, an append to a depot of the module, and an `async fn` of this block
    6:16 [RM0004] the path begins with a PState of the module and its first key, as in `path_partition(self.pstate.key(&key)).await`
     = help: there is only `counts`
    "#);
}

#[test]
fn an_attribute_that_does_not_parse_is_no_missing_option() {
    insta::assert_snapshot!(errors("pub struct M {
    #[depot(hash_by = )] input: Depot<Record>,
    #[depot()] output: Depot<Record>,
    #[pstate(owner = , global)] counts: PState<Map<String, u64>>,
    #[pstate()] other: PState<Map<String, u64>>,
}", "impl M {
#[stream(source = )] async fn f(&mut self, record: Record) {}
#[stream()] async fn g(&mut self, record: Record) {}
}"), @r#"
    2:19 [RM0001] this attribute does not parse: it ends too early, expected an expression
     = help: options are written `name` or `name = value`, with commas between them
    2:23 [RM0001] this attribute does not parse: it ends too early, expected an expression
     = help: options are written `name` or `name = value`, with commas between them
    3:1 [RM0002] a stream names the depot that it processes
     = help: write `#[stream(source = DEPOT)]`
    3:5 [RM0002] a depot says how its records find their partition
     = help: add one of `random`, `hash_by`, `global`, `disallow`, `tick` and `partitioner`
    4:22 [RM0001] this attribute does not parse: expected an expression
     = help: options are written `name` or `name = value`, with commas between them
    5:5 [RM0002] a PState names the one topology that writes it
     = help: write `#[pstate(owner = TOPOLOGY)]`
    "#);
}
