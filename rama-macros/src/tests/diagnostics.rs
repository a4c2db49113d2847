use super::{MODULE, errors, warnings};

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
fn writes_of_a_foreign_pstate_by_another_name_or_in_a_function_are_found() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self, r: Record) {
    let all = &mut self.foreign; all.key(&r.key).set(1);
    self.put(&r);
}
#[stream(other, source = input)] async fn g(&mut self, r: Record) { self.put(&r); }
fn put(&mut self, r: &Record) { self.foreign.key(&r.key).set(1); }
}"), @r#"
    3:42 [RM0003] PState `foreign` is written by its owner `other` only, and this is topology `t`
     = help: send the owner a record through a depot, or make both one topology, `#[stream(other, source = ..)]`
    7:38 [RM0003] PState `foreign` is written by its owner `other` only, and this is topology `t`
     = help: send the owner a record through a depot, or make both one topology, `#[stream(other, source = ..)]`
    "#);
}

#[test]
fn writes_of_a_foreign_pstate_that_only_the_run_of_a_body_can_see_are_found() {
    insta::assert_snapshot!(in_body("
        bump(&mut self.foreign);
        println!(\"{}\", self.foreign.remove(&record.key));
        let mut cursor = self.foreign.key(&record.key);
        cursor.by_ref().set(1);
    "), @r#"
    5:24 [RM0003] PState `foreign` is written by its owner `other` only, and this is topology `t`
     = help: send the owner a record through a depot, or make both one topology, `#[stream(other, source = ..)]`
    6:29 [RM0003] PState `foreign` is written by its owner `other` only, and this is topology `t`
     = help: send the owner a record through a depot, or make both one topology, `#[stream(other, source = ..)]`
    7:31 [RM0003] PState `foreign` is written by its owner `other` only, and this is topology `t`
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
fn a_write_in_the_argument_of_an_external_is_refused_and_a_read_is_not() {
    insta::assert_snapshot!(errors(MODULE, "impl M {
#[stream(t, source = input)] async fn f(&mut self, r: Record) {
    hash_partition(&r.key).await;
    let known = external(later(self.counts.key(&r.key).get().copied())).await;
    external({ self.counts.key(&r.key).set(1); later(known) }).await;
    external({ let mut cursor = self.counts.key(&r.key); cursor.by_ref().set(1); later(1) }).await;
    external(later(vec![self.counts.key(&r.key).set(1)])).await;
    external(later(bump(&mut self.counts))).await;
    external(later(self.helper(&r))).await;
    external(later(self.reads(&r))).await;
    let two = external(later(external(later(self.counts.key(&r.key).get().copied())).await)).await;
    self.counts.key(&r.key).set(two);
}
#[stream(other, source = input)] async fn g(&mut self, r: Record) {}
fn helper(&mut self, r: &Record) { self.deeper(r) }
fn deeper(&mut self, r: &Record) { self.counts.key(&r.key).set(1); }
fn reads(&self, r: &Record) -> u64 { self.counts.key(&r.key).get().copied().unwrap_or(0) }
}"), @r#"
    5:21 [RM0004] this writes PState `counts` in the argument of `external`, which is evaluated again after a crash: the write would be done twice
     = help: write it in a statement in front of the `external`; what is read may be read in it
    6:38 [RM0004] this writes PState `counts` in the argument of `external`, which is evaluated again after a crash: the write would be done twice
     = help: write it in a statement in front of the `external`; what is read may be read in it
    7:30 [RM0004] this writes PState `counts` in the argument of `external`, which is evaluated again after a crash: the write would be done twice
     = help: write it in a statement in front of the `external`; what is read may be read in it
    8:35 [RM0004] this writes PState `counts` in the argument of `external`, which is evaluated again after a crash: the write would be done twice
     = help: write it in a statement in front of the `external`; what is read may be read in it
    9:25 [RM0004] this writes PState `counts` in the argument of `external`, which is evaluated again after a crash: the write would be done twice
     = help: write it in a statement in front of the `external`; what is read may be read in it
    "#);
}

#[test]
fn an_append_in_the_argument_of_an_external_is_refused() {
    insta::assert_snapshot!(in_body("
        external({ self.output.append(1); later() }).await;
        external(async move { self.output.append(1).await }).await;
        external(self.output.append(1)).await;
        self.output.append(external(later()).await).await;
        external(later(self.output.append(1).await)).await;
    "), @r#"
    5:20 [RM0004] an append cannot stand in the argument of `external`, which is evaluated again after a crash, and whose future runs elsewhere
     = help: append in a statement in front or behind, `self.depot.append(record).await;`
    6:31 [RM0004] an append cannot stand in the argument of `external`, which is evaluated again after a crash, and whose future runs elsewhere
     = help: append in a statement in front or behind, `self.depot.append(record).await;`
    7:18 [RM0004] an append cannot stand in the argument of `external`, which is evaluated again after a crash, and whose future runs elsewhere
     = help: append in a statement in front or behind, `self.depot.append(record).await;`
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
fn a_span_of_time_without_its_quotes_is_no_number() {
    insta::assert_snapshot!(errors("struct M {
    #[depot(random, keep = 7d)] a: Depot<u64>,
    #[depot(random, keep = 7u64)] b: Depot<u64>,
}", "impl M {
    #[stream(t, source = a, start_from = ago(1h))] async fn f(&mut self, r: u64) {}
    #[stream(t, source = a, max_retries = 3h)] async fn g(&mut self, r: u64) {}
}"), @r#"
    2:28 [RM0002] the value of `keep` is a number of records or a span of time
     = help: write `keep = 10_000` for the last ten thousand records, or `keep = "7d"` for those of the last seven days (units: ms, s, m, h, d)
    2:42 [RM0002] `ago(1h)` is no place to start from
     = help: it is `beginning`, `end`, `ago(100)` (so many records before the end), `ago("1h")` (units: ms, s, m, h, d), `offset(100)`, or `since(1_767_225_600_000)` (milliseconds since 1970); numbers may be constants
    3:43 [RM0002] the value of `max_retries` is a whole number: `max_retries = 5`
    "#);
}

#[test]
fn what_a_future_itself_would_read_is_read_in_front_of_it() {
    insta::assert_snapshot!(in_body("let n = self.counts.key(&record.key).get(); external(async { self.counts.key(&record.key).get(); n }).await; external(send(self.counts.key(&record.key).get())).await;"), @r#"
    4:67 [RM0004] this reads PState `counts` in a future, which runs elsewhere, while the task goes on
     = help: read it in a statement in front of the `external`, and use what was read in the future
    "#);
}

#[test]
fn what_a_depot_keeps_and_where_a_source_begins_is_checked() {
    insta::assert_snapshot!(errors("struct M {
    #[depot(random, keep = \"7d\")] a: Depot<u64>,
    #[depot(random, keep = \"a week\")] b: Depot<u64>,
    #[depot(random, keep = all)] c: Depot<u64>,
    #[depot(random, keep)] d: Depot<u64>,
}", "impl M {
    #[stream(t, source = a, start_from = ago(\"2h\"))] async fn f(&mut self, r: u64) {}
    #[stream(t, source = a, start_from = since(path::CONSTANT))] async fn g(&mut self, r: u64) {}
    #[stream(t, source = a, start_from = ago(\"2 weeks\"))] async fn h(&mut self, r: u64) {}
    #[stream(t, source = a, start_from = offset(1, 2))] async fn i(&mut self, r: u64) {}
    #[stream(t, source = a, start_from = since(\"monday\"))] async fn j(&mut self, r: u64) {}
}"), @r#"
    3:28 [RM0002] the value of `keep` is a number of records or a span of time
     = help: write `keep = 10_000` for the last ten thousand records, or `keep = "7d"` for those of the last seven days (units: ms, s, m, h, d)
    4:28 [RM0002] the value of `keep` is a number of records or a span of time
     = help: write `keep = 10_000` for the last ten thousand records, or `keep = "7d"` for those of the last seven days (units: ms, s, m, h, d)
    4:42 [RM0002] `ago("2 weeks")` is no place to start from
     = help: it is `beginning`, `end`, `ago(100)` (so many records before the end), `ago("1h")` (units: ms, s, m, h, d), `offset(100)`, or `since(1_767_225_600_000)` (milliseconds since 1970); numbers may be constants
    5:21 [RM0002] option `keep` needs a value
     = help: write `keep = 10_000`
    5:42 [RM0002] `offset(1, 2)` is no place to start from
     = help: it is `beginning`, `end`, `ago(100)` (so many records before the end), `ago("1h")` (units: ms, s, m, h, d), `offset(100)`, or `since(1_767_225_600_000)` (milliseconds since 1970); numbers may be constants
    6:42 [RM0002] `since("monday")` is no place to start from
     = help: it is `beginning`, `end`, `ago(100)` (so many records before the end), `ago("1h")` (units: ms, s, m, h, d), `offset(100)`, or `since(1_767_225_600_000)` (milliseconds since 1970); numbers may be constants
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
    5:20 [RM0002] the value of `tick` is a span of time above zero, as in `tick = "30s"` (units: ms, s, m, h, d)
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

const PLACES: &str = "pub struct M {
    #[depot(random)] anywhere: Depot<Record>,
    #[depot(hash_by = |r| &r.user)] at_home: Depot<Record>,
    #[depot(global)] central: Depot<Record>,
    #[pstate(owner = t)] names: PState<Map<String, String>>,
    #[pstate(owner = t, partition_by = |key| &key.0)] pairs: PState<Map<(String, u64), u64>>,
    #[pstate(owner = t, global)] leaders: PState<List<String>>,
}";

fn behind(depot: &str, body: &str) -> String {
    format!("impl M {{ #[stream(t, source = {depot})] async fn f(&mut self, record: Record) {{\n{body}\n}} }}")
}

#[test]
fn a_key_that_may_live_elsewhere_says_where_the_computation_is_and_how_to_get_there() {
    let found = |depot: &str, body: &str| errors(PLACES, &behind(depot, body));
    insta::assert_snapshot!(found("anywhere", "self.names.key(&record.user).get();"), @r#"
    2:16 [RM0007] `record.user` may live on another task: this computation is on any task, as depot `anywhere` is `random`
     = help: go to its task first, `hash_partition(&record.user).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    "#);
    insta::assert_snapshot!(found("at_home", "self.names.key(&record.friend).get();"), @r#"
    2:16 [RM0007] `record.friend` may live on another task: this computation is partitioned by `r.user`, the `hash_by` of depot `at_home`
     = help: go to its task first, `hash_partition(&record.friend).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    "#);
    insta::assert_snapshot!(found("central", "self.names.key(&record.user).get();"), @r#"
    2:16 [RM0007] `record.user` may live on another task: this computation is on task 0, where depot `central` is
     = help: go to its task first, `hash_partition(&record.user).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    "#);
    insta::assert_snapshot!(found("at_home", "self.leaders.push(record.user);"), @r#"
    2:1 [RM0007] PState `leaders` is `global`: it lives on task 0, and this computation is partitioned by `r.user`, the `hash_by` of depot `at_home`
     = help: go there first, `global_partition().await`; this task's own part of it is `self.leaders.unaligned()`, which no client reads
    "#);
    insta::assert_snapshot!(found("at_home", "self.pairs.key(&(record.friend, 1)).get();"), @r#"
    2:16 [RM0007] `(record.friend, 1)` may live on another task: this computation is partitioned by `r.user`, the `hash_by` of depot `at_home`
     = help: go to its task first, `path_partition(self.pairs.key(&(record.friend, 1))).await`; if this task's partition of `pairs` is meant, write `self.pairs.unaligned().key(..)`
    "#);
    insta::assert_snapshot!(found("anywhere", "let mut k = record.a;\nhash_partition(&k).await;\nk = record.b;\nself.names.key(&k).get();"), @r#"
    5:16 [RM0007] `k` has another value here than when this computation was partitioned by `k`, and may live on another task
     = help: go to its task first, `hash_partition(&k).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    "#);
    insta::assert_snapshot!(found("anywhere", "hash_partition(&record.a).await;\nself.names.key(&record.b).get();\nshuffle_partition().await;\nself.names.key(&record.a).get();\nall_partition().await;\nself.names.key(&record.a).get();"), @r#"
    3:16 [RM0007] `record.b` may live on another task: this computation is partitioned by `record.a`
     = help: go to its task first, `hash_partition(&record.b).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    5:16 [RM0007] `record.a` may live on another task: this computation is on any task, by `shuffle_partition`
     = help: go to its task first, `hash_partition(&record.a).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    7:16 [RM0007] `record.a` may live on another task: this computation is on every task, by `all_partition`
     = help: go to its task first, `hash_partition(&record.a).await`; if this task's partition of `names` is meant, write `self.names.unaligned().key(..)`
    "#);
}

#[test]
fn an_access_behind_a_partitioner_that_was_refused_is_no_second_mistake() {
    insta::assert_snapshot!(errors(PLACES, &behind("anywhere", "hash_partition(&record.user);\nself.names.key(&record.user).get();")), @r#"
    2:1 [RM0004] an operation does nothing by itself
     = help: write `hash_partition(&key).await`
    "#);
}

#[test]
fn overwriting_behind_a_random_depot_proposes_hash_by() {
    insta::assert_snapshot!(warnings(PLACES, &behind("anywhere", "hash_partition(&record.user).await;\nself.names.key(&record.user).set(record.name);")), @r#"
    3:30 [RM0008] two records for one `record.user` may be applied to `names` in the wrong order: depot `anywhere` is `random`, so they start on different tasks, and whichever arrives last stays; `#[depot(hash_by = |record| &record.user)]` keeps the records of one key in order; if their order does not matter, write `#[allow(deprecated)]` on `f`
    "#);
    insta::assert_snapshot!(warnings(PLACES, &behind("at_home", "self.names.key(&record.user).set(record.name);")), @"");
}
