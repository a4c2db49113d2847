use super::{MODULE, errors};

fn in_body(body: &str) -> String {
    let block = format!(
        "impl M {{\n#[stream(t, source = input)]\nasync fn f(&mut self, record: Record) {{\n{body}\n}}\n#[stream(other, source = input)] async fn g(&mut self, record: Record) {{}}\n}}"
    );
    errors(MODULE, &block)
}

#[test]
fn an_unknown_source_lists_the_depots() {
    insta::assert_snapshot!(errors(MODULE, "impl M {\n#[stream(t, source = inputs)]\nasync fn f(&mut self, r: Record) {}\n#[stream(other, source = input)] async fn g(&mut self, r: Record) {}\n}"), @r#"
    2:22 [RM0002] `inputs` is no depot of the module
     = help: did you mean `input`? the depots are `input` and `output`
    "#);
}

#[test]
fn unknown_options_list_the_legal_ones() {
    insta::assert_snapshot!(errors(MODULE, "impl M {\n#[stream(t, source = input, retries = 3)]\nasync fn f(&mut self, r: Record) {}\n}"), @r#"
    2:29 [RM0002] unknown option `retries` of `#[stream]`
     = help: the options are `source`, `start_from`, `retry`, `max_retries`, `on_failure` and `timeout`
    5:22 [RM0003] PState `foreign` names owner `other`, which is no topology of the module
     = help: there is only `t`
    "#);
}

#[test]
fn a_write_of_a_foreign_pstate_names_its_owner() {
    insta::assert_snapshot!(in_body("self.foreign.key(&record.key).update(|n| *n += 1);"), @r#"
    4:6 [RM0003] PState `foreign` is written by its owner `other` only, and this is topology `t`
     = help: send the owner a record through a depot, or make both one topology, `#[stream(other, source = ..)]`
    "#);
}

#[test]
fn reads_of_a_foreign_pstate_are_fine() {
    insta::assert_snapshot!(in_body("let _ = self.foreign.key(&record.key).get();"), @"");
}

#[test]
fn awaits_in_closures_macros_and_guards_are_reported_together() {
    insta::assert_snapshot!(in_body("
        let f = |x| external(x).await;
        println!(\"{}\", external(g()).await);
        match record { r if external(h()).await => {} _ => {} }
        self.counts.key(&record.key).set(external(i()).await);
        some_future().await;
        explode(a, b).await;
        count().await;
        fork(async {}).await;
        hash_partition(&record);
    "), @r#"
    5:17 [RM0004] a closure cannot suspend the topology that it is called from
     = help: write a loop, or `explode` the items
    6:9 [RM0004] an await cannot stand inside a macro call, which this compiler cannot look into
     = help: bind it in front of `println!`, `let value = ..await;`
    7:29 [RM0004] a topology cannot be suspended in the guard of a match arm
     = help: bind the awaited value in front, `let value = ..await;`
    8:9 [RM0004] this is evaluated before the await in its arguments, and cannot wait there
     = help: bind the awaited value in front, `let value = ..await;`
    9:9 [RM0004] only an operation can be awaited here
     = help: to wait for another future, write `external(future).await`; the operations are `hash_partition`, `path_partition`, `global_partition`, `direct_partition`, `shuffle_partition`, `all_partition`, `custom_partition`, `explode`, `yield_if_overtime` and `external`, an append to a depot of the module, and an `async fn` of this block
    10:9 [RM0004] `explode` takes one argument, and is given 2
     = help: write `explode(items).await`
    11:9 [RM0005] `count` stands in microbatches and queries; this is a stream
    12:9 [RM0004] the code after a `fork` does not wait for it
     = help: write `fork(async { .. });` without `.await`
    13:9 [RM0004] an operation does nothing by itself
     = help: write `hash_partition(&key).await`
    "#);
}

#[test]
fn a_recursive_operation_names_the_cycle() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self, r: Record) { self.a(1).await; }
#[stream(other, source = input)] async fn g(&mut self, r: Record) {}
async fn a(&mut self, n: u64) { self.b(n).await; }
async fn b(&mut self, n: u64) { self.a(n).await; }
}"), @r#"
    5:38 [RM0006] an operation is inlined where it is called, so it cannot call itself (a → b → a)
     = help: write the recursion as a loop
    "#);
}

#[test]
fn declarations_of_depots_and_pstates_are_checked() {
    insta::assert_snapshot!(errors("struct M {
    #[depot(sharded)] a: Depot<u64>,
    #[depot] b: Depot<u64>,
    #[depot(random, global)] c: Depot<u64>,
    #[depot(tick = \"soon\")] d: Depot<()>,
    #[depot(random)] e: Vec<u64>,
    #[pstate] f: PState<u64>,
    #[pstate(owner = t, size = 3)] g: PState<u64>,
    h: u64,
    #[pstate(owner = t, global, global)] i: PState<u64>,
}", "impl M { #[stream(t, source = c)] async fn f(&mut self, r: u64) {} }"), @r#"
    2:13 [RM0002] unknown option `sharded` of `#[depot]`
     = help: the options are `random`, `hash_by`, `global`, `disallow`, `tick`, `partitioner` and `keep`
    3:5 [RM0002] a depot says how its records find their partition
     = help: add one of `random`, `hash_by`, `global`, `disallow`, `tick` and `partitioner`
    4:21 [RM0002] a depot has one partitioner, and this is another one
     = help: keep one of `random`, `hash_by`, `global`, `disallow`, `tick` and `partitioner`
    5:20 [RM0002] the value of `tick` is a span of time above zero, as in `tick = "30s"` (units: ms, s, m, h)
    6:25 [RM0002] a depot's type is written `Depot<Record>`
    7:5 [RM0002] a PState names the one topology that writes it
     = help: write `#[pstate(owner = TOPOLOGY)]`
    8:25 [RM0002] unknown option `size` of `#[pstate]`
     = help: the options are `owner`, `global`, `private`, `initial` and `partition_by`
    9:5 [RM0002] field `h` is either a depot or a PState, and says which
     = help: give it one of the attributes `#[depot(random)]` and `#[pstate(owner = TOPOLOGY)]`
    10:33 [RM0002] option `global` is given twice
     = help: keep one of them
    "#);
}

#[test]
fn a_stream_has_a_fixed_signature() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&self, r: Record) {}
#[stream(t, source = input)] async fn g(&mut self) {}
#[stream(other, source = input)] fn h(&mut self, r: Record) {}
#[stream(other)] async fn i(&mut self, r: Record) {}
#[query] async fn j(&self, r: Record) {}
}"), @r#"
    2:41 [RM0001] a stream takes `&mut self`: the view of the task it is on
    3:39 [RM0001] a stream takes one record
     = help: write `async fn g(&mut self, record: Record)`
    4:34 [RM0001] a topology is an `async fn`
     = help: write `#[stream] async fn h`
    5:1 [RM0002] a stream names the depot that it processes
     = help: write `#[stream(source = DEPOT)]`
    6:3 [RM0005] `#[query]` topologies are not built yet
     = help: this version runs `#[stream]`
    "#);
}

#[test]
fn a_variable_that_an_inlined_operation_would_see_is_refused() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self, r: Record) { let scale = 1; let other = 2; self.a(1).await; use_it(scale, other); }
#[stream(other, source = input)] async fn g(&mut self, r: Record) {}
async fn a(&mut self, n: u64) -> u64 { let other = n; scale(other) }
}"), @r#"
    2:69 [RM0002] operation `a` is inlined here and names an item `scale`, which this variable hides
     = help: give the variable another name
    "#);
}

#[test]
fn control_flow_that_a_macro_call_hides_is_refused() {
    insta::assert_snapshot!(in_body("
        loop { hash_partition(&1).await; when!(x => break); }
        when!(x => return);
    "), @r#"
    5:53 [RM0004] this compiler cannot look into this macro call, so nothing in it can leave the code around it
     = help: put it outside of the macro
    6:20 [RM0004] this compiler cannot look into this macro call, so nothing in it can leave the code around it
     = help: put it outside of the macro
    "#);
}
