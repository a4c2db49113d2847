//! What the generated descriptor says of segments.

use super::Compiled;
use super::machine::{self, Machine};
use crate::diag::Diagnostics;
use crate::ir::{Access, Alignment, Block, Body, Facts, Node, Stmt};
use crate::model::{ModuleDecl, TopologiesDecl};
use crate::{analyze, lower, parse};
use quote::ToTokens;

const MODULE: &str = "pub struct M {
    #[depot(random)] input: Depot<Record>,
    #[depot(disallow)] output: Depot<Record>,
    #[pstate(owner = t)] counts: PState<Map<String, u64>>,
    #[pstate(owner = t)] total: PState<u64>,
}";

/// A topology of a body, in which `prepare` has written what the alignment analysis would find.
pub(super) fn parsed(body: &str, prepare: impl Fn(&mut Body)) -> (ModuleDecl, TopologiesDecl, Machine) {
    let item: syn::ItemStruct = syn::parse_str(MODULE).expect("the struct parses");
    let block: syn::ItemImpl = syn::parse_str(&format!(
        "impl M {{
            /// Does it.
            /// Well.
            /// ```
            /// not_to_be_run();
            /// ```
            #[stream(t, source = input)] async fn f(&mut self, record: Record) {{ {body} }}
        }}"
    ))
    .expect("the test's body parses");
    let mut diagnostics = Diagnostics::default();
    let module = parse::module::parse(&item, &mut diagnostics);
    let declared = parse::topologies::parse(&block, &mut diagnostics);
    let topology = &declared.topologies[0];
    let mut body = lower::lower(&topology.sources[0], &module, &declared.operations, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    analyze::names::resolve(&mut body, &mut diagnostics);
    analyze::liveness::analyze(&mut body);
    prepare(&mut body);
    let machine = machine::generate(&module, topology, &Compiled { bodies: vec![body] });
    (module, declared, machine)
}

fn machine(body: &str, prepare: impl Fn(&mut Body)) -> Machine {
    parsed(body, prepare).2
}

/// Gives code an access with key `K` for every `at_K` in its text.
fn mark(facts: &mut Facts, code: &impl ToTokens) {
    let text = code.to_token_stream().to_string();
    let names = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    for key in names.filter_map(|name| name.strip_prefix("at_")) {
        facts.accesses.push(access(key, false, Alignment::Checked));
    }
}

fn access(key: &str, writes: bool, alignment: Alignment) -> Access {
    Access {
        pstate: 0,
        key: Some(key.to_owned()),
        writes,
        alignment,
    }
}

pub(super) fn mark_body(body: &mut Body) {
    mark_block(&mut body.block);
    for point in &mut body.awaits {
        for argument in &point.call.arguments {
            mark(&mut point.facts, argument);
        }
    }
}

fn mark_block(block: &mut Block) {
    for stmt in &mut block.stmts {
        match stmt {
            Stmt::Plain(plain, _) => mark(&mut plain.facts, &plain.code),
            Stmt::Let { node, diverge, .. } => {
                mark_node(node);
                diverge.iter_mut().for_each(mark_block);
            }
            Stmt::Assign { place, node } => {
                mark(&mut place.facts, &place.code);
                mark_node(node);
            }
            Stmt::Eval { node } => mark_node(node),
            Stmt::Fork { block, .. } => mark_block(block),
        }
    }
    block.tail.iter_mut().for_each(|tail| mark_node(tail));
}

fn mark_node(node: &mut Node) {
    match node {
        Node::Plain(plain) => mark(&mut plain.facts, &plain.code),
        Node::Await(_) => {}
        Node::Block(block) | Node::Loop { body: block, .. } => mark_block(block),
        Node::If {
            condition,
            then,
            otherwise,
        } => {
            mark(&mut condition.facts, &condition.code);
            mark_block(then);
            otherwise.iter_mut().for_each(|otherwise| mark_node(otherwise));
        }
        Node::Match { scrutinee, arms } => {
            mark(&mut scrutinee.facts, &scrutinee.code);
            for arm in arms {
                mark(&mut arm.pat.facts, &arm.pat.code);
                mark_block(&mut arm.body);
            }
        }
        Node::While { condition, body, .. } => {
            mark(&mut condition.facts, &condition.code);
            mark_block(body);
        }
    }
}

/// The keys that each segment of `body` touches, one line a segment.
fn touched(body: &str) -> Vec<String> {
    let machine = machine(body, mark_body);
    let keys = machine.segments.iter().map(|segment| {
        let keys: Vec<&str> = segment
            .accesses
            .iter()
            .filter_map(|access| access.key.as_deref())
            .collect();
        keys.join(" ")
    });
    keys.collect()
}

#[test]
fn a_segment_has_the_accesses_of_its_own_code() {
    assert_eq!(
        touched("at_a(); let x = at_b(); hash_partition(at_c(&x)).await; at_d(); explode(at_e()).await; at_f();"),
        ["a b c", "d e", "f"]
    );
}

#[test]
fn a_segment_that_resumes_a_branch_has_what_follows_the_branch_too() {
    assert_eq!(
        touched("if at_a() { at_b(); hash_partition(&1).await; at_c(); } else { at_d(); } at_e();"),
        ["a b d e", "c e"]
    );
    assert_eq!(
        touched("match at_a() { Some(x) if at_b(x) => { hash_partition(&1).await; at_c(); } _ => at_d() }"),
        ["a b d", "c"]
    );
}

#[test]
fn a_segment_that_resumes_a_loop_has_what_the_loop_goes_on_with() {
    assert_eq!(
        touched("at_a(); while at_b() { at_c(); hash_partition(&1).await; at_d(); } at_e();"),
        ["a b c e", "d b c e"]
    );
}

#[test]
fn a_forked_branch_has_its_own_accesses() {
    assert_eq!(touched("at_a(); fork(async { at_b(); }); at_c();"), ["a c", "b"]);
}

#[test]
fn of_accesses_that_are_alike_the_one_that_is_known_least_stays() {
    let machine = machine("one(); two(); three();", |body| {
        let alignments = [Alignment::Proven, Alignment::Checked, Alignment::Proven];
        for (stmt, alignment) in body.block.stmts.iter_mut().zip(alignments) {
            if let Stmt::Plain(plain, _) = stmt {
                plain.facts.accesses = vec![access("k", false, alignment), access("k", true, Alignment::Proven)];
            }
        }
    });
    assert_eq!(
        machine.segments[0].accesses,
        [
            access("k", false, Alignment::Checked),
            access("k", true, Alignment::Proven)
        ]
    );
}

#[test]
fn a_segment_says_what_it_is_partitioned_by() {
    let machine = machine("hash_partition(&1).await; global_partition().await;", |body| {
        body.here = "start".to_owned();
        for (at, point) in body.awaits.iter_mut().enumerate() {
            point.here = format!("behind {at}");
        }
    });
    let here: Vec<&str> = machine
        .segments
        .iter()
        .map(|segment| segment.partitioned_by.as_str())
        .collect();
    assert_eq!(here, ["start", "behind 0", "behind 1"]);
}

#[test]
fn an_append_says_which_depot_it_appends_to() {
    let machine = machine(
        "self.output.append(record).ack(AckLevel::Full).await; hash_partition(&1).await;",
        |_| {},
    );
    let appends = |segment: usize| machine.segments[segment].hops[0].appends;
    assert_eq!((appends(0), appends(1)), (Some(1), None));
}
